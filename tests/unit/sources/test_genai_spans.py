from __future__ import annotations

import base64
import random

import pytest

from mileage.domain.call import UNMEASURED, Seen
from mileage.domain.join import resolve
from mileage.sources import (
    anthropic_sdk_spans,
    genai_spans,
    genai_spans_partial,
    genai_spans_whole,
    litellm_spans,
)
from mileage.sources.otlp import OtlpReader
from tests.otlp_bodies import AT_MICROS, AT_NANOS, TRACE, span, spans

SOURCES = tuple(
    module.SOURCE
    for module in (
        anthropic_sdk_spans,
        genai_spans,
        genai_spans_partial,
        genai_spans_whole,
        litellm_spans,
    )
)
TRAITS = {source.traits.name: source.traits for source in SOURCES}
READER = OtlpReader(SOURCES)
SDK_SCOPE = "com.anthropic.sdk.python"
RESP, MSG, REQ = (f"{kind}_01234567890123456789" for kind in ("resp", "msg", "req"))
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5.1",
    "gen_ai.response.model": "gpt-5.1-2026",
    "gen_ai.response.id": RESP,
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 60,
    "gen_ai.usage.cache_creation.input_tokens": 30,
}
NAMELESS = {key: held for key, held in CHAT.items() if "response" not in key}
TWIN = {key: held for key, held in CHAT.items() if key != "gen_ai.response.model"}

BLIND = {key: held for key, held in CHAT.items() if not key.startswith("gen_ai.usage")}
OWN = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.response.model": "claude-sonnet-4-5",
    "gen_ai.response.id": MSG,
    "anthropic.request.id": REQ,
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 60,
    "gen_ai.usage.cache_write.input_tokens": 30,
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 20,
    "anthropic.response.service_tier": "standard",
}


def number(n):
    return f"{n:016x}"


def made(n, attributes, above=0, **fields):
    """Make the nth span of the trace, below another one if there is one above."""
    parent = {"parentSpanId": number(above)} if above else {}
    return span(attributes, spanId=number(n), **parent, **fields)


def read(*chosen, scope="program", **resource):
    return READER.read("traces", "json", spans(*chosen, scope=scope, resource=resource))


def rows(*chosen, **more):
    reading = read(*chosen, **more)
    assert not reading.rejected
    return list(reading.witnesses.rows())


def one(attributes, **more):
    (row,) = rows(made(1, attributes), **more)
    return row


def without(key, attributes=CHAT):
    return {name: held for name, held in attributes.items() if name != key}


class TestOneSpan:
    def test_a_whole_witness(self):
        row = one(
            {
                **CHAT,
                "gen_ai.conversation.id": "talk-1",
                "gen_ai.agent.name": "planner",
                "operation.cost": 0.0125,
            },
            **{"user.email": "ana@example.org"},
        )
        assert row == whole_row(
            source="genai_spans",
            key=RESP,
            link=RESP,
            session="talk-1",
            provider="openai",
            model="gpt-5.1-2026",
            agent="planner",
            reported_cost=12_500,
            identity="ana@example.org",
        )

    @pytest.mark.parametrize(
        "key",
        ["gen_ai.conversation.id", "session.id", "ai.telemetry.metadata.sessionId"],
    )
    def test_sessions(self, key):
        assert one({**CHAT, key: "talk"}).session == "talk"

    def test_an_end_user_of_a_program_is_nobody_of_ours(self):
        assert one({**CHAT, "user.id": "customer-5"}).identity == ""
        assert one({**CHAT, "enduser.id": "ana@example.org"}).identity

    @pytest.mark.parametrize(
        ("sent", "known"),
        [
            ("anthropic", "anthropic"),
            ("OpenAI", "openai"),
            ("openai.responses", "openai"),
            ("anthropic.messages", "anthropic"),
            ("aws.bedrock", "bedrock"),
            ("azure.ai.openai", "azure"),
            ("az.ai.inference", "azure"),
            ("gcp.gemini", "google"),
            ("gcp.vertex_ai", "vertex_ai"),
            ("x_ai", "xai"),
            ("mistral_ai", "mistral"),
            ("deepseek", "deepseek"),
            ("", ""),
        ],
    )
    @pytest.mark.parametrize(
        "key", ["gen_ai.provider.name", "gen_ai.system", "llm.provider"]
    )
    def test_providers(self, key, sent, known):
        plain = without("gen_ai.provider.name")
        assert one({**plain, key: sent}).provider == known

    @pytest.mark.parametrize(
        ("sent", "tier"),
        [
            *(("standard", ""), ("default", ""), ("auto", ""), ("on_demand", "")),
            *(("priority", "priority"), ("flex", "flex")),
        ],
    )
    @pytest.mark.parametrize(
        "key",
        [
            "anthropic.response.service_tier",
            "openai.response.service_tier",
            "gen_ai.openai.response.service_tier",
        ],
    )
    def test_tiers(self, key, sent, tier):
        assert one({**CHAT, key: sent}).tier == tier

    @pytest.mark.parametrize(
        ("sent", "cost"), [(0.5, 500_000), ("0.5", 500_000), ("?", None), (-1, None)]
    )
    def test_costs(self, sent, cost):
        assert one({**CHAT, "gen_ai.cost.total_cost": sent}).reported_cost == cost

    def test_an_answer_without_id_is_known_by_its_span(self):
        row = one(NAMELESS)
        assert row.key == f"{TRACE}:{number(1)}"
        assert row.link == ""

    @pytest.mark.parametrize("odd", ["two words", "a\tb", "", "é", "x" * 201])
    def test_an_id_that_cannot_be_one_is_none(self, odd):
        row = one({**CHAT, "gen_ai.response.id": odd})
        assert row.link == ""

    def test_without_any_id_it_is_rejected(self):
        reading = read(span(NAMELESS, spanId="xx"))
        (refused,) = reading.rejected
        assert refused.reason == "no response id and no span id"
        assert refused.place == "traces record 1"

    def test_without_a_time_it_is_rejected(self):
        timeless = {"endTimeUnixNano": "0", "startTimeUnixNano": "0"}
        (refused,) = read(span(CHAT, **timeless)).rejected
        assert refused.reason == "no time"

    def test_absurd_counts_are_rejected(self):
        (refused,) = read(span({**CHAT, "gen_ai.usage.input_tokens": -5})).rejected
        assert refused.reason == "absurd token counts"

    @pytest.mark.parametrize("operation", ["invoke_agent", "invoke_workflow", "plan"])
    def test_sums_are_ignored(self, operation):
        reading = read(span({**CHAT, "gen_ai.operation.name": operation}))
        assert len(reading.witnesses) == 0
        assert reading.ignored == 1


def whole_row(**changed):
    """Return what ``CHAT`` is as a witness, with some fields changed."""
    return one(CHAT)._replace(
        occurred_at=AT_MICROS,
        client="sdk",
        client_version="",
        tier="",
        input=10,
        cache_read=60,
        cache_write=30,
        cache_write_1h=0,
        output=7,
        reasoning=0,
        tool_input=0,
        project="",
        copied=False,
        attended=None,
        measure="",
        **changed,
    )


class TestIds:
    def test_a_request_id_is_another_name(self):
        row = one({**CHAT, "anthropic.request.id": REQ})
        assert row.link == f"{REQ} {RESP}"
        assert row.key == RESP

    @pytest.mark.parametrize("given", [MSG, RESP, "chatcmpl-0123456789ab"])
    @pytest.mark.parametrize("gap", ["", " "])
    def test_the_id_at_the_head_of_an_output_is_the_answer_s(self, given, gap):
        value = f'{{"id":{gap}"{given}","content":"' + "secret " * 500 + '"}'
        row = one({**NAMELESS, "output.value": value})
        assert row.link == row.key == given
        assert "secret" not in repr(row)

    @pytest.mark.parametrize(
        "value",
        [
            'secret {"id":"msg_01234567890123456789"}',
            '{"content":"secret","id":"msg_01234567890123456789"}',
            '{"id":"secret words"}',
            '{"id":"secret"}',
            '{"id":"msg_x y"}',
        ],
    )
    def test_nothing_else_of_an_output_is(self, value):
        row = one({**NAMELESS, "output.value": value})
        assert row.link == ""
        assert "secret" not in repr(row)

    def test_a_request_id_among_parameters(self):
        text = f'{{"api_key": "secret", "llm_provider-request-id": "{REQ}"}}'
        row = one({**CHAT, "hidden_params": text})
        assert row.link == f"{REQ} {RESP}"

    def test_numbers_that_a_local_server_gives_its_answers_are_no_names(self):
        same = {**CHAT, "gen_ai.response.id": "chatcmpl-417"}
        mine, yours = (rows(made(1, same, traceId=f"{n:032x}"))[0] for n in (1, 2))
        assert (mine.link, yours.link) == ("", "")
        told = [Seen(mine, "a", asserted=False), Seen(yours, "b", asserted=False)]
        assert {call.account for call in resolve(told, TRAITS)} == {"a", "b"}

    def test_of_two_spans_of_a_numbered_answer_the_lower_counts(self):
        same = {**CHAT, "gen_ai.response.id": "chatcmpl-417"}
        found = rows(made(1, same), made(2, same, 1))
        assert [row.key for row in found] == [f"{TRACE}:{number(2)}"]

    def test_an_attempt_that_failed_with_a_number_was_answered(self):
        same = {**BLIND, "gen_ai.response.id": "chatcmpl-417"}
        (row,) = rows(made(1, same, status={"code": 2}))
        assert row.measure == UNMEASURED

    def test_an_id_that_was_wrapped_is_unwrapped(self):
        inner = f"litellm:custom_llm_provider:openai;model_id:None;response_id:{RESP}"
        wrapped = "resp_" + base64.b64encode(inner.encode()).decode().rstrip("=")
        assert one({**CHAT, "gen_ai.response.id": wrapped}).key == RESP

    @pytest.mark.parametrize(
        "wrapped",
        [
            "resp_bGl0ZWxsbT",
            "resp_bGl0ZWxsbTo!!",
            "resp_bGl0ZWxsbTpub3RoaW5n",
            "resp_bGl0ZWxsbTpyZXNwb25zZV9pZDo=",
        ],
    )
    def test_what_only_looks_wrapped_is_left(self, wrapped):
        row = one({**CHAT, "gen_ai.response.id": wrapped})
        assert row.link in {wrapped, ""}


class TestFamilies:
    """One call, and the spans that stand above it or beside it."""

    def test_a_parent_with_sums_is_not_added(self):
        agent = {**NAMELESS, "gen_ai.usage.input_tokens": 300}
        found = rows(made(1, agent), made(2, CHAT, 1), made(3, NAMELESS, 1))
        assert [row.key for row in found] == [RESP, f"{TRACE}:{number(3)}"]

    def test_nor_one_far_above(self):
        middle = {"gen_ai.operation.name": "invoke_agent"}
        found = rows(
            made(1, NAMELESS),
            made(2, middle, 1),
            made(3, middle, 2),
            made(4, NAMELESS, 3),
        )
        assert [row.key for row in found] == [f"{TRACE}:{number(4)}"]

    def test_of_a_long_chain_the_last_counts(self):
        chain = [made(n, NAMELESS, n - 1) for n in range(1, 200)]
        random.Random(1).shuffle(chain)  # noqa: S311 - repeatable
        assert [row.key for row in rows(*chain)] == [f"{TRACE}:{number(199)}"]

    def test_one_with_the_same_id_and_counts_is_another_witness(self):
        found = rows(made(1, CHAT), made(2, CHAT, 1))
        assert [row.key for row in found] == [RESP] * 2

    def test_one_with_the_id_of_its_last_child_and_a_sum_is_not(self):
        above = {**CHAT, "gen_ai.usage.output_tokens": 14}
        found = rows(made(1, above), made(2, CHAT, 1))
        assert [row.output for row in found] == [7]

    def test_one_that_divides_the_same_counts_less_is_another_witness(self):
        above = without("gen_ai.usage.cache_read.input_tokens")
        found = rows(made(1, above), made(2, CHAT, 1))
        assert [row.source for row in found] == ["genai_spans_partial", "genai_spans"]
        assert len(counted(found)) == 1

    def test_siblings_are_calls(self):
        assert len(rows(made(1, NAMELESS), made(2, NAMELESS))) == 2

    def test_relatives_in_another_trace_are_none(self):
        other = made(2, NAMELESS, 1, traceId="ab" * 16)
        assert len(rows(made(1, NAMELESS), other)) == 2

    def test_a_span_that_is_its_own_parent_ends(self):
        assert rows(made(1, NAMELESS, 1)) == []

    def test_two_that_are_each_other_s_parents_end(self):
        assert rows(made(1, NAMELESS, 2), made(2, NAMELESS, 1)) == []

    def test_the_own_span_of_an_sdk_counts_before_what_is_above(self):
        body = spans(made(1, NAMELESS))
        own = spans(made(2, CHAT, 1), scope=SDK_SCOPE)
        together = body[:-2] + b"," + own[len(b'{"resourceSpans": [') :]
        reading = READER.read("traces", "json", together)
        assert [row.source for row in reading.witnesses.rows()] == [
            "anthropic_sdk_spans"
        ]

    def test_a_nameless_one_of_an_answer_that_another_part_names_is_its_twin(self):
        found = self.of_two_parts([made(1, NAMELESS)], [made(2, TWIN)])
        assert [row.key for row in found] == [RESP]

    def test_twins_are_one_to_one(self):
        nameless = [made(n, NAMELESS, traceId=f"{n:032x}") for n in (1, 2, 3)]
        named = [
            made(n, {**TWIN, "gen_ai.response.id": f"resp_{n:020}"}) for n in (4, 5)
        ]
        found = self.of_two_parts(nameless * 2, named)
        assert len(counted(found)) == 3

    @pytest.mark.parametrize(
        "change",
        [
            {"gen_ai.usage.input_tokens": 101},
            {"gen_ai.usage.output_tokens": 8},
            {"gen_ai.request.model": "gpt-5.1-mini"},
        ],
    )
    def test_what_differs_is_no_twin(self, change):
        found = self.of_two_parts([made(1, {**NAMELESS, **change})], [made(2, TWIN)])
        assert len(found) == 2

    def test_what_is_far_in_time_is_no_twin(self):
        later = made(1, NAMELESS, endTimeUnixNano=str(AT_NANOS + 121 * 10**9))
        assert len(self.of_two_parts([later], [made(2, TWIN)])) == 2
        soon = made(1, NAMELESS, endTimeUnixNano=str(AT_NANOS + 119 * 10**9))
        assert len(self.of_two_parts([soon], [made(2, TWIN)])) == 1

    def test_within_one_part_there_are_no_twins(self):
        assert len(rows(made(1, NAMELESS), made(2, TWIN))) == 2

    def of_two_parts(self, first, second):
        body = spans(*first, scope="one part")[:-2] + b","
        body += spans(*second, scope="another")[len(b'{"resourceSpans": [') :]
        return list(READER.read("traces", "json", body).witnesses.rows())

    def test_in_two_bodies_nobody_knows_the_parent(self):
        found = rows(made(1, NAMELESS)) + rows(made(2, NAMELESS, 1))
        assert len(counted(found)) == 2


class TestUnmeasured:
    def test_an_answer_without_counts(self):
        row = one(BLIND)
        assert row.measure == UNMEASURED
        assert row.source == "genai_spans_whole"
        assert row.tokens.total == 0
        assert row.key == RESP
        assert row.reported_cost is None

    def test_counts_of_0_are_none(self):
        zeros = {"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}
        assert one({**BLIND, **zeros}).measure == UNMEASURED

    def test_even_without_an_id(self):
        row = one(without("gen_ai.response.id", BLIND))
        assert row.measure == UNMEASURED
        assert row.key == f"{TRACE}:{number(1)}"

    def test_a_failed_attempt_is_no_call(self):
        attempt = without("gen_ai.response.id", BLIND)
        assert rows(made(1, attempt, status={"code": 2})) == []

    def test_an_answer_that_failed_later_is_one(self):
        (row,) = rows(made(1, BLIND, status={"code": 2}))
        assert row.measure == UNMEASURED

    def test_a_failed_one_with_counts_is_measured(self):
        (row,) = rows(made(1, CHAT, status={"code": 2}))
        assert row.measure == ""

    def test_a_parent_that_has_the_counts_is_the_call(self):
        found = rows(made(1, NAMELESS), made(2, BLIND, 1))
        assert [row.measure for row in found] == [""]

    def test_a_parent_without_counts_is_nothing_beside_its_child(self):
        found = rows(made(1, BLIND), made(2, NAMELESS, 1))
        assert [row.measure for row in found] == [""]

    def test_beside_a_measured_one_of_the_same_id_it_says_nothing(self):
        (call,) = counted(rows(made(1, BLIND)) + rows(made(2, CHAT)))
        assert call.measure == ""
        assert call.tokens.total == 107


class TestDetail:
    """Two instrumentors may tell one answer differently well."""

    LEVELS = (
        CHAT,
        without("gen_ai.usage.cache_creation.input_tokens"),
        without(
            "gen_ai.usage.cache_read.input_tokens",
            without("gen_ai.usage.cache_creation.input_tokens"),
        ),
    )

    def test_each_level_is_a_source(self):
        assert [one(level).source for level in self.LEVELS] == [
            "genai_spans",
            "genai_spans_partial",
            "genai_spans_whole",
        ]
        assert [one(level).input for level in self.LEVELS] == [10, 40, 100]

    @pytest.mark.parametrize("seed", range(8))
    def test_the_finest_leads_and_nothing_is_counted_twice(self, seed):
        found = [row for level in self.LEVELS for row in rows(made(1, level))] * 3
        random.Random(seed).shuffle(found)  # noqa: S311 - repeatable
        (call,) = counted(found)
        assert call.tokens == one(CHAT).tokens
        assert call.sources[0] == "genai_spans"

    def test_the_names_stand_in_order(self):
        order = [TRAITS[name].precedence for name in TRAITS]
        assert order == sorted(order, reverse=True)

    def test_sources_that_are_told_by_another_read_nothing(self):
        for module in (genai_spans_partial, genai_spans_whole, litellm_spans):
            alone = OtlpReader([module.SOURCE])
            reading = alone.read("traces", "json", spans(span(CHAT)))
            assert len(reading.witnesses) == 0
            assert reading.ignored == 1
            assert module.SOURCE.read([]).ignored == 0


class TestWhoseSpans:
    @pytest.mark.parametrize(
        "service",
        [
            "claude-code",
            "codex_exec",
            "gemini-cli",
            "qwen-code",
            "opencode",
            "github-copilot",
            "copilot-chat",
        ],
    )
    def test_clients_with_a_source_of_their_own_are_left_to_it(self, service):
        assert rows(made(1, CHAT), **{"service.name": service}) == []

    @pytest.mark.parametrize(
        "scope",
        [
            "com.anthropic.claude_code.tracing",
            "github.copilot",
            "gemini-cli",
            "opencode",
            "codex_exec",
        ],
    )
    def test_whatever_they_call_themselves(self, scope):
        assert rows(made(1, CHAT), scope=scope, **{"service.name": "mine"}) == []

    @pytest.mark.parametrize("service", ["codex-bot", "my-opencode", "", "litellm-app"])
    def test_programs_with_similar_names_are_counted(self, service):
        (row,) = rows(made(1, CHAT), **{"service.name": service})
        assert row.client == "sdk"

    def test_a_gateway_is_a_client_of_its_own(self):
        (row,) = rows(made(1, CHAT), scope="litellm")
        assert (row.client, row.source) == ("litellm", "litellm_spans")
        assert TRAITS["litellm_spans"].gateway

    def test_behind_a_gateway_a_program_is_itself(self):
        passed = rows(made(1, {**CHAT, "gen_ai.agent.name": "proxy"}), scope="litellm")
        (call,) = counted(passed + rows(made(2, CHAT)))
        assert (call.client, call.agent) == ("sdk", "proxy")
        assert call.tokens.total == 107

    def test_the_own_span_of_an_sdk_is_told_by_its_own_source_only(self):
        (row,) = rows(made(1, CHAT), scope=SDK_SCOPE)
        assert row.source == "anthropic_sdk_spans"


class TestAnthropicSdk:
    def test_a_witness(self):
        (row,) = rows(made(1, OWN), scope=SDK_SCOPE)
        assert row.link == f"{MSG} {REQ}"
        assert row.tokens[:5] == (10, 60, 10, 20, 7)
        assert (row.tier, row.provider) == ("", "anthropic")

    def test_it_leads_an_instrumentor_that_counts_too_much(self):
        much = {**OWN, "gen_ai.usage.output_tokens": 12}
        found = rows(made(1, OWN), scope=SDK_SCOPE) + rows(made(2, much))
        (call,) = counted(found)
        assert call.tokens.output == 7
        assert call.differs == ("output",)

    def test_an_attempt_that_failed_is_no_call(self):
        attempt = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
        assert rows(made(1, attempt, status={"code": 2}), scope=SDK_SCOPE) == []

    def test_an_answer_without_counts_is_unmeasured(self):
        blind = {"gen_ai.operation.name": "chat", "gen_ai.response.id": MSG}
        (row,) = rows(made(1, blind), scope=SDK_SCOPE)
        assert row.measure == UNMEASURED

    def test_other_spans_of_the_sdk_are_ignored(self):
        other = {"gen_ai.operation.name": "execute_tool"}
        reading = read(made(1, other), scope=SDK_SCOPE)
        assert len(reading.witnesses) == 0
        assert reading.ignored == 1


def counted(found):
    return resolve([Seen(row, "a", asserted=False) for row in found], TRAITS)
