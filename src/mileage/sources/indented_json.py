"""Whole JSON objects that were written over many lines, one after the other.

Written so, an object starts with a line that is nothing but ``{`` and ends with one
that is nothing but ``}``: inside, lines are indented, and texts hold no line ends.
So an object that was cut off does not take the next one with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_OBJECT_BYTES = 32 * 1024 * 1024

CUT_OFF = "an object that has no end"
TOO_LARGE = "an object larger than the limit"
OUTSIDE = "text outside of any object"

_START, _END = b"{", b"}"


class Found(NamedTuple):
    """One object, or what stands where one should."""

    number: int
    """The line it starts on, from 1."""
    text: bytes
    problem: str
    """'' when ``text`` is a whole object; it may still be no JSON."""


def objects(
    lines: Iterable[bytes], *, max_bytes: int = MAX_OBJECT_BYTES
) -> Iterator[Found]:
    """Yield the objects of a file, each of a bounded size.

    An object on a line of its own counts as one, too.
    """
    current: _Open | None = None
    for number, line in enumerate(lines, start=1):
        bare = line.rstrip()
        if bare == _START:
            if current:
                yield Found(current.number, b"", CUT_OFF)
            current = _Open(number)
        if current is None:
            if bare:
                yield _alone(number, line)
            continue
        current.add(line, max_bytes)
        if bare == _END:
            yield current.closed(max_bytes)
            current = None
    if current:
        yield Found(current.number, b"", CUT_OFF)


class _Open:
    """An object of which not all lines have been seen."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._text = bytearray()
        self._size = 0

    def add(self, line: bytes, max_bytes: int) -> None:
        """Keep a line, unless the object has become too large."""
        self._size += len(line)
        if self._size <= max_bytes:
            self._text += line
        else:
            self._text.clear()

    def closed(self, max_bytes: int) -> Found:
        if self._size > max_bytes:
            return Found(self.number, b"", TOO_LARGE)
        return Found(self.number, bytes(self._text), "")


def _alone(number: int, line: bytes) -> Found:
    """Read a line outside of objects: an object in one piece, or nothing."""
    if line.lstrip().startswith(_START):
        return Found(number, line, "")
    return Found(number, b"", OUTSIDE)
