"""Searching the rows of a board: one text of all of them, in the order of ranks."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BREAK = b"\n"
"""Between lines; no word has one, so none is found across two of them."""


class Lines(NamedTuple):
    """What each row is found by, a line each."""

    text: bytes
    """UTF-8, in which a character is found only where one begins."""
    starts: array[int]
    """Where each line begins, and where the next one would."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Lines:
        """Join lines; one may hold breaks of its own."""
        lines = [text.encode() for text in texts]
        lengths = (len(line) + len(BREAK) for line in lines)
        return cls(BREAK.join(lines), array("Q", accumulate(lengths, initial=0)))

    def places(self, words: Sequence[bytes]) -> Iterator[int]:
        """Yield the numbers of the lines that hold every word, ascending."""
        start = 0
        while True:
            found = [self.text.find(word, start) for word in words]
            if min(found) < 0:
                return
            # No line before that of the word which comes last can hold them all.
            place = bisect_right(self.starts, max(found)) - 1
            start = self.starts[place]
            if min(found) >= start:
                yield place
                start = self.starts[place + 1]


def words_of(text: str) -> list[bytes]:
    """Return the words that somebody looks for; what is no text is in no line."""
    return [word.encode(errors="surrogatepass") for word in text.lower().split()]
