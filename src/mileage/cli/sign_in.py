"""``mileage sign-in``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mileage.cli.options import control_in, data_option
from mileage.domain.people import OPERATOR

if TYPE_CHECKING:
    from pathlib import Path


@click.command("sign-in")
@data_option
@click.option("--url", default="http://127.0.0.1:8470", show_default=True)
def command(data: Path, url: str) -> None:
    """Print a new one-time sign-in link for the operator."""
    with control_in(data) as control:
        secret = control.create_link(OPERATOR)
    click.echo(f"{url.rstrip('/')}/sign-in?link={secret}")
