"""Sums of Droid's sessions."""

from __future__ import annotations

import pytest

from mileage.sources.files import discover
from tests.client_logs import (
    DROID,
    MARKER,
    counted,
    ignored,
    line,
    micros,
    only,
    read,
    reasons,
    rows,
    settings,
    stamp,
    written,
)

NONE = {"inputTokens": 0, "outputTokens": 0, "cacheCreationTokens": 0}
NOTHING = {**NONE, "cacheReadTokens": 0, "thinkingTokens": 0}


def told(tmp_path, used=None, **fields):
    return read(DROID, settings(tmp_path / "session-1.settings.json", used, **fields))


def test_the_sum_of_a_session_is_one_row(tmp_path):
    row = only(told(tmp_path))
    assert row.tokens == (3, 1_000, 50, 0, 7, 2, 0)
    assert row[:10] == (
        *("droid_session", "session-1", "", "session-1", micros()),
        *("droid", "", "anthropic", "claude-sonnet-4-5", ""),
    )
    assert row[17:] == (None, "", "", False, None, "", "")


def test_a_session_that_goes_on_is_the_same_row(tmp_path):
    both = told(tmp_path) + told(tmp_path, {"outputTokens": 70}, model="gpt-5.1")
    (row,) = counted(both)
    assert row.output == 70


@pytest.mark.parametrize(
    ("named", "model"),
    [
        ("claude-opus-4-5", "claude-opus-4-5"),
        ("gpt-5.1", "gpt-5.1"),
        ("custom:Claude-Opus-4.5-[Anthropic]-0", "claude-opus-4.5"),
        ("custom:Claude-Opus-4-5-[Anthropic]-12", "claude-opus-4-5"),
        ("custom:Kimi-K2-[Moonshot]", "kimi-k2"),
        ("custom:glm-4-6", "glm-4-6"),
        (None, ""),
        ([1], ""),
    ],
)
def test_names_of_models(tmp_path, named, model):
    assert only(told(tmp_path, model=named)).model == model


def test_the_messages_beside_it_tell_when_and_where(tmp_path):
    written(
        tmp_path / "session-1.jsonl",
        line(type="session_start", cwd="/home/alice/code/repo", title=MARKER),
        b"damaged\n",
        line(type="message", timestamp=stamp(5)),
        line(type="message", timestamp=stamp(9)),
    )
    row = only(told(tmp_path, providerLockTimestamp=None))
    assert (row.occurred_at, row.project) == (micros(5), "/home/alice/code/repo")
    assert only(told(tmp_path)).occurred_at == micros()


def test_only_the_first_messages_are_looked_at(tmp_path):
    lines = [line(type="message")] * 60 + [line(timestamp=stamp(5))]
    written(tmp_path / "session-1.jsonl", *lines)
    readings = told(tmp_path, providerLockTimestamp=None)
    assert reasons(readings) == [
        ("session-1.settings.json:1", "no readable time"),
    ]


def test_a_session_of_unknown_time_is_refused(tmp_path):
    """The file's own time is that of its last change, and of any copy of it."""
    for lock in (None, MARKER, 5):
        readings = told(tmp_path, providerLockTimestamp=lock)
        assert [reason for _, reason in reasons(readings)] == ["no readable time"]


@pytest.mark.parametrize(
    ("used", "fields"), [(NOTHING, {}), (None, {"tokenUsage": None})]
)
def test_sessions_without_usage(tmp_path, used, fields):
    readings = told(tmp_path, used, **fields)
    assert (rows(readings), reasons(readings), ignored(readings)) == ([], [], 1)


def test_a_total_without_parts_is_an_unmeasured_call(tmp_path):
    row = only(told(tmp_path, {**NOTHING, "totalTokens": 900}))
    assert (sum(row.tokens), row.measure) == (0, "unmeasured")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b'{"tokenUsage":{"inputTo', "not JSON"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"tokenUsage":{"inputTokens":-1}}', "Expected `int` >= 0"),
        (b'{"tokenUsage":[1]}', "Expected `object | null`"),
    ],
)
def test_documents_that_cannot_be_read(tmp_path, content, reason):
    path = written(tmp_path / "session-1.settings.json", content)
    ((place, said),) = reasons(read(DROID, path))
    assert place == "session-1.settings.json"
    assert said.startswith(reason)


def test_where_its_sessions_lie(tmp_path):
    for name in (
        "sessions/a.settings.json",
        "sessions/-home-alice/b.settings.json",
        "sessions/-home-alice/b.jsonl",
        "settings.json",
    ):
        written(tmp_path / ".factory" / name, b"{}")
    assert len(discover(tmp_path, {}, DROID)) == 2
