"""Make a snapshot: every account's standing over the rolling window, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import msgspec

from mileage.domain.figures import Snapshot, Standing
from mileage.domain.sums import Figures
from mileage.domain.window import Window
from mileage.reports.completeness import completeness
from mileage.store import queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from mileage.domain.people import Account, Membership
    from mileage.domain.settings import Settings
    from mileage.store.ledger import Ledger


class People(Protocol):
    """Who the accounts are."""

    def accounts(self) -> tuple[Account, ...]:
        """List all accounts."""
        ...

    def membership_at(self, day: date) -> Mapping[str, Membership]:
        """Return where each account belonged on a local day."""
        ...


@dataclass(frozen=True, slots=True)
class Making:
    """What a snapshot is made with."""

    settings: Settings
    versions: Mapping[str, str]
    now: int
    """UTC microseconds; the window ends with this instant's hour."""


def make_snapshot(ledger: Ledger, people: People, making: Making) -> Snapshot:
    """Freeze every account's figures over the rolling window."""
    clock = ledger.rules.clock
    window = Window.rolling(
        making.settings.window_days, now=making.now, zone=clock.zone
    )
    days = _days(clock.day(window.start), clock.day(window.end - 1))
    sums = queries.standings(ledger, window)
    names = {account.account_id: account for account in people.accounts()}
    places = people.membership_at(days[-1])
    standings = tuple(
        _standing(one, names.get(one.account_id), places.get(one.account_id), days)
        for one in sums
    )
    return Snapshot(
        window=window,
        zone=clock.zone.key,
        as_of=making.now,
        days=tuple(day.isoformat() for day in days),
        total=_total(standings),
        daily=_daily(standings, len(days)),
        standings=standings,
        completeness=completeness(ledger),
        versions=dict(making.versions),
        input_hash=_hash(sums, window),
        organisation=making.settings.organisation,
        simulated=any(one.simulated for one in standings),
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _standing(
    one: queries.Sum,
    account: Account | None,
    place: Membership | None,
    days: Sequence[date],
) -> Standing:
    return Standing(
        account_id=one.account_id,
        name=account.name if account else one.account_id,
        kind=account.kind if account else "unclaimed",
        department=place.department if place else "",
        team=place.team if place else "",
        figures=one.figures,
        sessions=one.sessions,
        models=one.models,
        clients=one.clients,
        active_days=sum(tokens > 0 for tokens in one.by_day.values()),
        daily=tuple(one.by_day.get(day, 0) for day in days),
        simulated=one.simulated,
    )


def _total(standings: Sequence[Standing]) -> Figures:
    total = Figures()
    for standing in standings:
        total = total.plus(standing.figures)
    return total


def _daily(standings: Sequence[Standing], days: int) -> tuple[int, ...]:
    columns = zip(*(standing.daily for standing in standings), strict=True)
    return tuple(map(sum, columns)) or (0,) * days


def _hash(sums: Sequence[queries.Sum], window: Window) -> str:
    """Hash what went in; names and departments may change without it."""
    rows = [
        (one.account_id, one.figures, one.sessions, one.models, one.clients)
        for one in sums
    ]
    return sha256(msgspec.msgpack.encode((window.start, window.end, rows))).hexdigest()
