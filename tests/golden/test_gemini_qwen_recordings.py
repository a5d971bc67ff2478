"""Recorded runs of Gemini CLI and Qwen Code against what was billed, source by source
and all together: in any order, three times.

The recordings are trimmed copies (see tests/PROVENANCE.md).
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.sources import (
    gemini_cli_chat,
    gemini_cli_otlp,
    gemini_cli_outfile,
    qwen_code_chat,
    qwen_code_otlp,
)
from mileage.sources.otlp import OtlpReader

FOLDER = Path(__file__).parent / "gemini_qwen"
SCENARIOS = sorted(path.parent for path in FOLDER.glob("*/*/truth.json"))
OTLP = (gemini_cli_otlp.SOURCE, qwen_code_otlp.SOURCE)
CHATS = {"gemini-cli": gemini_cli_chat.SOURCE, "qwen-code": qwen_code_chat.SOURCE}
OUTFILE = gemini_cli_outfile.SOURCE
TRAITS = {one.traits.name: one.traits for one in (*OTLP, *CHATS.values(), OUTFILE)}
READER = OtlpReader(OTLP)

# What chats cannot tell: the router's call, another model's, that chooses a model.
ROUTER = "gemini-3.5-flash-lite"
CUT = "gm-drop"
WITHOUT_OTLP = {CUT, "gm-file"}

EVERY = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)


def told_by_telemetry(scenario):
    for path in sorted(scenario.glob("otlp/*")):
        signal = path.stem.partition("-")[2]
        form = "json" if path.suffix == ".json" else "protobuf"
        yield READER.read(signal, form, path.read_bytes())


def told_by_chats(scenario, *, activity=True):
    source = CHATS[scenario.parent.name]
    for path in sorted(scenario.glob("home/**/*.jsonl")):
        lines = path.read_bytes().splitlines(keepends=True)
        yield from source.read(lines, str(path), activity=activity)


def told_by_outfile(scenario):
    for path in scenario.glob("outfile/*"):
        lines = path.read_bytes().splitlines(keepends=True)
        yield from OUTFILE.read(lines, str(path))


def everything(scenario):
    return [
        *told_by_telemetry(scenario),
        *told_by_chats(scenario),
        *told_by_outfile(scenario),
    ]


def rows_of(readings):
    return [row for reading in readings for row in reading.witnesses.rows()]


def counted(calls):
    return Counter((call.model, *call.tokens) for call in calls)


def billed(scenario, kind="billed"):
    truth = json.loads((scenario / "truth.json").read_text())
    return Counter((one["model"], *one["tokens"]) for one in truth[kind])


def joined(rows):
    return resolve([Seen(row, "a", asserted=False) for row in rows], TRAITS)


def facts(readings):
    unique = {
        (one.source, one.kind, one.key): one
        for reading in readings
        for one in reading.activities.rows()
    }
    told = Counter()
    for one in unique.values():
        told[one.kind, one.name] += one.amount
    return told


def test_all_recorded_scenarios_are_here():
    names = [path.name for path in SCENARIOS]
    assert [name for name in names if name.startswith("gm-")] == [
        *("gm-basic", "gm-drop", "gm-err", "gm-file", "gm-flash", "gm-grpc"),
        "gm-resume",
    ]
    assert names[7:] == ["qw-basic", "qw-err", "qw-resume"]


@EVERY
def test_all_sources_together_equal_the_bill_in_any_order_three_times(scenario):
    rows = rows_of(everything(scenario)) * 3
    random.Random(scenario.name).shuffle(rows)  # noqa: S311 - repeatable
    assert counted(joined(rows)) == billed(scenario)


@EVERY
def test_nothing_is_refused(scenario):
    assert [one for reading in everything(scenario) for one in reading.rejected] == []


@EVERY
def test_telemetry_alone_equals_the_bill_where_it_was_sent(scenario):
    expected = Counter() if scenario.name in WITHOUT_OTLP else billed(scenario)
    assert counted(rows_of(told_by_telemetry(scenario))) == expected


@EVERY
def test_chats_alone_hold_all_but_the_routers_call(scenario):
    missing = billed(scenario) - counted(rows_of(told_by_chats(scenario)))
    extra = counted(rows_of(told_by_chats(scenario))) - billed(scenario)
    assert not extra
    assert {model for model, *_ in missing} <= {ROUTER}
    assert sum(missing.values()) == (1 if scenario.name == "gm-basic" else 0)


@EVERY
def test_the_outfile_alone_equals_the_bill(scenario):
    rows = rows_of(told_by_outfile(scenario))
    assert counted(rows) == (billed(scenario) if scenario.name == "gm-file" else {})


def test_a_cut_answer_was_billed_and_no_source_saw_it():
    scenario = FOLDER / "gemini-cli" / CUT
    assert billed(scenario, "cut").total() == 1
    assert rows_of(everything(scenario)) == []


@EVERY
def test_what_two_sources_saw_is_one_call_without_a_difference(scenario):
    calls = joined(rows_of(everything(scenario)))
    assert not [call for call in calls if call.differs]
    doubly = [call for call in calls if len(call.sources) > 1]
    assert len(doubly) == sum(1 for call in calls if call.model != ROUTER)


@EVERY
def test_looking_for_usage_alone_finds_the_same(scenario):
    quick = list(told_by_chats(scenario, activity=False))
    assert rows_of(quick) == rows_of(told_by_chats(scenario))
    assert facts(quick) == {}


@EVERY
def test_every_line_naively_summed_would_be_more(scenario):
    """The recordings can fail: in most, answers stand in the chats several times."""
    lines = sum(
        path.read_bytes().count(b'"tokens":{')
        + path.read_bytes().count(b"otal_token_count")
        + path.read_bytes().count(b"totalTokenCount")
        for path in scenario.glob("home/**/*.jsonl")
    )
    assert lines > len(rows_of(told_by_chats(scenario))) or scenario.name in (
        *("gm-drop", "gm-err"),
    )


@pytest.mark.parametrize(
    ("client", "name", "told"),
    [
        ("gemini-cli", "gm-basic", {("tool_result", "run_shell_command"): 2}),
        ("gemini-cli", "gm-flash", {("tool_result", "run_shell_command"): 2}),
        ("gemini-cli", "gm-resume", {("tool_result", "run_shell_command"): 1}),
        ("gemini-cli", "gm-err", {}),
        ("qwen-code", "qw-basic", {("tool_result", "run_shell_command"): 2}),
        ("qwen-code", "qw-resume", {("tool_result", "run_shell_command"): 1}),
    ],
)
def test_telemetry_and_chats_tell_the_same_facts(client, name, told):
    scenario = FOLDER / client / name
    prompts = 2 if name.endswith("resume") else 1
    expected = {("prompt", ""): prompts, **told}
    assert facts(told_by_telemetry(scenario)) == expected
    assert facts(told_by_chats(scenario)) == expected


def test_the_outfile_tells_facts_too():
    assert facts(told_by_outfile(FOLDER / "gemini-cli" / "gm-file")) == {
        ("prompt", ""): 1,
        ("tool_result", "run_shell_command"): 1,
    }


@EVERY
def test_who_where_and_by_which_version(scenario):
    telemetry = rows_of(told_by_telemetry(scenario))
    chats = rows_of(told_by_chats(scenario))
    if scenario.parent.name == "qwen-code":
        # It ignores the variable that names the person.
        assert {row.identity for row in telemetry} == {""}
        assert {row.client_version for row in (*telemetry, *chats)} == {"0.15.10"}
        assert {row.project for row in chats} == {"/home/alice/code/repo"}
        assert all(row.link.startswith("chatcmpl-") for row in (*telemetry, *chats))
        return
    assert {row.identity for row in telemetry} <= {"alice@example.com"}
    # What telemetry calls its version is that of Node.js.
    assert {row.client_version for row in (*telemetry, *chats)} <= {""}
    assert {row.attended for row in telemetry} <= {False}
    assert all(len(row.project) == 64 for row in chats)


def test_side_calls_name_their_agent():
    scenario = FOLDER / "qwen-code" / "qw-resume"
    for rows in (
        rows_of(told_by_telemetry(scenario)),
        rows_of(told_by_chats(scenario)),
    ):
        agents = Counter(row.agent for row in rows)
        assert agents == {"": 4, "managed-auto-memory-extractor": 1}
    router = rows_of(told_by_telemetry(FOLDER / "gemini-cli" / "gm-basic"))
    assert Counter(row.agent for row in router) == {"": 3, "utility_router": 1}
