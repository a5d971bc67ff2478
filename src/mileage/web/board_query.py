"""What somebody asks of a board, as it stands in the address of a page.

The address is the whole state of the page: whoever copies it asks the same again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from mileage.domain.instants import read_instant
from mileage.domain.window import moment
from mileage.reports.board_reading import BoardOf, Part
from mileage.web.paging import read_page, read_wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

BOARD = "/"
WHOLE = "org"


class BoardQuery(NamedTuple):
    """A board as somebody wants it; '' takes what is published first."""

    lens: str = ""
    window: str = ""
    scope: str = WHOLE
    as_of: int | None = None
    """UTC microseconds: the board as it stood then; None is now."""
    page: int = 1
    wanted: str = ""
    """Words to look for in names, departments and teams."""
    purpose: str = ""
    """Why it is asked, where that has to be stated."""

    @property
    def of(self) -> BoardOf:
        """The board as reports want it."""
        part = Part(self.window, self.scope, self.page, self.wanted, self.purpose)
        return BoardOf(self.lens, part, self.as_of)

    def address(self, path: str = BOARD, **changes: object) -> str:
        """Return where this is asked, with some of it changed.

        Another board begins on its first page. What is left to its default stays out.
        """
        asked = self._replace(page=1)._replace(**changes)  # type: ignore[arg-type]
        fields = {
            "lens": asked.lens,
            "window": asked.window,
            "scope": "" if asked.scope == WHOLE else asked.scope,
            "as_of": "" if asked.as_of is None else instant_text(asked.as_of),
            "q": asked.wanted,
            "page": "" if asked.page == 1 else str(asked.page),
            "purpose": asked.purpose,
        }
        given = urlencode({name: text for name, text in fields.items() if text})
        return f"{path}?{given}" if given else path


def read_query(given: Mapping[str, str], zone: str) -> BoardQuery:
    """Read the fields of an address; raises Invalid, which says what to write.

    Times without an offset are of ``zone``; a day alone is all of it.
    """
    as_of = given.get("as_of", "")
    return BoardQuery(
        lens=given.get("lens", ""),
        window=given.get("window", ""),
        scope=given.get("scope", "") or WHOLE,
        as_of=read_instant(as_of, zone, "`as_of`") if as_of else None,
        page=read_page(given.get("page", "") or "1"),
        wanted=read_wanted(given.get("q", "")),
        purpose=given.get("purpose", ""),
    )


def instant_text(instant: int) -> str:
    """Write UTC microseconds so that ``read_query`` reads the same."""
    return moment(instant).isoformat().replace("+00:00", "Z")
