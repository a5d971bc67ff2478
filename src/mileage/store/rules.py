"""What the ledger needs to know to turn witnesses into priced calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from mileage.domain.join_policy import JoinPolicy
from mileage.domain.joining import Joining

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from mileage.domain.call import Call, SourceTraits
    from mileage.domain.copies import Eldest
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


class Tariff(Protocol):
    """What the calls of one model cost on one day, in one tier of service."""

    @property
    def brackets(self) -> Sequence[tuple[int, Sequence[int]]]:
        """Return (above, rates) by rising prompt sizes, the first above -1.

        A call pays the rates of the highest bracket that its prompt is above, in
        micro-dollars per million tokens of each class, rounded half to even.
        """
        ...


class Tariffs(Protocol):
    """Prices for many calls at once, by what they have in common."""

    @property
    def version(self) -> str:
        """What stands beside the cost of each call."""
        ...

    def price(self, provider: str, model: str, day: date, tier: str) -> Tariff | None:
        """Return the tariff of a UTC day, None when there is none."""
        ...


class Rules(NamedTuple):
    """What the ledger needs to know to turn witnesses into priced calls."""

    traits: Mapping[str, SourceTraits]
    price: Pricer
    clock: Clock
    """The organisation's hours and days."""
    join: JoinPolicy = DEFAULT_JOIN
    tariffs: Tariffs | None = None
    """Prices as ``price`` does; without it every call is taken in one by one."""

    eldest: Eldest = min
    """Which of some accounts has been known longest; what it says never changes."""

    def priced(self, call: Call) -> Priced:
        """Price a call; what nobody measured costs nobody knows what."""
        return Priced(None, "") if call.measure else self.price(call)

    def joining(self) -> Joining:
        """Return what may be joined with what."""
        return Joining(self.traits, self.join, self.eldest)
