"""What commands say of the files that they took in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mileage.ingest.told_once import Told


def files_read(count: int) -> str:
    """Say how many files were read."""
    return f"{count:,} {'file' if count == 1 else 'files'} read"


def tell_rejected(new: int, told: Told) -> None:
    """Say where to look, and what is not counted because it was before."""
    if told.again:
        click.echo(
            f"{told.again:,} more were rejected before and are not counted again."
        )
    if new or told.again:
        click.echo("`mileage doctor` says what was rejected and why.")
