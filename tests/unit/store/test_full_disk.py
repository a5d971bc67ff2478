"""A disk that refuses: the ledger says so, loses nothing, and goes on afterwards."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Position
from mileage.domain.errors import Conflict, Unavailable
from mileage.store import queries
from mileage.store.statements import Invalidated, run
from mileage.store.verify import verify
from tests.ledgers import booking, ledger_in
from tests.witnesses import seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow; every write beyond fails with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def visible(ledger) -> int:
    return sum(one.visible for one in queries.tallies(ledger))


def one(name: str):
    return booking([seen(key=name, link=name)])


def test_an_append_is_refused_whole_and_taken_later(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(one("a"), Position(1, 1))
        with full_disk(), pytest.raises(Unavailable, match="cannot be used now"):
            ledger.append(one("b"), Position(1, 2))
        assert (visible(ledger), ledger.position()) == (1, Position(1, 1))
        ledger.append(one("b"), Position(1, 2))
        assert (visible(ledger), ledger.position()) == (2, Position(1, 2))
        assert verify(ledger) == []


def test_a_database_that_gave_itself_up_is_opened_anew(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(one("a"))
        with full_disk(), pytest.raises(Exception, match="checkpoint"):
            ledger.cursor().execute("checkpoint")
        with pytest.raises(Invalidated, match="opened anew"):
            run(ledger.cursor(), "tallies")
        with pytest.raises(Invalidated):
            ledger.append(one("b"))
        ledger.append(one("b"))
        assert visible(ledger) == 2
        assert verify(ledger) == []


def test_what_was_committed_survives_a_disk_that_fills_up(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(one("a"))
        with full_disk(), pytest.raises(Unavailable):
            ledger.append(one("b"))
    with ledger_in(tmp_path) as ledger:
        assert visible(ledger) == 1


def test_a_file_that_is_no_ledger_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    path.write_bytes(b"something else " * 1000)
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="cannot be opened") as raised:
        ledger_in(tmp_path).__enter__()
    assert "\n" not in str(raised.value)
    assert not isinstance(raised.value, Conflict)
    assert path.read_bytes() == before
