"""Who may see which report about whom. What no line of the table allows is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.readables import READABLES
from mileage.access.roles import IMPLIED, Roles, shipped_roles
from mileage.domain.directory import ORGANISATION, department_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.access.roles import Line, Relation
    from mileage.domain.people import Purpose, Viewer


@dataclass(frozen=True, slots=True)
class Allowed:
    """The viewer may; ``recorded`` reads leave an access row before they are sent."""

    purpose: Purpose
    recorded: bool
    fields: frozenset[str] = frozenset()
    """The parts of the report that may be shown (``Readable.fields``)."""
    of: frozenset[Relation] = field(default=frozenset(), compare=False)
    """By which relations; with ``organisation`` it is about everybody."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The viewer may not."""

    reason: str
    """A sentence for the viewer; it tells nothing about the subject."""
    purposes: tuple[Purpose, ...] = ()
    """With one of these stated the viewer may; () when nothing helps."""


class Case(NamedTuple):
    """What a decision needs beside the ids: who the subject is today, and why."""

    purpose: Purpose = ""
    """As the viewer states it; '' when nothing was stated."""
    in_report_line: bool = False
    """The subject is, on this day, below the viewer in the org chart: every member of
    it for a department or team, and anybody at all for the organisation."""
    department: str = ""
    """The subject's own department on this day, when the subject is a person."""
    own_department: str = ""
    """The viewer's."""


REASONS: Mapping[str, str] = MappingProxyType(
    {name: readable.refusal for name, readable in READABLES.items()}
)


def decide(
    viewer: Viewer,
    report: str,
    subject: str = ORGANISATION,
    case: Case = Case(),  # noqa: B008 - an immutable value
    roles: Roles | None = None,
) -> Allowed | Refusal:
    """Decide about one read, by the table in force (the shipped one when left out).

    ``subject`` is an account id, a department, a team (``domain.directory``) or
    ``ORGANISATION``. It knows of no clock and no directory: the org chart as of the
    day comes in with ``case``.
    """
    if report not in READABLES:
        return Refusal(f"there is no report named {report!r}")
    if not (viewer.operator or viewer.account_id):
        return Refusal("nobody is signed in: sign in first")
    table = roles or shipped_roles()
    relations = relations_to(viewer, subject, case)
    lines = [
        line
        for line in table.lines
        if line.report == report
        and line.of in relations
        and _holds(viewer, line, _department(subject, case))
    ]
    if not lines:
        return Refusal(REASONS[report])
    return _for_a_purpose(table, lines, case.purpose)


def relations_to(viewer: Viewer, subject: str, case: Case) -> frozenset[Relation]:
    """Tell how the viewer stands to the subject; several may hold at once."""
    if subject == ORGANISATION:
        base: Relation = "organisation"
    elif department_of(subject) is not None:
        base = "department"
    elif subject and subject == viewer.account_id:
        # The operator in a shell has no account, so no page is the operator's own.
        return frozenset({"self"})
    else:
        base = "other"
    found: set[Relation] = {base}
    department = _department(subject, case)
    if case.in_report_line:
        found.add("report-line")
    if department and department in viewer.led_departments:
        found.add("led-department")
    if department and department == case.own_department:
        found.add("own-department")
    return frozenset(found)


def _department(subject: str, case: Case) -> str:
    return department_of(subject) or case.department


def _holds(viewer: Viewer, line: Line, department: str) -> bool:
    """Tell whether the viewer has the role of a line towards this department.

    An operator reads as the operator and as nothing else, so that every such read
    is recorded as one.
    """
    role = line.role
    if viewer.operator or role.held_by == "operator":
        return viewer.operator and role.held_by == "operator"
    if role.held_by == "department grant":
        return (role.name, department) in viewer.roles
    return role.held_by != "grant" or (role.name, "") in viewer.roles


def _for_a_purpose(
    table: Roles, lines: Sequence[Line], stated: Purpose
) -> Allowed | Refusal:
    in_force = table.in_force
    open_for = dict.fromkeys(
        purpose for line in lines for purpose in line.purposes if purpose in in_force
    )
    implied = next((one for one in open_for if one in IMPLIED), "")
    purpose = stated if stated in open_for else implied
    if not open_for:
        return Refusal(REASONS[lines[0].report])
    if not purpose:
        return _unstated(tuple(open_for), stated)
    readable = READABLES[lines[0].report]
    applied = [line for line in lines if purpose in line.purposes]
    return Allowed(
        purpose,
        recorded=readable.names_people and purpose != "self",
        fields=frozenset().union(*(line.fields for line in applied)),
        of=frozenset(line.of for line in applied),
    )


def _unstated(purposes: tuple[Purpose, ...], stated: Purpose) -> Refusal:
    wanted = ", ".join(purposes)
    if stated:
        reason = f"that purpose is not open to you; state one of: {wanted}"
        return Refusal(reason, purposes)
    return Refusal(f"say what for: state a purpose, one of: {wanted}", purposes)
