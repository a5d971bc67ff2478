"""The ledger: append-only, priced, rolled up, owned by one process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from mileage.domain.booking import Booking, Done, Position, Refusal
from mileage.domain.errors import Conflict, Invalid, NewerData
from mileage.domain.window import Window, micros
from mileage.domain.witness import Activity, Rejected
from mileage.store import queries
from mileage.store.statements import run
from mileage.store.verify import verify
from tests.ledgers import Turning, booking, ledger_in
from tests.witnesses import (
    CODEX_OTLP,
    DAY,
    HOUR,
    LOG,
    MINUTE,
    NOON,
    OTLP,
    ROLLOUT,
    SECOND,
    seen,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.figures import Figures
    from mileage.store.ledger import Ledger

ALL = Window(NOON - 100 * DAY, NOON + 100 * DAY)


def total(ledger: Ledger) -> Figures:
    return queries.usage(ledger, ALL, None, ())[0].figures


def count(ledger: Ledger, table: str) -> int:
    return ledger.cursor().table(table).count("*").fetchall()[0][0]


def test_an_exact_repetition_is_a_duplicate(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        assert ledger.append(booking([seen(), seen()])) == (1, 1, 1)
        assert ledger.append(booking([seen()])) == (0, 1, 0)
        assert total(ledger).calls == 1


def test_a_growing_line_makes_a_new_version_and_keeps_the_old(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(output=5)]))
        ledger.append(booking([seen(output=50)]))
        assert total(ledger).tokens.output == 50
        assert count(ledger, "witness") == 2
        assert count(ledger, "call") == 2
        assert count(ledger, "superseded") == 1
        assert verify(ledger) == []


@pytest.mark.parametrize("first", [LOG, OTLP])
def test_log_and_telemetry_of_one_call_are_one_call(tmp_path: Path, first: str) -> None:
    said = [
        seen(LOG, cache_write=40, cache_write_1h=60),
        seen(OTLP, key="req_1", cache_write=100),
    ]
    said.sort(key=lambda one: one.witness.source != first)
    with ledger_in(tmp_path) as ledger:
        for one in said:
            ledger.append(booking([one]))
        figures = total(ledger)
        assert figures.calls == 1
        assert (figures.tokens.cache_write, figures.tokens.cache_write_1h) == (40, 60)


@pytest.mark.parametrize("first", [ROLLOUT, CODEX_OTLP])
def test_codex_is_joined_by_session_counts_and_time(tmp_path: Path, first: str) -> None:
    said = [
        seen(ROLLOUT, key="t:resp_1", link=""),
        seen(CODEX_OTLP, key="c:1", link="", occurred_at=NOON + SECOND),
        seen(CODEX_OTLP, key="c:2", link="", occurred_at=NOON + 5 * SECOND),
        seen(ROLLOUT, key="t:resp_2", link="", occurred_at=NOON + 4 * SECOND),
    ]
    said.sort(key=lambda one: one.witness.source != first)
    with ledger_in(tmp_path) as ledger:
        for one in said:
            ledger.append(booking([one]))
        assert total(ledger).calls == 2
        assert verify(ledger) == []


def test_a_log_may_be_read_again_years_later_with_other_times(tmp_path: Path) -> None:
    restamped = seen(LOG, occurred_at=NOON - 400 * DAY)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(OTLP, key="req_1"), seen(LOG)]))
        ledger.append(booking([restamped]))
        window = Window(NOON - 1000 * DAY, NOON + DAY)
        rows = queries.usage(ledger, window, None, ())
        assert rows[0].figures.calls == 1
        assert verify(ledger) == []


def test_late_telemetry_finds_its_call_in_its_own_hours(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(OTLP, key="req_1")]))
        late = [seen(OTLP, key="req_2", link="req_2", occurred_at=NOON + 50 * DAY)]
        ledger.append(booking(late))
        assert ledger.append(booking([seen(OTLP, key="req_1")])).duplicates == 1


def test_unknown_models_are_unpriced_and_never_free(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(model="unknown", key="a", link="")]))
        assert total(ledger)[2:4] == (None, 1)
        ledger.append(booking([seen(key="b", link="")]))
        figures = total(ledger)
        assert (figures.cost, figures.unpriced_calls) == (1160, 1)


def test_rollups_follow_a_call_that_changes_its_hour_and_account(
    tmp_path: Path,
) -> None:
    with ledger_in(tmp_path, "Asia/Kolkata") as ledger:
        ledger.append(
            booking([seen(OTLP, key="req_1", account="acc_b", asserted=True)])
        )
        ledger.append(booking([seen(LOG, occurred_at=NOON - HOUR)]))
        assert verify(ledger) == []
        window = Window(NOON - DAY, NOON + DAY)
        (row,) = queries.usage(ledger, window, None, ("account",))
        assert row.keys == {"account": "acc_a"}


def test_hours_begin_at_half_past_in_kolkata(tmp_path: Path) -> None:
    at = micros(datetime(2026, 11, 20, 18, 45, tzinfo=UTC))
    with ledger_in(tmp_path, "Asia/Kolkata") as ledger:
        ledger.append(booking([seen(occurred_at=at)]))
        window = Window(at - DAY, at + DAY)
        (row,) = queries.personal_hours(ledger, "acc_a", window)
        assert row.hour == (at - 15 * MINUTE) // SECOND
        assert row.day.isoformat() == "2026-11-21"


def test_recorded_at_never_goes_back(tmp_path: Path) -> None:
    clock = Turning()
    with ledger_in(tmp_path, now=clock) as ledger:
        ledger.append(booking([seen(key="a")]))
        clock.at -= 7 * DAY
        ledger.append(booking([seen(key="b", link="req_2")]))
        query = "select distinct recorded_at from tally order by 1"
        times = ledger.cursor().execute(query)
        assert [at for (at,) in times.fetchall()] == [NOON, NOON + 1]


def test_a_failed_append_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ledger_in(tmp_path) as ledger:
        good = seen(key="a")
        broken = good._replace(witness=good.witness._replace(output="many"))
        with pytest.raises((duckdb.Error, TypeError)):
            ledger.append(booking([broken]), Position(1, 1))
        assert count(ledger, "witness") == 0
        assert ledger.position() == (0, 0)
        ledger.append(booking([good]), Position(1, 2))
        assert ledger.position() == (1, 2)
    del monkeypatch


def fact(key: str, **fields: object) -> Done:
    plain = {
        "source": LOG,
        "key": key,
        "session": "session-1",
        "occurred_at": NOON,
        "client": "claude-code",
        "kind": "prompt",
        "name": "",
        "amount": 1,
        "attended": True,
        "identity": "",
    }
    return Done(Activity(**{**plain, **fields}), "acc_a", asserted=False)


def amounts(ledger: Ledger) -> dict[str, int]:
    rows = queries.personal_activity(ledger, "acc_a", ALL)
    return {row.kind: row.amount for row in rows}


def test_activity_counts_once_and_the_best_source_leads(tmp_path: Path) -> None:
    done = (
        fact("a"),
        fact("a"),
        fact("b"),
        fact("x", source=OTLP),
        fact("t", kind="tool_result", name="Bash"),
        fact("c", kind="active_seconds", amount=30),
        fact("c", kind="active_seconds", amount=90),
    )
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(done=done))
        ledger.append(Booking(done=done))
        # Telemetry saw one prompt in this session, the log two: telemetry leads.
        assert amounts(ledger) == {"prompt": 1, "tool_result": 1, "active_seconds": 90}


def test_rejections_are_counted_by_reason(tmp_path: Path) -> None:
    rejected = Rejected(LOG, "x.jsonl:3", "not a JSON object")
    with ledger_in(tmp_path) as ledger:
        refused = (Refusal(rejected, "acc_a"), Refusal(rejected, "acc_b"))
        ledger.append(Booking(refused=refused, ignored=((LOG, 5),)))
        (everybody,) = queries.rejections(ledger)
        (own,) = queries.rejections(ledger, "acc_a")
        assert (everybody.count, own.count) == (2, 1)
        tally = next(one for one in queries.tallies(ledger) if one.source == LOG)
        assert (tally.rejected, tally.ignored, tally.visible) == (2, 5, 0)


def test_threads_have_their_own_cursors(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(key=f"k{n}", link=f"r{n}") for n in range(20)]))
        wrong: list[object] = []

        def ask(number: int) -> None:
            for _ in range(8):
                window = Window(NOON - number * DAY, NOON + DAY)
                rows = queries.usage(ledger, window, None, ())
                if rows[0].figures.calls != 20:
                    wrong.append(rows)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def test_a_second_process_is_told_who_owns_the_file(tmp_path: Path) -> None:
    code = (
        "import sys, time, duckdb\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "print('open', flush=True)\n"
        "time.sleep(60)\n"
    )
    with ledger_in(tmp_path):
        pass
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "ledger.duckdb")],
        stdout=subprocess.PIPE,
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(Conflict, match="in use by another process"):
            ledger_in(tmp_path).__enter__()
    finally:
        other.kill()
        other.communicate()


def test_data_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        run(ledger.cursor(), "setting.insert", name="schema_version", value="99")
    with pytest.raises(NewerData, match="Upgrade Mileage"):
        ledger_in(tmp_path).__enter__()


def test_the_zone_of_a_ledger_cannot_change_silently(tmp_path: Path) -> None:
    with ledger_in(tmp_path, "Europe/Berlin"):
        pass
    with pytest.raises(Invalid, match="Europe/Berlin"):
        ledger_in(tmp_path, "UTC").__enter__()


def test_the_file_is_private(tmp_path: Path) -> None:
    with ledger_in(tmp_path):
        assert (tmp_path / "ledger.duckdb").stat().st_mode & 0o777 == 0o600


def test_verify_finds_what_was_tampered_with(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(key="a", link=""), seen(key="b", link="")]))
        assert verify(ledger) == []
        ledger.cursor().execute("update joined_call set output = output + 1")
        problems = verify(ledger)
        assert any("differs from its witnesses" in one for one in problems)
        assert any("roll-up of hour" in one for one in problems)
        ledger.cursor().execute("delete from rollup_session")
        assert any("roll-up of session" in one for one in verify(ledger))
        ledger.cursor().execute("delete from joined_call")
        assert any("is missing" in one for one in verify(ledger))


def test_closing_breaks_off_what_nobody_waits_for(tmp_path: Path) -> None:
    """A request that was given up may have left a thread asking."""
    told: list[BaseException] = []
    with ledger_in(tmp_path) as ledger:
        cursor = ledger.cursor()

        def ask() -> None:
            try:
                run_for_ever(cursor)
            except duckdb.Error as error:
                told.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until_busy(cursor)
    asking.join(60)
    assert [type(one) for one in told] == [duckdb.InterruptException]


def run_for_ever(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(
        "select sum(a.range * b.range) from range(1000000) a, range(1000000) b"
    ).fetchall()


def wait_until_busy(cursor: duckdb.DuckDBPyConnection) -> None:
    for _ in range(1000):
        try:
            cursor.execute("select 1")
        except duckdb.Error:
            return
        time.sleep(0.002)
    raise AssertionError
