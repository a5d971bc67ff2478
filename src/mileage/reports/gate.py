"""The gate before every report: who asks, about whom, why; as of this moment.

It brings what the pure decision cannot know: the table in force and the org chart of
the day. Nothing is remembered between two reads, so a change counts from the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from mileage.access.policy import Allowed, Case, Refusal, decide
from mileage.domain.directory import ORGANISATION, department_of, team_of
from mileage.domain.errors import PurposeMissing, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date

    from mileage.access.roles import Relation, Roles
    from mileage.domain.people import Membership, Viewer


ANYBODY = "\0"
"""An account id that nobody has."""


class Chart(Protocol):
    """The org chart of a day."""

    def place_on(self, account_id: str, day: date) -> Membership | None:
        """Return where an account belongs on a local day."""
        ...

    def are_below(
        self, account_ids: Collection[str], manager_id: str, day: date
    ) -> bool:
        """Tell whether each of some has this manager, directly or through others."""
        ...

    def has_people_below(self, manager_id: str, day: date) -> bool:
        """Tell whether anybody has this manager directly on a local day."""
        ...

    def people_below(
        self, manager_id: str, day: date, since: date | None = None
    ) -> frozenset[str]:
        """Return everybody below somebody on a local day, or on any ``since`` then.

        With ``since`` perhaps some more: who was below whom at different times adds up.
        """
        ...

    def members_on(
        self, day: date, department: str, team: str | None = None
    ) -> frozenset[str]:
        """Return who belongs to a department or to one team of it on a local day."""
        ...


class Gate(NamedTuple):
    """Decides about reads; safe to share between threads."""

    chart: Chart
    roles: Callable[[], Roles]
    """The table in force now."""
    today: Callable[[], date]
    """The local day of the organisation."""

    def allow(
        self,
        viewer: Viewer,
        report: str,
        subject: str = ORGANISATION,
        purpose: str | None = None,
    ) -> Allowed:
        """Return what is allowed; raises Refused, and PurposeMissing to ask for one.

        ``subject`` is an account id, a department or team, or ``ORGANISATION``. What
        it answers to somebody who may not tells nothing about the subject.
        """
        roles = self.roles()
        case = self._case(viewer, report, subject, roles)._replace(
            purpose=purpose or ""
        )
        decision = decide(viewer, report, subject, case, roles)
        if isinstance(decision, Allowed):
            return decision
        raise _refused(decision, roles)

    def opens(self, viewer: Viewer, report: str) -> bool:
        """Tell whether a viewer may open a report about many, for some purpose."""
        try:
            self.allow(viewer, report)
        except PurposeMissing:
            return True
        except Refused:
            return False
        return True

    def opens_page(self, viewer: Viewer, account_id: str, purpose: str) -> bool:
        """Tell whether a viewer may open somebody's page for this purpose."""
        try:
            self.allow(viewer, "personal", account_id, purpose)
        except (PurposeMissing, Refused):
            return False
        return True

    def members(self, department: str, team: str = "") -> frozenset[str]:
        """Return who belongs to a department or to one team of it today."""
        return self.chart.members_on(self.today(), department, team or None)

    def whose_pages(self, viewer: Viewer) -> frozenset[str] | None:
        """Return whose pages a viewer may open for some purpose; None: anybody's.

        Those of people of departments that a line of the table names are left out:
        they open all the same.
        """
        roles = self.roles()
        of_anybody = decide(viewer, "personal", ANYBODY, Case(), roles)
        if isinstance(of_anybody, Allowed) or of_anybody.purposes:
            return None
        lines = (line.of for line in roles.lines if line.report == "personal")
        return self.below(viewer) if "report-line" in lines else frozenset()

    def below(self, viewer: Viewer, since: date | None = None) -> frozenset[str]:
        """Return who is below a viewer today; who was, perhaps, ``since`` a day too."""
        if viewer.operator or not viewer.account_id:
            return frozenset()
        return self.chart.people_below(viewer.account_id, self.today(), since)

    def _case(self, viewer: Viewer, report: str, subject: str, roles: Roles) -> Case:
        """Look up only what some line of the report asks for."""
        if viewer.operator or not viewer.account_id or subject == viewer.account_id:
            return Case()
        lines = (line for line in roles.lines if line.report == report)
        asked: set[Relation] = {line.of for line in lines}
        today = self.today()
        person = department_of(subject) is None and subject != ORGANISATION
        placed = asked & {"led-department", "own-department"}
        return Case(
            in_report_line="report-line" in asked
            and self._in_line(viewer.account_id, subject, today),
            department=self._department(subject, today) if person and placed else "",
            own_department=(
                self._department(viewer.account_id, today)
                if "own-department" in asked
                else ""
            ),
        )

    def _department(self, account_id: str, today: date) -> str:
        place = self.chart.place_on(account_id, today)
        return place.department if place else ""

    def _in_line(self, viewer_id: str, subject: str, today: date) -> bool:
        """Tell whether all of the subject is below the viewer; anybody, for all."""
        if subject == ORGANISATION:
            return self.chart.has_people_below(viewer_id, today)
        department = department_of(subject)
        if department is None:
            return self.chart.are_below((subject,), viewer_id, today)
        members = self.chart.members_on(today, department, team_of(subject))
        return self.chart.are_below(members - {viewer_id}, viewer_id, today)


def _refused(decision: Refusal, roles: Roles) -> Refused | PurposeMissing:
    if not decision.purposes:
        return Refused(decision.reason)
    titles = {why.name: why.title for why in roles.purposes}
    return PurposeMissing(
        decision.reason, {name: titles[name] for name in decision.purposes}
    )
