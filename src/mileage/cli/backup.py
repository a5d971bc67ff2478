"""``mileage backup``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mileage.cli.options import FilePath, data_option
from mileage.domain.plural import counted

if TYPE_CHECKING:
    from mileage.wiring.backups import Progress

MB = 1_000_000
SAY_SECONDS = 2.0


class _Place(FilePath):
    """A path as it was written: ending in a slash it is of a folder."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        super().convert(value, param, ctx)
        return os.fspath(value)


@click.command("backup")
@data_option
@click.option(
    "--to",
    "place",
    required=True,
    type=_Place(),
    metavar="FILE|DIR/",
    help="The file to write, or a folder for a file named after this moment; one that "
    "ends in / is made where there is none.",
)
def command(data: Path, place: str) -> None:
    """Write everything of a data directory into one file, also while `serve` runs.

    Whatever was acknowledged before the command began is in it. The file is as
    private as the directory: tokens are in it as hashes, but so are figures of
    people and the key of the project hashes. It is read through before it appears.
    """
    from mileage.wiring.backups import WORK, pack
    from mileage.wiring.operations import operations

    target = _target(place)
    with operations(data) as owner:
        click.echo(f"copying what changes to {data / WORK} …", err=True)
        prepared = owner.prepare_backup()
        manifest = pack(data, prepared, target, progress())
    size = target.stat().st_size / MB
    click.echo(
        f"{target}: {size:,.1f} MB in {counted(len(manifest.files), 'file')}, "
        f"{counted(manifest.counts['durable'], 'record')} taken in."
    )


def _target(place: str) -> Path:
    """Return the file to write; its folder is there then."""
    path = Path(place)
    if not path.parent.is_dir():
        raise click.UsageError(
            f"there is no folder {path.parent}: make it, or name another with --to"
        )
    if path.is_dir() or place.endswith(os.sep):
        if path.exists() and not path.is_dir():
            raise click.UsageError(f"{path} is a file, no folder; name another")
        path.mkdir(mode=0o700, exist_ok=True)
        path /= time.strftime("mileage-%Y%m%dT%H%M%SZ.backup", time.gmtime())
    if path.exists():
        raise click.UsageError(f"{path} is there already; name another file")
    return path


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
