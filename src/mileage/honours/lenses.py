"""Lenses: what a board ranks by, and what each of them makes people do.

The rules are data (``lenses.toml``); the first lens is the default one.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING

from mileage.domain.errors import NotFound
from mileage.domain.formula import evaluate, names, whole
from mileage.domain.measured import (
    ANYTHING,
    LONGEST_DAYS,
    METRICS,
    MOST_OF_A_DAY,
    metrics,
    metrics_over,
)
from mileage.domain.policy import PolicyFile
from mileage.domain.rounding import half_even
from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.honours.formulas import definitions, formula_of, least_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.domain.formula import Formula, Range
    from mileage.domain.measured import Day, Measured
    from mileage.domain.policy import Table

UNITS = ("tokens", "micro_usd", "count", "hundredths")
WEIGHT_PLACES = 2
HUNDRED = 10**WEIGHT_PLACES
HEAVIEST = 1000
MOST = 10**15
_NAME = r"[a-z][a-z0-9-]{0,31}"
CREDIT = "credit"
"""What formulas call the weighted tokens, or the money, that a lens counts."""


@dataclass(frozen=True, slots=True)
class Lens:
    """One way to rank accounts."""

    name: str
    title: str
    unit: str
    """What a value counts: ``tokens``, ``micro_usd``, ``count`` or ``hundredths``."""
    weights: Tokens
    """Hundredths per token class, so that the sum is exact; zeros for a cost."""
    encourages: str
    gamed_by: str
    """How its value can be raised without more work done."""
    warning: str = ""
    """What whoever reads its board must be told."""
    daily_cap: int | None = None
    """Credit of one local day that counts in full (``capped`` tells of more)."""
    formula: Formula | None = None
    """Over the metrics and ``credit``; None: the credit itself."""
    minimum: tuple[tuple[str, int], ...] = ()
    """Metrics with the least that has a rank."""

    @property
    def of_money(self) -> bool:
        """Whether its credit is the cost."""
        return self.unit == "micro_usd"


def value(lens: Lens, of: Measured) -> int | None:
    """Return what the lens ranks by; None is no rank.

    That is who stays below the minimum, and for a cost who has nothing priced: an
    account whose models have no known price did not spend 0.
    """
    if lens.formula is None and not lens.minimum:
        return credit(lens, of)
    known = metrics(of)
    if any((known[name] or 0) < least for name, least in lens.minimum):
        return None
    if lens.formula is None:
        return credit(lens, of)
    return whole(evaluate(lens.formula, {**known, CREDIT: credit(lens, of)}))


def credit(lens: Lens, of: Measured) -> int | None:
    """Return the weighted tokens, or the cost, of a window."""
    if lens.daily_cap is None:
        if lens.of_money:
            return of.figures.cost
        return half_even(sum(map(mul, of.figures.tokens, lens.weights)), HUNDRED)
    days = [_of_day(lens, day, lens.daily_cap) for day in of.days]
    known = [one for one in days if one is not None]
    return sum(known) if known or not lens.of_money else None


def _of_day(lens: Lens, day: Day, cap: int) -> int | None:
    if lens.of_money:
        return None if day.cost is None else capped(day.cost, cap)
    tokens = (min(count, MOST_OF_A_DAY) for count in day.tokens)
    return capped(sum(map(mul, tokens, lens.weights)) // HUNDRED, cap)


def capped(amount: int, cap: int) -> int:
    """Count up to ``cap`` in full; from there each doubling adds half of the cap.

    Straight between the doublings, so that the database finds the same whole number.
    """
    if amount <= cap:
        return amount
    doublings = (amount // cap).bit_length() - 1
    beyond = amount - (cap << doublings)
    return cap + (doublings * cap + (beyond >> doublings)) // 2


def named(lenses: Sequence[Lens], name: str) -> Lens:
    """Return the lens of that name, the first one for ''."""
    for lens in lenses:
        if name in {lens.name, ""}:
            return lens
    known = ", ".join(lens.name for lens in lenses)
    raise NotFound(f"there is no lens {name!r}; there are: {known}")


def parse_lenses(text: str, file: str, days: int = LONGEST_DAYS) -> tuple[Lens, ...]:
    """Read ``lenses.toml``; the longest window touches so many local days."""
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    defined = definitions(root.table("metrics"), {*METRICS, CREDIT})
    found: list[Lens] = []
    for table in root.tables("lens"):
        lens = _lens(table, defined, metrics_over(days))
        if any(lens.name == other.name for other in found):
            table.note("name", f"{lens.name!r} is the name of another lens; change it")
        if any(lens.title == other.title for other in found):
            table.note(
                "title", f"{lens.title!r} is what another lens is called; change it"
            )
        found.append(lens)
    if not found:
        root.note("lens", "is missing; a board needs at least one [[lens]]")
    policy.close()
    return tuple(found)


def _lens(
    table: Table, defined: Mapping[str, Formula], known: Mapping[str, Range]
) -> Lens:
    unit = table.choice("unit", UNITS)
    formula = formula_of(table, "formula", {**known, CREDIT: ANYTHING}, defined)
    by_weight = unit != "micro_usd"
    if formula is not None and CREDIT not in names(formula):
        _means_nothing(table, ("weights", "daily_cap"), "the formula names no credit")
        by_weight = False
    elif not by_weight:
        _means_nothing(table, ("weights",), "for micro_usd the credit is the cost")
    return Lens(
        name=table.text(
            "name", pattern=_NAME, expected="lower-case letters, digits and hyphens"
        ),
        title=table.text("title"),
        unit=unit,
        weights=_weights(table) if by_weight else Tokens(),
        encourages=table.text("encourages"),
        gamed_by=table.text("gamed_by"),
        warning=table.text("warning", ""),
        daily_cap=_cap(table),
        formula=formula,
        minimum=least_of(table.table("minimum"), known),
    )


def _weights(table: Table) -> Tokens:
    """Read a weight for each token class; one that is left out weighs nothing."""
    weights = table.table("weights")
    found = Tokens(
        *(
            weights.scaled(name, 0, places=WEIGHT_PLACES, most=HEAVIEST)
            for name in TOKEN_CLASSES
        )
    )
    if not any(found):
        table.note("weights", "weighs nothing; give at least one class a weight")
    return found


def _cap(table: Table) -> int | None:
    if "daily_cap" not in table:
        return None
    return table.integer("daily_cap", 1, least=1, most=MOST)


def _means_nothing(table: Table, keys: Sequence[str], why: str) -> None:
    for key in keys:
        if key in table:
            table.note(key, f"means nothing here, as {why}; leave it out")
            if key == "weights":
                table.table(key).ignore()
