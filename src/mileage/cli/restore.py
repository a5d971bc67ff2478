"""``mileage restore``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mileage.cli.backup import progress
from mileage.cli.options import FilePath, new_data_option
from mileage.domain.plural import counted

if TYPE_CHECKING:
    from pathlib import Path


@click.command("restore")
@new_data_option
@click.argument("file", type=FilePath(exists=True, dir_okay=False))
def command(data: Path, file: Path) -> None:
    """Make a new data directory of a backup, and verify it.

    Refuses a directory that is not empty. Formats of an older Mileage are migrated
    forward. Exits with 1 when what was restored contradicts itself.
    """
    from mileage.wiring.backups import unpack
    from mileage.wiring.operations import operations
    from mileage.wiring.verifying import PARTS

    manifest = unpack(file, data, progress())
    problems: list[str] = []
    with operations(data) as owner:
        for part in PARTS:
            click.echo(f"checking {part} …", err=True)
            problems += owner.check(part).problems
        durable = owner.status()["durable"]
    if durable < manifest.counts["durable"]:
        problems.append(
            f"{manifest.counts['durable']:,} records were in the backup, "
            f"{durable:,} are here"
        )
    for problem in problems:
        click.echo(f"wrong: {problem}")
    click.echo(
        f"{data}: as it was at {manifest.made_at}, "
        f"{counted(durable, 'record')} taken in."
    )
    sys.exit(1 if problems else 0)
