"""How people of a group are spread, as SVG like the other charts.

A bar is a range that holds several people; its width is the same for all, as each is
wider than the one before in tokens. The viewer's own range stands out by its colour and
by a word.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from mileage.web.numbers import compact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.domain.cube import Range
    from mileage.domain.peers import Bin

TOP = 24
HEIGHT = 140
BASE = TOP + HEIGHT
GAP = 0.12
"""Of a bar's place that stays empty."""
MOST_LABELS = 8


def spread(bins: Sequence[Bin], own: Range | None, *, title: str) -> str:
    """Draw a bar for each range, as high as the part of people in it."""
    parts = _parts(bins)
    most = max(parts, default=0) or 1
    slot = 100 / max(len(bins), 1)
    drawn = [
        (
            '<svg class="chart" width="100%" role="img" '
            f'height="{BASE + 24}" aria-label="{escape(title)}">'
        ),
        f'<line class="grid" x1="0" x2="100%" y1="{BASE}" y2="{BASE}"/>',
    ]
    every = -(-len(bins) // MOST_LABELS)
    for number, (one, part) in enumerate(zip(bins, parts, strict=True)):
        left, height = number * slot, max(2, round(HEIGHT * part / most))
        is_own = own is not None and own.low == one.low
        drawn.append(
            f'<rect class="{"full" if is_own else "q1"}" '
            f'x="{left + slot * GAP / 2:.2f}%" y="{BASE - height}" '
            f'width="{slot * (1 - GAP):.2f}%" height="{height}">'
            f"<title>{compact(one.low)} to {compact(one.high)}: {part}%</title></rect>"
        )
        middle = f"{left + slot / 2:.2f}%"
        told = f"you, {part}%" if is_own else f"{part}%"
        drawn.append(_text(middle, BASE - height - 6, told, "tick mid"))
        if number % every == 0:
            drawn.append(_text(f"{left:.2f}%", BASE + 18, compact(one.low), "tick"))
    return "".join([*drawn, "</svg>"])


def _parts(bins: Sequence[Bin]) -> list[int]:
    """Return how many per cent are in each."""
    ends = [0, *(one.up_to for one in bins)]
    return [after - before for before, after in pairwise(ends)]


def _text(x: str, y: int, said: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(said)}</text>'
