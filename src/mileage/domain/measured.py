"""What a standing is measured by: the numbers that lenses, titles and tiers name."""

from __future__ import annotations

from math import inf
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.formula import Range
from mileage.domain.sums import Figures
from mileage.domain.tokens import TOKEN_CLASSES, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ANYTHING = Range(0.0, inf)
HUNDREDTHS = 100
MOST_OF_A_DAY = 10**13
"""Tokens of one class; more on one day is an error somewhere, and counts as this."""
LONGEST_DAYS = 93
"""Local days that the longest window there always is touches: a quarter."""

RELATIVE = Tokens(100, 10, 125, 200, 500, 500, 100)
"""Hundredths of the price of an uncached token."""
UNCACHED = Tokens(100, 100, 100, 100, 500, 500, 100)


def _of_days(days: int) -> dict[str, Range]:
    counted = dict.fromkeys(("active_days", "streak"), Range(0.0, days))
    return {**counted, "even_days": Range(0.0, days * HUNDREDTHS)}


METRICS: dict[str, Range] = {
    "calls": ANYTHING,
    "unpriced_calls": ANYTHING,
    "unmeasured_calls": ANYTHING,
    "attended_calls": ANYTHING,
    "unattended_calls": ANYTHING,
    **dict.fromkeys(TOKEN_CLASSES, ANYTHING),
    "tokens": ANYTHING,
    "cost": ANYTHING,
    "saved": Range(-inf, inf),
    "sessions": ANYTHING,
    "models": ANYTHING,
    "clients": ANYTHING,
    **_of_days(LONGEST_DAYS),
    "even_tools": ANYTHING,
    "cache_share": Range(0.0, 100.0 * HUNDREDTHS),
}
"""Every metric with what it can be; ``docs/reference/lenses.md`` says what it means."""


def metrics_over(days: int) -> dict[str, Range]:
    """Return what each metric can be over windows that touch so many local days."""
    return {**METRICS, **_of_days(days)}


class Day(NamedTuple):
    """What one account used on one local day of a window."""

    tokens: Tokens
    cost: int | None = None


class Measured(NamedTuple):
    """What one account did in a window."""

    figures: Figures = Figures()
    days: Sequence[Day] = ()
    """Its local days with a call, in any order."""
    sessions: int = 0
    models: int = 0
    clients: int = 0
    active_days: int = 0
    """Local days with a token."""
    streak: int = 0
    """The longest run of them without a day between."""
    even_tools: int | None = None
    """Hundredths of pairs of client and model that the cost is spread over evenly.

    None when nothing is priced.
    """
    attended_calls: int = 0
    unattended_calls: int = 0
    saved: int | None = None
    """Micro-dollars that caches saved, as ``saved_by_caches`` estimates them."""


def metrics(of: Measured) -> dict[str, int | None]:
    """Return the value of every metric by name."""
    figures, tokens = of.figures, of.figures.tokens
    prompt = tokens.total - tokens.output - tokens.reasoning
    return {
        "calls": figures.calls,
        "unpriced_calls": figures.unpriced_calls,
        "unmeasured_calls": figures.unmeasured_calls,
        "attended_calls": of.attended_calls,
        "unattended_calls": of.unattended_calls,
        **tokens._asdict(),
        "tokens": tokens.total,
        "cost": figures.cost,
        "saved": of.saved,
        "sessions": of.sessions,
        "models": of.models,
        "clients": of.clients,
        "active_days": of.active_days,
        "streak": of.streak,
        "even_days": evenly_spent([day.cost for day in of.days]),
        "even_tools": of.even_tools,
        "cache_share": tokens.cache_read * 100 * HUNDREDTHS // prompt if prompt else 0,
    }


def saved_by_caches(tools: Iterable[Figures]) -> int | None:
    """Estimate in micro-dollars what caches saved, from what each model cost.

    With the prices that most lists have, relative to one uncached token: a tenth for a
    cache read, 1.25 and 2 for a write, 5 for output. Below zero where caches were
    written and hardly read; None when nothing is priced or used. ``tools`` has what
    each client used of each model, as tokens of one price say nothing of another's.
    """
    saved = [
        _saved(one.tokens, paid, one.cost)
        for one in tools
        if one.cost is not None and (paid := sum(map(mul, one.tokens, RELATIVE)))
    ]
    return sum(saved) if saved else None


def _saved(tokens: Tokens, paid: int, cost: int) -> int:
    gain: int = (sum(map(mul, tokens, UNCACHED)) - paid) * cost
    return gain // paid if gain > 0 else -(-gain // paid)


def evenness(parts: Sequence[int]) -> int:
    """Return over how many parts a sum is spread, in hundredths; rounded down.

    The square of the sum divided by the sum of squares: n equal parts are n, and one
    large part beside many small ones hardly more than one.
    """
    squares = sum(part * part for part in parts)
    return HUNDREDTHS * sum(parts) ** 2 // squares if squares else 0


def evenly_spent(costs: Iterable[int | None]) -> int | None:
    """Return over how many parts money is spread (``evenness``); None without a price.

    Of money and not of tokens, as who spends as much on the same days is spread as
    evenly then, whatever it is spent on: no habit comes to more than work does.
    """
    priced = [cost for cost in costs if cost is not None]
    return evenness(priced) if priced else None
