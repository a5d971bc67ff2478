"""Reading the published board as the operator in a shell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import Invalid
from mileage.domain.figures import Asked as Rows
from mileage.domain.instants import read_instant
from mileage.domain.people import OPERATOR
from mileage.reports.board import board_detail, board_of
from mileage.reports.boards import Boards
from mileage.reports.participation import Participation
from mileage.reports.snapshots import Snapshots
from mileage.store.control import FILE_NAME, open_control
from mileage.wiring.operations import operations
from mileage.wiring.organisation import now
from mileage.wiring.policy import load_policy

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.figures import Board
    from mileage.domain.recomputed import Recomputed


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody in a shell asked for, unchecked; None takes the default."""

    lens: str | None = None
    top: int | None = None
    as_of: str | None = None
    window: str | None = None
    scope: str = "org"


def board(data: Path, asked: Asked) -> Board:
    """Return the board; without ``as_of`` a fresh snapshot is published first.

    The read is recorded before the figures are returned. Raises Invalid for what
    cannot be read, NotFound for a lens, window or scope that is not published.
    """
    policy = load_policy(data)
    instant = _instant(asked.as_of, policy.settings.zone)
    if instant is None:
        with operations(data) as owner:
            owner.publish()
    boards = Boards(Snapshots(data / "snapshots"))
    head = boards.head(asked.window or "", instant)
    with open_control(data / FILE_NAME, clock=now) as control:
        taking_part = Participation(control, policy.settings)
        wanted = Rows(
            lens=asked.lens or "",
            count=asked.top or policy.settings.top,
            scope=asked.scope,
            without=taking_part.now().left_out(asked.scope),
        )
        found = board_of(head, wanted, boards.rows(head, wanted))
        detail = board_detail(found)
        named_there = tuple(row.standing.account_id for row in found.rows)
        read = NamedRead(
            *(OPERATOR, "operations", "board", ORGANISATION),
            *(len(found.rows), detail, named_there),
        )
        control.record_access(read)
        return replace(found, rows=taking_part.masked(found.rows, ""))


def recomputed(data: Path, asked: Asked) -> Recomputed:
    """Return a published board computed again from the ledger; recorded as read.

    Raises as ``board`` does, and Invalid for what was published before publications
    kept what they were made of, and for a scope.
    """
    if asked.scope != ORGANISATION:
        message = "--recompute is of a whole window: leave --scope out"
        raise Invalid(message)
    instant = _instant(asked.as_of, load_policy(data).settings.zone)
    with operations(data) as owner:
        return owner.recompute(instant, asked.window or "", asked.lens or "", asked.top)


def _instant(text: str | None, zone: str) -> int | None:
    return None if text is None else read_instant(text, zone, "--as-of")
