"""What titles and their reasons may name of somebody, and how it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mileage.domain.measured import ANYTHING, HUNDREDTHS, LONGEST_DAYS, metrics_over

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.domain.formula import Range
    from mileage.honours.lenses import Lens

MILLION = 1_000_000
UNITS = {"cost": "micro_usd", "saved": "micro_usd"} | dict.fromkeys(
    ("even_days", "even_tools", "cache_share"), "hundredths"
)
"""Units of metrics that are no plain counts."""
_NAMED = re.compile(r"\{([a-z_0-9]*)\}")


def value_name(lens: Lens) -> str:
    """Return what rules call the value of a lens: its name has _ for each -."""
    return "lens_" + lens.name.replace("-", "_")


def values_named(lenses: Sequence[Lens]) -> dict[str, Lens]:
    """Return the lenses by what rules call their values."""
    return {value_name(lens): lens for lens in lenses}


def before_named(lenses: Sequence[Lens]) -> dict[str, Lens]:
    """Return them by what rules call their values in the period before."""
    return {"before_" + lens.name.replace("-", "_"): lens for lens in lenses}


def vocabulary(lenses: Sequence[Lens], days: int = LONGEST_DAYS) -> dict[str, Range]:
    """Return everything that a condition may name, with what it can be.

    That is over a window that touches so many local days at most.
    """
    named = (*values_named(lenses), *before_named(lenses))
    return {**metrics_over(days), **dict.fromkeys(named, ANYTHING)}


def units(lenses: Sequence[Lens]) -> dict[str, str]:
    """Return the units of what is no plain count."""
    named = {**values_named(lenses), **before_named(lenses)}
    return UNITS | {name: lens.unit for name, lens in named.items()}


def placeholders(text: str) -> tuple[str, ...]:
    """Return what a text names in braces."""
    return tuple(_NAMED.findall(text))


def all_named(text: str) -> bool:
    """Tell whether every brace of a text is around a name."""
    return not {"{", "}"} & set(_NAMED.sub("", text))


def told(
    text: str, known: Mapping[str, int | None], units_of: Mapping[str, str]
) -> str:
    """Put figures into a text, each as people write it."""

    def figure(found: re.Match[str]) -> str:
        return written(known[found[1]], units_of.get(found[1], "count"))

    return _NAMED.sub(figure, text)


def written(value: int | None, unit: str) -> str:
    """Write a figure in full: 1,234, $12.34 or 12.34."""
    if value is None:
        return "unknown"
    if unit == "micro_usd":
        return f"${value / MILLION:,.2f}"
    return f"{value / HUNDREDTHS:,.2f}" if unit == "hundredths" else f"{value:,}"
