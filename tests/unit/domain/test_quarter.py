"""Calls added up by quarter of an hour."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.quarter import QUARTER_MICROS, Costs, QuarterRow, roll_up
from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from tests.witnesses import DAY, NOON, witness


class PerDay:
    """A token costs as many micro-dollars as days have passed since the first."""

    def __init__(self):
        self.asked = []

    def price(self, provider, model, day, tier=""):
        self.asked.append((provider, model, day.isoformat(), tier))
        return None if model == "unknown" else Rate(day.day - 19)


class Rate:
    def __init__(self, rate):
        self.rate = rate

    def cost(self, tokens):
        return tokens.total * self.rate


def rolled(*calls, prices=None):
    return roll_up(calls, Costs(prices or PerDay()))


def test_calls_of_a_quarter_are_one_row():
    (row,) = rolled(
        witness(key="a", occurred_at=NOON + QUARTER_MICROS - 1),
        witness(key="b", occurred_at=NOON + 5),
    )
    one = witness()
    assert (row.quarter, row.first, row.last) == (
        NOON,
        NOON + 5,
        NOON + QUARTER_MICROS - 1,
    )
    assert row.calls == 2
    assert Tokens(*row[10:17]) == one.tokens.plus(one.tokens)
    assert row.cost == 2 * one.tokens.total
    assert (row.unpriced_calls, row.unmeasured_calls) == (0, 0)


@pytest.mark.parametrize(
    "other",
    [
        {"occurred_at": NOON + QUARTER_MICROS},
        {"client": "other"},
        {"provider": "other"},
        {"model": "other"},
        {"tier": "fast"},
        {"session": "other"},
        {"project": "other"},
        {"agent": "other"},
        {"source": "other"},
    ],
)
def test_whatever_a_report_may_ask_for_is_kept_apart(other):
    changed = witness(key="b")._replace(**other)
    found = rolled(witness(key="a"), changed)
    assert len(found) == 2
    for name, value in other.items():
        if name != "occurred_at":
            assert value in {getattr(row, name) for row in found}


def test_every_call_is_priced_on_its_own_day_and_each_question_is_asked_once():
    prices = PerDay()
    rows = rolled(
        witness(key="a"),
        witness(key="b", occurred_at=NOON + 1),
        witness(key="c", occurred_at=NOON + DAY),
        prices=prices,
    )
    assert sorted(row.cost for row in rows) == [2 * 1160, 2 * 1160]
    assert len(prices.asked) == 2
    assert prices.asked[0] == ("anthropic", "claude-opus-4-8", "2026-11-20", "")


def test_unpriced_and_unmeasured_calls_are_told_apart():
    (row,) = rolled(
        witness(key="a", model="unknown"),
        witness(key="b", model="unknown")._replace(
            measure="unmeasured", **dict.fromkeys(TOKEN_CLASSES, 0)
        ),
    )
    assert (row.calls, row.unpriced_calls, row.unmeasured_calls) == (2, 1, 1)
    assert row.cost is None


def test_estimates_are_never_added():
    assert rolled(witness()._replace(measure="estimate")) == []


@given(st.lists(st.tuples(st.integers(0, 3 * DAY), st.integers(0, 9)), max_size=15))
def test_nothing_is_lost_and_nothing_doubled(drawn):
    calls = [
        witness(key=str(n), occurred_at=NOON + at, output=out)
        for n, (at, out) in enumerate(drawn)
    ]
    rows = rolled(*calls)
    assert sum(row.calls for row in rows) == len(calls)
    assert sum(row.output for row in rows) == sum(out for _, out in drawn)
    for row in rows:
        assert isinstance(row, QuarterRow)
        assert row.quarter % QUARTER_MICROS == 0
        assert row.quarter <= row.first <= row.last < row.quarter + QUARTER_MICROS
