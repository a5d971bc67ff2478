"""Trimmed spans and metrics of real programs against what the provider counted."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from mileage.domain.call import ESTIMATE, UNMEASURED, Seen
from mileage.domain.join import resolve
from mileage.sources import (
    anthropic_sdk_spans,
    claude_code_metrics,
    claude_code_otlp,
    claude_code_spans,
    codex_metrics,
    codex_otlp,
    codex_spans,
    copilot_inference_events,
    copilot_otlp,
    gemini_cli_otlp,
    genai_spans,
    genai_spans_partial,
    genai_spans_whole,
    litellm_spans,
    opencode_otlp,
    qwen_code_otlp,
)
from mileage.sources.otlp import OtlpReader

FOLDER = Path(__file__).parent / "spans"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
SOURCES = tuple(
    module.SOURCE
    for module in (
        anthropic_sdk_spans,
        claude_code_metrics,
        claude_code_otlp,
        claude_code_spans,
        codex_metrics,
        codex_otlp,
        codex_spans,
        copilot_inference_events,
        copilot_otlp,
        gemini_cli_otlp,
        genai_spans,
        genai_spans_partial,
        genai_spans_whole,
        litellm_spans,
        opencode_otlp,
        qwen_code_otlp,
    )
)
READER = OtlpReader(SOURCES)
TRAITS = {source.traits.name: source.traits for source in SOURCES}
SDKS = sorted(name for name in EXPECTED if name.startswith("sdk-"))
COPILOT = sorted(name for name in EXPECTED if name.startswith("cp-"))
OPENCODE = sorted(name for name in EXPECTED if name.startswith("oc-"))
CLAUDE = sorted(name for name in EXPECTED if name.startswith("cc-"))
CODEX = sorted(name for name in EXPECTED if name.startswith("cx-"))
RECORDED = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def bodies(scenario, signals=("traces", "metrics")):
    return [
        path
        for path in sorted((FOLDER / scenario).iterdir())
        if signal_of(path) in signals
    ]


def signal_of(path):
    return path.stem.partition("-")[2]


def read(path):
    form = "json" if path.suffix == ".json" else "protobuf"
    return READER.read(signal_of(path), form, path.read_bytes())


def witnesses(paths):
    return [row for path in paths for row in read(path).witnesses.rows()]


def calls(rows):
    return resolve([Seen(row, "account", asserted=False) for row in rows], TRAITS)


def classes(row):
    """Return the billed classes; the answer in one, because few tell it apart."""
    tokens = row.tokens
    assert tokens.tool_input == 0
    return (*tokens[:4], tokens.output + tokens.reasoning)


def billed(scenario):
    """Return what was billed for answers that reached the program."""
    return [row for row in EXPECTED[scenario] if not row["cut"]]


def truth(rows):
    return sorted(tuple(row["tokens"][:5]) for row in rows)


def whole(row):
    """Leave all cached tokens in the input."""
    fresh, read_, write, hour, output, _ = row["tokens"]
    return fresh + read_ + write + hour, 0, 0, 0, output


def without_writes(row):
    fresh, read_, write, hour, output, _ = row["tokens"]
    return fresh + write + hour, read_, 0, 0, output


def five(row):
    return tuple(row["tokens"][:5])


def blind(row):
    """A chat answer streamed without ``include_usage``: the API sent no counts."""
    return row["id"] in NEVER_TOLD


def responses(row):
    return row["id"].startswith("resp_")


def nothing(_):
    return False


NEVER_TOLD = {
    "chatcmpl-df6662eb9ba8f4d587668b0a",
    "chatcmpl-3a6cb67492d0fbedd58363a4",
    "chatcmpl-172a1fd4c7b694614fbd5d77",
    "chatcmpl-9a39f9ebaa341ca81c3b8142",
}
# Instrumentation -> how it tells a call, and which calls it does not show at all.
TOLD = {
    "sdk-litellm": (five, nothing),
    "sdk-openai-v2": (whole, responses),
    "sdk-openinference-anthropic": (five, nothing),
    "sdk-openinference-openai": (five, nothing),
    "sdk-pydantic-ai": (five, nothing),
    "sdk-traceloop-anthropic": (five, nothing),
    "sdk-traceloop-openai": (without_writes, nothing),
}


def test_every_scenario_is_here():
    assert set(TOLD) == set(SDKS)
    counts = [len(names) for names in (SDKS, COPILOT, OPENCODE, CLAUDE, CODEX)]
    assert counts == [7, 7, 7, 12, 8]
    assert set(EXPECTED) - set(RECORDED) == {"cc-kill"}


@pytest.mark.parametrize("scenario", RECORDED)
def test_nothing_is_rejected(scenario):
    assert not [one for path in bodies(scenario) for one in read(path).rejected]


class TestSdks:
    @pytest.mark.parametrize("scenario", SDKS)
    def test_each_call_counts_once_as_far_as_it_is_told(self, scenario):
        tell, unseen = TOLD[scenario]
        found = calls(witnesses(bodies(scenario)))
        shown = [row for row in EXPECTED[scenario] if not unseen(row)]
        measured = [call for call in found if not call.measure]
        assert sorted(map(classes, measured)) == sorted(
            tell(row) for row in shown if not blind(row)
        )
        unmeasured = [call for call in found if call.measure]
        assert {call.measure for call in unmeasured} <= {UNMEASURED}
        assert len(unmeasured) == sum(map(blind, shown))
        assert not any(call.tokens.total for call in unmeasured)

    @pytest.mark.parametrize("scenario", SDKS)
    def test_in_any_order_three_times_and_body_by_body(self, scenario):
        once = calls(witnesses(bodies(scenario)))
        rows = witnesses(bodies(scenario) * 3)
        random.Random(scenario).shuffle(rows)  # noqa: S311 - repeatable
        assert sorted(calls(rows)) == sorted(once)

    def test_where_nobody_tells_the_counts_there_is_a_gap_in_the_truth(self):
        ids = {row["id"] for rows in EXPECTED.values() for row in rows}
        assert ids >= NEVER_TOLD

    @pytest.mark.parametrize("scenario", SDKS)
    def test_ids_are_those_of_the_provider(self, scenario):
        known = {row[kind] for row in EXPECTED[scenario] for kind in ("id", "request")}
        links = {id_ for row in witnesses(bodies(scenario)) for id_ in row.link.split()}
        rewritten = {id_ for id_ in links - known if id_.startswith("chatcmpl-")}
        assert len(links & known) > 2
        assert links - known == rewritten
        # LiteLLM gives the answers of Anthropic ids of its own.
        assert len(rewritten) == (2 if scenario == "sdk-litellm" else 0)

    def test_an_instrumentor_that_counts_too_much_does_not_win(self):
        rows = witnesses(bodies("sdk-traceloop-anthropic"))
        own = {row.link: row for row in rows if row.source == "anthropic_sdk_spans"}
        too_much = sum(
            row.output - next(o.output for link, o in own.items() if row.key in link)
            for row in rows
            if row.source == "genai_spans"
        )
        assert too_much == 5
        found = calls(rows)
        assert sum(call.tokens.output for call in found) == sum(
            row["tokens"][4] for row in EXPECTED["sdk-traceloop-anthropic"]
        )
        assert [call.differs for call in found].count(("output",)) == 2

    def test_the_own_span_of_the_sdk_leads_and_tells_one_hour_writes(self):
        found = calls(witnesses(bodies("sdk-openinference-anthropic")))
        assert {call.sources for call in found} == {
            ("anthropic_sdk_spans", "genai_spans")
        }
        assert sum(call.tokens.cache_write_1h for call in found) == 16_124

    def test_a_span_that_is_no_relative_is_known_by_the_id_in_its_output(self):
        rows = witnesses(bodies("sdk-openinference-anthropic"))
        assert all(row.link for row in rows)
        assert len(rows) == 2 * 4

    def test_reasoning_is_apart_where_it_is_told(self):
        told = {
            scenario: sum(
                call.tokens.reasoning for call in calls(witnesses(bodies(scenario)))
            )
            for scenario in SDKS
        }
        assert told == {
            "sdk-litellm": 1078,
            "sdk-openai-v2": 0,
            "sdk-openinference-anthropic": 0,
            "sdk-openinference-openai": 141 + 17 + 83,
            "sdk-pydantic-ai": 1381 + 141,
            "sdk-traceloop-anthropic": 0,
            "sdk-traceloop-openai": 26 + 32,
        }

    def test_agents_are_never_added(self):
        rows = witnesses(bodies("sdk-pydantic-ai"))
        assert {row.agent for row in rows} == {"a", "agent"}
        assert len({row.session for row in rows}) == 3
        assert len(calls(rows)) == 5

    def test_who_made_the_calls(self):
        clients = {
            scenario: {row.client for row in witnesses(bodies(scenario))}
            for scenario in SDKS
        }
        assert clients.pop("sdk-litellm") == {"litellm"}
        assert set().union(*clients.values()) == {"sdk"}

    def test_costs_are_those_that_the_program_reckoned(self):
        rows = witnesses(bodies("sdk-litellm"))
        assert [row.reported_cost for row in rows] == [
            33_366,
            7_761,
            25_329,
            None,
            34_241,
        ]


class TestCopilot:
    @pytest.mark.parametrize("scenario", COPILOT)
    def test_each_answer_counts_once(self, scenario):
        rows = witnesses(bodies(scenario) * 2)
        assert {row.source for row in rows} == {"copilot_otlp"}
        told = sorted((*call[:2], sum(call[2:4]), 0, call[4]) for call in each(rows))
        expected = sorted(
            (*row[:2], sum(row[2:4]), 0, row[4]) for row in truth(billed(scenario))
        )
        assert told == expected

    @pytest.mark.parametrize("scenario", COPILOT)
    def test_every_call_has_the_id_of_its_answer(self, scenario):
        rows = witnesses(bodies(scenario))
        assert {row.key for row in rows} == {row["id"] for row in billed(scenario)}
        assert all(row.link == row.key for row in rows)

    def test_the_failed_attempt_is_no_call(self):
        assert not [
            row for row in witnesses(bodies("cp-drop")) if row.measure == UNMEASURED
        ]

    def test_a_sub_agent_is_named_by_the_span_above(self):
        agents = Counter(row.agent for row in witnesses(bodies("cp-agent")))
        assert agents == {"": 2, "explore": 2}

    def test_tools_and_prompts(self):
        facts = Counter(
            (row.kind, row.name)
            for path in bodies("cp-agent")
            for row in read(path).activities.rows()
        )
        assert facts == {
            ("prompt", ""): 1,
            ("tool_result", "bash"): 1,
            ("tool_result", "task"): 1,
        }

    def test_a_resumed_session_keeps_its_name(self):
        rows = witnesses(bodies("cp-resume"))
        assert len({row.session for row in rows}) == 1
        assert {row.identity for row in rows} == {"alice@example.com"}
        assert {row.client_version for row in rows} == {"1.0.102"}


def each(rows):
    return [classes(call) for call in calls(rows)]


class TestOpenCode:
    @pytest.mark.parametrize("scenario", OPENCODE)
    def test_what_was_sent_before_the_exit_counts_once(self, scenario):
        paths = bodies(scenario) if scenario in RECORDED else []
        found = Counter((*c[:2], sum(c[2:4]), c[4]) for c in each(witnesses(paths * 2)))
        expected = Counter(
            (*row[:2], sum(row[2:4]), row[4]) for row in truth(billed(scenario))
        )
        assert not found - expected
        missing = {"agent": 3, "basic": 2, "drop": 1, "err": 1, "resume": 3}
        assert (expected - found).total() == missing.get(scenario[3:], 0)

    def test_reasoning_is_taken_out_of_the_output(self):
        rows = witnesses(bodies("oc-openai"))
        assert sorted((row.output, row.reasoning) for row in rows) == [
            (216, 0),
            (472, 409),
            (1597, 0),
        ]
        assert {row.provider for row in rows} == {"anthropic", "openai"}

    def test_each_tool_run_is_told_once(self):
        rows = [r for p in bodies("oc-bsp") for r in read(p).activities.rows()]
        assert [(row.kind, row.name) for row in rows] == [("tool_result", "bash")] * 2
        assert len({row.key for row in rows}) == 2

    def test_the_overloaded_attempt_is_no_call(self):
        assert len(witnesses(bodies("oc-err"))) == 1


class TestClaudeCode:
    @pytest.mark.parametrize("scenario", sorted(set(CLAUDE) - {"cc-kill"}))
    def test_the_metric_has_the_tokens_of_the_session(self, scenario):
        rows = witnesses(bodies(scenario, ("metrics",)) * 3)
        assert {row.source for row in rows} == {"claude_code_metrics"}
        assert sums(calls(rows)) == summed(billed(scenario))

    def test_spans_have_each_request(self):
        rows = witnesses(bodies("cc-trace", ("traces",)) * 2)
        told = {
            (row.link, row.input, row.cache_read, row.cache_write, row.output)
            for row in rows
        }
        assert told == {
            (row["request"], *row["tokens"][:3], row["tokens"][4])
            for row in EXPECTED["cc-trace"]
        }

    def test_of_two_gap_fillers_one_counts(self):
        rows = witnesses(bodies("cc-trace"))
        assert {row.source for row in rows} == {
            "claude_code_metrics",
            "claude_code_spans",
        }
        found = calls(rows)
        assert sums(found) == summed(EXPECTED["cc-trace"])
        assert {call.sources for call in found} == {("claude_code_spans",)}

    def test_a_running_total_is_one_witness(self):
        rows = witnesses(bodies("cc-cumul"))
        assert len(rows) > 1
        assert len({row.key for row in rows}) == 1

    def test_a_sub_agent_is_apart(self):
        agents = {row.agent for row in witnesses(bodies("cc-agent"))}
        assert agents == {"", "general-purpose"}

    def test_models_have_no_decoration(self):
        assert {row.model for row in witnesses(bodies("cc-basic"))} == {
            "claude-opus-4-8"
        }


class TestCodex:
    @pytest.mark.parametrize("scenario", CODEX)
    def test_spans_of_turns_have_the_tokens_of_the_session(self, scenario):
        rows = witnesses(bodies(scenario, ("traces",)) * 3)
        assert {row.source for row in rows} == {"codex_spans"}
        assert all(row.session for row in rows)
        found = calls(rows)
        assert sums(found) == summed(billed(scenario))
        assert reasoning(found) == sum(row["tokens"][5] for row in billed(scenario))

    @pytest.mark.parametrize("scenario", CODEX)
    def test_the_metric_has_the_same_sums_but_is_never_added(self, scenario):
        rows = witnesses(bodies(scenario, ("metrics",)))
        assert {row.source for row in rows} == {"codex_metrics"}
        assert {row.measure for row in rows} == {ESTIMATE}
        assert sums(rows) == summed(billed(scenario))
        assert calls(rows) == []

    def test_a_sub_agent_has_a_session_of_its_own(self):
        sessions = {r.session for r in witnesses(bodies("cx-agent", ("traces",)))}
        assert len(sessions) == 2
        assert {row.agent for row in witnesses(bodies("cx-agent", ("metrics",)))} == {
            "",
            "subagent",
        }


def sums(rows):
    """Return (input, reads, writes, answer) of all: few tell writes of an hour."""
    told = [classes(row) for row in rows]
    return tuple(
        sum(column)
        for column in zip(*((*c[:2], c[2] + c[3], c[4]) for c in told), strict=True)
    )


def summed(rows):
    told = [row["tokens"] for row in rows]
    return tuple(
        sum(column)
        for column in zip(*((*t[:2], t[2] + t[3], t[4]) for t in told), strict=True)
    )


def reasoning(found):
    return sum(call.tokens.reasoning for call in found)
