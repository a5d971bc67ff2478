from __future__ import annotations

import json

import pytest
from mileage_acme import SOURCE

from mileage.sources.installed import log_sources

LINE = {
    "type": "answer",
    "id": "a-1",
    "response_id": "msg_01",
    "at": "2026-11-20T12:00:00Z",
    "session": "s-1",
    "cwd": "/home/you/code",
    "model": "claude-sonnet-4-5",
    "usage": {"prompt": 1200, "cached": 1000, "answer": 90, "thinking": 30},
}


def read(*lines):
    sent = [
        one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines
    ]
    (reading,) = SOURCE.read([one + b"\n" for one in sent], "s-1.jsonl")
    return reading


def test_a_call():
    (call,) = read(LINE).witnesses.rows()
    assert (call.input, call.cache_read, call.output, call.reasoning) == (
        200,
        1000,
        60,
        30,
    )
    assert (call.key, call.link, call.client) == ("a-1", "msg_01", "acme")


def test_other_lines_are_ignored_and_counted():
    reading = read({"type": "prompt", "text": "what somebody said"}, LINE)
    assert (len(reading.witnesses), reading.ignored) == (1, 1)


@pytest.mark.parametrize(
    "line",
    [
        b"\xff",
        b"[",
        b"[]",
        {**LINE, "at": "yesterday"},
        {**LINE, "id": ""},
        {**LINE, "usage": None},
        {**LINE, "usage": {"prompt": -1, "answer": 1}},
        {**LINE, "usage": {"prompt": 1, "cached": 2, "answer": 1}},
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(line):
    (rejected,) = read(line).rejected
    assert rejected.place == "s-1.jsonl:1"


def test_mileage_finds_it():
    assert SOURCE in log_sources()
