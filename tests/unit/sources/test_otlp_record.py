from __future__ import annotations

import math

import pytest

from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import Activity, Rejected
from mileage.sources.otlp_record import (
    OtlpRecord,
    as_amount,
    as_count,
    as_micros,
    gather,
)

PLAIN = OtlpRecord("logs", "", "api_request", 7, 1_795_310_312_872_000, {}, {})


def record(attributes=None, resource=None):
    return PLAIN._replace(attributes=attributes or {}, resource=resource or {})


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        (0, 0),
        (5, 5),
        ("89", 89),
        ("0", 0),
        (12.0, 12),
        (MAX_COUNT, MAX_COUNT),
        (str(MAX_COUNT), MAX_COUNT),
    ],
)
def test_counts_come_as_integers_doubles_and_texts(sent, count):
    assert as_count(sent) == count


@pytest.mark.parametrize(
    "sent",
    [
        -1,
        "-1",
        1.5,
        "1.5",
        "1e3",
        "",
        " 5",
        "five",
        "٣",
        "²",
        "9" * 17,
        math.nan,
        math.inf,
        -math.inf,
        True,
        False,
        None,
        MAX_COUNT + 1,
        10**400,
        float(MAX_COUNT) * 2,
    ],
)
def test_what_is_no_count(sent):
    assert as_count(sent) is None


@pytest.mark.parametrize(
    ("sent", "amount"),
    [(0.334, 0), (0.5, 0), (0.51, 1), (29.6, 30), (3, 3), ("4", 4)],
)
def test_amounts_are_rounded(sent, amount):
    assert as_amount(sent) == amount


@pytest.mark.parametrize(
    "sent", [-1.0, math.nan, math.inf, 10**400, 1e300, True, None, "0.5", "NaN"]
)
def test_what_is_no_amount(sent):
    assert as_amount(sent) is None


@pytest.mark.parametrize(
    ("sent", "micros"),
    [(0.01614, 16140), ("0.01614", 16140), (0, 0), (2, 2_000_000), (1e-9, 0)],
)
def test_dollars_become_micro_dollars(sent, micros):
    assert as_micros(sent) == micros


@pytest.mark.parametrize(
    "sent", ["", "abc", "nan", "inf", -0.5, 1e30, 10**400, True, None]
)
def test_what_is_no_money(sent):
    assert as_micros(sent) is None


def test_a_text_of_the_record_goes_before_one_of_the_resource():
    one = record({"user.email": "a@example.com"}, {"user.email": "b@example.com"})
    assert one.text("user.email") == "a@example.com"
    assert record({}, {"user.email": "b@example.com"}).text("user.email") == (
        "b@example.com"
    )
    empty = record({"user.email": ""}, {"user.email": "b@example.com"})
    assert empty.text("user.email") == "b@example.com"


@pytest.mark.parametrize("sent", [5, 1.5, True, None])
def test_what_is_no_text_reads_as_none(sent):
    assert record({"model": sent}).text("model") == ""
    assert record({}, {"model": sent}).text("model") == ""


def test_an_absent_count_differs_from_an_unusable_one():
    one = record({"bad": "x", "unusable": None, "good": 3})
    assert one.tally("missing") is None
    assert one.tally("missing", 0) == 0
    assert one.tally("bad", 0) is None
    assert one.tally("unusable", 0) is None
    assert one.tally("good", 0) == 3


def test_counts_of_the_resource_are_not_the_records():
    assert record({}, {"input_tokens": 5}).tally("input_tokens") is None


@pytest.mark.parametrize(
    ("sent", "truth"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("False", False),
        ("yes", None),
        (1, None),
        (None, None),
    ],
)
def test_booleans_come_as_booleans_and_texts(sent, truth):
    assert record({"success": sent}).truth("success") is truth


@pytest.mark.parametrize(
    ("instant", "problem"),
    [
        (None, "no time"),
        (0, "time before 2020"),
        (1_577_836_799_999_999, "time before 2020"),
        (1_577_836_800_000_000, ""),
    ],
)
def test_times_before_2020_are_a_problem(instant, problem):
    assert PLAIN._replace(occurred_at=instant).time_problem() == problem


@pytest.mark.parametrize(
    ("attributes", "resource", "identity"),
    [
        ({"user.email": "a@example.com", "enduser.id": "e"}, {}, "a@example.com"),
        ({"enduser.id": "e"}, {"user.email": "a@example.com"}, "a@example.com"),
        ({"enduser.id": "e", "user.id": "h"}, {}, "e"),
        ({"user.id": "h"}, {}, "installation:h"),
        ({}, {"user.id": "h"}, "installation:h"),
        ({}, {}, ""),
    ],
)
def test_a_person_goes_before_an_installation(attributes, resource, identity):
    assert record(attributes, resource).identity() == identity


@pytest.mark.parametrize(
    ("sent", "tool"),
    [
        ("Bash", "Bash"),
        ("mcp__server__tool", "mcp__server__tool"),
        ("functions.exec-command", "functions.exec-command"),
        ("rm -rf secret", ""),
        ("x" * 129, ""),
        ("naïve", ""),
        ("a\nb", ""),
        ("", ""),
        (5, ""),
    ],
)
def test_a_tool_is_an_identifier_or_nothing(sent, tool):
    assert record({"tool_name": sent}).tool() == tool


def test_a_rejection_names_the_place_and_nothing_of_the_content():
    one = record({"model": "secret"}).rejected("s", "no time")
    assert one[:3] == ("s", "logs record 7", "no time")
    assert "secret" not in repr(one)


def test_gathering_counts_what_turned_out_to_be_nothing():
    one = Activity("s", "k", "", 0, "c", "prompt", "", 1, None, "")
    no = Rejected("s", "p", "r")
    reading = gather([(), (one, no), (), (one,)])
    assert list(reading.activities.rows()) == [one, one]
    assert reading.rejected == (no,)
    assert reading.ignored == 2
    assert not len(reading.witnesses)
