"""Days that nobody has used anything on, however far away they are asked for."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.days import Days
from mileage.domain.witness import WitnessBatch
from mileage.pricing.catalog import shipped
from mileage.reports.local import local_json, local_report
from mileage.reports.local_question import (
    BY_TIME,
    EARLIEST,
    GROUPINGS,
    LATEST,
    Question,
    midnights,
)
from tests.local_usage import usage_in
from tests.witnesses import LOG, witness

ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati")
FAR = (date.min, date(1, 1, 2), date(1969, 12, 31), EARLIEST)
AWAY = (LATEST, date(3000, 1, 1), date(9999, 12, 30), date.max)
USED = usage_in([WitnessBatch.of([witness(LOG)])], (), {LOG: 1}, shipped())
NOTHING = usage_in([], (), {}, shipped())
NOON_DAY = date(2026, 11, 20)


def asked(zone="UTC", by="month", **edges):
    return Question(ZoneInfo(zone), zone, by=by, **edges)


def calls(question, usage=USED):
    return local_report(usage, question).total.calls


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("since", "until"), [*zip(FAR, AWAY, strict=True)])
def test_all_of_time_holds_every_call(zone, since, until):
    question = asked(zone, by="client", since=since, until=until)
    assert calls(question) == 1
    told = local_json(local_report(USED, question))["window"]
    assert told["from"].startswith(("1969-12-31", "1970-01-01"))
    assert told["until"].startswith(("2999-12-31", "3000-01-01"))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("by", GROUPINGS)
def test_a_side_that_holds_no_call(zone, by):
    for edge in (*FAR, *AWAY):
        side = {"until": edge} if edge in FAR else {"since": edge}
        found = local_report(USED, asked(zone, by, **side))
        assert (found.total.calls, found.rows) == (0, ())
        assert found.window.start < found.window.end


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("edges", [{"since": date.max}, {"until": date.min}], ids=str)
def test_without_any_call_the_days_are_those_that_are_asked_for(zone, edges):
    found = local_report(NOTHING, asked(zone, **edges))
    (day,) = (EARLIEST if edge == date.min else LATEST for edge in edges.values())
    assert found.window == Days.of(day, day, ZoneInfo(zone))
    assert local_json(found)["window"]["tz"] == zone


@pytest.mark.parametrize("by", BY_TIME)
def test_the_starts_of_days_end_where_the_window_does(by):
    question = asked("Asia/Kolkata", by, since=NOON_DAY, until=NOON_DAY)
    starts = midnights(question)
    if by == "block":
        assert starts is None
        return
    told = starts(USED.sources)
    window = Days.of(NOON_DAY, NOON_DAY, question.zone)
    assert told == [window.start, window.end]


@pytest.mark.parametrize("by", sorted(set(GROUPINGS) - set(BY_TIME)))
def test_what_is_no_time_needs_no_starts(by):
    assert midnights(asked(by=by)) is None


def test_no_calls_and_no_days_are_no_window():
    assert midnights(asked(by="day"))(NOTHING.sources) == []
    told = local_json(local_report(NOTHING, asked()))
    assert told["window"] == {"from": None, "until": None, "tz": "UTC"}
    assert told["rows"] == []


def test_a_day_far_away_and_one_that_holds_a_call():
    assert calls(asked(since=NOON_DAY, until=date.max, by="client")) == 1
    assert calls(asked(since=date.min, until=NOON_DAY, by="client")) == 1
