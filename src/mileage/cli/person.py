"""``mileage person``: what is kept about somebody, and what they asked for."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mileage.cli.credential_options import minute, table
from mileage.cli.options import FilePath, data_option, json_option
from mileage.domain.participation import CHOICES, UNDECIDED
from mileage.domain.rights import REQUEST_KINDS

if TYPE_CHECKING:
    from mileage.domain.rights import ErasurePlan

PIECE = 1 << 20
"""Bytes printed at a time."""


@click.group("person", short_help="Give people what they may ask of their own data.")
def command() -> None:
    """Give people what they may ask: a copy of their data, corrections, erasure."""


@command.command("export", short_help="Write everything that is kept about somebody.")
@click.argument("email")
@click.option(
    "--out",
    type=FilePath(dir_okay=False),
    metavar="FILE",
    help="Where to write it, readable by you alone. [default: standard output]",
)
@data_option
def export(email: str, out: Path | None, data: Path) -> None:
    """Write everything that is kept about the owner of EMAIL, as JSON.

    They can download the same file at /me/data. The read is recorded.
    """
    from mileage.store.private import owner_only
    from mileage.wiring.operations import operations

    with (
        tempfile.TemporaryDirectory(prefix="mileage-") as folder,
        operations(data) as act,
    ):
        path = Path(folder) / "export.json"
        act.person_export(email, str(path))
        with path.open("rb") as file:
            if out is None:
                while piece := file.read(PIECE):
                    click.echo(piece, nl=False)
                return
            with open(out, "wb", opener=owner_only) as target:
                shutil.copyfileobj(file, target)


@command.command("erase", short_help="Erase somebody; sums stay.")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
@data_option
@json_option
def erase(email: str, data: Path, *, yes: bool, as_json: bool) -> None:
    """Erase the owner of EMAIL: say what would go, ask, and do it.

    A nameless tombstone takes their place: no sum changes, and nothing leads from it
    to them. It cannot be undone. Backups made before still name them.
    """
    from mileage.wiring.operations import operations

    with operations(data) as act:
        found = act.erasure_plan(email)
        click.echo(_told(found), err=True)
        if not yes:
            click.confirm("Erase them? This cannot be undone.", abort=True, err=True)
        done = act.erase_person(email)
    if as_json:
        click.echo(json.dumps([one._asdict() for one in done], indent=2))
        return
    for one in done:
        click.echo(f"{one.rows:,} rows are nobody's now: record {one.hash}")


def _told(plan: ErasurePlan) -> str:
    return (
        f"{plan.name} ({plan.account_id}), accounts: {plan.accounts}\n"
        f"  {plan.witnesses:,} witnesses and {plan.activities:,} activities stay, "
        "as a nameless tombstone's\n"
        f"  {plan.control_rows:,} rows of the directory, of tokens, keys, sessions and "
        "requests go\n"
        f"  {plan.snapshots:,} published boards are looked through for the name\n"
        f"  {plan.log_rows:,} rows of the access log stay: they say whom this person "
        "read"
    )


@command.command("requests", short_help="List what people asked for.")
@click.option("--open", "waiting", is_flag=True, help="Only those without an answer.")
@data_option
@json_option
def requests(data: Path, *, waiting: bool, as_json: bool) -> None:
    """List corrections, objections and erasures that people asked for."""
    from mileage.wiring.operations import operations

    with operations(data) as act:
        found = act.person_requests(waiting=waiting)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
        return
    rows = [
        (
            *(one.request_id, minute(one.filed_at), one.kind, one.account_id),
            *(one.state, one.text.replace("\n", " ")),
        )
        for one in found
    ]
    header = ("request", "asked (UTC)", "what", "of", "state", "words")
    table(header, rows, "nobody has asked for anything")


@command.command("ask", short_help="Record what somebody asked for.")
@click.argument("email")
@click.argument("kind", type=click.Choice(REQUEST_KINDS))
@click.option("--text", required=True, help="What they said.")
@data_option
def ask(email: str, kind: str, text: str, data: Path) -> None:
    """Record a request that reached you by other means than the owner's page.

    KIND is correction, objection or erasure. An objection of the owner of EMAIL takes
    them off the boards at once. Prints the id of the request.
    """
    from mileage.wiring.operations import operations

    with operations(data) as act:
        click.echo(act.person_ask(email, kind, text))


@command.command("answer", short_help="Grant or decline a request.")
@click.argument("request")
@click.option("--grant", is_flag=True, help="Do what was asked for.")
@click.option("--decline", is_flag=True, help="Leave it as it is.")
@click.option("--text", required=True, help="Why; the person reads it.")
@data_option
def answer(request: str, text: str, data: Path, *, grant: bool, decline: bool) -> None:
    """Answer the REQUEST of an id; its person sees the answer on /me/data.

    What was granted is then done: the directory is corrected by
    `mileage people import`, somebody is erased by `mileage person erase`.
    """
    from mileage.domain.rights import Answer
    from mileage.wiring.operations import operations

    if grant == decline:
        message = "say either --grant or --decline"
        raise click.UsageError(message)
    with operations(data) as act:
        act.person_answer(Answer(request, grant, text))


@command.command(short_help="List somebody's titles and tiers.")
@click.argument("email")
@click.option(
    "--decline-award",
    "decline",
    metavar="TITLE|tiers",
    help="What they do not want to be shown with.",
)
@click.option(
    "--take-award",
    "take",
    metavar="TITLE|tiers",
    help="What they want to be shown with again.",
)
@data_option
@json_option
def awards(
    email: str, data: Path, *, decline: str | None, take: str | None, as_json: bool
) -> None:
    """List the titles and tiers of the owner of EMAIL, or record what they declined.

    People decline for themselves on /me/awards. What an operator records here, for
    somebody who asked by other means, says so in the audit log.
    """
    from mileage.cli.options import control_in
    from mileage.web.awards_pages import awards_json
    from mileage.wiring.person import own_awards
    from mileage.wiring.policy import load_policy

    with control_in(data) as control:
        titles = load_policy(data).titles
        found = awards_json(own_awards(control, titles, (email, decline, take)))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for one in found["awards"]:
        until = one["ended_at"] or ("declined" if one["declined"] else "now")
        click.echo(f"{one['began_at']} - {until}: {one['name']}: {one['reason']}")


@command.command("taking-part", short_help="Say how somebody stands on boards.")
@click.argument("email")
@click.option(
    "--choice",
    type=click.Choice([*CHOICES[::-1], UNDECIDED]),
    help="What they chose; `policy` leaves it to the organisation.",
)
@click.option(
    "--statement",
    type=bool,
    metavar="yes|no",
    help="Whether to say that they are, or are not, among the first.",
)
@data_option
@json_option
def taking_part(
    email: str, data: Path, *, choice: str | None, statement: bool | None, as_json: bool
) -> None:
    """Say how the owner of EMAIL stands on boards, or record what they chose.

    People choose for themselves on /me/taking-part. What an operator records here,
    for somebody who asked by other means, says so in the audit log.
    """
    from mileage.cli.options import control_in
    from mileage.web.taking_part_pages import taking_part_json
    from mileage.wiring.person import take_part
    from mileage.wiring.policy import load_policy

    with control_in(data) as control:
        asked = (email, choice, statement)
        found = taking_part_json(take_part(control, load_policy(data).settings, asked))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        told = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name.replace('_', ' ')}: {'-' if told is None else told}")
