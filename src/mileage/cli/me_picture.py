"""``mileage me picture``: a PNG to share, with chosen figures only."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from mileage.cli.options import FilePath
from mileage.web.share_card import DARK, FIELDS, LIGHT, USUAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mileage.cli.me_report import Asked
    from mileage.domain.quarter import QuarterRow
    from mileage.web.share_card import Card

MOST_DAYS = 366
HELP = """Draw your last days as a picture (PNG, 1200 x 630) in FILE.

Shows the sum of tokens, rounded to three digits, and what you choose with --show.
Without --name nothing on it says whose it is; costs, models and clients stand on it
only when you ask for them.
"""


@click.command("picture", help=HELP, short_help="A picture of your use, to share.")
@click.argument("file", type=FilePath(dir_okay=False))
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    default=30,
    show_default=True,
    help="How many days, today included.",
)
@click.option(
    "--show",
    type=click.Choice(FIELDS),
    multiple=True,
    help=f"What to show; may be repeated. [default: {', '.join(USUAL)}]",
)
@click.option("--name", default="", help="A title of your own, such as your name.")
@click.option("--dark", is_flag=True, help="Light letters on a dark ground.")
@click.pass_obj
def command(
    asked: Asked, *, file: Path, days: int, show: tuple[str, ...], name: str, dark: bool
) -> None:
    """Read, draw, write."""
    from mileage.cli.me_report import remark
    from mileage.domain.errors import Invalid
    from mileage.domain.printable import printable
    from mileage.web.share_card import drawn, unknown
    from mileage.web.share_png import png

    card = _card(asked, days, name)
    if not card.figures.calls:
        last = "today" if days == 1 else f"in the last {days} days"
        raise Invalid(f"no use {last}: there is nothing to draw")
    fields = show or USUAL
    if missing := printable(", ".join(unknown(card, fields))):
        remark(f"a ? stands for what the picture's font has no letter for: {missing}")
    svg = drawn(card, fields, DARK if dark else LIGHT)
    file.write_bytes(png(svg))
    click.echo(f"{file}: {', '.join(fields)}", err=True)


def _card(asked: Asked, days: int, name: str) -> Card:
    from mileage.cli.me_report import remark
    from mileage.domain.window import Clock
    from mileage.reports.local import figures
    from mileage.web.share_card import Card
    from mileage.wiring.personal import quarter_rows

    clock = Clock(asked.zone)
    today = clock.day(time.time_ns() // 1_000)
    wanted = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    inside = set(wanted)
    rows = [
        row
        for row in quarter_rows(asked.homes, asked.environ, remark)
        if clock.day(row.quarter) in inside
    ]
    daily = Counter[object]()
    for row in rows:
        daily[clock.day(row.quarter)] += sum(row[10:17])
    return Card(
        figures(rows),
        days,
        [daily[day] for day in wanted],
        _most([(row.model, row) for row in rows]),
        _most([(row.client, row) for row in rows]),
        name,
    )


def _most(named: Sequence[tuple[str, QuarterRow]]) -> list[str]:
    """Return names, most tokens first."""
    tokens = Counter[str]()
    for name, row in named:
        tokens[name] += sum(row[10:17])
    return [name for name, _ in tokens.most_common() if name]
