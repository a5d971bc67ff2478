"""Reading the published board as the operator in a shell."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import Invalid
from mileage.domain.people import OPERATOR
from mileage.domain.window import micros
from mileage.honours.lenses import named
from mileage.reports.board import cut, rank
from mileage.reports.snapshots import Snapshots
from mileage.store.control import FILE_NAME, open_control
from mileage.wiring.operations import operations
from mileage.wiring.organisation import now
from mileage.wiring.policy import load_policy

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.figures import Board


def board(data: Path, lens: str | None, top: int | None, as_of: str | None) -> Board:
    """Return the board; without ``as_of`` a fresh snapshot is published first.

    The read is recorded before the figures are returned. Raises Invalid for an
    instant that cannot be read, NotFound for an unknown lens.
    """
    instant = _instant(as_of)
    policy = load_policy(data)
    chosen = named(policy.lenses, lens) if lens else policy.lenses[0]
    if instant is None:
        with operations(data) as owner:
            owner.publish()
    snapshot = Snapshots(data / "snapshots").latest(instant)
    ranked = rank(snapshot, chosen)
    found = cut(snapshot, chosen, ranked, top=top or policy.settings.top, account_id="")
    detail = f"lens {chosen.name}, as of {snapshot.as_of}"
    with open_control(data / FILE_NAME, clock=now) as control:
        control.record_access(
            NamedRead(
                OPERATOR, "operations", "board", ORGANISATION, len(found.rows), detail
            )
        )
    return found


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        message = f"--as-of {text!r} is no instant; write it as 2026-11-22T12:00:00Z"
        raise Invalid(message) from None
    if read.tzinfo is None:
        message = f"--as-of {text!r} needs its offset from UTC, as in {text}Z"
        raise Invalid(message)
    return micros(read)
