"""Ranked rows of published standings, for whoever decides what is shown of them.

Who is ranked is decided here, at every question, so that what somebody chooses holds
from the next one on. What a question needs is kept in memory: 20 bytes an account for
each ranking, the rows of pages and what is searched; never everybody's standings.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from mileage.domain.cube import department_id
from mileage.domain.errors import NotFound, Unavailable
from mileage.domain.figures import BoardRow, Page
from mileage.domain.rights import ERASED
from mileage.store.standing_files import Among, StandingFiles

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Hashable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from pathlib import Path

    from mileage.domain.figures import Asked, Publication, Snapshot, Standing
    from mileage.reports.snapshots import Snapshots
    from mileage.store.standing_files import Ranking

PEOPLE = ("person", "unclaimed")
"""Who stands on the board of the organisation; claimants may be people."""
SCOPES = {"org": PEOPLE, "services": ("service",), "contractors": ("contractor",)}
MEMBERS = ("person", "contractor")
"""Who stands on the boards of departments and teams."""
UNTOLD = (*PEOPLE, "contractor", ERASED)
"""Whose figures a total must not give away; a tombstone was somebody's account."""
RANKINGS = 48
PAGES = 256
TEXTS = 2
"""Windows whose names are kept to be searched; some 100 bytes an account each."""
FOUND = 50
"""Rows that a search returns at most."""

Value = TypeVar("Value")


class Lately(Generic[Value]):
    """The values that were asked for last, each made once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return what is kept, or make it; two threads may both make it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def forget(self) -> None:
        """Make everything anew."""
        with self._lock:
            self._kept.clear()


class Boards:
    """The boards of one data directory. Thread-safe."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._files = StandingFiles(snapshots.directory)
        self._rankings: Lately[Ranking] = Lately(RANKINGS)
        self._pages: Lately[tuple[BoardRow, ...]] = Lately(PAGES)
        self._texts: Lately[list[str]] = Lately(TEXTS)
        # Departments and groups of peers ask one after the other.
        self._first: Lately[frozenset[str]] = Lately(1)
        self._rests: Lately[tuple[tuple[tuple[int, int, int, int], ...], ...]] = Lately(
            RANKINGS
        )

    def head(self, window: str = "", as_of: int | None = None) -> Snapshot:
        """Return what is told of a window beside its rows; raises NotFound."""
        return self._snapshots.latest(as_of, window)

    def rows(self, head: Snapshot, asked: Asked) -> Page:
        """Return ranked rows; raises NotFound for an unknown lens or scope."""
        ranking = self._ranking(head, asked)
        last = min(asked.first + asked.count, len(ranking.rows))
        places = range(min(asked.first, last), last)
        key = (*self._key(head, asked), asked.first, asked.count)
        rows = self._pages.of(key, lambda: self._rows(head, asked, places))
        return Page(rows, len(ranking.rows), places.start)

    def row_of(self, head: Snapshot, asked: Asked, account_id: str) -> BoardRow | None:
        """Return the row of an account, whatever page it is on; None without rank."""
        if not account_id:
            return None
        key = (*self._key(head, asked), account_id)
        rows = self._pages.of(key, lambda: self._own(head, asked, account_id))
        return next(iter(rows), None)

    def row_beside(
        self, page: Page, head: Snapshot, asked: Asked, account_id: str
    ) -> BoardRow | None:
        """Return the row of an account if it has a rank and is not on a page."""
        if any(row.standing.account_id == account_id for row in page.rows):
            return None
        return self.row_of(head, asked, account_id)

    def search(self, head: Snapshot, asked: Asked, text: str) -> tuple[BoardRow, ...]:
        """Return the first rows with every word of a text in their name or place."""
        texts, words = self._searched(head, asked), text.lower().split()
        found: Iterable[int] = range(len(texts)) if words else ()
        for word in words:
            found = [number for number in found if word in texts[number]]
        named, ranked = frozenset(found), self._ranking(head, asked).rows
        places = (place for place, number in enumerate(ranked) if number in named)
        return self._rows(head, asked, list(islice(places, FOUND if named else 0)))

    def warm(self, head: Snapshot, asked: Asked) -> None:
        """Read what this page and a search need, so that nobody waits for it."""
        self.rows(head, asked)
        self._searched(head, asked)

    def standing(self, head: Snapshot, account_id: str) -> Standing | None:
        """Return the standing of an account, ranked or not."""
        path = self._path(head)
        number = self._files.number(path, account_id)
        return None if number is None else self._files.rows(path, [number])[0]

    def everybody(self, head: Snapshot) -> Iterator[Standing]:
        """Yield all standings of a window, in the order of accounts."""
        return self._files.everybody(self._path(head))

    def among_the_first(
        self, publication: Publication, top: int, without: frozenset[str]
    ) -> frozenset[str]:
        """Return who stands among the ``top`` of any board of people."""

        def find() -> frozenset[str]:
            paths = [self._path(head) for head in publication.snapshots]
            boards = (PEOPLE, SCOPES["contractors"])
            return frozenset(self._files.among_the_first(paths, top, boards, without))

        return self._first.of((publication.as_of, top, without), find)

    def rests(
        self, head: Snapshot, hidden: frozenset[str], top: int
    ) -> tuple[tuple[tuple[int, int, int, int], ...], ...]:
        """Return what those add up to of whom no row tells; see ``access.Rest``.

        To whoever leafs through everybody, then to whoever sees the top of each board.
        """

        def add() -> tuple[tuple[tuple[int, int, int, int], ...], ...]:
            path = self._path(head)
            shown = self._files.among_the_first([path], top, SCOPES.values(), hidden)
            unnamed = self._files.rest(path, UNTOLD, some=hidden)
            return unnamed, self._files.rest(path, UNTOLD, without=shown)

        return self._rests.of((head.as_of, head.name, hidden, top), add)

    def bury(
        self, graves: Mapping[str, str], noted: Callable[[Snapshot, int], Snapshot]
    ) -> None:
        """Take names from everything published; ``graves`` are accounts by account.

        The one reason to change what is published is erasure. ``noted`` says of how
        many in what is told of a window, and is asked again after a kill: of those
        that still have names, and of the others not. Raises Unavailable when one
        cannot be read.
        """
        for as_of in self._snapshots.instants():
            self._bury(self._snapshots.publication(as_of), graves, noted)
        self.forget()

    def _bury(
        self,
        before: Publication,
        graves: Mapping[str, str],
        noted: Callable[[Snapshot, int], Snapshot],
    ) -> None:
        paths = [self._path(head) for head in before.snapshots]
        named = [self._files.named(path, graves) for path in paths]
        after = tuple(
            noted(head, count) if count else head
            for head, count in zip(before.snapshots, named, strict=True)
        )
        # First: of what still has a name it can be told again how many it had.
        if after != before.snapshots:
            self._snapshots.publish(replace(before, snapshots=after))
        for path, count in zip(paths, named, strict=True):
            if count:
                self._files.bury(path, graves)

    def forget(self) -> None:
        """Read everything anew."""
        self._rankings.forget()
        self._pages.forget()
        self._texts.forget()
        self._rests.forget()
        self._first.forget()
        self._snapshots.forget()

    def _own(
        self, head: Snapshot, asked: Asked, account_id: str
    ) -> tuple[BoardRow, ...]:
        number = self._files.number(self._path(head), account_id)
        ranking = self._ranking(head, asked)
        if number is None or number not in ranking.rows:
            return ()
        place = ranking.rows.index(number)
        return self._rows(head, asked, range(place, place + 1))

    def _path(self, head: Snapshot) -> Path:
        path = self._snapshots.standings(head.as_of, head.name)
        if not path.exists():
            raise Unavailable(
                f"{path} is missing; restore it from a backup, or remove what else "
                "was published with it"
            )
        return path

    def _searched(self, head: Snapshot, asked: Asked) -> list[str]:
        path, unnamed = self._path(head), asked.unnamed
        return self._texts.of(
            (head.as_of, head.name, unnamed), lambda: self._files.texts(path, unnamed)
        )

    @staticmethod
    def _key(head: Snapshot, asked: Asked) -> tuple[Hashable, ...]:
        return head.as_of, head.name, asked.lens, asked.scope, asked.without

    def _ranking(self, head: Snapshot, asked: Asked) -> Ranking:
        return self._rankings.of(
            self._key(head, asked),
            lambda: self._files.ranking(self._path(head), self._among(head, asked)),
        )

    def group_of(self, head: Snapshot, scope: str) -> tuple[str, str]:
        """Return department and team of ``dept:ID`` or ``team:ID/TEAM``.

        Two empty names when it is neither, or nobody of it used anything.
        """
        kind, _, rest = scope.partition(":")
        identity, _, team = rest.partition("/")
        if kind in {"dept", "team"} and (kind == "team") == bool(team):
            for name in self._files.departments(self._path(head)):
                if department_id(name) == identity:
                    return name, team
        return "", ""

    def _among(self, head: Snapshot, asked: Asked) -> Among:
        lens = place_of(head, asked.lens)
        if asked.scope in SCOPES:
            return Among(lens, SCOPES[asked.scope], without=asked.without)
        department, team = self.group_of(head, asked.scope)
        if department:
            return Among(lens, MEMBERS, department, team or None, asked.without)
        message = (
            f"there is no board of {asked.scope!r}; there are "
            f"{', '.join(SCOPES)}, and dept:ID and team:ID/TEAM of departments "
            "of which somebody used anything in this window"
        )
        raise NotFound(message)

    def _rows(
        self, head: Snapshot, asked: Asked, places: Sequence[int]
    ) -> tuple[BoardRow, ...]:
        ranking, lens = self._ranking(head, asked), place_of(head, asked.lens)
        numbers = [ranking.rows[place] for place in places]
        standings = self._files.rows(self._path(head), numbers)
        return tuple(
            BoardRow(
                ranking.place(place),
                -ranking.values[place],
                one,
                ranking.place_before(one.before[lens]) if one.before else None,
            )
            for place, one in zip(places, standings, strict=True)
        )


def place_of(head: Snapshot, lens: str) -> int:
    """Return the place of a published lens, the first for ''; raises NotFound."""
    for place, one in enumerate(head.lenses):
        if lens in {one.name, ""}:
            return place
    known = ", ".join(one.name for one in head.lenses)
    message = f"there is no lens {lens!r}; there are {known}"
    raise NotFound(message)
