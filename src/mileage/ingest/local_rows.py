"""From the packed calls of files to rows by quarter of an hour, each call once.

A call that lies in several files belongs to the first of them; there it counts as
all its copies together tell it.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.packed import FileCalls, Kind, Numbers, kind_of, numbered
from mileage.domain.quarter import DAY_MICROS, QUARTER_MICROS, Costs
from mileage.native import scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.domain.quarter import Brackets, Priced
    from mileage.domain.witness import Witness


Call = tuple[Kind, Numbers]
"""A call as it is packed; the number of its kind in its row means nothing."""
Sum = tuple[Any, ...]
"""A ``QuarterRow`` as a plain tuple, as it travels between processes."""


class Held(NamedTuple):
    """The calls of one file, and who it is."""

    number: int
    source: str
    calls: FileCalls


def rows_of(file: Held, costs: Costs, shared: Mapping[int, Call | None]) -> list[Sum]:
    """Add up the calls of one file.

    ``shared`` has those that lie elsewhere too: as they count here, or None if they
    count elsewhere.
    """
    calls = file.calls
    kinds, rows = calls.kinds, calls.rows
    if shared and not shared.keys().isdisjoint(calls.keys):
        pairs = zip(calls.keys, calls.rows, strict=True)
        rows = [row for key, row in pairs if key not in shared]
        here = [one for key in dict.fromkeys(calls.keys) if (one := shared.get(key))]
        kinds, numbers = numbered(kinds, (kind for kind, _ in here))
        rows += [(numbers[kind], *row[1:]) for kind, row in here]
    return _added_up(file.source, kinds, rows, costs)


def merged_calls(
    files: Sequence[Held], keys: set[int]
) -> dict[int, dict[int, Call | None]]:
    """Merge the copies of calls; for each file what those count that it has.

    Those that count in a file as they stand there are left out.
    Give all files that have any of the keys, in one order whatever was read when.
    """
    counted: dict[int, tuple[int, Call]] = {}
    alike: dict[Kind, Kind] = {}
    shared: dict[int, dict[int, Call | None]] = {file.number: {} for file in files}
    for number, _, calls in files:
        # The same objects for what is alike are compared at once.
        kinds = [alike.setdefault(kind, kind) for kind in calls.kinds]
        for key, row in zip(calls.keys, calls.rows, strict=True):
            if key not in keys:
                continue
            call = (kinds[row[0]], row)
            first, known = counted.setdefault(key, (number, call))
            if known is call:
                continue
            shared[number][key] = None
            one = merged([known, call])
            if one is not known or key in shared[first]:
                shared[first][key] = one
                counted[key] = first, one
    return shared


def merged(copies: Sequence[Call]) -> Call:
    """Merge the copies of one call as ``merge_copies`` does."""
    first = copies[0]
    kind, row = first
    told = row[1:]
    for own, copy in copies[1:]:
        if copy[1:] != told or own != kind:
            break
    else:
        # Nearly always: a fork begins with a copy of its parent.
        return first
    best = min(copies, key=_preference)
    kind, row = best
    if all(one[2:] == row[2:] and own[7] == kind[7] for own, one in copies):
        # Then the preferred copy has nothing to learn from others.
        return best
    seen = [Seen(_witness(call), "", asserted=False) for call in copies]
    one = merge_copies(seen).witness
    return kind_of(one), (0, one[4], *one[10:17])


def _preference(call: Call) -> tuple[object, ...]:
    """Order copies as ``domain.copies.preference`` does; they differ in this alone."""
    (client, provider, model, tier, session, project, agent, _, copied), row = call
    return copied, row[1], session, client, provider, model, tier, project, agent


def _witness(call: Call) -> Witness:
    kind, row = call
    return FileCalls(array("Q", [0]), [kind], [(0, *row[1:])]).witness(0, "")


def _added_up(
    source: str, kinds: Sequence[Kind], rows: list[Numbers], costs: Costs
) -> list[Sum]:
    if scan is not None:
        try:
            return _added_up_in_c(source, kinds, rows, costs)
        except OverflowError:
            # Absurd counts: whole numbers of Python's have no limit.
            pass
    groups: dict[tuple[int, int], list[Numbers]] = {}
    for row in rows:
        at = row[1]
        groups.setdefault((at - at % QUARTER_MICROS, row[0]), []).append(row)
    found = []
    for (quarter, number), calls in groups.items():
        columns = list(zip(*calls, strict=True))
        price = _price(source, kinds[number], quarter, costs)
        cost = None if price is None else price.costs(call[2:] for call in calls)
        sums = tuple(map(sum, columns[2:]))
        times = min(columns[1]), max(columns[1])
        told = (number, quarter, len(calls), *sums, cost, *times)
        found.append(_row(source, kinds, told))
    return [row for row in found if row is not None]


def _added_up_in_c(
    source: str, kinds: Sequence[Kind], rows: list[Numbers], costs: Costs
) -> list[Sum]:
    def brackets(number: int, quarter: int) -> Brackets | None:
        price = _price(source, kinds[number], quarter, costs)
        return None if price is None else price.brackets

    found: list[Sum] = []
    if scan is not None:
        sums = scan.call_sums(rows, QUARTER_MICROS, brackets, DAY_MICROS)
        found = scan.named_sums(sums, list(kinds), source)
    return found


def _price(source: str, kind: Kind, quarter: int, costs: Costs) -> Priced | None:
    _, provider, model, tier, _, _, _, measure, _ = kind
    return None if measure else costs.price(provider, model, quarter, tier, source)


def _row(source: str, kinds: Sequence[Kind], told: tuple[Any, ...]) -> Sum | None:
    """Name a sum: (kind, quarter, calls, the classes, cost, first, last)."""
    number, quarter, calls, *sums, cost, first, last = told
    client, provider, model, tier, session, project, agent, measure, _ = kinds[number]
    if measure == "estimate":
        return None
    return (
        *(quarter, client, source, provider, model, tier, session, project, agent),
        *(calls, *sums, cost, calls if cost is None and not measure else 0),
        *(calls if measure else 0, first, last),
    )
