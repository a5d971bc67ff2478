"""Calls from the witnesses of sources that have nothing to be joined with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.witness import Batch, Witness


def count_once(batches: Iterable[Batch[Witness]]) -> list[Witness]:
    """Merge the copies of each call, in whichever files they lie.

    Counts exactly as ``domain.call.resolve`` does where each client has one source.
    """
    calls: dict[tuple[str, str], Witness] = {}
    copies: dict[tuple[str, str], list[Witness]] = {}
    for batch in batches:
        for witness in batch.rows():
            key = (witness.source, witness.key)
            if key in calls:
                copies.setdefault(key, [calls[key]]).append(witness)
            else:
                calls[key] = witness
    for key, repeated in copies.items():
        seen = [Seen(witness, "", asserted=False) for witness in repeated]
        calls[key] = merge_copies(seen).witness
    return list(calls.values())
