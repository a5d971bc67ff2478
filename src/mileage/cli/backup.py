"""``mileage backup``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from mileage.cli.options import FilePath, data_option

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.wiring.backups import Progress

MB = 1_000_000
SAY_SECONDS = 2.0


@click.command("backup")
@data_option
@click.option(
    "--to",
    "target",
    required=True,
    type=FilePath(),
    metavar="FILE|DIR",
    help="The file to write, or a folder for a file named after this moment.",
)
def command(data: Path, target: Path) -> None:
    """Write everything of a data directory into one file, also while `serve` runs.

    Whatever was acknowledged before the command began is in it. The file is as
    private as the directory: tokens are in it as hashes, but so are figures of
    people and the key of the project hashes. It is read through before it appears.
    """
    from mileage.wiring.backups import WORK, pack
    from mileage.wiring.operations import operations

    if target.is_dir():
        target /= time.strftime("mileage-%Y%m%dT%H%M%SZ.backup", time.gmtime())
    if target.exists():
        raise click.UsageError(f"{target} is there already; name another file")
    with operations(data) as owner:
        click.echo(f"copying what changes to {data / WORK} …", err=True)
        prepared = owner.prepare_backup()
        manifest = pack(data, prepared, target, progress())
    size = target.stat().st_size / MB
    click.echo(
        f"{target}: {size:,.1f} MB in {len(manifest.files):,} files, "
        f"{manifest.counts['durable']:,} records taken in."
    )


def progress() -> Progress:
    """Say how far it is now and then, on standard error."""
    from mileage.wiring.backups import Progress

    said = time.monotonic()

    def say(what: str, done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said >= SAY_SECONDS:
            said = time.monotonic()
            click.echo(f"{what}: {done // MB:,} of {total // MB:,} MB", err=True)

    return Progress(say)
