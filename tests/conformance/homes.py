"""Homes of one person who uses both clients."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.sources.claude_code_log import SOURCE as CLAUDE
from mileage.sources.codex_rollout import SOURCE as CODEX
from tests.conformance.claude_home import CLAUDE_TRAPS, claude_home
from tests.conformance.codex_home import CODEX_TRAPS, codex_home
from tests.witnesses import NOON, TRAITS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.call import Call
    from mileage.domain.witness import Reading, Witness
    from tests.conformance.truth import Home

ALL_TRAPS = (*CLAUDE_TRAPS, *CODEX_TRAPS)


def home(seed: int, traps: Iterable[str] = (), start: int = NOON) -> Home:
    """Write a home with the traps of both clients; not to be changed."""
    chosen = frozenset(traps)
    assert chosen <= frozenset(ALL_TRAPS)
    return _written(seed, chosen, start)


@cache
def _written(seed: int, chosen: frozenset[str], start: int) -> Home:
    claude = claude_home(seed, chosen, start)
    return claude.plus(codex_home(seed + 1, chosen, start))


def readings(home: Home, *, activity: bool = True) -> list[Reading]:
    """Read the files that each source asks for, file by file."""
    found: list[Reading] = []
    for name, lines in home.files.items():
        if name.endswith("/journal.jsonl"):
            continue
        source = CLAUDE if name.startswith(".claude/") else CODEX
        found += source.read(lines, f"/home/alice/{name}", activity=activity)
    return found


def witnesses(home: Home, *, activity: bool = True) -> list[Witness]:
    found = readings(home, activity=activity)
    return [row for reading in found for row in reading.witnesses.rows()]


def booked(rows: Iterable[Witness], account: str = "acc_a") -> list[Seen]:
    return [Seen(row, account, asserted=False) for row in rows]


def calls(rows: Iterable[Witness]) -> list[Call]:
    return resolve(booked(rows), TRAITS)
