"""``mileage board``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from mileage.cli.options import data_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.figures import Board


@click.command("board")
@data_option
@click.option("--lens", help="What to rank by. [default: the first of lenses.toml]")
@click.option("--top", type=click.IntRange(min=1), help="How many rows to show.")
@click.option("--window", help="30d, 24h, 7d, 90d, week, month or quarter.")
@click.option("--scope", default="org", show_default=True, help="Whom to rank.")
@click.option("--as-of", metavar="T", help="The board as published at this instant.")
@json_option
def command(data: Path, *, as_json: bool, **asked: Any) -> None:  # noqa: ANN401
    """Show the board of the last 30 days, or another window, in the terminal.

    Publishes first, so that everything taken in so far counts; with
    --as-of it shows what had been published at that instant. The read is recorded
    with the purpose `operations`.
    """
    from mileage.reports.shape import board_json
    from mileage.wiring.reading import Asked, board

    found = board(data, Asked(**asked))
    if as_json:
        click.echo(json.dumps(board_json(found), indent=2))
    else:
        _show(found)


def _show(board: Board) -> None:
    from mileage.cli.tables import board_table, console

    if not board.rows:
        click.echo(
            "Nobody is on the board yet. `mileage collect` fills it from this "
            "machine's session logs."
        )
        return
    console().print(board_table(board))
