"""The calls that a rollout counts, before it is certain that they are told on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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


class Counted(NamedTuple):
    """One call."""

    key: str
    occurred_at: int
    used: CodexUsage
    circumstances: Circumstances

    def witness(self) -> Witness:
        """Return it as it is told on."""
        key, occurred_at, used, around = self
        return Witness(
            *(_SOURCE, key, "", around.thread_id, occurred_at, _CLIENT),
            *(around.version, around.vendor, around.model, around.tier),
            *used.classes(),
            *(None, around.cwd, around.agent, False, around.attended, ""),
        )


def packed(calls: Iterable[Counted]) -> FileCalls:
    """Pack calls; as ``FileCalls.of`` does with their witnesses."""
    numbers: dict[Circumstances, int] = {}
    keys, rows = [], []
    for key, occurred_at, used, around in calls:
        number = numbers.setdefault(around, len(numbers))
        keys.append(key)
        rows.append((number, occurred_at, *used.classes()))
    kinds = [
        (_CLIENT, *one[2:5], one.thread_id, one.cwd, one.agent, "", False)
        for one in numbers
    ]
    return FileCalls(all_hashed(_SOURCE, keys), kinds, rows)
