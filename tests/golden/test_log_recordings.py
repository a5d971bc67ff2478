"""Recorded session logs against the truth: the ledger of the recordings.

The logs are trimmed copies (see tests/PROVENANCE.md); ``truth.json`` holds what was
billed, so a reader that agrees with it neither loses nor doubles a call.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import Tokens
from tests.session_logs import SOURCES, TRAITS, activities, rejections, total, witnesses

LOGS = Path(__file__).parent / "logs"
CASES = sorted(path.parent for path in LOGS.glob("*/*/truth.json"))

ACTIVITY = {
    "cc-agent": {
        ("prompt", ""): 1,
        ("tool_result", "Agent"): 1,
        ("tool_result", "Bash"): 1,
    },
    "cc-basic": {("prompt", ""): 1, ("tool_result", "Bash"): 2},
    "cc-resume": {("prompt", ""): 3, ("tool_result", "Bash"): 2},
    "growing-output": {
        ("prompt", ""): 2,
        ("tool_result", "Glob"): 1,
        ("tool_result", "Grep"): 1,
        ("tool_result", "Read"): 1,
        ("tool_result", "Edit"): 1,
        ("tool_result", "Bash"): 1,
        ("edit_accepted", "Edit"): 1,
        ("lines_added", "Edit"): 1,
    },
    "cx-resume": {("prompt", ""): 3, ("tool_result", "exec_command"): 2},
    "cx-agent": {
        ("prompt", ""): 1,
        ("tool_result", "spawn_agent"): 1,
        ("tool_result", "wait_agent"): 1,
        ("tool_result", "exec_command"): 1,
        ("active_seconds", ""): 1,
    },
}


def name_of(case: Path) -> str:
    return case.name


def readings_of(case: Path, *, backwards: bool = False, activity: bool = True):
    source = SOURCES[case.parent.name]
    files = sorted((case / "in").rglob("*.jsonl"), reverse=backwards)
    assert files
    return [
        reading
        for file in files
        for reading in source.read(
            file.read_bytes().splitlines(keepends=True), file.name, activity=activity
        )
    ]


def test_all_recordings_are_there():
    assert len(CASES) == 10


@pytest.mark.parametrize("case", CASES, ids=name_of)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_log_equals_what_was_billed(case, backwards):
    truth = json.loads((case / "truth.json").read_text())
    readings = readings_of(case, backwards=backwards)
    rows = witnesses(readings)
    tokens = total(rows)
    assert rejections(readings) == []
    assert len(rows) == truth["calls"]
    assert tokens.input == truth["input"]
    assert tokens.cache_read == truth["cache_read"]
    assert tokens.output + tokens.reasoning == truth["output_and_reasoning"]
    if truth["from"] == "ledger":
        assert tokens.cache_write == truth["cache_write"]
        assert tokens.cache_write_1h == truth["cache_write_1h"]
    else:
        # These totals know only one class of cache writes.
        assert tokens.cache_write + tokens.cache_write_1h == truth["cache_write"]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_codex_tells_reasoning_and_this_version_of_claude_does_not(case):
    truth = json.loads((case / "truth.json").read_text())
    expected = truth["reasoning"] if case.parent.name == "codex_rollout" else 0
    assert total(witnesses(readings_of(case))).reasoning == expected


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_ledger_derives_the_same_calls(case):
    rows = [row for reading in readings_of(case) for row in reading.witnesses.rows()]
    calls = resolve([Seen(row, "", asserted=False) for row in rows], TRAITS)
    assert total_of(calls) == total(witnesses(readings_of(case)))
    assert len(calls) == len(witnesses(readings_of(case)))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_every_line_naively_summed_would_be_more(case):
    """The recordings can fail: most of them hold each answer several times."""
    lines = sum(
        file.read_bytes().count(b'"usage":{') + file.read_bytes().count(b'token_count"')
        for file in (case / "in").rglob("*.jsonl")
    )
    assert lines > json.loads((case / "truth.json").read_text())["calls"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in ACTIVITY], ids=name_of
)
def test_facts_beside_the_calls(case):
    unique = {(one.kind, one.key): one for one in activities(readings_of(case))}
    counted: Counter[tuple[str, str]] = Counter()
    for one in unique.values():
        counted[one.kind, one.name] += one.amount
    assert counted == ACTIVITY[case.name]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name[:3] in ("cc-", "cx-")], ids=name_of
)
def test_headless_recordings_are_unattended(case):
    told = {row.attended for row in witnesses(readings_of(case))}
    assert told <= {False, None}
    assert False in told


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_looking_for_usage_alone_finds_the_same(case):
    quick = readings_of(case, activity=False)
    assert witnesses(quick) == witnesses(readings_of(case))
    assert activities(quick) == []


def total_of(calls):
    result = Tokens()
    for call in calls:
        result = result.plus(call.tokens)
    return result
