"""Whole organisations without a ledger: accounts, places and a snapshot of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import NamedTuple

from mileage.domain.directory import place_in
from mileage.domain.figures import Completeness, Figures, Standing
from mileage.domain.people import Account, Membership
from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND, Window
from mileage.honours.lenses import Lens
from mileage.reports.stays import Chart
from mileage.store.use_by_day import DayUse
from tests.ranking import Whole, rank

DAY = 86_400 * SECOND
END = 1_764_547_200 * SECOND  # 2025-12-01T00:00:00Z
DAYS = tuple(f"2025-11-{day:02}" for day in range(1, 31))
ALL_TOKENS = Lens("tokens", "All tokens", "tokens", Tokens(*[100] * 7), "", "")
COST = Lens("cost", "Cost", "micro_usd", Tokens(), "", "")


class Moved(NamedTuple):
    """Where somebody was before, until which day, and what they used there."""

    earlier: Membership | None
    day: int
    """The first day of the window at the present place."""
    tokens: int
    """Of all that they used."""
    used_on: int = 0
    """On which day, before that one."""


class Part(NamedTuple):
    """What somebody used at one place, all of it on one day of the window."""

    place: Membership | None
    figures: Figures
    day: int


@dataclass
class Organisation:
    """Accounts by id; ``used`` are tokens, the cost follows from them."""

    accounts: list[Account] = field(default_factory=list)
    places: dict[str, Membership] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    last_day: dict[str, int] = field(default_factory=dict)
    """On which day of the window somebody was active last; the last one if unset."""
    priced: bool = True
    unranked: frozenset[str] = frozenset()
    moved: dict[str, Moved] = field(default_factory=dict)

    def move(
        self, name: str, department: str, team: str, tokens: int, used_on: int = 0
    ) -> None:
        """Say where somebody was before, and how much they used there."""
        earlier = Membership(name, department, team, "", "", None, None)
        self.moved[name] = Moved(earlier, max(15, used_on + 1), tokens, used_on)

    def parts(self, name: str) -> list[Part]:
        """Return what somebody used, in the order of places."""
        last, here = self.last_day.get(name, -1), self.places.get(name)
        if name not in self.moved:
            return [Part(here, self.figures(name), last)]
        earlier, _, tokens, used_on = self.moved[name]
        rest = self.used[name] - tokens
        then, now = (self._of(one) if one else Figures() for one in (tokens, rest))
        return [Part(earlier, then, used_on), Part(here, now, last)]

    def _of(self, tokens: int) -> Figures:
        cost = tokens * 3 if self.priced else None
        unpriced = 0 if self.priced else 1
        return Figures(tokens % 50 + 1, Tokens(input=tokens), cost, unpriced)

    def _places_of(self, name: str) -> tuple[tuple[str, str], ...]:
        earlier, day = place_in(self.moved[name].earlier), self.moved[name].day
        here = place_in(self.places.get(name))
        return tuple(earlier if at < day else here for at in range(len(DAYS)))

    def add(
        self,
        name: str,
        tokens: int,
        department: str = "",
        team: str = "",
        kind="person",
        manager: str = "",
    ) -> None:
        self.accounts.append(Account(name, kind, name.upper(), f"{name}@x.test"))
        if department:
            self.places[name] = Membership(
                name, department, team, manager, "", None, None
            )
        self.used[name] = tokens

    def group(
        self, department: str, team: str, users: int, idle: int = 0, tokens: int = 1000
    ) -> None:
        for number in range(users + idle):
            name = f"{department}-{team}-{number}"
            self.add(name, tokens + number if number < users else 0, department, team)

    def chart(self) -> Chart:
        return Chart(
            tuple(self.accounts),
            dict(self.places),
            self.snapshot().standings,
            self.first,
            self.unranked,
            {name: self._places_of(name) for name in self.moved},
            [
                DayUse(name, date.fromisoformat(DAYS[part.day]), part.figures)
                for name in self.moved
                for part in self.parts(name)
                if part.figures.calls
            ],
        )

    def first(self, top: int) -> frozenset[str]:
        """Return who is among the first by tokens or by cost."""
        return frozenset(
            row.standing.account_id
            for lens in (ALL_TOKENS, COST)
            for row in rank(self.snapshot(), lens, self.unranked)[:top]
        )

    def figures(self, name: str) -> Figures:
        if name not in self.moved:
            return self._of(self.used[name])
        then, now = (part.figures for part in self.parts(name))
        return then.plus(now)

    def snapshot(self, as_of: int = END - SECOND) -> Whole:
        standings = tuple(
            self._standing(one) for one in self.accounts if self.used[one.account_id]
        )
        total = Figures()
        for one in standings:
            total = total.plus(one.figures)
        columns = zip(*(one.daily for one in standings), strict=True)
        return Whole(
            window=Window(END - 30 * DAY, END),
            zone="UTC",
            as_of=as_of,
            days=DAYS,
            total=total,
            daily=tuple(map(sum, columns)) or (0,) * len(DAYS),
            standings=standings,
            completeness=Completeness((), None),
            versions={},
            input_hash="",
        )

    def _standing(self, account: Account) -> Standing:
        name = account.account_id
        place = self.places.get(name)
        daily = [0] * len(DAYS)
        for part in self.parts(name):
            daily[part.day] += part.figures.tokens.total
        return Standing(
            account_id=name,
            name=account.name,
            kind=account.kind,
            department=place.department if place else "",
            team=place.team if place else "",
            figures=self.figures(name),
            sessions=1,
            models=(),
            clients=(),
            active_days=1,
            daily=tuple(daily),
        )


def random_organisation(random: Random) -> Organisation:
    """Draw departments and teams of every size, a heavy tail, and managers."""
    made = Organisation(priced=random.random() < 0.9)
    active = random.choice((0.1, 0.4, 0.7, 0.95, 1.0))
    late = random.choice((0.05, 0.6, 1.0))
    heads: list[str] = []
    for department in range(random.randint(1, 5)):
        lead = ""
        for team in range(random.randint(1, 7)):
            size = max(1, min(18, round(random.gammavariate(4, 1.9))))
            boss = ""
            for number in range(size):
                name = f"p{department}-{team}-{number}"
                above = boss or lead or (random.choice(heads) if heads else "")
                _draw(made, random, name, (active, late))
                made.places[name] = Membership(
                    name,
                    f"Department {department}",
                    f"Team {team}" if random.random() < 0.97 else "",
                    above,
                    "",
                    None,
                    None,
                )
                boss = boss or f"{name}@x.test"
            lead = lead or boss
        heads.append(lead)
    for number in range(random.randint(0, 4)):
        _draw(made, random, f"loose-{number}", (active, late))
    if random.random() < 0.3:
        few = random.randint(1, 6)
        made.unranked = frozenset(random.choices(sorted(made.used), k=few))
    return made


def _draw(
    made: Organisation, random: Random, name: str, rates: tuple[float, float]
) -> None:
    active, late = rates
    kind = "service" if random.random() < 0.02 else "person"
    used = int(random.lognormvariate(15, 2.2)) + 1 if random.random() < active else 0
    made.add(name, used, kind=kind)
    made.last_day[name] = -1 if random.random() < late else random.randint(0, 20)


MILLS = ("Engines", "Mills", "Looms", "Trains", "Ships", "Bridges", "Kilns")
MILL_TEAMS = ("North", "South & East", "West, Upper")


def mills() -> Organisation:
    """Departments of three teams each, all of which are large enough for sums."""
    random = Random("departments")  # noqa: S311 - made up
    made = Organisation()
    for name in MILLS:
        for team in MILL_TEAMS:
            for number in range(20):
                used = int(random.lognormvariate(19, 0.6))
                made.add(f"{name}-{team}-{number}", used, name, team)
        made.add(f"{name}-ci", 77_654_321, name, kind="service")
    return made
