"""Somebody who subtracts: linear algebra over everything that was published.

Knows nothing of how figures are chosen. An unknown is a column, a published figure a
row: which unknowns it adds up, and to what. Arithmetic is exact, over a prime field for
what follows from the rows and over integers for bounds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

PRIME = (1 << 61) - 1


class Published(NamedTuple):
    """One figure: whom it covers, and what it says."""

    covers: frozenset[Hashable]
    value: int


@dataclass
class Findings:
    """What could be worked out that should not."""

    determined: set[Hashable] = field(default_factory=set)
    small: list[tuple[Hashable, ...]] = field(default_factory=list)
    """Differences that cover somebody, and fewer users than allowed."""
    close: set[Hashable] = field(default_factory=set)
    """Unknowns that an insider or a bound estimates too closely."""

    def __bool__(self) -> bool:
        return bool(self.determined or self.small or self.close)


def attack(
    published: Iterable[Published],
    truth: Mapping[Hashable, int],
    known: Iterable[Hashable] = (),
    *,
    least: int = 5,
    percent: int = 10,
) -> Findings:
    """Work out what follows; ``known`` unknowns are seen by name elsewhere."""
    given = set(known)
    rows = {
        frozenset(one.covers - given): one.value
        - sum(truth[who] for who in one.covers & given)
        for one in published
    }
    rows.pop(frozenset(), None)
    classes = _alike(rows)
    matrix = [[int(group[0] in covers) for group in classes] for covers in rows]
    found = Findings()
    basis = reduced(matrix)
    for line in basis:
        hit = [at for at, entry in enumerate(line) if entry]
        if len(hit) == 1 and len(classes[hit[0]]) == 1:
            found.determined.update(classes[hit[0]])
    users = [sum(truth[who] > 0 for who in group) for group in classes]
    found.small = [
        tuple(who for at in subset for who in classes[at])
        for subset in _small_subsets(users, least)
        if _vanishes_outside(basis, subset)
    ]
    for covers, value in rows.items():
        found.close |= _estimated(covers, value, truth, percent)
    found.close |= _pinned(rows, truth, percent)
    return found


def _alike(rows: Iterable[frozenset[Hashable]]) -> list[list[Hashable]]:
    """Group unknowns that no figure tells apart: their columns are equal."""
    columns: dict[Hashable, list[int]] = defaultdict(list)
    for at, covers in enumerate(rows):
        for who in covers:
            columns[who].append(at)
    groups: dict[tuple[int, ...], list[Hashable]] = defaultdict(list)
    for who, column in columns.items():
        groups[tuple(column)].append(who)
    return list(groups.values())


def reduced(matrix: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the reduced row echelon form, without rows of zeros."""
    rows = [[entry % PRIME for entry in row] for row in matrix]
    basis: list[list[int]] = []
    width = len(rows[0]) if rows else 0
    for column in range(width):
        at = next((n for n, row in enumerate(rows) if row[column]), None)
        if at is None:
            continue
        pivot = rows.pop(at)
        inverse = pow(pivot[column], PRIME - 2, PRIME)
        pivot = [entry * inverse % PRIME for entry in pivot]
        rows, basis = (
            [_cleared(row, pivot, column) for row in some] for some in (rows, basis)
        )
        basis.append(pivot)
    return basis


def _cleared(row: list[int], pivot: list[int], column: int) -> list[int]:
    factor = row[column]
    if not factor:
        return row
    return [(a - factor * b) % PRIME for a, b in zip(row, pivot, strict=True)]


def _small_subsets(users: Sequence[int], least: int) -> Iterable[tuple[int, ...]]:
    """Return sets of classes that hold somebody, and fewer than ``least`` users."""
    few = [at for at, count in enumerate(users) if count < least]
    for size in range(1, min(len(few), least) + 1):
        for subset in combinations(few, size):
            if sum(users[at] for at in subset) < least:
                yield subset


def _vanishes_outside(basis: list[list[int]], subset: tuple[int, ...]) -> bool:
    """Tell whether some combination of figures covers nobody outside the subset."""
    if not basis:
        return False
    outside = [at for at in range(len(basis[0])) if at not in subset]
    return len(reduced([[row[at] for at in outside] for row in basis])) < len(basis)


def _estimated(
    covers: frozenset[Hashable], value: int, truth: Mapping[Hashable, int], percent: int
) -> set[Hashable]:
    """Return whom the largest other one of a sum can estimate within ``percent``."""
    ordered = sorted(covers, key=lambda who: -truth[who])
    found: set[Hashable] = set()
    for target in ordered[:2]:
        insider = next((who for who in ordered if who != target), None)
        best = value - (truth[insider] if insider is not None else 0)
        if truth[target] and (best - truth[target]) * 100 < percent * truth[target]:
            found.add(target)
    return found


def _pinned(
    rows: Mapping[frozenset[Hashable], int],
    truth: Mapping[Hashable, int],
    percent: int,
) -> set[Hashable]:
    """Return whom differences of nested figures bound within ``percent``."""
    upper: dict[Hashable, int] = {}
    cells = dict(rows)
    for one, value in rows.items():
        cells |= {
            other - one: whole - value for other, whole in rows.items() if one < other
        }
    for covers, value in cells.items():
        for who in covers:
            upper[who] = min(upper.get(who, value), value)
    return {
        who
        for who, bound in upper.items()
        if truth[who] and (bound - truth[who]) * 100 < percent * truth[who]
    }
