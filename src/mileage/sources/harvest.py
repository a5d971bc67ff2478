"""Works through many files at once, on as many processors as there are.

Tasks wait in a pipe, and whoever is free takes the next one: so the processors end
together, whatever else the machine does. Results travel between processes as plain
values.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import sys
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Below this, starting a process costs more than it saves (measured: 5 ms a process).
WORTH_A_PROCESS = 6 * 1024 * 1024
MOST_PROCESSES = 8
# All numbers of tasks have to fit into a pipe, 64 KiB on Linux and macOS.
_MOST_TASKS = 4_000
_TASK_BYTES = 512 * 1024
_NUMBER_BYTES = 4
_PIPE_BYTES = 1024 * 1024


class Sized(Protocol):
    """Something that takes the longer the larger it is."""

    @property
    def work(self) -> int:
        """Return the bytes to read."""
        ...


Item = TypeVar("Item", bound=Sized)
Result = list[tuple[int, Any]]
"""Numbers of items and what came of them."""


class Harvesting(Generic[Item]):
    """Starts at once; ``finish`` lends a hand and returns the results in order.

    In between, the caller may do something else. No item is left out even if a
    child dies. What ``work`` returns has to be plain values: numbers, texts, bytes,
    tuples and lists of them.
    """

    def __init__(
        self,
        items: Sequence[Item],
        work: Callable[[Item], Any],
        *,
        processors: int | None = None,
    ) -> None:
        self._items = items
        self._do = work
        self._tasks = _tasks(items)
        self._queue = _queue(len(self._tasks))
        helpers = (processors or _processors(items)) - 1
        started = [self._fork() for _ in range(helpers)]
        self._children = [child for child in started if child]

    def finish(self) -> list[Any]:
        """Do what nobody has taken yet, and collect what the others have done."""
        results = dict(chain.from_iterable(self._work()))
        os.close(self._queue)
        for child, answer in self._children:
            results.update(_collect(child, answer))
        return [
            results[number] if number in results else self._do(item)
            for number, item in enumerate(self._items)
        ]

    def _work(self) -> Iterator[Result]:
        while number := os.read(self._queue, _NUMBER_BYTES):
            task = self._tasks[int.from_bytes(number, "big")]
            yield [(item, self._do(self._items[item])) for item in task]

    def _fork(self) -> tuple[int, int] | None:
        """Start a child; return its id and where it will answer."""
        answer, ours = _wide_pipe()
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
            # Packed task by task: afterwards, the others would be waiting for it.
            parts = [_packed(part) for part in self._work()]
            with os.fdopen(answer, "wb") as stream:
                stream.write(marshal.dumps(parts))
            os._exit(0)
        finally:
            os._exit(1)


def _tasks(items: Sequence[Sized]) -> list[list[int]]:
    """Put small items together and the largest first, so that all end together."""
    sizes = [item.work for item in items]
    enough = max(_TASK_BYTES, sum(sizes) // _MOST_TASKS)
    tasks: list[list[int]] = []
    size = enough
    for number in sorted(range(len(items)), key=lambda number: -sizes[number]):
        if size >= enough:
            tasks.append([])
            size = 0
        tasks[-1].append(number)
        size += sizes[number]
    return tasks


def _queue(count: int) -> int:
    """Return a pipe that holds the numbers of all tasks and then ends."""
    queue, entry = os.pipe()
    with os.fdopen(entry, "wb") as stream:
        for number in range(count):
            stream.write(number.to_bytes(_NUMBER_BYTES, "big"))
    return queue


def _wide_pipe() -> tuple[int, int]:
    """Return a pipe that takes a whole answer in few pieces, where that can be had."""
    ends = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return ends


def _processors(items: Sequence[Sized]) -> int:
    """Return how many processes are worth their start.

    A process with threads must not be forked: locks would stay held for ever.
    """
    if not hasattr(os, "fork") or _has_threads():
        return 1
    size = sum(item.work for item in items)
    available = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
    return max(1, min(available, MOST_PROCESSES, size // WORTH_A_PROCESS))


def _has_threads() -> bool:
    """Tell it without loading what starts them: if nobody has, there are none."""
    threading = sys.modules.get("threading")
    return threading is not None and threading.active_count() > 1


def _collect(child: int, answer: int) -> Result:
    """Take what a child has done; it may have died (out of memory, killed)."""
    with os.fdopen(answer, "rb") as stream:
        packed = stream.read()
    try:
        # Our own child wrote it a moment ago; never used on stored data.
        parts = marshal.loads(packed)  # noqa: S302
    except EOFError:
        parts = []
    done = [one for part in parts for one in marshal.loads(part)]  # noqa: S302
    # It takes itself apart while we unpack.
    os.waitpid(child, 0)
    return done


def _packed(done: Result) -> bytes:
    return marshal.dumps(done)
