"""Reads many logs at once, on as many processors as there are.

Witnesses travel between processes as plain columns, which is what a batch is.
"""

from __future__ import annotations

import marshal
import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mileage.domain.witness import Rejected, WitnessBatch
from mileage.sources.files import read_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.domain.witness import Batch, Witness
    from mileage.sources.base import LogSource
    from mileage.sources.files import LogFile

# Below this, starting a process costs more than it saves (measured: 5 ms a process).
WORTH_A_PROCESS = 6 * 1024 * 1024
MOST_PROCESSES = 8


@dataclass(slots=True)
class Harvest:
    """Witnesses of some files (no activity) and what could not be read of them."""

    batches: list[Batch[Witness]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, other: Harvest) -> None:
        """Put two harvests together."""
        self.batches += other.batches
        self.rejected += other.rejected


def harvest(
    sources: Mapping[str, LogSource],
    files: Sequence[LogFile],
    *,
    processors: int | None = None,
) -> Harvest:
    """Read the usage of all files; the order of the result means nothing."""
    mine, *others = _shares(files, processors or _processors(files))
    children = [(share, _fork(sources, share)) for share in others]
    result = _read(sources, mine)
    for share, child in children:
        read = _collect(*child) if child else None
        # A child that died (out of memory, killed) took nothing with it.
        result.add(_read(sources, share) if read is None else read)
    return result


def _read(sources: Mapping[str, LogSource], files: Sequence[LogFile]) -> Harvest:
    result = Harvest()
    for file in files:
        for reading in read_log(sources[file.source], file, activity=False):
            result.batches.append(reading.witnesses)
            result.rejected += reading.rejected
    return result


def _processors(files: Sequence[LogFile]) -> int:
    """Return how many processes are worth their start.

    A process with threads must not be forked: locks would stay held for ever.
    """
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    size = sum(file.size for file in files)
    available = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
    return max(1, min(available, MOST_PROCESSES, size // WORTH_A_PROCESS))


def _shares(files: Sequence[LogFile], count: int) -> list[list[LogFile]]:
    """Deal the files out, largest first, each to the share with the least bytes."""
    shares: list[list[LogFile]] = [[] for _ in range(count)]
    loads = [0] * count
    for file in sorted(files, key=lambda file: -file.size):
        least = loads.index(min(loads))
        shares[least].append(file)
        loads[least] += file.size
    return shares


def _fork(
    sources: Mapping[str, LogSource], share: Sequence[LogFile]
) -> tuple[int, int] | None:
    """Start a child that reads a share; return its id and where it will answer."""
    answer, question = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(answer)
        os.close(question)
        return None
    if child:
        os.close(question)
        return child, answer
    # The child must leave without running anybody's clean-up, whatever happens.
    try:
        os.close(answer)
        with os.fdopen(question, "wb") as stream:
            stream.write(_packed(_read(sources, share)))
        os._exit(0)
    finally:
        os._exit(1)


def _collect(child: int, answer: int) -> Harvest | None:
    """Take a child's answer; None if it did not come to its end."""
    with os.fdopen(answer, "rb") as stream:
        packed = stream.read()
    _, status = os.waitpid(child, 0)
    return _unpacked(packed) if status == 0 else None


def _packed(read: Harvest) -> bytes:
    batches = [batch.columns for batch in read.batches]
    return marshal.dumps((batches, [tuple(one) for one in read.rejected]))


def _unpacked(packed: bytes) -> Harvest:
    """Read what our own child wrote a moment ago; never used on stored data."""
    batches: list[tuple[list[Any], ...]]
    batches, rejected = marshal.loads(packed)  # noqa: S302
    return Harvest(
        [WitnessBatch(columns) for columns in batches],
        [Rejected._make(one) for one in rejected],
    )
