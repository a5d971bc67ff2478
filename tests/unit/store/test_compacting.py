"""A ledger whose file was written anew: the same rows, in less room, whole or not."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb
import pytest

from mileage.domain.booking import Booking, Position
from mileage.domain.errors import Conflict, Unavailable
from mileage.pricing.catalog import shipped
from mileage.store import compacting, ledger_schema, queries
from mileage.store.compacting import NAME, compact
from mileage.store.ledger import ROOM, Ledger
from mileage.store.statements import run
from mileage.store.verify import verify
from tests.ledgers import Turning, booking, in_columns, rules
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLS = 400


def name(number: int) -> str:
    """Return an id that is as random as a provider's."""
    return f"req_{(number + 1) * 0x9E3779B97F4A7C15F39CC061 % 2**96:024x}"


def shuffled() -> Iterator[Booking]:
    """Calls of two days as they come when they come in any order."""
    numbers = list(range(CALLS))
    random.Random(4).shuffle(numbers)  # noqa: S311 - repeatable
    for at in range(0, CALLS, 100):
        yield in_columns(
            seen(
                OTLP,
                account=f"acc_{number % 3}",
                key=name(number),
                link=name(number),
                session=f"session-{number // 20}",
                occurred_at=NOON + number * DAY // CALLS,
                output=number,
            )
            for number in numbers[at : at + 100]
        )


def opened(folder: Path) -> closing[Ledger]:
    """A ledger that takes in by column."""
    by_column = rules()._replace(tariffs=shipped())
    return closing(Ledger(folder / "ledger.duckdb", by_column, Turning()))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A closed ledger that has plain calls, others, and room that was freed."""
    folder = tmp_path_factory.mktemp("made")
    with opened(folder) as ledger:
        for number, one in enumerate(shuffled()):
            ledger.append(one, Position(1, number))
        twice = [
            seen(source, key=f"k{source}", link="req_x", occurred_at=NOON + HOUR)
            for source in (OTLP, LOG)
        ]
        ledger.append(booking(twice))
        # Room: a table that has been and is no more.
        ledger.cursor().execute(
            "create table junk as select random() as one from range(400000)"
        )
        run(ledger.cursor(), "checkpoint")
        ledger.cursor().execute("drop table junk")
    return (folder / "ledger.duckdb").read_bytes()


@pytest.fixture
def path(made: bytes, tmp_path: Path) -> Path:
    file = tmp_path / "ledger.duckdb"
    file.write_bytes(made)
    return file


def told(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, and what the views say."""
    with duckdb.connect(str(path), read_only=True) as file:
        tables = file.execute(
            "select table_name from information_schema.tables order by table_name"
        ).fetchall()
        return {
            name: sorted(file.table(name).fetchall(), key=repr)
            for (name,) in tables
            if not name.startswith("plain_") or name == "plain_call"
        }


def times(path: Path) -> list[int]:
    with duckdb.connect(str(path), read_only=True) as file:
        rows = file.execute(
            "select occurred_at from plain_call order by rowid"
        ).fetchall()
    return [at for (at,) in rows]


def test_all_rows_are_there_in_less_room_and_by_time(path: Path) -> None:
    before, size = told(path), path.stat().st_size
    assert times(path) != sorted(times(path))
    done = compact(path, ROOM)
    assert done == (size, path.stat().st_size)
    assert done.after < size - 2_500_000
    assert told(path) == before
    assert len(before["plain_call"]) == CALLS
    assert len(before["joined_witness"]) == 2
    assert times(path) == sorted(times(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_the_ledger_goes_on_as_if_nothing_had_happened(path: Path) -> None:
    compact(path, ROOM)
    with opened(path.parent) as ledger:
        assert verify(ledger) == []
        assert ledger.position() == Position(1, 3)
        counted = queries.span(ledger).seq
        for again in shuffled():
            assert ledger.append(again).visible == 0
        late = seen(OTLP, key="late", link="late", occurred_at=NOON + 5)
        assert ledger.append(in_columns([late])).calls == 1
        assert queries.span(ledger).seq == counted + 5
        assert verify(ledger) == []
    assert compact(path, ROOM).after > 0


def test_constraints_and_the_format_are_kept(path: Path) -> None:
    def kept() -> tuple[object, ...]:
        with duckdb.connect(str(path), read_only=True) as file:
            return (
                file.execute(
                    "select table_name, constraint_text from duckdb_constraints()"
                    " order by all"
                ).fetchall(),
                file.execute(
                    "select view_name from duckdb_views() where not internal"
                    " order by all"
                ).fetchall(),
                file.execute(
                    "select function_name from duckdb_functions()"
                    " where not internal order by all"
                ).fetchall(),
                run(file, "schema_version"),
            )

    before = kept()
    compact(path, ROOM)
    assert kept() == before
    assert before[3] == [(str(ledger_schema.VERSION),)]


def test_a_ledger_that_is_open_is_left_alone(path: Path) -> None:
    # The lock of a process does not hold it back itself, so another one has it.
    hold = (
        "import duckdb, sys; own = duckdb.connect(sys.argv[1]);"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        before = path.stat()
        with pytest.raises((Conflict, Unavailable)):
            compact(path, ROOM)
        assert path.stat().st_ino == before.st_ino
        assert not path.with_name(NAME).exists()
        other.communicate()


def test_a_ledger_that_was_not_closed_well_is_left_alone(path: Path) -> None:
    log = path.with_name("ledger.duckdb.wal")
    log.write_bytes(b"")
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="not closed well"):
        compact(path, ROOM)
    assert path.read_bytes() == before


def test_a_copy_that_differs_takes_no_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()
    sorting = duckdb.DuckDBPyRelation.order

    def forgetful(self: duckdb.DuckDBPyRelation, by: str) -> duckdb.DuckDBPyRelation:
        return sorting(self, by).limit(CALLS - 1)

    monkeypatch.setattr(duckdb.DuckDBPyRelation, "order", forgetful)
    with pytest.raises(Unavailable, match="copy of plain_call is not"):
        compact(path, ROOM)
    assert path.read_bytes() == before
    assert not path.with_name(NAME).exists()


def test_what_a_crash_left_is_no_hindrance(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(path)
    path.with_name(NAME).write_bytes(b"half a copy")
    path.with_name(f"{NAME}.wal").write_bytes(b"and its log")
    path.with_name(f"{NAME}.tmp").mkdir()
    compact(path, ROOM)
    assert told(path) == before

    def dies(folder: Path) -> None:
        raise OSError(folder)

    # The copy has its place by then; nothing else is left of it.
    monkeypatch.setattr(compacting, "_sync_folder", dies)
    with pytest.raises(OSError, match=str(path.parent)):
        compact(path, ROOM)
    assert told(path) == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]
