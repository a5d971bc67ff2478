"""Make a cube: what may be told of departments and teams, of one snapshot."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.disclosure import Person, at_most, joined, plan, spread
from mileage.domain.cube import (
    Cube,
    Department,
    Range,
    Row,
    Summed,
    Totals,
    department_id,
)
from mileage.domain.people import PEOPLE
from mileage.domain.sums import Figures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mileage.access.disclosure import Block, Crowd, Thresholds
    from mileage.domain.figures import Snapshot, Standing
    from mileage.domain.people import Account, Membership

TOKENS = 0
"""The measure that bands are of; calls and cost come behind it."""


class Chart(NamedTuple):
    """Who belongs where on the day of the snapshot, and what they used."""

    accounts: Sequence[Account]
    places: Mapping[str, Membership]
    """By account id."""
    standings: Sequence[Standing]
    first: Callable[[int], frozenset[str]]
    """Returns who is among so many first ones of some board of people."""
    unranked: frozenset[str] = frozenset()
    """Who stands on no board, whatever they used: they have objected."""


class Terms(NamedTuple):
    """What the policy says about cubes."""

    limits: Thresholds
    every_days: int
    """How many days a cube stays."""
    top: int
    """Rows of a board: whoever is on one is known by name."""


Teams = dict[str, "Crowd"]


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
    figures = {one.account_id: one.figures for one in chart.standings}
    since = _since(snapshot, terms, previous)
    tree = _tree(chart, _people(snapshot, chart, terms, since))
    told = plan(tree, terms.limits)
    services = _services(chart)
    departments = (
        _Telling(name, tree[name], figures, terms.limits).department(
            told.bands[name], told.sums[name], services.get(name, [])
        )
        for name in sorted(tree)
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


def _people(
    snapshot: Snapshot, chart: Chart, terms: Terms, since: str
) -> dict[str, Person]:
    """Return everybody as disclosure sees them; what nobody has is no measure."""
    named = _named(chart, terms)
    later = next(
        (at for at, day in enumerate(snapshot.days) if day > since),
        len(snapshot.days),
    )
    priced = any(one.figures.cost for one in chart.standings)
    standings = {one.account_id: one for one in chart.standings}
    found = {}
    for account in chart.accounts:
        one = standings.get(account.account_id)
        used = one.figures if one else Figures()
        amounts = (used.tokens.total, used.calls, *((used.cost or 0,) * priced))
        found[account.account_id] = Person(
            account.account_id,
            amounts,
            named=account.account_id in named,
            fresh=one is not None and any(one.daily[later:]),
        )
    return found


def _named(chart: Chart, terms: Terms) -> frozenset[str]:
    """Return whose figures stand on some board.

    Where everybody who used a token has a row, the others are known to have none.
    """
    named = chart.first(terms.top)
    users = {one.account_id for one in chart.standings if one.figures.tokens.total}
    if users - chart.unranked <= named:
        return frozenset(one.account_id for one in chart.accounts) - chart.unranked
    return named


def _tree(chart: Chart, people: Mapping[str, Person]) -> dict[str, Teams]:
    """Sort people into departments and teams; '' is for being in none."""
    found: dict[str, dict[str, list[Person]]] = defaultdict(lambda: defaultdict(list))
    for account in chart.accounts:
        if account.kind in PEOPLE:
            place = chart.places.get(account.account_id)
            department, team = (place.department, place.team) if place else ("", "")
            found[department][team if department else ""].append(
                people[account.account_id]
            )
    return {
        department: {team: tuple(crowd) for team, crowd in teams.items()}
        for department, teams in found.items()
    }


def _services(chart: Chart) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for account in chart.accounts:
        place = chart.places.get(account.account_id)
        if account.kind == "service" and place is not None:
            found[place.department].append(account.account_id)
    return found


@dataclass(frozen=True, slots=True)
class _Telling:
    """One department's people, and what they used."""

    name: str
    teams: Teams
    figures: Mapping[str, Figures]
    limits: Thresholds

    def department(
        self, rows: tuple[Block, ...], sums: tuple[Block, ...], services: Sequence[str]
    ) -> Department:
        everybody = tuple(sorted(self.teams))
        return Department(
            department_id=department_id(self.name),
            name=self.name,
            members=len(self._crowd(everybody)),
            teams=everybody,
            whole=self._row(everybody) if rows else None,
            rows=tuple(self._row(block) for block in rows),
            sums=tuple(self._summed(block) for block in sums),
            services=self._totals(services),
        )

    def _crowd(self, block: Block) -> Crowd:
        return joined(self.teams[team] for team in block)

    def _row(self, block: Block) -> Row:
        crowd = self._crowd(block)
        tokens = [one.amounts[TOKENS] for one in crowd]
        median, middle = spread(tokens)
        users = sum(any(one.amounts) for one in crowd)
        return Row(block, len(crowd), users, Range(*median), Range(*middle))

    def _summed(self, block: Block) -> Summed:
        crowd = self._crowd(block)
        hidden = [one for one in crowd if not one.named]
        late = [one.fresh and any(one.amounts) for one in hidden]
        totals = self._totals([one.account_id for one in crowd])
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
        )

    def _totals(self, accounts: Sequence[str]) -> Totals:
        total, users = Figures(), 0
        for account in accounts:
            used = self.figures.get(account, Figures())
            total = total.plus(used)
            users += used.calls > 0
        return Totals(
            calls=total.calls,
            tokens=total.tokens.total,
            cost=total.cost,
            unpriced=total.unpriced_calls > 0,
            users=users,
            or_more=False,
        )
