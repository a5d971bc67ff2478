"""What keeps a ledger's file from being written anew, and that it stays as it was."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from mileage.domain.errors import Unavailable
from mileage.pricing.catalog import shipped
from mileage.store.compacting import NAME, compact
from mileage.store.ledger import ROOM
from mileage.store.statements import said_plainly
from mileage.store.verify import check_calls
from tests.ledgers import booking, in_columns, ledger_in
from tests.witnesses import LOG, OTLP, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Relation = duckdb.DuckDBPyRelation

KB = 1024


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A closed ledger with a plain call of each of four accounts, and a joined one."""
    folder = tmp_path_factory.mktemp("made")
    with ledger_in(folder) as ledger:
        # With prices by column they become plain calls.
        ledger.rules = ledger.rules._replace(tariffs=shipped())
        plain = [
            seen(OTLP, account=f"acc_{n}", key=f"k{n}", link=f"r{n}") for n in range(4)
        ]
        ledger.append(in_columns(plain))
        ledger.append(booking(seen(one, key=one, link="x") for one in (LOG, OTLP)))
    return (folder / "ledger.duckdb").read_bytes()


@pytest.fixture
def path(made: bytes, tmp_path: Path) -> Path:
    file = tmp_path / "ledger.duckdb"
    file.write_bytes(made)
    return file


@contextmanager
def left_alone(path: Path) -> Iterator[None]:
    """Hold that this file is the same one afterwards, and the only one."""
    before, node = path.read_bytes(), path.stat().st_ino
    yield
    assert (path.read_bytes() == before, path.stat().st_ino) == (True, node)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def altering(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Relation], Relation]
) -> None:
    """Let the copy of plain calls get other rows than there are."""
    ordered = duckdb.DuckDBPyRelation.order
    monkeypatch.setattr(
        duckdb.DuckDBPyRelation, "order", lambda rows, by: change(ordered(rows, by))
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.project("* replace (occurred_at + 1 as occurred_at)"),
        lambda rows: rows.limit(3).union(rows.limit(1)),
    ],
    ids=("a value", "a row twice for another"),
)
def test_a_copy_of_other_rows_is_refused(
    change: Callable[[Relation], Relation], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altering(monkeypatch, change)
    with left_alone(path), pytest.raises(Unavailable, match="of plain_call"):
        compact(path, ROOM)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"no database", b"\0" * 20_000],
    ids=("empty", "short", "zeros"),
)
def test_what_is_no_ledger_is_refused_in_one_line(damaged: bytes, path: Path) -> None:
    path.write_bytes(damaged)
    with left_alone(path), pytest.raises(Unavailable) as raised:
        compact(path, ROOM)
    assert "\n" not in str(raised.value)


@pytest.fixture
def rotten(path: Path) -> Path:
    whole = bytearray(path.read_bytes())
    for at in range(12 * KB + 100, len(whole), 4 * KB):
        whole[at] ^= 0xFF
    path.write_bytes(whole)
    return path


def test_blocks_that_rotted_are_found_by_their_sums(rotten: Path) -> None:
    with left_alone(rotten), pytest.raises(Unavailable) as raised:
        compact(rotten, ROOM)
    assert "\n" not in str(raised.value)


def test_rotten_blocks_are_said_by_whoever_reads_them(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    # The first one tells where all else is: without it the file is not opened at all.
    for at in range(268 * KB, len(whole), 256 * KB):
        whole[at] ^= 1
    path.write_bytes(whole)
    damaged = "the ledger's file is damaged on the disk; `mileage restore`"
    with pytest.raises(Unavailable, match=damaged), ledger_in(path.parent) as ledger:
        check_calls(ledger)


def test_what_is_not_the_disks_fault_is_not_called_damage() -> None:
    with pytest.raises(duckdb.ParserException), said_plainly():
        duckdb.connect().execute("no statement")


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let the system refuse what a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [4 * KB, 200 * KB], ids=("for no head", "for some"))
def test_without_room_for_the_copy_the_ledger_stays(room: int, path: Path) -> None:
    with left_alone(path), no_file_beyond(room), pytest.raises(Unavailable):
        compact(path, ROOM)


def test_the_old_file_is_whole_until_the_new_one_takes_its_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(part: Path, target: Path) -> None:
        assert (part.name, target) == (NAME, path)
        assert part.stat().st_mode & 0o777 == 0o600
        raise PermissionError(str(target))

    monkeypatch.setattr(Path, "replace", refused)
    with left_alone(path), pytest.raises(PermissionError):
        compact(path, ROOM)


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        compact(tmp_path / "ledger.duckdb", ROOM)
    assert list(tmp_path.iterdir()) == []
