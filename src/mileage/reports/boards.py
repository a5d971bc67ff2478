"""Ranked rows of published standings, for whoever decides what is shown of them.

Who is ranked is decided here, at every question, so that what somebody chooses holds
from the next one on. What a question needs is kept in memory: 20 bytes an account for
each ranking, the rows of pages, what is searched, and everybody's packed rows of the
window that most people look at. All of it belongs to one version of a file: an erasure
writes files anew, and nothing of an older one is shown from then on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from mileage.domain.cube import department_id
from mileage.domain.errors import NotFound, Unavailable
from mileage.domain.figures import BoardRow, Page
from mileage.domain.rights import ERASED
from mileage.reports.board_search import Lines, words_of
from mileage.store.packed_rows import version_of
from mileage.store.standing_files import Among, StandingFiles

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Hashable,
        Iterator,
        Mapping,
        Sequence,
    )

    from mileage.domain.figures import Asked, Publication, Snapshot, Standing
    from mileage.reports.snapshots import Snapshots
    from mileage.store.packed_rows import FileVersion
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
LINES = 6
"""Rankings in whose order they are searched; some 50 bytes an account each."""
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
        self._lines: Lately[Lines] = Lately(LINES)
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

        def read(file: FileVersion) -> Page:
            ranking = self._ranking(file, head, asked)
            last = min(asked.first + asked.count, len(ranking.rows))
            places = range(min(asked.first, last), last)
            key = (*_key(file, asked), asked.first, asked.count)
            rows = self._pages.of(key, lambda: self._rows(file, head, asked, places))
            return Page(rows, len(ranking.rows), places.start)

        return self._of_one_version(head, read)

    def row_of(self, head: Snapshot, asked: Asked, account_id: str) -> BoardRow | None:
        """Return the row of an account, whatever page it is on; None without rank."""
        if not account_id:
            return None

        def read(file: FileVersion) -> tuple[BoardRow, ...]:
            key = (*_key(file, asked), account_id)
            own = partial(self._own, file, head, asked, account_id)
            return self._pages.of(key, own)

        return next(iter(self._of_one_version(head, read)), None)

    def row_beside(
        self, page: Page, head: Snapshot, asked: Asked, account_id: str
    ) -> BoardRow | None:
        """Return the row of an account if it has a rank and is not on a page."""
        if any(row.standing.account_id == account_id for row in page.rows):
            return None
        return self.row_of(head, asked, account_id)

    def search(self, head: Snapshot, asked: Asked, text: str) -> tuple[BoardRow, ...]:
        """Return the first rows with every word of a text in their name or place."""
        words = words_of(text)

        def read(file: FileVersion) -> tuple[BoardRow, ...]:
            places = self._searched(file, head, asked).places(words)
            return self._rows(file, head, asked, list(islice(places, FOUND)))

        return self._of_one_version(head, read) if words else ()

    def warm(self, head: Snapshot, asked: Asked) -> None:
        """Read what this page and a search need, so that nobody waits for it."""
        self._files.hold(self._file(head).path)
        self.rows(head, asked)
        self._of_one_version(head, lambda file: self._searched(file, head, asked))

    def standing(self, head: Snapshot, account_id: str) -> Standing | None:
        """Return the standing of an account, ranked or not."""
        found = self._files.row_of(self._file(head).path, account_id)
        return found[1] if found else None

    def everybody(self, head: Snapshot) -> Iterator[Standing]:
        """Yield all standings of a window, in the order of accounts."""
        return self._files.everybody(self._file(head).path)

    def among_the_first(
        self, publication: Publication, top: int, without: frozenset[str]
    ) -> frozenset[str]:
        """Return who stands among the ``top`` of any board of people."""
        files = tuple(self._file(head) for head in publication.snapshots)

        def find() -> frozenset[str]:
            paths = [file.path for file in files]
            boards = (PEOPLE, SCOPES["contractors"])
            return frozenset(self._files.among_the_first(paths, top, boards, without))

        return self._first.of((files, top, without), find)

    def rests(
        self, head: Snapshot, hidden: frozenset[str], top: int
    ) -> tuple[tuple[tuple[int, int, int, int], ...], ...]:
        """Return what those add up to of whom no row tells; see ``access.Rest``.

        To whoever leafs through everybody, then to whoever sees the top of each board.
        """
        file = self._file(head)
        path = file.path

        def add() -> tuple[tuple[tuple[int, int, int, int], ...], ...]:
            shown = self._files.among_the_first([path], top, SCOPES.values(), hidden)
            unnamed = self._files.rest(path, UNTOLD, some=hidden)
            return unnamed, self._files.rest(path, UNTOLD, without=shown)

        return self._rests.of((file, hidden, top), add)

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
        paths = [self._file(head).path for head in before.snapshots]
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
        self._lines.forget()
        self._files.release()
        self._rests.forget()
        self._first.forget()
        self._snapshots.forget()

    def _own(
        self, file: FileVersion, head: Snapshot, asked: Asked, account_id: str
    ) -> tuple[BoardRow, ...]:
        found = self._files.row_of(file.path, account_id)
        if found is None:
            return ()
        number, standing = found
        value = standing.values[place_of(head, asked.lens)]
        ranking = self._ranking(file, head, asked)
        place = ranking.index_of(number, value)
        return () if place is None else self._rows(file, head, asked, [place])

    def _file(self, head: Snapshot) -> FileVersion:
        path = self._snapshots.standings(head.as_of, head.name)
        try:
            return version_of(path)
        except FileNotFoundError:
            raise Unavailable(
                f"{path} is missing; restore it from a backup, or remove what else "
                "was published with it"
            ) from None

    def _of_one_version(
        self, head: Snapshot, read: Callable[[FileVersion], Value]
    ) -> Value:
        """Read of a file as it is from the first question to the last.

        What numbers of rows mean changes when it is written anew.
        """
        while True:
            file = self._file(head)
            found = read(file)
            if self._file(head) == file:
                return found

    def _searched(self, file: FileVersion, head: Snapshot, asked: Asked) -> Lines:
        def lines() -> Lines:
            texts = self._texts.of(
                (file, asked.unnamed),
                lambda: self._files.texts(file.path, asked.unnamed),
            )
            ranked = self._ranking(file, head, asked).rows
            return Lines.of(texts[number] for number in ranked)

        return self._lines.of((*_key(file, asked), asked.unnamed), lines)

    def _ranking(self, file: FileVersion, head: Snapshot, asked: Asked) -> Ranking:
        return self._rankings.of(
            _key(file, asked),
            lambda: self._files.ranking(file.path, self._among(head, asked)),
        )

    def group_of(self, head: Snapshot, scope: str) -> tuple[str, str]:
        """Return department and team of ``dept:ID`` or ``team:ID/TEAM``.

        Two empty names when it is neither, or nobody of it used anything.
        """
        kind, _, rest = scope.partition(":")
        identity, _, team = rest.partition("/")
        if kind in {"dept", "team"} and (kind == "team") == bool(team):
            for name in self._files.departments(self._file(head).path):
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
        self, file: FileVersion, head: Snapshot, asked: Asked, places: Sequence[int]
    ) -> tuple[BoardRow, ...]:
        ranking, lens = self._ranking(file, head, asked), place_of(head, asked.lens)
        numbers = [ranking.rows[place] for place in places]
        standings = self._files.rows(file.path, numbers)
        return tuple(
            BoardRow(
                ranking.place(place),
                -ranking.values[place],
                one,
                ranking.place_before(one.before[lens]) if one.before else None,
            )
            for place, one in zip(places, standings, strict=True)
        )


def scope_of(kind: str) -> str:
    """Return the board on which accounts of a kind stand."""
    return next((scope for scope, kinds in SCOPES.items() if kind in kinds), "org")


def _key(file: FileVersion, asked: Asked) -> tuple[Hashable, ...]:
    return file, asked.lens, asked.scope, asked.without


def place_of(head: Snapshot, lens: str) -> int:
    """Return the place of a published lens, the first for ''; raises NotFound."""
    for place, one in enumerate(head.lenses):
        if lens in {one.name, ""}:
            return place
    known = ", ".join(one.name for one in head.lenses)
    message = f"there is no lens {lens!r}; there are {known}"
    raise NotFound(message)
