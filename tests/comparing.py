"""Everything that anybody can fetch about groups of peers, and an attack on all of it.

The organisations, weeks and names are those of ``tests.disclosing``; here people have
roles and tools as well. A range of a distribution with its per cents says how many of a
group are in it, so per cents of two groups subtract: every group that is told is taken
as if the exact number of its users were told, which is more than pages say. The numbers
of users that department pages tell stand beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from mileage.reports.benchmark import closest
from mileage.reports.cube import PEOPLE, Terms
from mileage.reports.peers import Material, both, make_peers
from tests.attacker import Findings, Published, attack
from tests.disclosing import LIMITS, Week, a_week_later, names, publish
from tests.organisations import DAYS, random_organisation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.figures import Standing
    from mileage.domain.peers import PeerGroup, Peers

LEAST = LIMITS.people
BEFORE = DAYS[-8]
"""The day of the publication before: a week ago."""
ROLES = ("engineer", "writer", "analyst", "manager", "")
CLIENTS = ("codex", "amp", "claude-code")
BENCHMARK = ("everybody", "role", "tools", "role and tools")


@dataclass
class Compared:
    """What groups of one organisation showed."""

    findings: list[Findings] = field(default_factory=list)
    groups: int = 0
    """Told of, of all weeks."""
    large: int = 0
    """Of roles, and of tools within a role, with at least 15 users."""
    told: int = 0
    close: int = 0
    """People who are compared with a closer group than everybody."""
    people: int = 0


class Place(NamedTuple):
    """Whom somebody is compared with."""

    role: str
    tools: tuple[str, ...]


@dataclass
class PeerWeek:
    """One week of an organisation, and what is told of its groups."""

    week: Week
    standings: tuple[Standing, ...]
    peers: Peers

    @property
    def users(self) -> list[Standing]:
        return [
            one
            for one in self.standings
            if one.kind in PEOPLE and one.figures.tokens.total
        ]

    def members(self, group: PeerGroup) -> list[Standing]:
        """Return who is in a group, found apart from how it was made."""
        return [one for one in self.users if group.name in called(group.kind, one)]


def called(kind: str, one: Standing) -> tuple[str, ...]:
    """Name the groups of a kind that somebody is in."""
    tools = " + ".join(sorted(one.clients))
    if kind == "everybody":
        return ("",)
    if kind == "role":
        return (one.role,) if one.role else ()
    if kind == "tools":
        return () if one.role else (tools,)
    return (both(one.role, tools),) if one.role else ()


def survey(seed: int) -> Compared:
    """Publish twice, a week apart, and attack what is told of groups."""
    random = Random(seed)  # noqa: S311 - organisations, not secrets
    terms = Terms(LIMITS, 7, random.choice((0, 0, 3, 20, 1000)))
    made = random_organisation(random)
    first = publish(made, terms, None, dict.fromkeys(made.used, 0))
    drawn = places(random, made.used)
    second = a_week_later(random, first, terms)
    weeks = [told_of(first, drawn), told_of(second, moved(random, drawn, second))]
    outcome = Compared()
    truth = {key: count for week in weeks for key, count in truths(week).items()}
    before, after = ([*counted(one), *counted_of_departments(one)] for one in weeks)
    named = [names([week.week]) for week in weeks]
    # Who comes onto a board later, without having used anything since, is known in an
    # older figure as well: that cannot be foreseen.
    foreseen = named[0] | {one for one in named[1] if one[1]}
    attacks = ((before + after, set()), (before + after, foreseen), (after, named[1]))
    found = (attack(figures, truth, known) for figures, known in attacks)
    outcome.findings = [one for one in found if one]
    for week in weeks:
        count(week, outcome)
    return outcome


def places(random: Random, accounts: Iterable[str]) -> dict[str, Place]:
    """Give people roles and tools; odd ones are rare, so that groups of one come up."""
    odd = random.choice((0.02, 0.1, 0.4))
    roles = ROLES[: random.randint(1, len(ROLES))]
    return {one: Place(random.choice(roles), _tools(random, odd)) for one in accounts}


def _tools(random: Random, odd: float) -> tuple[str, ...]:
    if random.random() >= odd:
        return CLIENTS[:1]
    return tuple(random.sample(CLIENTS, random.randint(1, len(CLIENTS))))


def moved(random: Random, drawn: dict[str, Place], week: Week) -> dict[str, Place]:
    """Move a few to other roles; whoever used something may have used other tools."""
    found = {}
    for account, place in drawn.items():
        role = random.choice(ROLES) if random.random() < 0.03 else place.role
        anew = week.epoch[account] and week.made.last_day.get(account) == -1
        tools = _tools(random, 0.3) if anew else place.tools
        found[account] = Place(role, tools)
    return found


def told_of(week: Week, drawn: dict[str, Place]) -> PeerWeek:
    head = week.made.snapshot()
    standings = tuple(
        replace(
            one,
            role=drawn[one.account_id].role,
            clients=drawn[one.account_id].tools,
        )
        for one in head.standings
    )
    material = Material(standings, (), week.named)
    return PeerWeek(week, standings, make_peers(head, material, LEAST, BEFORE))


def counted(week: PeerWeek) -> list[Published]:
    """Return each group that somebody is told of, with all of its users."""
    found = []
    for group in week.peers.groups:
        if group.kind in BENCHMARK:
            members = week.members(group)
            covers = frozenset(week.week.unknown(one.account_id) for one in members)
            found.append(Published(covers, len(members)))
    return found


def counted_of_departments(week: PeerWeek) -> list[Published]:
    """Return how many used something, wherever a department's page says so exactly."""
    placed = week.week.made.places
    found = []
    for department in week.week.cube.departments:
        for summed in department.sums:
            users = [
                one.account_id
                for one in week.users
                if (place := placed.get(one.account_id)) is not None
                and place.department == department.name
                and place.team in summed.teams
            ]
            if not summed.totals.or_more:
                covers = frozenset(map(week.week.unknown, users))
                found.append(Published(covers, summed.totals.users))
    return found


def truths(week: PeerWeek) -> dict[tuple[str, int], int]:
    users = {one.account_id for one in week.users}
    return {week.week.unknown(one): int(one in users) for one in week.week.epoch}


def count(week: PeerWeek, outcome: Compared) -> None:
    outcome.groups += len(week.peers.groups)
    sizes: dict[tuple[str, str], int] = {}
    for one in week.users:
        for kind in BENCHMARK[1:]:
            for name in called(kind, one):
                sizes[kind, name] = sizes.get((kind, name), 0) + 1
        found = closest(week.peers, one.role, " + ".join(sorted(one.clients)))
        outcome.people += 1
        outcome.close += found is not None and found.kind != "everybody"
    for (kind, name), users in sizes.items():
        if users >= LIMITS.sums:
            outcome.large += 1
            outcome.told += week.peers.group(kind, name) is not None
