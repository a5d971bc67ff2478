from __future__ import annotations

import pytest

from mileage.domain.tokens import MAX_COUNT
from mileage.sources.codex_otlp import SOURCE
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_record import OtlpRecord
from tests.otlp_bodies import (
    AT_MICROS,
    AT_NANOS,
    CODEX_RESOURCE,
    CODEX_SCOPE,
    SSE_EVENT,
    log,
    logs,
    packed_logs,
)

READER = OtlpReader([SOURCE])
EVENT = {
    "event.timestamp": "2026-11-22T01:18:32.872Z",
    "conversation.id": "thread-1",
    "originator": "codex_exec",
}


def read(*events, resource=None):
    records = [log(event) for event in events]
    held = CODEX_RESOURCE if resource is None else resource
    body = logs(*records, scope=CODEX_SCOPE, resource=held)
    reading = READER.read("logs", "json", body)
    assert reading == READER.read("logs", "protobuf", packed_logs(body))
    return reading


def without(*keys, **changed):
    kept = {key: held for key, held in SSE_EVENT.items() if key not in keys}
    return {**kept, **changed}


def witness(event=None, **changed):
    reading = read({**(event or SSE_EVENT), **changed})
    assert reading.rejected == ()
    (row,) = reading.witnesses.rows()
    return row


def reason(event):
    reading = read(event)
    assert not len(reading.witnesses)
    assert not len(reading.activities)
    (one,) = reading.rejected
    assert one[:2] == ("codex_otlp", "logs record 1")
    return one.reason


def activities(event, **fields):
    return list(read({**EVENT, **event}, **fields).activities.rows())


class TestCall:
    def test_every_field(self):
        row = witness()
        assert row.source == "codex_otlp"
        assert row.key == f"thread-1:{AT_MICROS}:gpt-5.1-codex:1000:600:100:50:20"
        assert row.link == ""
        assert row.session == "thread-1"
        assert row.occurred_at == AT_MICROS
        assert row.client == "codex"
        assert row.provider == ""
        assert row.model == "gpt-5.1-codex"
        assert row.tier == row.agent == row.project == ""
        assert row.reported_cost is None
        assert row.copied is False
        assert row.attended is False
        assert row.identity == "alice@example.com"

    def test_classes_are_disjoint_and_sum_to_what_was_sent(self):
        row = witness()
        assert tuple(row.tokens) == (300, 600, 100, 0, 30, 20, 0)
        assert row.tokens.total == 1000 + 50

    def test_a_provider_is_believed_only_where_somebody_tells_it(self):
        """The start of a conversation names one, but may come in another request."""
        start = {**EVENT, "event.name": "codex.conversation_starts"}
        reading = read({**start, "provider_name": "lmstudio"}, SSE_EVENT)
        assert reading.witnesses.column("provider") == [""]
        assert witness(provider_name="azure").provider == "azure"

    def test_the_tool_count_is_the_total_and_is_not_added(self):
        assert witness(tool_token_count="999999").tokens == witness().tokens

    @pytest.mark.parametrize(
        ("changed", "classes"),
        [
            ({"cached_token_count": 5000}, (0, 1000, 0, 0, 30, 20, 0)),
            ({"cache_write_token_count": 5000}, (0, 600, 400, 0, 30, 20, 0)),
            ({"reasoning_token_count": 5000}, (300, 600, 100, 0, 0, 50, 0)),
            ({"input_token_count": 0}, (0, 0, 0, 0, 30, 20, 0)),
        ],
    )
    def test_parts_never_exceed_the_whole(self, changed, classes):
        assert tuple(witness(**changed).tokens) == classes

    def test_parts_may_be_missing(self):
        event = without(
            "cached_token_count", "cache_write_token_count", "reasoning_token_count"
        )
        assert tuple(witness(event).tokens) == (1000, 0, 0, 0, 50, 0, 0)

    @pytest.mark.parametrize(
        "key",
        [
            "input_token_count",
            "output_token_count",
            "cached_token_count",
            "cache_write_token_count",
            "reasoning_token_count",
        ],
    )
    @pytest.mark.parametrize(
        "sent", [-1, "-5", MAX_COUNT + 1, 1.5, "many", True, [5], "9" * 300, ""]
    )
    def test_an_absurd_count_rejects_the_record(self, key, sent):
        assert reason({**SSE_EVENT, key: sent}) == "missing or absurd token counts"

    def test_a_missing_output_rejects_the_record(self):
        assert reason(without("output_token_count")) == "missing or absurd token counts"

    def test_the_twin_without_counts_is_ignored(self):
        reading = read(without("input_token_count", "output_token_count"))
        assert (reading.ignored, reading.rejected) == (1, ())

    @pytest.mark.parametrize(
        "kind", ["response.created", "response.output_text.delta", "", 5]
    )
    def test_other_kinds_are_ignored(self, kind):
        assert read({**SSE_EVENT, "event.kind": kind}).ignored == 1

    def test_no_conversation(self):
        assert reason(without("conversation.id")) == "no conversation id"
        assert reason({**SSE_EVENT, "conversation.id": "x" * 257}) == (
            "no conversation id"
        )

    def test_no_time(self):
        assert reason(without("event.timestamp")) == "no time"

    def test_time_before_2020(self):
        stamped = {**SSE_EVENT, "event.timestamp": "1999-01-01T00:00:00Z"}
        assert reason(stamped) == "time before 2020"

    def test_the_observed_time_is_the_last_resort(self):
        record = log(without("event.timestamp"), observedTimeUnixNano=str(AT_NANOS))
        reading = READER.read("logs", "json", logs(record))
        (row,) = reading.witnesses.rows()
        assert row.occurred_at == AT_MICROS

    def test_a_slug_serves_for_a_model(self):
        assert witness(without("model", slug="gpt-x")).model == "gpt-x"
        assert witness(without("model")).model == ""

    def test_a_provider_that_the_record_names(self):
        assert witness(provider_name="azure").provider == "azure"

    @pytest.mark.parametrize(
        ("originator", "attended"),
        [
            ("codex_exec", False),
            ("codex_cli_rs", True),
            ("codex-tui", True),
            ("codex_vscode", None),
            ("", None),
            (5, None),
        ],
    )
    def test_attended_by_originator(self, originator, attended):
        assert witness(originator=originator).attended is attended

    def test_identity_of_a_login_goes_before_that_of_the_machine(self):
        assert witness(**{"user.email": "bob@example.com"}).identity == (
            "bob@example.com"
        )
        (row,) = read(SSE_EVENT, resource={}).witnesses.rows()
        assert row.identity == ""

    def test_the_version(self):
        resource = {"service.version": "0.169.0"}
        (row,) = read(SSE_EVENT, resource=resource).witnesses.rows()
        assert row.client_version == "0.169.0"
        (row,) = read(
            {**SSE_EVENT, "app.version": "0.170.0"}, resource=resource
        ).witnesses.rows()
        assert row.client_version == "0.170.0"

    @pytest.mark.parametrize(
        "changed",
        [
            {"conversation.id": "thread-2"},
            {"event.timestamp": "2026-11-22T01:18:32.873Z"},
            {"model": "gpt-5.1"},
            {"input_token_count": 1001},
            {"output_token_count": 51},
            {"reasoning_token_count": 21},
        ],
    )
    def test_keys_differ_where_calls_do(self, changed):
        assert witness(**changed).key != witness().key

    def test_a_key_does_not_depend_on_how_a_count_is_written(self):
        assert witness(input_token_count=1000).key == witness().key


class TestWants:
    @pytest.mark.parametrize(
        ("signal", "name", "wanted"),
        [
            ("logs", "codex.sse_event", True),
            ("logs", "codex.user_prompt", True),
            ("logs", "codex.turn_ttft", False),
            ("metrics", "codex.sse_event", False),
            ("logs", "api_request", False),
        ],
    )
    def test_by_name(self, signal, name, wanted):
        assert SOURCE.wants(OtlpRecord(signal, "", name, 1, None, {}, {})) is wanted

    @pytest.mark.parametrize(
        "name", ["codex.conversation_starts", "codex.api_request", "codex.turn_ttft"]
    )
    def test_other_events_are_ignored(self, name):
        assert read({**EVENT, "event.name": name}).ignored == 1


class TestActivity:
    def test_a_prompt(self):
        (row,) = activities({"event.name": "codex.user_prompt", "prompt": "secret"})
        assert (row.kind, row.name, row.amount) == ("prompt", "", 1)
        assert row.key == f"thread-1:{AT_MICROS}"
        assert row.session == "thread-1"
        assert row.client == "codex"
        assert row.attended is False
        assert row.identity == "alice@example.com"

    def test_a_tool_result(self):
        event = {
            "event.name": "codex.tool_result",
            "tool_name": "exec_command",
            "call_id": "call_1",
            "success": "true",
            "arguments": "secret",
            "output": "secret",
        }
        (row,) = activities(event)
        assert (row.kind, row.name) == ("tool_result", "exec_command")
        assert row.key == "thread-1:call_1"

    def test_a_failure_is_a_result_and_an_error(self):
        event = {"event.name": "codex.tool_result", "tool_name": "exec_command"}
        rows = activities({**event, "success": "false"})
        assert [row.kind for row in rows] == ["tool_result", "tool_error"]

    @pytest.mark.parametrize(
        ("decision", "kind"),
        [
            ("approved", "edit_accepted"),
            ("approved_for_session", "edit_accepted"),
            ("denied", "edit_rejected"),
            ("abort", "edit_rejected"),
            ("timed_out", "edit_rejected"),
        ],
    )
    def test_a_decision_about_a_patch(self, decision, kind):
        event = {"event.name": "codex.tool_decision", "tool_name": "apply_patch"}
        (row,) = activities({**event, "decision": decision, "call_id": "call_2"})
        assert (row.kind, row.name) == (kind, "apply_patch")

    def test_a_decision_about_anything_else_is_ignored(self):
        event = {"event.name": "codex.tool_decision", "tool_name": "exec_command"}
        assert read({**EVENT, **event, "decision": "approved"}).ignored == 1

    @pytest.mark.parametrize("decision", ["", "perhaps", 5])
    def test_a_decision_that_nobody_knows_is_rejected(self, decision):
        event = {"event.name": "codex.tool_decision", "tool_name": "apply_patch"}
        assert reason({**EVENT, **event, "decision": decision}) == "unknown decision"

    def test_without_conversation_or_time(self):
        prompt = {"event.name": "codex.user_prompt"}
        no_thread = {k: v for k, v in EVENT.items() if k != "conversation.id"}
        no_time = {k: v for k, v in EVENT.items() if k != "event.timestamp"}
        assert reason({**no_thread, **prompt}) == "no conversation id"
        assert reason({**no_time, **prompt}) == "no time"
