"""Codex's events, record by record, with every draw of chance told."""

from __future__ import annotations

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs

from mileage.domain.tokens import Tokens
from mileage.ingest.demo import codex
from mileage.ingest.demo.codex import CodexEvents, origin
from mileage.ingest.demo.models import GPT_CODEX, GPT_CODEX_MINI
from mileage.ingest.demo.wire import resource_logs
from mileage.sources.installed import otlp_sources
from mileage.sources.otlp import OtlpReader
from tests.unit.ingest.demo.by_hand import (
    ALWAYS,
    AT,
    AT_TEXT,
    NEVER,
    Dice,
    decoded,
    door_call,
    held,
    names,
)

TOKENS = Tokens(input=10_000, cache_read=90_000, output=600, reasoning=150)
COMMON = {
    "event.timestamp": AT_TEXT,
    "conversation.id": "s-1",
    "app.version": "0.169.0",
    "originator": "codex_cli_rs",
    "terminal.type": "xterm-256color",
    "model": "gpt-5.1-codex",
    "slug": "gpt-5.1-codex",
}
PLACE = "event otel/src/events/session_telemetry.rs:"
READER = OtlpReader(otlp_sources())


def around(*draws, rest=NEVER, **turn):
    tokens, model = turn.pop("tokens", TOKENS), turn.pop("model", GPT_CODEX)
    events = CodexEvents(Dice(*draws, rest=rest))
    return list(events.around(door_call(model, tokens, **turn)))


def tool(choice, *draws, **turn):
    """Return the events after a call that used one tool; ``draws`` come after it."""
    place = codex.TOOLS.index(choice) / len(codex.TOOLS) + 0.01
    return around(NEVER, 0.5, ALWAYS, place, *draws, position=1, **turn)[2:]


def decision(wanted):
    return codex.DECISIONS.index(wanted) / len(codex.DECISIONS) + 0.01


def read(*records, source=b""):
    return READER.read("logs", "protobuf", resource_logs(source, codex.EVENTS, records))


def test_a_call_streams_first_and_counts_afterwards():
    bare, counted = around(NEVER, 0.5, position=1)
    message, found = decoded(bare)
    assert (message.severity_number, message.severity_text) == (9, "INFO")
    assert message.event_name == f"{PLACE}1089"
    assert (message.time_unix_nano, message.observed_time_unix_nano) == (0, AT * 1000)
    assert found == COMMON | {
        "event.name": "codex.sse_event",
        "event.kind": "response.completed",
        "duration_ms": "0",
    }
    message, found = decoded(counted)
    assert message.event_name == f"{PLACE}1153"
    assert found == COMMON | {
        "event.name": "codex.sse_event",
        "event.kind": "response.completed",
        "input_token_count": "100000",
        "output_token_count": "750",
        "cached_token_count": 90_000,
        "cache_write_token_count": 0,
        "reasoning_token_count": 150,
        "tool_token_count": "100750",
        "ttft_ms": 2040,
    }


def test_counts_overlap_as_codexs_do():
    tokens = Tokens(input=5, cache_read=70, cache_write=20, output=3, reasoning=4)
    _, found = decoded(around(position=1, tokens=tokens)[1])
    assert found["input_token_count"] == "95"
    assert found["cached_token_count"] == 70
    assert found["cache_write_token_count"] == 20
    assert found["output_token_count"] == "7"
    assert found["reasoning_token_count"] == 4
    assert found["tool_token_count"] == "102"


def test_what_the_source_reads_is_the_call_once():
    tokens = Tokens(input=5, cache_read=70, cache_write=20, output=3, reasoning=4)
    records = around(position=1, tokens=tokens)
    reading = read(*records, source=origin("a@example.com"))
    (witness,) = reading.witnesses.rows()
    assert witness.tokens == tokens
    assert (witness.session, witness.occurred_at) == ("s-1", AT)
    assert witness.key == f"s-1:{AT}:gpt-5.1-codex:95:70:20:7:4"
    assert (witness.client, witness.client_version) == ("codex", "0.169.0")
    assert (witness.provider, witness.model) == ("", "gpt-5.1-codex")
    assert (witness.reported_cost, witness.attended) == (None, True)
    assert witness.identity == "a@example.com"
    assert (reading.ignored, reading.rejected) == (1, ())


@pytest.mark.parametrize(
    ("position", "draw", "prompted"),
    [(0, NEVER, True), (1, 0.119, True), (1, 0.12, False), (7, NEVER, False)],
)
def test_when_there_was_a_prompt(position, draw, prompted):
    draws = () if position == 0 else (draw,)
    found = names(around(*draws, position=position))
    assert found == ["codex.user_prompt"] * prompted + ["codex.sse_event"] * 2


def test_a_prompt_says_only_how_long_it_was():
    message, found = decoded(around(0.5)[0])
    assert message.event_name == f"{PLACE}1200"
    assert message.observed_time_unix_nano == (AT - 400_000) * 1000
    assert found == COMMON | {
        "event.name": "codex.user_prompt",
        "event.timestamp": "2026-11-22T01:18:32.472Z",
        "prompt_length": "454",
        "prompt": "[REDACTED]",
    }


def test_a_tool_is_decided_about_and_then_runs():
    decided, ran = tool("apply_patch", ALWAYS, 0.5)
    message, found = decoded(decided)
    assert message.event_name == f"{PLACE}1225"
    assert message.observed_time_unix_nano == (AT + 700_000) * 1000
    about = {"tool_name": "apply_patch", "call_id": f"call_{1:024x}"}
    assert found == COMMON | about | {
        "event.name": "codex.tool_decision",
        "event.timestamp": "2026-11-22T01:18:33.572Z",
        "decision": "approved",
        "source": "User",
    }
    message, found = decoded(ran)
    assert message.event_name == "event otel/src/tool_result.rs:54"
    assert message.observed_time_unix_nano == (AT + 900_000) * 1000
    assert found == COMMON | about | {
        "event.name": "codex.tool_result",
        "event.timestamp": "2026-11-22T01:18:33.772Z",
        "duration_ms": "10002",
        "success": "true",
        "output_truncated": False,
        "mcp_server": "",
        "mcp_server_origin": "",
    }


@pytest.mark.parametrize(
    ("wanted", "edits", "runs"),
    [
        ("approved", ["edit_accepted"], True),
        ("approved_for_session", ["edit_accepted"], True),
        ("denied", ["edit_rejected"], False),
    ],
)
def test_edits_are_accepted_or_not(wanted, edits, runs):
    records = tool("apply_patch", decision(wanted))
    kinds = [one.kind for one in read(*records).activities.rows()]
    assert kinds == edits + ["tool_result"] * runs


@pytest.mark.parametrize("choice", ["exec_command", "update_plan"])
def test_other_tools_are_no_edits(choice):
    reading = read(*tool(choice, decision("approved")))
    (found,) = reading.activities.rows()
    assert (found.kind, found.name) == ("tool_result", choice)
    assert found.key == f"s-1:call_{1:024x}"
    assert reading.ignored == 1


@pytest.mark.parametrize(("draw", "kinds"), [(0.059, 2), (0.06, 1)])
def test_a_failed_tool_is_a_result_and_an_error(draw, kinds):
    ran = tool("exec_command", ALWAYS, 0.5, draw)[1]
    found = [one.kind for one in read(ran).activities.rows()]
    assert found == ["tool_result", "tool_error"][:kinds]


@pytest.mark.parametrize(("draw", "used"), [(0.59, True), (0.6, False)])
def test_six_of_ten_calls_use_a_tool(draw, used):
    assert (len(around(NEVER, 0.5, draw, position=1)) > 2) is used


@pytest.mark.parametrize(
    ("attended", "program", "asked"),
    [(True, "codex_cli_rs", "User"), (False, "codex_exec", "Config")],
)
def test_whether_somebody_was_there(attended, program, asked):
    records = tool("apply_patch", ALWAYS, attended=attended)
    found = decoded(records[0])[1]
    assert (found["originator"], found["source"]) == (program, asked)
    read_as = {one.attended for one in read(*records).activities.rows()}
    assert read_as == {attended}


def test_a_session_may_change_its_model_and_a_model_its_session():
    events = CodexEvents(Dice())
    steps = [
        (GPT_CODEX, "s-1"),
        (GPT_CODEX_MINI, "s-1"),
        (GPT_CODEX_MINI, "s-2"),
        (GPT_CODEX, "s-1"),
    ]
    found = []
    for model, session in steps:
        call = door_call(model, TOKENS, position=1, session=session)
        record = decoded(list(events.around(call))[-1])[1]
        assert record["slug"] == record["model"]
        found.append((record["model"], record["conversation.id"]))
    assert found == [(model.name, session) for model, session in steps]


def test_a_broken_record_is_rejected_for_its_count():
    record = CodexEvents(Dice()).broken(door_call(GPT_CODEX, TOKENS))
    found = decoded(record)[1]
    assert found["output_token_count"] == "9000000000000"
    assert found["input_token_count"] == "100000"
    reading = read(record)
    assert [one.reason for one in reading.rejected] == [
        "missing or absurd token counts"
    ]
    assert len(reading.witnesses) == 0


@pytest.mark.parametrize("email", ["", "a@example.com"])
def test_the_resource_names_the_program_and_perhaps_a_person(email):
    group = ResourceLogs.FromString(origin(email))
    found = {one.key: held(one.value) for one in group.resource.attributes}
    assert found["service.name"] == "codex_exec"
    assert found["service.version"] == "0.169.0"
    assert found["telemetry.sdk.language"] == "rust"
    assert found.get("user.email", "") == email
    assert len(found) == 6 + bool(email)


def test_without_an_e_mail_the_payload_names_nobody():
    (witness,) = read(*around(position=1), source=origin("")).witnesses.rows()
    assert witness.identity == ""


def test_two_calls_at_the_same_instant_stay_two_when_their_counts_differ():
    events = CodexEvents(Dice())
    other = TOKENS._replace(reasoning=151, output=599)
    records = [
        record
        for tokens in (TOKENS, other)
        for record in events.around(door_call(GPT_CODEX, tokens, position=1))
    ]
    keys = {one.key for one in read(*records).witnesses.rows()}
    assert len(keys) == 2
