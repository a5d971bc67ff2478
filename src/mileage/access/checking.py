"""Tells whether a log is still the one that its checkpoints vouched for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.merkle import Frontier, leaf_hash
from mileage.domain.entries import entry_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.access.notes import Head

Entry = tuple[str | int, ...]
"""A row as it is hashed; its number, from 1 on, comes first."""


class LogChecked(NamedTuple):
    """What was found in one log."""

    entries: int
    vouched: int
    """Entries up to the last checkpoint that fits."""
    problems: tuple[str, ...]


def check_log(entries: Iterable[Entry], heads: Sequence[Head]) -> LogChecked:
    """Hash every entry again and compare with each checkpoint, wherever it was kept.

    A changed, removed, added or moved entry gives another root at every checkpoint
    behind it; a log that was cut is shorter than a checkpoint says.
    """
    wanted: defaultdict[int, set[bytes]] = defaultdict(set)
    for head in heads:
        wanted[head.size].add(head.root)
    frontier, problems, vouched = Frontier(), [], 0
    if wanted.pop(0, {frontier.root()}) != {frontier.root()}:
        problems.append("a checkpoint of no entries has a wrong root")
    for entry in entries:
        frontier.append(leaf_hash(entry_bytes(entry)))
        if entry[0] != frontier.size:
            problems.append(f"entry {frontier.size} is missing: {entry[0]} is there")
            break
        roots = wanted.pop(frontier.size, None)
        if roots == {frontier.root()}:
            vouched = frontier.size
        elif roots is not None:
            problems.append(_changed(vouched, frontier.size))
            break
    if not problems:
        problems += [_cut(size, frontier.size) for size in sorted(wanted)]
    return LogChecked(frontier.size, vouched, tuple(problems))


def _changed(vouched: int, size: int) -> str:
    return (
        f"entries {vouched + 1} to {size} are not what the checkpoint at {size} "
        "vouched for: at least one was changed, removed, added or moved"
    )


def _cut(size: int, there: int) -> str:
    return f"a checkpoint vouched for {size} entries, and there are {there}"
