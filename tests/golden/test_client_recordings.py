"""Recorded logs of further clients against the truth: what the mock API billed.

The logs are trimmed copies (see tests/PROVENANCE.md). ``truth.json`` tells, for each
scenario, the calls that the client's log can know of (``seen``) and those that no
reader of it can (``unseen``: cut off, or never written).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from mileage.domain.once import count_once
from tests.client_logs import (
    AIDER,
    AMP,
    COPILOT,
    DROID,
    KILO,
    KIMI,
    OPENCODE,
    PI,
    activities,
    database,
    read,
    reasons,
)

RECORDED = Path(__file__).parent / "clients"


def truth(source):
    return json.loads((RECORDED / source.traits.name / "truth.json").read_text())


def opencode_database(folder):
    """Build the recorded database again from its rows."""
    stored = json.loads((RECORDED / "opencode_db" / "rows.json").read_text())
    return database(
        folder / "opencode.db",
        session=[
            (one["id"], one["parent_id"], one["directory"], "filler", one["version"])
            for one in stored["session"]
        ],
        message=[(i, s, json.dumps(data)) for i, s, data in stored["message"]],
        part=[(i, m, s, json.dumps(data)) for i, m, s, data in stored["part"]],
    )


def readings_of(source, tmp_path, *, backwards=False, activity=True):
    if source is OPENCODE:
        files = [opencode_database(tmp_path)]
    else:
        folder = RECORDED / source.traits.name / "in"
        files = sorted(folder.rglob("*.jsonl"), reverse=backwards)
    assert files
    return [
        reading for file in files for reading in read(source, file, activity=activity)
    ]


def by_scenario(readings):
    """The calls of each scenario, whose name is that of its working directory."""
    found = {}
    for row in count_once(reading.witnesses for reading in readings):
        found.setdefault(Path(row.project).name, []).append(row)
    return found


def told(row):
    writes = row.cache_write + row.cache_write_1h
    output = row.output + row.reasoning
    return (row.model, row.input, row.cache_read, writes, output, row.reasoning)


def billed(call):
    names = ("model", "input", "cache_read", "cache_write", "output", "reasoning")
    return tuple(call[name] for name in names)


CASES = [
    (source, scenario) for source in (OPENCODE, COPILOT) for scenario in truth(source)
]


def test_all_recordings_are_there():
    assert Counter(source.traits.name for source, _ in CASES) == {
        "opencode_db": 7,
        "copilot_events": 7,
    }
    assert len(truth(PI)) == 3
    assert len(truth(AIDER)) == 2


@pytest.mark.parametrize(
    ("source", "scenario"), CASES, ids=lambda v: getattr(v, "traits", v)
)
@pytest.mark.parametrize("backwards", [False, True])
def test_every_call_equals_what_was_billed(source, scenario, backwards, tmp_path):
    readings = readings_of(source, tmp_path, backwards=backwards)
    assert reasons(readings) == []
    found = by_scenario(readings)[scenario]
    seen = truth(source)[scenario]["seen"]
    assert sorted(map(told, found)) == sorted(map(billed, seen))


@pytest.mark.parametrize("source", [OPENCODE, COPILOT, PI], ids=lambda s: s.traits.name)
def test_no_scenario_has_more_than_the_truth(source, tmp_path):
    found = by_scenario(readings_of(source, tmp_path))
    assert {name: len(rows) for name, rows in found.items()} == {
        name: len(calls["seen"]) for name, calls in truth(source).items()
    }


def test_what_no_reader_of_these_logs_can_see():
    """Title calls of OpenCode, and answers that were cut off: a list, not a loss."""
    unseen = Counter(
        (source.traits.name, call["why"])
        for source in (OPENCODE, COPILOT, PI, AIDER)
        for calls in truth(source).values()
        for call in calls["unseen"]
    )
    assert unseen == {
        ("opencode_db", "title"): 7,
        ("opencode_db", "cut off"): 1,
        ("copilot_events", "cut off"): 1,
    }


@pytest.mark.parametrize("source", [COPILOT, PI], ids=lambda s: s.traits.name)
def test_every_call_has_the_providers_ids(source, tmp_path):
    found = by_scenario(readings_of(source, tmp_path))
    for scenario, calls in truth(source).items():
        links = {row.link for row in found[scenario]}
        for call in calls["seen"]:
            ids = {call["response"], call["request"]}
            (link,) = [one for one in links if call["response"] in one.split()]
            assert set(link.split()) <= ids
            assert link.split() == sorted(link.split())


def test_copilot_names_the_request_where_the_provider_did(tmp_path):
    links = [
        row.link
        for rows in by_scenario(readings_of(COPILOT, tmp_path)).values()
        for row in rows
    ]
    assert len(links) == 16
    assert sum(" req_" in f" {link}" for link in links) >= 12


@pytest.mark.parametrize("scenario", ["pi-basic", "pi-resume"])
def test_pi_equals_what_was_billed(scenario, tmp_path):
    found = by_scenario(readings_of(PI, tmp_path))[scenario]
    seen = truth(PI)[scenario]["seen"]
    assert sorted(map(told, found)) == sorted(map(billed, seen))


def test_of_the_responses_api_pi_books_cache_writes_as_input(tmp_path):
    """Its file holds no more than that: the total is right, the classes are not."""
    found = by_scenario(readings_of(PI, tmp_path))["pi-openai"]
    seen = truth(PI)["pi-openai"]["seen"]
    assert sum(call["cache_write"] for call in seen) == 537
    assert sorted(sum(row.tokens) for row in found) == sorted(
        call["input"] + call["cache_read"] + call["cache_write"] + call["output"]
        for call in seen
    )
    assert [row.cache_write for row in found] == [0, 0]
    assert sorted((row.input, row.cache_read) for row in found) == sorted(
        (call["input"] + call["cache_write"], call["cache_read"]) for call in seen
    )


def test_aiders_estimates_are_far_off_and_marked(tmp_path):
    rows = [
        row
        for reading in readings_of(AIDER, tmp_path)
        for row in reading.witnesses.rows()
    ]
    assert [row.measure for row in rows] == ["estimate"] * 2
    real = {
        scenario: sum(
            call[name] for name in ("input", "cache_read", "cache_write", "output")
        )
        for scenario, calls in truth(AIDER).items()
        for call in calls["seen"]
    }
    scenarios = {"anthropic": "ad-anth", "openai": "ad-openai"}
    off = {
        row.provider: sum(row.tokens) / real[scenarios[row.provider]] - 1
        for row in rows
    }
    assert off["anthropic"] == pytest.approx(-0.902, abs=0.001)
    assert off["openai"] == pytest.approx(1.581, abs=0.001)


ACTIVITY = {
    OPENCODE: {
        ("prompt", ""): 8,
        ("tool_result", "bash"): 7,
        ("tool_result", "task"): 1,
        ("tool_error", "task"): 1,
    },
    COPILOT: {
        ("prompt", ""): 8,
        ("tool_result", "bash"): 7,
        ("tool_result", "task"): 1,
    },
    PI: {("prompt", ""): 4, ("tool_result", "bash"): 4},
    AIDER: {},
}


@pytest.mark.parametrize("source", ACTIVITY, ids=lambda s: s.traits.name)
def test_facts_beside_the_calls(source, tmp_path):
    found = activities(readings_of(source, tmp_path))
    unique = {(one.kind, one.key): one for one in found}
    assert len(unique) == len(found)
    counted = Counter((one.kind, one.name) for one in found)
    assert counted == ACTIVITY[source]


@pytest.mark.parametrize("source", ACTIVITY, ids=lambda s: s.traits.name)
def test_looking_for_usage_alone_finds_the_same(source, tmp_path):
    whole = readings_of(source, tmp_path / "whole")
    quick = readings_of(source, tmp_path / "quick", activity=False)
    assert activities(quick) == []
    assert count_once(r.witnesses for r in quick) == count_once(
        r.witnesses for r in whole
    )


def test_a_sub_agent_is_told_apart(tmp_path):
    found = by_scenario(readings_of(COPILOT, tmp_path))
    assert Counter(row.agent for row in found["cp-agent"]) == {"": 2, "explore": 2}
    assert not any(row.copied for rows in found.values() for row in rows)


def test_naive_sums_would_be_more(tmp_path):
    """The recordings can fail: sums of Copilot's sessions repeat over a resumed run."""
    (file,) = [
        file
        for file in (RECORDED / "copilot_events" / "in").rglob("events.jsonl")
        if file.read_bytes().count(b"session.shutdown") == 2
    ]
    told_twice = sum(
        model["usage"]["inputTokens"]
        for line in file.read_text().splitlines()
        for model in json.loads(line)["data"].get("modelMetrics", {}).values()
    )
    assert told_twice > sum(
        row.input + row.cache_read + row.cache_write
        for row in by_scenario(readings_of(COPILOT, tmp_path))["cp-resume"]
    )
    parts = json.loads((RECORDED / "opencode_db" / "rows.json").read_text())["part"]
    assert sum(part[3]["type"] == "step-finish" for part in parts) == 15


# ------------------------------------------- samples of what was never recorded

SAMPLES = [
    (OPENCODE, "small.db", (3, 9, 3_000, 150, 21, 4), 6),
    (KILO, "kilo.db", (3, 9, 3_000, 150, 21, 4), 6),
    (AMP, "T-1.json", (2, 6, 2_000, 100, 14, 0), 2),
    (DROID, "session-1.settings.json", (1, 3, 1_000, 50, 7, 2), 0),
    (KIMI, "sessions/group/session-1/wire.jsonl", (4, 12, 4_000, 200, 28, 0), 1),
]


@pytest.mark.parametrize(
    ("source", "name", "told", "facts"), SAMPLES, ids=lambda v: getattr(v, "traits", "")
)
def test_samples_written_from_published_shapes(source, name, told, facts):
    """Small ones, of all that a format has: the fuzzer starts from them as well."""
    found = read(source, RECORDED / source.traits.name / name)
    rows = count_once(reading.witnesses for reading in found)
    assert reasons(found) == []
    assert (
        len(rows),
        sum(row.input for row in rows),
        sum(row.cache_read for row in rows),
        sum(row.cache_write for row in rows),
        sum(row.output for row in rows),
        sum(row.reasoning for row in rows),
    ) == told
    assert len({(one.kind, one.key) for one in activities(found)}) == facts
