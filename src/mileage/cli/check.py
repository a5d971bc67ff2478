"""``mileage check``: is every policy file right, and where not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from mileage.cli.options import json_option, new_data_option

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.wiring.policy import Examined


@click.command(
    short_help="Validate every policy file.",
    help="Validate the settings, prices and lenses in force: those in DIR/policy, "
    "and the ones that ship with Mileage for every file that is not there. "
    "Exits with 1 when something is wrong, and says in which file, line and key.",
)
@new_data_option
@json_option
def command(*, data: Path, as_json: bool) -> None:
    """Print one line a file, each mistake below it."""
    from mileage.wiring.policy import examine

    examined = examine(data)
    if as_json:
        click.echo(json.dumps(_as_json(examined), indent=2))
    else:
        for one in examined:
            click.echo(_as_text(one))
    if any(one.findings for one in examined):
        raise click.exceptions.Exit(1)


def _as_text(one: Examined) -> str:
    origin = "as shipped" if one.shipped else one.place
    verdict = f"{len(one.findings)} wrong" if one.findings else "ok"
    lines = [f"{one.name}: {verdict} ({origin}, version {one.version})"]
    return "\n".join([*lines, *(f"  {finding}" for finding in one.findings)])


def _as_json(examined: list[Examined]) -> dict[str, Any]:
    return {
        "ok": not any(one.findings for one in examined),
        "files": [
            {
                "file": one.place,
                "shipped": one.shipped,
                "version": one.version,
                "findings": [
                    {
                        "line": finding.line,
                        "key": finding.key,
                        "problem": finding.problem,
                    }
                    for finding in one.findings
                ],
            }
            for one in examined
        ],
    }
