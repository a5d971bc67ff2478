"""Ingest status: when idle, durable = visible + duplicates; on the way it shows."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

from mileage.domain.booking import Booking, Refusal
from mileage.domain.witness import Rejected
from mileage.ingest.pipeline import Backlog
from mileage.reports.status import Receiving
from mileage.store import queries
from tests.ledgers import booking, ledger_in
from tests.witnesses import LOG, NOON, OTLP, SECOND, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.store.ledger import Ledger


def test_an_empty_ledger_counts_nothing(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        status = Receiving(ledger).status()
    assert (status.accepted, status.durable, status.visible) == (0, 0, 0)
    assert status.sources == ()
    assert status.since is None


def test_duplicates_are_durable_and_not_visible(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(OTLP, key="req_1"), seen(OTLP, key="req_1")]))
        ledger.append(booking([seen(OTLP, key="req_1"), seen(LOG)]))
        status = Receiving(ledger).status()
    assert (status.accepted, status.durable) == (4, 4)
    assert (status.visible, status.duplicates) == (2, 2)
    assert {one.source: one.calls for one in status.sources} == {LOG: 1, OTLP: 1}
    assert status.since == NOON


def test_what_is_on_the_way_is_accepted_and_partly_durable(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen()]))
        backlog = Backlog(pending=5, durable=3, oldest=time.monotonic() - 2)
        status = Receiving(ledger, lambda: backlog).status()
    assert (status.accepted, status.durable, status.visible) == (6, 4, 1)
    assert 2 <= status.lag_seconds < 60


def test_rejected_and_ignored_records_are_shown_by_source(tmp_path: Path) -> None:
    bad = Refusal(Rejected(OTLP, "logs record 1", "time before 2020"), "acc_a")
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(refused=(bad,), ignored=(("otlp", 7),)))
        status = Receiving(ledger).status()
    assert (status.rejected, status.ignored) == (1, 7)
    assert [(one.reason, one.count) for one in status.reasons] == [
        ("time before 2020", 1)
    ]
    by_source = {one.source: one for one in status.sources}
    assert by_source["otlp"].ignored == 7
    assert by_source[OTLP].rejected == 1


def test_simulated_rollups_are_named(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        simulate(ledger)
        status = Receiving(ledger).status()
    assert "40 calls of 1 accounts are simulated" in status.simulated
    assert status.visible == 0


def simulate(ledger: Ledger) -> None:
    hour = NOON // SECOND // 3600 * 3600
    classes = ("input", "cache_read", "cache_write", "cache_write_1h")
    columns: dict[str, list[object]] = {
        "hour": [hour],
        "account": ["acc_b"],
        "client": ["codex"],
        "provider": ["openai"],
        "model": ["gpt-5.1"],
        "calls": [40],
        "output": [5],
        "reasoning": [0],
        "tool_input": [0],
        "cost": [123],
        **{name: [10] for name in classes},
    }
    queries.insert_simulated(ledger, columns, {hour: date(2026, 11, 20)})
    queries.add_up_simulated(ledger, hours=6, calls=13)
