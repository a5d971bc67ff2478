"""Facts beside the calls in chats of Gemini CLI."""

from __future__ import annotations

import pytest

from mileage.sources.gemini_cli_chat import SOURCE
from tests.gemini_qwen_logs import (
    CHILD_PLACE,
    MARKER,
    PLACE,
    SESSION,
    asked,
    document,
    message,
    opening,
    spoke,
    tool_call,
    update,
)
from tests.session_logs import activities, line

RESULT = [{"functionResponse": {"id": "c", "name": "x", "response": {"output": "y"}}}]
CONTEXT = "<session_context>\nThis is the context"


def facts(*lines, place=PLACE):
    readings = list(SOURCE.read((opening(), *lines), place))
    return [(one.kind, one.name, one.amount) for one in activities(readings)]


def kinds(*calls):
    return [(kind, amount) for kind, _, amount in facts(spoke(toolCalls=list(calls)))]


def edited(added, removed, **fields):
    changed = {"model_added_lines": added, "model_removed_lines": removed}
    display = {"fileName": MARKER, "fileDiff": MARKER, "diffStat": changed}
    return tool_call("replace", resultDisplay=display, **fields)


def test_what_a_person_typed_is_a_prompt():
    (one,) = activities(list(SOURCE.read((opening(), line(**asked())), PLACE)))
    assert (one.kind, one.session, one.key) == ("prompt", SESSION, f"{SESSION}:u-1")
    assert (one.client, one.source, one.attended) == (
        *("gemini-cli", "gemini_cli_chat"),
        None,
    )


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("typed", 1),
        ([{"text": "typed"}], 1),
        ([{"text": CONTEXT}, {"text": "typed"}], 1),
        (CONTEXT, 0),
        ([{"text": CONTEXT}], 0),
        (RESULT, 0),
        ([*RESULT, {"text": "hint"}], 0),
        ([], 0),
        (None, 0),
        ([7], 0),
        ([{"inlineData": {}}], 0),
    ],
)
def test_results_and_what_the_client_wrote_are_no_prompts(content, count):
    assert len(facts(line(**asked(content=content)))) == count


def test_a_prompt_that_is_repeated_by_an_update_counts_once():
    rewritten = update(messages=[asked(), asked("summary", "u-9")])
    assert facts(line(**asked()), rewritten) == [("prompt", "", 1)]


def test_what_a_sub_agent_was_told_is_no_prompt():
    child = line(kind="subagent", sessionId="k", projectHash="p")
    assert facts(child, line(**asked())) == []
    assert facts(line(**asked()), place=CHILD_PLACE) == []


def test_prompts_of_old_documents_count():
    lines = document(asked(), message(), asked(identity="u-2")).splitlines(
        keepends=True
    )
    readings = list(SOURCE.read(lines, "session-x.json"))
    assert [one.kind for one in activities(readings)] == ["prompt", "prompt"]


def test_a_tool_is_known_by_its_name():
    assert facts(spoke(toolCalls=[tool_call()])) == [
        ("tool_result", "run_shell_command", 1)
    ]
    assert facts(spoke(toolCalls=[tool_call("rm -rf / please")])) == [
        ("tool_result", "", 1)
    ]


@pytest.mark.parametrize("status", ["executing", "awaiting_approval", None, 7, [], {}])
def test_a_tool_that_still_runs_is_no_fact(status):
    assert kinds(tool_call(status=status)) == []


@pytest.mark.parametrize("status", ["error", "cancelled"])
def test_a_tool_that_failed(status):
    assert kinds(tool_call(status=status)) == [("tool_result", 1), ("tool_error", 1)]


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
    edit = tool_call("write_file", resultDisplay=display)
    assert kinds(edit) == [("tool_result", 1), ("edit_accepted", 1)]


@pytest.mark.parametrize("count", [True, 1.5, "3", -3, 10**13, None])
def test_a_count_of_lines_that_is_none(count):
    assert ("lines_added", count) not in kinds(edited(count, 0))
    assert len(kinds(edited(count, 0))) == 2


def test_a_message_that_is_appended_again_tells_nothing_new():
    lines = [spoke(), spoke(toolCalls=[tool_call()]), spoke(toolCalls=[tool_call()])]
    assert len(facts(*lines)) == 1


def test_a_fact_needs_an_id_and_a_time():
    assert kinds(tool_call(identity=None)) == []
    assert facts(line(**asked(timestamp="yesterday"))) == []
    assert facts(line(**asked(identity=None))) == []


@pytest.mark.parametrize("calls", [None, 7, "text", [7], {"x": 1}])
def test_tool_calls_of_another_shape_do_no_harm(calls):
    assert facts(spoke(toolCalls=calls)) == []
