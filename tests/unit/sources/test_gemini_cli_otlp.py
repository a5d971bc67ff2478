"""Gemini CLI's telemetry: its events are calls and facts, all else is repetition."""

from __future__ import annotations

import pytest

from mileage.domain.tokens import MAX_COUNT, Tokens
from mileage.sources import codex_otlp, gemini_cli_otlp
from mileage.sources.otlp import OtlpReader
from tests.gemini_qwen_logs import SESSION, response
from tests.otlp_bodies import (
    AT,
    AT_NANOS,
    log,
    logs,
    metric,
    metrics,
    packed_logs,
    packed_metrics,
    point,
)

READER = OtlpReader((codex_otlp.SOURCE, gemini_cli_otlp.SOURCE))
RESOURCE = {
    "service.name": "gemini-cli",
    "service.version": "v20.20.2",
    "user.email": "alice@example.com",
    "process.command_args": ["node", "gemini.js", "-p", "a secret prompt"],
}
TOOL = {
    "session.id": SESSION,
    "event.name": "gemini_cli.tool_call",
    "event.timestamp": AT,
    "function_name": "run_shell_command",
    "duration_ms": 94,
    "success": True,
    "decision": "accept",
    "prompt_id": "p",
    "interactive": False,
    "function_args": '{"command": "a secret command"}',
}
PROMPT = {
    "session.id": SESSION,
    "event.name": "gemini_cli.user_prompt",
    "event.timestamp": AT,
    "prompt_id": "p",
    "prompt_length": 15,
    "prompt": "a secret prompt",
}
LINES = "gemini_cli.lines.changed"


def read(*events, form="json", resource=None):
    body = logs(
        *(log(event) for event in events),
        scope="gemini-cli",
        resource=RESOURCE if resource is None else resource,
    )
    return READER.read("logs", form, body if form == "json" else packed_logs(body))


def call(**attributes):
    (row,) = read(response(**attributes)).witnesses.rows()
    return row


def refused(**attributes):
    reading = read(response(**attributes))
    assert not len(reading.witnesses)
    (one,) = reading.rejected
    return one


def kinds(*events):
    return [(one.kind, one.name) for one in read(*events).activities.rows()]


# ------------------------------------------------------------------------- calls


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_a_response_is_a_call(form):
    (row,) = read(response(), form=form).witnesses.rows()
    assert row.tokens == Tokens(100, 900, 0, 0, 20, 5, 3)
    assert (row.source, row.client) == ("gemini_cli_otlp", "gemini-cli")
    assert (row.provider, row.model) == ("google", "gemini-3.8-flash")
    assert (row.session, row.link, row.agent) == (SESSION, "", "")
    assert row.identity == "alice@example.com"
    assert row.attended is True
    assert row.measure == ""


def test_the_version_of_node_is_not_the_clients():
    assert call().client_version == ""


def test_a_resent_record_has_the_same_key_and_another_call_has_not():
    assert call().key == call().key
    others = [
        call(seconds=1),
        call(prompt_id="another"),
        call(model="gemini-2.5-pro"),
        call(output_token_count=21),
        call(**{"session.id": "another"}),
    ]
    assert len({one.key for one in (call(), *others)}) == 6


def test_roles_other_than_main_are_agents():
    assert call(role="utility_router").agent == "utility_router"
    assert call(role="subagent").agent == "subagent"
    assert call(role=None).agent == ""


def test_the_event_that_repeats_a_response_is_no_call():
    repeated = {
        "session.id": SESSION,
        "event.name": "gen_ai.client.inference.operation.details",
        "event.timestamp": AT,
        "gen_ai.response.id": "respc76c7d544913f0d6a5802673",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 20,
    }
    reading = read(response(), repeated)
    assert len(reading.witnesses) == 1
    assert reading.ignored == 1


@pytest.mark.parametrize(
    "name", ["api_error", "api_request", "config", "model_routing"]
)
def test_other_events_are_no_usage(name):
    reading = read({**response(), "event.name": f"gemini_cli.{name}"})
    assert (len(reading.witnesses), reading.ignored) == (0, 1)


def test_metrics_and_spans_of_the_same_tokens_are_no_calls():
    labels = {"session.id": SESSION, "type": "input", "model": "gemini-3.8-flash"}
    body = metrics(metric("gemini_cli.token.usage", point(9, labels), temporality=2))
    reading = READER.read("metrics", "json", body)
    assert (len(reading.witnesses), len(reading.activities)) == (0, 0)
    assert reading.ignored == 1


def test_counts_may_be_texts_and_missing_parts_are_none():
    assert call(input_token_count="1000").tokens.cache_read == 900
    bare = call(
        cached_content_token_count=None,
        thoughts_token_count=None,
        tool_token_count=None,
        total_token_count=None,
    )
    assert bare.tokens == Tokens(input=1000, output=20)


def test_a_response_without_any_tokens_is_an_unmeasured_call():
    names = ("input", "output", "cached_content", "thoughts", "tool", "total")
    row = call(**{f"{name}_token_count": 0 for name in names})
    assert row.measure == "unmeasured"
    assert row.tokens.total == 0


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"input_token_count": None}, "missing or absurd token counts"),
        ({"input_token_count": -1}, "missing or absurd token counts"),
        ({"output_token_count": MAX_COUNT + 1}, "missing or absurd token counts"),
        ({"total_token_count": "many"}, "missing or absurd token counts"),
        ({"session.id": None}, "no session id"),
        ({"event.timestamp": "2019-12-31T23:59:59Z"}, "time before 2020"),
        ({"event.timestamp": None}, "no time"),
    ],
)
def test_what_should_be_usage_and_is_not_is_refused(attributes, reason):
    one = refused(**attributes)
    assert (one.source, one.reason) == ("gemini_cli_otlp", reason)
    assert one.place == "logs record 1"


# ---------------------------------------------------------------------- identity


def test_a_login_a_variable_and_an_installation_say_who_it_was():
    assert call(**{"user.email": "bob@example.com"}).identity == "bob@example.com"
    (row,) = read(response(), resource={"enduser.id": "u-7"}).witnesses.rows()
    assert row.identity == "u-7"
    (row,) = read(response(), resource={"service.name": "x"}).witnesses.rows()
    assert row.identity == "installation:installation-1"
    nobody = response(**{"installation.id": None})
    (row,) = read(nobody, resource={"service.name": "x"}).witnesses.rows()
    assert row.identity == ""


@pytest.mark.parametrize("interactive", [True, False, None])
def test_interactive_runs_are_attended(interactive):
    assert call(interactive=interactive).attended is interactive


# ---------------------------------------------------------------------- activity


def test_prompts_and_tools_are_facts():
    assert kinds(PROMPT) == [("prompt", "")]
    assert kinds(TOOL) == [("tool_result", "run_shell_command")]
    assert kinds({**TOOL, "success": False}) == [
        ("tool_result", "run_shell_command"),
        ("tool_error", "run_shell_command"),
    ]


@pytest.mark.parametrize("name", ["replace", "write_file", "edit"])
@pytest.mark.parametrize("decision", ["accept", "auto_accept", "modify"])
def test_an_edit_that_went_in_was_accepted(name, decision):
    edit = {**TOOL, "function_name": name, "decision": decision}
    assert kinds(edit) == [("tool_result", name), ("edit_accepted", name)]


def test_a_refused_edit_was_rejected_and_a_failed_one_was_neither():
    refused_edit = {**TOOL, "function_name": "replace", "success": False}
    assert kinds(refused_edit) == [
        ("tool_result", "replace"),
        ("tool_error", "replace"),
    ]
    assert ("edit_rejected", "replace") in kinds({**refused_edit, "decision": "reject"})


def test_a_sentence_is_no_tool():
    assert kinds({**TOOL, "function_name": "rm -rf / please"}) == [("tool_result", "")]


def test_tools_that_end_together_are_two_facts():
    reading = read(TOOL, {**TOOL, "duration_ms": 95}, TOOL)
    assert len({one.key for one in reading.activities.rows()}) == 2


def test_facts_need_a_session_and_a_time():
    for spoilt in ({**PROMPT, "session.id": ""}, {**PROMPT, "event.timestamp": "x"}):
        reading = read(spoilt)
        assert (len(reading.activities), len(reading.rejected)) == (0, 1)


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_changed_lines_come_from_the_metric(form):
    labels = {"session.id": SESSION, "function_name": "replace", "interactive": True}
    body = metrics(
        metric(
            LINES,
            point(12, {**labels, "type": "added"}),
            point(3, {**labels, "type": "removed"}),
            point(0, {**labels, "type": "removed", "model": "m"}),
            temporality=2,
        )
    )
    sent = body if form == "json" else packed_metrics(body)
    reading = READER.read("metrics", form, sent)
    assert [(one.kind, one.name, one.amount) for one in reading.activities.rows()] == [
        ("lines_added", "replace", 12),
        ("lines_removed", "replace", 3),
    ]
    assert reading.ignored == 1
    assert all(one.attended for one in reading.activities.rows())


def lines_at(amount, seconds, temporality):
    labels = {"session.id": SESSION, "type": "added"}
    later = str(AT_NANOS + seconds * 1_000_000_000)
    body = metrics(
        metric(
            LINES, point(amount, labels, timeUnixNano=later), temporality=temporality
        )
    )
    (one,) = READER.read("metrics", "json", body).activities.rows()
    return one


def test_a_running_total_keeps_its_key_and_deltas_have_one_each():
    assert lines_at(3, 0, 2).key == lines_at(9, 10, 2).key
    assert lines_at(3, 0, 1).key != lines_at(9, 10, 1).key


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (
            metric(LINES, point(1, {"type": "moved"}), temporality=2),
            "unknown type of metric",
        ),
        (
            metric(LINES, point(-1, {"type": "added"}), temporality=2),
            "missing or absurd amount",
        ),
        (
            metric(LINES, point(1, {"type": "added"}), temporality=0),
            "a metric that is no sum of known temporality",
        ),
    ],
)
def test_a_metric_that_cannot_be_read_is_refused(made, reason):
    reading = READER.read("metrics", "json", metrics(made))
    assert [one.reason for one in reading.rejected] == [reason]


# ----------------------------------------------------------------------- content


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_no_command_line_prompt_or_argument_gets_through(form):
    reading = read(response(), PROMPT, TOOL, form=form)
    assert len(reading.activities) == 2
    assert "secret" not in repr(reading)
    assert "content-that-must-not-leave" not in repr(reading)
    assert "gemini.js" not in repr(reading)
