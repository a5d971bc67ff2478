"""``mileage verify``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from mileage.cli.options import data_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.checked import Checked

SHOWN = 20


@click.command("verify")
@data_option
@json_option
def command(data: Path, *, as_json: bool) -> None:
    """Check segments, snapshots, calls, roll-ups and records of deletion.

    Reads every segment and snapshot, derives every call from its witnesses again and
    adds up every roll-up. Exits with 1 when something contradicts itself. Changes
    nothing, and works while `serve` runs.
    """
    from mileage.wiring.operations import operations
    from mileage.wiring.verifying import PARTS

    checked: list[Checked] = []
    with operations(data) as owner:
        for part in PARTS:
            click.echo(f"checking {part} …", err=True)
            checked.append(owner.check(part))
        missing = owner.examine()["completeness"]["missing"]
    problems = [problem for one in checked for problem in one.problems]
    notes = [note for one in checked for note in one.notes]
    if as_json:
        counts = {one.part: one.looked_at for one in checked}
        told = {"problems": problems, "notes": notes, "missing": missing}
        click.echo(json.dumps({**told, "checked": counts}, indent=2))
    else:
        _show(checked, problems, [*notes, *missing])
    sys.exit(1 if problems else 0)


def _show(checked: list[Checked], problems: list[str], notes: list[str]) -> None:
    for problem in problems[:SHOWN]:
        click.echo(f"wrong: {problem}")
    if len(problems) > SHOWN:
        click.echo(f"… and {len(problems) - SHOWN} more (see --json)")
    for note in notes:
        click.echo(f"note: {note}")
    parts = ", ".join(f"{one.part}: {one.looked_at:,}" for one in checked)
    click.echo(f"Looked at {parts}.")
    if not problems:
        click.echo("Every call follows from its witnesses.")
