"""Which groups of peers may be told of, and how finely.

Bands and nothing else: a sum of a role beside sums of teams would be two divisions of
the same people, and their difference can be one person. Medians do not subtract.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.disclosure import rung, spread
from mileage.domain.cube import Range
from mileage.domain.peers import Bin, PeerGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.domain.peers import GroupKind

STEPS = (5, 2, 1)


class Peer(NamedTuple):
    """What somebody of a group used."""

    amount: int
    named: bool = False
    """Others see it on a board, under a name."""


def told(
    kind: GroupKind, name: str, peers: Sequence[Peer], least: int
) -> PeerGroup | None:
    """Return what may be told of a group; None for one that is too small.

    Whoever looks is one of them and knows their own figure: ``least`` others have to
    be left, and of those who stand on no board by name as well, if there are any.
    """
    users = [one for one in peers if one.amount]
    unnamed = sum(not one.named for one in users)
    if len(users) <= least or 0 < unnamed <= least:
        return None
    amounts = [one.amount for one in users]
    median, middle = spread(amounts)
    return PeerGroup(
        kind=kind,
        name=name,
        people=rounded_down(len(users)),
        median=Range(*median),
        middle=Range(*middle),
        bins=bins(amounts, least),
    )


def bins(amounts: Iterable[int], least: int) -> tuple[Bin, ...]:
    """Divide people by the bands of what they used, each with ``least`` of them.

    Neighbouring bands are put together until there are enough; there must be ``least``
    amounts at least.
    """
    found = Counter(rung(amount) for amount in amounts)
    total, counted, start = found.total(), 0, 0
    made: list[Bin] = []
    low: int | None = None
    for band in sorted(found):
        low = band.low if low is None else low
        counted += found[band]
        if counted - start >= least:
            made.append(Bin(low, band.high, 100 * counted // total))
            low, start = None, counted
    if low is not None:
        # Too few are left above: they are told with the bin below them.
        last = made.pop()
        made.append(Bin(last.low, max(found).high, 100))
    return tuple(made)


def rounded_down(people: int) -> int:
    """Return the largest of 1, 2, 5, 10, 20 … that is not more."""
    power = int(10 ** (len(str(people)) - 1))
    return next(step * power for step in STEPS if step * power <= people)
