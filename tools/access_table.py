"""Write docs/reference/access.md: every address with every role and relation.

Run it after a change of roles.toml or of a route: ``python tools/access_table.py``.
Each cell asks ``decide`` itself, as a viewer who has this role and no other.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mileage.access.policy import Allowed, Case, decide
from mileage.access.readables import READABLES
from mileage.access.roles import shipped_roles
from mileage.domain.directory import ORGANISATION, department_subject
from mileage.domain.people import HeldRole, Viewer
from mileage.web.route_access import ROUTES

if TYPE_CHECKING:
    from mileage.access.roles import Relation, Role

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "access.md"
HEAD = """# Access

Which address shows what, to whom, for which purpose. `python tools/access_table.py`
makes this page of the roles that ship and of the routes there are; a test fails when it
is out of date or when an address has no row. The table in force in your organisation is
on the page `/access`; it is set in [roles.toml](policy.md#rolestoml).

## By report

A cell names the purposes for which somebody with that role may read, and `-` where the
answer is a refusal. `self`, `board`, `directory` and `operations` follow from the
report; the others are stated. Everybody with an account is a `member` too. `manager` is
whoever has people below them, and has no other role here; `department-lead` leads the
department of the row.
"""
GROUPS = ("department", "adoption")
"""Reports about departments and teams."""
OPENERS = {
    "report": "by the table above",
    "signed in": "whoever is signed in: what is their own, or figures of nobody",
    "anybody": "anybody: no figures",
    "token": "a token for telemetry or for provisioning: takes in, shows no figures",
}
ACCOUNT, LED, OWN = "acc_viewer", "Led", "Own"


def viewer_with(role: Role) -> Viewer:
    """Return a viewer who has one role, and with it that of a member."""
    if role.held_by == "operator":
        return Viewer("", "operator", operator=True)
    held = {
        "grant": (HeldRole(role.name),),
        "department grant": (HeldRole(role.name, LED),),
    }
    return Viewer(ACCOUNT, role.name, roles=held.get(role.held_by, ()))


def question(
    role: Role, report: str, relation: Relation, purpose: str = ""
) -> Allowed | None:
    """Ask whether a role may read a report of somebody it has this relation to."""
    place = {"led-department": LED, "own-department": OWN}.get(relation, "Elsewhere")
    subject = {"self": ACCOUNT, "organisation": ORGANISATION}.get(relation, "acc_x")
    if report in GROUPS:
        subject = department_subject(place)
    managed = "report-line" in (relation, *_extra(report))
    case = Case(
        purpose=purpose,
        in_report_line=managed and role.held_by == "org chart",
        department="" if report in GROUPS else place,
        own_department=OWN,
    )
    found = decide(viewer_with(role), report, subject, case)
    return found if isinstance(found, Allowed) else None


def _extra(report: str) -> tuple[str, ...]:
    # The list of people is about everybody, and about those below for a manager.
    return ("report-line",) if report == "people" else ()


def purposes(role: Role, report: str, relation: Relation) -> list[str]:
    """Return the purposes for which a role may read."""
    stated = [why.name for why in shipped_roles().purposes]
    found = (question(role, report, relation, one) for one in ("", *stated))
    return list(dict.fromkeys(one.purpose for one in found if one is not None))


def rendered() -> str:
    """Return the page."""
    roles = shipped_roles().roles
    lines = [HEAD]
    lines += _row("report", "of", *(role.name for role in roles))
    lines += _row(*["---"] * (2 + len(roles)))
    reads = dict.fromkeys(
        (told, of) for one in ROUTES for told in one.reports for of in one.of
    )
    for report, of in reads:
        cells = (", ".join(purposes(role, report, of)) or "-" for role in roles)
        lines += _row(f"`{report}`", of, *cells)
    lines += ["", "## Parts", "", "Without these parts, though with the rest.", ""]
    lines += _row("role", "report", "of", "without") + _row(*["---"] * 4)
    for line in shipped_roles().lines:
        without = set(READABLES[line.report].fields) - line.fields
        if without:
            named = ", ".join(sorted(without))
            lines += _row(line.role.name, f"`{line.report}`", line.of, named)
    lines += ["", "## By address", ""]
    lines += _row("method", "address", "opens for", "report", "of")
    lines += _row(*["---"] * 5)
    for one in ROUTES:
        for method in one.methods:
            told = ", ".join(f"`{name}`" for name in one.reports) or "-"
            reads_of = (told, ", ".join(one.of))
            opener = OPENERS[one.opener]
            lines += _row(method, f"`{one.path}`", opener, *reads_of)
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> list[str]:
    return [f"| {' | '.join(cells)} |"]


if __name__ == "__main__":
    PAGE.write_text(rendered(), "utf-8")
