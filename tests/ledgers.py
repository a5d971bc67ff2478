"""Ledgers for tests: real DuckDB files, a clock that the test turns."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mileage.domain.booking import Booking, Run
from mileage.domain.join_policy import JoinPolicy
from mileage.domain.people import Account, Membership, Placed
from mileage.domain.window import Clock
from mileage.domain.witness import WitnessBatch
from mileage.store.ledger import Ledger
from mileage.store.rules import Priced, Rules
from tests.witnesses import NOON, TRAITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from mileage.domain.call import Call, Seen


def price(call: Call) -> Priced:
    """Charge a micro-dollar a token; a model named ``unknown`` has no price."""
    cost = None if call.model == "unknown" else call.tokens.total
    return Priced(cost, "test prices")


@dataclass
class Turning:
    """A clock that stands still until it is turned."""

    at: int = NOON

    def __call__(self) -> int:
        return self.at


@dataclass
class FewPeople:
    """The directory of a small organisation."""

    names: tuple[str, ...] = ("acc_a", "acc_b", "acc_c")
    places: dict[str, Membership] = field(default_factory=dict)

    def accounts(self) -> tuple[Account, ...]:
        return tuple(
            Account(name, "person", name.upper(), f"{name}@example.com")
            for name in self.names
        )

    def everybody_on(self, day: date) -> list[Placed]:
        del day
        return [
            Placed(
                one.account_id,
                one.name,
                one.kind,
                *((at.department, at.team, at.role) if at else ()),
            )
            for one, at in (
                (one, self.places.get(one.account_id)) for one in self.accounts()
            )
        ]


def rules(zone: str = "UTC", join: JoinPolicy | None = None) -> Rules:
    return Rules(TRAITS, price, Clock(ZoneInfo(zone)), join or JoinPolicy())


@contextmanager
def ledger_in(
    folder: Path,
    zone: str = "UTC",
    now: Turning | None = None,
    join: JoinPolicy | None = None,
) -> Iterator[Ledger]:
    ledger = Ledger(folder / "ledger.duckdb", rules(zone, join), now or Turning())
    try:
        yield ledger
    finally:
        ledger.close()


def booking(said: Iterable[Seen]) -> Booking:
    """Book witnesses and nothing else."""
    return Booking(seen=tuple(said))


def in_columns(said: Iterable[Seen]) -> Booking:
    """Book live telemetry by column: what is alone of its kind becomes a plain call."""
    told = list(said)
    batch = WitnessBatch.of([one.witness for one in told])
    accounts = [one.account for one in told]
    run = Run(batch, accounts, asserted=False, machine="", received=NOON)
    return Booking(runs=(run,))
