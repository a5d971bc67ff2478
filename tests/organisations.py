"""Whole organisations without a ledger: accounts, places and a snapshot of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from mileage.domain.figures import Completeness, Figures, Standing
from mileage.domain.people import Account, Membership
from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND, Window
from mileage.honours.lenses import Lens
from mileage.reports.cube import Chart
from tests.ranking import Whole, rank

DAY = 86_400 * SECOND
END = 1_764_547_200 * SECOND  # 2025-12-01T00:00:00Z
DAYS = tuple(f"2025-11-{day:02}" for day in range(1, 31))
ALL_TOKENS = Lens("tokens", "All tokens", "tokens", Tokens(*[100] * 7), "", "")
COST = Lens("cost", "Cost", "micro_usd", Tokens(), "", "")


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
        )

    def first(self, top: int) -> frozenset[str]:
        """Return who is among the first by tokens or by cost."""
        return frozenset(
            row.standing.account_id
            for lens in (ALL_TOKENS, COST)
            for row in rank(self.snapshot(), lens, self.unranked)[:top]
        )

    def figures(self, name: str) -> Figures:
        tokens = self.used[name]
        cost = tokens * 3 if self.priced else None
        return Figures(
            tokens % 50 + 1, Tokens(input=tokens), cost, 0 if self.priced else 1
        )

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
        daily[self.last_day.get(name, -1)] = self.used[name]
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
