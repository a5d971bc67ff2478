"""Make a cube: what may be told of departments and teams, of one snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, compress
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.disclosure import Person, at_most, each_once, joined, plan, spread
from mileage.domain.cube import (
    Cube,
    Department,
    Range,
    Row,
    Summed,
    Totals,
    department_id,
)
from mileage.domain.directory import place_in
from mileage.domain.people import PEOPLE
from mileage.domain.sums import Figures
from mileage.reports.stays import stays

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from mileage.access.disclosure import Block, Crowd, Thresholds
    from mileage.domain.directory import Place
    from mileage.domain.figures import Snapshot
    from mileage.reports.stays import Chart, Stay

TOKENS = 0
"""The measure that bands are of; calls and cost come behind it."""


class Terms(NamedTuple):
    """What the policy says about cubes."""

    limits: Thresholds
    every_days: int
    """How many days a cube stays."""
    top: int
    """Rows of a board: whoever is on one is known by name."""


Teams = dict[str, dict[str, "Stay"]]
"""By team and account id, of one department."""


def is_due(
    previous: Cube | None, day: str, every_days: int, *, alike: bool = False
) -> bool:
    """Tell whether to make a cube: the one before is old, or a day old without sums.

    One that tells nothing at all is made anew with each snapshot, unless that is much
    like the one before (``reports.standings.alike``).
    """
    if previous is None or not any(one.whole for one in previous.departments):
        return previous is None or not alike
    age = date.fromisoformat(day) - date.fromisoformat(previous.day)
    return age.days >= (every_days if previous.adds_up else 1)


def make_cube(
    snapshot: Snapshot, chart: Chart, terms: Terms, previous: Cube | None = None
) -> Cube:
    """Divide everybody into blocks that may be told, and add them up."""
    found = tuple(stays(chart, snapshot.days))
    people = _tree(one for one in found if one.account.kind in PEOPLE)
    services = _tree(one for one in found if one.account.kind == "service")
    known = _known(snapshot, chart, terms, _since(snapshot, terms, previous))
    crowds = {name: known.crowds(teams) for name, teams in people.items()}
    told = plan(crowds, terms.limits)
    seats = _seats(chart)
    departments = (
        _Telling(name, people[name], crowds[name], seats, terms.limits).department(
            told.bands[name], told.sums[name], services.get(name, {})
        )
        for name in sorted(people)
        if name
    )
    return Cube(
        window=snapshot.window,
        zone=snapshot.zone,
        as_of=snapshot.as_of,
        day=snapshot.days[-1],
        departments=tuple(departments),
        simulated=snapshot.simulated,
    )


def _since(snapshot: Snapshot, terms: Terms, previous: Cube | None) -> str:
    """Return the day after which use is new: no older than a cube may become.

    Without a cube before there may be somebody who has seen people by name until then.
    """
    last = date.fromisoformat(snapshot.days[-1]) - timedelta(days=terms.every_days)
    if previous is not None and previous.adds_up:
        return max(previous.day, last.isoformat())
    return last.isoformat()


class _Known(NamedTuple):
    """What others know of people beside what is told here."""

    named: frozenset[str]
    later: int
    """The place of the first day of the window whose use is new."""
    priced: bool
    """Somebody's calls have a price; what nobody has is no measure."""

    def crowds(self, teams: Teams) -> dict[str, Crowd]:
        """Return the people of each team as disclosure sees them."""
        return {
            team: tuple(map(self._person, crowd.values()))
            for team, crowd in teams.items()
        }

    def _person(self, stay: Stay) -> Person:
        used, account = stay.figures, stay.account.account_id
        return Person(
            account,
            (used.tokens.total, used.calls, *((used.cost or 0,) * self.priced)),
            named=account in self.named,
            fresh=any(stay.daily[self.later :]),
        )


def _known(snapshot: Snapshot, chart: Chart, terms: Terms, since: str) -> _Known:
    days = enumerate(snapshot.days)
    return _Known(
        _named(chart, terms),
        next((at for at, day in days if day > since), len(snapshot.days)),
        any(one.figures.cost for one in chart.standings),
    )


def _named(chart: Chart, terms: Terms) -> frozenset[str]:
    """Return whose figures stand on some board.

    Where everybody who used a token has a row, the others are known to have none.
    """
    named = chart.first(terms.top)
    users = {one.account_id for one in chart.standings if one.figures.tokens.total}
    if users - chart.unranked <= named:
        return frozenset(one.account_id for one in chart.accounts) - chart.unranked
    return named


def _tree(found: Iterable[Stay]) -> dict[str, Teams]:
    """Sort stays into departments and teams; '' is for being in none."""
    tree: dict[str, Teams] = defaultdict(lambda: defaultdict(dict))
    for one in found:
        department, team = one.place
        tree[department][team][one.account.account_id] = one
    return tree


def _seats(chart: Chart) -> Counter[Place]:
    """Count the people of each team on the day of the snapshot."""
    people = (one for one in chart.accounts if one.kind in PEOPLE)
    return Counter(place_in(chart.places.get(one.account_id)) for one in people)


@dataclass(frozen=True, slots=True)
class _Telling:
    """One department's people, and what they used in it."""

    name: str
    teams: Teams
    crowds: Mapping[str, Crowd]
    seats: Mapping[Place, int]
    limits: Thresholds

    def department(
        self, rows: tuple[Block, ...], sums: tuple[Block, ...], services: Teams
    ) -> Department:
        everybody = tuple(sorted(self.teams))
        summed = tuple(self._summed(block) for block in sums)
        within = [len(self._crowd(block)) for block in sums]
        return Department(
            department_id=department_id(self.name),
            name=self.name,
            members=self._members(everybody),
            teams=everybody,
            whole=self._row(everybody) if rows else None,
            rows=tuple(self._row(block) for block in rows),
            sums=summed,
            services=_totals(_stays_of(services)),
            several=sum(within) - len(self._crowd(everybody)) if sums else 0,
        )

    def _members(self, block: Block) -> int:
        return sum(self.seats[self.name, team] for team in block)

    def _crowd(self, block: Block) -> Crowd:
        return each_once(joined(self.crowds[team] for team in block))

    def _row(self, block: Block) -> Row:
        crowd = self._crowd(block)
        tokens = [one.amounts[TOKENS] for one in crowd]
        median, middle = spread(tokens)
        users = sum(any(one.amounts) for one in crowd)
        members = self._members(block)
        return Row(block, members, users, Range(*median), Range(*middle))

    def _summed(self, block: Block) -> Summed:
        crowd = self._crowd(block)
        hidden = [one for one in crowd if not one.named]
        late = [one.fresh and any(one.amounts) for one in hidden]
        within = {team: self.teams[team] for team in block}
        totals = _totals(_stays_of(within))
        users, or_more = at_most(totals.users, len(crowd), self.limits)
        return Summed(
            teams=block,
            totals=replace(totals, users=users, or_more=or_more),
            hidden_users=tuple(compress((one.account_id for one in hidden), late)),
            hidden_idle=tuple(
                one.account_id
                for one, lately in zip(hidden, late, strict=True)
                if not lately
            ),
            left=_left(within, {one.account_id for one in hidden}),
        )


def _stays_of(teams: Teams) -> Iterable[Stay]:
    return chain.from_iterable(team.values() for team in teams.values())


def _left(teams: Teams, accounts: Container[str]) -> tuple[tuple[str, str], ...]:
    """Return which of some accounts left all of some teams, and when."""
    until: dict[str, list[str]] = defaultdict(list)
    for one in _stays_of(teams):
        if one.account.account_id in accounts:
            until[one.account.account_id].append(one.until)
    return tuple((who, max(days)) for who, days in sorted(until.items()) if all(days))


def _totals(found: Iterable[Stay]) -> Totals:
    total, users = Figures(), set()
    for one in found:
        total = total.plus(one.figures)
        if one.figures.calls:
            users.add(one.account.account_id)
    return Totals(
        calls=total.calls,
        tokens=total.tokens.total,
        cost=total.cost,
        unpriced=total.unpriced_calls > 0,
        users=len(users),
        or_more=False,
    )
