"""``mileage audit``: who changed what about access, and whose usage it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mileage.cli.credential_options import minute, table
from mileage.cli.options import control_in, data_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.group("audit", short_help="List changes of access.")
def command() -> None:
    """List who changed what: tokens, keys, claims, believed domains."""


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
