"""``mileage verify``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from mileage.cli.options import data_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = 20


@click.command("verify")
@data_option
@json_option
def command(data: Path, *, as_json: bool) -> None:
    """Check calls against their witnesses, and roll-ups against their calls.

    Exits with 1 when something contradicts itself. Changes nothing.
    """
    from mileage.wiring.operations import operations

    with operations(data) as owner:
        problems = owner.verify()
        missing = owner.examine()["completeness"]["missing"]
    if as_json:
        click.echo(json.dumps({"problems": problems, "missing": missing}, indent=2))
    else:
        for problem in problems[:SHOWN]:
            click.echo(f"wrong: {problem}")
        if len(problems) > SHOWN:
            click.echo(f"… and {len(problems) - SHOWN} more (see --json)")
        for note in missing:
            click.echo(f"note: {note}")
        if not problems:
            click.echo("Every call follows from its witnesses.")
    sys.exit(1 if problems else 0)
