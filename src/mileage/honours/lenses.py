"""Lenses: what a board ranks by, and what each of them makes people do.

The rules are data (``lenses.toml``); the first lens is the default one.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING

from mileage.domain.errors import NotFound
from mileage.domain.policy import PolicyFile
from mileage.domain.rounding import half_even
from mileage.domain.tokens import TOKEN_CLASSES, Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.domain.policy import Table
    from mileage.domain.sums import Figures

UNITS = ("tokens", "micro_usd")
WEIGHT_PLACES = 2
HUNDRED = 10**WEIGHT_PLACES
HEAVIEST = 1000
_NAME = r"[a-z][a-z0-9-]{0,31}"


@dataclass(frozen=True, slots=True)
class Lens:
    """One way to rank accounts."""

    name: str
    title: str
    unit: str
    """``tokens``, or ``micro_usd``: then the value is the cost."""
    weights: Tokens
    """Hundredths per token class, so that the sum is exact; zeros for a cost."""
    encourages: str
    gamed_by: str
    """How its value can be raised without more work done."""


def value(lens: Lens, figures: Figures) -> int | None:
    """Return what the lens ranks by; None when nothing is priced for a cost.

    None is no rank: an account whose models have no known price did not spend 0.
    """
    if lens.unit == "micro_usd":
        return figures.cost
    return half_even(sum(map(mul, figures.tokens, lens.weights)), HUNDRED)


def named(lenses: Sequence[Lens], name: str) -> Lens:
    """Return the lens of that name, the first one for ''."""
    for lens in lenses:
        if name in {lens.name, ""}:
            return lens
    known = ", ".join(lens.name for lens in lenses)
    raise NotFound(f"there is no lens {name!r}; there are: {known}")


def parse_lenses(text: str, file: str) -> tuple[Lens, ...]:
    """Read ``lenses.toml``."""
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    found: list[Lens] = []
    for table in root.tables("lens"):
        lens = _lens(table)
        if any(lens.name == other.name for other in found):
            table.note("name", f"{lens.name!r} is the name of another lens")
        found.append(lens)
    if not found:
        root.note("lens", "is missing; a board needs at least one [[lens]]")
    policy.close()
    return tuple(found)


def _lens(table: Table) -> Lens:
    unit = table.choice("unit", UNITS)
    return Lens(
        name=table.text(
            "name", pattern=_NAME, expected="lower-case letters, digits and hyphens"
        ),
        title=table.text("title"),
        unit=unit,
        weights=_no_weights(table) if unit == "micro_usd" else _weights(table),
        encourages=table.text("encourages"),
        gamed_by=table.text("gamed_by"),
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


def _no_weights(table: Table) -> Tokens:
    if "weights" in table:
        table.table("weights")
        table.note("weights", "means nothing for micro_usd: the value is the cost")
    return Tokens()
