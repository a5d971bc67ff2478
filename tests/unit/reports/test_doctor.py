"""The doctor: each finding says what is wrong and what to do about it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from mileage.domain.adoption import Measure, Target
from mileage.domain.booking import Booking, Brought, Refusal
from mileage.domain.client_faults import Fault
from mileage.domain.people import Account
from mileage.domain.witness import AHEAD, NOT_READ, Rejected
from mileage.reports.doctor import Aims, examine
from mileage.sources.rows import SOURCE as ROWS
from tests.ledgers import Turning, booking, ledger_in
from tests.witnesses import CODEX_OTLP, DAY, LOG, NOON, OTLP, ROLLOUT, SECOND, seen

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


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        *((0, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "119 min")),
        *((7_200, "2 h"), (172_799, "47 h"), (172_800, "2 days")),
        (86_400 * 40, "40 days"),
    ],
)
def test_how_long_ago_is_told_in_words(tmp_path: Path, seconds: int, told: str) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a")]))
        report = examine(ledger, [ADA], now=NOON + seconds * SECOND)
    assert report["last_recorded"] == f"2026-11-20 12:00 UTC, {told} ago"


def test_silent_people_are_counted_and_services_are_not(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a")]))
        report = examine(ledger, [ADA, BEN, ROBOT], now=NOON)
    assert "1 person in the directory has sent nothing yet" in findings(report)


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
    assert "2 records of claude_code_log rejected" in findings(report)
    assert "the latest on 2026-11-20, for example x.jsonl:7" in findings(report)
    assert report["completeness"]["sources"][0]["rejected"] == 2


def test_what_was_rejected_long_ago_is_a_note(tmp_path: Path) -> None:
    long_ago = Refusal(Rejected(LOG, "x.jsonl", f"{NOT_READ}Permission denied"), "")
    often = Refusal(Rejected(LOG, "x.jsonl:7", "not JSON"), "")
    clock = Turning(NOON - 31 * DAY)
    with ledger_in(tmp_path, now=clock) as ledger:
        ledger.append(Booking(seen=(seen(),), refused=(long_ago, often, often)))
        clock.at = NOON - 29 * DAY
        ledger.append(Booking(refused=(often,)))
        report = examine(ledger, [ADA], now=NOON)
    assert "1 record of claude_code_log rejected: not JSON" in findings(report)
    assert "Permission denied" not in findings(report)
    (note,) = [one for one in report["notes"] if "rejected" in one]
    assert "unreadable: Permission denied (the latest on 2026-10-20" in note
    assert "what was mended and read since counts" in note
    (missing,) = report["completeness"]["missing"]
    said = "4 records of claude_code_log could not be read when they came in"
    assert missing == f"{said}, the latest on 2026-10-22"


@pytest.mark.parametrize(
    ("source", "reason", "remedy"),
    [
        (LOG, "not JSON", "whether the client is newer than this version"),
        (LOG, AHEAD, "whether the clock of that machine is right"),
        (LOG, f"{NOT_READ}Permission denied", "may read those files"),
        (ROWS.traits.name, "no model", "mend the file or its mapping"),
        (ROWS.traits.name, AHEAD, "whether the clock of that machine is right"),
    ],
)
def test_rejections_come_with_what_to_do(
    tmp_path: Path, source: str, reason: str, remedy: str
) -> None:
    bad = Refusal(Rejected(source, "x:7", reason), "acc_a")
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=(seen(account="acc_a"),), refused=(bad,)))
        report = examine(ledger, [ADA], now=NOON)
    (fix,) = [one["fix"] for one in report["problems"] if one["kind"] == "rejected"]
    assert remedy in fix


def target(client: str, *departments: str) -> Target:
    until = date(2026, 12, 31)
    measure: Measure = "client" if client else "weekly-active"
    return Target("mine", "Mine", measure, client, 80, until, departments)


@pytest.mark.parametrize(
    ("aim", "said"),
    [
        (target("", "Engines", "Yard"), "department 'Yard'"),
        (target("codx", "Engines"), "client 'codx'"),
        # Nobody has used it yet, but collecting it is known how; the other one is used.
        (target("copilot"), ""),
        (target("house-agent"), ""),
        (target(""), ""),
    ],
)
def test_targets_of_what_there_is_not_are_told(
    tmp_path: Path, aim: Target, said: str
) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a", client="house-agent")]))
        found = examine(ledger, [ADA], now=NOON, aims=Aims([aim], {"Yard"}))
    told = [one for one in found["problems"] if one["kind"] == "target"]
    assert len(told) == bool(said)
    for one in told:
        assert f"'mine' is of the {said}" in one["problem"]
        assert "adoption.toml" in one["fix"]


def test_a_stopped_source_is_told_with_whose_it_is_and_the_command(
    tmp_path: Path,
) -> None:
    said = [
        seen(CODEX_OTLP, key="a", occurred_at=NOON - 9 * DAY),
        seen(ROLLOUT, key="b", occurred_at=NOON),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        report = examine(ledger, [ADA], now=NOON)
    (one,) = report["findings"]
    assert one == (
        "ada@example.com: no telemetry of codex since 2026-11-11, while codex_rollout "
        "went on: run `mileage setup codex` and compare the settings of that machine"
    )
    (problem,) = report["problems"]
    assert (problem["kind"], problem["severity"]) == ("stopped", "todo")
    assert (problem["account"], problem["name"]) == ("acc_a", "ada@example.com")
    assert report["completeness"]["sources"][0]["stopped"] == 1
    (missing,) = report["completeness"]["missing"]
    assert missing == (
        "codex_otlp fell silent for 1 account while another source of the same "
        "client went on"
    )


def test_notes_are_no_findings(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(OTLP)]))
        report = examine(ledger, [ADA], now=NOON)
    assert report["findings"] == []
    assert "cache writes for one hour" in "\n".join(report["notes"])


def test_a_clock_that_is_ahead_is_told(tmp_path: Path) -> None:
    said = (seen(OTLP, occurred_at=NOON + 10 * 60 * SECOND), seen(LOG))
    brought = (Brought(1, "", NOON),)
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=said, brought=brought))
        report = examine(ledger, [ADA], now=NOON)
    clock = "when heard last, the clock behind claude-code was about 10 min ahead"
    assert f"ada@example.com: {clock}" in findings(report)


def test_a_version_that_counts_wrongly_is_told(tmp_path: Path) -> None:
    fault = Fault("claude-code", LOG, "2.1.214", "Too high.", "Update it.")
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(key="a"), seen(key="b", client_version="2.1.214")]))
        report = examine(ledger, [ADA], now=NOON, faults=[fault])
        later = examine(ledger, [ADA], now=NOON + DAY, faults=[])
    assert findings(report) == (
        "ada@example.com: version 2.1.197 of claude-code is in use: Too high.: "
        "Update it."
    )
    assert later["findings"] == []


def test_models_without_a_price_are_named(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(key="a", model="unknown"), seen(key="b")]))
        report = examine(ledger, [ADA], now=NOON)
    assert findings(report).startswith("1 call of unknown without a price: add it to")


def test_many_problems_of_a_kind_are_counted(tmp_path: Path) -> None:
    people = [
        Account(f"acc_{n}", "person", f"P{n}", f"p{n}@example.com") for n in range(13)
    ]
    said = [
        seen(key=one.account_id, account=one.account_id, link=one.account_id)
        for one in people
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        report = examine(ledger, people, now=NOON + 9 * DAY)
    (finding,) = report["findings"]
    assert finding.startswith("p0@example.com, p10@example.com, ")
    assert " and 3 more: nothing from claude-code since 2026-11-20 (9 days" in finding
    (alike,) = [one for one in report["alike"] if one["severity"] == "todo"]
    assert (len(alike["names"]), alike["others"], alike["kind"]) == (10, 3, "stale")
    assert sum(one["kind"] == "stale" for one in report["problems"]) == 13


def test_unmeasured_calls_are_a_note(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("input", "cache_read", "cache_write", "output"), 0)
    said = seen(key="a", measure="unmeasured", **nothing)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([said, seen(key="b", link="req_b")]))
        report = examine(ledger, [ADA], now=NOON)
    (note,) = [one for one in report["notes"] if "unmeasured" in one]
    assert note.startswith("1 call of claude-code unmeasured")
    assert report["findings"] == []


def test_every_reason_of_a_rejection_is_told(tmp_path: Path) -> None:
    bad = tuple(
        Refusal(Rejected(LOG, f"x.jsonl:{n}", f"reason {n}"), "acc_a")
        for n in range(12)
    )
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=(seen(account="acc_a"),), refused=bad))
        report = examine(ledger, [ADA], now=NOON)
    assert len(report["findings"]) == 12
