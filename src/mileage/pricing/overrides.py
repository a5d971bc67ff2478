"""Prices that an organisation has agreed itself; they win over every list."""

from __future__ import annotations

from operator import eq
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.digest import blake2b
from mileage.pricing.names import is_dated
from mileage.pricing.row import Bracket, Rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from mileage.pricing.names import Candidate


class Override(NamedTuple):
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


def fingerprint(overrides: Iterable[Override]) -> str:
    """Return eight hex digits that change with any override."""
    lines = sorted(repr(one) for one in overrides)
    return blake2b("\n".join(lines).encode(), digest_size=4).hexdigest()


class Agreed:
    """All overrides, found by what was reported."""

    def __init__(self, overrides: Iterable[Override]) -> None:
        self._known: dict[tuple[str, str], list[Override]] = {}
        # The longest name first: of two that a name is a version of, the closer one.
        for one in sorted(overrides, key=lambda one: -len(one.model)):
            self._known.setdefault((one.provider, one.tier), []).append(one)

    def brackets(
        self, candidates: Sequence[Candidate], day: date, tier: str
    ) -> tuple[Bracket, ...]:
        """Return the agreed price: a full name wins over one without its date."""
        if not self._known:
            return ()
        for is_meant in (eq, is_dated):
            for candidate in candidates:
                for provider in (candidate.provider, ""):
                    for one in self._known.get((provider, tier), ()):
                        if is_meant(candidate.model, one.model) and one.covers(day):
                            return (Bracket(-1, one.rates),)
        return ()
