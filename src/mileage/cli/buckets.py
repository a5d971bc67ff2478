"""``mileage buckets``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from mileage.cli.options import data_option, json_option

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

DAY = click.DateTime(["%Y-%m-%d"])
DAYS = 30


@click.command("buckets")
@data_option
@click.option(
    "--since", type=DAY, metavar="D", help="First UTC day. [default: 30 back]"
)
@click.option("--until", type=DAY, metavar="D", help="Last UTC day. [default: today]")
@json_option
def command(
    data: Path, *, since: datetime | None, until: datetime | None, as_json: bool
) -> None:
    """Show providers' own buckets beside the calls of the same day and model.

    Buckets come by `mileage import --source openrouter_activity`. They are never
    added to calls: where the two differ, calls are missing, or were made past
    Mileage. The read is recorded with the purpose `operations`.
    """
    from mileage.wiring.operations import operations

    asked = {
        "since": since.date().isoformat() if since else "",
        "until": until.date().isoformat() if until else "",
    }
    with operations(data) as owner:
        found = owner.buckets(asked)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    from mileage.cli.tables import listing

    if not found["rows"]:
        click.echo(
            "No provider's buckets are here for these days. `mileage import --source "
            "openrouter_activity FILE` brings them."
        )
        return
    listing().print(_table(found["rows"]))


def _table(rows: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - rich's, loaded late
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("day", "provider"):
        table.add_column(name, no_wrap=True)
    table.add_column("model", overflow="fold")
    for name in ("requests", "calls", "told", "counted", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        told, known = row["bucket"], row["calls"]
        table.add_row(
            *(row[name] for name in ("day", "provider", "model")),
            f"{told['requests']:,}" if told else "-",
            f"{known['requests']:,}" if known else "-",
            f"{_tokens(told):,}" if told else "-",
            f"{_tokens(known):,}" if known else "-",
            f"{_tokens(known) - _tokens(told):+,}",
        )
    return table


def _tokens(figures: dict[str, int] | None) -> int:
    return figures["prompt"] + figures["answer"] if figures else 0
