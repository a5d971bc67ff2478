"""Leafing through a long list, or looking for some of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from mileage.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Row = TypeVar("Row")
ROWS = 250
"""Of a list that a page shows at once."""
MOST_PAGES = 1_000_000
LONGEST = 100
"""Characters of a text to look for."""


class Pager(NamedTuple):
    """Where a page stands among all of them; '' leads nowhere."""

    first: int
    last: int
    """Rows from 1, both included."""
    of: int
    page: int
    pages: int
    newest: str
    back: str
    on: str
    end: str


def pager(
    first: int, of: int, at_once: int, address: Callable[[int], str]
) -> Pager | None:
    """Tell where the page stands whose ``first`` row, from 0, this is.

    None when one page shows all.
    """
    page, pages = first // at_once + 1, -(-of // at_once)
    if pages <= 1:
        return None
    return Pager(
        first=first + 1,
        last=min(first + at_once, of),
        of=of,
        page=page,
        pages=pages,
        newest=address(1) if page > 1 else "",
        back=address(page - 1) if page > 1 else "",
        on=address(page + 1) if page < pages else "",
        end=address(pages) if page < pages else "",
    )


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """The rows of a list that a page shows."""

    rows: Sequence[Row]
    wanted: str
    """What was looked for; '' shows all."""
    of: int
    """How many rows there are, found or not."""
    kept: Mapping[str, str]
    """What else was asked for, beside words and page."""
    pager: Pager | None

    @property
    def long(self) -> bool:
        """Whether there is more than one page to look through."""
        return self.of > ROWS


def part(
    rows: Sequence[Row], asked: Mapping[str, str], text: Callable[[Row], str]
) -> Part[Row]:
    """Choose what ``?q=`` and ``?page=`` ask for; raises Invalid.

    ``text`` is what a row is found by. Behind the last page is the last page.
    """
    number = read_page(asked.get("page") or "1")
    wanted = read_wanted(asked.get("q", ""))
    words = wanted.casefold().split()

    def is_found(row: Row) -> bool:
        told = text(row).casefold()
        return all(word in told for word in words)

    found = list(filter(is_found, rows)) if words else rows
    first = min(number - 1, max(len(found) - 1, 0) // ROWS) * ROWS
    kept = {name: asked[name] for name in asked if name not in ("q", "page")}
    sought = {**kept, "q": wanted} if wanted else kept
    leaves = pager(
        first, len(found), ROWS, lambda of: f"?{urlencode({**sought, 'page': of})}"
    )
    return Part(found[first : first + ROWS], wanted, len(rows), kept, leaves)


def read_page(text: str) -> int:
    """Read the number of a page; raises Invalid, which says what to write."""
    if re.fullmatch(r"[0-9]{1,7}", text) and 1 <= int(text) <= MOST_PAGES:
        return int(text)
    raise Invalid("`page` must be a whole number, 1 for the first.")


def read_wanted(text: str) -> str:
    """Read what somebody looks for: words with one space between."""
    return " ".join(text[:LONGEST].split())
