"""``mileage audit``: who changed what, who read what, and that nobody rewrote it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mileage.cli.credential_options import minute, table
from mileage.cli.options import (
    FilePath,
    control_in,
    data_option,
    existing,
    json_option,
    new_data_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.access.checking import LogChecked
    from mileage.access.notes import VerifierKey
    from mileage.wiring.access_ledger import AccessLedger

FILE = FilePath(exists=True, dir_okay=False)


@click.group("audit", short_help="List changes of access; verify both logs.")
def command() -> None:
    """List who changed what; verify that nobody rewrote who read and changed what.

    Two logs are kept: `access`, a row for every read that names somebody, and
    `changes`, a row for every change of tokens, keys, roles, claims and the like.
    """


@command.command("list", short_help="List changes, newest first.")
@click.option(
    "--last",
    type=click.IntRange(1, 1_000_000),
    default=100,
    show_default=True,
    help="How many.",
)
@data_option
@json_option
def list_changes(last: int, data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List changes of access, newest first; ids only, never a secret or a name."""
    with control_in(data) as control:
        rows = control.audit_rows(last)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows]))
        return
    lines = [
        (minute(row.at), row.actor_name, row.action, row.subject, row.detail)
        for row in rows
    ]
    header = ("when (UTC)", "who", "what", "of", "how")
    table(header, lines, "nothing was changed yet")


@command.command("readers", short_help="List reads that named people.")
@click.option("--of", "email", metavar="EMAIL", help="Only those that named somebody.")
@click.option(
    "--last",
    type=click.IntRange(1, 1_000_000),
    default=100,
    show_default=True,
    help="How many.",
)
@data_option
@json_option
def list_readers(
    email: str | None,
    last: int,
    data: Path,
    as_json: bool,  # noqa: FBT001
) -> None:
    """List who read what about whom, newest first; never a figure."""
    from mileage.domain.instants import with_times
    from mileage.reports.incident import read_json

    with control_in(data) as control:
        if email is None:
            rows = control.access_rows(limit=last)
        else:
            account = control.account_of_email(email)
            rows = (
                ()
                if account is None
                else control.readers_of(account.account_id, limit=last)
            )
    if as_json:
        click.echo(json.dumps([read_json(row) for row in rows]))
        return
    lines = [
        (
            *(str(row.row_id), minute(row.at), row.viewer_name, row.purpose),
            *(row.report, row.subject, str(row.subjects), row.through),
            with_times(row.detail),
        )
        for row in rows
    ]
    header = ("entry", "when (UTC)", "who", "why", "what", "of", "people", "by", "how")
    table(header, lines, "nobody has read anything that names somebody yet")


@command.command("key", short_help="Print the key that checkpoints are signed with.")
@data_option
def show_key(data: Path) -> None:
    """Print the verification key; keep it outside, with the checkpoints."""
    with _ledger(data) as ledger:
        click.echo(str(ledger.key))


@command.command("checkpoint", short_help="Sign what the logs hold now.")
@data_option
def make_checkpoint(data: Path) -> None:
    """Sign what the logs hold now and print the notes; `serve` does it by itself."""
    with _ledger(data) as ledger:
        made = ledger.checkpoint()
    for note in made.values():
        click.echo(note)
    if not made:
        click.echo("nothing has come since the last checkpoints", err=True)


@command.command("verify", short_help="Check that nobody rewrote the logs.")
@click.option(
    "--checkpoint",
    "files",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="One that was kept outside; may be repeated.",
)
@click.option("--key", metavar="KEY", help="The verification key as kept outside.")
@click.option(
    "--proof",
    type=FILE,
    metavar="FILE",
    help="Check only a proof.",
)
@new_data_option
@json_option
def verify(
    files: tuple[Path, ...],
    key: str | None,
    proof: Path | None,
    data: Path,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Hash both logs anew and compare them with every checkpoint; exit code 1 if not.

    Only checkpoints and a key that were kept outside prove anything against who can
    write into this directory. With --proof and --key the directory is not needed.
    """
    from mileage.access.notes import parse_key
    from mileage.wiring.access_ledger import Kept

    known = None if key is None else parse_key(key)
    if proof is not None and known is not None:
        click.echo(_proven(_json_of(proof), known))
        return
    with _ledger(existing(data)) as ledger:
        if proof is not None:
            click.echo(_proven(_json_of(proof), ledger.key))
            return
        kept = [Kept(str(file), _text_of(file)) for file in files]
        checked = ledger.verify(kept, known)
    _tell(checked, as_json=as_json)
    if any(one.problems for one in checked.values()):
        raise click.exceptions.Exit(1)


@command.command("prove", short_help="Prove that an entry is in a log.")
@click.argument("entry", type=click.IntRange(min=1))
@click.option(
    "--log",
    type=click.Choice(["access", "changes"]),
    default="access",
    show_default=True,
    help="Which log.",
)
@data_option
def prove(entry: int, log: str, data: Path) -> None:
    """Print ENTRY with the hashes that lead to a signed checkpoint, as JSON."""
    with _ledger(data) as ledger:
        click.echo(json.dumps(ledger.prove(log, entry), indent=2, ensure_ascii=False))


@command.command("prove-growth", short_help="Prove that a log only grew.")
@click.argument("checkpoint", type=FILE)
@data_option
def prove_growth(checkpoint: Path, data: Path) -> None:
    """Print hashes that lead from CHECKPOINT to the newest one, as JSON.

    They show whoever kept CHECKPOINT outside that nothing before it was changed,
    without showing an entry: `verify --proof FILE --key KEY` checks them anywhere.
    """
    with _ledger(data) as ledger:
        click.echo(json.dumps(ledger.prove_growth(_text_of(checkpoint)), indent=2))


def _proven(proof: dict[str, object], key: VerifierKey) -> str:
    from mileage.wiring.access_ledger import check_growth, check_proof

    if "growth" in proof:
        earlier, later = check_growth(proof, key)
        return (
            f"The first {earlier.size} of the {later.size} entries of {later.origin} "
            "are the same."
        )
    head = check_proof(proof, key)
    return f"The entry is among the first {head.size} of {head.origin}."


def _tell(checked: dict[str, LogChecked], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({log: one._asdict() for log, one in checked.items()}))
        return
    for log, one in checked.items():
        new = one.entries - one.vouched
        click.echo(f"{log}: {one.entries} entries, {new} since the last checkpoint")
        for problem in one.problems:
            click.echo(f"  {problem}")


@contextmanager
def _ledger(data: Path) -> Iterator[AccessLedger]:
    from mileage.wiring.access_ledger import AccessLedger

    with control_in(data) as control:
        yield AccessLedger(control, data)


def _text_of(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")


def _json_of(file: Path) -> dict[str, object]:
    from mileage.domain.errors import Invalid

    try:
        found = json.loads(_text_of(file))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid(f"{file} is no proof: it is what `mileage audit prove` prints")
    return found
