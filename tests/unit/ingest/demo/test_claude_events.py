"""Claude Code's events, record by record, with every draw of chance told."""

from __future__ import annotations

from hashlib import sha256

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs

from mileage.domain.tokens import MAX_COUNT, Tokens
from mileage.ingest.demo import claude
from mileage.ingest.demo.claude import ClaudeEvents, metrics, origin
from mileage.ingest.demo.models import HAIKU, OPUS, UNLISTED
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

TOKENS = Tokens(input=100, cache_read=90_000, cache_write=4_000, output=700)
COST = 500 + 45_000 + 25_000 + 17_500
SECOND, MILLISECOND = 1_000_000, 1_000
COMMON = {
    "user.id": f"{1:064x}",
    "session.id": "s-1",
    "terminal.type": "xterm-256color",
    "event.timestamp": AT_TEXT,
    "prompt.id": "p-1",
}
READER = OtlpReader(otlp_sources())


def around(*draws, rest=NEVER, **turn):
    tokens, model = turn.pop("tokens", TOKENS), turn.pop("model", OPUS)
    events = ClaudeEvents(Dice(*draws, rest=rest))
    return list(events.around(door_call(model, tokens, **turn)))


def tool(choice, *draws, **turn):
    """Return the events after a call that used one tool; ``draws`` come after it."""
    place = claude.TOOLS.index(choice) / len(claude.TOOLS) + 0.01
    drawn = (NEVER, NEVER, 0.5, ALWAYS, place, *draws)
    return around(*drawn, position=1, **turn)[1:]


def read(*records, source=b""):
    return READER.read(
        "logs", "protobuf", resource_logs(source, claude.EVENTS, records)
    )


def test_the_first_call_of_a_session_comes_with_a_prompt():
    assert names(around(position=0)) == ["user_prompt", "api_request"]
    assert names(around(position=1)) == ["api_request"]
    assert names(around(0.119, position=1)) == ["user_prompt", "api_request"]
    assert names(around(0.12, position=1)) == ["api_request"]


def test_a_prompt_says_only_how_long_it_was():
    message, found = decoded(around(0.5, rest=ALWAYS)[0])
    assert message.time_unix_nano == (AT - 400 * MILLISECOND) * 1000
    assert message.body.string_value == "claude_code.user_prompt"
    assert found == COMMON | {
        "event.name": "user_prompt",
        "event.timestamp": "2026-11-22T01:18:32.472Z",
        "event.sequence": 0,
        "prompt_length": "454",
        "prompt": "<REDACTED>",
    }


def test_a_request_has_every_count_and_its_cost_at_list_price():
    message, found = decoded(around(NEVER, NEVER, 0.5, position=3)[0])
    assert message.time_unix_nano == message.observed_time_unix_nano == AT * 1000
    assert found == COMMON | {
        "event.name": "api_request",
        "event.sequence": 13,
        "model": "claude-opus-4-8",
        "input_tokens": 100,
        "output_tokens": 700,
        "cache_read_tokens": 90_000,
        "cache_creation_tokens": 4_000,
        "cost_usd": COST / 1e6,
        "cost_usd_micros": COST,
        "duration_ms": 20_450,
        "request_id": f"req_{2:026x}",
        "speed": "normal",
        "query_source": "repl_main_thread",
        "effort": "high",
    }


@pytest.mark.parametrize(
    ("helper", "attended", "origin_of_query", "agent"),
    [
        (NEVER, True, "repl_main_thread", None),
        (NEVER, False, "sdk", None),
        (0.1, True, "repl_main_thread", None),
        (0.099, True, "agent:builtin:general-purpose", "general-purpose"),
        (ALWAYS, False, "agent:builtin:general-purpose", "general-purpose"),
    ],
)
def test_who_asked(helper, attended, origin_of_query, agent):
    (record,) = around(NEVER, helper, position=1, attended=attended)
    _, found = decoded(record)
    assert found["query_source"] == origin_of_query
    assert found.get("agent.name") == agent


def test_only_the_dearest_model_makes_an_effort():
    efforts = {
        model.name: decoded(around(position=1, model=model)[0])[1].get("effort")
        for model in (OPUS, HAIKU, UNLISTED)
    }
    assert efforts == {OPUS.name: "high", HAIKU.name: None, UNLISTED.name: None}


def test_what_the_source_reads_is_the_call():
    reading = read(*around(position=2), source=origin("a@example.com"))
    (witness,) = reading.witnesses.rows()
    assert (witness.key, witness.link) == (f"req_{2:026x}",) * 2
    assert (witness.session, witness.occurred_at) == ("s-1", AT)
    assert (witness.client, witness.client_version) == ("claude-code", "2.1.197")
    assert (witness.provider, witness.model) == ("anthropic", "claude-opus-4-8")
    assert witness.tokens == TOKENS
    assert witness.reported_cost == COST
    assert (witness.tier, witness.agent, witness.attended) == ("", "", True)
    assert witness.identity == "a@example.com"
    assert (reading.rejected, reading.ignored) == ((), 0)


def test_without_an_e_mail_the_payload_names_an_installation():
    (witness,) = read(*around(position=2), source=origin("")).witnesses.rows()
    assert witness.identity == f"installation:{1:064x}"
    assert witness.client_version == "2.1.197"


def test_a_model_without_a_vendor_has_none_and_costs_nothing():
    (witness,) = read(*around(position=2, model=UNLISTED)).witnesses.rows()
    assert (witness.provider, witness.reported_cost) == ("", 0)


@pytest.mark.parametrize("choice", ["Read", "Grep", "Glob", "Task"])
def test_tools_that_nobody_decides_about_just_run(choice):
    (record,) = tool(choice, NEVER, 0.5, 0.5, 0.5)
    message, found = decoded(record)
    assert message.time_unix_nano == (AT + 900 * MILLISECOND) * 1000
    assert found == COMMON | {
        "event.name": "tool_result",
        "event.timestamp": "2026-11-22T01:18:33.772Z",
        "event.sequence": 7,
        "tool_name": choice,
        "tool_use_id": f"toolu_{3:026x}",
        "success": "true",
        "duration_ms": "10002",
        "tool_input_size_bytes": "460",
        "tool_result_size_bytes": "4501",
    }


@pytest.mark.parametrize("choice", ["Bash", "Edit", "Write"])
@pytest.mark.parametrize(
    ("attended", "asked"), [(True, "user_temporary"), (False, "config")]
)
def test_tools_that_somebody_decides_about_are_decided_first(choice, attended, asked):
    decided, result = tool(choice, ALWAYS, NEVER, attended=attended)
    message, found = decoded(decided)
    assert message.time_unix_nano == (AT + 700 * MILLISECOND) * 1000
    assert found == COMMON | {
        "event.name": "tool_decision",
        "event.timestamp": "2026-11-22T01:18:33.572Z",
        "event.sequence": 6,
        "decision": "accept",
        "source": asked,
        "tool_name": choice,
        "tool_use_id": f"toolu_{3:026x}",
    }
    assert decoded(result)[1]["tool_use_id"] == found["tool_use_id"]


def test_a_rejected_tool_has_no_result():
    (record,) = tool("Edit", NEVER)
    assert decoded(record)[1]["decision"] == "reject"
    assert [one.kind for one in read(record).activities.rows()] == ["edit_rejected"]


@pytest.mark.parametrize(("draw", "kinds"), [(0.059, 2), (0.06, 1)])
def test_a_failed_tool_is_a_result_and_an_error(draw, kinds):
    (record,) = tool("Read", draw)
    found = [one.kind for one in read(record).activities.rows()]
    assert found == ["tool_result", "tool_error"][:kinds]


@pytest.mark.parametrize(("draw", "used"), [(0.59, True), (0.6, False)])
def test_six_of_ten_calls_use_a_tool(draw, used):
    records = around(NEVER, NEVER, 0.5, draw, position=1)
    assert (len(records) > 1) is used


def test_numbers_of_events_never_meet_those_of_the_next_call():
    events = ClaudeEvents(Dice(rest=ALWAYS))
    numbers = [
        decoded(record)[1]["event.sequence"]
        for position in range(5)
        for record in events.around(door_call(OPUS, TOKENS, position=position))
    ]
    assert len(numbers) > 10
    assert numbers == sorted(set(numbers))


def test_the_next_session_is_told_as_such_by_the_same_installation():
    events = ClaudeEvents(Dice())
    found = [
        decoded(record)[1]
        for session in ("s-1", "s-2", "s-1")
        for record in events.around(door_call(position=1, session=session))
    ]
    assert [one["session.id"] for one in found] == ["s-1", "s-2", "s-1"]
    assert {one["user.id"] for one in found} == {f"{1:064x}"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (0, "time before 2020"),
        (1, "missing or absurd token counts"),
        (2, "missing or absurd token counts"),
        (3, "time before 2020"),
    ],
)
def test_a_broken_record_is_rejected_for_its_own_reason(kind, reason):
    record = ClaudeEvents(Dice()).broken(door_call(OPUS, TOKENS), kind)
    reading = read(record)
    assert [one.reason for one in reading.rejected] == [reason]
    assert len(reading.witnesses) == 0


def test_what_is_wrong_with_each_broken_record():
    writer = ClaudeEvents(Dice())
    found = [
        decoded(writer.broken(door_call(OPUS, TOKENS), kind))[1] for kind in range(3)
    ]
    assert found[0]["event.timestamp"].startswith("2017-11-")
    assert [one["input_tokens"] for one in found] == [100, -1, 100]
    assert [one["output_tokens"] for one in found] == [700, 700, claude.ABSURD]
    assert claude.ABSURD > MAX_COUNT


def test_long_ago_is_before_the_first_agent_for_years_to_come():
    assert AT - claude.LONG_AGO < 1_577_836_800 * SECOND
    assert claude.LONG_AGO > 8 * 366 * 86400 * SECOND


@pytest.mark.parametrize("email", ["", "a@example.com"])
def test_the_resource_names_the_client_and_perhaps_a_person(email):
    group = ResourceLogs.FromString(origin(email))
    found = {one.key: held(one.value) for one in group.resource.attributes}
    assert found["service.name"] == "claude-code"
    assert found["service.version"] == "2.1.197"
    assert found.get("user.email", "") == email
    assert len(found) == 5 + bool(email)


def measured(count, *draws, rest=0.5):
    calls = [door_call(after=minute * 60 * SECOND) for minute in range(count)]
    calls[-1] = calls[-1]._replace(turn=calls[-1].turn._replace(session="s-last"))
    return metrics(origin("a@example.com"), calls, Dice(*draws, rest=rest))


def test_metrics_by_hand():
    message = ExportMetricsServiceRequest.FromString(measured(100))
    ((scoped,),) = [group.scope_metrics for group in message.resource_metrics]
    found = {}
    for metric in scoped.metrics:
        (point,) = metric.sum.data_points
        labels = {one.key: held(one.value) for one in point.attributes}
        assert labels.pop("session.id") == "s-last"
        assert point.start_time_unix_nano == AT * 1000
        assert point.time_unix_nano == (AT + 99 * 60 * SECOND) * 1000
        key = (metric.name.removeprefix("claude_code."), labels.get("type", ""))
        found[key] = (point.as_double, metric.unit)
    # 18 edits; 0.15 of them commits; idle 2.75; 60 of 100 minutes; 17 and 8 lines.
    assert found == {
        ("lines_of_code.count", "added"): (18 * 17, ""),
        ("lines_of_code.count", "removed"): (18 * 8, ""),
        ("commit.count", ""): (3, ""),
        ("pull_request.count", ""): (1, ""),
        ("active_time.total", "user"): (3600, "s"),
        ("active_time.total", "cli"): (9900, "s"),
    }


def test_metrics_become_just_these_activities():
    reading = READER.read("metrics", "protobuf", measured(100))
    found = {(one.kind, one.attended): one for one in reading.activities.rows()}
    amounts = {key: one.amount for key, one in found.items()}
    assert amounts == {
        ("lines_added", None): 306,
        ("lines_removed", None): 144,
        ("commit", None): 3,
        ("pull_request", None): 1,
        ("active_seconds", True): 3600,
        ("active_seconds", False): 9900,
    }
    assert {one.session for one in found.values()} == {"s-last"}
    assert {one.occurred_at for one in found.values()} == {AT + 99 * 60 * SECOND}
    assert {one.identity for one in found.values()} == {"a@example.com"}
    assert reading.rejected == ()


@pytest.mark.parametrize(
    ("calls", "kinds"),
    [
        (1, {"active_seconds"}),
        (2, {"active_seconds"}),
        (3, {"active_seconds", "lines_added", "lines_removed"}),
        (30, {"active_seconds", "lines_added", "lines_removed", "commit"}),
    ],
)
def test_what_did_not_happen_is_not_sent(calls, kinds):
    reading = READER.read("metrics", "protobuf", measured(calls))
    assert {one.kind for one in reading.activities.rows()} == kinds
    assert reading.rejected == ()
    assert reading.ignored == 0


def test_remembered_attributes_are_those_that_were_asked_for():
    claude.fixed.cache_clear()
    first = [claude.fixed("speed", one) for one in ("normal", "fast", "normal")]
    assert first[0] == first[2] != first[1]
    truths = [claude.fixed("success", one) for one in ("true", "false")]
    assert len({sha256(one).digest() for one in (*first, *truths)}) == 4
