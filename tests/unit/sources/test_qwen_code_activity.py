"""Facts beside the calls in chats of Qwen Code."""

from __future__ import annotations

import pytest

from mileage.sources.qwen_code_chat import SOURCE
from tests.gemini_qwen_logs import MARKER, SESSION, chat_line, qwen_asked, qwen_tool
from tests.session_logs import activities


def facts(*lines):
    readings = list(SOURCE.read(lines, "chat.jsonl"))
    return [(one.kind, one.name, one.amount) for one in activities(readings)]


def kinds(*lines):
    return [(kind, amount) for kind, _, amount in facts(*lines)]


def edited(added, removed, **outcome):
    changed = {"model_added_lines": added, "model_removed_lines": removed}
    display = {"fileName": MARKER, "newContent": MARKER, "diffStat": changed}
    return qwen_tool("edit", resultDisplay=display, **outcome)


def test_what_a_person_typed_is_a_prompt():
    (one,) = activities(list(SOURCE.read([qwen_asked()], "chat.jsonl")))
    assert (one.kind, one.key, one.session) == ("prompt", "u-1", SESSION)
    assert (one.client, one.source) == ("qwen-code", "qwen_code_chat")


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 1),
        ({"subtype": "mid_turn_user_message"}, 1),
        ({"provenance": "real_user"}, 1),
        ({"subtype": "notification"}, 0),
        ({"subtype": "cron"}, 0),
        ({"provenance": "goal_control"}, 0),
        ({"isSidechain": True}, 0),
        ({"timestamp": "yesterday"}, 0),
        ({"uuid": None}, 0),
    ],
)
def test_schedules_notifications_and_agents_type_no_prompts(fields, count):
    assert len(facts(qwen_asked(**{"uuid": "u-1", **fields}))) == count


def test_a_tool_is_known_by_its_name():
    assert facts(qwen_tool()) == [("tool_result", "run_shell_command", 1)]
    assert facts(qwen_tool("rm -rf / please")) == [("tool_result", "", 1)]


@pytest.mark.parametrize("status", ["error", "cancelled"])
def test_a_tool_that_failed(status):
    assert kinds(qwen_tool(status=status)) == [("tool_result", 1), ("tool_error", 1)]


def test_an_edit_and_its_lines():
    assert kinds(edited(12, 3)) == [
        ("tool_result", 1),
        ("edit_accepted", 1),
        ("lines_added", 12),
        ("lines_removed", 3),
    ]


def test_a_refused_edit_changes_no_lines():
    assert kinds(edited(12, 3, status="cancelled")) == [
        ("tool_result", 1),
        ("tool_error", 1),
        ("edit_rejected", 1),
    ]


def test_a_failed_edit_was_neither_accepted_nor_refused():
    failed = edited(12, 3, status="error")
    assert kinds(failed) == [("tool_result", 1), ("tool_error", 1)]


@pytest.mark.parametrize("display", [None, "text", {}, {"diffStat": 7}, []])
def test_an_edit_without_a_count_of_lines(display):
    edit = qwen_tool("write_file", resultDisplay=display)
    assert kinds(edit) == [("tool_result", 1), ("edit_accepted", 1)]


@pytest.mark.parametrize("count", [True, 1.5, "3", -3, 10**13, None])
def test_a_count_of_lines_that_is_none(count):
    assert kinds(edited(count, 0)) == [("tool_result", 1), ("edit_accepted", 1)]


@pytest.mark.parametrize(
    "message", [None, 7, {}, {"parts": 7}, {"parts": [7, {"functionResponse": 7}]}]
)
def test_a_result_of_another_shape_has_no_name(message):
    line = chat_line("tool_result", "r-1", message=message)
    assert facts(line) == [("tool_result", "", 1)]


@pytest.mark.parametrize("outcome", [7, [], "text"])
def test_an_outcome_of_another_shape_tells_nothing_more(outcome):
    line = chat_line("tool_result", "r-1", toolCallResult=outcome)
    assert facts(line) == [("tool_result", "", 1)]


def test_lines_that_stand_there_twice_tell_nothing_new():
    assert len(facts(qwen_tool(), qwen_tool(), qwen_asked(), qwen_asked())) == 2
