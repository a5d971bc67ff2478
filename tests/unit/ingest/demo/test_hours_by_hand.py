"""Calendars, shifts and cells small enough to be worked out on paper."""

from __future__ import annotations

from datetime import UTC as UTC_NOW
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.tokens import Tokens
from mileage.domain.window import micros
from mileage.ingest.demo import hours
from mileage.ingest.demo.hours import Calendar, Cell, Slot, local_days, shifts
from mileage.ingest.demo.models import GPT_CODEX, HAIKU, OPUS
from mileage.ingest.demo.shape import Shape
from tests.unit.ingest.demo.by_hand import ALWAYS, NEVER, UTC, Dice, account, plan, use

TWO_DAYS = Shape(days=2, lead_hours=0)
THURSDAY = datetime(2026, 11, 5, 12, 34, tzinfo=UTC_NOW)
NINE = 0.5
"""The draw with which somebody begins to work at nine."""


def calendar(now=THURSDAY, zone=UTC, shape=TWO_DAYS):
    return Calendar.until(micros(now), zone, shape)


def noon(year, month, day):
    return datetime(year, month, day, 12, tzinfo=UTC_NOW)


def second(*moment):
    return int(datetime(*moment, tzinfo=UTC_NOW).timestamp())


def test_two_days_are_forty_nine_hours():
    found = calendar()
    assert found.hours[0] == second(2026, 11, 3, 12)
    assert found.hours[-1] == second(2026, 11, 5, 12)
    assert len(found.hours) == len(found.days) == 49
    assert [found.days.count(date(2026, 11, day)) for day in (3, 4, 5)] == [12, 24, 13]


def test_the_lead_comes_before():
    found = calendar(shape=Shape(days=2, lead_hours=5))
    assert found.hours[0] == second(2026, 11, 3, 7)
    assert found.hours[-1] == second(2026, 11, 5, 12)


@pytest.mark.parametrize(
    ("zone", "now", "lengths"),
    [
        ("Europe/Berlin", (2026, 3, 30), {28: 11, 29: 23, 30: 15}),
        ("Europe/Berlin", (2026, 10, 26), {24: 10, 25: 25, 26: 14}),
        ("America/New_York", (2026, 3, 9), {7: 17, 8: 23, 9: 9}),
        ("America/New_York", (2026, 11, 2), {31: 16, 1: 25, 2: 8}),
        ("Australia/Sydney", (2026, 10, 5), {3: 2, 4: 23, 5: 24}),
        ("Asia/Kolkata", (2026, 11, 5), {3: 7, 4: 24, 5: 18}),
    ],
)
def test_days_in_which_the_clocks_change_are_shorter_or_longer(zone, now, lengths):
    found = calendar(noon(*now), ZoneInfo(zone))
    assert {day: [one.day for one in found.days].count(day) for day in lengths} == (
        lengths
    )
    assert len(found.hours) == 49


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        ("UTC", 0),
        ("Asia/Kolkata", 30),
        ("Asia/Kathmandu", 15),
        ("America/St_Johns", 30),
        ("Pacific/Chatham", 15),
        ("Pacific/Marquesas", 30),
    ],
)
def test_hours_begin_where_the_zones_do(zone, minutes):
    found = calendar(zone=ZoneInfo(zone))
    assert {hour // 60 % 60 for hour in found.hours} == {minutes}


@pytest.mark.parametrize(
    ("now", "days", "share", "ratio"),
    [
        ((2026, 11, 5), 7, 0.24, 0.24 / 0.76 * 6 / 2),
        ((2026, 11, 5), 7, 0.5, 1.0),
        ((2026, 11, 5), 7, 0.0, 0.0),
        ((2026, 11, 5), 1, 0.24, 0.24 / 0.76 * 2),
        ((2026, 11, 8), 1, 0.24, 0.0),
        ((2026, 11, 9), 3, 0.24, 0.24 / 0.76 * 2 / 2),
    ],
)
def test_the_ratio_of_weekends(now, days, share, ratio):
    shape = Shape(days=days, lead_hours=0, weekend_share=share)
    assert calendar(noon(*now), shape=shape).weekend_ratio == pytest.approx(ratio)


def test_the_volume_of_weekends_is_that_of_the_shape():
    assert calendar(shape=Shape(days=2, weekend_volume=0.7)).weekend_volume == 0.7


def test_places_by_day_and_hour():
    days = local_days(calendar(), UTC)
    assert [*days] == [date(2026, 11, day) for day in (3, 4, 5)]
    assert days[date(2026, 11, 3)] == {hour: hour - 12 for hour in range(12, 24)}
    assert days[date(2026, 11, 4)] == {hour: hour + 12 for hour in range(24)}
    assert days[date(2026, 11, 5)] == {hour: hour + 36 for hour in range(13)}


def test_an_hour_half_in_another_belongs_to_where_its_middle_lies():
    # 12:00 to 13:00 UTC is 17:30 to 18:30 in Kolkata: its middle is 18:00.
    days = local_days(calendar(), ZoneInfo("Asia/Kolkata"))
    assert min(days[date(2026, 11, 3)].items()) == (18, 0)
    assert days[date(2026, 11, 4)][0] == 6


def test_shifts_begin_when_somebody_begins_and_end_at_eleven():
    found = shifts(calendar(), UTC, 9)
    assert [one.places for one in found] == [
        [*range(11)],
        [*range(21, 35)],
        [*range(45, 49)],
    ]
    assert not any(one.weekend for one in found)


def test_days_without_any_working_hour_are_no_shifts():
    early = calendar(datetime(2026, 11, 5, 3, tzinfo=UTC_NOW))
    assert [one.places[0] for one in shifts(early, UTC, 7)] == [4, 28]


def test_shifts_know_weekends():
    monday = calendar(noon(2026, 11, 9), shape=Shape(days=3, lead_hours=0))
    found = shifts(monday, UTC, 9)
    assert [one.weekend for one in found] == [False, True, True, False]


@pytest.mark.parametrize(
    ("joined", "left", "expected"),
    [
        (None, None, range(49)),
        (date(2026, 11, 4), None, range(12, 49)),
        (None, date(2026, 11, 4), range(36)),
        (date(2026, 11, 4), date(2026, 11, 4), range(12, 36)),
        (date(2026, 11, 6), None, range(49, 49)),
        (None, date(2026, 11, 2), range(0)),
        (date(2020, 1, 1), date(2030, 1, 1), range(49)),
    ],
)
def test_the_first_and_the_last_day_are_days_of_employment(joined, left, expected):
    one = account(joined=joined, left=left)
    assert hours._employed(one, calendar()) == expected


def working(*draws, calls=30, found=None, **who):
    one = plan(0, use(calls=calls), account=account(**who))
    return hours._working_days(one, found or calendar(), Dice(NINE, *draws))


FIRST, MIDDLE, LAST = [*range(11)], [*range(21, 35)], [*range(45, 49)]


@pytest.mark.parametrize(
    ("draws", "days"),
    [
        ((ALWAYS, ALWAYS, ALWAYS), [FIRST, MIDDLE, LAST]),
        ((0.674, 0.676, ALWAYS), [FIRST, LAST]),
        ((NEVER, NEVER, NEVER, 0.0), [FIRST]),
        ((NEVER, NEVER, NEVER, 0.5), [MIDDLE]),
        ((NEVER, NEVER, NEVER, NEVER), [LAST]),
    ],
)
def test_working_days_are_drawn_and_there_is_at_least_one(draws, days):
    assert working(*draws) == days


@pytest.mark.parametrize(("calls", "days"), [(1, 1), (5, 1), (6, 2), (8, 2), (9, 3)])
def test_a_working_day_has_three_calls_at_least(calls, days):
    assert len(working(ALWAYS, ALWAYS, ALWAYS, calls=calls)) == days


@pytest.mark.parametrize(
    ("joined", "left", "days"),
    [
        (date(2026, 11, 4), None, [MIDDLE, LAST]),
        (date(2026, 11, 5), None, [LAST]),
        (None, date(2026, 11, 4), [FIRST, MIDDLE]),
        (date(2026, 11, 4), date(2026, 11, 4), [MIDDLE]),
    ],
)
def test_nobody_works_on_other_days_than_those_of_employment(joined, left, days):
    assert working(*[ALWAYS] * 3, joined=joined, left=left) == days


def test_a_shift_that_crosses_the_organisations_midnight_is_cut_there():
    york = ZoneInfo("America/New_York")
    whole = working(*[ALWAYS] * 3, zone=york)
    # 9 to 23 h of New York's 4th are 14 h to 4 h of UTC.
    assert whole[1] == [*range(26, 40)]
    joined = working(*[ALWAYS] * 3, zone=york, joined=date(2026, 11, 5))
    assert joined[0] == [36, 37, 38, 39]
    left = working(*[ALWAYS] * 3, zone=york, left=date(2026, 11, 4))
    assert left[-1] == [*range(26, 36)]


def test_weekends_are_worked_less_often():
    monday = calendar(noon(2026, 11, 9), shape=Shape(days=3, lead_hours=0))
    ratio = 0.675 * monday.weekend_ratio
    draws = (ALWAYS, ratio + 0.001, ratio - 0.001, ALWAYS)
    days = working(*draws, found=monday)
    weekdays = [monday.days[places[0]].weekday() for places in days]
    assert weekdays == [4, 6, 0]


def test_slots_of_a_working_day():
    # Nine o'clock, the first day only; 1 + int(0.5 x 5.5) hours; weights.
    dice = Dice(NINE, ALWAYS, NEVER, NEVER, 0.5, 0.0, 0.5, 0.75)
    found = [*hours._slots(plan(0, use(calls=30)), calendar(), dice)]
    assert [(one.place, one.opens) for one in found] == [
        (0, True),
        (1, False),
        (2, False),
    ]
    assert [one.weight for one in found] == pytest.approx([0.4, 1.0, 1.3])


def test_weekends_have_less_weight():
    sunday = calendar(noon(2026, 11, 8), shape=Shape(days=1, lead_hours=0))
    (first, *_) = hours._slots(plan(0, use(calls=30)), sunday, Dice(rest=0.0))
    assert first.weight == pytest.approx(0.4 * 0.32)


def test_the_restless_work_in_every_hour_of_their_employment():
    one = plan(0, restless=True, account=account(joined=date(2026, 11, 5)))
    found = [*hours._slots(one, calendar(), Dice(0.0, 0.5, 0.25))]
    assert [slot.place for slot in found] == [*range(36, 49)]
    assert [slot.weight for slot in found[:3]] == pytest.approx([0.6, 1.0, 0.8])
    assert not any(slot.opens for slot in found)


SLOTS = [
    Slot(0, 1.0, opens=True),
    Slot(5, 3.0, opens=False),
    Slot(12, 0.0001, opens=True),
]


def cells_of(one, certain):
    found = hours._cells_of(one, SLOTS, calendar(), Dice(rest=0.5), certain=certain)
    return list(found)


def test_a_day_that_is_worked_has_a_call_for_certain():
    found = cells_of(use(calls=10, tokens=Tokens(input=1000)), certain=True)
    # Two calls are certain, eight go by weight: 2 and 6 and none.
    assert [cell.calls for cell in found] == [3, 6, 1]
    assert [cell.tokens.input for cell in found] == [300, 600, 100]
    assert [cell.hour for cell in found] == [
        second(2026, 11, 3, 12),
        second(2026, 11, 3, 17),
        second(2026, 11, 4, 0),
    ]
    assert [cell.day.day for cell in found] == [3, 3, 4]


def test_a_second_model_has_calls_only_by_weight():
    found = cells_of(use(HAIKU, 4, Tokens(output=8)), certain=False)
    assert found == [
        Cell(
            calendar().hours[place],
            date(2026, 11, 3),
            "claude-code",
            "anthropic",
            HAIKU.name,
            calls,
            Tokens(output=2 * calls),
        )
        for place, calls in ((0, 1), (5, 3))
    ]


def test_prompts_and_answers_are_shared_apart():
    one = use(
        calls=2, tokens=Tokens(input=100, cache_read=100, output=100, reasoning=100)
    )
    busy = [(0, 1), (5, 1)]
    first, second_ = map(
        Tokens._make, hours._shared(one, busy, Dice(0.0, 1.0, 0.5, 0.5))
    )
    # 0.85 against 1.15 of the prompts, 1 against 1 of the answers.
    assert (first.input, first.cache_read) == (43, 43)
    assert (first.output, first.reasoning) == (50, 50)
    assert (first.cache_write, first.tool_input) == (0, 0)
    assert first.plus(second_) == one.tokens


def test_answers_stray_as_far_as_prompts():
    one = use(calls=2, tokens=Tokens(input=100, output=100, reasoning=200))
    first, _ = hours._shared(one, [(0, 1), (5, 1)], Dice(0.5, 0.5, 0.0, 1.0))
    assert Tokens._make(first) == Tokens(input=50, output=43, reasoning=85)


def test_side_models_are_used_in_some_hours_or_in_the_first():
    both = plan(0, use(OPUS, 9, Tokens(9)), use(GPT_CODEX, 5, Tokens(5)))
    seen = {
        tuple(
            sum(
                cell.calls
                for cell in hours.cells(seed, both, calendar())
                if cell[4] == m
            )
            for m in (OPUS.name, GPT_CODEX.name)
        )
        for seed in range(25)
    }
    assert seen == {(9, 5)}


def test_cells_are_sorted_by_hour_then_client_then_model():
    uses = [use(one, 40, Tokens(4000)) for one in (OPUS, GPT_CODEX, HAIKU)]
    found = hours.cells(1, plan(0, *uses, restless=True), calendar())
    shared = [cell for cell in found if cell.hour == found[0].hour]
    assert found == sorted(found, key=lambda cell: (cell[0], cell[2], cell[4]))
    assert len({cell[4] for cell in found}) == 3
    assert len(shared) <= 3


def test_cells_depend_on_account_and_seed():
    one = plan(0, use(OPUS, 30, Tokens(3000)))
    other = plan(1, use(OPUS, 30, Tokens(3000)))
    assert hours.cells(1, one, calendar()) == hours.cells(1, one, calendar())
    assert hours.cells(1, one, calendar()) != hours.cells(1, other, calendar())
    assert hours.cells(1, one, calendar()) != hours.cells(2, one, calendar())


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "UTC"])
@pytest.mark.parametrize("calls", [1, 2, 3, 7, 50])
def test_cells_add_up_however_few_the_calls(zone, calls):
    one = plan(3, use(OPUS, calls, Tokens(calls, 11, 12, 13, 14, 15, 16)))
    found = hours.cells(4, one, calendar(zone=ZoneInfo(zone)))
    assert sum(cell.calls for cell in found) == calls
    totals = map(sum, zip(*(cell.tokens for cell in found), strict=True))
    assert Tokens(*totals) == one.tokens
