"""What travels from somebody's machine to a server: witnesses and activity, no more.

One body is gzip over MessagePack: a head that says what it holds, then rows. The
content type carries the version of the format; what a row may lack or have more is
decided by the names in the head, so that neither side has to be upgraded first.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import msgspec

from mileage.domain.errors import Invalid
from mileage.domain.witness import (
    ACTIVITY_KINDS,
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    Witness,
    WitnessBatch,
)
from mileage.ingest.projects import is_digest

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/api/v1/witnesses"
CONTENT_TYPE = "application/vnd.mileage.witnesses.v1+msgpack"
MOST_ROWS = 20_000
"""Of one kind in one body; a hostile body may grow 30-fold when it is decoded."""
MOST_TEXT = 256
MOST_COST = 10**15
"""Micro-dollars: a thousand million dollars for one call are nonsense."""
MEASURES = ("", "estimate", "unmeasured")
NOT_SHOWN = "(not shown)"
UNKNOWN_SOURCE = "source not installed on the server"
_MACHINE = re.compile(r"mach_[a-z2-7]{16}")
_SOURCE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_OTHER_SOURCE = "of another source than its body"
_LEVEL = 3
MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are not of the format."""

_Rows = Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MOST_ROWS)]
_Refusals = Annotated[list[Rejected], msgspec.Meta(max_length=MOST_ROWS)]
Row = TypeVar("Row", Witness, Activity)


class Push(NamedTuple):
    """Rows of one source from one machine."""

    source: str
    machine: str
    """Opaque and random: two machines of one account are told apart by it."""
    reading: Reading
    refused: tuple[Rejected, ...] = ()
    """Rows that were no rows; in ``reading.rejected`` beside what the machine said."""


class _Body(msgspec.Struct):
    source: str
    machine: str
    witness_fields: list[str]
    witnesses: _Rows
    activity_fields: list[str]
    activities: _Rows
    rejected: _Refusals = []
    ignored: Annotated[int, msgspec.Meta(ge=0, le=10**12)] = 0


class Reason(msgspec.Struct, frozen=True):
    """Why some rows were not taken."""

    reason: str
    count: int


class Receipt(msgspec.Struct, frozen=True):
    """What a server answers: what is on its disk now, and what it will not take."""

    witnesses: int
    activities: int
    rejected: int
    reasons: tuple[Reason, ...]
    recipient: str
    """Stands for (this ledger, this account): another one has none of the rows."""
    sources: tuple[str, ...]
    """Sources whose rows this server takes."""
    version: str


_encoder = msgspec.msgpack.Encoder()
_bodies = msgspec.msgpack.Decoder(_Body)
_witnesses = msgspec.msgpack.Decoder(Witness)
_activities = msgspec.msgpack.Decoder(Activity)


def encode(push: Push) -> bytes:
    """Return the body of a request, compressed."""
    reading = push.reading
    plain = _encoder.encode(
        {
            "source": push.source,
            "machine": push.machine,
            "witness_fields": Witness._fields,
            "witnesses": list(reading.witnesses.rows()),
            "activity_fields": Activity._fields,
            "activities": list(reading.activities.rows()),
            # Servers of the first release know these three fields.
            "rejected": [one[:3] for one in reading.rejected],
            "ignored": reading.ignored,
        }
    )
    packer = zlib.compressobj(_LEVEL, wbits=16 + zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


def decode(plain: bytes) -> Push:
    """Read an inflated body back; raises Invalid when it is not of this format.

    A row that is not as it should be becomes a rejection: its neighbours count.
    """
    try:
        body = _bodies.decode(plain)
    except MALFORMED as error:
        raise Invalid(f"not a body of witnesses: {_place(error)}") from None
    if not _MACHINE.fullmatch(body.machine):
        raise Invalid("`machine` is not the id of a machine")
    if not _SOURCE.fullmatch(body.source):
        raise Invalid("`source` is not the name of a source")
    _check_fields(body.witness_fields, Witness)
    _check_fields(body.activity_fields, Activity)
    told = tuple(_bounded(one, body.source) for one in body.rejected)
    rejected: list[Rejected] = []
    witnesses = [
        row
        for number, raw in enumerate(body.witnesses, start=1)
        for row in _row(_witness, raw, f"witness {number}", body.source, rejected)
    ]
    activities = [
        row
        for number, raw in enumerate(body.activities, start=1)
        for row in _row(_activity, raw, f"activity {number}", body.source, rejected)
    ]
    reading = Reading(
        WitnessBatch.of(witnesses),
        ActivityBatch.of(activities),
        (*told, *rejected),
        body.ignored,
    )
    return Push(body.source, body.machine, reading, tuple(rejected))


def halves(body: bytes) -> list[bytes]:
    """Divide one of our own bodies in two; a body of one row stays as it is."""
    push = decode(zlib.decompress(body, 16 + zlib.MAX_WBITS))
    witnesses = list(push.reading.witnesses.rows())
    activities = list(push.reading.activities.rows())
    rejected = push.reading.rejected
    most = max(len(rejected), len(witnesses), len(activities))
    if most <= 1:
        return [body]
    middle = (most + 1) // 2
    return [
        encode(
            push._replace(
                reading=Reading(
                    WitnessBatch.of(witnesses[part]),
                    ActivityBatch.of(activities[part]),
                    rejected[part],
                    push.reading.ignored if part.start == 0 else 0,
                )
            )
        )
        for part in (slice(0, middle), slice(middle, None))
    ]


def latest(body: bytes, count: int) -> bytes:
    """Return one of our own bodies with so many of its rows, those of the latest times.

    What else it told is left out: it has been told.
    """
    push = decode(zlib.decompress(body, 16 + zlib.MAX_WBITS))
    reading = push.reading
    rows: list[Witness | Activity] = [*reading.witnesses.rows()]
    rows += reading.activities.rows()
    rows.sort(key=lambda row: row.occurred_at, reverse=True)
    chosen = Reading(
        WitnessBatch.of(row for row in rows[:count] if isinstance(row, Witness)),
        ActivityBatch.of(row for row in rows[:count] if isinstance(row, Activity)),
    )
    return encode(push._replace(reading=chosen, refused=()))


def source_of(body: bytes) -> str:
    """Return the source of one of our own bodies."""
    return decode(zlib.decompress(body, 16 + zlib.MAX_WBITS)).source


def _check_fields(names: list[str], row: type[Witness | Activity]) -> None:
    """Take the rows of an earlier version, never guess at those of a later one."""
    fields = row._fields
    if tuple(names[: len(fields)]) == fields and len(names) > len(fields):
        unknown = ", ".join(name[:40] for name in names[len(fields) :][:3])
        raise Invalid(
            f"this machine's Mileage is newer: its rows have `{unknown}`, which this "
            "server does not know. Upgrade the server; what was not taken waits."
        )
    missing = set(fields[len(names) :])
    if (
        tuple(names) != fields[: len(names)]
        or not row._field_defaults.keys() >= missing
    ):
        raise Invalid(
            "the rows have other fields than this server knows. Upgrade Mileage on "
            "the machine that sent them."
        )


class _Bad(ValueError):
    """A row that is well-formed and wrong; says why."""


def _row(
    read: Callable[[msgspec.Raw, str], Row],
    raw: msgspec.Raw,
    place: str,
    source: str,
    rejected: list[Rejected],
) -> list[Row]:
    """Read one row and look at what no later check looks at; [] when it is bad."""
    try:
        return [read(raw, source)]
    except MALFORMED as error:
        rejected.append(Rejected(source, place, _place(error)))
    except _Bad as problem:
        rejected.append(Rejected(source, place, str(problem)))
    return []


def _witness(raw: msgspec.Raw, source: str) -> Witness:
    row = _witnesses.decode(raw)
    if row.source != source:
        raise _Bad(_OTHER_SOURCE)
    if row.project and not is_digest(row.project):
        raise _Bad("a project that is no digest: names stay on their machine")
    if row.reported_cost is not None and not 0 <= row.reported_cost <= MOST_COST:
        raise _Bad("a reported cost below zero or above 10^15")
    if row.measure not in MEASURES:
        raise _Bad("an unknown measure")
    if row.link != " ".join(sorted(set(row.link.split(" ")))):
        raise _Bad("links that are not sorted")
    return row


def _activity(raw: msgspec.Raw, source: str) -> Activity:
    row = _activities.decode(raw)
    if row.source != source:
        raise _Bad(_OTHER_SOURCE)
    if row.kind not in ACTIVITY_KINDS:
        raise _Bad("an unknown kind of activity")
    return row


def _bounded(one: Rejected, source: str) -> Rejected:
    """Keep what a machine could not read, in words that are short and printable."""
    texts = (one.place, one.reason)
    fits = all(len(text) <= MOST_TEXT and text.isprintable() for text in texts)
    place, reason = texts if fits else (NOT_SHOWN, NOT_SHOWN)
    return Rejected(source, place, reason)


def _place(error: Exception) -> str:
    """Say what was wrong and where; the message of a library may quote the value."""
    found = re.search(r"- at `([$\w.\[\]]*)`$", str(error))
    return f"malformed at {found[1]}" if found else "malformed"


def reasons(rejected: tuple[Rejected, ...]) -> tuple[Reason, ...]:
    """Count rejections by their reason, the commonest first."""
    counted: Counter[str] = Counter()
    for one in rejected:
        counted[one.reason] += one.records
    return tuple(Reason(*one) for one in counted.most_common(20))


def receipt_of(plain: bytes) -> Receipt:
    """Read a server's answer; raises Invalid when it is none."""
    try:
        return msgspec.json.decode(plain, type=Receipt)
    except MALFORMED:
        raise Invalid("the answer is not one of a Mileage server") from None


def as_json(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as its JSON object."""
    plain: dict[str, Any] = msgspec.to_builtins(receipt)
    return plain
