"""The payload of a write-ahead record: a reading and whose credential brought it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mileage.domain.errors import Invalid
from mileage.domain.people import Credential
from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    Witness,
    WitnessBatch,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 2
"""1 had every column in full."""
_OTHER = "the record has other columns; was it sent by another version?"
MAX_INFLATED = 256 * 2**20
MAX_ROWS = 2**22


class Record(NamedTuple):
    """One accepted piece of input, as it travels and as it is written ahead."""

    credential: Credential
    origin: str
    """What ``reading.ignored`` is counted under, e.g. ``otlp``."""
    reading: Reading
    machine: str = ""
    """Opaque id of the machine that pushed it, '' when nobody said."""
    received: int = 0
    """When live telemetry came in, UTC microseconds; 0 for what was read later."""


class _Wire(msgspec.Struct, array_like=True):
    version: int
    credential: tuple[str, str, str]
    origin: str
    witness_fields: list[str]
    witnesses: list[list[Any] | int]
    """By column. A number stands for an earlier column that is equal, a list of one
    for a column of which all values are."""
    activity_fields: list[str]
    activities: list[list[Any] | int]
    rejected: list[Rejected]
    ignored: int
    # Later than the first release; what was written before has neither.
    machine: str = ""
    received: int = 0
    rows: tuple[int, int] = (0, 0)
    """How many witnesses and activities there are."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Wire)


def encode(record: Record) -> bytes:
    """Return the compressed payload."""
    credential, origin, reading, machine, received = record
    wire = _Wire(
        version=VERSION,
        credential=(
            credential.token_id,
            credential.account_id,
            credential.collector,
        ),
        origin=origin,
        witness_fields=list(WitnessBatch.row._fields),
        witnesses=_packed(reading.witnesses.columns),
        activity_fields=list(ActivityBatch.row._fields),
        activities=_packed(reading.activities.columns),
        rejected=list(reading.rejected),
        ignored=reading.ignored,
        machine=machine,
        received=received,
        rows=(len(reading.witnesses), len(reading.activities)),
    )
    return zlib.compress(_encoder.encode(wire), 1)


def decode(payload: bytes) -> Record:
    """Read a payload back; raises Invalid when it is none of this version."""
    try:
        inflater = zlib.decompressobj()
        raw = inflater.decompress(payload, MAX_INFLATED)
        wire = _decoder.decode(raw)
    except (zlib.error, msgspec.MsgspecError) as error:
        message = f"not a write-ahead record: {type(error).__name__}"
        raise Invalid(message) from None
    if not 1 <= wire.version <= VERSION:
        raise Invalid(_OTHER)
    if wire.version == 1:
        wire.rows = _size(wire.witnesses), _size(wire.activities)
    if max(wire.rows) > MAX_ROWS:
        raise Invalid(_OTHER)
    witnesses = _unpacked(wire.witnesses, wire.rows[0])
    activities = _unpacked(wire.activities, wire.rows[1])
    reading = Reading(
        witnesses=WitnessBatch(_filled(Witness, wire.witness_fields, witnesses)),
        activities=ActivityBatch(_filled(Activity, wire.activity_fields, activities)),
        rejected=tuple(wire.rejected),
        ignored=wire.ignored,
    )
    credential = Credential(*wire.credential)
    return Record(credential, wire.origin, reading, wire.machine, wire.received)


def _size(columns: Sequence[list[Any] | int]) -> int:
    """Tell how many rows full columns have."""
    return len(columns[0]) if columns and isinstance(columns[0], list) else 0


def _packed(columns: Sequence[list[Any]]) -> list[list[Any] | int]:
    """Leave out what repeats: most columns say one thing, and ids are said twice."""
    found: list[list[Any] | int] = []
    places: dict[str, int] = {}
    for place, column in enumerate(columns):
        first = column[0] if column else None
        if column.count(first) == len(column):
            found.append(column[:1])
            continue
        same = places.setdefault(first, place) if isinstance(first, str) else place
        found.append(same if same < place and columns[same] == column else column)
    return found


def _unpacked(columns: Sequence[list[Any] | int], rows: int) -> list[list[Any]]:
    """Return the columns in full."""
    found: list[list[Any]] = []
    for packed in columns:
        if isinstance(packed, int):
            column = found[packed] if 0 <= packed < len(found) else []
        else:
            column = packed * rows if len(packed) == 1 < rows else packed
        if len(column) != rows:
            raise Invalid(_OTHER)
        found.append(column)
    return found


def _filled(
    row: type[Witness | Activity], names: list[str], columns: list[list[Any]]
) -> tuple[list[Any], ...]:
    """Give a record of an earlier version the columns that have come since."""
    fields = row._fields
    missing = fields[len(names) :]
    defaults = row._field_defaults
    if tuple(names) != fields[: len(names)] or not defaults.keys() >= set(missing):
        raise Invalid(_OTHER)
    count = len(columns[0]) if columns else 0
    return (*columns, *([defaults[name]] * count for name in missing))
