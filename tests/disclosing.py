"""Everything that anybody can fetch about departments, and an attack on all of it.

Two cubes a week apart, over a random organisation: whoever used something in between
is another unknown in the second one, whoever did not is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from random import Random
from typing import Any

from mileage.access.disclosure import Thresholds
from mileage.domain.cube import Cube
from mileage.domain.errors import PurposeMissing, Refused
from mileage.domain.people import HeldRole, Viewer
from mileage.reports.cube import PEOPLE, Terms, make_cube
from mileage.reports.departments import department_json
from tests.attacker import Findings, Published, attack
from tests.charts import TODAY, Desk, desk
from tests.organisations import ALL_TOKENS, Organisation, random_organisation
from tests.ranking import rank

LIMITS = Thresholds()
ROLES = ("executive", "finance", "department-lead", "steward", "auditor")
PURPOSES = ("planning", "board", "billing", "support")
MEASURES = ("tokens", "calls", "cost_usd")


@dataclass
class Outcome:
    """What one organisation showed."""

    findings: list[Findings] = field(default_factory=list)
    pages: int = 0
    """Of departments and teams in which at least 15 people used something."""
    shown: int = 0
    summed: int = 0
    naive: int = 0
    """Cells below k that plain k = 5 leaves open to subtraction, and all of them."""
    hidden: int = 0


@dataclass
class Week:
    """One cube, and what every unknown is called while it stands."""

    made: Organisation
    cube: Cube
    desk: Desk
    epoch: dict[str, int]
    named: frozenset[str]

    def unknown(self, account: str) -> tuple[str, int]:
        return account, self.epoch[account]

    _truth: dict[str, dict[tuple[str, int], int]] = field(default_factory=dict)

    def truth(self, measure: str) -> dict[tuple[str, int], int]:
        if measure not in self._truth:
            self._truth[measure] = {
                self.unknown(one): amount(self.made, one, measure) for one in self.epoch
            }
        return self._truth[measure]


def amount(made: Organisation, account: str, measure: str) -> int:
    if not made.used[account]:
        return 0
    figures = made.figures(account)
    if measure == "tokens":
        return figures.tokens.total
    return figures.calls if measure == "calls" else figures.cost or 0


def survey(seed: int) -> Outcome:
    """Publish twice, fetch as everybody, and attack."""
    random = Random(seed)  # noqa: S311 - organisations, not secrets
    made = random_organisation(random)
    top = random.choice((0, 0, 3, 20, 1000))
    terms = Terms(LIMITS, 7, top)
    weeks = [publish(made, terms, None, dict.fromkeys(made.used, 0))]
    weeks.append(a_week_later(random, weeks[0], terms))
    outcome = Outcome()
    pooled = {measure: [] for measure in MEASURES}
    for viewer in viewers(random, made):
        seen = [fetched(week, viewer) for week in weeks]
        for week in seen:
            for measure, figures in week.items():
                pooled[measure] += figures
        outcome.findings += alone(weeks, viewer, seen)
    outcome.findings += together(weeks, pooled)
    for week in weeks:
        count_pages(week, outcome)
    return outcome


def publish(
    made: Organisation, terms: Terms, previous: Cube | None, epoch: dict[str, int]
) -> Week:
    snapshot = made.snapshot()
    named = made.first(terms.top)
    if len(rank(snapshot, ALL_TOKENS, made.unranked)) <= terms.top:
        named = set(made.used) - made.unranked
    cube = make_cube(snapshot, made.chart(), terms, previous)
    return Week(made, cube, desk(cube, made.places), epoch, frozenset(named))


def a_week_later(random: Random, week: Week, terms: Terms) -> Week:
    """Move on: some use more, of some an old day leaves the window, some move."""
    made = Organisation(
        accounts=list(week.made.accounts),
        places=dict(week.made.places),
        used=dict(week.made.used),
        priced=week.made.priced,
        unranked=week.made.unranked,
    )
    busy = random.choice((0.02, 0.3, 0.9))
    epoch = dict(week.epoch)
    before = replace(week.cube, day="2025-11-23")
    for account in made.used:
        made.last_day[account] = 10
        if random.random() < busy:
            made.used[account] += int(random.lognormvariate(13, 2)) + 1
            made.last_day[account] = -1
            epoch[account] = 1
        elif made.used[account] > 1 and random.random() < 0.3:
            made.used[account] = random.choice((0, made.used[account] // 2))
            epoch[account] = 1
        if account in made.places and random.random() < 0.03:
            other = random.choice(list(made.places.values()))
            made.places[account] = replace(other, account_id=account)
    return publish(made, terms, before, epoch)


def viewers(random: Random, made: Organisation) -> list[Viewer]:
    """Return a member of each department, its lead, and people with several roles."""
    found = []
    departments = sorted({place.department for place in made.places.values()})
    for department in departments:
        members = [one for one, p in made.places.items() if p.department == department]
        found.append(Viewer(random.choice(members), "member"))
        led = (HeldRole("department-lead", department),)
        found.append(Viewer(random.choice(members), "lead", roles=led))
    managers = sorted(
        {p.manager.partition("@")[0] for p in made.places.values()} - {""}
    )
    for account in managers[:6]:
        found.append(Viewer(account, "manager"))
        for count in (1, 2):
            for roles in combinations(("executive", "finance"), count):
                held = tuple(HeldRole(role) for role in roles)
                found.append(Viewer(account, "manager and more", roles=held))
    for count in range(1, len(ROLES) + 1):
        for roles in combinations(ROLES, count):
            held = tuple(
                HeldRole(role, departments[0] if role == "department-lead" else "")
                for role in roles
            )
            found.append(Viewer("outside", "roles", roles=held))
    return found


def fetched(week: Week, viewer: Viewer) -> dict[str, list[Published]]:
    """Return every sum that somebody gets, whatever purpose they state."""
    found: dict[str, list[Published]] = {measure: [] for measure in MEASURES}
    for one in week.cube.departments:
        for purpose in PURPOSES:
            try:
                page = week.desk.departments.department(
                    viewer, one.department_id, purpose
                )
            except PurposeMissing:
                continue
            except Refused:
                break
            told = department_json(page)
            for line in (told["whole"], *told["teams"], *told["together"]):
                _take(week, one.name, line, found)
            break
    return found


def _take(
    week: Week,
    department: str,
    line: dict[str, Any],
    found: dict[str, list[Published]],
) -> None:
    if line["total"] is None:
        return
    kinds = {one.account_id: one.kind for one in week.made.accounts}
    covers = frozenset(
        week.unknown(account)
        for account, place in week.made.places.items()
        if place.department == department
        and place.team in line["teams"]
        and kinds[account] in PEOPLE
    )
    for measure in MEASURES:
        value = line["total"][measure]
        if measure == "cost_usd" and value is not None:
            value = int(value.replace(".", ""))
        if value is not None:
            found[measure].append(Published(covers, value))


def whole(week: Week, measure: str) -> Published:
    """The total over everybody, as if a board told it to the last token."""
    people = {one.account_id for one in week.made.accounts if one.kind in PEOPLE}
    covers = frozenset(week.unknown(one) for one in people)
    value = sum(amount(week.made, one, measure) for one in people)
    return Published(covers, value)


def truths(weeks: list[Week], measure: str) -> dict[Any, int]:
    return {key: v for week in weeks for key, v in week.truth(measure).items()}


def names(weeks: list[Week]) -> set[tuple[str, int]]:
    return {week.unknown(one) for week in weeks for one in week.named}


def together(weeks: list[Week], pooled: dict[str, list[Published]]) -> list[Findings]:
    """Attack what everybody gets, pooled: with the boards and without them."""
    found = []
    for measure, figures in pooled.items():
        truth = truths(weeks, measure)
        totals = [whole(week, measure) for week in weeks if week.cube.adds_up]
        if measure == "cost_usd" and not weeks[0].made.priced:
            totals = []
        told = {*figures, *totals}
        found += [attack(told, truth, known) for known in (set(), names(weeks))]
    return [one for one in found if one]


def alone(
    weeks: list[Week], viewer: Viewer, seen: list[dict[str, list[Published]]]
) -> list[Findings]:
    """Attack with what one viewer gets, who sees everybody below by name.

    What cannot be foreseen is left out: that somebody comes below the viewer later,
    without having used anything since. So weeks are compared where nobody did.
    """
    lines = [week.desk.chart.people_below(viewer.account_id, TODAY) for week in weeks]
    if not any(lines):
        return []
    then = {
        week.unknown(one)
        for week, line in zip(weeks, lines, strict=True)
        for one in line
    }
    before = {weeks[0].unknown(one) for one in lines[0]}
    found = []
    for measure in MEASURES:
        truth = truths(weeks, measure)
        first, second = (week[measure] for week in seen)
        found.append(attack(set(first), truth, names(weeks[:1]) | before))
        both = first + second if lines[0] == lines[1] else second
        found.append(attack(set(both), truth, names(weeks) | then))
    # Who is left may be the viewer. How closely the others can be estimated is bounded
    # by their number only: what is asked is who is determined, and what is small.
    own = {(viewer.account_id, epoch) for epoch in (0, 1)}
    return [
        one
        for one in found
        if one.determined - own or any(not own.issuperset(some) for some in one.small)
    ]


def count_pages(week: Week, outcome: Outcome) -> None:
    """Count pages of large groups, and cells that plain k = 5 would leave open."""
    for one in week.cube.departments:
        teams: dict[str, int] = {}
        for account, place in week.made.places.items():
            if place.department == one.name and week.made.used[account]:
                teams[place.team] = teams.get(place.team, 0) + 1
        rows = {row.teams for row in one.rows}
        sums = {summed.teams for summed in one.sums}
        if sum(teams.values()) >= LIMITS.sums:
            outcome.pages += 1
            outcome.shown += one.whole is not None
            outcome.summed += bool(one.sums)
        for team, users in teams.items():
            if users >= LIMITS.sums:
                outcome.pages += 1
                outcome.shown += (team,) in rows
                outcome.summed += (team,) in sums
        small = [team for team, users in teams.items() if users < LIMITS.people]
        outcome.hidden += len(small)
        outcome.naive += len(small) == 1 and sum(teams.values()) >= LIMITS.people
