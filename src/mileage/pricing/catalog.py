"""The price of a call at its time: agreed prices first, then the shipped lists."""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

from mileage.domain.service import without_country
from mileage.pricing.names import PROVIDERS, candidates
from mileage.pricing.overrides import Agreed, fingerprint
from mileage.pricing.row import PriceRow
from mileage.pricing.table import ProviderTable, brackets_on, made_in_us, standard_tier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from mileage.domain.tokens import Tokens
    from mileage.pricing.names import Candidate
    from mileage.pricing.overrides import Override
    from mileage.pricing.row import Bracket

SOURCE = "genai-prices 0.2.3"
REVISION = 1
"""Counts the changes of ours to how one release is read: names, tiers, corrections.

A price that such a change makes another has to bear another version in the ledger.
"""
# Names come from clients: what is remembered of them has to be bounded.
REMEMBERED = 20_000

_Key = tuple[str, str, "date", str]


class Catalog:
    """Prices by provider, model, UTC day and tier; each question is asked once."""

    def __init__(
        self,
        load: Callable[[str], bytes | None],
        overrides: Sequence[Override] = (),
    ) -> None:
        self.version = f"{SOURCE}+{REVISION}"
        if overrides:
            self.version += f" + overrides {fingerprint(overrides)}"
        self._agreed = Agreed(overrides)
        self._load = load
        self._tables: dict[str, ProviderTable | None] = {}
        self._known: dict[_Key, PriceRow | None] = {}

    def price(
        self, provider: str, model: str, day: date, tier: str = ""
    ) -> PriceRow | None:
        """Return the price row in force, or None: unpriced, never guessed."""
        key = (provider, model, day, tier)
        try:
            return self._known[key]
        except KeyError:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            row = self._known[key] = self._resolve(key)
            return row

    def cost(
        self, provider: str, model: str, day: date, tier: str, tokens: Tokens
    ) -> int | None:
        """Return the cost of one call in micro-dollars, or None if unpriced."""
        row = self.price(provider, model, day, tier)
        return None if row is None else row.cost(tokens)

    def _resolve(self, key: _Key) -> PriceRow | None:
        brackets = self._brackets(key)
        return PriceRow(self.version, brackets) if brackets else None

    def _brackets(self, key: _Key) -> tuple[Bracket, ...]:
        provider, model, day, tier = key
        tier = standard_tier(tier)
        anywhere, in_us = without_country(tier)
        readings = candidates(provider, model)
        agreed = self._agreed.brackets(readings, day, tier)
        if agreed:
            return agreed
        for reading in readings:
            for table in self._sellers(reading):
                found = table.knows(reading.model)
                if found is not None:
                    brackets = brackets_on(found, day, anywhere)
                    return made_in_us(reading.provider, brackets) if in_us else brackets
        return ()

    def _sellers(self, reading: Candidate) -> Iterator[ProviderTable]:
        """Yield the provider's own table, then those whose prices it adopts."""
        own = self._table(reading.provider)
        if own is None:
            return
        yield own
        for name in own.falls_back_to:
            other = self._table(name)
            if other is not None:
                yield other

    def _table(self, provider: str) -> ProviderTable | None:
        if provider not in PROVIDERS:
            return None
        if provider not in self._tables:
            text = self._load(provider)
            self._tables[provider] = ProviderTable.parse(text) if text else None
        return self._tables[provider]


def shipped(overrides: Sequence[Override] = ()) -> Catalog:
    """Return a catalog over the tables that ship with the package."""
    return Catalog(_shipped_table, overrides)


def _shipped_table(provider: str) -> bytes | None:
    return pkgutil.get_data(__package__ or "", f"tables/{provider}.json")
