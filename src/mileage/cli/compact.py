"""``mileage compact``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mileage.cli.options import data_option

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000


@click.command("compact")
@data_option
def command(data: Path) -> None:
    """Write the ledger's file anew: rows by time, without room that was freed.

    Needs as much room on the disk as the new file takes, and that `serve` does not
    run. Every table is compared with the old one before the new file takes its place.
    """
    from mileage.wiring.compacting import compact

    done = compact(data)
    click.echo(
        f"{data / 'ledger.duckdb'}: {done.before / MB:,.1f} MB before, "
        f"{done.after / MB:,.1f} MB now."
    )
