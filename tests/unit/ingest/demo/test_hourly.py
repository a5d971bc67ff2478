"""Columns of hours, worked out on paper."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from types import SimpleNamespace

import pytest

from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.ingest.demo.hourly import HourColumns, rollups
from mileage.ingest.demo.hours import Cell
from mileage.ingest.demo.models import GPT_CODEX, OPUS
from tests.unit.ingest.demo.by_hand import plan

MONDAY = date(2026, 11, 2)
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


def test_a_cell_is_a_row_with_every_class_in_its_column():
    (batch,) = rollups(organisation([cell(5, 9), cell(6, 1, model=GPT_CODEX)]))
    assert columns(batch) == {
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


def test_accounts_follow_one_another():
    (batch,) = rollups(organisation([cell(9)], [cell(1), cell(2)]))
    assert batch.account == ["p0@example.com", *["p1@example.com"] * 2]
    assert batch.hour == [9 * 3600, 3600, 7200]


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [(1, [2, 2, 2]), (2, [2, 2, 2]), (3, [4, 2]), (4, [4, 2]), (7, [6])],
)
def test_a_batch_ends_with_an_account(rows, sizes, monkeypatch):
    monkeypatch.setattr("mileage.ingest.demo.hourly.ROWS", rows)
    batches = list(rollups(organisation(*[[cell(1), cell(2)]] * 3)))
    assert [len(batch.hour) for batch in batches] == sizes


def test_nobody_no_batch():
    assert list(rollups(organisation())) == []


def test_columns_begin_empty_and_are_not_shared():
    one, other = HourColumns(), HourColumns()
    one.account.append("x")
    assert other.account == []
    assert {len(column) for column in columns(other).values()} == {0}
