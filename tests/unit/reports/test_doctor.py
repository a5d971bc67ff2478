"""The doctor: each finding says what is wrong and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.booking import Booking, Refusal
from mileage.domain.people import Account
from mileage.domain.witness import Rejected
from mileage.reports.doctor import examine
from tests.ledgers import booking, ledger_in
from tests.witnesses import DAY, LOG, NOON, SECOND, seen

if TYPE_CHECKING:
    from pathlib import Path

ADA = Account("acc_a", "person", "Ada", "ada@example.com")
BEN = Account("acc_b", "person", "Ben", "ben@example.com")
ROBOT = Account("acc_r", "service", "CI", "ci@example.com")
STRANGER = Account("acc_s", "unclaimed", "x@example.com", "x@example.com")


def findings(report: dict[str, object]) -> str:
    found = report["findings"]
    assert isinstance(found, list)
    return "\n".join(found)


def test_an_empty_ledger_names_the_first_commands(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        report = examine(ledger, [ADA], now=NOON)
    assert "mileage collect" in findings(report)
    assert report["last_recorded"] is None
    assert (report["accounts"], report["heard"]) == (1, 0)


def test_all_is_well_when_everybody_is_heard(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a")]))
        report = examine(ledger, [ADA, ROBOT], now=NOON + 5 * SECOND)
    assert report["findings"] == []
    assert report["last_recorded"] == "2026-11-20 12:00 UTC, 5 s ago"


def test_silent_people_are_counted_and_services_are_not(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a")]))
        report = examine(ledger, [ADA, BEN, ROBOT], now=NOON)
    assert "1 people of the directory have never been heard of" in findings(report)


def test_a_client_that_went_quiet_is_stale_after_a_week(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a")]))
        week = examine(ledger, [ADA], now=NOON + 7 * DAY)
        later = examine(ledger, [ADA], now=NOON + 8 * DAY)
    assert week["findings"] == []
    assert "still switched on" in findings(later)


def test_identities_of_nobody_ask_for_the_directory(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_s")]))
        report = examine(ledger, [STRANGER], now=NOON)
    assert "mileage people import" in findings(report)


def test_rejections_come_with_reason_and_place(tmp_path: Path) -> None:
    bad = Refusal(Rejected(LOG, "x.jsonl:7", "not a JSON object"), "acc_a")
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=(seen(account="acc_a"),), refused=(bad, bad)))
        report = examine(ledger, [ADA], now=NOON)
    assert "2 records of claude_code_log were rejected" in findings(report)
    assert "x.jsonl:7" in findings(report)
    assert report["completeness"]["sources"][0]["rejected"] == 2
