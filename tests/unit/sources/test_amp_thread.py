"""Threads of Amp: the ledger of usage, messages beside it, messages alone."""

from __future__ import annotations

import json

import pytest

from mileage.sources import amp_thread, documents
from mileage.sources.files import discover
from tests.client_logs import (
    AMP,
    MARKER,
    activities,
    amp_message,
    amp_usage,
    counted,
    facts,
    ignored,
    ledger_event,
    micros,
    ms,
    only,
    read,
    reasons,
    rows,
    thread,
    written,
)


def told(tmp_path, *, activity=True, name="T-1.json", **fields):
    return read(AMP, thread(tmp_path / name, **fields), activity=activity)


def test_an_event_with_the_cache_of_its_message_is_a_call(tmp_path):
    readings = told(
        tmp_path, events=[ledger_event()], messages=[amp_message(1, amp_usage())]
    )
    row = only(readings)
    assert row.tokens == (3, 1_000, 50, 0, 7, 0, 0)
    assert row[:10] == (
        *("amp_thread", "T-1:message:1", "", "T-1", micros(1), "amp", ""),
        *("anthropic", "claude-sonnet-4-5", ""),
    )
    assert row[17:] == (None, "", "", False, None, "", "")


def test_events_may_tell_the_cache_themselves(tmp_path):
    used = {"input": 3, "output": 7, "cacheReadInputTokens": 9}
    event = ledger_event(tokens=used)
    row = only(told(tmp_path, events=[event], messages=[amp_message(1, amp_usage())]))
    assert (row.cache_read, row.cache_write) == (9, 50)


def test_newer_threads_have_messages_alone(tmp_path):
    messages = [amp_message(n, amp_usage(n)) for n in (1, 2)]
    found = counted(told(tmp_path, messages=messages))
    assert [(row.key, row.occurred_at, row.cache_read) for row in found] == [
        ("T-1:message:1", micros(1), 1_000),
        ("T-1:message:2", micros(2), 1_000),
    ]


def test_a_thread_that_gets_a_ledger_keeps_its_calls(tmp_path):
    """Whoever read it before and after has each call under one key."""
    messages = [amp_message(1, amp_usage(1))]
    before = only(told(tmp_path, messages=messages))
    after = only(told(tmp_path, messages=messages, events=[ledger_event()]))
    assert before == after


def test_a_message_whose_usage_comes_later_is_the_call_of_its_event(tmp_path):
    """Whoever read it in between, and keeps what it read, has one call."""
    before = only(told(tmp_path, messages=[amp_message(1)], events=[ledger_event()]))
    alone = only(told(tmp_path, events=[ledger_event()]))
    messages = [amp_message(1, amp_usage(1))]
    after = only(told(tmp_path, messages=messages, events=[ledger_event()]))
    assert {before.key, alone.key, after.key} == {"T-1:message:1"}
    assert before.cache_read == 0
    assert after.cache_read == 1_000


def test_events_without_any_name_are_calls_of_their_own(tmp_path):
    events = [ledger_event(None, second, to=None) for second in (1, 2)]
    assert len(counted(told(tmp_path, events=events))) == 2


def test_messages_that_the_ledger_lacks_count_too(tmp_path):
    messages = [amp_message(n, amp_usage(n)) for n in (1, 2)]
    found = counted(told(tmp_path, messages=messages, events=[ledger_event()]))
    assert [row.key for row in found] == ["T-1:message:1", "T-1:message:2"]


def test_two_events_of_one_message_are_two_calls(tmp_path):
    events = [ledger_event("e1"), ledger_event("e2", 2)]
    messages = [amp_message(1, amp_usage())]
    found = counted(told(tmp_path, events=events, messages=messages))
    assert [(row.key, row.cache_read) for row in found] == [
        ("T-1:message:1", 1_000),
        ("T-1:event:e2", 0),
    ]


def test_events_of_no_message_have_their_own_names(tmp_path):
    events = [ledger_event("e1", to=None), ledger_event("e2", 2, to=None)]
    found = counted(told(tmp_path, events=events))
    assert [row.key for row in found] == ["T-1:event:e1", "T-1:event:e2"]


def test_messages_without_a_number_have_their_place(tmp_path):
    messages = [{"role": "assistant", "usage": amp_usage(n)} for n in (1, 2)]
    assert len(counted(told(tmp_path, messages=messages))) == 2


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        (amp_message(1, amp_usage(5), meta={"sentAt": ms(3)}), 5),
        (amp_message(1, amp_usage(), meta={"sentAt": ms(3)}), 3),
        (amp_message(1, amp_usage(), meta=[1]), 0),
        (amp_message(1, amp_usage()), 0),
    ],
)
def test_a_message_without_a_time_has_its_threads(tmp_path, message, seconds):
    """Never that of the file: it changes whenever something touches it."""
    assert only(told(tmp_path, messages=[message])).occurred_at == micros(seconds)


def test_a_thread_is_named_by_its_file_if_by_nothing_else(tmp_path):
    readings = told(tmp_path, name="T-9.json", id=None, events=[ledger_event()])
    assert only(readings).session == "T-9"


def test_a_total_without_parts_is_an_unmeasured_call(tmp_path):
    row = only(told(tmp_path, events=[ledger_event(tokens={"total": 90})]))
    assert (sum(row.tokens), row.measure) == (0, "unmeasured")


@pytest.mark.parametrize(
    "fields",
    [
        {"events": [ledger_event(tokens={"input": 0, "output": None})]},
        {"events": [ledger_event(tokens=None)]},
        {
            "messages": [
                amp_message(
                    1,
                    amp_usage(
                        inputTokens=0,
                        outputTokens=0,
                        cacheReadInputTokens=0,
                        cacheCreationInputTokens=0,
                    ),
                )
            ]
        },
    ],
)
def test_what_used_nothing_is_no_call(tmp_path, fields):
    readings = told(tmp_path, **fields)
    assert (rows(readings), reasons(readings), ignored(readings)) == ([], [], 1)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"messages": None},
        {"usageLedger": None},
        {"usageLedger": {}},
        {"events": []},
        {"messages": [amp_message(1)]},
        {"messages": [amp_message(1, amp_usage(), role="user")]},
    ],
)
def test_threads_without_usage(tmp_path, fields):
    readings = told(tmp_path, **fields)
    assert (rows(readings), reasons(readings)) == ([], [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"messages":[1]}', amp_thread.NO_LIST),
        (b'{"messages":7}', amp_thread.NO_LIST),
        (b'{"usageLedger":{"events":{}}}', amp_thread.NO_LIST),
        (b'{"usageLedger":[]}', "Expected `object | null`, got `array`"),
        (b'{"messages":[' + b"[" * 300 + b"]" * 300 + b"]}", amp_thread.TOO_NESTED),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_documents_that_cannot_be_read(tmp_path, content, reason):
    readings = read(AMP, written(tmp_path / "T-1.json", content))
    ((place, said),) = reasons(readings)
    assert place == "T-1.json"
    assert said.startswith(reason)


def test_one_bad_item_does_not_spoil_the_others(tmp_path):
    events = [ledger_event(tokens={"input": -1}), ledger_event("e2", 2, to=2)]
    messages = [
        amp_message(2, amp_usage()),
        amp_message(3, amp_usage(outputTokens=MARKER)),
        amp_message(4, amp_usage(4)),
    ]
    readings = told(tmp_path, events=events, messages=messages)
    assert [row.key for row in counted(readings)] == ["T-1:message:2", "T-1:message:4"]
    assert [place for place, _ in reasons(readings)] == ["T-1.json:2", "T-1.json:1"]
    assert MARKER not in str(reasons(readings))


@pytest.mark.parametrize("where", ["events", "messages"])
def test_a_thread_of_far_too_many_calls(tmp_path, where, monkeypatch):
    monkeypatch.setattr(amp_thread, "_MOST_CALLS", 2)
    items = {
        "events": [ledger_event(f"e{n}", to=None) for n in range(4)],
        "messages": [amp_message(n, amp_usage()) for n in range(1, 5)],
    }
    readings = told(tmp_path, **{where: items[where]})
    assert len(counted(readings)) in (2, 3)
    assert reasons(readings) == [("T-1.json", amp_thread.TOO_MANY)]


def test_calls_without_any_time_are_refused(tmp_path):
    events = [ledger_event(timestamp=MARKER), ledger_event("e2", 2)]
    readings = told(tmp_path, created=None, events=events)
    assert len(rows(readings)) == 1
    assert reasons(readings) == [("T-1.json:1", "no readable time")]
    old = told(tmp_path, events=[ledger_event(timestamp="2019-01-01T00:00:00Z")])
    assert reasons(old) == [("T-1.json:1", "time before 2020-01-01")]


def test_a_document_above_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(documents.decoded_document, "__defaults__", (100,))
    readings = told(tmp_path, events=[ledger_event()])
    assert reasons(readings) == [("T-1.json", documents.TOO_LARGE)]


def test_a_document_that_vanished(tmp_path):
    (reading,) = AMP.read_file(str(tmp_path / "T-1.json"), "T-1.json")
    assert [one.reason for one in reading.rejected] == [
        "unreadable: No such file or directory"
    ]


def test_prompts_and_tools(tmp_path):
    messages = [
        amp_message(
            1,
            role="user",
            content=[{"type": "text", "text": MARKER}],
            meta={"sentAt": ms(1)},
        ),
        amp_message(
            2,
            amp_usage(2),
            content=[
                {"type": "tool_use", "id": "t1", "name": "Bash", "input": MARKER},
                MARKER,
            ],
        ),
        amp_message(
            3,
            role="user",
            content=[
                {"type": "tool_result", "toolUseID": "t1", "run": MARKER},
                {"type": "tool_result", "toolUseID": "t2"},
            ],
            meta={"sentAt": ms(3)},
        ),
        amp_message(4, role="user", content=MARKER),
    ]
    readings = told(tmp_path, messages=messages)
    assert facts(readings) == {
        ("prompt", "T-1:1", "", 1),
        ("tool_result", "T-1:t1", "Bash", 1),
        ("tool_result", "T-1:t2", "", 1),
    }
    assert MARKER not in str(
        [(r.witnesses, r.activities, r.rejected) for r in readings]
    )
    assert activities(told(tmp_path, activity=False, messages=messages)) == []


def test_where_its_threads_lie(tmp_path):
    for name in ("threads/T-1.json", "threads/index.json", "secrets.json"):
        written(tmp_path / ".local/share/amp" / name, json.dumps({}).encode())
    assert len(discover(tmp_path, {}, AMP)) == 1
    for moved in (
        {"AMP_DATA_DIR": str(tmp_path / ".local/share/amp")},
        {"XDG_DATA_HOME": str(tmp_path / ".local/share")},
    ):
        assert len(discover(tmp_path / "nobody", moved, AMP)) == 1
