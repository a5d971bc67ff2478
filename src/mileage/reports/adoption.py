"""Adoption: how far teams have come with the targets of the policy, for those teams.

Made with the groups of peers and published as rarely (``reports.peers``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.adoption import WEEK, Target, Team, progress
from mileage.domain.directory import team_subject
from mileage.domain.errors import Refused
from mileage.domain.peers import AdoptionPage
from mileage.domain.people import PEOPLE
from mileage.reports.values import instant_json, window_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mileage.domain.adoption import Progress
    from mileage.domain.figures import Standing
    from mileage.domain.people import Account, Membership, Viewer
    from mileage.reports.gate import Gate
    from mileage.reports.peers import PeerFiles

REPORT = "adoption"


class Everybody(NamedTuple):
    """Who belongs where, what they used in the window, and what they have learnt."""

    accounts: Sequence[Account]
    places: Mapping[str, Membership]
    standings: Iterable[Standing]
    trained: Mapping[str, frozenset[str]]


def make_progress(
    targets: Sequence[Target], everybody: Everybody, least: int
) -> tuple[Progress, ...]:
    """Return how far each team is with each target that holds for it."""
    teams: dict[tuple[str, str], set[str]] = defaultdict(set)
    for account in everybody.accounts:
        place = everybody.places.get(account.account_id)
        if account.kind in PEOPLE and place is not None and place.department:
            teams[place.department, place.team].add(account.account_id)
    standings = tuple(everybody.standings) if targets else ()
    found = []
    for target in targets:
        done = _done(target, standings, everybody.trained)
        for (department, name), members in sorted(teams.items()):
            if not target.departments or department in target.departments:
                team = Team(department, name, frozenset(members), done)
                found.append(progress(target, team, least))
    return tuple(one for one in found if one is not None)


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
        near = {*viewer.led_departments, *((place.department,) if place else ())}
        rows = tuple(
            one
            for one in peers.progress
            if (viewer.operator or one.department in near)
            and self._opens(viewer, one, own)
        )
        return AdoptionPage(
            rows=rows,
            window=peers.window,
            zone=peers.zone,
            as_of=peers.as_of,
            simulated=peers.simulated,
        )

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
        "rows": [{**asdict(one), "reached": one.reached} for one in page.rows],
    }
