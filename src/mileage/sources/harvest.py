"""Reads many logs at once, on as many processors as there are.

Tasks wait in a pipe, and whoever is free takes the next one: so the processors end
together, whatever else the machine does. Witnesses travel between processes as plain
columns, which is what a batch is.
"""

from __future__ import annotations

import marshal
import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

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
# All numbers of tasks have to fit into a pipe, 64 KiB on Linux and macOS.
_MOST_TASKS = 4_000
_TASK_BYTES = 512 * 1024
_NUMBER_BYTES = 4


@dataclass(slots=True)
class Harvest:
    """Witnesses of some files (no activity) and what could not be read of them."""

    batches: list[Batch[Witness]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class Harvesting:
    """Starts reading at once; ``finish`` lends a hand and returns the result.

    In between, the caller may do something else: the order of the result means
    nothing, and no file is left out even if a child dies.
    """

    def __init__(
        self,
        sources: Mapping[str, LogSource],
        files: Sequence[LogFile],
        *,
        processors: int | None = None,
    ) -> None:
        self._sources = sources
        self._tasks = _tasks(files)
        self._queue = _queue(len(self._tasks))
        helpers = (processors or _processors(files)) - 1
        started = [self._fork() for _ in range(helpers)]
        self._children = [child for child in started if child]

    def finish(self) -> Harvest:
        """Read what nobody has taken yet, and collect what the others have read."""
        result, done = self._work()
        os.close(self._queue)
        for child, answer in self._children:
            read, finished = _collect(child, answer)
            result.batches += read.batches
            result.rejected += read.rejected
            done += finished
        # A child that died (out of memory, killed) has taken its tasks with it.
        for number in sorted(set(range(len(self._tasks))).difference(done)):
            self._read(number, result)
        return result

    def _work(self) -> tuple[Harvest, list[int]]:
        result, done = Harvest(), []
        while number := os.read(self._queue, _NUMBER_BYTES):
            done.append(int.from_bytes(number, "big"))
            self._read(done[-1], result)
        return result, done

    def _read(self, number: int, result: Harvest) -> None:
        for file in self._tasks[number]:
            for reading in read_log(self._sources[file.source], file, activity=False):
                result.batches.append(reading.witnesses)
                result.rejected += reading.rejected

    def _fork(self) -> tuple[int, int] | None:
        """Start a child; return its id and where it will answer."""
        answer, ours = os.pipe()
        try:
            child = os.fork()
        except OSError:
            child = -1
        if child == 0:
            os.close(answer)
            self._help(ours)
        os.close(ours)
        if child < 0:
            os.close(answer)
            return None
        return child, answer

    def _help(self, answer: int) -> NoReturn:
        """Work as a child; leave without running anybody's clean-up, come what may."""
        try:
            packed = _packed(*self._work())
            with os.fdopen(answer, "wb") as stream:
                stream.write(packed)
            os._exit(0)
        finally:
            os._exit(1)


def _tasks(files: Sequence[LogFile]) -> list[list[LogFile]]:
    """Put small files together and the largest first, so that all end together."""
    enough = max(_TASK_BYTES, sum(file.size for file in files) // _MOST_TASKS)
    tasks: list[list[LogFile]] = []
    size = enough
    for file in sorted(files, key=lambda file: -file.size):
        if size >= enough:
            tasks.append([])
            size = 0
        tasks[-1].append(file)
        size += file.size
    return tasks


def _queue(count: int) -> int:
    """Return a pipe that holds the numbers of all tasks and then ends."""
    queue, entry = os.pipe()
    with os.fdopen(entry, "wb") as stream:
        for number in range(count):
            stream.write(number.to_bytes(_NUMBER_BYTES, "big"))
    return queue


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


def _collect(child: int, answer: int) -> tuple[Harvest, list[int]]:
    """Take a child's answer; nothing if it did not come to its end."""
    with os.fdopen(answer, "rb") as stream:
        packed = stream.read()
    _, status = os.waitpid(child, 0)
    return _unpacked(packed) if status == 0 else (Harvest(), [])


def _packed(read: Harvest, done: list[int]) -> bytes:
    batches = [batch.columns for batch in read.batches]
    return marshal.dumps((batches, [tuple(one) for one in read.rejected], done))


def _unpacked(packed: bytes) -> tuple[Harvest, list[int]]:
    """Read what our own child wrote a moment ago; never used on stored data."""
    batches: list[tuple[list[Any], ...]]
    batches, rejected, done = marshal.loads(packed)  # noqa: S302
    read = Harvest(
        [WitnessBatch(columns) for columns in batches],
        [Rejected._make(one) for one in rejected],
    )
    return read, done
