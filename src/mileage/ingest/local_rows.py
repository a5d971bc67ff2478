"""From the packed calls of files to rows by quarter of an hour, each call once.

A call that lies in several files belongs to the first of them; there it counts as
all its copies together tell it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.packed import kind_of
from mileage.domain.quarter import QUARTER_MICROS, Costs, QuarterRow

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Mapping, Sequence

    from mileage.domain.packed import FileCalls, Kind, Numbers
    from mileage.domain.witness import Witness


class Held(NamedTuple):
    """The calls of one file, and who it is."""

    number: int
    source: str
    calls: FileCalls


def repeated_keys(keys: Iterable[array[int]]) -> set[int]:
    """Return the keys that occur more than once."""
    every = list(chain.from_iterable(keys))
    if len(set(every)) == len(every):
        return set()
    seen: set[int] = set()
    known = seen.add
    # ``add`` returns None: a key passes only where it has been seen before.
    return {key for key in every if key in seen or known(key)}


def rows_of(
    file: Held, costs: Costs, shared: Mapping[int, Witness | None]
) -> list[QuarterRow]:
    """Add up the calls of one file.

    ``shared`` has those that lie elsewhere too: as they count here, or None if they
    count elsewhere.
    """
    calls = file.calls
    kinds, rows = calls.kinds, calls.rows
    if shared and not shared.keys().isdisjoint(calls.keys):
        pairs = zip(calls.keys, calls.rows, strict=True)
        rows = [row for key, row in pairs if key not in shared]
        numbers = {kind: number for number, kind in enumerate(kinds)}
        for key in dict.fromkeys(calls.keys):
            one = shared.get(key)
            if one is not None:
                number = numbers.setdefault(kind_of(one), len(numbers))
                rows.append((number, one[4], *one[10:17]))
        kinds = list(numbers)
    return _added_up(file.source, kinds, rows, costs)


def merged_calls(
    files: Sequence[Held], keys: set[int]
) -> dict[int, dict[int, Witness | None]]:
    """Merge the copies of calls; for each file what those count that it has.

    Give all files that have any of the keys, in one order whatever was read when.
    """
    copies: dict[int, list[tuple[int, Witness]]] = {}
    for file in files:
        for index, key in enumerate(file.calls.keys):
            if key in keys:
                witness = file.calls.witness(index, file.source)
                copies.setdefault(key, []).append((file.number, witness))
    shared: dict[int, dict[int, Witness | None]] = {file.number: {} for file in files}
    for key, found in copies.items():
        merged = merge_copies([Seen(one, "", asserted=False) for _, one in found])
        for number, _ in found[1:]:
            shared[number][key] = None
        shared[found[0][0]][key] = merged.witness
    return shared


def _added_up(
    source: str, kinds: Sequence[Kind], rows: Iterable[Numbers], costs: Costs
) -> list[QuarterRow]:
    groups: dict[tuple[int, int], list[Numbers]] = {}
    for row in rows:
        at = row[1]
        key = (at - at % QUARTER_MICROS, row[0])
        if key in groups:
            groups[key].append(row)
        else:
            groups[key] = [row]
    return [
        _row(source, quarter, kinds[number], members, costs)
        for (quarter, number), members in groups.items()
        if kinds[number][7] != "estimate"
    ]


def _row(
    source: str, quarter: int, kind: Kind, calls: Sequence[Numbers], costs: Costs
) -> QuarterRow:
    client, provider, model, tier, session, project, agent, measure, _ = kind
    columns = list(zip(*calls, strict=True))
    count, unmeasured = len(calls), len(calls) if measure else 0
    price = None if measure else costs.price(provider, model, quarter, tier)
    cost = None
    if price is not None:
        cost = price.costs(call[2:] for call in calls)
    unpriced = count if price is None and not measure else 0
    return QuarterRow._make(
        (
            *(quarter, client, source, provider, model, tier, session, project),
            *(agent, count, *map(sum, columns[2:]), cost, unpriced, unmeasured),
            *(min(columns[1]), max(columns[1])),
        )
    )
