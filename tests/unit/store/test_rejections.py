"""Rejections are counted exactly in rows that stay few, and older ones come along."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import duckdb

from mileage.domain.booking import Booking, Refusal
from mileage.domain.rejecting import MOST_KINDS
from mileage.domain.witness import Rejected
from mileage.store import queries
from mileage.store.ledger_schema import MIGRATIONS
from mileage.store.rejections import rejecting_sources, rejections
from tests.ledgers import ledger_in
from tests.witnesses import NOON

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.store.ledger import Ledger

BEFORE = MIGRATIONS.index("0009_rejection")


def refuse(ledger: Ledger, *refused: Rejected, account: str = "acc_a") -> None:
    ledger.append(Booking(refused=tuple(Refusal(one, account) for one in refused)))


def bad(reason: str = "no time", **also: str | int) -> Rejected:
    return Rejected("codex_otlp", "logs record 1", reason)._replace(**also)


def rows(ledger: Ledger) -> int:
    found = ledger.cursor().execute("select count(*) from rejection").fetchone()
    assert found is not None
    return int(found[0])


def test_equal_rejections_are_one_row_with_an_exact_count(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for number in range(5):
            refuse(ledger, bad(records=1000 + number), bad(place="logs record 2"))
        assert rows(ledger) == 1
        (group,) = rejections(ledger, None, 10).groups
    assert group.records == 5 * 1000 + 10 + 5
    assert group.first == NOON
    assert group.last > group.first


def test_the_latest_says_where_and_what_it_looked_like(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        refuse(ledger, bad(sample="model: text"))
        refuse(ledger, bad(place="logs record 9"))
        (group,) = rejections(ledger, None, 10).groups
    assert (group.place, group.sample) == ("logs record 9", "model: text")


def test_versions_and_accounts_are_told_apart(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        refuse(ledger, bad(client_version="1.0"), bad(client_version="2.0"))
        refuse(ledger, bad(client_version="2.0"), account="acc_b")
        refuse(ledger, bad(client_version="2.0"), account="")
        found = rejections(ledger, None, 10)
        own = queries.rejections(ledger, "acc_b")
    told = [(one.client_version, one.records, one.accounts) for one in found.groups]
    assert told == [("2.0", 3, 2), ("1.0", 1, 1)]
    assert (found.kinds, found.records) == (2, 4)
    assert [(one.reason, one.count) for one in own] == [("no time", 1)]


def test_they_are_sorted_cut_and_chosen_by_source(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        refuse(ledger, bad("often", records=7))
        refuse(ledger, bad("lately"), bad("other", source="a_log"))
        frequent = rejections(ledger, "codex_otlp", 1)
        latest = rejections(ledger, "codex_otlp", 5, latest=True)
        sources = rejecting_sources(ledger)
    assert [one.reason for one in frequent.groups] == ["often"]
    assert (frequent.kinds, frequent.records) == (2, 8)
    assert [one.reason for one in latest.groups] == ["lately", "often"]
    assert sources == [("a_log", 1), ("codex_otlp", 8)]


def test_one_hostile_account_gets_so_many_rows_a_day(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for start in range(0, 4 * MOST_KINDS, 50):
            refuse(ledger, *(bad(f"reason {start + n}") for n in range(50)))
        refuse(ledger, *(bad(source=f"made_up_{n}") for n in range(500)))
        assert rows(ledger) == MOST_KINDS + 1
        refuse(ledger, bad(), account="acc_b")
        assert rows(ledger) == MOST_KINDS + 2
        found = rejections(ledger, None, 1)
        tallies = sum(one.rejected for one in queries.tallies(ledger))
    assert found.records == 4 * MOST_KINDS + 500 + 1 == tallies


def test_nothing_is_found_in_an_empty_ledger(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        assert rejections(ledger, None, 10) == ((), 0, 0)
        assert rejecting_sources(ledger) == []


def test_rejections_of_an_older_ledger_are_added_up(tmp_path: Path) -> None:
    folder = files("mileage.store").joinpath("ledger_migrations")
    with duckdb.connect(str(tmp_path / "ledger.duckdb")) as connection:
        for name in MIGRATIONS[:BEFORE]:
            connection.execute(folder.joinpath(f"{name}.sql").read_text("utf-8"))
        connection.execute(
            "insert into setting values ('zone', 'UTC'), ('schema_version', ?)",
            [str(BEFORE)],
        )
        connection.execute(
            "insert into rejection select range, ? + range, 'acc_a', 'codex_otlp',"
            " 'record ' || range, 'no time' from range(1000)",
            [NOON],
        )
    with ledger_in(tmp_path) as ledger:
        assert rows(ledger) == 1
        (group,) = rejections(ledger, None, 10).groups
    assert (group.records, group.accounts) == (1000, 1)
    assert (group.first, group.last) == (NOON, NOON + 999)
    assert group.place == "record 999"


def test_the_table_of_lines_is_gone(tmp_path: Path) -> None:
    folder = files("mileage.store").joinpath("ledger_migrations")
    with duckdb.connect(":memory:") as connection:
        for name in MIGRATIONS[: BEFORE + 1]:
            connection.execute(folder.joinpath(f"{name}.sql").read_text("utf-8"))
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert ("rejection_line",) not in tables
