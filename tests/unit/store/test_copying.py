"""Copies of both databases are whole, private, and of one instant."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Position
from mileage.domain.errors import Unavailable
from mileage.store import copying, queries
from mileage.store.control import open_control
from mileage.store.copying import copy_control, copy_ledger
from mileage.store.ledger import Ledger
from mileage.store.verify import verify
from tests.ledgers import booking, ledger_in, rules
from tests.witnesses import LOG, NOON, seen

if TYPE_CHECKING:
    from pathlib import Path


def ignore(_: Position) -> None:
    """What nobody wants to know."""


def keys(ledger: Ledger) -> list[tuple[str, int]]:
    found = queries.tallies(ledger)
    return sorted((one.source, one.visible) for one in found if one.visible)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder / "ledger.duckdb"


def reopened(path: Path) -> Ledger:
    return Ledger(path, rules(), lambda: NOON)


def test_the_copy_has_what_was_appended_and_where_that_ended(
    tmp_path: Path, target: Path
) -> None:
    with ledger_in(tmp_path) as ledger:
        for number in range(3):
            one = booking([seen(LOG, key=f"m{number}", link=f"r{number}")])
            ledger.append(one, Position(4, number + 1))
        assert copy_ledger(ledger, target, ignore) == Position(4, 3)
        ledger.append(booking([seen(LOG, key="later", link="")]), Position(5, 1))
        assert keys(ledger) == [(LOG, 4)]
    copy = reopened(target)
    try:
        assert keys(copy) == [(LOG, 3)]
        assert copy.position() == Position(4, 3)
        assert verify(copy) == []
    finally:
        copy.close()


@pytest.mark.parametrize(
    "lacking",
    [
        "import os; del os.copy_file_range\n",
        "import os; os.copy_file_range = lambda *_: 0\n",
        (
            "import os\nhow = os.copy_file_range\n"
            "def some(one, other, _): how(one, other, 9); raise OSError\n"
            "os.copy_file_range = some\n"
        ),
    ],
    ids=["unknown", "does nothing", "breaks off"],
)
def test_bytes_are_copied_where_blocks_cannot_be_shared(
    lacking: str, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_COPY", lacking + copying._COPY)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(LOG)]))
        with ledger.at_rest() as path:
            before = path.read_bytes()
        copy_ledger(ledger, target, ignore)
        assert target.read_bytes() == before


def test_only_the_owner_can_read_a_copy(tmp_path: Path, target: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(LOG)]))
        copy_ledger(ledger, target, ignore)
    copied = list(target.parent.iterdir())
    assert {path.name for path in copied} <= {"ledger.duckdb", "ledger.duckdb.wal"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in copied)


def test_nothing_is_appended_while_it_is_copied(tmp_path: Path, target: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(LOG, key="a", link="")]), Position(1, 1))
        late = booking([seen(LOG, key="b", link="")])
        thread = threading.Thread(target=ledger.append, args=(late, Position(1, 2)))

        def meanwhile(position: Position) -> None:
            assert position == Position(1, 1)
            thread.start()
            thread.join(0.05)
            assert thread.is_alive()

        assert copy_ledger(ledger, target, meanwhile) == Position(1, 1)
        thread.join(60)
        assert ledger.position() == Position(1, 2)


def test_the_ledger_works_on_after_a_copy_that_failed(
    tmp_path: Path, target: Path
) -> None:
    with ledger_in(tmp_path) as ledger:
        missing = target.parent / "missing" / "ledger.duckdb"
        with pytest.raises(Unavailable, match=r"cannot be copied to .*missing"):
            copy_ledger(ledger, missing, ignore)
        ledger.append(booking([seen(LOG)]), Position(1, 1))
        assert copy_ledger(ledger, target, ignore) == Position(1, 1)


def test_who_is_asked_meanwhile_may_fail_and_nothing_is_held_back(
    tmp_path: Path, target: Path
) -> None:
    def fails(_: Position) -> None:
        message = "no links on this disk"
        raise OSError(message)

    with ledger_in(tmp_path) as ledger:
        with pytest.raises(OSError, match="no links"):
            copy_ledger(ledger, target, fails)
        ledger.append(booking([seen(LOG)]))
    assert not target.exists()


def test_the_control_plane_is_copied_while_others_write(tmp_path: Path) -> None:
    source, target = tmp_path / "control.sqlite", tmp_path / "copy.sqlite"
    with open_control(source, clock=lambda: NOON) as control:
        known = control.ensure_account("ana@x.org")
        copy_control(source, target)
        control.ensure_account("bo@x.org")
    assert target.stat().st_mode & 0o777 == 0o600
    with open_control(target, clock=lambda: NOON) as copy:
        assert [one.account_id for one in copy.accounts()] == [known]


def test_an_open_transaction_is_not_in_the_copy(tmp_path: Path) -> None:
    source, target = tmp_path / "control.sqlite", tmp_path / "copy.sqlite"
    open_control(source, clock=lambda: NOON).dispose()
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        writer.execute("insert into meta (key, value) values ('half', x'01')")
        copy_control(source, target)
        writer.execute("rollback")
    with closing(sqlite3.connect(target)) as copy:
        found = copy.execute("select 1 from meta where key = 'half'").fetchall()
    assert found == []


def test_a_copy_never_replaces_a_file(tmp_path: Path) -> None:
    source, target = tmp_path / "control.sqlite", tmp_path / "copy.sqlite"
    open_control(source, clock=lambda: NOON).dispose()
    target.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        copy_control(source, target)
    assert target.read_bytes() == b"mine"


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    source, target = tmp_path / "control.sqlite", tmp_path / "copy.sqlite"
    source.write_bytes(b"no database at all " * 100)
    with pytest.raises(Unavailable, match=r"control\.sqlite cannot be copied"):
        copy_control(source, target)
