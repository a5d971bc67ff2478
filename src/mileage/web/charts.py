"""Charts as SVG text: coloured by the stylesheet, tested as text, printed as is.

Positions along x are percentages, so that one drawing fits a telephone and a wide
screen without a script and with letters of the same size; curves live in a nested
drawing that is stretched, and their stroke is not (``non-scaling-stroke``).
Nothing here has a style attribute: the pages forbid them.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from mileage.web.numbers import compact, day_label, exact, part

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAT_STEPS = 4
"""Shades above "none": quarters of one's own hours with any use."""

_PLOT_TOP = 24
_PLOT_HEIGHT = 160
_PLOT_BASE = _PLOT_TOP + _PLOT_HEIGHT
_CHART_HEIGHT = _PLOT_BASE + 24
_SLOT = 10
"""Width of one day in the stretched drawing; only ratios matter."""
_DAY_LABELS = 5
_CEILINGS = (1, 2, 2.5, 4, 5, 6, 8, 10)
_CELL = 10
_HEAT_TOP = 4
_HOURS = 24
_SPARK_STEP = 3
_SPARK_HEIGHT = 24


class Series(NamedTuple):
    """One value a day; the ends may be days of which only a part has been seen."""

    days: Sequence[str]
    """ISO dates, oldest first."""
    values: Sequence[int]
    first_is_part: bool = False
    last_is_part: bool = False


class Slice(NamedTuple):
    """One part of a stacked bar; ``tone`` is the series colour, 1 to 5."""

    name: str
    amount: int
    tone: int


def nice_ceiling(value: float) -> float:
    """Return the smallest round number that is not below; its half is round too."""
    if value <= 1:
        return 1
    size: int = 10 ** (len(str(int(value))) - 1)
    return next(m * size for m in _CEILINGS if m * size >= value)


def _share(position: float, whole: float) -> str:
    """Return a position along x as a short percentage."""
    return f"{position * 100 / whole:.2f}".rstrip("0").rstrip(".") + "%"


def _labelled(count: int) -> range:
    """Return the indices of days that get a label: the last one and every n-th."""
    every = max(1, -(-count // _DAY_LABELS))
    return range((count - 1) % every, count, every)


def _heights(values: Sequence[int], ceiling: float) -> list[str]:
    span = _PLOT_HEIGHT
    return [f"{span * (1 - v / ceiling):.1f}".removesuffix(".0") for v in values]


def _points(heights: Sequence[str], first: int, last: int) -> str:
    """Return path steps from one day to another, both included."""
    middle = _SLOT // 2
    return "L".join(f"{i * _SLOT + middle} {heights[i]}" for i in range(first, last))


def _curve(series: Series, ceiling: float) -> str:
    """Return the filled area, the line, and dashes where a day is incomplete."""
    count = len(series.values)
    heights = _heights(series.values, ceiling)
    first = 1 if series.first_is_part and count > 1 else 0
    last = count - 1 if series.last_is_part and count > 1 else count
    middle, right = _SLOT // 2, count * _SLOT - _SLOT // 2
    fill = f"M{middle} {_PLOT_HEIGHT}L{_points(heights, 0, count)}L{right} "
    dashes = "".join(
        f'<path class="line part" d="M{_points(heights, a, b)}"/>'
        for a, b, wanted in (
            (0, 2, first == 1),
            (count - 2, count, last == count - 1),
        )
        if wanted
    )
    return (
        f'<svg y="{_PLOT_TOP}" width="100%" height="{_PLOT_HEIGHT}" '
        f'viewBox="0 0 {count * _SLOT} {_PLOT_HEIGHT}" preserveAspectRatio="none">'
        f'<path class="fill" d="{fill}{_PLOT_HEIGHT}Z"/>'
        f'<path class="line" d="M{_points(heights, first, last)}"/>{dashes}</svg>'
    )


def _grid(ceiling: float) -> str:
    """Return three lines from 0 to the ceiling, each named at its left."""
    lines = []
    for fraction in (0, 0.5, 1):
        y = f"{_PLOT_BASE - _PLOT_HEIGHT * fraction:g}"
        name = compact(round(ceiling * fraction)) if ceiling > 1 else f"{fraction:g}"
        lines.append(
            f'<line class="grid" x2="100%" y1="{y}" y2="{y}"/>'
            f'<text class="tick end" x="-8" y="{float(y) + 4:g}">{name}</text>'
        )
    return "".join(lines)


def _day_names(days: Sequence[str], y: int) -> str:
    """Name some days; the last one ends at the edge, or a telephone cuts it."""
    count = len(days)
    names = []
    for i in _labelled(count):
        side, x = ("end", "100%") if i == count - 1 else ("mid", _share(i + 0.5, count))
        name = day_label(days[i])
        names.append(f'<text class="tick {side}" x="{x}" y="{y}">{name}</text>')
    return "".join(names)


def _peak(series: Series, ceiling: float) -> str:
    """Return a dot on the largest day and its value: a label instead of a legend."""
    count = len(series.values)
    value = max(series.values)
    i = series.values.index(value)
    y = _PLOT_BASE - _PLOT_HEIGHT * value / ceiling
    side = "end" if i > count * 0.9 else "" if i < count * 0.1 else "mid"
    return (
        f'<circle class="dot" cx="{_share(i + 0.5, count)}" cy="{y:.1f}" r="3"/>'
        f'<text class="tick {side} peak" x="{_share(i + 0.5, count)}" y="{y - 10:.1f}">'
        f"{compact(value)}</text>"
    )


def _hits(series: Series) -> str:
    """Return one invisible column a day that shows the exact value on hover."""
    count = len(series.values)
    partial = {0} if series.first_is_part else set()
    partial |= {count - 1} if series.last_is_part else set()
    width = _share(1, count)
    return "".join(
        f'<rect class="hit" x="{_share(i, count)}" y="{_PLOT_TOP}" width="{width}" '
        f'height="{_PLOT_HEIGHT}"><title>{day_label(day)}: {exact(value)}'
        f"{' (part of the day)' if i in partial else ''}</title></rect>"
        for i, (day, value) in enumerate(zip(series.days, series.values, strict=True))
    )


def area(series: Series, *, title: str) -> str:
    """Return a line above a filled area, its axis from 0, one point a day."""
    if not series.values:
        return ""
    ceiling = nice_ceiling(max(series.values))
    peak = _peak(series, ceiling) if max(series.values) else ""
    return (
        f'<svg class="chart" width="100%" height="{_CHART_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">{_grid(ceiling)}'
        f"{_day_names(series.days, _CHART_HEIGHT - 6)}{_curve(series, ceiling)}"
        f"{peak}{_hits(series)}</svg>"
    )


def sparkline(values: Sequence[int]) -> str:
    """Return a small line scaled to its own maximum, from 0; '' of nothing.

    Whole steps of a pixel, relative: the board carries hundreds of these.
    """
    top = max(values, default=0)
    if not top:
        return ""
    heights = [_SPARK_HEIGHT - 2 - round((_SPARK_HEIGHT - 4) * v / top) for v in values]
    steps = " ".join(
        f"{_SPARK_STEP} {after - before}" for before, after in pairwise(heights)
    ).replace(" -", "-")
    # A lone "l" of a single day would be no path.
    line = f"l{steps}" if steps else ""
    width = max(1, len(values) - 1) * _SPARK_STEP
    return (
        f'<svg class="spark" viewBox="0 0 {width} {_SPARK_HEIGHT}" aria-hidden="true">'
        f'<path d="M0 {heights[0]}{line}"/></svg>'
    )


def heat_levels(hours: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return 0 for nothing, else the quarter (1 to 4) among one's own filled hours."""
    filled = sorted(value for day in hours for value in day if value)
    steps = range(1, HEAT_STEPS) if filled else ()
    cuts = [filled[len(filled) * k // HEAT_STEPS] for k in steps]
    return [
        [1 + sum(value >= cut for cut in cuts) if value else 0 for value in day]
        for day in hours
    ]


def heat(days: Sequence[str], hours: Sequence[Sequence[int]], *, title: str) -> str:
    """Return one column a day, one row an hour, darker where more was used."""
    if not days:
        return ""
    count = len(days)
    width = _share(1, count)
    levels = heat_levels(hours)
    cells = []
    for i, (day, values) in enumerate(zip(days, hours, strict=True)):
        x = _share(i, count)
        for hour, value in enumerate(values):
            box = (
                f'<rect class="q{levels[i][hour]}" x="{x}" '
                f'y="{_HEAT_TOP + hour * _CELL}" width="{width}" height="{_CELL}"'
            )
            hint = f"{day_label(day)}, {hour:02}:00: {exact(value)}"
            cells.append(f"{box}><title>{hint}</title></rect>" if value else box + "/>")
    names = "".join(
        f'<text class="tick end" x="-8" y="{_HEAT_TOP + hour * _CELL + 9}">'
        f"{hour:02}:00</text>"
        for hour in range(0, _HOURS, 6)
    )
    bottom = _HEAT_TOP + _HOURS * _CELL
    return (
        f'<svg class="heat" width="100%" height="{bottom + 24}" role="img" '
        f'aria-label="{escape(title)}">{"".join(cells)}{names}'
        f"{_day_names(days, bottom + 18)}</svg>"
    )


def share_bar(some: int, whole: int) -> str:
    """Return a bar filled to a part of a whole; the figure stands beside it."""
    width = _share(min(1.0, part(some, whole)), 1)
    return (
        '<svg class="share" aria-hidden="true"><rect class="rail" width="100%" '
        f'height="100%"/><rect class="full" width="{width}" height="100%"/></svg>'
    )


def stacked_bar(slices: Sequence[Slice], *, title: str) -> str:
    """Return one bar divided among its parts; a table beside it names them."""
    whole = sum(piece.amount for piece in slices)
    if not whole:
        return ""
    pieces, before = [], 0
    for piece in slices:
        if piece.amount:
            pieces.append(
                f'<rect class="s{piece.tone}" x="{_share(before, whole)}" '
                f'width="{_share(piece.amount, whole)}" height="100%">'
                f"<title>{escape(piece.name)}: {exact(piece.amount)}</title></rect>"
            )
        before += piece.amount
    return (
        f'<svg class="stack" role="img" aria-label="{escape(title)}">'
        f"{''.join(pieces)}</svg>"
    )
