"""Leafing through a long list, or looking for some of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

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


def read_page(text: str) -> int:
    """Read the number of a page; raises Invalid, which says what to write."""
    if re.fullmatch(r"[0-9]{1,7}", text) and 1 <= int(text) <= MOST_PAGES:
        return int(text)
    raise Invalid("`page` must be a whole number, 1 for the first.")


def read_wanted(text: str) -> str:
    """Read what somebody looks for: words with one space between."""
    return " ".join(text[:LONGEST].split())
