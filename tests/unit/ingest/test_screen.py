"""The last filter before the disk: times, counts, identifiers, project names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.window import micros
from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Witness,
    WitnessBatch,
)
from mileage.ingest.screen import Screen
from tests.witnesses import DAY, LOG, NOON, SECOND, witness

SCREEN = Screen(b"key of the organisation", lambda: NOON)


def screened(*witnesses: Witness) -> Reading:
    return SCREEN(Reading(WitnessBatch.of(witnesses)))


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("occurred_at", micros(datetime(2019, 12, 31, tzinfo=UTC)), "before 2020"),
        ("occurred_at", NOON + DAY + SECOND, "a day ahead"),
        ("output", -1, "below zero"),
        ("cache_read", 10**12 + 1, "above 10"),
        ("model", "m" * 300, "no identifier"),
        ("session", "two\nlines", "no identifier"),
    ],
)
def test_what_cannot_be_is_rejected_and_counted(
    field: str, value: object, reason: str
) -> None:
    good = witness()
    reading = screened(good, witness(**{field: value}))
    assert [one.key for one in reading.witnesses.rows()] == [good.key]
    (rejected,) = reading.rejected
    assert rejected.source == LOG
    assert rejected.place == "record 2"
    assert reason in rejected.reason


@pytest.mark.parametrize(
    "at", [micros(datetime(2020, 1, 1, tzinfo=UTC)), NOON, NOON + DAY]
)
def test_late_and_slightly_early_calls_are_welcome(at: int) -> None:
    assert len(screened(witness(occurred_at=at)).witnesses) == 1


def test_projects_are_hidden_by_a_keyed_hash() -> None:
    (row,) = screened(witness(project="/home/alice/secret-plan")).witnesses.rows()
    assert "secret" not in row.project
    assert row.project == SCREEN.hide("/home/alice/secret-plan")
    other = Screen(b"another key", lambda: NOON)
    assert other.hide("/home/alice/secret-plan") != row.project
    (without,) = screened(witness(project="")).witnesses.rows()
    assert without.project == ""


def test_activity_is_screened_too() -> None:
    def fact(amount: int) -> Activity:
        return Activity(
            LOG, f"k{amount}", "s", NOON, "claude-code", "prompt", "", amount, None, ""
        )

    reading = SCREEN(Reading(activities=ActivityBatch.of([fact(1), fact(-1)])))
    assert [one.amount for one in reading.activities.rows()] == [1]
    assert len(reading.rejected) == 1


def test_what_equals_the_project_is_checked_all_the_same() -> None:
    text = "a whole sentence\nthat is no identifier"
    rows = [witness(project=text, session=text), witness(project=text)]
    screened = SCREEN(Reading(WitnessBatch.of(rows)))
    (kept,) = screened.witnesses.rows()
    assert kept.project.startswith("prj_")
    assert len(screened.rejected) == 1


def test_a_name_that_is_no_unicode_is_hidden_all_the_same() -> None:
    (row,) = screened(witness(project="/home/\udcff")).witnesses.rows()
    assert row.project.startswith("prj_")


BAD = st.sampled_from(
    [
        {},
        {},
        {"occurred_at": 0},
        {"occurred_at": NOON + 2 * DAY},
        {"output": -1},
        {"tool_input": 10**12 + 1},
        {"model": "x" * 257},
        {"key": "a\nb"},
        {"project": "any\nthing"},
        {"project": "/home/alice/secret-plan"},
        {"agent": "any\nthing", "project": "any\nthing"},
    ]
)


@given(st.lists(BAD, max_size=6))
def test_columns_are_screened_as_rows_are(changes: list[dict[str, Any]]) -> None:
    rows = [witness(**{"key": f"k{at}", **one}) for at, one in enumerate(changes)]
    together = SCREEN(Reading(WitnessBatch.of(rows)))
    alone = [SCREEN(Reading(WitnessBatch.of([row]))) for row in rows]
    assert list(together.witnesses.rows()) == [
        row for one in alone for row in one.witnesses.rows()
    ]
    assert sum(one.records for one in together.rejected) == sum(
        len(one.rejected) for one in alone
    )


def test_what_is_older_than_what_is_kept_is_refused_and_told():
    horizon = NOON - DAY
    screen = Screen(b"key", lambda: NOON, lambda: horizon)
    rows = [
        witness(key=str(number), occurred_at=at)
        for number, at in enumerate((horizon - 1, horizon, NOON, 0 + horizon - DAY))
    ]
    good = screen(Reading(WitnessBatch.of(rows)))
    assert [one.key for one in good.witnesses.rows()] == ["1", "2"]
    reasons = [one.reason for one in good.rejected]
    assert set(reasons) == {"older than what is kept"}
    none = screen(Reading(WitnessBatch.of(rows[:1])))
    assert len(none.witnesses) == 0
