"""``mileage doctor``."""

from __future__ import annotations

import json
import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from mileage.cli.credential_options import table
from mileage.cli.options import data_option, json_option
from mileage.domain.plural import counted

if TYPE_CHECKING:
    from pathlib import Path


@click.command("doctor")
@data_option
@click.option(
    "--rejected",
    is_flag=True,
    help="Only what could not be read: by source, reason and version of the client.",
)
@json_option
def command(data: Path, *, rejected: bool, as_json: bool) -> None:
    """Say what is collected, what is missing or stale, and how to fix it.

    Exits with 1 when there is something to do; notes are worth knowing and need
    nobody to act. The read is recorded with the purpose operations.
    """
    from mileage.wiring.operations import operations

    with operations(data) as owner:
        if rejected:
            told = owner.rejected()
        else:
            told = {**owner.examine(), "ingest": owner.status()}
    if as_json:
        click.echo(json.dumps(told, indent=2))
    elif rejected:
        _show_rejected(told)
    else:
        _show(told)
    sys.exit(1 if told["rows" if rejected else "findings"] else 0)


def _show(report: dict[str, Any]) -> None:
    click.echo(
        f"{counted(report['accounts'], 'account')} known, "
        f"{report['heard']:,} heard of. "
        f"Last recorded: {report['last_recorded'] or 'nothing yet'}."
    )
    rows = [
        (
            source["source"],
            f"{source['witnesses']:,}",
            f"{source['accounts']:,}",
            f"{source['stopped']:,}",
            f"{source['rejected']:,}",
            _minute(source["from"]),
            _minute(source["until"]),
        )
        for source in report["completeness"]["sources"]
    ]
    if rows:
        header = ("source", "witnesses", "accounts", "stopped", "rejected")
        click.echo()
        table((*header, "first (UTC)", "last (UTC)"), rows, "")
    rests_on = [{"problem": one} for one in report["completeness"]["missing"]]
    todo, notes = (
        [one for one in report["alike"] if one["severity"] == severity]
        for severity in ("todo", "note")
    )
    _show_problems("To do", todo)
    _show_problems("Worth knowing", [*rests_on, *notes])
    if not report["findings"]:
        click.echo("\nNothing to do.")


def _minute(instant: str | None) -> str:
    return instant[:16].replace("T", " ") if instant else "-"


def _show_problems(title: str, problems: list[dict[str, Any]]) -> None:
    """Say each once, with what to do and whose it is below."""
    if not problems:
        return
    click.echo()
    click.secho(title, bold=True)
    width = _width()
    for one in problems:
        click.echo(_wrapped(_sentence(one["problem"]), width, "  - "))
        if one.get("fix"):
            click.echo(_wrapped(_sentence(one["fix"]), width, "    "))
        if names := ", ".join(one.get("names", ())):
            others = f" and {one['others']:,} more" if one["others"] else ""
            click.echo(_wrapped(f"{names}{others}", width, "    "))


def _width() -> int:
    """Return how long lines may be; what a program reads is not broken."""
    return get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _sentence(part: str) -> str:
    return f"{part[:1].upper()}{part[1:]}"


def _wrapped(text: str, width: int, indent: str) -> str:
    return click.wrap_text(text, width, indent, " " * len(indent))


def _show_rejected(told: dict[str, Any]) -> None:
    shown = len(told["rows"])
    cut = f", the first {shown} of them" if shown < told["kinds"] else ""
    records = counted(told["records"], "record")
    click.echo(f"{records} rejected, {counted(told['kinds'], 'kind')}{cut}.")
    width, beside = _width(), " " * 14
    for row in told["rows"]:
        version = f" {row['client_version']}" if row["client_version"] else ""
        said = f"{row['source']}{version}: {row['reason']}"
        click.echo(_wrapped(said, width, f"{row['records']:>12,}  "))
        of = f" of {counted(row['accounts'], 'account')}" if row["accounts"] else ""
        when = f"{_minute(row['first'])} to {_minute(row['last'])} UTC"
        click.echo(_wrapped(f"{when}{of}, for example {row['place']}", width, beside))
        if row["sample"]:
            click.echo(_wrapped(row["sample"], width, beside))
