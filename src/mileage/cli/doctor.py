"""``mileage doctor``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from mileage.cli.options import data_option, json_option

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
    click.echo(f"{report['accounts']} accounts known, {report['heard']} heard of.")
    click.echo(f"Last recorded: {report['last_recorded'] or 'nothing yet'}")
    for source in report["completeness"]["sources"]:
        stopped = f", stopped for {source['stopped']:,}" if source["stopped"] else ""
        click.echo(
            f"  {source['source']}: {source['witnesses']:,} witnesses of "
            f"{source['accounts']:,} accounts, {source['from']} to {source['until']}, "
            f"{source['rejected']:,} rejected{stopped}"
        )
    for note in report["completeness"]["missing"]:
        click.echo(f"note: {note}")
    for note in report["notes"]:
        click.echo(f"note: {note}")
    for finding in report["findings"]:
        click.echo(f"to do: {finding}")
    if not report["findings"]:
        click.echo("Nothing to do.")


def _show_rejected(told: dict[str, Any]) -> None:
    shown = len(told["rows"])
    cut = f", the first {shown} of them" if shown < told["kinds"] else ""
    click.echo(f"{told['records']:,} records rejected, {told['kinds']:,} kinds{cut}.")
    for row in told["rows"]:
        version = f" {row['client_version']}" if row["client_version"] else ""
        click.echo(f"{row['records']:>12,}  {row['source']}{version}: {row['reason']}")
        accounts = f" of {row['accounts']:,} accounts" if row["accounts"] else ""
        click.echo(
            f"{'':>12}  {row['first']} to {row['last']}{accounts}, "
            f"for example {row['place']}"
        )
        if row["sample"]:
            click.echo(f"{'':>12}  {row['sample']}")
