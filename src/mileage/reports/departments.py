"""Departments and their teams: what of the published cube a viewer may see."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from mileage.access.disclosure import gives_away
from mileage.domain.cube import DepartmentPage, Line, Listed, Totals
from mileage.domain.directory import NamedRead, department_subject
from mileage.domain.errors import Invalid, NotFound, PurposeMissing, Refused
from mileage.domain.window import moment
from mileage.reports.shape import dollars, instant_json, window_json
from mileage.reports.shown import marked_department

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mileage.access.disclosure import Thresholds
    from mileage.domain.cube import Cube, Department, Range, Row
    from mileage.domain.people import Viewer
    from mileage.domain.shown import Shows
    from mileage.domain.window import Window
    from mileage.reports.cube import Terms
    from mileage.reports.cube_files import Cubes
    from mileage.reports.gate import Gate

NOBODY: frozenset[str] = frozenset()
ANY = department_subject("\0")
"""No department is called so: who may read it may read all of them."""
SCOPE = "dept:"


class Recorder(Protocol):
    """Where named reads are recorded."""

    def record_access(self, read: NamedRead) -> None:
        """Return once it is on disk."""
        ...


class Seeing(NamedTuple):
    """What somebody sees by name, and what follows from it."""

    known: frozenset[str]
    """People of the department that are below the viewer."""
    perhaps: frozenset[str]
    """People who were below the viewer earlier in the window, who saw them then."""
    limits: Thresholds
    own: str = ""
    """The viewer's account."""

    @property
    def least(self) -> int:
        """Return how many people a group needs."""
        by_name = self.known or self.perhaps
        return self.limits.managers if by_name else self.limits.people

    def gives_away(self, found: Department) -> bool:
        """Tell whether some sum of a department tells this viewer of a few others."""
        mine = self.known | {self.own}
        return any(
            gives_away(
                *(one.hidden_users, one.hidden_idle, self.known, self.least),
                perhaps=self.perhaps,
            )
            for one in found.sums
            if not mine.issuperset((*one.hidden_users, *one.hidden_idle))
        )

    def line(self, row: Row, totals: Totals | None) -> Line:
        """Return the bands of a group that is large enough."""
        told = row.users >= self.least
        bands = (row.median, row.middle) if told else None
        return Line(row.teams, row.members, bands, totals if told else None)


class Everywhere(NamedTuple):
    """The teams of all departments, each with its department, in bands at least."""

    lines: tuple[tuple[str, Line, tuple[Range, Range]], ...]
    """Department, line, and its bands."""
    window: Window
    zone: str
    as_of: int
    day: str
    simulated: bool


class Departments:
    """Implements ``web.desks.DepartmentDesk``; safe to call from threads."""

    def __init__(
        self,
        cubes: Cubes,
        gate: Gate,
        recorder: Recorder,
        terms: Terms,
        shows: Callable[[Viewer], Shows | None],
    ) -> None:
        """Take how a viewer is shown sums (``shows``); None: as they are."""
        self._cubes = cubes
        self._gate = gate
        self._recorder = recorder
        self._limits = terms.limits
        self._renew_days = terms.every_days
        self._shows = shows

    def listed(self, viewer: Viewer) -> tuple[Listed, ...]:
        """Return the departments that a viewer may open, by name; none if nobody's."""
        departments = self._cubes.latest().departments
        if not self._opens(viewer, ANY):
            near = self._near(viewer)
            departments = tuple(
                one
                for one in departments
                if (near is None or one.name in near)
                and self._opens(viewer, department_subject(one.name))
            )
        return tuple(
            Listed(one.department_id, one.name, one.members, one.whole is not None)
            for one in departments
        )

    def department(
        self, viewer: Viewer, department_id: str, purpose: str | None = None
    ) -> DepartmentPage:
        """Answer one department; on record before it is answered.

        Raises Refused and PurposeMissing; NotFound to those who may see all of them,
        to the others one that is not there is like one that they may not see.
        """
        cube = self._cubes.latest()
        found = cube.department(department_id)
        subject = ANY if found is None else department_subject(found.name)
        allowed = self._gate.allow(viewer, "department", subject, purpose)
        if found is None:
            message = "there is no such department"
            raise NotFound(message)
        detail = f"as of {cube.as_of}"
        self._recorder.record_access(
            NamedRead(viewer, allowed.purpose, "department", subject, 0, detail)
        )
        seeing = self._seeing(viewer, self._line(viewer, cube), found)
        page = self._page(cube, found, seeing, allowed.purpose)
        shows = self._shows(viewer)
        return page if shows is None else marked_department(page, shows)

    def everywhere(self, viewer: Viewer) -> Everywhere:
        """Return the lines of all teams that this viewer may be told.

        Whoever asks has decided that the viewer may, and records it.
        """
        cube, shows = self._cubes.latest(), self._shows(viewer)
        line = self._line(viewer, cube)
        lines = []
        for found in cube.departments:
            page = self._page(cube, found, self._seeing(viewer, line, found), "")
            told = page if shows is None else marked_department(page, shows)
            lines += [(found.name, one, one.bands) for one in told.lines if one.bands]
        return Everywhere(
            tuple(lines), cube.window, cube.zone, cube.as_of, cube.day, cube.simulated
        )

    def _near(self, viewer: Viewer) -> frozenset[str] | None:
        """Return departments that a viewer has to do with; None for possibly any."""
        chart, today = self._gate.chart, self._gate.today()
        if chart.has_people_below(viewer.account_id, today):
            return None
        place = chart.place_on(viewer.account_id, today)
        own = (place.department,) if place else ()
        return frozenset((*own, *viewer.led_departments))

    def _opens(self, viewer: Viewer, subject: str) -> bool:
        try:
            self._gate.allow(viewer, "department", subject)
        except PurposeMissing:
            return True
        except Refused:
            return False
        return True

    def _line(
        self, viewer: Viewer, cube: Cube
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return who is below a viewer, and who else was in the window of a cube."""
        first = moment(cube.window.start, ZoneInfo(cube.zone)).date()
        lately = self._gate.below(viewer, since=first)
        below = self._gate.below(viewer) if lately else NOBODY
        return below, lately - below

    def _seeing(
        self,
        viewer: Viewer,
        line: tuple[frozenset[str], frozenset[str]],
        found: Department,
    ) -> Seeing:
        below, before = line
        if not below and not before:
            return Seeing(NOBODY, NOBODY, self._limits)
        here = self._gate.chart.members_on(self._gate.today(), found.name)
        in_sums = {
            one
            for summed in found.sums
            for one in (*summed.hidden_users, *summed.hidden_idle)
        }
        known = below & (here | in_sums)
        before &= in_sums
        if before:
            known |= before & self._was_below(viewer, found)
        return Seeing(known, before - known, self._limits, viewer.account_id)

    def _was_below(self, viewer: Viewer, found: Department) -> frozenset[str]:
        """Return who left every sum that they are in while below a viewer.

        All that they had used until then could be opened by name on that day.
        """
        left: dict[str, set[str]] = defaultdict(set)
        others: set[str] = set()
        for one in found.sums:
            others.update({*one.hidden_users, *one.hidden_idle} - dict(one.left).keys())
            for account, day in one.left:
                left[day].add(account)
        below = self._gate.chart.people_below
        for day, accounts in left.items():
            was_below = below(viewer.account_id, date.fromisoformat(day))
            others |= accounts - was_below
        return frozenset(chain.from_iterable(left.values())) - others

    def _page(
        self, cube: Cube, found: Department, seeing: Seeing, purpose: str
    ) -> DepartmentPage:
        safe = not seeing.gives_away(found)
        sums = {one.teams: one.totals for one in found.sums if safe}
        lines = tuple(seeing.line(row, sums.get(row.teams)) for row in found.rows)
        alone = {row.teams for row in found.rows} | {found.teams}
        members = {row.teams: row.members for row in found.rows}
        until = date.fromisoformat(cube.day) + timedelta(days=self._renew_days)
        return DepartmentPage(
            department_id=found.department_id,
            name=found.name,
            window=cube.window,
            zone=cube.zone,
            as_of=cube.as_of,
            renewed_from=until.isoformat(),
            whole=_whole(found, tuple(sums.values()), seeing),
            lines=lines if found.whole and found.whole.users >= seeing.least else (),
            together=tuple(
                Line(teams, _members(teams, members), None, totals)
                for teams, totals in sums.items()
                if teams not in alone
            ),
            services=found.services,
            least=seeing.least,
            least_sum=seeing.limits.sums,
            purpose=purpose,
            simulated=cube.simulated,
        )


def _whole(found: Department, sums: Sequence[Totals], seeing: Seeing) -> Line:
    if found.whole is None:
        return Line(found.teams, found.members, None, None)
    return seeing.line(found.whole, _together(sums, found.several))


def _together(sums: Sequence[Totals], several: int) -> Totals | None:
    """Add sums up; of whose users as many may be in more than one.

    How many are, of those, would tell who of them used something.
    """
    if not sums:
        return None
    total = reduce(Totals.plus, sums)
    if not several:
        return total
    least = max(total.users - several, *(one.users for one in sums))
    return replace(total, users=least, or_more=True)


def _members(teams: tuple[str, ...], members: dict[tuple[str, ...], int]) -> int:
    within = set(teams)
    return sum(count for row, count in members.items() if within.issuperset(row))


def scoped(scope: str | None) -> str | None:
    """Return the department's id of a scope ``dept:ID``, None for other scopes."""
    return scope.removeprefix(SCOPE) if scope and scope.startswith(SCOPE) else None


def usage_of(page: DepartmentPage) -> dict[str, Any]:
    """Answer ``/api/v1/usage?scope=dept:ID`` from what the page tells."""
    missing = [] if page.whole.totals else [untold(page)]
    return {
        "window": window_json(page.window, page.zone),
        "rows": [totals_json(page.whole.totals)] if page.whole.totals else [],
        "completeness": {
            "sources": [],
            "until": instant_json(page.as_of),
            "missing": missing,
        },
    }


def check_frozen(asked: Sequence[object]) -> None:
    """Raise Invalid where a question about a department brings its own interval."""
    if any(asked):
        message = (
            "the figures of departments are published as they are: leave from, until "
            "and group_by out"
        )
        raise Invalid(message)


def untold(page: DepartmentPage) -> str:
    """Say why a sum is not told, without telling which rule it was."""
    return (
        f"Sums are told of groups in which at least {page.least_sum} people used "
        "something, where neither they nor a difference of two of them tells of one."
    )


def department_json(page: DepartmentPage) -> dict[str, Any]:
    """Name everything on the page."""
    return {
        "id": page.department_id,
        "name": page.name,
        "window": window_json(page.window, page.zone),
        "as_of": instant_json(page.as_of),
        "renewed_from": page.renewed_from,
        "least_people": page.least,
        "least_people_sums": page.least_sum,
        "whole": _line_json(page.whole),
        "teams": [_line_json(one) for one in page.lines],
        "together": [_line_json(one) for one in page.together],
        "services": totals_json(page.services),
        "purpose": page.purpose,
    }


def _line_json(line: Line) -> dict[str, Any]:
    median, middle = line.bands or (None, None)
    return {
        "teams": list(line.teams),
        "members": line.members,
        "median_tokens": _range_json(median),
        "middle_half_tokens": _range_json(middle),
        "total": totals_json(line.totals) if line.totals else None,
    }


def _range_json(found: Range | None) -> dict[str, int] | None:
    return None if found is None else {"from": found.low, "below": found.high}


def totals_json(totals: Totals) -> dict[str, Any]:
    """Name every figure of a sum."""
    return {
        "calls": totals.calls,
        "tokens": totals.tokens,
        "cost_usd": dollars(totals.cost),
        "unpriced": totals.unpriced,
        "people": totals.users,
        "or_more": totals.or_more,
    }


def listed_json(found: Sequence[Listed]) -> dict[str, Any]:
    """Name the departments that somebody may open."""
    return {
        "departments": [
            {
                "id": one.department_id,
                "name": one.name,
                "members": one.members,
                "told": one.told,
            }
            for one in found
        ]
    }
