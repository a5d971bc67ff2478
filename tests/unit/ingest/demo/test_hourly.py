"""Columns of hours and of sessions, worked out on paper."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from types import SimpleNamespace

import pytest

from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.ingest.demo.hourly import HourColumns, SessionColumns, rollups
from mileage.ingest.demo.hours import Cell
from mileage.ingest.demo.models import GPT_CODEX, HAIKU, OPUS
from tests.unit.ingest.demo.by_hand import plan

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)
TOKENS = Tokens(1, 2, 3, 4, 5, 6, 7)


def cell(hour=0, calls=1, day=MONDAY, model=OPUS, tokens=TOKENS):
    return Cell(
        hour * 3600, day, model.client, model.provider, model.name, calls, tokens
    )


def organisation(*cells_of_each):
    plans = [plan(number) for number in range(len(cells_of_each))]
    by_number = dict(enumerate(cells_of_each))
    return SimpleNamespace(
        rollup_plans=plans, cells=lambda one: by_number[one.account.number]
    )


def columns(batch):
    return {one.name: getattr(batch, one.name) for one in fields(batch)}


def sessions(*cells):
    (batch,) = rollups(organisation(list(cells)))
    return columns(batch.session_days)


def test_a_cell_is_a_row_with_every_class_in_its_column():
    (batch,) = rollups(organisation([cell(5, 9), cell(6, 1, model=GPT_CODEX)]))
    assert columns(batch.hours) == {
        "account": ["p0@example.com"] * 2,
        "hour": [18_000, 21_600],
        "client": ["claude-code", "codex"],
        "provider": ["anthropic", "openai"],
        "model": [OPUS.name, GPT_CODEX.name],
        "calls": [9, 1],
        "input": [1, 1],
        "cache_read": [2, 2],
        "cache_write": [3, 3],
        "cache_write_1h": [4, 4],
        "output": [5, 5],
        "reasoning": [6, 6],
        "tool_input": [7, 7],
    }


def test_the_classes_are_those_of_the_domain_in_their_order():
    assert tuple(one.name for one in fields(HourColumns))[-7:] == TOKEN_CLASSES


@pytest.mark.parametrize(
    ("hours", "calls", "expected"),
    [
        (1, 1, 1),
        (6, 1, 1),
        (7, 1, 2),
        (12, 1, 2),
        (13, 1, 3),
        (1, 59, 1),
        (1, 61, 2),
        (1, 400, 10),
        (7, 100, 18),
    ],
)
def test_how_many_sessions_a_day_had(hours, calls, expected):
    found = sessions(*(cell(hour, calls) for hour in range(hours)))
    assert found == {
        "account": ["p0@example.com"],
        "day": [MONDAY],
        "client": ["claude-code"],
        "sessions": [expected],
    }


def test_models_share_the_sessions_of_their_client():
    found = sessions(
        cell(3, 30), cell(3, 30, model=HAIKU), cell(4, 60, model=GPT_CODEX)
    )
    assert found["client"] == ["claude-code", "codex"]
    assert found["sessions"] == [2, 2]


def test_an_hour_with_two_models_is_one_hour_of_work():
    both = [cell(hour, model=one) for hour in range(6) for one in (OPUS, HAIKU)]
    assert sessions(*both)["sessions"] == [1]


def test_days_are_counted_apart():
    found = sessions(cell(1, 100), cell(2, 1, TUESDAY), cell(3, 1, TUESDAY))
    assert found["day"] == [MONDAY, TUESDAY]
    assert found["sessions"] == [2, 1]


def test_accounts_follow_one_another():
    (batch,) = rollups(organisation([cell(9)], [cell(1), cell(2)]))
    assert batch.hours.account == ["p0@example.com", *["p1@example.com"] * 2]
    assert batch.hours.hour == [9 * 3600, 3600, 7200]
    assert batch.session_days.account == ["p0@example.com", "p1@example.com"]


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [(1, [2, 2, 2]), (2, [2, 2, 2]), (3, [4, 2]), (4, [4, 2]), (7, [6])],
)
def test_a_batch_ends_with_an_account(rows, sizes, monkeypatch):
    monkeypatch.setattr("mileage.ingest.demo.hourly.ROWS", rows)
    batches = list(rollups(organisation(*[[cell(1), cell(2)]] * 3)))
    assert [len(batch.hours.hour) for batch in batches] == sizes
    assert [len(batch.session_days.day) for batch in batches] == [n // 2 for n in sizes]


def test_nobody_no_batch():
    assert list(rollups(organisation())) == []


def test_columns_begin_empty_and_are_not_shared():
    for kind in (HourColumns, SessionColumns):
        one, other = kind(), kind()
        one.account.append("x")
        assert other.account == []
        assert {len(column) for column in columns(other).values()} == {0}
