"""One provider's shipped prices: which names it has, and what they cost when.

The tables are written by ``tools/prices.py`` from genai-prices. They ship with
the package because that library takes half a second to import, and so that equal
versions of Mileage price alike whatever else is installed.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mileage.domain.rounding import half_even
from mileage.domain.service import STANDARD
from mileage.pricing.names import is_version_of
from mileage.pricing.row import Bracket, Rates

if TYPE_CHECKING:
    from collections.abc import Sequence


def standard_tier(reported: str) -> str:
    """Return '' for the ordinary tier of service, whatever a provider calls it."""
    tier = reported.strip().lower()
    return "" if tier in STANDARD else tier


class ProviderTable(NamedTuple):
    """The models of one provider, as parsed from its file."""

    source: str
    """Which release of the price list it was made from."""
    falls_back_to: tuple[str, ...]
    """Providers whose models this one sells at their price."""
    models: list[dict[str, Any]]
    """``names`` match exactly; ``stems`` with a date or version behind;
    ``prices`` maps a tier to ``[[from, brackets], ...]`` by rising day."""
    names: dict[str, int]
    """Exact name to position in ``models``."""

    @classmethod
    def parse(cls, text: bytes) -> ProviderTable:
        """Read a table file."""
        content = msgspec.json.decode(text)
        models = content["models"]
        names = {name: at for at, model in enumerate(models) for name in model["names"]}
        return cls(content["source"], tuple(content["falls_back_to"]), models, names)

    def knows(self, name: str) -> dict[str, Any] | None:
        """Find a model by its name, or by its name without date and version."""
        at = self.names.get(name)
        if at is not None:
            return self.models[at]
        for model in self.models:
            if any(is_version_of(name, stem) for stem in model["stems"]):
                return model
        return None


def brackets_on(model: dict[str, Any], day: date, tier: str) -> tuple[Bracket, ...]:
    """Return a model's prices on a UTC day; none when that tier has none then."""
    in_force: Sequence[Sequence[int]] = ()
    for start, brackets in model["prices"].get(tier, ()):
        if start and date.fromisoformat(start) > day:
            break
        in_force = brackets or ()
    return tuple(Bracket(above, Rates(*rates)) for above, *rates in in_force)


def made_in_us(provider: str, brackets: tuple[Bracket, ...]) -> tuple[Bracket, ...]:
    """Return prices of answers that had to be made in the US; none is known of others.

    Anthropic asks a tenth more in every class, of each speed and in batches (its
    documentation: pricing, data residency). No list of prices has it.
    """
    if provider != "anthropic":
        return ()
    return tuple(
        Bracket(above, Rates(*(half_even(rate * 11, 10) for rate in rates)))
        for above, rates in brackets
    )
