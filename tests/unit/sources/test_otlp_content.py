"""No content survives reading: marked bodies, searched readings."""

from __future__ import annotations

import json
import pickle

import pytest

from mileage.sources import (
    anthropic_sdk_spans,
    claude_code_metrics,
    claude_code_otlp,
    claude_code_spans,
    codex_metrics,
    codex_otlp,
    codex_spans,
    copilot_otlp,
    genai_spans,
    opencode_otlp,
)
from mileage.sources.otlp import OtlpReader
from tests.otlp_bodies import (
    API_REQUEST,
    AT,
    CLAUDE_SCOPE,
    CODEX_SCOPE,
    SSE_EVENT,
    log,
    logs,
    metric,
    metrics,
    packed_logs,
    packed_metrics,
    packed_spans,
    point,
    span,
    spans,
)

MARK = "m4rk3r"
READER = OtlpReader((claude_code_otlp.SOURCE, codex_otlp.SOURCE))
CONTENT_KEYS = (
    "prompt",
    "response",
    "arguments",
    "output",
    "body",
    "body_ref",
    "error",
    "error.message",
    "full_command",
    "file_path",
    "user_prompt",
    "system_prompt",
    "system_prompt_preview",
    "tool_input",
    "tool_parameters",
    "request_text",
    "response_text",
    "function_args",
    "ai.prompt",
    "ai.response.text",
    "gen_ai.system_instructions",
    "gen_ai.input.messages",
    "process.command_args",
    "process.command_line",
    "host.name",
    "department",
    "command_name",
    "custom.label",
)
RESOURCE_KEYS = {
    **{key: f"{MARK} {key} in the resource" for key in CONTENT_KEYS},
    "process.command_args": ["claude", "-p", f"{MARK} prompt"],
}
EVENTS = {
    "call": (CLAUDE_SCOPE, API_REQUEST),
    "prompt": (CLAUDE_SCOPE, {"event.name": "user_prompt", "session.id": "s"}),
    "tool": (
        CLAUDE_SCOPE,
        {"event.name": "tool_result", "session.id": "s", "success": "false"},
    ),
    "decision": (
        CLAUDE_SCOPE,
        {"event.name": "tool_decision", "session.id": "s", "tool_name": "Edit"},
    ),
    "rejected call": (CLAUDE_SCOPE, {**API_REQUEST, "input_tokens": f"{MARK} many"}),
    "codex call": (CODEX_SCOPE, SSE_EVENT),
    "codex prompt": (
        CODEX_SCOPE,
        {"event.name": "codex.user_prompt", "conversation.id": "t"},
    ),
    "codex tool": (
        CODEX_SCOPE,
        {"event.name": "codex.tool_result", "conversation.id": "t"},
    ),
    "unknown": ("", {"event.name": f"{MARK} event"}),
}


def marked(event):
    """Plant content beside what an event needs, and everything else it may carry."""
    content = {key: f"{MARK} {key}" for key in CONTENT_KEYS}
    nested = {"tools": [f"{MARK} a", {"deep": f"{MARK} b"}], "messages": [[MARK]]}
    return log(
        {"event.timestamp": AT, **content, **nested, **event},
        body={"stringValue": f"{MARK} body"},
        eventName=f"{MARK} event",
        severityText=f"{MARK} severity",
    )


def searched(reading):
    """Return every byte that the rest of the road will ever see of a reading."""
    rows = [
        *reading.witnesses.rows(),
        *reading.activities.rows(),
        *reading.rejected,
    ]
    return pickle.dumps([tuple(row) for row in rows]) + repr(reading).encode()


@pytest.mark.parametrize("form", ["json", "protobuf"])
@pytest.mark.parametrize("name", EVENTS)
def test_nothing_that_is_not_declared_survives(name, form):
    scope, event = EVENTS[name]
    body = logs(marked(event), scope=scope, resource=RESOURCE_KEYS)
    assert body.count(MARK.encode()) > 50
    sent = body if form == "json" else packed_logs(body)
    reading = READER.read("logs", form, sent)
    kept = (
        len(reading.witnesses)
        + len(reading.activities)
        + len(reading.rejected)
        + reading.ignored
    )
    assert kept > 0
    assert MARK.encode() not in searched(reading)


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_labels_and_descriptions_of_metrics_do_not_survive(form):
    labels = {key: f"{MARK} {key}" for key in CONTENT_KEYS}
    named = {"name": "claude_code.commit.count", "description": MARK, "unit": MARK}
    made = {**metric("", point(3, {**labels, "session.id": "s"})), **named}
    body = metrics(made, metric(f"{MARK}.count", point(1, labels)), **RESOURCE_KEYS)
    sent = body if form == "json" else packed_metrics(body)
    reading = READER.read("metrics", form, sent)
    assert len(reading.activities) == 1
    assert reading.ignored == 1
    assert MARK.encode() not in searched(reading)


@pytest.mark.parametrize(
    "said",
    [
        f"{MARK} is a sentence\nover two lines",
        f"{MARK} " * 100,
        [MARK],
        {"said": MARK},
    ],
)
@pytest.mark.parametrize("key", sorted(claude_code_otlp.SOURCE.keys))
def test_long_or_structured_values_do_not_survive_under_declared_keys(key, said):
    reading = READER.read("logs", "json", logs(log({**API_REQUEST, key: said})))
    assert MARK.encode() not in searched(reading)


def test_a_sentence_is_no_tool():
    event = {"event.name": "tool_result", "event.timestamp": AT, "session.id": "s"}
    body = logs(log({**event, "tool_name": f"{MARK} rm -rf /"}))
    (row,) = READER.read("logs", "json", body).activities.rows()
    assert row.name == ""


def test_spans_leave_a_number_and_nothing_else():
    span = {"name": MARK, "attributes": [{"key": MARK, "value": {"stringValue": MARK}}]}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span, span]}]}]}
    reading = READER.read("traces", "json", json.dumps(body).encode())
    assert reading.ignored == 2
    assert MARK.encode() not in searched(reading)


SPAN_READER = OtlpReader(
    tuple(
        module.SOURCE
        for module in (
            anthropic_sdk_spans,
            claude_code_metrics,
            claude_code_otlp,
            claude_code_spans,
            codex_metrics,
            codex_otlp,
            codex_spans,
            copilot_otlp,
            genai_spans,
            opencode_otlp,
        )
    )
)
SPAN_CONTENT_KEYS = (
    *CONTENT_KEYS,
    "ai.prompt.messages",
    "ai.prompt.tools",
    "ai.response.toolCalls",
    "ai.response.providerMetadata",
    "ai.toolCall.args",
    "ai.toolCall.result",
    "db.query.text",
    "final_result",
    "gen_ai.completion.0.content",
    "gen_ai.output.messages",
    "gen_ai.prompt.0.content",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.tool.definitions",
    "hidden_params",
    "input.value",
    "llm.input_messages.0.message.content",
    "llm.invocation_parameters",
    "llm.output_messages.0.message.content",
    "logfire.msg",
    "metadata.usage_object",
    "model_request_parameters",
    "output.value",
    "pydantic_ai.all_messages",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "url.full",
)
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.response.id": "resp_1",
    "gen_ai.usage.input_tokens": 5,
}
SPANS = {
    "a program": ("program", "chat", CALL),
    "an instrumentor": ("i", "LLM", {"openinference.span.kind": "LLM"}),
    "the SDK": ("com.anthropic.sdk.python", "x", CALL),
    "Copilot": ("github.copilot", "chat", CALL),
    "a tool": ("github.copilot", "x", {"gen_ai.operation.name": "execute_tool"}),
    "an agent": ("github.copilot", "x", {"gen_ai.operation.name": "invoke_agent"}),
    "OpenCode": ("opencode", "x", {"ai.operationId": "ai.streamText.doStream"}),
    "its tool": ("opencode", "x", {"ai.operationId": "ai.toolCall"}),
    "Claude Code": ("s", "claude_code.llm_request", {"input_tokens": 5}),
    "Codex": ("s", "session_task.turn", {"codex.turn.token_usage.input_tokens": 5}),
    "a rejected one": ("s", "x", {**CALL, "gen_ai.usage.input_tokens": f"{MARK} 5"}),
}


@pytest.mark.parametrize("form", ["json", "protobuf"])
@pytest.mark.parametrize("kind", SPANS)
def test_nothing_of_a_span_that_is_not_declared_survives(kind, form):
    scope, name, attributes = SPANS[kind]
    content = {key: f'{{"id":"{MARK} {key}"}}' for key in SPAN_CONTENT_KEYS}
    nested = {"tools": [f"{MARK} a", {"deep": f"{MARK} b"}], "messages": [[MARK]]}
    made = span(
        {**content, **nested, **attributes},
        name=name,
        status={"code": 2, "message": MARK},
        traceState=f"vendor={MARK}",
        events=[{"name": f"{MARK} event"}],
        links=[{"traceState": MARK}],
    )
    body = spans(made, scope=scope, resource=RESOURCE_KEYS)
    assert body.count(MARK.encode()) > 70
    sent = body if form == "json" else packed_spans(body)
    reading = SPAN_READER.read("traces", form, sent)
    kept = len(reading.witnesses) + len(reading.activities) + len(reading.rejected)
    assert kept + reading.ignored > 0
    assert MARK.encode() not in searched(reading)


@pytest.mark.parametrize("said", [f"{MARK} in\ntwo lines", f"{MARK} " * 100, [MARK]])
@pytest.mark.parametrize("key", sorted(genai_spans.SOURCE.keys))
def test_long_or_structured_values_of_spans_do_not_survive(key, said):
    body = spans(span({**CALL, key: said}))
    assert MARK.encode() not in searched(SPAN_READER.read("traces", "json", body))


def test_the_search_finds_what_is_there():
    body = logs(log({**API_REQUEST, "model": MARK}))
    assert MARK.encode() in searched(READER.read("logs", "json", body))
