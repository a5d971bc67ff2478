"""Which lines of a rollout may be skipped unread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.sources.codex_lines import can_be_skipped, should_be_usage
from tests.session_logs import count, entry, event, line, meta, record, tokens, turn

USEFUL = [
    meta(),
    turn(),
    count(tokens()),
    count(None),
    record("r", tokens()),
    event("task_started"),
    event("user_message", message="x"),
    event("thread_settings_applied", thread_settings={}),
]


@pytest.mark.parametrize("useful", USEFUL)
def test_what_explains_usage_is_never_skipped(useful):
    assert not can_be_skipped(useful)


@pytest.mark.parametrize(
    "other",
    [
        entry("response_item", type="message", content=[]),
        entry("response_item", type="function_call_output", output='"type":"x"'),
        entry("compacted", message="x"),
        entry("world_state", state={}),
        entry("inter_agent_communication"),
        event("agent_message", message="x"),
        event("item_completed", item={}),
    ],
)
def test_what_does_not_is_skipped(other):
    assert can_be_skipped(other)


@pytest.mark.parametrize(
    "strange",
    [
        line(type="future_kind", payload={}),
        line(payload={"type": "token_count"}, type="event_msg"),
        b'{"timestamp":"x", "type": "response_item"}\n',
        b'{"type":"event_msg","ordinal":4,"payload":{"type":"agent_message"}}\n',
        b"",
        b"\x00",
    ],
)
def test_whatever_looks_unfamiliar_is_read(strange):
    assert not can_be_skipped(strange)


@given(st.sampled_from(USEFUL), st.dictionaries(st.sampled_from("abc"), st.text()))
def test_further_fields_before_the_type_do_not_hide_usage(useful, fields):
    prefix = line(**fields).rstrip(b"}\n")
    joined = prefix + (b"," if fields else b"") + useful.lstrip(b"{")
    assert not can_be_skipped(joined)


@pytest.mark.parametrize(
    ("misfit", "usage"),
    [
        (line(type="token_usage_record", payload=5), True),
        (line(type="event_msg", payload={"type": "token_count", "info": 5}), True),
        (line(type="event_msg", payload={"type": "other", "info": 5}), False),
        (line(type="event_msg", payload=5), False),
        (line(type=["x"]), False),
        (b"[1]", True),
        (b"{", True),
        (b"\xff", True),
    ],
)
def test_what_cannot_be_read_is_refused_only_if_it_may_be_usage(misfit, usage):
    assert should_be_usage(misfit) is usage
