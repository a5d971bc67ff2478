"""Statements: who wants it said whether they are among the first of the board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.figures import Asked
from mileage.domain.participation import Stated, Statements
from mileage.domain.rights import ERASED
from mileage.reports.values import instant_json

if TYPE_CHECKING:
    from mileage.domain.people import Viewer
    from mileage.reports.boards import Boards
    from mileage.reports.gate import Gate
    from mileage.reports.participation import Participation
    from mileage.store.control import Control

SCOPES = ("org", "contractors")
"""The boards of people."""


@dataclass(frozen=True, slots=True)
class StatementDesk:
    """Implements ``web.desks.StatementDesk``; safe to call from threads."""

    boards: Boards
    gate: Gate
    participation: Participation
    control: Control
    top: int

    def statements(self, viewer: Viewer) -> Statements:
        """Say of each who wants it whether they are among the first, shown or not.

        Ranked as if all of them stood on the board. Whoever has objected is not here.
        """
        allowed = self.gate.allow(viewer, "board")
        control, head = self.control, self.boards.head()
        chosen = control.participation()
        wanted = {one for one, choice in chosen.items() if choice.stated}
        wanted -= control.objectors()
        without = self.participation.hidden() - wanted
        among = {
            row.standing.account_id
            for scope in SCOPES
            for row in self.boards.rows(
                head, Asked(count=self.top, scope=scope, without=without)
            ).rows
        }
        people = [one for one in control.accounts_of(wanted) if one.kind != ERASED]
        ids = tuple(sorted(one.account_id for one in people))
        detail = f"statements, as of {head.as_of}"
        control.record_access(
            NamedRead(
                *(viewer, allowed.purpose, "board", ORGANISATION),
                *(len(ids), detail, ids),
            )
        )
        rows = (Stated(one.name, one.account_id in among) for one in people)
        return Statements(
            top=self.top,
            lens=head.lenses[0].title if head.lenses else "",
            as_of=head.as_of,
            zone=head.zone,
            rows=tuple(sorted(rows, key=lambda one: (one.name.casefold(), one.among))),
        )


def statements_json(found: Statements) -> dict[str, Any]:
    """Name every statement."""
    return {
        "top": found.top,
        "lens": found.lens,
        "as_of": instant_json(found.as_of),
        "rows": [one._asdict() for one in found.rows],
    }
