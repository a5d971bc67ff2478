"""Prices that an organisation has agreed itself; they win over every list."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from mileage.domain.policy import PolicyFile
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.pricing.names import MAX_NAME, provider_name, without_version
from mileage.pricing.row import Bracket, Rates
from mileage.pricing.table import standard_tier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from mileage.domain.policy import Table
    from mileage.pricing.names import Candidate


@dataclass(frozen=True, slots=True)
class Override:
    """One ``[[price]]`` of prices.toml; days are UTC and both included."""

    provider: str
    """'' stands for every provider."""
    model: str
    tier: str
    since: date
    until: date | None
    rates: Rates

    def covers(self, day: date) -> bool:
        """Tell whether the price holds on a day."""
        return self.since <= day and (self.until is None or day <= self.until)

    def overlaps(self, other: Override) -> bool:
        """Tell whether both would price the same call."""
        names = (self.provider, self.model, self.tier)
        return names == (other.provider, other.model, other.tier) and (
            self.covers(other.since) or other.covers(self.since)
        )


# A class without a price of its own costs what the class around it costs, as in
# the shipped lists.
_AROUND = {
    "cache_read": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "reasoning": "output",
    "tool_input": "input",
}
DEAREST = 100_000
"""US dollars per million tokens; more is a slip of the decimal point."""
MICRO_PLACES = 6
_NAME = rf"\S{{1,{MAX_NAME}}}"


def parse_overrides(text: str, file: str) -> tuple[Override, ...]:
    """Read ``prices.toml``."""
    policy = PolicyFile.parse(text, file)
    found: list[Override] = []
    for table in policy.root().tables("price"):
        one = _override(table)
        if any(one.overlaps(other) for other in found):
            table.note("from", "another [[price]] covers the same calls on these days")
        found.append(one)
    policy.close()
    return tuple(found)


def _override(table: Table) -> Override:
    since = table.day("from")
    until = table.day("until") if "until" in table else None
    if until is not None and until < since:
        table.note("until", f"is before {since}, the day of `from`")
    return Override(
        provider=provider_name(table.text("provider", "", pattern=_NAME)),
        model=table.text("model", pattern=_NAME, expected="a model's name").lower(),
        tier=standard_tier(table.text("tier", "", pattern=_NAME)),
        since=since,
        until=until,
        rates=_rates(table.table("usd_per_million")),
    )


def _rates(table: Table) -> Rates:
    """Read prices; input and output are required, the others follow from them."""
    rates: dict[str, int] = {}
    for name in TOKEN_CLASSES:
        around = rates.get(_AROUND.get(name, ""))
        rates[name] = table.scaled(name, around, places=MICRO_PLACES, most=DEAREST)
    return Rates(**rates)


def fingerprint(overrides: Iterable[Override]) -> str:
    """Return eight hex digits that change with any override."""
    lines = sorted(repr(one) for one in overrides)
    return blake2b("\n".join(lines).encode(), digest_size=4).hexdigest()


class Agreed:
    """All overrides, found by what was reported."""

    def __init__(self, overrides: Iterable[Override]) -> None:
        self._known: dict[tuple[str, str, str], list[Override]] = {}
        for one in overrides:
            names = (one.provider, one.model, one.tier)
            self._known.setdefault(names, []).append(one)

    def brackets(
        self, candidates: Sequence[Candidate], day: date, tier: str
    ) -> tuple[Bracket, ...]:
        """Return the agreed price: a full name wins over one without its date."""
        if not self._known:
            return ()
        for strip in (str, without_version):
            for candidate in candidates:
                for provider in (candidate.provider, ""):
                    names = (provider, strip(candidate.model), tier)
                    for one in self._known.get(names, ()):
                        if one.covers(day):
                            return (Bracket(-1, one.rates),)
        return ()
