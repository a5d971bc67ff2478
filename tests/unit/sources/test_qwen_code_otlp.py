"""Qwen Code's telemetry: its events are calls and facts, known by the response."""

from __future__ import annotations

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import MAX_COUNT, Tokens
from mileage.sources import gemini_cli_otlp, qwen_code_otlp
from mileage.sources.otlp import OtlpReader
from tests.gemini_qwen_logs import RESPONSE_ID, SESSION, without
from tests.otlp_bodies import AT, log, logs, metric, metrics, packed_logs, point

SOURCE = qwen_code_otlp.SOURCE
READER = OtlpReader((gemini_cli_otlp.SOURCE, SOURCE))
RESOURCE = {"service.name": "qwen-code", "service.version": "0.15.10"}
RESPONSE = {
    "session.id": SESSION,
    "event.name": "qwen-code.api_response",
    "event.timestamp": AT,
    "response_id": RESPONSE_ID,
    "model": "qwen3-coder-plus",
    "input_token_count": 51342,
    "output_token_count": 81,
    "cached_content_token_count": 51331,
    "thoughts_token_count": 15,
    "total_token_count": 51423,
    "prompt_id": "ce49ef9659ee1",
    "auth_type": "openai",
    "request_text": "a secret request",
    "response_text": "a secret answer",
}
TOOL = {
    "session.id": SESSION,
    "event.name": "qwen-code.tool_call",
    "event.timestamp": AT,
    "function_name": "edit",
    "function_args": "a secret argument",
    "duration_ms": 67,
    "success": True,
    "decision": "auto_accept",
    "prompt_id": "p",
}
PROMPT = {
    "session.id": SESSION,
    "event.name": "qwen-code.user_prompt",
    "event.timestamp": AT,
    "prompt_id": "p",
    "prompt": "a secret prompt",
}


def read(*events, form="json"):
    body = logs(
        *(log(without(event)) for event in events),
        scope="qwen-code",
        resource=RESOURCE,
    )
    return READER.read("logs", form, body if form == "json" else packed_logs(body))


def call(**attributes):
    (row,) = read({**RESPONSE, **attributes}).witnesses.rows()
    return row


def kinds(event):
    return [(one.kind, one.name) for one in read(event).activities.rows()]


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_a_response_is_a_call_with_thoughts_inside_its_output(form):
    (row,) = read(RESPONSE, form=form).witnesses.rows()
    assert row.tokens == Tokens(input=11, cache_read=51331, output=66, reasoning=15)
    assert (row.source, row.client) == ("qwen_code_otlp", "qwen-code")
    assert row.link == row.key == RESPONSE_ID
    assert (row.session, row.client_version) == (SESSION, "0.15.10")
    assert (row.provider, row.model) == ("", "qwen3-coder-plus")
    assert (row.agent, row.identity, row.attended) == ("", "", None)


def test_a_session_switched_off_does_no_harm_where_the_response_is_named():
    assert call(**{"session.id": None}).session == ""


def test_agents_beside_the_main_thread_are_named():
    assert call(subagent_name="memory-extractor").agent == "memory-extractor"


def test_identity_where_somebody_gives_one():
    assert call(**{"user.email": "bob@example.com"}).identity == "bob@example.com"


def test_local_servers_use_their_ids_again():
    one, other = (
        call(response_id="chatcmpl-417"),
        call(response_id="chatcmpl-417", **{"event.timestamp": "2026-11-22T09:00:00Z"}),
    )
    assert one.link == other.link == ""
    assert one.key != other.key
    calls = resolve(
        [Seen(row, "a", asserted=False) for row in (one, other, one)],
        {SOURCE.traits.name: SOURCE.traits},
    )
    assert len(calls) == 2


def test_without_an_id_calls_differ_by_time_and_counts():
    rows = [
        call(response_id=None),
        call(response_id=None, output_token_count=82),
        call(response_id=None, **{"event.timestamp": "2026-11-22T09:00:00Z"}),
        call(response_id=None),
    ]
    assert len({row.key for row in rows}) == 3


def test_no_usage_is_an_unmeasured_call():
    names = ("input", "output", "cached_content", "thoughts", "total")
    row = call(**{f"{name}_token_count": 0 for name in names})
    assert (row.measure, row.tokens.total) == ("unmeasured", 0)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"input_token_count": None}, "missing or absurd token counts"),
        ({"thoughts_token_count": -2}, "missing or absurd token counts"),
        ({"output_token_count": MAX_COUNT + 1}, "missing or absurd token counts"),
        ({"session.id": None, "response_id": None}, "no response id, no session"),
        ({"session.id": None, "response_id": "short"}, "no response id, no session"),
        ({"event.timestamp": "2019-01-01T00:00:00Z"}, "time before 2020"),
        ({"event.timestamp": None}, "no time"),
    ],
)
def test_what_should_be_usage_and_is_not_is_refused(attributes, reason):
    reading = read({**RESPONSE, **attributes})
    assert not len(reading.witnesses)
    assert [one.reason for one in reading.rejected] == [reason]


@pytest.mark.parametrize(
    "name", ["api_error", "api_request", "chat_compression", "subagent_execution"]
)
def test_other_events_are_no_usage(name):
    reading = read({**RESPONSE, "event.name": f"qwen-code.{name}"})
    assert (len(reading.witnesses), reading.ignored) == (0, 1)


def test_metrics_of_the_same_tokens_are_ignored():
    made = metric("qwen-code.token.usage", point(9, {"type": "input"}), temporality=2)
    reading = READER.read("metrics", "json", metrics(made))
    assert (len(reading.witnesses), reading.ignored) == (0, 1)


def test_prompts_tools_and_edits_are_facts():
    assert kinds(PROMPT) == [("prompt", "")]
    assert kinds({**TOOL, "function_name": "ls"}) == [("tool_result", "ls")]
    assert kinds(TOOL) == [("tool_result", "edit"), ("edit_accepted", "edit")]
    failed = {**TOOL, "success": False}
    assert kinds(failed) == [("tool_result", "edit"), ("tool_error", "edit")]
    assert kinds({**failed, "decision": "reject"}) == [
        ("tool_result", "edit"),
        ("tool_error", "edit"),
        ("edit_rejected", "edit"),
    ]


def test_a_sentence_is_no_tool():
    assert kinds({**TOOL, "function_name": "rm -rf /"}) == [("tool_result", "")]


def test_facts_need_a_session_and_a_time():
    for spoilt in ({**PROMPT, "session.id": None}, {**PROMPT, "event.timestamp": "x"}):
        reading = read(spoilt)
        assert (len(reading.activities), len(reading.rejected)) == (0, 1)


def test_tools_that_end_together_are_two_facts():
    reading = read(TOOL, {**TOOL, "duration_ms": 68}, TOOL)
    results = [one for one in reading.activities.rows() if one.kind == "tool_result"]
    assert len({one.key for one in results}) == 2


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_no_request_answer_prompt_or_argument_gets_through(form):
    reading = read(RESPONSE, PROMPT, TOOL, form=form)
    assert (len(reading.witnesses), len(reading.activities)) == (1, 3)
    assert "secret" not in repr(reading)
