"""Compares readings that may come in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.errors import Invalid

if TYPE_CHECKING:
    from mileage.domain.witness import Reading
    from mileage.sources.otlp import Form, OtlpReader
    from mileage.sources.otlp_record import Signal


def told(reading: Reading) -> dict[str, Any]:
    """Return all that a reading says, in an order that depends on nothing else."""
    return {
        "witnesses": sorted(map(_typed, reading.witnesses.rows())),
        "activities": sorted(map(_typed, reading.activities.rows())),
        "rejected": sorted(map(_typed, reading.rejected)),
        "ignored": reading.ignored,
    }


def _typed(row: tuple[Any, ...]) -> str:
    # As texts: True and 1 are equal, and must not be taken for each other.
    return repr(tuple(row))


def read(reader: OtlpReader, signal: Signal, form: Form, body: bytes) -> Any:
    """Return what a body says, or why it was refused."""
    try:
        return told(reader.read(signal, form, body))
    except Invalid as refusal:
        return str(refusal)
