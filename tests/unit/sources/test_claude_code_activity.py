"""Facts beside the calls of Claude Code."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from mileage.sources.claude_code_log import SOURCE
from tests.session_logs import (
    MARKER,
    activities,
    ignored,
    line,
    read,
    rejections,
    result,
    said,
    uses_tool,
)

EDIT = {
    "filePath": f"/{MARKER}/file.py",
    "structuredPatch": [
        {"lines": [" same", "-old", "+new", "+newer"]},
        {"lines": ["+tail", 5, None]},
        "noise",
    ],
}


def facts(*lines: bytes) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for one in activities(read(SOURCE, *lines)):
        counted[one.kind, one.name] += one.amount
    return counted


@pytest.mark.parametrize(
    "content",
    [
        MARKER,
        [{"type": "text", "text": MARKER}],
        [
            {"type": "text", "text": "<system-reminder>\nabout files"},
            {"type": "text", "text": MARKER},
        ],
        "<command-name>/fix</command-name>",
    ],
)
def test_what_a_person_types_is_a_prompt(content):
    (one,) = activities(read(SOURCE, said(content, uuid="u-1")))
    assert (one.kind, one.key, one.amount) == ("prompt", "u-1", 1)
    assert (one.session, one.client, one.attended) == ("session-1", "claude-code", True)
    assert one.source == "claude_code_log"


@pytest.mark.parametrize(
    "prompt",
    [
        said("x", isMeta=True),
        said("x", isSidechain=True),
        said("x", isCompactSummary=True),
        said("<local-command-stdout>done</local-command-stdout>"),
        said("[Request interrupted by user]"),
        said("Caveat: The messages below were generated"),
        said([{"type": "text", "text": "<system-reminder>"}]),
        said([]),
        said(None),
        said(5),
        said("x", uuid=None),
        said("x", timestamp="never"),
        said("x", timestamp="2019-01-01T00:00:00Z"),
        line(type="user", message="error"),
    ],
)
def test_what_the_client_writes_is_no_prompt(prompt):
    readings = read(SOURCE, prompt)
    assert (activities(readings), rejections(readings)) == ([], [])
    assert ignored(readings) == 1


def test_a_headless_prompt_is_unattended():
    (one,) = activities(read(SOURCE, said("x", entrypoint="sdk-cli")))
    assert one.attended is False


def test_tool_results_are_counted_by_the_name_of_the_tool():
    lines = [uses_tool("Bash"), result()]
    assert facts(*lines) == {("tool_result", "Bash"): 1}
    assert facts(result("toolu_unknown")) == {("tool_result", ""): 1}


def test_a_failed_tool_is_also_an_error():
    assert facts(uses_tool("Bash"), result(error=True)) == {
        ("tool_result", "Bash"): 1,
        ("tool_error", "Bash"): 1,
    }


@pytest.mark.parametrize("tool", ["Edit", "MultiEdit", "Write"])
def test_an_accepted_edit_counts_its_lines(tool):
    assert facts(uses_tool(tool), result(toolUseResult=EDIT)) == {
        ("tool_result", tool): 1,
        ("edit_accepted", tool): 1,
        ("lines_added", tool): 3,
        ("lines_removed", tool): 1,
    }


def test_a_new_file_counts_all_its_lines():
    created = {"type": "create", "filePath": "/f", "content": "a\nb\nc\n"}
    assert facts(uses_tool("Write"), result(toolUseResult=created)) == {
        ("tool_result", "Write"): 1,
        ("edit_accepted", "Write"): 1,
        ("lines_added", "Write"): 3,
    }


def test_reading_a_file_is_no_edit():
    lines = [uses_tool("Read"), result(toolUseResult=EDIT)]
    assert facts(*lines) == {("tool_result", "Read"): 1}


@pytest.mark.parametrize(
    "outcome", ["User rejected tool use", "The user doesn't want to proceed with this"]
)
def test_a_rejected_edit(outcome):
    lines = [uses_tool("Edit"), result(error=True, toolUseResult=outcome)]
    assert facts(*lines)["edit_rejected", "Edit"] == 1
    assert facts(*lines)["edit_accepted", "Edit"] == 0


def test_an_edit_that_failed_is_neither_accepted_nor_rejected():
    failed = [uses_tool("Edit"), result(error=True, toolUseResult="Error: no match")]
    assert facts(*failed) == {("tool_result", "Edit"): 1, ("tool_error", "Edit"): 1}


def test_the_mark_of_a_refusal_may_stand_in_the_result_itself():
    block = {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "is_error": True,
        "content": [{"type": "text", "text": "The user doesn't want to proceed"}],
    }
    assert facts(uses_tool("Edit"), said([block]))["edit_rejected", "Edit"] == 1


def test_a_turn_has_active_seconds():
    def duration(value):
        return line(
            type="system",
            subtype="turn_duration",
            durationMs=value,
            uuid="s-1",
            timestamp="2026-11-20T12:00:00Z",
        )

    assert facts(duration(90_400)) == {("active_seconds", ""): 90}
    for strange in (-5, True, "90", None, 10**12, 3):
        assert facts(duration(strange)) == {}


def test_copied_history_keeps_its_keys():
    lines = [said("hi", uuid="u-1"), uses_tool("Bash"), result()]
    copied = [one.replace(b"session-1", b"session-2") for one in lines]
    keys = [
        {(one.kind, one.key) for one in activities(read(SOURCE, *part))}
        for part in (lines, copied)
    ]
    assert keys[0] == keys[1] == {("prompt", "u-1"), ("tool_result", "toolu_1")}


def test_the_same_fact_twice_in_a_file_counts_once():
    assert facts(said("hi", uuid="u-1"), said("hi", uuid="u-1")) == {("prompt", ""): 1}


def test_no_content_leaves():
    lines = [
        said(MARKER),
        uses_tool("Edit"),
        result(toolUseResult=EDIT),
        result("toolu_2", error=True, toolUseResult=MARKER),
        b'{"message":{"role":"user"' + MARKER.encode() + b"\n",
    ]
    for reading in read(SOURCE, *lines):
        assert MARKER not in json.dumps(
            [reading.witnesses.columns, reading.activities.columns, reading.rejected]
        )


def test_names_of_tools_are_forgotten_in_the_end():
    lines = [uses_tool("Bash", f"toolu_{n}", f"msg_{n}") for n in range(5_001)]
    counted = facts(*lines, result("toolu_0"), result("toolu_5000"))
    assert counted == {("tool_result", ""): 1, ("tool_result", "Bash"): 1}
