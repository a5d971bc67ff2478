"""The reported shape of an organisation's usage, as numbers to aim for.

The figures are those that public boards and a closed internal one reported: 60
trillion tokens of 85,000 people in 30 days, the top account 281 billion of them,
95 % cache reads, 0.2 % output, the top 1 % (10 %) of people with 14 % (51 %) of
the spend, 24 % of the active days on weekends, 9 % of people with several clients.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import exp, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL_SIZE = 2000
"""Below this many people the heaviest accounts shrink with the organisation."""
SMALL = 10
"""Below this many people nobody stands out."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What to aim for; ``tests/unit/ingest/demo`` measures what comes out."""

    mean_tokens: int = 706_000_000
    """Of a person, in ``days`` days: 60 trillion among 85,000."""
    days: int = 30
    lead_hours: int = 1
    """Usage begins this much before the window, so that the window is full.

    Hours of work in it are more than its share of the month: it is short.
    """
    loops: tuple[float, ...] = (398.0, 90.0, 45.0, 25.0)
    """Accounts that let agents run on cheap models, in multiples of the mean."""
    loop_cache_share: float = 0.985
    loop_output_share: float = 0.0008
    cache_share: float = 0.95
    output_share: float = 0.002
    sigma: float = 1.335
    """Of the logarithm of a person's spend."""
    highest_quantile: float = 0.9974
    """Where the spend of people ends: a real tail is thinner than a lognormal one.

    Of more than ``FULL_SIZE`` people the highest are higher (``highest``).
    """
    weekend_share: float = 0.24
    """Of all active days of people: how many are Saturdays and Sundays."""
    weekend_volume: float = 0.32
    """How much of a weekday's work is done on an active weekend day."""
    several_clients: float = 0.09
    codex_only: float = 0.20
    door_calls: int = 60_000
    """How many calls pass the front door, at most; the rest are roll-ups."""
    door_calls_per_person: int = 400
    door_calls_anyway: int = 10_000
    """Small organisations are quick to build, but not without any calls."""
    labelled: int = 2
    """How many accounts have each of the habits that raise a number, or look so."""

    def loop_multiples(self, people: int) -> list[float]:
        """Return the heaviest accounts, in multiples of the mean, heaviest first."""
        if people < SMALL:
            return []
        scale = min(1.0, people / FULL_SIZE)
        kept = self.loops if people >= FULL_SIZE // 4 else self.loops[:1]
        return [multiple * scale for multiple in kept]

    def highest(self, people: int) -> float:
        """Return the quantile at which the spend of so many people ends."""
        thinned = min(1.0, sqrt(FULL_SIZE / max(1, people)))
        return 1 - (1 - self.highest_quantile) * thinned

    def door_budget(self, people: int) -> int:
        """Return how many calls may pass the front door."""
        wanted = max(self.door_calls_anyway, self.door_calls_per_person * people)
        return min(self.door_calls, wanted)

    def others(self, target: float, loop_share: float, people: int) -> float:
        """Return what the rest must do so that all together reach ``target``."""
        part = sum(self.loop_multiples(people)) / people
        return (target - part * loop_share) / (1 - part)


DEFAULT_SHAPE = Shape()


def stream(seed: int, *purpose: str | int) -> random.Random:
    """Return the random numbers for one purpose, independent of all others."""
    key = ":".join(map(str, (seed, *purpose)))
    return random.Random(key)  # noqa: S311 - a simulation, nothing is secret


def happens(rng: random.Random, probability: float) -> bool:
    """Draw whether something happens."""
    return rng.random() < probability


def spend_weights(count: int, shape: Shape, rng: random.Random) -> list[float]:
    """Return relative spends, ascending: one from each quantile.

    Drawn freely, the few heaviest of 2,000 would decide the shape by luck.
    """
    normal = NormalDist()
    highest = shape.highest(count)
    weights = []
    for rank in range(count):
        quantile = (rank + rng.uniform(0.3, 0.7)) / count
        score = normal.inv_cdf(quantile * highest)
        weights.append(exp(shape.sigma * score))
    return sorted(weights)


def split(total: int, weights: Sequence[float]) -> list[int]:
    """Share out ``total`` in proportion to ``weights``; the sum is exact."""
    scale = total / sum(weights)
    shares: list[int] = []
    reached, given = 0.0, 0
    for weight in weights:
        reached += weight * scale
        upto = int(reached + 0.5)
        shares.append(upto - given)
        given = upto
    shares[-1] += total - given
    return shares
