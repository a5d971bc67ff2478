"""Publish: every account's standing over every window, frozen at one instant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mileage.domain.figures import Publication, PublishedLens, Snapshot
from mileage.domain.people import PEOPLE, Placed
from mileage.domain.window import WINDOWS, period
from mileage.reports.completeness import completeness
from mileage.reports.honouring import Awarded, Forming, Had, Honouring
from mileage.store import queries, standings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from mileage.domain.figures import Completeness
    from mileage.domain.settings import Settings
    from mileage.domain.window import Period
    from mileage.honours.lenses import Lens
    from mileage.reports.honouring import Rules
    from mileage.reports.snapshots import Snapshots
    from mileage.store.ledger import Ledger


class People(Awarded, Protocol):
    """Who the accounts are."""

    def everybody_on(self, day: date) -> Sequence[Placed]:
        """Return every account with where it belonged on a local day."""
        ...


@dataclass(frozen=True, slots=True)
class Making:
    """What a publication is made with."""

    settings: Settings
    versions: Mapping[str, str]
    now: int
    """UTC microseconds; windows end with this instant's hour."""
    lenses: Sequence[Lens]
    """The default first."""
    rules: Rules | None = None
    """Of titles and tiers."""


def publish(
    ledger: Ledger, people: People, making: Making, snapshots: Snapshots
) -> Publication:
    """Freeze and publish every account's figures over every window."""
    rests_on, clock = completeness(ledger), ledger.rules.clock
    with ledger.one_moment() as cursor, ThreadPoolExecutor(1) as beside:
        # The database adds up meanwhile.
        directory = beside.submit(_directory, people, making, clock.day(making.now))
        seq = queries.last_seq(cursor)
        periods = _periods(ledger, making)
        since = min(one.previous.start for one in periods)
        standings.bring_up_to_date(cursor, clock.day(since))
        maker = standings.Making(cursor, clock, making.lenses, periods)
        told: list[standings.Totals] = []
        for place, part in enumerate(maker.at_once()):
            maker.make(part)
            if not place:
                forming = Forming(maker, periods[0], making.now)
                _name(making, people, directory.result(), forming)
            paths = [snapshots.standings(making.now, one.name) for one in part]
            told += maker.write(paths)
    found = tuple(
        _snapshot(ledger, making, one, totals, rests_on)
        for one, totals in zip(periods, told, strict=True)
    )
    publication = Publication(making.now, found, seq)
    snapshots.publish(publication)
    return publication


def alike(one: Publication, other: Publication) -> bool:
    """Tell whether two are of the same hour and of as many users of each kind.

    What could not be told of one is then not looked for in the other.
    """
    of_one, of_other = one.snapshots[0], other.snapshots[0]
    same_hour = of_one.window == of_other.window
    return same_hour and of_one.active == of_other.active


def windows(settings: Settings) -> tuple[str, ...]:
    """Return the names of the windows that are published, the default first."""
    return tuple(dict.fromkeys((f"{settings.window_days}d", *WINDOWS)))


def _periods(ledger: Ledger, making: Making) -> list[Period]:
    zone = ledger.rules.clock.zone
    names = windows(making.settings)
    return [period(name, now=making.now, zone=zone) for name in names]


def _snapshot(
    ledger: Ledger,
    making: Making,
    of: Period,
    totals: standings.Totals,
    rests_on: Completeness,
) -> Snapshot:
    clock = ledger.rules.clock
    days = _days(clock.day(of.window.start), clock.day(of.window.end - 1))
    return Snapshot(
        window=of.window,
        zone=clock.zone.key,
        as_of=making.now,
        days=tuple(day.isoformat() for day in days),
        total=totals.figures,
        daily=tuple(totals.daily.get(day, 0) for day in days),
        completeness=rests_on,
        versions=dict(making.versions),
        input_hash=totals.input_hash,
        organisation=making.settings.organisation,
        simulated=totals.simulated,
        name=of.name,
        previous=of.previous,
        lenses=tuple(
            PublishedLens(one.name, one.title, one.unit, one.warning)
            for one in making.lenses
        ),
        accounts=totals.accounts,
        active=dict(totals.active),
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


class _Directory(NamedTuple):
    """Who there is, and what they have been given."""

    everybody: dict[str, list[Any]]
    """Columns: ``store.standings.CHART``."""
    had: Had


def _directory(people: People, making: Making, day: date) -> _Directory:
    everybody = people.everybody_on(day)
    had = Had({}, {}, ())
    if making.rules is not None:
        had = Had.of(people.awards_held(), making.rules.tiers)
    told = list(map(list, zip(*everybody, strict=True))) or [[] for _ in Placed._fields]
    columns: dict[str, list[Any]] = dict(zip(Placed._fields, told, strict=True))
    columns["somebody"] = [kind in PEOPLE for kind in columns["kind"]]
    columns["tier"] = list(map(had.places.get, columns["account_id"]))
    return _Directory(columns, had)


def _name(
    making: Making, people: People, directory: _Directory, forming: Forming
) -> None:
    """Say who everybody is, and with which titles and tier from now on."""
    forming.maker.name(directory.everybody)
    titles: Mapping[str, tuple[str, ...]] = {}
    if making.rules is not None:
        honouring = Honouring(making.rules, people)
        titles = honouring.honours(forming, directory.had, making.now)
    forming.maker.entitle(titles)
