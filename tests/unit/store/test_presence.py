"""Presence: who was heard of where, written beside the witnesses of each append."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest

from mileage.domain.booking import Booking, Brought
from mileage.domain.errors import Invalid
from mileage.store import ledger_schema, presence
from mileage.store.statements import run
from tests.ledgers import Turning, booking, ledger_in
from tests.old_ledgers import step_back
from tests.witnesses import DAY, HOUR, LOG, MINUTE, NOON, OTLP, SECOND, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.coverage import Presence
    from mileage.store.ledger import Ledger

TODAY = date(2026, 11, 20)


def told(ledger: Ledger, account: str | None = None) -> list[Presence]:
    return presence.presence(ledger, account, 0)


def test_an_append_is_summed_by_account_source_machine_day_and_version(
    tmp_path: Path,
) -> None:
    said = (
        seen(key="a"),
        seen(key="b", occurred_at=NOON + HOUR),
        seen(key="c", occurred_at=NOON + DAY),
        seen(key="d", client_version="2.1.214"),
        seen(key="e", account="acc_b"),
        seen(OTLP, key="f", link="req_f"),
    )
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        rows = ledger.cursor().execute(
            "select account, source, day, client_version, first, last, witnesses, seq "
            "from presence order by all"
        )
        assert rows.fetchall() == [
            ("acc_a", LOG, TODAY, "2.1.197", NOON, NOON + HOUR, 2, 1),
            ("acc_a", LOG, TODAY, "2.1.214", NOON, NOON, 1, 1),
            ("acc_a", LOG, date(2026, 11, 21), "2.1.197", NOON + DAY, NOON + DAY, 1, 1),
            ("acc_a", OTLP, TODAY, "2.1.197", NOON, NOON, 1, 1),
            ("acc_b", LOG, TODAY, "2.1.197", NOON, NOON, 1, 1),
        ]


def test_repetitions_add_no_row(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(), seen()]))
        ledger.append(booking([seen()]))
        (row,) = told(ledger)
    assert row.witnesses == 1


def test_machines_of_one_account_stay_apart(tmp_path: Path) -> None:
    said = (seen(key="a"), seen(key="b"), seen(key="c"))
    brought = (Brought(1, "mach_1", 0), Brought(2, "mach_2", 0))
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=said, brought=brought))
        rows = told(ledger)
    assert [(row.machine, row.witnesses) for row in rows] == [
        ("mach_1", 1),
        ("mach_2", 2),
    ]


def test_what_no_run_covers_came_from_nowhere_known(tmp_path: Path) -> None:
    said = (seen(key="a"), seen(key="b"))
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=said, brought=(Brought(1, "mach_1", 0),)))
        assert [row.machine for row in told(ledger)] == ["", "mach_1"]


def test_the_least_delay_of_live_telemetry_is_kept(tmp_path: Path) -> None:
    said = (
        seen(OTLP, key="a", link="a", occurred_at=NOON),
        seen(OTLP, key="b", link="b", occurred_at=NOON + 3 * SECOND),
    )
    brought = (Brought(2, "", NOON + 5 * SECOND),)
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=said, brought=brought))
        (row,) = told(ledger)
    assert row.least_delay == 2 * SECOND


def test_a_clock_that_is_ahead_makes_a_delay_below_zero(tmp_path: Path) -> None:
    said = (seen(OTLP, occurred_at=NOON + 10 * MINUTE),)
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=said, brought=(Brought(1, "", NOON),)))
        (row,) = told(ledger)
    assert row.least_delay == -10 * MINUTE


def test_logs_and_what_was_read_later_have_no_delay(tmp_path: Path) -> None:
    said = (seen(LOG, key="a"), seen(OTLP, key="b", link="req_b"))
    brought = (Brought(1, "", NOON + DAY), Brought(1, "", 0))
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=said, brought=brought))
        assert [row.least_delay for row in told(ledger)] == [None, None]


def test_old_delays_are_left_out(tmp_path: Path) -> None:
    now = Turning(NOON)
    with ledger_in(tmp_path, now=now) as ledger:
        for key, delay in (("a", -HOUR), ("b", 4 * SECOND)):
            said = (seen(OTLP, key=key, link=key, occurred_at=now.at),)
            brought = (Brought(1, "", now.at + delay),)
            ledger.append(Booking(seen=said, brought=brought))
            now.at += DAY
        (recent,) = presence.presence(ledger, None, NOON + DAY)
        (later,) = presence.presence(ledger, None, NOON + 2 * DAY)
    assert (recent.least_delay, later.least_delay) == (4 * SECOND, None)


def test_a_clock_that_was_set_right_is_right(tmp_path: Path) -> None:
    now = Turning(NOON)
    with ledger_in(tmp_path, now=now) as ledger:
        for key, days, delay in (
            ("a", 0, -HOUR),
            ("b", 12, 9 * SECOND),
            ("c", 12, 4 * SECOND),
            ("d", 12, HOUR),
        ):
            at = NOON + days * DAY
            now.at = max(now.at + SECOND, at)
            said = (seen(OTLP, key=key, link=key, occurred_at=at),)
            ledger.append(Booking(seen=said, brought=(Brought(1, "", at + delay),)))
            (row,) = told(ledger)
            # One that is late says nothing about the clock while others are not.
            expected = {"a": -HOUR, "b": 9 * SECOND}.get(key, 4 * SECOND)
            assert row.least_delay == expected


@pytest.mark.parametrize("machines", [("", ""), ("desk", "desk"), ("desk", "lap")])
def test_a_version_is_current_where_nothing_newer_came(
    tmp_path: Path, machines: tuple[str, str]
) -> None:
    said = [
        seen(OTLP, key="a", link="a", client_version="2.0.0", occurred_at=NOON - DAY),
        seen(OTLP, key="b", link="b", client_version="2.1.5", occurred_at=NOON),
    ]
    brought = tuple(Brought(1, machine, NOON) for machine in machines)
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=tuple(said), brought=brought))
        found = presence.versions(ledger, None, date(2026, 11, 1))
    current = {one.client_version: one.current for one in found}
    assert current == {"2.0.0": machines[0] != machines[1], "2.1.5": True}


def test_days_and_the_latest_version_are_told(tmp_path: Path) -> None:
    said = [
        seen(key="a", client_version="2.1.220", occurred_at=NOON - 3 * DAY),
        seen(key="b", client_version="2.1.197", occurred_at=NOON - DAY),
        seen(key="c", client_version="", occurred_at=NOON),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        (row,) = told(ledger)
        in_use = presence.versions(ledger, None, date(2026, 11, 19))
    assert row.days == (date(2026, 11, 17), date(2026, 11, 19), TODAY)
    assert row.client_version == "2.1.197"
    assert [one.client_version for one in in_use] == ["2.1.197"]


def test_one_account_is_told_without_the_others(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(key="a"), seen(key="b", account="acc_b")]))
        (row,) = told(ledger, "acc_b")
        (source,) = presence.sources(ledger, "acc_b")
        assert presence.versions(ledger, "acc_x", TODAY) == []
    assert (row.account, source.witnesses, source.accounts) == ("acc_b", 1, 1)


@pytest.mark.parametrize(("lag", "stopped"), [(2, 0), (3, 1)])
def test_a_source_stopped_when_another_of_its_client_went_on(
    tmp_path: Path, lag: int, stopped: int
) -> None:
    said = [
        seen(LOG, key="a", occurred_at=NOON),
        seen(OTLP, key="b", link="b", occurred_at=NOON - lag * DAY),
        # Another client's source says nothing about this one's.
        seen("codex_rollout", key="c", occurred_at=NOON - 30 * DAY, account="acc_b"),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        rows = presence.sources(ledger, None)
    assert {row.source: row.stopped for row in rows} == {
        LOG: 0,
        OTLP: stopped,
        "codex_rollout": 0,
    }


def test_an_append_that_fails_leaves_no_presence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        message = "the disk went away"
        raise OSError(message)

    with ledger_in(tmp_path) as ledger:
        monkeypatch.setattr("mileage.store.appending.Append._insert_tallies", failing)
        with pytest.raises(OSError, match="went away"):
            ledger.append(booking([seen()]))
        assert told(ledger) == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns"])
def test_an_older_ledger_is_filled_from_its_witnesses(
    tmp_path: Path, zone: str
) -> None:
    times = [NOON + hour * HOUR + 29 * MINUTE for hour in range(0, 60, 3)]
    said = [
        seen(source, key=f"{source}-{at}", link=f"{at}", occurred_at=at)
        for source in (LOG, OTLP)
        for at in times
    ]
    with ledger_in(tmp_path, zone) as ledger:
        ledger.append(booking(said[:25]))
        ledger.append(booking(said[25:]))
        before = told(ledger)
    step_back(tmp_path / "ledger.duckdb", 2)

    with ledger_in(tmp_path, zone) as ledger:
        after = told(ledger)
        rows = ledger.cursor().execute(
            "select count(*), sum(witnesses) from presence group by source"
        )
        days = len({ledger.rules.clock.day(at) for at in times})
        assert rows.fetchall() == [(days, 20), (days, 20)]
    assert after == before


def test_another_zone_fills_nothing(tmp_path: Path) -> None:
    with ledger_in(tmp_path, "UTC") as ledger:
        ledger.append(booking([seen()]))
    step_back(tmp_path / "ledger.duckdb", 2)
    with (
        pytest.raises(Invalid, match="counts days in UTC"),
        ledger_in(tmp_path, "Asia/Kolkata"),
    ):
        pass
    with duckdb.connect(str(tmp_path / "ledger.duckdb")) as connection:
        assert run(connection, "schema_version") == [("2",)]


def test_presence_is_a_named_step() -> None:
    assert "0003_presence" in ledger_schema.MIGRATIONS
