"""Chats of Gemini CLI: every answer once, whatever is appended, set or rewound."""

from __future__ import annotations

import json
from pathlib import PurePath

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import Tokens
from mileage.sources import gemini_cli_otlp
from mileage.sources.files import LogFile, read_log
from mileage.sources.gemini_cli_chat import REMEMBERED_MESSAGES, SOURCE
from mileage.sources.indented_json import CUT_OFF
from mileage.sources.jsonl import CHUNK_LINES, INCOMPLETE, NOT_JSON
from mileage.sources.otlp import OtlpReader
from tests.gemini_qwen_logs import (
    CHILD_PLACE,
    MARKER,
    PLACE,
    SESSION,
    asked,
    document,
    gemini_tokens,
    message,
    opening,
    response,
    spoke,
    tool_call,
    update,
)
from tests.otlp_bodies import log, logs
from tests.session_logs import (
    ignored,
    line,
    only,
    rejections,
    total,
    witnesses,
    write_log,
)

OLD_PLACE = PLACE.removesuffix("l")
HOME = PurePath("/home/alice")


def read(*lines, place=PLACE, activity=True):
    return list(SOURCE.read(lines, place, activity=activity))


def read_document(text, place=OLD_PLACE):
    return list(SOURCE.read(text.splitlines(keepends=True), place))


# ------------------------------------------------------------------------- calls


def test_an_answer_is_a_call():
    row = only(read(opening(), spoke()))
    assert row.tokens == Tokens(100, 900, 0, 0, 20, 5, 3)
    assert (row.source, row.client) == ("gemini_cli_chat", "gemini-cli")
    assert (row.key, row.link, row.session) == (f"{SESSION}:m-1", "", SESSION)
    assert (row.provider, row.model) == ("google", "gemini-3.8-flash")
    assert (row.project, row.agent) == ("f00d" * 16, "")
    assert (row.attended, row.identity, row.copied) == (None, "", False)


def test_it_is_the_call_that_telemetry_tells_of():
    chat = only(read(opening(), spoke(seconds=0.004)))
    body = logs(log(response()), resource={"user.email": "alice@example.com"})
    reading = OtlpReader([gemini_cli_otlp.SOURCE]).read("logs", "json", body)
    (sent,) = reading.witnesses.rows()
    traits = {one.traits.name: one.traits for one in (SOURCE, gemini_cli_otlp.SOURCE)}
    seen = [Seen(row, "a", asserted=False) for row in (chat, sent)]
    (call,) = resolve(seen, traits)
    assert call.sources == ("gemini_cli_otlp", "gemini_cli_chat")
    assert call.differs == ()
    assert call.project == "f00d" * 16


def test_a_message_that_is_appended_again_counts_once():
    readings = read(opening(), spoke(), spoke(toolCalls=[tool_call()]), spoke())
    assert total(witnesses(readings)) == Tokens(100, 900, 0, 0, 20, 5, 3)


def test_the_last_version_of_a_message_is_the_message():
    first, last = gemini_tokens(9_000, 0), gemini_tokens(10, 90)
    row = only(read(opening(), spoke(used=first), spoke(used=last)))
    assert row.tokens[:2] == (10, 90)


def test_tokens_may_come_later_and_go_missing_again():
    bare = {**message(), "tokens": None}
    row = only(read(opening(), line(**bare), spoke(), line(**bare)))
    assert row.tokens.total == 1_028


def test_what_was_rewound_stays_billed():
    readings = read(
        opening(),
        spoke("m-1"),
        spoke("m-2"),
        line(**{"$rewindTo": "m-2"}),
        spoke("m-3"),
    )
    assert len(witnesses(readings)) == 3


def test_an_update_may_hold_messages_old_and_new():
    readings = read(
        opening(),
        spoke("m-1"),
        update(messages=[message("m-1"), message("m-2"), asked()], lastUpdated="x"),
        update(summary=MARKER),
    )
    assert len(witnesses(readings)) == 2


def test_what_an_update_leaves_out_stays_billed():
    readings = read(opening(), spoke("m-1"), update(messages=[message("m-2")]))
    assert len(witnesses(readings)) == 2


def test_a_resumed_session_goes_on_in_the_same_file():
    readings = read(opening(), spoke("m-1"), opening(), spoke("m-2"))
    assert {row.session for row in witnesses(readings)} == {SESSION}
    assert len(witnesses(readings)) == 2


def test_only_answers_of_the_model_are_calls():
    for kind in ("user", "info", "error", "warning", None):
        assert witnesses(read(opening(), spoke(type=kind))) == []


def test_an_answer_without_any_tokens_is_unmeasured():
    row = only(read(opening(), spoke(used=gemini_tokens(0, 0, 0, 0, 0))))
    assert (row.measure, row.tokens.total) == ("unmeasured", 0)


def test_tokens_may_lack_parts_or_hold_null():
    row = only(read(opening(), spoke(used={"input": 7, "output": 2, "cached": None})))
    assert row.tokens == Tokens(input=7, output=2)


def test_old_files_hold_an_input_without_its_cache():
    used = {**gemini_tokens(), "input": 100}
    assert only(read(opening(), spoke(used=used))).tokens.input == 100


# ------------------------------------------------------------------- sub-agents


def test_a_sub_agents_calls_belong_to_the_session_that_started_it():
    row = only(read(opening("k3x9ab", kind="subagent"), spoke(), place=CHILD_PLACE))
    assert (row.session, row.agent) == (SESSION, "subagent")
    assert row.key == "k3x9ab:m-1"


def test_where_no_folder_tells_a_sub_agent_has_its_own_session():
    row = only(read(opening("k3x9ab", kind="subagent"), spoke(), place="k3x9ab.jsonl"))
    assert (row.session, row.agent) == ("k3x9ab", "subagent")


def test_a_path_that_must_not_be_seen_still_tells_the_session(tmp_path):
    lines = (opening("k3x9ab", kind="subagent"), spoke(), b"oops\n")
    path = write_log(tmp_path, f"chats/{SESSION}/k3x9ab.jsonl", *lines)
    file = LogFile("gemini_cli_chat", str(path), path.stat().st_size)
    readings = list(read_log(SOURCE, file, place="k3x9ab.jsonl"))
    (row,) = witnesses(readings)
    assert row.session == SESSION
    assert [one.place for one in rejections(readings)] == ["k3x9ab.jsonl:3"]


def test_the_same_file_has_the_same_keys_wherever_it_lies():
    lines = (opening("k3x9ab", kind="subagent"), spoke())
    assert (
        only(read(*lines, place=CHILD_PLACE)).key
        == only(read(*lines, place="x.jsonl")).key
    )


# ------------------------------------------------------------------ old documents


def test_a_document_holds_a_session():
    rows = witnesses(read_document(document(message("m-1"), asked(), message("m-2"))))
    assert [row.key for row in rows] == [f"{SESSION}:m-1", f"{SESSION}:m-2"]
    assert {row.session for row in rows} == {SESSION}


def test_a_document_that_was_resumed_as_lines_counts_once():
    old = read_document(document(message("m-1"), message("m-2")))
    new = read(opening(), spoke("m-1"), spoke("m-2"), spoke("m-3"))
    assert len(witnesses([*old, *new])) == 3


def test_a_document_on_one_line_is_read_as_well():
    text = json.dumps(json.loads(document(message()))).encode()
    assert only(read_document(text)).session == SESSION


def test_a_document_that_is_still_being_written_is_refused():
    (one,) = rejections(read_document(document(message())[:-30]))
    assert (one.place, one.reason) == (f"{OLD_PLACE}:1", CUT_OFF)


def test_one_bad_message_of_a_document_leaves_the_others():
    spoilt = message("m-1", {**gemini_tokens(), "input": "many"})
    readings = read_document(document(spoilt, message("m-2")))
    assert [row.key for row in witnesses(readings)] == [f"{SESSION}:m-2"]
    assert len(rejections(readings)) == 1


def test_lines_are_lines_even_after_a_broken_first_one():
    readings = read(b"{\n", opening(), spoke())
    assert len(witnesses(readings)) == 1
    assert [one.reason for one in rejections(readings)] == [NOT_JSON]


# -------------------------------------------------------------------- bad lines


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (b"oops\n", NOT_JSON),
        (spoke()[:-20], INCOMPLETE),
        (spoke(None), "no message id"),
        (spoke(""), "no message id"),
        (spoke(timestamp="yesterday"), "no readable time"),
        (spoke(timestamp=None), "no readable time"),
        (spoke(timestamp="2019-12-31T00:00:00Z"), "time before 2020-01-01"),
    ],
)
def test_what_should_be_usage_and_is_not_is_refused(spoilt, reason):
    readings = read(opening(), spoilt)
    (one,) = rejections(readings)
    assert (one.source, one.place) == ("gemini_cli_chat", f"{PLACE}:2")
    assert one.reason == reason
    assert witnesses(readings) == []


@pytest.mark.parametrize("count", [-1, 1.5, "7", True, 10**13, [1]])
def test_a_count_that_is_none_is_refused_and_not_quoted(count):
    (one,) = rejections(read(opening(), spoke(used={"input": count})))
    assert "input" in one.reason
    assert str(count) not in one.reason


def test_blank_lines_are_nothing_and_other_lines_are_ignored():
    readings = read(
        b"\n", opening(), update(lastUpdated="x"), line(**{"$rewindTo": "m"})
    )
    assert ignored(readings) == 3
    assert rejections(readings) == []


def test_without_an_opening_the_answers_still_count():
    row = only(read(spoke()))
    assert (row.session, row.key) == ("", ":m-1")


def test_an_opening_that_comes_late_names_what_came_before():
    assert only(read(spoke(), opening())).session == SESSION


def test_names_that_are_no_names_are_none():
    row = only(read(opening(projectHash=7, kind=[]), spoke(model={"x": 1})))
    assert (row.project, row.model, row.agent) == ("", "", "")


# ----------------------------------------------------------------- size and speed


def test_without_activity_the_same_usage_is_found():
    lines = (opening(), spoke(), line(**asked()), update(messages=[message("m-2")]))
    assert witnesses(read(*lines, activity=False)) == witnesses(read(*lines))


def test_without_activity_lines_without_usage_are_not_even_decoded():
    readings = read(opening(), b"oops\n", activity=False)
    assert (rejections(readings), ignored(readings)) == ([], 2)


def test_a_long_chat_is_handed_on_in_parts_and_counts_once():
    many = REMEMBERED_MESSAGES + 10
    lines = [opening()]
    for number in range(many):
        lines += [spoke(f"m-{number}"), spoke(f"m-{number}", toolCalls=[])]
    readings = read(*lines, activity=False)
    assert len(readings) == (len(lines) - 1) // CHUNK_LINES + 1
    assert len(witnesses(readings)) == many
    assert len(readings[0].witnesses) < many


# ------------------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("environ", "folders"),
    [
        ({}, ["/home/alice/.gemini/tmp"]),
        ({"GEMINI_CLI_HOME": "/srv/g"}, ["/srv/g/.gemini/tmp"]),
        ({"GEMINI_DATA_DIR": "/a, /b,"}, ["/a", "/b"]),
        ({"GEMINI_DATA_DIR": " ", "GEMINI_CLI_HOME": ""}, ["/home/alice/.gemini/tmp"]),
    ],
)
def test_variables_move_the_folder(environ, folders):
    assert SOURCE.roots(HOME, environ) == list(map(PurePath, folders))


def test_only_short_words_and_numbers_get_through():
    readings = read(opening(), spoke(), line(**asked()), spoke(toolCalls=[tool_call()]))
    assert MARKER not in repr(readings)
