"""``mileage retention``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mileage.cli.options import data_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.group("retention")
def command() -> None:
    """Delete what is older than the policy keeps."""


@command.command("plan")
@data_option
@json_option
def plan(data: Path, *, as_json: bool) -> None:
    """Say what would be deleted now. Deletes nothing."""
    from mileage.wiring.operations import operations

    with operations(data) as owner:
        found = owner.retention_plan()
    if as_json:
        click.echo(json.dumps([one._asdict() for one in found], indent=2))
        return
    for one in found:
        click.echo(f"{one.rows:,} {one.kind} would go ({one.policy})")
    if not found:
        click.echo("Nothing is due.")


@command.command("apply")
@data_option
@json_option
def apply(data: Path, *, as_json: bool) -> None:
    """Delete what is due now, and record what was deleted.

    `serve` does the same once a day. Sums by hour and day stay when calls go.
    """
    from mileage.wiring.operations import operations

    with operations(data) as owner:
        done = owner.retention_apply()
    if as_json:
        click.echo(json.dumps([one._asdict() for one in done], indent=2))
        return
    for one in done:
        click.echo(f"{one.rows:,} {one.kind} deleted ({one.policy}): {one.hash}")
    if not done:
        click.echo("Nothing was due.")
