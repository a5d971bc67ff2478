"""How far two clocks are apart, told from events that both may have seen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_EVENTS = 2
"""Of one mind; one alone agrees with anything."""
LEAST_SHARE = 0.5
"""Of all that could be one event must agree, or two moments are dated."""
LEAST_LEAD = 1.5
"""How many times more must agree on this offset than on any other."""
MANY = 10
"""Of so many events the scatter of the times can be told."""
FINEST = 500_000
"""Microseconds; no source is held to better time than this."""


class Difference(NamedTuple):
    """How much later the second clock showed what may be the same event."""

    by: int
    """Microseconds."""
    first: int
    second: int
    """Numbers of the event on either side; it may have several differences."""


class Offset(NamedTuple):
    """What is to be taken off the second clock, and how far that may be wrong."""

    by: int
    reach: int


def tell_offset(differences: Sequence[Difference], spread: int) -> Offset | None:
    """Return where most differences crowd within ``spread``; None if they do not.

    Events that were paired wrongly scatter over minutes, true ones crowd.
    """
    ordered = sorted(differences)
    crowd = _crowd(ordered, spread)
    support = _events(crowd)
    if support < LEAST_EVENTS or support < LEAST_SHARE * _events(ordered):
        return None
    low, high = crowd[0].by - spread, crowd[-1].by + spread
    others = [one for one in ordered if not low <= one.by <= high]
    if support < LEAST_LEAD * _events(_crowd(others, spread)):
        return None
    by = crowd[len(crowd) // 2].by
    return Offset(by, _reach(crowd, by, spread))


def _events(some: Sequence[Difference]) -> int:
    """Count how many events could be paired, one to one."""
    return min(len({one.first for one in some}), len({one.second for one in some}))


def _crowd(ordered: Sequence[Difference], spread: int) -> Sequence[Difference]:
    """Return the run of most events that is no wider than ``spread``."""
    best = (0, 0, 0)
    firsts: Counter[int] = Counter()
    seconds: Counter[int] = Counter()
    start = 0
    for end, one in enumerate(ordered, start=1):
        firsts[one.first] += 1
        seconds[one.second] += 1
        while one.by - ordered[start].by > spread:
            for counter, number in zip(
                (firsts, seconds), ordered[start][1:], strict=True
            ):
                counter[number] -= 1
                if not counter[number]:
                    del counter[number]
            start += 1
        best = max(best, (min(len(firsts), len(seconds)), -start, end))
    return ordered[-best[1] : best[2]]


def _reach(crowd: Sequence[Difference], by: int, spread: int) -> int:
    """Return how far from the offset a pair is still believed to be one event."""
    if len(crowd) < MANY:
        return spread
    far = sorted(abs(one.by - by) for one in crowd)[len(crowd) * 9 // 10]
    return min(spread, max(FINEST, 3 * far))
