"""aider's estimates: shown as such, never more."""

from __future__ import annotations

import pytest

from mileage.sources.files import discover
from mileage.sources.jsonl import CHUNK_LINES
from tests.client_logs import (
    AIDER,
    MARKER,
    activities,
    counted,
    ignored,
    line,
    micros,
    only,
    read,
    reasons,
    rows,
    sent,
    written,
)


def told(tmp_path, *lines):
    return read(AIDER, written(tmp_path / "analytics.jsonl", *lines))


def test_a_message_is_an_estimate(tmp_path):
    row = only(told(tmp_path, sent()))
    assert row.measure == "estimate"
    assert row.tokens == (2_331, 0, 0, 0, 11, 0, 0)
    assert row[2:10] == (
        *("", "", micros(), "aider", "", "anthropic", "claude-sonnet-4-5", ""),
    )
    assert row[17:] == (250_000, "", "", False, None, "installation", "estimate")


@pytest.mark.parametrize(
    ("named", "provider", "model"),
    [
        ("openrouter/anthropic/claude", "openrouter/anthropic", "claude"),
        ("gpt-5", "", "gpt-5"),
        (None, "", ""),
    ],
)
def test_names_of_models(tmp_path, named, provider, model):
    row = only(told(tmp_path, sent(main_model=named)))
    assert (row.provider, row.model) == (provider, model)


def test_reading_it_again_adds_nothing(tmp_path):
    both = told(tmp_path, sent()) + told(tmp_path, sent(), sent(5))
    assert len(counted(both)) == 2


def test_other_events_are_ignored(tmp_path):
    lines = [
        line(event="launched", properties={}, user_id="u", time=1),
        line(event="message_send_starting", properties={"x": MARKER}),
        line(event=None),
        b"\n",
    ]
    readings = told(tmp_path, *lines)
    assert (rows(readings), reasons(readings), ignored(readings)) == ([], [], 3)
    assert activities(readings) == []


@pytest.mark.parametrize(
    ("line_", "reason"),
    [
        (b"{\n", "not JSON"),
        (b"[1]\n", "Expected `object`, got `array`"),
        (sent(prompt_tokens=-1), "Expected `int` >= 0"),
        (sent(completion_tokens=MARKER), "Expected `int | null`"),
        (sent().replace(b'"time":1', b'"time":"'), "not JSON"),
        (sent(-(10**9)), "time before 2020-01-01"),
        (line(event="message_send", properties={}), "no readable time"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, line_, reason):
    ((place, said),) = reasons(told(tmp_path, line_))
    assert place == "analytics.jsonl:1"
    assert said.startswith(reason)
    assert MARKER not in said


@pytest.mark.parametrize("cost", [None, "1", True, -1, 10**9])
def test_odd_costs_are_none(tmp_path, cost):
    assert only(told(tmp_path, sent(cost=cost))).reported_cost is None


def test_many_lines_come_in_several_readings(tmp_path):
    lines = [sent(number) for number in range(CHUNK_LINES + 1)]
    found = [len(one.witnesses) for one in told(tmp_path, *lines)]
    assert found == [CHUNK_LINES, 1]


def test_it_lies_where_a_person_said(tmp_path):
    path = written(tmp_path / "somewhere" / "log.txt", sent())
    assert discover(tmp_path, {}, AIDER) == []
    (found,) = discover(tmp_path, {"AIDER_ANALYTICS_LOG": str(path)}, AIDER)
    assert found.path == str(path)
    assert discover(tmp_path, {"AIDER_ANALYTICS_LOG": "/nowhere"}, AIDER) == []
