"""Copies of the sums of past hours: when they are made, what is read beside them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Booking, Done
from mileage.domain.window import Window
from mileage.domain.witness import Activity
from mileage.store import past, queries
from mileage.store.erasing import Tombstone, erase
from mileage.store.held import held
from mileage.store.ledger_schema import MIGRATIONS
from mileage.store.past import LATE_SECONDS, LEAST_ROWS, TABLES, lay
from mileage.store.retention import check_deletions, delete, due, scrub
from mileage.store.statements import run
from mileage.store.verify import check_past, verify
from tests.ledgers import Turning, booking, in_columns, ledger_in
from tests.old_ledgers import step_back
from tests.unit.reports.test_status import simulate
from tests.unit.store.test_promoting import Prices
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, SECOND, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.call import Seen
    from mileage.store.ledger import Ledger

NOW = NOON + 10 * DAY
ALL = Window(NOON - 30 * DAY, NOW + DAY)
BEFORE = MIGRATIONS.index("0015_sums")
WITH_COPIES = MIGRATIONS.index("0016_past") + 1


def call(number: int, at: int, account: str = "acc_a", **told) -> Seen:
    key = f"req_{number}"
    session = f"s{number % 2}"
    named = {"key": key, "link": key, "session": session, **told}
    return seen(OTLP, account=account, occurred_at=at, **named)


def prompt(number: int, at: int, amount: int = 1, account: str = "acc_a") -> Done:
    fact = Activity(
        source=OTLP, key=f"p{number}", session="s0", occurred_at=at,
        client="claude-code", kind="prompt", name="", amount=amount, attended=None,
        identity="",
    )  # fmt: skip
    return Done(fact, account, asserted=False)


def filled(ledger: Ledger) -> None:
    """Forty hours of two people, up to now, and prompts."""
    ledger.rules = ledger.rules._replace(tariffs=Prices())
    hours = [NOW - hour * 6 * HOUR for hour in range(20)]
    told = [
        call(100 * who + at, hour, account)
        for at, hour in enumerate(hours)
        for who, account in enumerate(("acc_a", "acc_b"))
    ]
    ledger.append(in_columns(told))
    ledger.append(Booking(done=tuple(prompt(at, one) for at, one in enumerate(hours))))


def laid(folder: Path):
    return ledger_in(folder, now=Turning(NOW))


def page(ledger: Ledger, account: str = "acc_a"):
    return (
        queries.personal_hours(ledger, account, ALL),
        queries.personal_sessions(ledger, account, ALL, 9),
        queries.personal_attendance(ledger, account, ALL),
        queries.personal_activity(ledger, account, ALL),
    )


def calls(ledger: Ledger, account: str = "acc_a") -> int:
    rows = queries.personal_hours(ledger, account, ALL)
    return sum(row.figures.calls for row in rows)


def of_all(ledger: Ledger) -> int:
    rows = queries.usage(ledger, ALL, None, ("client", "day"))
    return sum(row.figures.calls for row in rows)


def prompts(ledger: Ledger, window: Window) -> int:
    (one,) = queries.personal_activity(ledger, "acc_a", window)
    return one.amount


def copied(ledger: Ledger) -> list[int]:
    counts = [ledger.cursor().table(one).count("*").fetchall() for one in TABLES]
    return [count for ((count,),) in counts]


def test_copies_have_all_hours_that_are_past(tmp_path: Path) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        before = page(ledger)
        assert lay(ledger, least=1)
        assert copied(ledger) == [30, 30, 15, 15]
        assert page(ledger) == before
        assert check_past(ledger) == (30, [])
        rows = ledger.cursor().execute("select account, hour from past_hour").fetchall()
        assert rows == sorted(rows)


def test_they_are_made_when_enough_waits(tmp_path: Path) -> None:
    with laid(tmp_path) as ledger:
        assert not lay(ledger, least=0)
        filled(ledger)
        assert not lay(ledger)
        assert not lay(ledger, least=31)
        assert lay(ledger, least=30)
        assert not lay(ledger, least=1)
        ledger.append(booking([call(900, NOON)]))
        assert not lay(ledger, least=2)
        assert lay(ledger, least=1)
        assert copied(ledger)[0] == 31


@pytest.mark.parametrize("book", [booking, in_columns])
def test_what_comes_late_is_told_at_once(tmp_path: Path, book) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        late = [call(901, NOW - 36 * HOUR), call(902, NOON - DAY, "acc_b")]
        ledger.append(book(late))
        assert (calls(ledger), calls(ledger, "acc_b")) == (21, 21)
        assert of_all(ledger) == 42
        ledger.append(Booking(done=(prompt(50, NOON), prompt(19, NOW, 5))))
        assert prompts(ledger, ALL) == 20 + 1 + 4
        assert verify(ledger) == []


def test_only_what_is_past_is_noted(tmp_path: Path) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        edge = NOW - LATE_SECONDS * SECOND
        ledger.append(in_columns([call(903, edge + HOUR), call(904, NOW)]))
        assert ledger.cursor().table("past_changed").count("*").fetchall() == [(0,)]
        ledger.append(in_columns([call(905, edge - HOUR), call(906, edge - HOUR)]))
        noted = ledger.cursor().table("past_changed").fetchall()
        assert noted == [((edge - HOUR) // SECOND, "acc_a")]


def test_a_call_that_goes_to_somebody_else_leaves_no_copy(tmp_path: Path) -> None:
    with laid(tmp_path) as ledger:
        ledger.append(booking([call(1, NOON, "acc_b", asserted=True)]))
        lay(ledger, least=1)
        assert calls(ledger, "acc_b") == 1
        known = seen(LOG, key="req_1", link="req_1", session="s1", occurred_at=NOON)
        ledger.append(booking([known]))
        assert (calls(ledger, "acc_b"), calls(ledger, "acc_a")) == (0, 1)
        assert verify(ledger) == []


def test_what_comes_while_they_are_made_is_told(tmp_path: Path, monkeypatch) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)

        def meanwhile(cursor, until, copy=past._copy) -> None:
            late = booking([call(907, NOON), call(908, NOW - 30 * HOUR)])
            other = threading.Thread(target=ledger.append, args=(late,))
            other.start()
            other.join()
            copy(cursor, until)

        monkeypatch.setattr(past, "_copy", meanwhile)
        assert lay(ledger, least=1)
        assert copied(ledger)[0] == 30
        assert calls(ledger) == 22
        assert verify(ledger) == []


def test_a_failure_leaves_the_copies_before(tmp_path: Path, monkeypatch) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        before = page(ledger)
        ledger.append(booking([call(909, NOON, "acc_b")]))

        def fails(cursor, until, copy=past._copy) -> None:
            copy(cursor, until)
            raise KeyError

        monkeypatch.setattr(past, "_copy", fails)
        with pytest.raises(KeyError):
            lay(ledger, least=1)
        assert page(ledger) == before
        assert calls(ledger, "acc_b") == 21
        assert verify(ledger) == []


def test_what_everybody_used_is_told_by_the_copies(tmp_path: Path) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        ledger.append(booking([call(913, NOON)]))
        cursor = ledger.cursor()
        ((hour,),) = cursor.execute("select hour from past_changed").fetchall()
        until = (NOW - LATE_SECONDS * SECOND) // SECOND
        copied_only = "delete from rollup_hour where hour < ? and hour <> ?"
        cursor.execute(copied_only, [until, hour])
        assert of_all(ledger) == 41
        assert len(queries.usage(ledger, ALL, None, ("account",))) == 2
        assert calls(ledger) == 21


def test_reading_is_of_one_moment(tmp_path: Path) -> None:
    def forgets() -> None:
        with ledger.writing() as cursor:
            past.forget(cursor)

    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        before = held(ledger, "acc_a")["days"]
        with past.reading(ledger, ("acc_a",)) as (cursor, parts):
            other = threading.Thread(target=forgets)
            other.start()
            other.join()
            rows = run(cursor, "held_days", account="acc_a", **parts)
        assert [row[2] for row in rows] == [row["calls"] for row in before]
        assert copied(ledger) == [0, 0, 0, 0]
        assert held(ledger, "acc_a")["days"] == before


def test_a_statement_over_several_accounts_reads_what_changed_of_any(
    tmp_path: Path,
) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        ledger.claim("acc_b", "acc_a")
        lay(ledger, least=1)
        facts = prompt(60, NOON, 3), prompt(61, NOON - DAY, 4, "acc_b")
        ledger.append(Booking(done=facts))
        assert prompts(ledger, ALL) == 20 + 3 + 4
        kept = held(ledger, "acc_a")["activities"]
        assert [(row["facts"], row["amount"]) for row in kept] == [(22, 27)]


@pytest.mark.parametrize("kind", ["calls", "activities"])
def test_what_is_deleted_is_in_no_copy(tmp_path: Path, kind: str) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        found = due(ledger, kind, 3)
        assert found is not None
        delete(ledger, found, 3)
        assert copied(ledger) == [0, 0, 0, 0]
        assert calls(ledger) == 20
        assert verify(ledger) == []
        assert lay(ledger, least=1)
        assert calls(ledger) == 20
        assert verify(ledger) == []


def test_activities_told_on_both_sides_of_a_border_keep_what_is_left(
    tmp_path: Path,
) -> None:
    with laid(tmp_path) as ledger:
        told = (prompt(1, NOON, 2), prompt(1, NOW - DAY, 7), prompt(2, NOON, 1))
        for one in told:
            ledger.append(Booking(done=(one,)))
        found = due(ledger, "activities", 3)
        assert found is not None
        delete(ledger, found, 3)
        late = Window(NOW - 2 * DAY, NOW)
        assert prompts(ledger, late) == 7
        ledger.append(Booking(done=(prompt(1, NOW, 9),)))
        assert prompts(ledger, late) == 9
        assert verify(ledger) == []


@pytest.mark.parametrize("least", [1, LEAST_ROWS], ids=["copied", "never copied"])
def test_whoever_is_erased_is_in_no_copy(tmp_path: Path, least: int) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=least)
        ledger.append(booking([call(910, NOON)]))
        erase(ledger, [Tombstone("acc_a", "gone_1", ())])
        assert calls(ledger) == 0
        assert calls(ledger, "gone_1") == 21
        for table in (*TABLES, "past_changed", "rollup_activity"):
            rows = ledger.cursor().table(table).fetchall()
            assert "acc_a" not in str(rows), table
        assert verify(ledger) == []
        scrub(ledger)
        assert check_deletions(ledger) == (1, [])


def test_simulated_hours_are_in_none_before(tmp_path: Path) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        before = calls(ledger, "acc_b")
        simulate(ledger)
        assert calls(ledger, "acc_b") == before + 40
        assert verify(ledger) == []


@pytest.mark.parametrize("table", TABLES)
def test_a_copy_that_says_otherwise_is_found(tmp_path: Path, table: str) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        ledger.cursor().execute(f"update {table} set client = 'x' where hour % 7 = 0")  # noqa: S608
        _, problems = check_past(ledger)
        assert problems
        assert all(table.removeprefix("past_") in one for one in problems)
        assert set(problems) == set(verify(ledger))


def test_an_older_ledger_is_added_up(tmp_path: Path) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        ledger.append(booking([call(911, NOON), call(912, NOON)]))
        again = seen(LOG, key="req_911", link="req_911", session="s1", occurred_at=NOON)
        ledger.append(booking([again]))
        ledger.append(Booking(done=(prompt(3, NOON, 9), prompt(4, NOW, 8, "acc_b"))))
        before = page(ledger), held(ledger, "acc_a")
    step_back(tmp_path / "ledger.duckdb", BEFORE)
    with laid(tmp_path) as ledger:
        assert verify(ledger) == []
        assert (page(ledger), held(ledger, "acc_a")) == before
        ledger.append(Booking(done=(prompt(3, NOON, 12),)))
        assert verify(ledger) == []


def test_copies_of_before_are_read_and_added_up(tmp_path: Path) -> None:
    with laid(tmp_path) as ledger:
        filled(ledger)
        lay(ledger, least=1)
        ledger.append(booking([call(914, NOON), call(915, NOON - DAY, "acc_b")]))
        before = page(ledger), page(ledger, "acc_b"), of_all(ledger)
    step_back(tmp_path / "ledger.duckdb", WITH_COPIES)
    with laid(tmp_path) as ledger:
        assert copied(ledger) == [30, 30, 15, 17]
        assert (page(ledger), page(ledger, "acc_b"), of_all(ledger)) == before
        assert verify(ledger) == []
