from __future__ import annotations

import pytest

from mileage.domain.call import UNMEASURED, Seen
from mileage.domain.join import resolve
from mileage.sources import copilot_inference_events, copilot_otlp
from mileage.sources.otlp import OtlpReader
from tests.otlp_bodies import (
    AT,
    AT_MICROS,
    log,
    logs,
    metric,
    metrics,
    packed_spans,
    point,
    span,
    spans,
)

SOURCES = (copilot_otlp.SOURCE, copilot_inference_events.SOURCE)
TRAITS = {source.traits.name: source.traits for source in SOURCES}
READER = OtlpReader(SOURCES)
SCOPE = "github.copilot"
CLI = {
    "service.name": "github-copilot",
    "service.version": "1.0.102",
    "user.email": "ana@example.org",
}
EDITOR = {"service.name": "copilot-chat", "service.version": "0.40"}
MSG = "msg_01234567890123456789"
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-sonnet-4-5",
    "gen_ai.response.model": "claude-sonnet-4-5",
    "gen_ai.conversation.id": "talk-1",
    "gen_ai.response.id": MSG,
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 60,
    "gen_ai.usage.cache_write.input_tokens": 30,
    "github.copilot.cost": 3.0,
    "github.copilot.initiator": "user",
}
TOOL = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.conversation.id": "talk-1",
    "gen_ai.tool.name": "bash",
    "gen_ai.tool.call.id": "toolu_1",
}
AGENT = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.conversation.id": "talk-1",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 7,
}
ABOVE = "00000000000000aa"
EVENT = "gen_ai.client.inference.operation.details"


def read(*made, resource=None, scope=SCOPE):
    body = spans(*made, scope=scope, resource=CLI if resource is None else resource)
    twin = READER.read("traces", "protobuf", packed_spans(body))
    reading = READER.read("traces", "json", body)
    assert reading == twin
    return reading


def one(attributes, **more):
    (row,) = read(span(attributes), **more).witnesses.rows()
    return row


def event(**attributes):
    held = {"event.name": EVENT, "event.timestamp": AT, **CHAT, **attributes}
    return logs(log(held), scope="copilot-chat", resource=EDITOR)


def events(body):
    return READER.read("logs", "json", body)


class TestCalls:
    def test_a_whole_witness(self):
        row = one(CHAT)
        assert row[:10] == (
            "copilot_otlp",
            MSG,
            MSG,
            "talk-1",
            AT_MICROS,
            "copilot",
            "1.0.102",
            "anthropic",
            "claude-sonnet-4-5",
            "",
        )
        assert row.tokens == (10, 60, 30, 0, 7, 0, 0)
        assert row.identity == "ana@example.org"
        assert (row.agent, row.attended, row.copied) == ("", None, False)

    def test_its_cost_is_a_multiple_and_no_money(self):
        assert one(CHAT).reported_cost is None

    @pytest.mark.parametrize("key", ["cache_write", "cache_creation"])
    def test_both_names_of_cache_writes(self, key):
        plain = {k: v for k, v in CHAT.items() if "cache_write" not in k}
        row = one({**plain, f"gen_ai.usage.{key}.input_tokens": 30})
        assert row.cache_write == 30

    def test_reasoning_is_inside_the_output(self):
        row = one({**CHAT, "gen_ai.usage.reasoning.output_tokens": 3})
        assert (row.output, row.reasoning) == (4, 3)

    def test_the_sums_of_an_agent_are_not_added(self):
        reading = read(span(CHAT, parentSpanId=ABOVE), span(AGENT, spanId=ABOVE))
        assert len(reading.witnesses) == 1

    def test_a_failed_attempt_is_no_call(self):
        attempt = {k: v for k, v in CHAT.items() if "usage" not in k and "id" not in k}
        attempt = {k: v for k, v in attempt.items() if "response" not in k}
        reading = read(span({**attempt, "error.type": "X"}, status={"code": 2}))
        assert len(reading.witnesses) == 0
        assert reading.ignored == 1

    def test_an_answer_without_counts_is_unmeasured(self):
        blind = {k: v for k, v in CHAT.items() if "usage" not in k}
        assert one(blind).measure == UNMEASURED

    @pytest.mark.parametrize(
        ("scope", "service"),
        [
            ("github.copilot", "mine"),
            ("mine", "github-copilot"),
            ("copilot-chat", "mine"),
            ("mine", "copilot-chat"),
        ],
    )
    def test_copilot_is_known_by_scope_or_service(self, scope, service):
        assert one(CHAT, scope=scope, resource={"service.name": service})

    def test_other_programs_are_not_copilot(self):
        reading = read(span(CHAT), scope="mine", resource={"service.name": "mine"})
        assert reading.ignored == 1
        assert len(reading.witnesses) == 0

    def test_metrics_repeat_what_spans_tell(self):
        made = metric("gen_ai.client.token.usage", point(5, {}))
        body = metrics(made, scope=SCOPE, **CLI)
        assert READER.read("metrics", "json", body).ignored == 1

    def test_broken_spans_are_rejected(self):
        timeless = {"endTimeUnixNano": "0", "startTimeUnixNano": "0"}
        absurd = {**CHAT, "gen_ai.usage.output_tokens": "many"}
        reading = read(span(CHAT, **timeless), span(absurd))
        assert [refused.reason for refused in reading.rejected] == [
            "no time",
            "absurd token counts",
        ]


class TestSubAgents:
    SUB = {**CHAT, "github.copilot.initiator": "sub-agent"}  # noqa: RUF012

    def test_the_span_above_names_it(self):
        above = {**AGENT, "gen_ai.agent.name": "explore"}
        reading = read(
            span(self.SUB, parentSpanId=ABOVE),
            span(above, spanId=ABOVE, parentSpanId="bb" * 8),
        )
        (row,) = reading.witnesses.rows()
        assert row.agent == "explore"

    def test_without_it_nothing_more_is_known(self):
        assert one(self.SUB).agent == "sub-agent"

    def test_the_main_thread_has_none(self):
        above = {**AGENT, "gen_ai.agent.name": "main"}
        reading = read(span(CHAT, parentSpanId=ABOVE), span(above, spanId=ABOVE))
        (row,) = reading.witnesses.rows()
        assert row.agent == ""


class TestActivity:
    def facts(self, *made):
        return [
            (row.kind, row.name, row.key, row.session)
            for row in read(*made).activities.rows()
        ]

    def test_a_tool(self):
        assert self.facts(span(TOOL)) == [
            ("tool_result", "bash", "talk-1:toolu_1", "talk-1")
        ]

    @pytest.mark.parametrize(
        "failed", [{"status": {"code": 2}}, {"attributes": {"error.type": "Timeout"}}]
    )
    def test_a_tool_that_failed(self, failed):
        attributes = {**TOOL, **failed.pop("attributes", {})}
        kinds = [fact[0] for fact in self.facts(span(attributes, **failed))]
        assert kinds == ["tool_result", "tool_error"]

    def test_a_sentence_is_no_tool(self):
        (fact,) = self.facts(span({**TOOL, "gen_ai.tool.name": "rm -rf secret"}))
        assert fact[1] == ""

    def test_a_tool_without_call_id_is_known_by_its_span(self):
        plain = {k: v for k, v in TOOL.items() if k != "gen_ai.tool.call.id"}
        (fact,) = self.facts(span(plain, spanId="cd" * 8))
        assert fact[2] == "talk-1:" + "cd" * 8

    def test_without_any_id_it_is_rejected(self):
        plain = {k: v for k, v in TOOL.items() if k != "gen_ai.tool.call.id"}
        (refused,) = read(span(plain, spanId="")).rejected
        assert refused.reason == "no span id"

    def test_the_root_of_a_trace_is_a_prompt(self):
        (fact,) = self.facts(span(AGENT, spanId=ABOVE))
        assert fact == ("prompt", "", f"talk-1:{ABOVE}", "talk-1")

    def test_an_agent_below_is_none(self):
        assert self.facts(span(AGENT, parentSpanId=ABOVE)) == []


class TestEditor:
    def test_somebody_sits_before_an_editor(self):
        assert one(CHAT, resource=EDITOR, scope="copilot-chat").attended is True

    def test_an_event_of_an_inference_is_a_call(self):
        (row,) = events(event()).witnesses.rows()
        assert (row.source, row.link) == ("copilot_inference_events", MSG)
        assert row.tokens == (10, 60, 30, 0, 7, 0, 0)
        assert row.attended is True

    def test_span_and_event_are_one_call(self):
        poor = {
            key: None
            for key in CHAT
            if "cache" in key  # As the documentation shows events.
        }
        body = event(**poor)
        for key in poor:
            body = body.replace(key.encode(), b"unknown." + key.encode())
        found = [
            *events(body).witnesses.rows(),
            *read(span(CHAT), resource=EDITOR).witnesses.rows(),
        ]
        assert [row.input for row in found] == [100, 10]
        (call,) = resolve([Seen(row, "a", asserted=False) for row in found * 2], TRAITS)
        assert call.tokens == (10, 60, 30, 0, 7, 0, 0)
        assert call.sources == ("copilot_otlp", "copilot_inference_events")

    @pytest.mark.parametrize("given", ["", "chatcmpl-417"])
    def test_an_event_without_an_id_of_its_own_is_rejected(self, given):
        (refused,) = events(event(**{"gen_ai.response.id": given})).rejected
        assert refused.reason == "no response id of its own"
        assert refused.source == "copilot_inference_events"

    def test_an_event_of_an_agent_or_without_counts_is_none(self):
        agent = events(event(**{"gen_ai.operation.name": "invoke_agent"}))
        zeros = {key: 0 for key in CHAT if "usage" in key}
        for reading in (agent, events(event(**zeros))):
            assert len(reading.witnesses) == 0
            assert reading.ignored == 1

    def test_turns_of_agents_are_dropped(self):
        turn = {"event.name": "copilot_chat.agent.turn", "event.timestamp": AT, **CHAT}
        body = logs(log(turn), scope="copilot-chat", resource=EDITOR)
        assert events(body).ignored == 1

    def test_the_same_event_of_another_client_is_not_ours(self):
        held = {"event.name": EVENT, "event.timestamp": AT, **CHAT}
        body = logs(
            log(held), scope="gemini-cli", resource={"service.name": "gemini-cli"}
        )
        assert events(body).ignored == 1
