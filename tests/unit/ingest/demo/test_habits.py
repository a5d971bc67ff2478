"""Calls of gamers and of those who look like them, drawn in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.window import SECOND, micros, moment
from mileage.ingest.demo.habits import HABITS, Habit
from mileage.ingest.demo.habitual import Place, habitual_calls
from mileage.ingest.demo.hours import Calendar
from mileage.ingest.demo.models import MODELS, SONNET
from mileage.ingest.demo.shape import Shape, stream

BERLIN = ZoneInfo("Europe/Berlin")
NOW = micros(datetime(2026, 11, 5, 14, 50, 12, tzinfo=UTC))
BY_NAME = {habit.name: habit for habit in HABITS}
PLACE = Place(Calendar.until(NOW, BERLIN, Shape()), BERLIN, NOW)


def drawn(habit, count=400, place=PLACE, seed=1):
    if isinstance(habit, str):
        habit = BY_NAME[habit]
    return habitual_calls(habit, count, place, stream(seed, "habit"))


def local(call, zone=BERLIN):
    return moment(call.at, zone)


def sessions(calls):
    return Counter(call.turn.session for call in calls)


def cost(calls):
    return sum(MODELS[call.model].cost(call.tokens) for call in calls)


def tokens(calls):
    return sum(call.tokens.total for call in calls)


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
@pytest.mark.parametrize("count", [1, 39, 400])
def test_as_many_calls_as_asked_in_order_of_time(habit, count):
    calls = drawn(habit, count)
    assert len(calls) == count
    assert all(one.at <= two.at for one, two in pairwise(calls))
    assert calls[-1].at <= NOW
    assert all(call.at % 1000 == 0 for call in calls)
    assert moment(calls[0].at, BERLIN).date() > moment(NOW, BERLIN).date().replace(
        month=10, day=5
    )


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_calls_are_what_telemetry_can_tell(habit):
    calls = drawn(habit)
    assert len({call.request for call in calls}) == len(calls)
    for call in calls:
        assert (call.client, call.model) == (habit.model.client, habit.model.name)
        assert call.tokens.total > 0
        assert min(call.tokens) >= 0
        assert call.tokens.cache_write_1h == call.tokens.reasoning == 0
        assert call.turn.attended is habit.attended
        assert call.turn.session
        assert call.turn.prompt


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_a_mean_call_has_the_size_and_stays_in_the_lowest_price_tier(habit):
    calls = drawn(habit, 1000)
    assert tokens(calls) / 1000 == pytest.approx(habit.size, rel=0.03)
    most = max(call.tokens.total for call in calls)
    assert most < (330_000 if habit.model.name.startswith("claude-o") else 260_000)


def test_equal_streams_draw_equal_calls():
    assert drawn("fan-out") == drawn("fan-out")
    assert drawn("fan-out") != drawn("fan-out", seed=2)


@pytest.mark.parametrize(
    ("name", "hours", "weekends"),
    [
        ("left-running", {*range(21, 24), *range(6)}, True),
        ("night-shift", {*range(21, 24), *range(6)}, True),
        ("loop", {*range(24)}, False),
        ("ci", {*range(24)}, True),
        ("cache-spinning", {*range(8, 19)}, False),
        ("power-user", {*range(7, 23)}, False),
    ],
)
def test_when_they_work(name, hours, weekends):
    when = [local(call) for call in drawn(name, 1500)]
    assert {one.hour for one in when} == hours
    assert any(one.weekday() >= 5 for one in when) is weekends


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Los_Angeles"])
def test_hours_are_those_of_the_account(zone):
    place = PLACE._replace(zone=ZoneInfo(zone))
    hours = {local(call, place.zone).hour for call in drawn("tiny-calls", place=place)}
    # The organisation's hours begin half past the hour in Kolkata.
    assert hours <= {*range(7, 19)}
    assert len(hours) > 7


def test_a_habit_lasts_as_many_days_as_it_says():
    for habit in HABITS:
        days = {local(call).date() for call in drawn(habit, 1500)}
        assert len(days) <= habit.days
        assert max(days) == local(drawn(habit, 1500)[-1]).date()
    assert len({local(call).date() for call in drawn("loop", 900)}) == 3


def test_on_a_holiday_somebody_works_all_the_same():
    sunday = micros(datetime(2026, 11, 8, 3, 20, tzinfo=UTC))
    place = Place(Calendar.until(sunday, BERLIN, Shape()), BERLIN, sunday)
    habit = replace(BY_NAME["tiny-calls"], days=1)
    calls = drawn(habit, 30, place)
    assert len(calls) == 30
    assert 0 < sunday - calls[0].at < 3600 * SECOND


def test_a_loop_is_as_regular_as_a_clock():
    calls = drawn("loop", 900)
    assert len({call.tokens for call in calls}) == 1
    gaps = Counter((two.at - one.at) // SECOND for one, two in pairwise(calls))
    assert sum(count for _, count in gaps.most_common(2)) > 800
    assert len(sessions(calls)) == 1
    assert len({call.turn.prompt for call in calls}) == 900


def test_what_is_left_running_was_asked_for_once():
    calls = drawn("left-running", 3000)
    nights = len({(local(one).date(), local(one).hour < 12) for one in calls})
    assert len(sessions(calls)) <= nights
    asked = sum(call.turn.asked for call in calls)
    assert asked == len({call.turn.prompt for call in calls}) <= len(sessions(calls))


def test_sub_agents_come_by_the_dozen():
    calls = drawn("fan-out", 800)
    prompts = Counter(call.turn.prompt for call in calls)
    assert len(prompts) >= 20
    assert Counter(call.turn.asked for call in calls)[True] == len(prompts)
    helpers = sum(call.turn.helper for call in calls)
    assert helpers == 800 - len(prompts)
    by_minute = Counter(call.at // (120 * SECOND) for call in calls)
    assert len(by_minute) < 60


def test_a_shared_token_has_sessions_of_several_people_at_once():
    calls = drawn("shared-token", 1200)
    assert {call.turn.seat for call in calls} == {0, 1, 2, 3}
    spans = {}
    for call in calls:
        first, _ = spans.setdefault(call.turn.session, (call.at, call.at))
        spans[call.turn.session] = first, call.at
    seats = {call.turn.session: call.turn.seat for call in calls}
    overlapping = sum(
        one[0] < two[1] and two[0] < one[1] and seats[a] < seats[b]
        for a, one in spans.items()
        for b, two in spans.items()
    )
    assert overlapping > 20
    alone = drawn("power-user", 1200)
    assert {call.turn.seat for call in alone} == {0}


def test_tiny_calls_make_many_sessions_and_few_tokens():
    tiny, work = drawn("tiny-calls", 800), drawn("power-user", 800)
    assert len(sessions(tiny)) >= 400 > 2 * len(sessions(work))
    assert tokens(tiny) * 50 < tokens(work)


def test_sessions_end_by_their_length_or_a_pause():
    habit = Habit("x", "", SONNET, 1000, "always", 5, per_session=10, per_prompt=4)
    calls = drawn(habit, 3000)
    assert max(sessions(calls).values()) == 10
    last = {}
    for call in calls:
        turn = call.turn
        if turn.session in last:
            before = last[turn.session]
            assert turn.position == before.turn.position + 1
            assert call.at - before.at <= 40 * 60 * SECOND
        else:
            assert turn.position == 0
            assert turn.asked
        last[turn.session] = call
    assert max(Counter(call.turn.prompt for call in calls).values()) == 4


def test_gaming_costs_less_a_token_than_work_on_the_same_model():
    for name in ("left-running", "loop", "cache-spinning"):
        habit = BY_NAME[name]
        honest = drawn(replace(habit, style=BY_NAME["power-user"].style))
        gamed = drawn(habit)
        assert cost(gamed) / tokens(gamed) < 0.75 * cost(honest) / tokens(honest)


def test_every_honest_one_looks_like_a_strategy():
    gaming = {habit.name for habit in HABITS if habit.gaming}
    assert len(gaming) == 7
    honest = [habit for habit in HABITS if not habit.gaming]
    assert {habit.kind for habit in honest} == {"person", "service"}
    assert all(habit.looks_like in gaming for habit in honest)
    assert all(not BY_NAME[name].looks_like for name in gaming)
    assert len({habit.says for habit in HABITS}) == len(HABITS)
