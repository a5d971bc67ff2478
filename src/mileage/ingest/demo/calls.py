"""Single calls and their sessions, for accounts that pass the front door."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND
from mileage.ingest.demo.door_call import DoorCall, Turn
from mileage.ingest.demo.models import CODEX
from mileage.ingest.demo.shape import happens, split, stream

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from mileage.ingest.demo.hours import Cell
    from mileage.ingest.demo.plan import Plan

MILLISECOND = 1000
"""In microseconds; clients report no finer times."""
PAUSE = 40 * 60 * SECOND
"""A longer pause than this begins a new session."""
COMPACTED_AFTER = 40
"""Calls until a session's context is summed up and starts small again."""


class _Session:
    """Hands out turns until a session ends: by a pause, a day or its length."""

    def __init__(self, client: str, rng: random.Random) -> None:
        self._client, self._rng = client, rng
        self._last = -PAUSE
        self._left = 0
        self._turn = Turn("", 0, "", attended=True)

    def turn(self, at: int) -> Turn:
        """Return the place in its session of a call at this instant."""
        rng = self._rng
        if self._left == 0 or at - self._last > PAUSE:
            self._left = 4 + int(rng.expovariate(1 / 35))
            session = session_id(self._client, at, rng)
            attended = happens(rng, 0.88)
            self._turn = Turn(session, -1, "", attended=attended)
        prompt = self._turn.prompt
        if not prompt or happens(rng, 0.15):
            prompt = uuid_of(rng.getrandbits(128), version=4)
        self._turn = self._turn._replace(
            position=self._turn.position + 1, prompt=prompt
        )
        self._last = at
        self._left -= 1
        return self._turn


def door_calls(
    seed: int, plan: Plan, cells: Sequence[Cell], now: int
) -> list[DoorCall]:
    """Share out cells over calls, in order of time; the sums are exact.

    Within a session prompts grow: what was written to the cache is read again.
    """
    rng = stream(seed, "calls", plan.account.number)
    sessions = {
        client: _Session(client, rng)
        for client in {use.client: None for use in plan.uses}
    }
    times = sorted(
        (at, number)
        for number, cell in enumerate(cells)
        for at in _instants(cell, now, rng)
    )
    turns: list[list[tuple[int, Turn]]] = [[] for _ in cells]
    for at, number in times:
        turn = sessions[cells[number].client].turn(at)
        turns[number].append((at, turn))
    calls = [
        DoorCall(at, cell.client, cell.model, tokens, turn)
        for cell, placed in zip(cells, turns, strict=True)
        for (at, turn), tokens in zip(placed, _shared(cell, placed, rng), strict=True)
    ]
    calls.sort(key=lambda call: call.at)
    return calls


def _instants(cell: Cell, now: int, rng: random.Random) -> list[int]:
    """Draw instants inside the hour, not later than now."""
    start = cell.hour * SECOND
    length = min(3600 * SECOND, now - start) // MILLISECOND
    draws = [rng.random() for _ in range(cell.calls)]
    return [start + int(draw * length) * MILLISECOND for draw in draws]


def _shared(
    cell: Cell, placed: list[tuple[int, Turn]], rng: random.Random
) -> list[Tokens]:
    positions = [turn.position for _, turn in placed]
    grown = [
        0.65 + 0.7 * (one % COMPACTED_AFTER) / COMPACTED_AFTER for one in positions
    ]
    first = [one == 0 for one in positions]
    read = [
        size * (0.3 if new else 1.0) for size, new in zip(grown, first, strict=True)
    ]
    fresh = [(2.5 if new else 1.0) * rng.uniform(0.3, 1.7) for new in first]
    answer = [rng.lognormvariate(0, 0.8) for _ in positions]
    weights = Tokens._fields
    by_class = {"cache_read": read, "output": answer, "reasoning": answer}
    columns = [
        split(total, by_class.get(name, fresh)) if total else [0] * len(positions)
        for name, total in zip(weights, cell.tokens, strict=True)
    ]
    return [Tokens(*row) for row in zip(*columns, strict=True)]


def session_id(client: str, at: int, rng: random.Random) -> str:
    """Return an id as the client makes it: Codex puts the time in front."""
    bits = rng.getrandbits(128)
    if client == CODEX:
        return uuid_of(at // MILLISECOND << 80 | bits >> 48, version=7)
    return uuid_of(bits, version=4)


def uuid_of(bits: int, version: int) -> str:
    """Write 128 random bits as a UUID of this version."""
    bits = bits & ~(0xF << 76) | version << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    text = f"{bits:032x}"
    cuts = (0, *accumulate((8, 4, 4, 4, 12)))
    return "-".join(text[a:b] for a, b in pairwise(cuts))
