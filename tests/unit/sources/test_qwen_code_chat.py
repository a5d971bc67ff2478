"""Chats of Qwen Code: each response once, though most stand there twice."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import Tokens
from mileage.sources import qwen_code_otlp
from mileage.sources.jsonl import CHUNK_LINES, INCOMPLETE, NOT_JSON
from mileage.sources.otlp import OtlpReader
from mileage.sources.qwen_code_chat import SOURCE
from mileage.sources.qwen_code_twins import REMEMBERED
from tests.gemini_qwen_logs import (
    MARKER,
    RESPONSE_ID,
    SESSION,
    chat_line,
    qwen_answer,
    qwen_asked,
    qwen_told,
    qwen_tool,
    qwen_usage,
    ui_event,
)
from tests.otlp_bodies import log, logs
from tests.session_logs import at, ignored, only, rejections, total, witnesses

PLACE = f"/home/alice/.qwen/projects/-home-alice/chats/{SESSION}.jsonl"
USED = Tokens(input=12, cache_read=100, output=401, reasoning=58)
FORKED = {"forkedFrom": {"sessionId": SESSION, "messageUuid": "x"}}


def read(*lines, activity=True):
    return list(SOURCE.read(lines, PLACE, activity=activity))


def rows(*lines):
    return witnesses(read(*lines))


# ------------------------------------------------------------------------- calls


def test_telemetry_and_answer_of_one_response_are_one_call():
    row = only(read(qwen_told(), qwen_answer()))
    assert row.tokens == USED
    assert (row.source, row.client) == ("qwen_code_chat", "qwen-code")
    assert row.key == row.link == RESPONSE_ID
    assert (row.session, row.client_version) == (SESSION, "0.15.10")
    assert (row.model, row.provider) == ("qwen3-coder-plus", "")
    assert (row.project, row.agent) == ("/home/alice/code/repo", "")
    assert (row.attended, row.copied, row.identity) == (None, False, "")


def test_the_order_of_the_two_does_not_matter():
    assert rows(qwen_answer(), qwen_told()) == rows(qwen_told(), qwen_answer())


def test_an_answer_that_nothing_else_tells_of_is_a_call():
    row = only(read(qwen_answer()))
    assert (row.tokens, row.key, row.link) == (USED, "uuid:a-1", "")
    assert row.model == "qwen3-coder-plus"


def test_a_side_call_stands_in_telemetry_alone():
    side = qwen_told(
        "chatcmpl-fed51d5f87b1f902d8839f67",
        qwen_usage(166, 1_205, 190, 0),
        3,
        subagent_name="managed-auto-memory-extractor",
    )
    found = rows(qwen_told(), qwen_answer(), side)
    assert sorted(row.agent for row in found) == ["", "managed-auto-memory-extractor"]
    assert total(found).total == USED.total + 1_561


def test_newer_versions_name_the_kind_of_an_agent():
    row = only(read(qwen_told(subagent_type="Explore", subagent_name="explore-7f3c")))
    assert row.agent == "Explore"


def test_a_compression_stands_in_telemetry_alone():
    summary = qwen_told("chatcmpl-39f09548cbf9fc3a09e3111f", qwen_usage(635, 38_151), 1)
    note = chat_line("system", "s", 1, subtype="chat_compression", systemPayload={})
    found = rows(summary, note, qwen_told(seconds=2), qwen_answer(seconds=2.02))
    assert len(found) == 2


def test_equal_counts_of_two_responses_stay_two():
    found = rows(
        qwen_told("chatcmpl-aaaaaaaaaaaaaaaaaaaaaaaa", seconds=0),
        qwen_answer("a-1", seconds=0.02),
        qwen_told("chatcmpl-bbbbbbbbbbbbbbbbbbbbbbbb", seconds=1),
        qwen_answer("a-2", seconds=1.02),
    )
    assert len(found) == 2


def test_equal_counts_far_apart_are_two_calls():
    assert len(rows(qwen_told(), qwen_answer(seconds=121))) == 2
    assert len(rows(qwen_told(), qwen_answer(seconds=120))) == 1


def test_other_counts_are_another_call():
    assert len(rows(qwen_told(), qwen_answer(used=qwen_usage(13)))) == 2


def test_lines_that_stand_there_twice_count_once():
    lines = (qwen_told(), qwen_answer())
    assert len(rows(*lines, *lines)) == 1
    assert len(rows(*reversed(lines), *lines)) == 1
    assert len(rows(qwen_answer(), qwen_answer())) == 1


def test_it_is_the_call_that_telemetry_tells_of():
    chat = only(read(qwen_told(), qwen_answer()))
    sent = {
        "session.id": SESSION,
        "event.name": "qwen-code.api_response",
        "event.timestamp": at(0.018),
        "response_id": RESPONSE_ID,
        "model": "qwen3-coder-plus",
        "input_token_count": 112,
        "output_token_count": 459,
        "cached_content_token_count": 100,
        "thoughts_token_count": 58,
        "total_token_count": 571,
    }
    otlp = qwen_code_otlp.SOURCE
    reading = OtlpReader([otlp]).read("logs", "json", logs(log(sent)))
    traits = {one.traits.name: one.traits for one in (SOURCE, otlp)}
    both = [chat, *reading.witnesses.rows()]
    (call,) = resolve([Seen(row, "a", asserted=False) for row in both], traits)
    assert call.sources == ("qwen_code_otlp", "qwen_code_chat")
    assert (call.differs, call.tokens) == ((), USED)


def test_a_branched_session_repeats_the_calls_of_another():
    lines = (qwen_told(), qwen_answer())
    copies = (
        qwen_told(line_fields={**FORKED, "sessionId": "other"}),
        qwen_answer(sessionId="other", **FORKED),
    )
    row = only([*read(*copies), *read(*lines)])
    assert (row.session, row.copied) == (SESSION, False)
    assert only(read(*copies)).copied is True


def test_an_agents_own_file_repeats_what_telemetry_told():
    assert rows(qwen_answer(isSidechain=True)) == []
    assert ignored(read(qwen_answer(isSidechain=True))) == 1


def test_local_servers_use_their_ids_again():
    first = qwen_told("chatcmpl-417", uuid="t-1")
    later = qwen_told("chatcmpl-417", uuid="t-2", seconds=900)
    found = rows(first, later)
    assert sorted(row.key for row in found) == ["uuid:t-1", "uuid:t-2"]
    assert {row.link for row in found} == {""}


def test_no_usage_is_an_unmeasured_call():
    none = qwen_usage(0, 0, 0, 0)
    row = only(read(qwen_told(used=none), qwen_answer(used=none)))
    assert (row.measure, row.tokens.total) == ("unmeasured", 0)


def test_usage_may_lack_parts_or_hold_null():
    used = {"promptTokenCount": 7, "candidatesTokenCount": 2}
    assert only(read(qwen_answer(used=used))).tokens == Tokens(input=7, output=2)
    used["cachedContentTokenCount"] = None
    assert only(read(qwen_answer(used=used))).tokens == Tokens(input=7, output=2)


def test_an_answer_without_usage_is_ignored():
    readings = read(qwen_answer(usageMetadata=None))
    assert (witnesses(readings), ignored(readings)) == ([], 1)


@pytest.mark.parametrize("name", ["qwen-code.api_error", "qwen-code.tool_call", None])
def test_other_telemetry_lines_are_ignored(name):
    event = {"event.name": name, "note": "qwen-code.api_response"}
    readings = read(ui_event("t", 0, event))
    assert (witnesses(readings), ignored(readings)) == ([], 1)


# -------------------------------------------------------------------- bad lines


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (b"oops\n", NOT_JSON),
        (qwen_answer()[:-9], INCOMPLETE),
        (qwen_answer(uuid=None), "neither response id nor uuid"),
        (qwen_answer(timestamp="yesterday"), "no readable time"),
        (qwen_answer(timestamp=None), "no readable time"),
        (qwen_told(line_fields={"timestamp": None}), "no readable time"),
        (qwen_told(None, uuid=None), "neither response id nor uuid"),
    ],
)
def test_what_should_be_usage_and_is_not_is_refused(spoilt, reason):
    readings = read(qwen_asked(), spoilt)
    (one,) = rejections(readings)
    assert (one.source, one.place) == ("qwen_code_chat", f"{PLACE}:2")
    assert one.reason == reason
    assert witnesses(readings) == []


@pytest.mark.parametrize("count", [-1, 1.5, "7", True, 10**13])
@pytest.mark.parametrize("kind", ["answer", "telemetry"])
def test_a_count_that_is_none_is_refused_and_not_quoted(kind, count):
    spoilt = (
        qwen_answer(used={"promptTokenCount": count})
        if kind == "answer"
        else qwen_told(input_token_count=count)
    )
    (one,) = rejections(read(spoilt))
    assert "oken" in one.reason
    assert str(count) not in one.reason


def test_a_payload_of_another_shape_is_refused_or_ignored():
    event = "qwen-code.api_response"
    odd = chat_line("system", "s", systemPayload={"uiEvent": event})
    assert len(rejections(read(odd))) == 1
    odd = chat_line("system", "s", systemPayload={"x": event})
    assert ignored(read(odd)) == 1


def test_names_that_are_no_names_are_none():
    row = only(read(qwen_told(model=7, line_fields={"cwd": [], "version": {}})))
    assert (row.model, row.project, row.client_version) == ("", "", "")


# ----------------------------------------------------------------- size and speed


def test_without_activity_the_same_usage_is_found():
    lines = (qwen_asked(), qwen_told(), qwen_answer(), qwen_tool())
    quick = read(*lines, activity=False)
    assert witnesses(quick) == witnesses(read(*lines))
    assert ignored(quick) == 2


def test_without_activity_lines_without_usage_are_not_even_decoded():
    readings = read(b"oops\n", b"\n", activity=False)
    assert (rejections(readings), ignored(readings)) == ([], 1)


def test_a_long_chat_is_handed_on_in_parts_and_counts_once():
    lines = []
    for number in range(CHUNK_LINES // 2 + 5):
        used = qwen_usage(number % 7)
        lines += [
            qwen_told(f"chatcmpl-{number:024}", used, number),
            qwen_answer(f"a-{number}", used, number + 0.02),
        ]
    readings = read(*lines, activity=False)
    assert len(readings) == 2
    assert len(witnesses(readings)) == CHUNK_LINES // 2 + 5


def test_answers_alone_are_handed_on_before_they_pile_up():
    many = REMEMBERED * 3
    lines = [qwen_answer(f"a-{n}", qwen_usage(n), n) for n in range(many)]
    assert len(rows(*lines)) == many


@pytest.mark.parametrize(
    ("environ", "folders"),
    [
        ({}, ["/home/alice/.qwen"]),
        ({"QWEN_HOME": "/q"}, ["/q"]),
        ({"QWEN_HOME": "/q", "QWEN_RUNTIME_DIR": "/r"}, ["/r"]),
        ({"QWEN_DATA_DIR": "/a, /b,"}, ["/a", "/b"]),
        ({"QWEN_DATA_DIR": "/a", "QWEN_HOME": "/q"}, ["/q", "/a"]),
    ],
)
def test_variables_move_the_folder(environ, folders):
    found = SOURCE.roots(PurePath("/home/alice"), environ)
    assert found == [PurePath(folder, "projects") for folder in folders]
    assert SOURCE.patterns() == ("*.jsonl",)


def test_only_short_words_and_numbers_get_through():
    assert MARKER not in repr(
        read(qwen_told(), qwen_answer(), qwen_asked(), qwen_tool())
    )
