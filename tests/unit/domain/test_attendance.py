"""Whether somebody was there: the rule at its borders, and on labelled people."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.attendance import (
    HOUR,
    Guess,
    HourUse,
    Pattern,
    guess,
    parse_attendance,
)
from mileage.domain.policy import PolicyErrors
from mileage.domain.window import Clock
from mileage.ingest.demo.shape import Shape
from mileage.ingest.demo.simulation import organisation
from mileage.ingest.demo.trials import NOW, ZONE
from mileage.wiring.policy import load_policy

RULE = Pattern(
    rest_hours=3,
    awake_hours=10,
    even_hours=4,
    even_calls=20,
    even_percent=10,
    sessions=5,
)


def at(*hours: int, calls: int = 7, attended: int = 0, sessions: int = 1):
    """Return hours of a month, as many calls in each, of which nothing is said."""
    return [
        HourUse(hour * HOUR, calls, attended, calls - attended, sessions)
        for hour in hours
    ]


def counted(*numbers: int, first: int = 0) -> list[HourUse]:
    """Return hours in a row with these numbers of calls."""
    return [
        HourUse((first + place) * HOUR, number, 0, number, 1)
        for place, number in enumerate(numbers)
    ]


def test_whoever_rests_is_there() -> None:
    assert guess([], RULE) == guess(at(*range(10)), RULE) == Guess(RULE)
    # Ten hours, then three without a call, day after day.
    days = [day * 13 + hour for day in range(5) for hour in range(10)]
    assert guess(at(*days), RULE) == Guess(RULE)


def test_what_comes_too_late_after_a_rest_ran_by_itself() -> None:
    assert guess(at(*range(11)), RULE) == Guess(RULE, restless=7)
    assert guess(at(*range(12)), RULE).calls == 14
    # Two hours without a call are no rest; what counts is when, not how much.
    assert guess(at(0, 3, 6, 9), RULE) == Guess(RULE)
    assert guess(at(0, 3, 6, 9, 12), RULE) == Guess(RULE, restless=7)
    assert guess(at(0, 3, 6, 10, 13, 16, 19), RULE) == Guess(RULE)


def test_hours_that_are_alike_are_a_program() -> None:
    assert guess(counted(20, 20, 20), RULE) == Guess(RULE)
    assert guess(counted(20, 22, 20, 20), RULE) == Guess(RULE, even=82)
    # Eleven in a hundred apart; too few calls; an hour between.
    assert guess(counted(89, 100, 100, 100), RULE) == Guess(RULE)
    assert guess(counted(90, 100, 100, 100), RULE) == Guess(RULE, even=390)
    assert guess(counted(19, 20, 20, 20), RULE) == Guess(RULE)
    assert guess(counted(20, 20, 0, 20, 20), RULE) == Guess(RULE)
    gap = counted(20, 20) + counted(20, 20, first=3)
    assert guess(gap, RULE) == Guess(RULE)


def test_a_long_row_counts_once_and_ends_where_it_changes() -> None:
    row = counted(5, 50, 50, 50, 50, 50, 90, 7)
    assert guess(row, RULE) == Guess(RULE, even=250)


def test_more_sessions_than_anybody_answers() -> None:
    assert guess(at(1, sessions=5), RULE) == Guess(RULE)
    assert guess(at(1, 8, sessions=6), RULE) == Guess(RULE, crowded=14)


def test_each_hour_is_told_of_for_one_reason() -> None:
    hours = at(*range(14), calls=30, sessions=9)
    assert guess(hours, RULE) == Guess(RULE, restless=120, even=300)


def test_where_a_client_saw_somebody_nobody_guesses() -> None:
    late = at(*range(10)) + at(10, attended=1) + at(11)
    assert guess(late, RULE) == Guess(RULE, restless=7)
    # What a client says is no part of a guess, whatever it says.
    said = [HourUse(0, 30, 0, 10, 9)]
    assert guess(said, RULE) == Guess(RULE, crowded=10)
    assert guess([HourUse(0, 30, 0, 0, 9)], RULE) == Guess(RULE)


HOURS = st.dictionaries(
    st.integers(0, 60),
    st.tuples(
        st.integers(0, 60), st.integers(0, 2), st.integers(0, 60), st.integers(0, 9)
    ),
    max_size=40,
).map(
    lambda found: [
        HourUse(hour * HOUR, max(calls, attended + unsaid), attended, unsaid, sessions)
        for hour, (calls, attended, unsaid, sessions) in sorted(found.items())
    ]
)


def one_by_one(hours: list[HourUse], rule: Pattern) -> Guess:
    """Look at every hour anew, over all others."""
    used = {one.hour // HOUR: one for one in hours if one.calls}
    counts = dict.fromkeys(("restless", "even", "crowded"), 0)
    for hour, one in used.items():
        begun = hour
        while any(begun - back in used for back in range(1, rule.rest_hours + 1)):
            begun -= min(
                back for back in range(1, rule.rest_hours + 1) if begun - back in used
            )
        rows = [
            [used.get(first + step) for step in range(rule.even_hours)]
            for first in range(hour - rule.even_hours + 1, hour + 1)
        ]
        numbers = [[each.calls for each in row] for row in rows if all(row)]
        even = any(
            min(row) >= rule.even_calls
            and max(row) - min(row) <= max(row) * rule.even_percent / 100
            for row in numbers
        )
        if one.attended:
            continue
        if hour - begun >= rule.awake_hours:
            counts["restless"] += one.unsaid
        elif even:
            counts["even"] += one.unsaid
        elif one.sessions > rule.sessions:
            counts["crowded"] += one.unsaid
    return Guess(rule, **counts)


@given(HOURS)
def test_the_rule_equals_a_look_at_every_hour(hours: list[HourUse]) -> None:
    assert guess(hours, RULE) == one_by_one(hours, RULE)
    assert 0 <= guess(hours, RULE).calls <= sum(one.unsaid for one in hours)


@given(HOURS, st.integers(1, 9))
def test_a_later_start_of_the_day_changes_nothing(hours, later: int) -> None:
    moved = [one._replace(hour=one.hour + later * HOUR) for one in hours]
    assert guess(moved, RULE) == guess(hours, RULE)


def test_people_of_other_hours_are_people() -> None:
    """Nights, weekends, parents who work twice a day: whoever rests is not guessed."""
    random = Random("hours")  # noqa: S311 - made up
    shifts = {
        "nights": [*range(21, 24), *range(6)],
        "weekends": range(8, 20),
        "twice a day": [*range(6, 9), *range(19, 24)],
        "long days": range(7, 23),
    }
    for shift in shifts.values():
        hours = [
            HourUse((day * 24 + hour) * HOUR, calls, 0, calls, random.randint(1, 6))
            for day in range(30)
            for hour in sorted(shift)
            if (calls := int(random.lognormvariate(3, 0.7)))
        ]
        assert guess(hours, Pattern()).calls == 0


@cache
def labelled() -> dict[str, list[float]]:
    """Return by strategy which part of whose calls looks unattended, if nothing said.

    People and services of the demo without a label are "" and "service".
    """
    org = organisation(1, 300, NOW, ZONE, Shape(door_calls=120_000))
    clock, found = Clock(org.zone), defaultdict(list)
    for plan in org.plans:
        calls, sessions = Counter(), defaultdict(set)
        for cell in org.cells(plan):
            calls[cell.hour] += cell.calls
        for call in plan.habitual:
            calls[clock.hour(call.at)] += 1
            sessions[clock.hour(call.at)].add(call.turn.session)
        hours = [
            HourUse(hour, count, 0, count, len(sessions[hour]))
            for hour, count in sorted(calls.items())
        ]
        name = plan.habit.name if plan.habit else "rolled-up" if plan.restless else ""
        name = "service" if plan.account.service and not plan.habit else name
        found[name].append(guess(hours, Pattern()).calls / max(1, sum(calls.values())))
    return found


@pytest.mark.parametrize("strategy", ["loop", "tiny-calls", "rolled-up", "ci"])
def test_programs_look_like_programs(strategy: str) -> None:
    assert min(labelled()[strategy]) > 0.1


@pytest.mark.parametrize("honest", ["night-shift", "power-user"])
def test_who_looks_like_one_is_hardly_guessed(honest: str) -> None:
    assert max(labelled()[honest]) <= 0.05


def test_nobody_else_of_the_demo_is_guessed() -> None:
    assert len(labelled()[""]) > 250
    assert max(labelled()[""]) == 0


def test_nothing_said_is_what_ships() -> None:
    assert parse_attendance("", "attendance.toml") == Pattern()
    assert load_policy(None).attendance == Pattern()


def test_everything_said() -> None:
    text = """
    [rest]
    rest_hours = 5
    awake_hours = 20
    [even]
    hours = 8
    calls = 40
    percent = 0
    [crowd]
    sessions = 99
    """
    assert parse_attendance(text, "f") == Pattern(5, 20, 8, 40, 0, 99)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[rest]\nrest_hours = 0", "rest.rest_hours"),
        ("[rest]\nawake_hours = 200", "rest.awake_hours"),
        ("[rest]\nsleep = 8", "rest.sleep"),
        ("[even]\nhours = 1", "even.hours"),
        ("[even]\npercent = 101", "even.percent"),
        ('[even]\ncalls = "many"', "even.calls"),
        ("[crowd]\nsessions = -1", "crowd.sessions"),
        ("[night]\nhours = 8", "night"),
    ],
)
def test_a_mistake_is_named(text: str, key: str) -> None:
    with pytest.raises(PolicyErrors) as caught:
        parse_attendance(text, "attendance.toml")
    assert caught.value.findings[0].key == key
