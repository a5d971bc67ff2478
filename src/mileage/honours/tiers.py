"""Tiers: where somebody stands among everybody of a reference period.

The bounds are quantiles of that period, frozen when it ends, so that a day with much
use lifts nobody, and everybody using more lifts everybody only until the next period.
Whoever has a tier keeps it a little below its bound, so that nobody flickers.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.policy import PolicyFile
from mileage.domain.rounding import half_even

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.domain.policy import Table
    from mileage.honours.lenses import Lens

NAMES = ("bronze", "silver", "gold", "platinum", "emerald")
REFERENCES = ("week", "month", "quarter")
PERCENT = 100
WHOLE = 100 * PERCENT


class Tier(NamedTuple):
    """One tier."""

    name: str
    above: int
    """Hundredths of a per cent of the people of the reference period."""


@dataclass(frozen=True, slots=True)
class Tiers:
    """The ladder, lowest first, and what it stands on."""

    ladder: tuple[Tier, ...]
    lens: str
    reference: str
    """Calendar period of which the last whole one gives the bounds."""
    keep_percent: int
    """Of a bound: whoever has the tier keeps it from there on."""
    least_people: int
    """With fewer in the reference period there are no tiers."""

    def bounds(self, values: Sequence[int]) -> tuple[int, ...]:
        """Return the least value of each tier, by what people had; () if too few."""
        ranked = sorted(value for value in values if value > 0)
        if len(ranked) < self.least_people:
            return ()
        last = len(ranked) - 1
        return tuple(
            ranked[min(last, len(ranked) * tier.above // WHOLE)] for tier in self.ladder
        )

    def of(self, value: int | None, bounds: Sequence[int], held: str = "") -> str:
        """Return the tier of a value, '' for none; ``held`` is the one before."""
        level = bisect_right(self.steps(bounds, held), value or 0)
        return self.ladder[level - 1].name if level else ""

    def steps(self, bounds: Sequence[int], held: str = "") -> tuple[int, ...]:
        """Return the least value of each tier for whoever has one: '' for none.

        Of the bounds up to their own, so much of each as keeps it.
        """
        names = [tier.name for tier in self.ladder]
        theirs = names.index(held) + 1 if held in names else 0
        kept = (-(-bound * self.keep_percent // PERCENT) for bound in bounds[:theirs])
        return *kept, *bounds[theirs:]


def scaled(bounds: Sequence[int], length: int, of: int) -> tuple[int, ...]:
    """Turn bounds of a period into those of a window of another length."""
    return tuple(max(1, half_even(bound * length, of)) for bound in bounds)


def parse_tiers(text: str, file: str, lenses: Sequence[Lens]) -> Tiers:
    """Read ``tiers.toml``; the first of the lenses is the default one."""
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    ladder: list[Tier] = []
    for table in root.tables("tier"):
        ladder.append(_tier(table, ladder))
    called = [lens.name for lens in lenses]
    tiers = Tiers(
        tuple(ladder),
        lens=root.choice("lens", called) if "lens" in root else called[0],
        reference=root.choice("reference", REFERENCES),
        keep_percent=root.integer("keep_percent", 85, least=1, most=PERCENT),
        least_people=root.integer("least_people", 20, least=1, most=10**6),
    )
    policy.close()
    return tiers


def _tier(table: Table, below: Sequence[Tier]) -> Tier:
    tier = Tier(
        table.choice("name", NAMES), table.scaled("above_percent", places=2, most=100)
    )
    if below and tier.name in NAMES[: _place(below[-1].name) + 1]:
        table.note("name", f"{tier.name!r} may not stand above {below[-1].name!r}")
    if below and tier.above <= below[-1].above:
        before = f"{below[-1].above / PERCENT:g}"
        table.note("above_percent", f"can never be reached; give more than {before}")
    if tier.above >= WHOLE:
        table.note("above_percent", "is nobody; give less than 100")
    return tier


def _place(name: str) -> int:
    return NAMES.index(name) if name in NAMES else -1
