"""What commands say of the files that they took in."""

from __future__ import annotations

import click

from mileage.domain.plural import counted


def files_read(count: int) -> str:
    """Say how many files were read."""
    return f"{counted(count, 'file')} read"


def tell_rejected(new: int, again: int) -> None:
    """Say where to look, and what is not counted because it was before."""
    if again:
        click.echo(f"{again:,} more were rejected before and are not counted again.")
    if new or again:
        click.echo("`mileage doctor` says what was rejected and why.")
