"""Which rows of a board somebody may read: its top, more of it, a department's.

The board of the organisation goes as far as its published top for everybody. Whoever
may read the whole of it leafs on and searches it; others search the top, and everybody
by what they are shown of a row. The board of a department is for whoever may open the
pages of its people.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.directory import (
    ORGANISATION,
    department_subject,
    team_subject,
)
from mileage.domain.figures import Asked
from mileage.reports.board import board_of, without_claimants
from mileage.reports.boards import place_of, scope_of
from mileage.reports.gate import ANYBODY
from mileage.reports.participation import GROUPS
from mileage.reports.why import Placed

if TYPE_CHECKING:
    from collections.abc import Collection

    from mileage.access.policy import Allowed
    from mileage.domain.figures import Board, BoardRow, Snapshot
    from mileage.domain.people import Account, Viewer
    from mileage.reports.boards import Boards
    from mileage.reports.gate import Gate
    from mileage.reports.participation import Participation, Stances

WHOLE = "whole_board"
"""The report that is a board below its top."""
EVERYBODY = 10**6
"""More rows than a department has."""


class Part(NamedTuple):
    """Which part of a board is asked for, unchecked."""

    window: str = ""
    scope: str = "org"
    page: int = 1
    wanted: str = ""
    """Words to look for; '' for ranked rows."""
    purpose: str = ""


TOP = Part()


class BoardOf(NamedTuple):
    """A board by its address: lens ('' for the first), part, and of when."""

    lens: str = ""
    part: Part = TOP
    as_of: int | None = None


class Read(NamedTuple):
    """What was read, for whoever records, masks and marks it."""

    board: Board
    allowed: Allowed
    """By which right."""
    now: Stances
    """How people stood on boards when it was read."""


class BoardReading(NamedTuple):
    """Decides and reads; what leaves is still to be recorded, masked and marked."""

    boards: Boards
    gate: Gate
    participation: Participation
    top: int

    def read(
        self, viewer: Viewer, lens: str, part: Part, as_of: int | None = None
    ) -> Read:
        """Return the rows and what they go by; raises NotFound, Refused."""
        self.gate.allow(viewer, "board")
        head = self.boards.head(part.window, as_of)
        allowed, whole = self._allowed(viewer, head, part)
        now = self.participation.now()
        asked = Asked(
            lens=lens,
            first=(part.page - 1) * self.top,
            count=self.top,
            scope=part.scope,
            without=now.left_out(part.scope),
            unnamed=now.unnamed,
        )
        asked = self._without_gone(viewer, head, asked, part.purpose)
        page = self.boards.rows(head, asked)
        own = self.boards.row_beside(page, head, asked, viewer.account_id)
        board = replace(
            board_of(head, asked, page, own),
            whole=whole,
            opens=self.gate.whose_pages(viewer),
        )
        if not part.wanted:
            return Read(board, allowed, now)
        found = self.boards.search(head, asked, part.wanted) if whole else page.rows
        shown = self.participation.masked(found, viewer.account_id, now)
        seen = without_claimants(replace(board, rows=shown), viewer).rows
        found = among(found, seen, part.wanted.casefold().split())
        return Read(replace(board, rows=found, own=None, first=0), allowed, now)

    def warm(self) -> Snapshot:
        """Read the first page of the default board and whom a search finds there."""
        head = self.boards.head()
        now = self.participation.now()
        asked = Asked(count=self.top, without=now.hidden, unnamed=now.unnamed)
        self.boards.warm(head, asked)
        return head

    def placed(
        self,
        viewer: Viewer,
        account: Account,
        of: BoardOf,
        allowed: Allowed,
    ) -> Placed:
        """Return where somebody stands, as far as this viewer may know that.

        Services and contractors stand on boards of their own, not on that of people. A
        rank below the top is a part of the page of its person. Who shows no name on
        boards has none to others, whatever else of them those may open.
        """
        lens, part, as_of = of
        if part.scope == ORGANISATION:
            part = part._replace(scope=scope_of(account.kind))
        head = self.boards.head(part.window, as_of)
        if part.scope.startswith(GROUPS):
            self._allowed(viewer, head, part)
        now = self.participation.now()
        without = now.left_out(part.scope)
        asked = Asked(lens=lens, count=0, scope=part.scope, without=without)
        asked = self._without_gone(viewer, head, asked, part.purpose)
        whose = account.account_id
        row = self.boards.row_of(head, asked, whose)
        if row and whose != viewer.account_id:
            known = "rank" in allowed.fields or row.rank <= self.top
            row = row if known and whose not in now.unnamed else None
        ranked = self.boards.rows(head, asked).ranked
        published = head.lenses[place_of(head, lens)]
        return Placed(head, published, part.scope, row, ranked)

    def _without_gone(
        self, viewer: Viewer, head: Snapshot, asked: Asked, purpose: str
    ) -> Asked:
        """Leave out who stood in a group then and whose page does not open today.

        The right to its board is that to the pages of whoever is in it today.
        """
        if not asked.scope.startswith(GROUPS) or self.gate.whose_pages(viewer) is None:
            return asked
        today = self.gate.members(*self.boards.group_of(head, asked.scope))
        rows = self.boards.rows(head, replace(asked, first=0, count=EVERYBODY)).rows
        gone = [
            one
            for row in rows
            if (one := row.standing.account_id) not in today
            and not self.gate.opens_page(viewer, one, purpose)
        ]
        return replace(asked, without=asked.without.union(gone)) if gone else asked

    def _allowed(
        self, viewer: Viewer, head: Snapshot, part: Part
    ) -> tuple[Allowed, bool]:
        """Return by which right, and whether it goes below the top."""
        if part.scope.startswith(GROUPS):
            subject = ANYBODY
            if self.gate.whose_pages(viewer) is not None:
                department, team = self.boards.group_of(head, part.scope)
                subject = (
                    team_subject(department, team)
                    if team
                    else department_subject(department)
                )
            return self.gate.allow(viewer, "personal", subject, part.purpose), True
        whole = self.gate.opens(viewer, WHOLE)
        if part.page > 1 or (part.wanted and whole):
            return self.gate.allow(viewer, WHOLE, purpose=part.purpose), True
        return self.gate.allow(viewer, "board"), whole


def among(
    rows: tuple[BoardRow, ...], shown: tuple[BoardRow, ...], words: Collection[str]
) -> tuple[BoardRow, ...]:
    """Return the rows that, as they are shown, hold every word."""
    return tuple(
        row
        for row, seen in zip(rows, shown, strict=True)
        if all(word in _told(seen) for word in words)
    )


def _told(row: BoardRow) -> str:
    one = row.standing
    return f"{one.name} {one.department} {one.team}".casefold()
