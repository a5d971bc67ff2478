"""The calls that a rollout counts, before it is certain that they are told on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from mileage.domain.packed import FileCalls, all_hashed
from mileage.domain.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.codex_counts import CodexUsage

_SOURCE, _CLIENT = "codex_rollout", "codex"


class Circumstances(NamedTuple):
    """What a call has from its thread; the same for many of them."""

    thread_id: str
    version: str
    vendor: str
    model: str
    tier: str
    cwd: str
    agent: str
    attended: bool | None


Counted: TypeAlias = "tuple[str, tuple[int, ...], Circumstances]"
"""A call: its key, then its time and the seven classes, then what is around it."""
Held: TypeAlias = "tuple[tuple[int, ...] | None, Counted | None]"
"""A total and what made it up; no call where it lies elsewhere."""


def counted(
    key: str, occurred_at: int, used: CodexUsage, around: Circumstances
) -> Counted:
    """Put a call together."""
    return key, (occurred_at, *used.classes()), around


def witness_of(call: Counted) -> Witness:
    """Return a call as it is told on."""
    key, (occurred_at, *classes), around = call
    return Witness._make(
        (
            *(_SOURCE, key, "", around.thread_id, occurred_at, _CLIENT),
            *(around.version, around.vendor, around.model, around.tier, *classes),
            *(None, around.cwd, around.agent, False, around.attended, "", ""),
        )
    )


def packed(calls: Iterable[Counted]) -> FileCalls:
    """Pack calls; as ``FileCalls.of`` does with their witnesses."""
    numbers: dict[Circumstances, int] = {}
    keys, rows = [], []
    for key, told, around in calls:
        keys.append(key)
        rows.append((numbers.setdefault(around, len(numbers)), *told))
    kinds = [
        (_CLIENT, *one[2:5], one.thread_id, one.cwd, one.agent, "", False)
        for one in numbers
    ]
    return FileCalls(all_hashed(_SOURCE, keys), kinds, rows)
