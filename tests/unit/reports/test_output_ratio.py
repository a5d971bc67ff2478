"""Tokens for each commit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.quarter import Costs, roll_up
from mileage.domain.window import Clock
from mileage.reports.output_ratio import last_weeks, output_ratio, ratio_json
from tests.unit.reports.test_pace import Flat, only
from tests.witnesses import DAY, NOON, witness

CLOCK = Clock(ZoneInfo("UTC"))
HERE = "/home/alice/code/repo"
WEEK = 7 * DAY
MONDAY = date(2026, 11, 16)
WEEKS = last_weeks(4, NOON, CLOCK)


class Made(NamedTuple):
    at: int
    merge: bool = False
    added: int = 10
    removed: int = 2


def rows(*calls, price=1_000_000):
    made = [
        witness(key=str(n), occurred_at=at, project=project, **only(output))
        for n, (at, output, project) in enumerate(calls)
    ]
    return roll_up(made, Costs(Flat(price)))


def ratio(calls, commits):
    return output_ratio(rows(*calls), commits, {HERE}, WEEKS, CLOCK)


def test_weeks_begin_on_mondays_and_end_with_this_one():
    back = (3, 2, 1, 0)
    assert [MONDAY - timedelta(weeks=n) for n in back] == WEEKS


def test_tokens_of_a_week_are_set_against_its_commits():
    found = ratio(
        [(NOON, 900, HERE)], [Made(NOON), Made(NOON - DAY), Made(NOON, merge=True)]
    )
    week = found.weeks[-1]
    assert (week.commits, week.merges) == (2, 1)
    assert (week.added, week.removed) == (30, 6)
    assert week.tokens_per_commit == 450
    assert week.cost_per_commit == 500_000


def test_without_a_commit_there_is_no_ratio():
    found = ratio([(NOON, 900, HERE)], [Made(NOON, merge=True)])
    assert found.weeks[-1].tokens_per_commit is None
    assert found.weeks[-1].cost_per_commit is None
    assert found.total.tokens_per_commit is None
    written = ratio_json(found)["total"]
    assert written["tokens_per_commit"] is None
    assert written["cost_per_commit_usd"] is None
    assert written["tokens"] == 900


def test_commits_without_tokens_cost_nothing():
    week = ratio([], [Made(NOON)]).weeks[-1]
    assert week.tokens_per_commit == 0
    assert week.cost_per_commit is None


def test_calls_outside_every_repository_are_told_apart():
    found = ratio([(NOON, 5, HERE), (NOON, 70, "/tmp"), (NOON, 30, "")], [Made(NOON)])
    assert found.total.spent.tokens.total == 5
    assert found.elsewhere.tokens.total == 100
    assert ratio_json(found)["elsewhere"]["tokens"] == 100


def test_other_weeks_are_left_out():
    found = ratio([(NOON - 5 * WEEK, 5, HERE)], [Made(NOON - 5 * WEEK)])
    assert (found.total.spent.calls, found.total.commits) == (0, 0)


def test_the_trend_compares_the_halves():
    calls = [(NOON - 3 * WEEK, 100, HERE), (NOON, 80, HERE)]
    found = ratio(calls, [Made(NOON - 3 * WEEK), Made(NOON)])
    assert found.trend == pytest.approx(-0.2)


@pytest.mark.parametrize("at", [NOON, NOON - 3 * WEEK])
def test_a_half_without_a_commit_has_no_trend(at):
    calls = [(NOON - 3 * WEEK, 100, HERE), (NOON, 80, HERE)]
    assert ratio(calls, [Made(at)]).trend is None


def test_of_one_week_there_is_no_trend():
    found = output_ratio(rows((NOON, 9, HERE)), [Made(NOON)], {HERE}, [MONDAY], CLOCK)
    assert found.trend is None
    assert found.total == found.weeks[0]


def test_days_are_those_of_the_zone():
    sunday_evening = NOON - 5 * DAY + 8 * 3_600_000_000
    kolkata = Clock(ZoneInfo("Asia/Kolkata"))
    found = output_ratio([], [Made(sunday_evening)], (), WEEKS, kolkata)
    assert found.weeks[-1].commits == 1
    assert ratio([], [Made(sunday_evening)]).weeks[-2].commits == 1


def test_it_is_written_with_its_weeks_and_problems():
    written = ratio_json(ratio([(NOON, 9, HERE)], [Made(NOON)]), ["/x: no git"])
    assert [week["week"] for week in written["weeks"]][-1] == "2026-11-16"
    assert written["weeks"][-1]["tokens_per_commit"] == 9
    assert written["problems"] == ["/x: no git"]


@given(
    st.lists(
        st.tuples(st.integers(0, 4 * WEEK), st.integers(0, 10**9), st.booleans()),
        max_size=20,
    ),
    st.lists(st.integers(0, 4 * WEEK), max_size=10),
)
def test_weeks_add_up(calls, commits):
    made = [(NOON - back, n, HERE if here else "") for back, n, here in calls]
    found = ratio(made, [Made(NOON - back) for back in commits])
    total = found.total.spent.tokens.total + found.elsewhere.tokens.total
    oldest = min(WEEKS)
    inside = [n for at, n, _ in made if CLOCK.day(at) >= oldest]
    assert total == sum(inside)
    assert found.total.commits == sum(week.commits for week in found.weeks)
