"""Adoption: how far teams have come with the targets of the policy, for those teams.

Made with the groups of peers and published as rarely (``reports.peers``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.adoption import WEEK, Basis, Target, Team, progress
from mileage.domain.directory import team_subject
from mileage.domain.errors import Refused
from mileage.domain.peers import AdoptionPage
from mileage.domain.people import PEOPLE
from mileage.reports.values import instant_json, window_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mileage.domain.adoption import Progress
    from mileage.domain.figures import Standing
    from mileage.domain.people import Account, Membership, Viewer
    from mileage.reports.gate import Gate
    from mileage.reports.peers import PeerFiles

REPORT = "adoption"
OF_NOBODY = team_subject("\0", "\0")
"""Who may see such a team may see all: it is nobody's own, and nobody leads it."""


class Before(NamedTuple):
    """What was told last time, and the days that are counted now (ISO dates)."""

    told: Sequence[Progress] = ()
    days: Sequence[str] = ("",)
    """Of the window, the last one that of the publication."""


class Everybody(NamedTuple):
    """Who belongs where, what they used in the window, and what they have learnt."""

    accounts: Sequence[Account]
    places: Mapping[str, Membership]
    standings: Iterable[Standing]
    trained: Mapping[str, frozenset[str]]


def make_progress(
    targets: Sequence[Target],
    everybody: Everybody,
    least: int,
    before: Before = Before(),  # noqa: B008 - it cannot be changed
) -> tuple[Progress, ...]:
    """Return how far each team is with each target that holds for it.

    What was told of a team from which one to four people are missing now, or which so
    many have joined, stays as it was: a share that crosses a step when somebody leaves
    would be by that person. It is told anew when more have come or gone, or when
    nothing is counted any more that was counted then.
    """
    teams: dict[tuple[str, str], set[str]] = defaultdict(set)
    for account in everybody.accounts:
        place = everybody.places.get(account.account_id)
        if account.kind in PEOPLE and place is not None and place.department:
            teams[place.department, place.team].add(account.account_id)
    standings = tuple(everybody.standings) if targets else ()
    known = {account.account_id for account in everybody.accounts}
    found = []
    for target in targets:
        done = _done(target, standings, everybody.trained)
        last = _Last(_standing(target, before, known), least)
        for (department, name), members in sorted(teams.items()):
            if not target.departments or department in target.departments:
                team = Team(department, name, frozenset(members), done)
                if last.holds(team):
                    found.append(last.of(team, target))
                else:
                    found.append(progress(target, team, least, before.days[-1]))
    return tuple(one for one in found if one is not None)


class _Last:
    """What was told of one target's teams, of which something is still counted."""

    def __init__(self, rows: Sequence[Progress], least: int) -> None:
        self._rows = {(one.department, one.team): one for one in rows}
        self._least = least
        self._near: dict[str, list[Basis]] = defaultdict(list)
        for basis in (one.basis for one in rows if one.basis):
            for account in basis.people:
                self._near[account].append(basis)

    def holds(self, team: Team) -> bool:
        """Tell whether some team told of was nearly this one, whatever its name."""
        near = {id(one): one for who in team.members for one in self._near[who]}
        differ = (one.differs(team.members) for one in near.values())
        return any(0 < many < self._least for many in differ)

    def of(self, team: Team, target: Target) -> Progress | None:
        """Return what was told of a team, towards the target of today."""
        told = self._rows.get((team.department, team.name))
        until = target.until.isoformat()
        return told and replace(told, percent=target.percent, until=until)


def _standing(
    target: Target, before: Before, known: Collection[str]
) -> tuple[Progress, ...]:
    """Return what was told of a target, while some of what it counted is counted."""
    first = {"weekly-active": before.days[-WEEK:][0], "client": before.days[0]}
    return tuple(
        replace(one, basis=_without_erased(one.basis, known))
        for one in before.told
        if one.title == target.title
        and one.basis is not None
        and first.get(target.measure, "") <= one.basis.day
    )


def _without_erased(basis: Basis, known: Collection[str]) -> Basis:
    """Keep how many were erased, and nothing of who they were."""
    people = tuple(one for one in basis.people if one in known)
    return Basis(basis.day, people, basis.gone + len(basis.people) - len(people))


def _done(
    target: Target,
    standings: Iterable[Standing],
    trained: Mapping[str, frozenset[str]],
) -> frozenset[str]:
    if target.measure == "training":
        return trained.get(target.what, frozenset())
    if target.measure == "client":
        return frozenset(
            one.account_id for one in standings if target.what in one.clients
        )
    return frozenset(one.account_id for one in standings if any(one.daily[-WEEK:]))


@dataclass(frozen=True, slots=True)
class Adoption:
    """Implements ``web.desks.AdoptionDesk``; safe to call from threads."""

    files: PeerFiles
    gate: Gate

    def page(self, viewer: Viewer) -> AdoptionPage:
        """Return what a viewer may see of teams; raises NotFound before the first."""
        peers = self.files.latest()
        place = self.gate.chart.place_on(viewer.account_id, self.gate.today())
        own = (place.department, place.team) if place else None
        near = self._near(viewer)
        rows = tuple(
            one
            for one in peers.progress
            if near is None
            or (one.department in near and self._opens(viewer, one, own))
        )
        return AdoptionPage(
            rows=rows,
            window=peers.window,
            zone=peers.zone,
            as_of=peers.as_of,
            simulated=peers.simulated,
        )

    def _near(self, viewer: Viewer) -> frozenset[str] | None:
        """Return departments of which a viewer may see a team; None: of all."""
        gate = self.gate
        try:
            gate.allow(viewer, REPORT, OF_NOBODY)
        except Refused:
            people = gate.below(viewer) | {viewer.account_id}
            places = (gate.chart.place_on(one, gate.today()) for one in people)
            own = (place.department for place in places if place)
            return frozenset((*own, *viewer.led_departments))
        return None

    def _opens(
        self, viewer: Viewer, one: Progress, own: tuple[str, str] | None
    ) -> bool:
        """Tell whether a team is the viewer's own, led by them, or below them.

        A line for people's own department opens their own team of it only.
        """
        subject = team_subject(one.department, one.team)
        try:
            allowed = self.gate.allow(viewer, REPORT, subject)
        except Refused:
            return False
        return allowed.of != {"own-department"} or own == (one.department, one.team)


def adoption_json(page: AdoptionPage) -> dict[str, Any]:
    """Name everything on the page."""
    return {
        "window": window_json(page.window, page.zone),
        "as_of": instant_json(page.as_of),
        "rows": [_row_json(one) for one in page.rows],
    }


def _row_json(one: Progress) -> dict[str, Any]:
    shown = asdict(replace(one, basis=None))
    del shown["basis"]
    return {**shown, "reached": one.reached}
