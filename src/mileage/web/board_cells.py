"""The cells of a board row: exact for oneself and operators, marked for all others.

A row is rendered once, with a stand-in for each marked figure, and cut there. What a
viewer sees is the pieces with one of two texts between them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

from mileage.domain.shown import told_figures
from mileage.web import markup, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mileage.domain.figures import BoardRow
    from mileage.domain.shown import Cell, Cells, Shows

_STAND_IN = "\x02{}\x03"
_CUT = re.compile("\x02(\\d+)\x03")
VALUES = MappingProxyType(
    {"micro_usd": numbers.money_four, "hundredths": numbers.hundredths}
)
"""How a marked value is written, by its unit."""


class Texts(NamedTuple):
    """What stands in the cells of a row."""

    value: Markup
    tokens: Markup
    written: Markup
    cost: Markup
    cache_share: Markup
    sessions: Markup


class Choice(NamedTuple):
    """A marked figure: the coin, and both texts."""

    cell: Cell
    low: str
    high: str


class PreparedRow(NamedTuple):
    """A finished row, open at its marked figures."""

    pieces: tuple[str, ...]
    """One more than there are choices."""
    choices: tuple[Choice, ...]

    def seen(self, shows: Shows | None) -> Markup:
        """Return the row as somebody sees it."""
        if shows is None or not self.choices:
            return Markup("".join(self.pieces))  # noqa: S704 (rendered markup)
        table = shows.table
        parts = [self.pieces[0]]
        for (cell, low, high), piece in zip(self.choices, self.pieces[1:], strict=True):
            raised = table[cell.first] ^ table[cell.second] < cell.cut
            parts += (high if raised else low, piece)
        return Markup("".join(parts))  # noqa: S704 (rendered markup and digits)


def texts_of(
    row: BoardRow, unit: str, cells: Cells | None
) -> tuple[Texts, tuple[Choice, ...]]:
    """Return the texts of a row, and the choices behind the stand-ins in them."""
    if cells is None:
        return exact_texts(row, unit), ()
    told = {one.name: one for one in told_figures(row.standing.figures)}
    choices: list[Choice] = []

    def text(value: int, *, part: bool, written: Callable[[int], str]) -> Markup:
        cell = cells.cell(value, part=part)
        if cell is None:
            return escape(written(value))
        choices.append(Choice(cell, written(cell.low), written(cell.high)))
        return Markup(_STAND_IN.format(len(choices) - 1))  # noqa: S704 (digits)

    def named(name: str, written: Callable[[int], str], missing: str = "") -> Markup:
        one = told.get(name)
        if one is None:
            return markup.unknown(missing)
        return text(one.value, part=one.part, written=written)

    value_text = VALUES.get(unit, numbers.four)
    return Texts(
        value=text(row.value, part=False, written=value_text),
        tokens=named("tokens", numbers.four),
        written=named("written", numbers.four),
        cost=named("cost", numbers.money_four, "no call has a known price"),
        cache_share=named("cache_share", numbers.percent_four, "no prompt tokens"),
        sessions=text(row.standing.sessions, part=True, written=numbers.four),
    ), tuple(choices)


def exact_texts(row: BoardRow, unit: str) -> Texts:
    """Return the short forms with the exact ones beside them."""
    standing, figures = row.standing, row.standing.figures
    return Texts(
        value=markup.valued(row.value, unit),
        tokens=markup.num(figures.tokens.total),
        written=markup.num(markup.written(figures)),
        cost=markup.usd(figures.cost),
        cache_share=markup.share(figures.cache_share),
        sessions=markup.num(standing.sessions),
    )


def plain(row: BoardRow) -> BoardRow:
    """Return the row without a name that could be taken for a stand-in."""
    standing = row.standing
    words = (standing.name, standing.department, *standing.models)
    if not any("\x02" in word for word in words):
        return row
    name, department, *models = (word.replace("\x02", "") for word in words)
    clean = replace(standing, name=name, department=department, models=tuple(models))
    return replace(row, standing=clean)


def prepared_row(html: str, choices: Sequence[Choice]) -> PreparedRow:
    """Cut a rendered row at its stand-ins; some of them it may not show."""
    pieces = _CUT.split(html)
    used = tuple(choices[int(number)] for number in pieces[1::2])
    return PreparedRow(tuple(pieces[::2]), used)
