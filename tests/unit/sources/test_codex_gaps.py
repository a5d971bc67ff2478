"""Codex's token metric and its spans of turns."""

from __future__ import annotations

import pytest

from mileage.domain.call import ESTIMATE, Seen
from mileage.domain.join import resolve
from mileage.sources import codex_metrics, codex_otlp, codex_spans
from mileage.sources.otlp import OtlpReader
from tests.otlp_bodies import (
    AT_MICROS,
    AT_NANOS,
    CODEX_RESOURCE,
    CODEX_SCOPE,
    SSE_EVENT,
    log,
    logs,
    metrics,
    packed_metrics,
    packed_spans,
    pairs,
    span,
    spans,
)

SOURCES = (codex_metrics.SOURCE, codex_otlp.SOURCE, codex_spans.SOURCE)
TRAITS = {source.traits.name: source.traits for source in SOURCES}
READER = OtlpReader(SOURCES)
USAGE = "codex.turn.token_usage"
LABELS = {
    "app.version": "0.169.0",
    "model": "gpt-5.1-codex",
    "originator": "codex_exec",
    "session_source": "exec",
}
COUNTS = {
    "input": 1000,
    "cached_input": 600,
    "cache_write_input": 100,
    "output": 50,
    "reasoning_output": 20,
    "total": 1050,
}
CLASSES = (300, 600, 100, 0, 30, 20, 0)
TURN = {
    "thread.id": "thread-1",
    "turn.id": "turn-1",
    "model": "gpt-5.1-codex",
    **{f"codex.turn.token_usage.{key}_tokens": count for key, count in COUNTS.items()},
}


def sample(kind, total, labels=None, **fields):
    return {
        "attributes": pairs({**(labels or LABELS), "token_type": kind}),
        "startTimeUnixNano": str(AT_NANOS - 10**9),
        "timeUnixNano": str(AT_NANOS),
        "count": "1",
        "sum": total,
        **fields,
    }


def samples(counts=None, **more):
    chosen = COUNTS if counts is None else counts
    return [sample(kind, float(total), **more) for kind, total in chosen.items()]


def measured(*made, temporality=1, kind="histogram"):
    held = {"aggregationTemporality": temporality, "dataPoints": list(made)}
    body = metrics({"name": USAGE, kind: held}, scope="codex", **CODEX_RESOURCE)
    reading = READER.read("metrics", "json", body)
    assert reading == READER.read("metrics", "protobuf", packed_metrics(body))
    return reading


def turned(attributes, name="session_task.turn", **fields):
    body = spans(
        span(attributes, name=name, **fields),
        scope="codex_exec",
        resource={**CODEX_RESOURCE, "service.version": "0.169.0"},
    )
    reading = READER.read("traces", "json", body)
    assert reading == READER.read("traces", "protobuf", packed_spans(body))
    return reading


def without(key):
    return {name: held for name, held in TURN.items() if name != key}


def calls(rows):
    return resolve([Seen(row, "a", asserted=False) for row in rows], TRAITS)


class TestMetrics:
    def test_overlapping_types_are_taken_apart(self):
        reading = measured(*samples())
        (row,) = reading.witnesses.rows()
        assert row.tokens == CLASSES
        assert (row.provider, row.model) == ("", "gpt-5.1-codex")
        assert row.client_version == "0.169.0"
        assert row.identity == "alice@example.com"
        assert row.occurred_at == AT_MICROS
        # The total repeats the others.
        assert reading.ignored == 1

    def test_it_is_an_estimate_because_it_names_no_session(self):
        (row,) = measured(*samples()).witnesses.rows()
        assert (row.session, row.link, row.measure) == ("", "", ESTIMATE)
        assert calls([row]) == []

    def test_a_sub_agent_is_apart(self):
        sub = {**LABELS, "session_source": "subagent_thread_spawn_thread-1_d1"}
        reading = measured(*samples(), *samples(labels=sub))
        assert [row.agent for row in reading.witnesses.rows()] == ["", "subagent"]

    def test_a_batch_that_is_sent_again_has_the_same_key(self):
        first, second = measured(*samples()), measured(*samples())
        assert first == second
        later = measured(*samples(timeUnixNano=str(AT_NANOS + 1)))
        keys = {row.key for one in (first, later) for row in one.witnesses.rows()}
        assert len(keys) == 2

    def test_a_running_total_keeps_its_key(self):
        keys = {
            row.key
            for seconds in range(3)
            for row in measured(
                *samples(timeUnixNano=str(AT_NANOS + seconds * 10**9)), temporality=2
            ).witnesses.rows()
        }
        assert len(keys) == 1

    def test_cached_tokens_are_never_more_than_the_input(self):
        (row,) = measured(*samples({"input": 5, "cached_input": 9})).witnesses.rows()
        assert row.tokens == (0, 5, 0, 0, 0, 0, 0)

    @pytest.mark.parametrize(
        ("made", "reason"),
        [
            (sample("input", -5.0), "missing or absurd amount"),
            (sample("input", 0.5), "missing or absurd amount"),
            (sample("thought", 5.0), "unknown type of token"),
            (sample("input", 5.0, timeUnixNano="0"), "no time"),
        ],
    )
    def test_what_cannot_be_read_is_rejected(self, made, reason):
        (refused,) = measured(made).rejected
        assert refused.reason == reason
        assert refused.source == "codex_metrics"

    def test_without_temporality_it_is_rejected(self):
        (refused,) = measured(sample("input", 5.0), temporality=0).rejected
        assert refused.reason == "a metric that is no sum of known temporality"

    def test_a_turn_of_nothing_is_none(self):
        reading = measured(*samples(dict.fromkeys(COUNTS, 0)))
        assert len(reading.witnesses) == 0
        assert reading.ignored == len(COUNTS)

    def test_a_summary_cannot_be_read(self):
        held = {"name": USAGE, "summary": {"dataPoints": [{"count": "1"}]}}
        body = metrics(held, scope="codex")
        (refused,) = READER.read("metrics", "json", body).rejected
        assert refused.reason == "unknown type of token"


class TestSpans:
    def test_a_whole_witness(self):
        (row,) = turned(TURN).witnesses.rows()
        assert row.source == "codex_spans"
        assert row.key == "thread-1:turn-1"
        assert row.session == "thread-1"
        assert row.tokens == CLASSES
        assert (row.provider, row.model) == ("", "gpt-5.1-codex")
        assert row.client_version == "0.169.0"
        assert row.measure == ""

    def test_of_two_thread_ids_the_text_is_the_session(self):
        made = span({"thread.id": 5}, name="session_task.turn")
        made["attributes"] += pairs(TURN)
        body = spans(made, scope="codex_exec")
        (row,) = READER.read("traces", "json", body).witnesses.rows()
        assert row.session == "thread-1"

    @pytest.mark.parametrize("key", ["thread.id", "turn.id"])
    def test_without_session_or_turn_it_is_rejected(self, key):
        (refused,) = turned(without(key)).rejected
        assert refused.reason == "no session or turn id"
        (refused,) = turned({**TURN, key: 5}).rejected
        assert refused.reason == "no session or turn id"

    def test_without_a_time_it_is_rejected(self):
        nothing = {"endTimeUnixNano": "0", "startTimeUnixNano": "0"}
        (refused,) = turned(TURN, **nothing).rejected
        assert refused.reason == "no time"

    def test_absurd_counts_are_rejected(self):
        (refused,) = turned(
            {**TURN, "codex.turn.token_usage.output_tokens": "many"}
        ).rejected
        assert refused.reason == "absurd token counts"

    @pytest.mark.parametrize(
        "attributes",
        [
            {"thread.id": "thread-1", "turn.id": "turn-1"},
            {**TURN, **{key: 0 for key in TURN if "usage" in key}},
        ],
    )
    def test_a_turn_without_an_answer_is_none(self, attributes):
        reading = turned(attributes)
        assert len(reading.witnesses) == 0
        assert reading.ignored == 1

    def test_spans_of_responses_are_not_read(self):
        response = {
            "gen_ai.usage.input_tokens": 5,
            "gen_ai.usage.output_tokens": 5,
        }
        reading = turned(response, name="handle_responses")
        assert len(reading.witnesses) == 0
        assert reading.ignored == 1


class TestGaps:
    def test_where_an_event_tells_the_session_a_turn_adds_nothing(self):
        body = logs(log(SSE_EVENT), scope=CODEX_SCOPE, resource=CODEX_RESOURCE)
        event = list(READER.read("logs", "json", body).witnesses.rows())
        fillers = [
            *turned(TURN).witnesses.rows(),
            *measured(*samples()).witnesses.rows(),
        ]
        (call,) = calls(event + fillers)
        assert call.sources == ("codex_otlp",)

    def test_alone_it_counts_and_the_metric_does_not(self):
        fillers = [
            *turned(TURN).witnesses.rows(),
            *measured(*samples()).witnesses.rows(),
        ]
        (call,) = calls(fillers * 3)
        assert call.sources == ("codex_spans",)
        assert call.tokens == CLASSES

    def test_both_know_that_they_fill_gaps(self):
        assert {name for name, traits in TRAITS.items() if traits.gap} == {
            "codex_metrics",
            "codex_spans",
        }
