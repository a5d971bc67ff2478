"""A picture of one's own use to share: chosen figures, nothing identifying by default.

Counts have three digits at most and days no dates, so that a picture cannot be
traced to an account by looking its figures up.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from mileage.web.numbers import DASH, compact, money, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.domain.sums import Figures

WIDTH, HEIGHT = 1200, 630
FIELDS = (
    *("calls", "active-days", "streak", "cache", "output"),
    *("cost", "models", "clients", "chart"),
)
USUAL = ("calls", "active-days", "streak", "cache", "chart")
"""What is shown when nothing is chosen: neither money nor names of anything."""
MOST_NAMES = 3
_LONGEST_NAME = 40
"""Of the title, and of a model or a client, which stand beside the sum of tokens."""
_NO_LETTER = "?"
_SIZES = (40, 36, 32, 28)
_WIDE, _USUAL_WIDTH = 0.64, 0.5
"""Of Inter's letters, as parts of their size: figures in bold, and words."""
_GAP = 16
_LEFT, _RIGHT = 80, WIDTH - 80
_BARS_TOP, _BARS_BASE = 420, 540


class Colours(NamedTuple):
    """A light or a dark picture."""

    ground: str
    ink: str
    muted: str
    bar: str


LIGHT = Colours("#ffffff", "#1b1f24", "#59636e", "#3a81d7")
DARK = Colours("#0d1117", "#e6edf3", "#9198a1", "#498bdc")


class Card(NamedTuple):
    """Everything that a picture may say."""

    figures: Figures
    days: int
    """How long the window is."""
    daily: Sequence[int]
    """Tokens by local day, oldest first; a window within days touches one more."""
    models: Sequence[str]
    clients: Sequence[str]
    """Most tokens first."""
    name: str = ""
    """Whatever the person wants to stand on it, '' for nothing."""


def drawn(card: Card, fields: Sequence[str], colours: Colours) -> str:
    """Draw a card as SVG."""
    days = _days(card.days)
    title = _cut(card.name) or f"{days} with coding agents"
    tokens = compact(card.figures.tokens.total)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="Inter" fill="{colours.ink}">'
    )
    parts = [
        head,
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours.ground}"/>',
        _text(_LEFT, 104, title, _Letters(32, colours.muted)),
        _text(_LEFT, 216, tokens, _Letters(104, colours.ink, bold=True)),
        _text(_LEFT, 260, f"tokens in {days}", _Letters(28, colours.muted)),
        *_facts(card, fields, colours),
        *_names(card, fields, colours),
    ]
    if "chart" in fields:
        parts += _bars(card.daily, colours.bar)
    mark = _text(_LEFT, 592, "counted with Mileage", _Letters(20, colours.muted))
    return "".join([*parts, mark, "</svg>"])


def _facts(card: Card, fields: Sequence[str], colours: Colours) -> list[str]:
    """Put the chosen figures side by side, each as wide as it is."""
    shown = [(value, label) for field, value, label in _said(card) if field in fields]
    room = _RIGHT - _LEFT - _GAP * len(shown)
    fitting = (size for size in _SIZES if sum(_widths(shown, size)) <= room)
    size = next(fitting, _SIZES[-1])
    widths = _widths(shown, size)
    spare = (_RIGHT - _LEFT - sum(widths)) / max(len(shown), 1)
    parts, x = [], float(_LEFT)
    for (value, label), width in zip(shown, widths, strict=True):
        bold = _Letters(size, colours.ink, bold=True)
        parts.append(_text(round(x), 338, value, bold))
        parts.append(_text(round(x), 370, label, _Letters(20, colours.muted)))
        x += width + spare
    return parts


def _widths(shown: Sequence[tuple[str, str]], size: int) -> list[float]:
    return [
        max(len(value) * size * _WIDE, len(label) * 20 * _USUAL_WIDTH)
        for value, label in shown
    ]


def _names(card: Card, fields: Sequence[str], colours: Colours) -> list[str]:
    """Put the chosen names below each other, on the right."""
    letters = _Letters(22, colours.muted, right=True)
    return [
        _text(_RIGHT, 152 + 26 * number, line, letters)
        for number, line in enumerate(map(_cut, _chosen(card, fields)))
    ]


def _chosen(card: Card, fields: Sequence[str]) -> list[str]:
    return [
        name
        for field, found in (("models", card.models), ("clients", card.clients))
        if field in fields
        for name in [one for one in found if one][:MOST_NAMES]
    ]


def _cut(name: str) -> str:
    """Return as much of a name as there is room for."""
    name = normalize("NFC", name)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}\u2026"


def unknown(card: Card, fields: Sequence[str]) -> list[str]:
    """Return the letters of names that the font lacks: a sign stands for them."""
    names = "".join(map(_cut, [card.name, *_chosen(card, fields)]))
    return [one for one in dict.fromkeys(names) if one not in _letters()]


@cache
def _letters() -> frozenset[str]:
    """Read which letters the font of pictures has."""
    told = files("mileage.web").joinpath("fonts/inter-400.letters.txt")
    return frozenset(told.read_text(encoding="utf-8"))


def _said(card: Card) -> list[tuple[str, str, str]]:
    figures = card.figures
    share = figures.cache_share
    active = sum(1 for tokens in card.daily if tokens)
    return [
        ("calls", compact(figures.calls), "call" if figures.calls == 1 else "calls"),
        ("active-days", f"{active}", f"{'day' if active == 1 else 'days'} with use"),
        ("streak", _days(_streak(card.daily)), "longest streak"),
        ("cache", DASH if share is None else percent(share), "from the cache"),
        (
            "output",
            compact(figures.tokens.output + figures.tokens.reasoning),
            "tokens of output",
        ),
        (
            "cost",
            _cost(figures),
            "at list price",
        ),
    ]


def _cost(figures: Figures) -> str:
    """Write what calls cost; ``+``: some of them have no known price."""
    if figures.cost is None:
        return DASH
    return f"{money(figures.cost)}{'+' if figures.unpriced_calls else ''}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _streak(daily: Sequence[int]) -> int:
    """Count the days of the longest run of days with use."""
    breaks = [-1, *(day for day, used in enumerate(daily) if not used), len(daily)]
    return max(after - before - 1 for before, after in pairwise(breaks))


def _bars(daily: Sequence[int], colour: str) -> list[str]:
    most = max(daily, default=0)
    if not most:
        return []
    slot = (_RIGHT - _LEFT) / len(daily)
    bars = []
    for number, tokens in enumerate(daily):
        height = max(2, round((_BARS_BASE - _BARS_TOP) * tokens / most))
        x = _LEFT + number * slot
        bars.append(
            f'<rect x="{x:.1f}" y="{_BARS_BASE - height}" width="{slot * 0.72:.1f}" '
            f'height="{height}" rx="2" fill="{colour}"/>'
        )
    return bars


class _Letters(NamedTuple):
    size: int
    colour: str
    bold: bool = False
    right: bool = False


def _text(x: int, y: int, said: str, letters: _Letters) -> str:
    weight = ' font-weight="600"' if letters.bold else ""
    anchor = ' text-anchor="end"' if letters.right else ""
    drawable = "".join(one if one in _letters() else _NO_LETTER for one in said)
    return (
        f'<text x="{x}" y="{y}" font-size="{letters.size}" fill="{letters.colour}"'
        f"{weight}{anchor}>{escape(drawable)}</text>"
    )
