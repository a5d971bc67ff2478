"""How far two clocks are apart, told from events that both have seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_SUPPORT = 1.9
"""Two events that agree; one alone agrees with anything."""
LEAST_SHARE = 0.6
"""Of all that is told must agree, or the times are not of the same moment."""
MANY = 10
"""Of so many events the scatter of the times can be told."""
FINEST = 500_000
"""Microseconds; no source is held to better time than this."""


class Difference(NamedTuple):
    """How much later the second clock showed what may be the same event."""

    by: int
    """Microseconds."""
    weight: float
    """1 where nothing else can be meant, less where much can."""


class Offset(NamedTuple):
    """What is to be taken off the second clock, and how far that may be wrong."""

    by: int
    reach: int


def tell_offset(differences: Sequence[Difference], spread: int) -> Offset | None:
    """Return where most differences crowd within ``spread``; None if they do not.

    Events that were paired wrongly scatter over minutes, true ones crowd: the crowd
    is found however many wrong ones there are outside of it, up to the share above.
    """
    crowd = _crowd(sorted(differences), spread)
    support = sum(one.weight for one in crowd)
    total = sum(one.weight for one in differences if one.weight >= 1)
    if support < LEAST_SUPPORT or support < LEAST_SHARE * total:
        return None
    by = _middle(crowd)
    return Offset(by, _reach(crowd, by, spread))


def _crowd(ordered: Sequence[Difference], spread: int) -> Sequence[Difference]:
    """Return the heaviest run of differences that is no wider than ``spread``."""
    best = (0.0, 0, 0)
    weight, first = 0.0, 0
    for last, one in enumerate(ordered):
        weight += one.weight
        while one.by - ordered[first].by > spread:
            weight -= ordered[first].weight
            first += 1
        if weight > best[0] + 1e-9:
            best = (weight, first, last + 1)
    return ordered[best[1] : best[2]]


def _middle(crowd: Sequence[Difference]) -> int:
    """Return the weighted median."""
    half = sum(one.weight for one in crowd) / 2
    passed = 0.0
    for one in crowd:
        passed += one.weight
        if passed >= half:
            return one.by
    return crowd[-1].by


def _reach(crowd: Sequence[Difference], by: int, spread: int) -> int:
    """Return how far from the offset a pair is still believed to be one event."""
    if len(crowd) < MANY:
        return spread
    far = sorted(abs(one.by - by) for one in crowd)[len(crowd) * 9 // 10]
    return min(spread, max(FINEST, 3 * far))
