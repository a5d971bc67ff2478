"""Standings in Parquet files: one row an account, in the order of accounts.

Any process may read them. The database that reads them is one in memory of its own,
which sees nothing but the folder they lie in. Some rows of a large file cost as much as
reading most of it, so the rows of one file may be held in memory, packed.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left, bisect_right
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from mileage.domain.errors import Unavailable
from mileage.domain.figures import Standing
from mileage.domain.rights import ERASED, ERASED_NAME
from mileage.domain.sums import Figures
from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.store.packed_rows import PackedRows, version_of
from mileage.store.statements import insert_with, reason, run, statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

BATCH = 2_000
_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "512MB",
    "threads": 2,
}
_FIGURES = ("calls", *TOKEN_CLASSES, "cost", "unpriced_calls", "unmeasured_calls")
# The order of all columns is that of the statements that read them.
_LEADING = ("account_id", "name", "kind", "department", "team", "role")
_TRAILING = (
    *("sessions", "attended_calls", "unattended_calls", "models", "clients"),
    *("active_days", "used_days", "used_tokens", "day_count", "simulated", "values"),
    *("before", "titles", "tier"),
)
_COLUMNS = (*_LEADING, *_FIGURES, *_TRAILING)
_LISTS = frozenset({"models", "clients", "values", "before", "titles"})


class Among(NamedTuple):
    """Whom to rank, and by what."""

    lens: int
    """Place among the lenses of the snapshot, from 0."""
    kinds: tuple[str, ...]
    department: str | None = None
    """None is everybody; '' those in none."""
    team: str | None = None
    without: frozenset[str] = frozenset()

    def parameters(self) -> dict[str, object]:
        """Return what the statements want; their lists count from 1."""
        return {
            "lens": self.lens + 1,
            "kinds": list(self.kinds),
            "department": self.department,
            "team": self.team,
            "without": sorted(self.without),
        }


class Ranking(NamedTuple):
    """Everybody who has a rank; 20 bytes each."""

    rows: array[int]
    """Row numbers in the file, the highest value first."""
    values: array[int]
    """Below zero, so that they ascend."""
    before: array[int]
    """The same of the period before, of whomever."""

    def index_of(self, number: int, value: int | None) -> int | None:
        """Return where a row of this value stands; None when it has no rank."""
        if value is None:
            return None
        first = bisect_left(self.values, -value)
        last = bisect_right(self.values, -value, first)
        # Of equal values the lower row number comes first.
        index = bisect_left(self.rows, number, first, last)
        return index if index < last and self.rows[index] == number else None

    def place(self, index: int) -> int:
        """Return the rank of a row: equal values share one."""
        return bisect_left(self.values, self.values[index]) + 1

    def place_before(self, value: int | None) -> int | None:
        """Return the rank of a value in the period before."""
        if value is None or value <= 0:
            return None
        return bisect_left(self.before, -value) + 1


class StandingFiles:
    """Reads and writes the files of one folder. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._held: PackedRows | None = None

    def write(self, path: Path, standings: Iterable[Standing]) -> None:
        """Write a file; readers see all of it or none."""
        columns: dict[str, list[object]] = {name: [] for name in _COLUMNS}
        for one in standings:
            for name, value in zip(_COLUMNS, _row(one), strict=True):
                columns[name].append(value)
        with appearing(path) as part:
            name = "standing_file.write"
            insert_with(self._cursor(), name, columns, path=str(part))

    def named(self, path: Path, accounts: Iterable[str]) -> int:
        """Count the rows of some accounts."""
        asked = list(accounts)
        found = _run(self._cursor(), "standing_file.named", path, accounts=asked)
        return int(found[0][0])

    def bury(self, path: Path, graves: Mapping[str, str]) -> None:
        """Take names from a file; ``graves`` are accounts by account.

        It is written anew only if it names one of them.
        """
        if not self.named(path, graves):
            return
        with appearing(path) as part:
            run(
                self._cursor(),
                "standing_file.bury",
                source=str(path),
                path=str(part),
                accounts=list(graves),
                graves=list(graves.values()),
                name=ERASED_NAME,
                kind=ERASED,
            )

    def everybody(self, path: Path) -> Iterator[Standing]:
        """Yield all standings, in the order of accounts."""
        cursor = self._cursor()
        with _readable(path):
            cursor.execute(statement("standing_file.all"), {"path": str(path)})
            while rows := cursor.fetchmany(BATCH):
                yield from map(_standing, rows)

    def ranking(self, path: Path, among: Among) -> Ranking:
        """Rank by a lens; of equal values the account decides."""
        cursor, asked = self._cursor(), among.parameters()
        found = _run(cursor, "standing_file.rank", path, **asked)
        before = _run(cursor, "standing_file.before", path, **asked)
        return Ranking(
            array("I", [number for number, _ in found]),
            array("q", [-value for _, value in found]),
            array("q", [-value for (value,) in before]),
        )

    def hold(self, path: Path) -> None:
        """Keep the rows of a file in memory, instead of those of another.

        They are read there as long as the file is the one that they were taken from.
        """
        version = version_of(path)
        if self._held is not None and self._held.version == version:
            return
        # Given up first: two of them would be in memory at once.
        self._held = None
        cursor, rows = self._cursor(), list[bytes]()
        with _readable(path):
            cursor.execute(statement("standing_file.packed"), {"path": str(path)})
            while some := cursor.fetchmany(BATCH):
                rows += (row for (row,) in some)
        # One that was replaced meanwhile is held at the next call.
        if version_of(path) == version:
            self._held = PackedRows(version, rows)

    def release(self) -> None:
        """Hold nothing."""
        self._held = None

    def rows(self, path: Path, numbers: Sequence[int]) -> list[Standing]:
        """Return rows by their numbers, in the order asked for."""
        held = self._holding(path)
        if held is not None:
            return [_standing(held.row(number)) for number in numbers]
        found = _run(self._cursor(), "standing_file.rows", path, numbers=list(numbers))
        by_number = {row[0]: _standing(row[1:]) for row in found}
        return [by_number[number] for number in numbers]

    def row_of(self, path: Path, account_id: str) -> tuple[int, Standing] | None:
        """Return the row of an account and its number."""
        held = self._holding(path)
        if held is not None:
            number = held.number_of(account_id)
            return None if number is None else (number, _standing(held.row(number)))
        found = _run(self._cursor(), "standing_file.row_of", path, account=account_id)
        return (found[0][0], _standing(found[0][1:])) if found else None

    def texts(self, path: Path, unnamed: frozenset[str] = frozenset()) -> list[str]:
        """Return what each row is found by, in small letters: its name and its place.

        Those in ``unnamed`` are not found by their names.
        """
        asked = sorted(unnamed)
        found = _run(self._cursor(), "standing_file.texts", path, unnamed=asked)
        return [text.lower() for (text,) in found]

    def among_the_first(
        self,
        paths: Sequence[Path],
        top: int,
        boards: Iterable[Sequence[str]],
        without: Iterable[str],
    ) -> list[str]:
        """Return the accounts that are among the first by any lens, of any file.

        Each of ``boards`` are the kinds of accounts that are ranked together.
        """
        if not top:
            return []
        placed = [(kind, at) for at, kinds in enumerate(boards) for kind in kinds]
        found = _run(
            self._cursor(),
            "standing_file.first",
            *paths,
            top=top,
            kinds=[kind for kind, _ in placed],
            boards=[at for _, at in placed],
            without=sorted(without),
        )
        return [account for (account,) in found]

    def total(self, path: Path) -> tuple[Figures, int]:
        """Return what all rows add up to, and how many there are."""
        ((accounts, *sums),) = _run(self._cursor(), "standing_file.total", path)
        return figures_of(sums), accounts

    def rest(
        self,
        path: Path,
        kinds: Sequence[str],
        without: Iterable[str] = (),
        some: Iterable[str] | None = None,
    ) -> tuple[tuple[int, int, int, int], ...]:
        """Return what accounts add up to: some of them, or all but others.

        Of calls, tokens and cost: how many have any, the sum, the two largest.
        """
        asked = {
            "kinds": list(kinds),
            "without": list(without),
            "listed": some is not None,
            "accounts": list(some or ()),
        }
        (found,) = _run(self._cursor(), "standing_file.rest", path, **asked)
        measures = zip(found[::3], found[1::3], found[2::3], strict=True)
        return tuple(
            (people, total, *([*(largest or ()), 0, 0][:2]))
            for people, total, largest in measures
        )

    def departments(self, path: Path) -> frozenset[str]:
        """Return the departments that somebody of a file is in."""
        return frozenset(
            name for (name,) in _run(self._cursor(), "standing_file.departments", path)
        )

    def _holding(self, path: Path) -> PackedRows | None:
        """Return what is held of a file, if that is still what the file says."""
        held = self._held
        if held is None or held.version.path != path:
            return None
        return held if held.version == version_of(path) else None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            opened = duckdb.connect(":memory:", config=_OPTIONS)
            shut_in(opened, self._folder)
            self._opened = opened
        return self._opened.cursor()


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give the name of a file that appears under its own when the block ends well."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        yield part
        part.chmod(0o600)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except duckdb.Error as error:
        message = f"{path} cannot be written: {reason(error)}"
        raise Unavailable(message) from error
    finally:
        part.unlink(missing_ok=True)


def shut_in(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let a database see the files of one folder, and nothing else, for good."""
    run(connection, "files.of_folder", folders=[str(folder.absolute())])
    run(connection, "files.no_others")


@contextmanager
def _readable(*paths: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        for path in paths:
            if not path.exists():
                raise FileNotFoundError(path) from None
        named = " or ".join(map(str, paths))
        message = f"{named} is damaged; remove it and publish again"
        raise Unavailable(message) from error


def _run(
    cursor: duckdb.DuckDBPyConnection, name: str, *paths: Path, **parameters: object
) -> list[tuple[Any, ...]]:
    text, asked = statement(name), {"path": [str(path) for path in paths], **parameters}
    with _readable(*paths):
        return cursor.execute(text, asked).fetchall()


def _row(one: Standing) -> tuple[object, ...]:
    figures = one.figures
    used = [day for day, tokens in enumerate(one.daily) if tokens]
    return (
        *(getattr(one, name) for name in _LEADING),
        *(figures.calls, *figures.tokens, *figures[2:], one.sessions),
        *(one.attended_calls, one.unattended_calls, one.models, one.clients),
        *(one.active_days, used, [one.daily[day] for day in used], len(one.daily)),
        *(one.simulated, one.values, one.before, one.titles, one.tier),
    )


def figures_of(counts: Sequence[int | None]) -> Figures:
    """Return sums as they stand in columns: those of nothing are NULL."""
    calls, *tokens, cost, unpriced, unmeasured = counts
    known = Tokens(*(count or 0 for count in tokens))
    return Figures(calls or 0, known, cost, unpriced or 0, unmeasured or 0)


def _standing(row: Sequence[Any]) -> Standing:
    head, counts, rest = row[:6], row[6:17], row[17:]
    figures = figures_of(counts)
    told = dict(zip(_TRAILING, rest, strict=True))
    told.update((name, tuple(told[name])) for name in _LISTS)
    daily = [0] * told.pop("day_count")
    used = zip(told.pop("used_days"), told.pop("used_tokens"), strict=True)
    for day, tokens in used:
        daily[day] = tokens
    told |= {"figures": figures, "role": head[5], "daily": tuple(daily)}
    return Standing(**dict(zip(_LEADING[:5], head[:5], strict=True)), **told)
