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
@click.option(
    "--recompute",
    is_flag=True,
    help="Compute it again from the ledger, and tell what has changed since.",
)
@json_option
def command(
    data: Path,
    *,
    as_json: bool,
    recompute: bool,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Show the board of the last 30 days, or another window, in the terminal.

    Publishes first, so that everything taken in so far counts; with
    --as-of it shows what had been published at that instant. The read is recorded
    with the purpose `operations`.

    With --recompute it publishes nothing: what was published is computed again,
    straight from calls, as far as the ledger had recorded them then. Exits with 1 if
    that gives anything else.
    """
    if recompute:
        _recompute(data, asked, as_json=as_json)
        return
    from mileage.reports.shape import board_json
    from mileage.wiring.reading import Asked, board

    found = board(data, Asked(**asked))
    if as_json:
        click.echo(json.dumps(board_json(found), indent=2))
    else:
        _show(found)


def _recompute(data: Path, asked: dict[str, Any], *, as_json: bool) -> None:
    from mileage.cli.recomputed import show
    from mileage.reports.recomputed_json import recomputed_json
    from mileage.wiring.reading import Asked, recomputed

    found = recomputed(data, Asked(**asked))
    if as_json:
        click.echo(json.dumps(recomputed_json(found), indent=2))
    else:
        show(found)
    if found.provable and not found.equal:
        raise SystemExit(1)


def _show(board: Board) -> None:
    from mileage.cli.tables import board_caption, board_table, board_title, listing

    if not board.rows:
        click.echo(
            "Nobody is on the board yet. `mileage collect` fills it from this "
            "machine's session logs."
        )
        return
    screen = listing()
    screen.print(board_title(board), style="bold")
    screen.print(board_table(board, screen.width))
    screen.print(board_caption(board), style="dim")
