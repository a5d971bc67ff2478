"""Facts beside the calls of Codex."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from mileage.sources.codex_rollout import SOURCE
from tests.session_logs import (
    MARKER,
    activities,
    entry,
    event,
    ignored,
    meta,
    read,
    rejections,
)


def item(kind: str, key: str = "i-1", seconds: float = 0, **fields) -> bytes:
    return event("item_completed", seconds, item={"type": kind, "id": key, **fields})


def message(seconds: float = 0) -> bytes:
    return event("user_message", seconds, message=MARKER)


def call(call_id: str = "c-1", name: str = "exec_command", kind="function_call"):
    return entry(
        "response_item", type=kind, call_id=call_id, name=name, arguments=MARKER
    )


def output(call_id: str = "c-1", kind="function_call_output"):
    return entry("response_item", type=kind, call_id=call_id, output=MARKER)


def facts(*lines: bytes) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for one in activities(read(SOURCE, *lines)):
        counted[one.kind, one.name] += one.amount
    return counted


def test_a_prompt_in_the_new_form():
    (one,) = activities(read(SOURCE, meta(), item("UserMessage", "u-1")))
    assert (one.source, one.kind, one.key) == ("codex_rollout", "prompt", "u-1")
    assert (one.session, one.client, one.attended) == ("thread-1", "codex", True)


def test_a_prompt_in_the_old_form():
    (one,) = activities(read(SOURCE, meta(), message()))
    assert one.key == f"thread-1:{one.occurred_at}"


@pytest.mark.parametrize("old_first", [True, False])
def test_a_prompt_in_both_forms_counts_once(old_first):
    pair = [message(10), item("UserMessage", "u-1", 10.05)]
    assert facts(meta(), *(pair if old_first else pair[::-1])) == {("prompt", ""): 1}


def test_two_prompts_in_both_forms_are_two():
    lines = [message(10), item("UserMessage", "u-1", 10), message(60)]
    lines.append(item("UserMessage", "u-2", 60))
    assert facts(meta(), *lines) == {("prompt", ""): 2}


def test_the_same_form_twice_is_two_prompts():
    assert facts(meta(), message(10), message(10.5)) == {("prompt", ""): 2}


def test_replayed_prompts_of_a_parent_do_not_count():
    lines = [meta("child", forked_from_id="p"), message(0.1), message(0.2)]
    assert facts(*lines) == {}
    assert facts(*lines, event("task_started", 9), message(9)) == {("prompt", ""): 1}


def test_what_a_sub_agent_is_asked_is_no_persons_prompt():
    source = {"subagent": {"thread_spawn": {}}}
    assert facts(meta(source=source), item("UserMessage", "u-1", 50)) == {}


@pytest.mark.parametrize("kind", ["function_call", "custom_tool_call"])
def test_tool_results_are_counted_by_the_name_of_the_tool(kind):
    lines = [meta(), call(kind=kind), output(kind=f"{kind}_output")]
    assert facts(*lines) == {("tool_result", "exec_command"): 1}


def test_a_result_without_its_call_has_no_name():
    assert facts(meta(), output("c-9")) == {("tool_result", ""): 1}


def test_a_command_that_failed_is_an_error():
    lines = [meta(), call(), item("CommandExecution", "c-1", exit_code=1), output()]
    assert facts(*lines) == {
        ("tool_error", "exec_command"): 1,
        ("tool_result", "exec_command"): 1,
    }
    fine = item("CommandExecution", "c-1", exit_code=0)
    assert facts(meta(), fine) == {}


CHANGES = {
    "/a": {"type": "add", "content": "1\n2\n3\n"},
    "/b": {"type": "delete", "content": "1\n"},
    "/c": {"type": "update", "unified_diff": "--- a\n+++ b\n@@\n-x\n+y\n+z\n same\n"},
    "/d": 5,
}


@pytest.mark.parametrize(
    "changes",
    [
        CHANGES,
        {
            path: {change["type"]: change} if isinstance(change, dict) else change
            for path, change in CHANGES.items()
        },
    ],
)
def test_an_applied_patch_counts_its_lines(changes):
    applied = event("patch_apply_end", call_id="c-1", success=True, changes=changes)
    completed = item("FileChange", "c-1", status="completed", changes=changes)
    expected = {
        ("edit_accepted", "apply_patch"): 1,
        ("lines_added", "apply_patch"): 5,
        ("lines_removed", "apply_patch"): 2,
    }
    assert facts(meta(), applied) == expected
    assert facts(meta(), completed) == expected
    assert facts(meta(), applied, completed) == expected


def test_a_declined_patch_and_one_that_failed():
    assert facts(meta(), item("FileChange", status="declined")) == {
        ("edit_rejected", "apply_patch"): 1
    }
    assert facts(meta(), event("patch_apply_end", call_id="c", success=False)) == {
        ("tool_error", "apply_patch"): 1
    }


def test_a_task_has_active_seconds():
    done = event("task_complete", turn_id="t-1", duration_ms=61_400)
    (one,) = activities(read(SOURCE, meta(), done))
    assert (one.kind, one.key, one.amount) == ("active_seconds", "t-1", 61)


@pytest.mark.parametrize("duration", [None, -1, True, "9", 10**12, 3])
def test_strange_durations_are_none(duration):
    assert (
        facts(meta(), event("task_complete", turn_id="t", duration_ms=duration)) == {}
    )


@pytest.mark.parametrize(
    "odd",
    [
        item("UserMessage", ""),
        event("item_completed", item="text"),
        event("patch_apply_end", call_id="c", success=True, changes="text"),
        entry("response_item", type="message"),
        entry("compacted", message=MARKER),
        b'{"type":"response_item","payload":{"type":"function_call_output"}}\n',
        b'{"type":"response_item","payload":"text"}\n',
    ],
)
def test_strange_lines_do_no_harm(odd):
    readings = read(SOURCE, odd)
    kinds = {one.kind for one in activities(readings)}
    assert kinds <= {"edit_accepted"}
    assert ignored(readings) == (not kinds)


def test_an_unreadable_line_is_refused_when_activity_is_asked_for():
    torn = b'{"timestamp":"2026-11-20T12:00:00Z","type":"response_item","payl\n'
    assert [one.reason for one in rejections(read(SOURCE, torn))] == ["not JSON"]
    assert rejections(read(SOURCE, torn, activity=False)) == []


def test_replayed_tool_results_keep_their_keys():
    child = meta("child", forked_from_id="thread-1")
    keys = [
        {
            (one.kind, one.key)
            for one in activities(read(SOURCE, head, call(), output()))
        }
        for head in (meta(), child)
    ]
    assert keys[0] == keys[1] == {("tool_result", "c-1")}


def test_names_of_tools_are_forgotten_in_the_end():
    calls = [call(f"c-{n}") for n in range(5_001)]
    counted = facts(meta(), *calls, output("c-0"), output("c-5000"))
    assert counted == {("tool_result", ""): 1, ("tool_result", "exec_command"): 1}


def test_no_content_leaves():
    lines = [
        meta(base_instructions={"text": MARKER}),
        message(),
        call(),
        output(),
        event("patch_apply_end", call_id="c", success=True, changes={MARKER: CHANGES}),
        b'{"type":"response_item",' + MARKER.encode(),
    ]
    for reading in read(SOURCE, *lines):
        written = json.dumps(
            [reading.witnesses.columns, reading.activities.columns, reading.rejected]
        )
        assert MARKER not in written
