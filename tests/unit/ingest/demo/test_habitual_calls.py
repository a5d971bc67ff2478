"""Habits by what each does otherwise than work, call after call."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.window import SECOND, micros
from mileage.ingest.demo.habits import HABITS, WORK, Habit
from mileage.ingest.demo.habitual import AT_ONCE, Place, habitual_calls
from mileage.ingest.demo.hours import Calendar
from mileage.ingest.demo.models import OPUS
from mileage.ingest.demo.shape import Shape, stream

BERLIN = ZoneInfo("Europe/Berlin")
NOW = micros(datetime(2026, 11, 5, 14, 50, 12, tzinfo=UTC))
PLACE = Place(Calendar.until(NOW, BERLIN, Shape()), BERLIN, NOW)
PLAIN = Habit("plain", "", OPUS, 10_000, "always", 5)


def drawn(habit, count):
    return habitual_calls(habit, count, PLACE, stream(3, "habit"))


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_classes_of_every_habit_make_whole_calls_of_its_size(habit):
    # Shares of a style are of the whole: what is left over is written or read anew.
    assert 0 < habit.style.cache_share + habit.style.output_share < 1 or (
        habit.style.cache_share == 0
    )
    assert habit.style.tokens(habit.model, habit.size).total == habit.size


def test_no_calls_of_a_habit_are_no_calls():
    assert drawn(PLAIN, 0) == ()
    assert drawn(replace(PLAIN, at_once=40, seats=3), 0) == ()


def test_a_burst_that_is_cut_short_has_the_rest():
    calls = drawn(replace(PLAIN, at_once=40, per_prompt=40, per_session=200), 41)
    gaps = [later.at - call.at for call, later in pairwise(calls)]
    assert len(calls) == 41
    # Forty within the burst, and the one that was left apart from them.
    assert sum(gap > AT_ONCE for gap in gaps) == 1
    assert sum(gap <= AT_ONCE for gap in gaps) == 39


def test_seats_take_turns_and_share_no_session_and_no_prompt():
    calls = drawn(replace(PLAIN, seats=3), 300)
    assert Counter(call.turn.seat for call in calls) == {0: 100, 1: 100, 2: 100}
    for name in ("session", "prompt"):
        owners = {}
        for call in calls:
            owners.setdefault(getattr(call.turn, name), set()).add(call.turn.seat)
        assert all(len(seats) == 1 for seats in owners.values())


@pytest.mark.parametrize("per_prompt", [1, 3, 40])
def test_a_prompt_has_so_many_calls_and_the_first_of_them_is_asked(per_prompt):
    calls = drawn(replace(PLAIN, per_prompt=per_prompt, per_session=40), 400)
    prompts = {}
    for call in calls:
        prompts.setdefault(call.turn.prompt, []).append(call.turn)
    assert max(map(len, prompts.values())) <= per_prompt
    for turns in prompts.values():
        asked = [turn.asked for turn in turns]
        assert asked == [True, *[False] * (len(turns) - 1)]
        assert not any(turn.helper for turn in turns)
        assert len({turn.session for turn in turns}) == 1


def test_what_is_even_has_one_size_and_the_rest_strays_by_thirty_percent():
    even = {call.tokens.total for call in drawn(replace(PLAIN, even=True), 200)}
    assert even == {10_000}
    sizes = [call.tokens.total for call in drawn(PLAIN, 500)]
    assert 7_000 <= min(sizes) < 7_300
    assert 12_700 < max(sizes) <= 13_000


def test_nothing_of_an_hour_that_has_begun_lies_ahead():
    begun = NOW - NOW % (3600 * SECOND)
    calls = drawn(replace(PLAIN, days=1), 900)
    late = [call.at for call in calls if call.at >= begun]
    assert len(late) > 20
    assert max(late) <= NOW
    assert max(late) > NOW - 600 * SECOND


def test_what_is_reported_does_not_change_what_was_used():
    # Only what a client says of it is tenfold; the gateway has the true counts.
    assert drawn(replace(PLAIN, reports=10), 50) == drawn(PLAIN, 50)
    assert PLAIN.style is WORK
    assert [habit.name for habit in HABITS if habit.reports > 1] == ["tenfold"]


def test_services_are_never_attended_and_every_habit_has_a_name_of_its_own():
    assert {habit.name for habit in HABITS if not habit.attended} == {
        "left-running",
        "ci",
    }
    assert len({habit.name for habit in HABITS}) == len(HABITS)
    assert all(habit.days <= 30 for habit in HABITS)
