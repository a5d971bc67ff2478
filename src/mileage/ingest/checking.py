"""Reading every segment through, and what was kept aside of earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.checked import Checked
from mileage.domain.errors import Invalid, MileageError
from mileage.ingest.frames import TORN, Damage
from mileage.ingest.record import decode

if TYPE_CHECKING:
    from mileage.domain.booking import Position
    from mileage.ingest.quarantine import Quarantine
    from mileage.ingest.segment import Segments


def check_segments(segments: Segments, written: Position) -> Checked:
    """Read every record of every segment, up to the last one written."""
    looked_at = 0
    problems: list[str] = []
    notes: list[str] = []
    for number in segments.numbers():
        if number > written.segment:
            break
        last = {"last": written.record} if number == written.segment else {}
        try:
            for found in segments.read(number, **last):
                looked_at += 1
                if not isinstance(found, Damage):
                    _decodes(found.payload)
                elif found.kind == TORN:
                    notes.append(f"{_said(found)}: nobody was told that they are safe")
                else:
                    problems.append(_said(found))
        except MileageError as error:
            problems.append(f"segment {number}: {error}")
    return Checked("segments", looked_at, tuple(problems), tuple(notes))


def _decodes(payload: bytes) -> None:
    try:
        decode(payload)
    except Invalid as error:
        message = f"a whole record that this version cannot read ({error})"
        raise Invalid(message) from None


def _said(damage: Damage) -> str:
    return (
        f"segment {damage.segment}: {damage.lost_bytes} bytes from offset "
        f"{damage.offset} are {damage.kind}"
    )


def check_quarantine(quarantine: Quarantine) -> Checked:
    """Tell of everything that was kept aside and may have been acknowledged."""
    pieces = quarantine.pieces()
    problems = tuple(
        f"quarantine: {one.bytes} bytes of segment {one.segment} from offset "
        f"{one.offset} are {one.kind} and were never taken in; what they held has to "
        "be sent again"
        for one in pieces
        if one.acknowledged
    )
    torn = len(pieces) - len(problems)
    notes = (f"quarantine: {torn} torn tails that nobody was told are safe",)
    return Checked("quarantine", len(pieces), problems, notes if torn else ())
