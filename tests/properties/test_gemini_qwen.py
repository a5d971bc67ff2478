"""Histories of Gemini CLI and Qwen Code: exact however their lines fall."""

from __future__ import annotations

import random
import tracemalloc
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import Tokens
from mileage.sources import gemini_cli_otlp, qwen_code_otlp
from mileage.sources.gemini_cli_chat import SOURCE as GEMINI
from mileage.sources.gemini_cli_outfile import SOURCE as OUTFILE
from mileage.sources.otlp import OtlpReader
from mileage.sources.qwen_code_chat import SOURCE as QWEN
from tests.drawing import examples
from tests.gemini_qwen_logs import (
    PLACE,
    SESSION,
    asked,
    document,
    exported,
    gemini_tokens,
    message,
    opening,
    qwen_answer,
    qwen_asked,
    qwen_told,
    qwen_usage,
    response,
    spoke,
    tool_call,
    update,
)
from tests.otlp_bodies import log, logs
from tests.session_logs import at, line, rejections, total, witnesses

OTLP = (gemini_cli_otlp.SOURCE, qwen_code_otlp.SOURCE)
READER = OtlpReader(OTLP)
TRAITS = {one.traits.name: one.traits for one in (*OTLP, GEMINI, OUTFILE, QWEN)}
COUNT = st.integers(0, 5_000)
SOME = settings(max_examples=examples(60))
MEGABYTE = 1_000_000


class Answer(NamedTuple):
    """One answer that was billed, and who is to tell of it."""

    tokens: Tokens
    seconds: float
    told: frozenset[str]


def answers(*, tool: bool):
    tokens = st.builds(
        Tokens,
        input=COUNT,
        cache_read=COUNT,
        cache_write=st.just(0),
        cache_write_1h=st.just(0),
        output=st.integers(1, 5_000),
        reasoning=COUNT,
        tool_input=COUNT if tool else st.just(0),
    )
    told = st.frozensets(st.sampled_from(["otlp", "file"]), min_size=1)
    # Some come at the very same time; others are too far apart to be mistaken.
    seconds = st.integers(0, 5).map(lambda steps: steps * 300.0)
    return st.lists(st.builds(Answer, tokens, seconds, told), max_size=8)


def counts_of(tokens):
    return gemini_tokens(
        tokens.input,
        tokens.cache_read,
        tokens.output,
        tokens.reasoning,
        tokens.tool_input,
    )


def usage_of(tokens):
    out = tokens.output + tokens.reasoning
    return qwen_usage(tokens.input, tokens.cache_read, out, tokens.reasoning)


def sent(*events):
    return list(READER.read("logs", "json", logs(*map(log, events))).witnesses.rows())


def gemini_event(answer):
    used = counts_of(answer.tokens)
    return response(
        answer.seconds,
        input_token_count=used["input"],
        output_token_count=used["output"],
        cached_content_token_count=used["cached"],
        thoughts_token_count=used["thoughts"],
        tool_token_count=used["tool"],
        total_token_count=used["total"],
    )


def qwen_event(number, answer):
    used = usage_of(answer.tokens)
    return {
        "session.id": SESSION,
        "event.name": "qwen-code.api_response",
        "event.timestamp": at(answer.seconds),
        "response_id": f"chatcmpl-{number:024}",
        "model": "qwen3-coder-plus",
        "input_token_count": used["promptTokenCount"],
        "output_token_count": used["candidatesTokenCount"],
        "cached_content_token_count": used["cachedContentTokenCount"],
        "thoughts_token_count": used["thoughtsTokenCount"],
        "total_token_count": used["totalTokenCount"],
    }


def joined(rows, chance):
    rows = rows * 3
    chance.shuffle(rows)
    return resolve([Seen(row, "a", asserted=False) for row in rows], TRAITS)


def billed(drawn):
    return sorted(answer.tokens for answer in drawn)


# ------------------------------------------------------------------- Gemini CLI


def distinct(drawn):
    """Keep answers that telemetry can tell apart: it has no id of a response."""
    return list({(one.tokens, one.seconds): one for one in drawn}.values())


@SOME
@given(answers(tool=True).map(distinct), st.randoms(use_true_random=False))
def test_gemini_chats_and_telemetry_are_exact_in_any_order(drawn, chance):
    lines = [opening()]
    for number, one in enumerate(drawn):
        if "file" not in one.told:
            continue
        name, used = f"m-{number}", counts_of(one.tokens)
        bare = {**message(name, used, seconds=one.seconds), "tokens": None}
        lines += [
            line(**bare),
            spoke(name, used, seconds=one.seconds + 0.01),
            spoke(name, used, seconds=one.seconds + 0.01, toolCalls=[tool_call()]),
            update(messages=[message(name, used, seconds=one.seconds + 0.01)]),
            line(**{"$rewindTo": name}),
            line(**asked(identity=f"u-{number}")),
        ]
    chance.shuffle(lines)
    readings = list(GEMINI.read(lines, PLACE))
    rows = witnesses(readings)
    rows += sent(*(gemini_event(one) for one in drawn if "otlp" in one.told))
    calls = joined(rows, chance)
    assert sorted(call.tokens for call in calls) == billed(drawn)
    assert rejections(readings) == []


@SOME
@given(answers(tool=True).map(distinct), st.integers(0, 400))
def test_a_torn_gemini_chat_loses_at_most_its_last_answer(drawn, cut):
    lines = [opening()]
    for number, one in enumerate(drawn):
        name, used = f"m-{number}", counts_of(one.tokens)
        lines.append(spoke(name, used, seconds=one.seconds))
    text = b"".join(lines)
    torn = text[: max(len(text) - cut, 0)].splitlines(keepends=True)
    readings = list(GEMINI.read(torn, PLACE))
    found = sorted(row.tokens for row in witnesses(readings))
    whole = [one.tokens for one in drawn[: max(len(torn) - 1, 0)]]
    assert found in (sorted(whole), sorted(whole[:-1]))
    assert len(rejections(readings)) <= 1


@SOME
@given(answers(tool=True), st.integers(0, 8))
def test_a_document_and_the_lines_it_was_resumed_as_count_once(drawn, kept):
    messages = [
        message(f"m-{n}", counts_of(one.tokens), seconds=one.seconds)
        for n, one in enumerate(drawn)
    ]
    old = document(*messages[:kept]).splitlines(keepends=True)
    new = [opening(), *(line(**one) for one in messages)]
    readings = [*GEMINI.read(old, "session-x.json"), *GEMINI.read(new, PLACE)]
    assert sorted(row.tokens for row in witnesses(readings)) == billed(drawn)


@SOME
@given(answers(tool=True).map(distinct), st.randoms(use_true_random=False))
def test_outfile_and_telemetry_are_the_same_calls(drawn, chance):
    objects = [exported(gemini_event(one)) for one in drawn if "file" in one.told]
    chance.shuffle(objects)
    lines = b"".join(objects * 2).splitlines(keepends=True)
    rows = witnesses(OUTFILE.read(lines, "telemetry.log"))
    rows += sent(*(gemini_event(one) for one in drawn if "otlp" in one.told))
    assert sorted(call.tokens for call in joined(rows, chance)) == billed(drawn)


# -------------------------------------------------------------------- Qwen Code


@SOME
@given(answers(tool=False), st.randoms(use_true_random=False), st.data())
def test_qwen_chats_and_telemetry_are_exact_in_any_order(drawn, chance, data):
    lines = []
    for number, one in enumerate(drawn):
        if "file" not in one.told:
            continue
        used = usage_of(one.tokens)
        lines.append(qwen_told(f"chatcmpl-{number:024}", used, one.seconds))
        if data.draw(st.booleans()):  # else it is a side call
            lines.append(qwen_answer(f"a-{number}", used, one.seconds + 0.02))
        lines.append(qwen_asked(f"u-{number}"))
    lines *= 2
    chance.shuffle(lines)
    readings = list(QWEN.read(lines, "chat.jsonl"))
    rows = witnesses(readings)
    events = enumerate(drawn)
    rows += sent(*(qwen_event(n, one) for n, one in events if "otlp" in one.told))
    calls = joined(rows, chance)
    assert sorted(call.tokens for call in calls) == billed(drawn)
    assert rejections(readings) == []


@SOME
@given(answers(tool=False), st.randoms(use_true_random=False))
def test_qwen_answers_alone_are_the_calls(drawn, chance: random.Random):
    lines = [
        qwen_answer(f"a-{number}", usage_of(one.tokens), one.seconds)
        for number, one in enumerate(drawn)
    ]
    chance.shuffle(lines)
    rows = witnesses(QWEN.read(lines * 2, "chat.jsonl"))
    assert sorted(row.tokens for row in rows) == billed(drawn)
    assert total(rows).total == sum(one.tokens.total for one in drawn)


# ----------------------------------------------------------------------- memory


def chats_of_gemini():
    yield opening()
    for number in range(4_000):
        yield spoke(f"m-{number}", seconds=number)


def chats_of_qwen():
    for number in range(2_000):
        yield qwen_told(f"chatcmpl-{number:024}", None, number)
        yield qwen_answer(f"a-{number}", None, number + 0.02)


def side_calls_of_qwen():
    for number in range(4_000):
        yield qwen_told(f"chatcmpl-{number:024}", None, number)


def objects_of_gemini():
    for number in range(800):
        yield from exported(response(number)).splitlines(keepends=True)


def an_object_without_end():
    yield b"{\n"
    for _ in range(100_000):
        yield b'  "x": "' + b"y" * 120 + b'",\n'


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (GEMINI, chats_of_gemini),
        (QWEN, chats_of_qwen),
        (QWEN, side_calls_of_qwen),
        (OUTFILE, objects_of_gemini),
        (OUTFILE, an_object_without_end),
    ],
)
def test_memory_does_not_grow_with_the_file(source, lines):
    tracemalloc.start()
    try:
        for reading in source.read(lines(), "x.jsonl", activity=False):
            del reading
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * MEGABYTE
