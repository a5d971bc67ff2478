from __future__ import annotations

import pytest

from mileage.domain.call import UNMEASURED
from mileage.sources import opencode_otlp
from mileage.sources.otlp import OtlpReader
from tests.otlp_bodies import AT_MICROS, TRACE, log, logs, packed_spans, span, spans

READER = OtlpReader([opencode_otlp.SOURCE])
RESOURCE = {
    "service.name": "opencode",
    "service.version": "1.18.33",
    "user.email": "ana@example.org",
}
RESP = "resp_01234567890123456789"
STEP = {
    "ai.operationId": "ai.streamText.doStream",
    "ai.model.provider": "openai.responses",
    "ai.model.id": "gpt-5.1",
    "ai.telemetry.metadata.userId": "ana",
    "session.id": "ses_1",
    "gen_ai.system": "openai.responses",
    "ai.response.id": RESP,
    "gen_ai.response.id": RESP,
    "ai.response.model": "gpt-5.1-2026",
    "ai.usage.inputTokens": 100,
    "ai.usage.inputTokenDetails.noCacheTokens": 10,
    "ai.usage.inputTokenDetails.cacheReadTokens": 60,
    "ai.usage.inputTokenDetails.cacheWriteTokens": 30,
    "ai.usage.cachedInputTokens": 60,
    "ai.usage.outputTokens": 50,
    "ai.usage.outputTokenDetails.textTokens": 30,
    "ai.usage.outputTokenDetails.reasoningTokens": 20,
    "ai.usage.reasoningTokens": 20,
    "ai.usage.totalTokens": 150,
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 50,
}
TOOL = {
    "ai.operationId": "ai.toolCall",
    "ai.toolCall.name": "bash",
    "ai.toolCall.id": "toolu_1",
    "session.id": "ses_1",
}


def read(*made, scope="opencode", resource=None):
    body = spans(
        *made, scope=scope, resource=RESOURCE if resource is None else resource
    )
    reading = READER.read("traces", "json", body)
    assert reading == READER.read("traces", "protobuf", packed_spans(body))
    return reading


def one(attributes, **more):
    (row,) = read(span(attributes), **more).witnesses.rows()
    return row


def test_a_whole_witness():
    row = one(STEP)
    assert row[:10] == (
        "opencode_otlp",
        RESP,
        RESP,
        "ses_1",
        AT_MICROS,
        "opencode",
        "1.18.33",
        "openai",
        "gpt-5.1-2026",
        "",
    )
    assert row.tokens == (10, 60, 30, 0, 30, 20, 0)
    assert row.measure == ""


def test_the_name_of_an_account_on_a_machine_is_no_identity():
    assert one(STEP).identity == "ana@example.org"
    assert one(STEP, resource={"service.name": "opencode"}).identity == ""


@pytest.mark.parametrize("step", ["ai.generateText.doGenerate", "ai.embed.doEmbed"])
def test_other_steps(step):
    assert one({**STEP, "ai.operationId": step}).key == RESP


@pytest.mark.parametrize("above", ["ai.streamText", "ai.generateText", "ai.embed", "x"])
def test_what_stands_above_a_step_repeats_it(above):
    reading = read(span({**STEP, "ai.operationId": above}))
    assert len(reading.witnesses) == 0
    assert reading.ignored == 1


def test_a_step_with_counts_of_the_sdk_only():
    plain = {key: held for key, held in STEP.items() if not key.startswith("gen_ai")}
    assert one(plain).tokens == (10, 60, 30, 0, 30, 20, 0)


def test_the_older_names_of_counts():
    old = {
        "ai.operationId": "ai.streamText.doStream",
        "session.id": "ses_1",
        "ai.usage.promptTokens": 100,
        "ai.usage.completionTokens": 5,
    }
    row = one(old)
    assert row.tokens == (100, 0, 0, 0, 5, 0, 0)
    assert row.key == f"{TRACE}:b7ad6b7169203331"
    assert row.link == ""


def test_an_attempt_that_failed_is_no_call():
    attempt = {"ai.operationId": "ai.streamText.doStream", "ai.model.id": "m"}
    reading = read(span(attempt, status={"code": 2, "message": "Overloaded"}))
    assert len(reading.witnesses) == 0
    assert reading.ignored == 1


def test_an_answer_without_counts_is_unmeasured():
    blind = {key: held for key, held in STEP.items() if "usage" not in key}
    row = one(blind)
    assert row.measure == UNMEASURED
    assert row.tokens.total == 0


def test_broken_ones_are_rejected():
    absurd = {**STEP, "ai.usage.outputTokens": -1}
    timeless = {"endTimeUnixNano": "0", "startTimeUnixNano": "0"}
    reading = read(span(absurd), span(STEP, **timeless), span(TOOL, **timeless))
    assert [refused.reason for refused in reading.rejected] == [
        "absurd token counts",
        "no time",
        "no time",
    ]
    assert {refused.source for refused in reading.rejected} == {"opencode_otlp"}


@pytest.mark.parametrize("status", [{}, {"status": {"code": 2}}])
def test_tools(status):
    facts = list(read(span(TOOL, **status)).activities.rows())
    kinds = ["tool_result", "tool_error"] if status else ["tool_result"]
    assert [fact.kind for fact in facts] == kinds
    assert {(f.name, f.key, f.session) for f in facts} == {
        ("bash", "ses_1:toolu_1", "ses_1")
    }


def test_prompts_and_answers_do_not_survive():
    secret = {
        "ai.prompt.messages": "secret " * 5,
        "ai.response.text": "secret",
        "ai.toolCall.args": "secret",
        "ai.toolCall.result": "secret",
        "ai.response.providerMetadata": "secret",
    }
    reading = read(span({**STEP, **secret}), span({**TOOL, **secret}))
    assert "secret" not in repr(reading)


@pytest.mark.parametrize(
    ("scope", "service", "ours"),
    [
        ("opencode", "mine", True),
        ("ai", "opencode", True),
        ("ai", "mine", False),
        ("opencode-plugin", "my-opencode", False),
    ],
)
def test_whose_spans(scope, service, ours):
    reading = read(span(STEP), scope=scope, resource={"service.name": service})
    assert len(reading.witnesses) == ours


def test_logs_are_not_read():
    body = logs(log({"event.name": "loop", **STEP}), scope="opencode")
    assert READER.read("logs", "json", body).ignored == 1
