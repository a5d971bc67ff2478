"""``mileage people``: who works here."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from mileage.cli.credential_options import table
from mileage.cli.options import (
    FilePath,
    control_in,
    data_option,
    json_option,
    new_data_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.directory import ImportSummary
    from mileage.ingest.people_csv import DirectoryFile


IMPORT_HELP = """Import people and their memberships from FILE.

FILE is CSV in UTF-8 with a header that names the columns

\b
    email,name,department,team,manager
and optionally
    kind         person, contractor or service (person when empty)
    role
    from, until  the days of this membership, both included

A person who moves has several rows, each with its own days; where two overlap,
the one that began last counts. The file replaces what was known of the people in
it and leaves all others alone, so importing it twice changes nothing. Usage that
arrived before its owner was known is found again by the e-mail address.
"""


@click.group(
    "people", short_help="Import the directory; claim usage of unknown people."
)
def command() -> None:
    """Import the directory, and say whose the usage of unknown identities is."""


@command.command(
    "import", help=IMPORT_HELP, short_help="Import people and memberships from a file."
)
@click.argument("file", type=FilePath(exists=True, dir_okay=False, readable=True))
@click.option("--skip-bad", is_flag=True, help="Import the good rows and skip others.")
@new_data_option
@json_option
def import_people(
    file: Path,
    skip_bad: bool,  # noqa: FBT001 - a flag of the command line
    data: Path,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Read it all, refuse it whole or import it."""
    from mileage.domain.errors import Invalid
    from mileage.ingest.people_csv import parse_people

    try:
        content = file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}") from error
    parsed = parse_people(content, str(file))
    _remark(parsed)
    if parsed.problems and not (skip_bad and parsed.rows):
        remedy = "correct them, or add --skip-bad to import the good ones"
        raise Invalid(
            f"nothing was imported: {len(parsed.problems)} bad "
            f"and {len(parsed.rows)} good rows: {remedy}"
        )
    if not parsed.rows:
        raise Invalid(f"{file} names nobody: add a row below its header")
    with control_in(data) as control:
        summary = control.import_people(parsed.rows)
    click.echo(_as_json(summary, parsed) if as_json else _as_text(summary, parsed))


@command.command("unclaimed", short_help="List usage that belongs to nobody.")
@data_option
@json_option
def list_unclaimed(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List identities whose usage belongs to nobody, the most tokens first.

    The read is recorded.
    """
    from mileage.wiring.operations import operations

    with operations(data) as act:
        found = act.unclaimed()
    if as_json:
        click.echo(json.dumps(found))
        return
    rows = [
        (
            one["identity"],
            ", ".join(one["clients"]) or "-",
            ", ".join(one["sources"]) or "-",
            (one["first"] or "-")[:10],
            (one["last"] or "-")[:10],
            f"{one['calls']:,}",
            f"{one['tokens']:,}",
        )
        for one in found
    ]
    header = ("identity", "client", "source", "first", "last", "calls", "tokens")
    table(header, rows, "all usage belongs to somebody")


@command.command("claims", short_help="List identities that somebody has claimed.")
@data_option
@json_option
def list_claims(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List which identities are booked to whom by `mileage people claim`."""
    from mileage.wiring.operations import operations

    with operations(data) as act:
        found = act.claims()
    if as_json:
        click.echo(json.dumps(found))
        return
    rows = [(one["identity"], one["person"], one["person_id"]) for one in found]
    table(("identity", "claimed by", "account"), rows, "nobody has claimed anything")


@command.command("claim", short_help="Give an identity's usage to somebody.")
@click.argument("identity")
@click.option("--account", metavar="EMAIL", required=True, help="Whose usage it is.")
@data_option
@json_option
def claim(identity: str, account: str, data: Path, as_json: bool) -> None:  # noqa: FBT001
    """Give all usage of IDENTITY, past and to come, to the person of an address.

    IDENTITY is one that `mileage people unclaimed` lists. Boards published before stay
    as they were; `mileage people unclaim` undoes it.
    """
    from mileage.wiring.operations import operations

    with operations(data) as act:
        moved = act.claim(identity, account)
    _moved(moved, f"is {moved['person']}'s now", as_json=as_json)


@command.command("unclaim", short_help="Take a claim back.")
@click.argument("identity")
@data_option
@json_option
def unclaim(identity: str, data: Path, as_json: bool) -> None:  # noqa: FBT001
    """Give IDENTITY again all that came under it; it belongs to nobody then."""
    from mileage.wiring.operations import operations

    with operations(data) as act:
        moved = act.unclaim(identity)
    _moved(moved, f"is {moved['person']}'s no more", as_json=as_json)


def _moved(moved: dict[str, Any], how: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(moved))
        return
    click.echo(f"{moved['identity']} {how}: {moved['calls']:,} calls moved")


def _remark(parsed: DirectoryFile) -> None:
    for problem in parsed.problems:
        click.echo(str(problem), err=True)
    if parsed.ignored_columns:
        names = ", ".join(parsed.ignored_columns)
        click.echo(f"ignored the columns that mean nothing here: {names}", err=True)


def _as_json(summary: ImportSummary, parsed: DirectoryFile) -> str:
    return json.dumps({**summary._asdict(), "bad_rows": len(parsed.problems)})


def _as_text(summary: ImportSummary, parsed: DirectoryFile) -> str:
    counts = (f"{summary.added} added", f"{summary.changed} changed")
    lines = [f"people: {', '.join(counts)}, {summary.unchanged} unchanged"]
    if summary.claimed:
        lines.append(
            f"{summary.claimed} of them had used tokens before they were known"
        )
    if parsed.problems:
        lines.append(f"{len(parsed.problems)} bad rows skipped")
    return "\n".join(lines)


@command.command("trained", short_help="Record who has done a training.")
@click.argument("training")
@click.argument(
    "file", type=click.File("r", encoding="utf-8-sig", errors="replace"), default="-"
)
@data_option
def trained(training: str, file: TextIO, data: Path) -> None:
    """Record that people have done the training TRAINING of a target of adoption.

    FILE has one e-mail address a line; what is recorded stays. Addresses that nobody
    here has are named on standard error, and so is a training that no target wants.
    """
    from mileage.wiring.policy import load_policy

    targets = load_policy(data).adoption
    wanted = sorted({one.what for one in targets if one.measure == "training"})
    with control_in(data) as control:
        added, unknown = control.record_training(training, file.read().split())
    for email in unknown:
        click.echo(f"nobody here has the address {email}", err=True)
    click.echo(f"{training}: {added:,} more have done it")
    if training not in wanted:
        known = f"; they want {', '.join(wanted)}" if wanted else ""
        click.echo(
            f"no target of policy/adoption.toml wants {training!r}{known}", err=True
        )
    if unknown:
        sys.exit(1)
