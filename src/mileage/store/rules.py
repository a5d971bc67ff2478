"""What the ledger needs to know to turn witnesses into priced calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from mileage.domain.join_policy import JoinPolicy
from mileage.domain.joining import Joining

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.domain.call import Call, SourceTraits
    from mileage.domain.window import Clock


DEFAULT_JOIN = JoinPolicy()


class Priced(NamedTuple):
    """A call's cost in micro-dollars, None when unpriced, and what says so."""

    cost: int | None
    version: str


class Pricer(Protocol):
    """Prices a call at the call's time."""

    def __call__(self, call: Call) -> Priced:
        """Return the cost of one call."""
        ...


class Rules(NamedTuple):
    """What the ledger needs to know to turn witnesses into priced calls."""

    traits: Mapping[str, SourceTraits]
    price: Pricer
    clock: Clock
    """The organisation's hours and days."""
    join: JoinPolicy = DEFAULT_JOIN

    def priced(self, call: Call) -> Priced:
        """Price a call; what nobody measured costs nobody knows what."""
        return Priced(None, "") if call.measure else self.price(call)

    def joining(self) -> Joining:
        """Return what may be joined with what."""
        return Joining(self.traits, self.join)
