"""Trimmed bodies of real clients against what the provider's side counted."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.sources import claude_code_otlp, codex_otlp
from mileage.sources.otlp import OtlpReader

FOLDER = Path(__file__).parent / "otlp"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
SOURCES = (claude_code_otlp.SOURCE, codex_otlp.SOURCE)
TRAITS = {source.traits.name: source.traits for source in SOURCES}
READER = OtlpReader(SOURCES)


def bodies(scenario):
    return sorted((FOLDER / scenario).iterdir())


def read(path):
    signal = path.stem.partition("-")[2]
    form = "json" if path.suffix == ".json" else "protobuf"
    return READER.read(signal, form, path.read_bytes())


def classes(row):
    tokens = row.tokens
    assert tokens.cache_write_1h == tokens.tool_input == 0
    return [
        tokens.input,
        tokens.cache_read,
        tokens.cache_write,
        tokens.output,
        tokens.reasoning,
    ]


def witnesses(scenario):
    return [row for path in bodies(scenario) for row in read(path).witnesses.rows()]


def test_every_scenario_of_the_recordings_is_here():
    assert len(EXPECTED) == 20
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(EXPECTED)


@pytest.mark.parametrize("scenario", EXPECTED)
def test_each_request_has_the_tokens_that_were_billed(scenario):
    found = witnesses(scenario)
    assert sorted(map(classes, found)) == sorted(EXPECTED[scenario])
    assert not [one for path in bodies(scenario) for one in read(path).rejected]


@pytest.mark.parametrize("scenario", EXPECTED)
def test_repeated_and_shuffled_bodies_add_nothing(scenario):
    paths = bodies(scenario) * 3
    random.Random(scenario).shuffle(paths)  # noqa: S311 - repeatable
    rows = [row for path in paths for row in read(path).witnesses.rows()]
    seen = [Seen(row, "a", asserted=False) for row in rows]
    calls = resolve(seen, TRAITS)
    assert sorted(map(classes, calls)) == sorted(EXPECTED[scenario])


@pytest.mark.parametrize("scenario", EXPECTED)
def test_activities_of_repeated_bodies_have_the_same_keys(scenario):
    once = [row for path in bodies(scenario) for row in read(path).activities.rows()]
    twice = [row for path in bodies(scenario) for row in read(path).activities.rows()]
    assert once == twice
    deltas = [(row.kind, row.key) for row in once]
    if scenario != "cc-cumul":
        assert len(set(deltas)) == len(deltas)


def test_running_totals_keep_one_key_so_that_the_ledger_keeps_the_largest():
    rows = [r for path in bodies("cc-cumul") for r in read(path).activities.rows()]
    active = [row for row in rows if row.kind == "active_seconds"]
    assert len({row.key for row in active}) == 1
    assert {row.amount for row in active} == {1}


def test_a_sub_agent_is_named_and_the_main_thread_is_not():
    agents = sorted(row.agent for row in witnesses("cc-agent"))
    assert agents == ["", "", "general-purpose", "general-purpose"]


def test_the_main_thread_of_a_headless_run_is_unattended():
    assert {row.attended for row in witnesses("cc-basic")} == {False}
    assert {row.attended for row in witnesses("cx-basic")} == {False}


@pytest.mark.parametrize(
    ("scenario", "models"),
    [
        ("cc-basic", {"claude-opus-4-8"}),
        ("cc-json", {"claude-haiku-4-5"}),
        ("cx-json", {"gpt-5.1-codex-mini"}),
        ("cx-grpc", {"gpt-5.1"}),
    ],
)
def test_models(scenario, models):
    assert {row.model for row in witnesses(scenario)} == models


def test_identity_is_a_person_where_one_is_named_else_an_installation():
    persons = {row.identity.partition(":")[0] for row in witnesses("cc-resume")}
    assert persons == {"alice@example.com", "installation"}
    assert {row.identity for row in witnesses("cx-basic")} == {"alice@example.com"}


def test_tools_and_prompts_become_activity():
    rows = [r for path in bodies("cx-agent") for r in read(path).activities.rows()]
    tools = sorted(row.name for row in rows if row.kind == "tool_result")
    assert tools == ["exec_command", "spawn_agent", "wait_agent"]
    assert sum(row.kind == "prompt" for row in rows) == 2


def test_spans_are_counted_and_dropped():
    spans = [path for path in bodies("cc-trace") if "traces" in path.name]
    reading = read(spans[0])
    assert reading.ignored > 0
    assert not len(reading.witnesses)
    assert not len(reading.activities)
