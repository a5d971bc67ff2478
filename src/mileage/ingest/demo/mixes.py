"""Which models a person uses, and for which part of their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.ingest.demo.models import (
    CLAUDE_CODE,
    CODEX,
    GPT_CODEX,
    GPT_CODEX_MINI,
    HAIKU,
    OPUS,
    SONNET,
    UNLISTED,
    Model,
)
from mileage.ingest.demo.shape import happens

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

Mix = list[tuple[Model, float]]
"""Models and their shares of somebody's tokens; the shares add up to 1."""

HEAVY = 0.99
"""Above this quantile of spend, only the dearest model explains the spend."""
MODEST = 0.6
"""Below this one the cheapest models do: with them, more spend than that would
mean more tokens than agents in a loop use."""
USES_UNLISTED = 0.015


def client_sets(
    count: int, several: float, codex_only: float, rng: random.Random
) -> list[tuple[str, ...]]:
    """Return each person's clients, in random order but in exact proportions."""
    both = round(count * several)
    codex = round(count * codex_only)
    sets: list[tuple[str, ...]] = [(CLAUDE_CODE, CODEX)] * both
    sets += [(CODEX,)] * codex
    sets += [(CLAUDE_CODE,)] * (count - both - codex)
    rng.shuffle(sets)
    return sets


def draw_mix(clients: Sequence[str], quantile: float, rng: random.Random) -> Mix:
    """Draw models for a person of this quantile of spend, the main one first."""
    if clients == (CODEX,):
        return _codex_mix(quantile, rng)
    mix = _claude_mix(quantile, rng)
    if quantile < HEAVY and happens(rng, USES_UNLISTED):
        mix = _with(mix, UNLISTED, rng.uniform(0.1, 0.4))
    if CODEX in clients:
        part = rng.uniform(0.2, 0.6)
        mix = [
            *((model, share * (1 - part)) for model, share in mix),
            *((model, share * part) for model, share in _codex_mix(quantile, rng)),
        ]
    return mix


def service_mix(rng: random.Random) -> Mix:
    """Draw models for a bot: whatever does the job cheaply."""
    main, side = rng.choice(((SONNET, HAIKU), (HAIKU, SONNET), (GPT_CODEX_MINI,) * 2))
    return _merged([(main, 0.8), (side, 0.2)])


def _claude_mix(quantile: float, rng: random.Random) -> Mix:
    if quantile > HEAVY or happens(rng, 0.55):
        mix: Mix = [(OPUS, 1.0)]
        side, chance = SONNET, 0.25
    elif quantile > MODEST or happens(rng, 0.78):
        mix = [(SONNET, 1.0)]
        side, chance = OPUS, 0.15
    else:
        return [(HAIKU, 1.0)]
    if happens(rng, chance):
        mix = _with(mix, side, rng.uniform(0.1, 0.3))
    if happens(rng, 0.45):
        mix = _with(mix, HAIKU, rng.uniform(0.03, 0.1))
    return mix


def _codex_mix(quantile: float, rng: random.Random) -> Mix:
    if quantile < MODEST and happens(rng, 0.25):
        return [(GPT_CODEX_MINI, 1.0)]
    mix: Mix = [(GPT_CODEX, 1.0)]
    if happens(rng, 0.4):
        mix = _with(mix, GPT_CODEX_MINI, rng.uniform(0.05, 0.2))
    return mix


def _with(mix: Mix, model: Model, share: float) -> Mix:
    return [*((one, part * (1 - share)) for one, part in mix), (model, share)]


def _merged(mix: Iterable[tuple[Model, float]]) -> Mix:
    shares: dict[str, tuple[Model, float]] = {}
    for model, share in mix:
        shares[model.name] = model, shares.get(model.name, (model, 0.0))[1] + share
    return list(shares.values())
