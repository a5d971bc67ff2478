"""An org chart in memory, as the gate asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from mileage.access.disclosure import Thresholds
from mileage.access.roles import shipped_roles
from mileage.domain.cube import Cube
from mileage.domain.directory import NamedRead
from mileage.domain.errors import NotFound
from mileage.domain.people import Membership
from mileage.reports.cube import Terms
from mileage.reports.departments import Departments
from mileage.reports.gate import Gate

TODAY = date(2025, 12, 1)


@dataclass
class MemoryChart:
    """Managers are addresses ``<account>@x.test``."""

    places: dict[str, Membership] = field(default_factory=dict)
    _members: dict[tuple[str, str | None], frozenset[str]] = field(default_factory=dict)
    _below: dict[str, frozenset[str]] = field(default_factory=dict)

    def place_on(self, account_id: str, day: date) -> Membership | None:
        return self.places.get(account_id)

    before: dict[str, frozenset[str]] = field(default_factory=dict)
    """Who was below a manager at some time of the window, and no longer is."""

    def people_below(
        self, manager_id: str, day: date, since: date | None = None
    ) -> frozenset[str]:
        """Of days before today, whoever is asked for is asked for their last one."""
        now = self._below_today(manager_id)
        earlier = since is not None or day < TODAY
        return now | self.before.get(manager_id, frozenset()) if earlier else now

    def _below_today(self, manager_id: str) -> frozenset[str]:
        if manager_id not in self._below:
            self._below[manager_id] = self._all_below(manager_id)
        return self._below[manager_id]

    def _all_below(self, manager_id: str) -> frozenset[str]:
        found: set[str] = set()
        heads = {manager_id}
        while heads:
            addresses = {f"{one}@x.test" for one in heads}
            heads = {
                one
                for one, place in self.places.items()
                if place.manager in addresses and one not in found
            } - {manager_id}
            found |= heads
        return frozenset(found)

    def are_below(self, account_ids, manager_id: str, day: date) -> bool:
        below = self.people_below(manager_id, day)
        return bool(account_ids) and below.issuperset(account_ids)

    def has_people_below(self, manager_id: str, day: date) -> bool:
        return bool(self.people_below(manager_id, day))

    def members_on(self, day: date, department: str, team: str | None = None):
        key = (department, team)
        if key not in self._members:
            self._members[key] = frozenset(
                one
                for one, place in self.places.items()
                if place.department == department and team in (None, place.team)
            )
        return self._members[key]


@dataclass
class OneCube:
    """In place of the files."""

    cube: Cube | None

    def latest(self) -> Cube:
        if self.cube is None:
            raise NotFound("none")
        return self.cube


@dataclass
class Recorded:
    """Keeps reads; ``broken`` is raised instead."""

    reads: list[NamedRead] = field(default_factory=list)
    broken: Exception | None = None

    def record_access(self, read: NamedRead) -> None:
        if self.broken is not None:
            raise self.broken
        self.reads.append(read)


class Desk(NamedTuple):
    """Departments, and what is behind them."""

    departments: Departments
    recorded: Recorded
    chart: MemoryChart


def desk(
    cube: Cube | None, places, limits: Thresholds | None = None, shows=lambda _: None
) -> Desk:
    chart, recorded = MemoryChart(dict(places)), Recorded()
    gate = Gate(chart, shipped_roles, lambda: TODAY)
    made = Departments(
        OneCube(cube),  # type: ignore[arg-type]
        gate,
        recorded,
        Terms(limits or Thresholds(), every_days=7, top=0),
        shows,
    )
    return Desk(made, recorded, chart)
