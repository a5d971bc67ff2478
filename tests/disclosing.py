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
from mileage.domain.directory import place_in
from mileage.domain.errors import PurposeMissing, Refused
from mileage.domain.people import HeldRole, Viewer
from mileage.reports.cube import PEOPLE, Terms, make_cube
from mileage.reports.departments import department_json
from tests.attacker import Findings, Published, attack
from tests.charts import TODAY, Desk, desk
from tests.organisations import (
    ALL_TOKENS,
    DAYS,
    Moved,
    Organisation,
    Part,
    random_organisation,
)
from tests.ranking import rank

LIMITS = Thresholds()
ROLES = ("executive", "finance", "department-lead", "steward", "auditor")
PURPOSES = ("planning", "board", "billing", "support")
MEASURES = ("tokens", "calls", "cost_usd")
Unknown = tuple[Any, ...]


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
    earlier: dict[str, Unknown] = field(default_factory=dict)
    """What whoever moved used before that."""

    def unknown(self, account: str) -> Unknown:
        return account, self.epoch[account]

    def parts(self, account: str) -> list[tuple[Unknown, Part]]:
        """Return what somebody used where, and what that is called."""
        here = self.unknown(account)
        moved = account in self.made.moved
        keys = [self.earlier[account], here] if moved else [here]
        parts = zip(keys, self.made.parts(account), strict=True)
        # That whoever came used nothing before is no figure of theirs.
        return [
            (key, part)
            for key, part in parts
            if key == here or part.place or part.figures.calls
        ]

    def unknowns(self, accounts) -> set[Unknown]:
        return {key for one in accounts for key, _ in self.parts(one)}

    _within: dict[tuple[str, str], set[Unknown]] = field(default_factory=dict)

    def within(self, department: str, team: str) -> set[Unknown]:
        """Return what people used in a team."""
        if not self._within:
            kinds = {one.account_id: one.kind for one in self.made.accounts}
            for account in self.epoch:
                for key, part in self.parts(account):
                    if kinds[account] in PEOPLE:
                        place = place_in(part.place)
                        self._within.setdefault(place, set()).add(key)
        return self._within.get((department, team), set())

    _truth: dict[str, dict[Unknown, int]] = field(default_factory=dict)

    def truth(self, measure: str) -> dict[Unknown, int]:
        if measure not in self._truth:
            self._truth[measure] = {
                key: amount(part, measure) if self.made.used[one] else 0
                for one in self.epoch
                for key, part in self.parts(one)
            }
        return self._truth[measure]


def amount(part: Part, measure: str) -> int:
    figures = part.figures
    if measure == "tokens":
        return figures.tokens.total
    return figures.calls if measure == "calls" else figures.cost or 0


def survey(seed: int, *, movers: bool = True) -> Outcome:
    """Publish twice, fetch as everybody, and attack.

    With ``movers`` some were elsewhere for a part of the window; what they used there
    is an unknown of its own, which their manager of that time knows.
    """
    random = Random(seed)  # noqa: S311 - organisations, not secrets
    made = random_organisation(random)
    top = random.choice((0, 0, 3, 20, 1000))
    terms = Terms(LIMITS, 7, top)
    moving = Random(f"moves {seed}")  # noqa: S311
    earlier = draw_moves(moving, made) if movers else {}
    weeks = [publish(made, terms, None, dict.fromkeys(made.used, 0), earlier)]
    weeks.append(a_week_later(random, weeks[0], terms, moving if movers else None))
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


def draw_moves(random: Random, made: Organisation) -> dict[str, Unknown]:
    """Let some have been elsewhere, or nowhere, and some be nowhere now."""
    share = random.choice((0.0, 0.04, 0.15, 0.6))
    found = sorted(made.places.values(), key=lambda one: one.account_id)
    for place in found:
        name = place.account_id
        if random.random() >= share:
            continue
        day, other = random.randint(12, 25), random.choice(found)
        there = replace(other, account_id=name) if random.random() < 0.9 else None
        if there is not None and random.random() < 0.1:
            there = made.places.pop(name)
        if place_in(there) == place_in(made.places.get(name)):
            continue
        part = random.choice((0, 1, random.random()))
        used_on = random.choice((random.randrange(day), day - 1))
        made.moved[name] = Moved(there, day, int(made.used[name] * part), used_on)
        if 0 <= made.last_day[name] < day:
            made.last_day[name] = day
    return {name: (name, "earlier", 0) for name in made.moved}


def publish(
    made: Organisation,
    terms: Terms,
    previous: Cube | None,
    epoch: dict[str, int],
    earlier: dict[str, Unknown] | None = None,
) -> Week:
    snapshot = made.snapshot()
    named = made.first(terms.top)
    if len(rank(snapshot, ALL_TOKENS, made.unranked)) <= terms.top:
        named = set(made.used) - made.unranked
    cube = make_cube(snapshot, made.chart(), terms, previous)
    asking = desk(cube, made.places)
    for name, moved in made.moved.items():
        for manager in above(made, moved):
            was_below = asking.chart.before.get(manager, frozenset())
            asking.chart.before[manager] = was_below | {name}
    return Week(made, cube, asking, epoch, frozenset(named), dict(earlier or {}))


def above(made: Organisation, moved: Moved) -> set[str]:
    """Return who was above somebody before they moved."""
    found: set[str] = set()
    boss = moved.earlier.manager.partition("@")[0] if moved.earlier else ""
    while boss and boss not in found:
        found.add(boss)
        place = made.places.get(boss)
        boss = place.manager.partition("@")[0] if place else ""
    return found


def a_week_later(
    random: Random, week: Week, terms: Terms, moving: Random | None = None
) -> Week:
    """Move on: some use more, of some an old day leaves the window, some move.

    That some move is a correction: their whole window counts elsewhere. With
    ``moving`` some others move in between.
    """
    made = Organisation(
        accounts=list(week.made.accounts),
        places=dict(week.made.places),
        used=dict(week.made.used),
        priced=week.made.priced,
        unranked=week.made.unranked,
    )
    busy = random.choice((0.02, 0.3, 0.9))
    epoch, earlier = dict(week.epoch), dict(week.earlier)
    pass_on(week, made, earlier)
    before = replace(week.cube, day="2025-11-23")
    for account in made.used:
        moved = made.moved.get(account)
        made.last_day[account] = max(10, moved.day) if moved else 10
        if random.random() < busy:
            made.used[account] += int(random.lognormvariate(13, 2)) + 1
            made.last_day[account] = -1
            epoch[account] = 1
        elif made.used[account] > 1 and random.random() < 0.3 and not moved:
            made.used[account] = random.choice((0, made.used[account] // 2))
            epoch[account] = 1
        if account in made.places and random.random() < 0.03:
            other = random.choice(list(made.places.values()))
            made.places[account] = replace(other, account_id=account)
    if moving is not None:
        move_lately(moving, week, made, epoch, earlier)
    return publish(made, terms, before, epoch, earlier)


def pass_on(week: Week, made: Organisation, earlier: dict[str, Unknown]) -> None:
    """Let a week pass for whoever had moved before: old use may leave the window."""
    for name, (place, day, tokens, used_on) in week.made.moved.items():
        if used_on >= 7:
            made.moved[name] = Moved(place, day - 7, tokens, used_on - 7)
            continue
        made.used[name] -= tokens
        made.moved[name] = Moved(place, day - 7, 0)
        earlier[name] = (name, "earlier", 1)


def move_lately(
    random: Random,
    week: Week,
    made: Organisation,
    epoch: dict[str, int],
    earlier: dict[str, Unknown],
) -> None:
    """Move some after the last cube: what they had used until then stays as it was."""
    share = random.choice((0.0, 0.05, 0.3))
    for name, day in ((one, 25) for one in sorted(made.places)):
        if name in made.moved or random.random() >= share:
            continue
        there = made.places[name]
        place = replace(random.choice(list(made.places.values())), account_id=name)
        if place_in(place) == place_in(there) or there != week.made.places[name]:
            continue
        before = week.made.used[name]
        made.places[name] = place
        made.used[name] = before + max(0, made.used[name] - before)
        made.moved[name] = Moved(there, day, before, 10)
        made.last_day[name] = len(DAYS) - 1
        earlier[name], epoch[name] = week.unknown(name), 1


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
    within = (week.within(department, team) for team in line["teams"])
    covers = frozenset().union(*within)
    for measure in MEASURES:
        value = line["total"][measure]
        if measure == "cost_usd" and value is not None:
            value = int(value.replace(".", ""))
        if value is not None:
            found[measure].append(Published(covers, value))


def whole(week: Week, measure: str) -> Published:
    """The total over everybody, as if a board told it to the last token."""
    people = {one.account_id for one in week.made.accounts if one.kind in PEOPLE}
    covers = frozenset(week.unknowns(people))
    return Published(covers, sum(week.truth(measure)[key] for key in covers))


def truths(weeks: list[Week], measure: str) -> dict[Any, int]:
    return {key: v for week in weeks for key, v in week.truth(measure).items()}


def names(weeks: list[Week]) -> set[Unknown]:
    return {key for week in weeks for key in week.unknowns(week.named)}


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
    account = viewer.account_id
    lines = [week.desk.chart.people_below(account, TODAY) for week in weeks]
    left = [week.desk.chart.before.get(account, frozenset()) for week in weeks]
    if not any((*lines, *left)):
        return []
    # Of whoever was below the viewer before they moved, the viewer knows that time.
    knows = [
        week.unknowns(line) | {week.earlier[one] for one in gone}
        for week, line, gone in zip(weeks, lines, left, strict=True)
    ]
    own = {key for week in weeks for key in own_unknowns(week, account)}
    found, among = [], []
    for measure in MEASURES:
        truth = truths(weeks, measure)
        first, second = (week[measure] for week in seen)
        both = first + second if lines[0] == lines[1] else second
        for told, known in (
            (set(first), names(weeks[:1]) | knows[0]),
            (set(both), names(weeks) | knows[0] | knows[1]),
        ):
            found.append(attack(told, truth, known))
            among.append(attack(told, truth, known | own, least=LIMITS.people - 1))
    # Who is left may be the viewer. How closely the others can be estimated is bounded
    # by their number only: what is asked is who is determined, and what is small.
    # To the viewer, who knows what is the viewer's, all but one of a group are others.
    return [
        *(one for one in among if one.determined or one.small),
        *(
            one
            for one in found
            if one.determined - own or any(own.isdisjoint(some) for some in one.small)
        ),
    ]


def own_unknowns(week: Week, account: str) -> set[Unknown]:
    return week.unknowns([account]) if account in week.epoch else set()


def count_pages(week: Week, outcome: Outcome) -> None:
    """Count pages of large groups, and cells that plain k = 5 would leave open."""
    for one in week.cube.departments:
        teams: dict[str, int] = {}
        for account in week.epoch:
            for _, part in week.parts(account):
                department, team = place_in(part.place)
                if department == one.name and part.figures.calls:
                    teams[team] = teams.get(team, 0) + bool(week.made.used[account])
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
