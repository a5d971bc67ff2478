"""The payload of a write-ahead record: a reading and whose credential brought it."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

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

VERSION = 1
_OTHER = "the record has other columns; was it sent by another version?"
MAX_INFLATED = 256 * 2**20


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
    witnesses: list[list[Any]]
    activity_fields: list[str]
    activities: list[list[Any]]
    rejected: list[Rejected]
    ignored: int
    # Later than the first release; what was written before has neither.
    machine: str = ""
    received: int = 0


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
        witnesses=list(reading.witnesses.columns),
        activity_fields=list(ActivityBatch.row._fields),
        activities=list(reading.activities.columns),
        rejected=list(reading.rejected),
        ignored=reading.ignored,
        machine=machine,
        received=received,
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
    if wire.version != VERSION:
        raise Invalid(_OTHER)
    reading = Reading(
        witnesses=WitnessBatch(_filled(Witness, wire.witness_fields, wire.witnesses)),
        activities=ActivityBatch(
            _filled(Activity, wire.activity_fields, wire.activities)
        ),
        rejected=tuple(wire.rejected),
        ignored=wire.ignored,
    )
    credential = Credential(*wire.credential)
    return Record(credential, wire.origin, reading, wire.machine, wire.received)


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
