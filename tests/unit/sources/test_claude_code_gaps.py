"""Claude Code's token metric and its spans of requests."""

from __future__ import annotations

import random

import pytest

from mileage.domain.call import ESTIMATE, Seen
from mileage.domain.copies import merge_copies
from mileage.domain.join import resolve
from mileage.sources import claude_code_metrics, claude_code_otlp, claude_code_spans
from mileage.sources.otlp import OtlpReader
from tests.otlp_bodies import (
    API_REQUEST,
    AT_MICROS,
    AT_NANOS,
    log,
    logs,
    metric,
    metrics,
    packed_metrics,
    packed_spans,
    point,
    span,
    spans,
)

SOURCES = (
    claude_code_metrics.SOURCE,
    claude_code_otlp.SOURCE,
    claude_code_spans.SOURCE,
)
TRAITS = {source.traits.name: source.traits for source in SOURCES}
READER = OtlpReader(SOURCES)
USAGE = "claude_code.token.usage"
LABELS = {
    "session.id": "session-1",
    "model": "claude-opus-4-8[1m]",
    "query_source": "main",
    "user.id": "ab" * 32,
}
COUNTS = {"input": 10, "output": 7, "cacheRead": 60, "cacheCreation": 30}
SERVICE = {"service.name": "claude-code", "service.version": "2.1.197"}
REQUEST = {
    "session.id": "session-1",
    "model": "claude-opus-4-8",
    "request_id": "req_1",
    "gen_ai.response.id": "req_1",
    "input_tokens": 10,
    "output_tokens": 7,
    "cache_read_tokens": 60,
    "cache_creation_tokens": 30,
    "speed": "fast",
}


def points(counts=None, labels=None, **fields):
    counts = COUNTS if counts is None else counts
    labels = LABELS if labels is None else labels
    return [
        point(count, {**labels, "type": kind}, **fields)
        for kind, count in counts.items()
    ]


def measured(*made, temporality=1):
    body = metrics(metric(USAGE, *made, temporality=temporality), **SERVICE)
    reading = READER.read("metrics", "json", body)
    assert reading == READER.read("metrics", "protobuf", packed_metrics(body))
    return reading


def told(*made, temporality=1):
    reading = measured(*made, temporality=temporality)
    assert not reading.rejected
    return list(reading.witnesses.rows())


def asked(attributes, **fields):
    made = span(attributes, name="claude_code.llm_request", **fields)
    body = spans(made, scope="com.anthropic.claude_code.tracing", resource=SERVICE)
    reading = READER.read("traces", "json", body)
    assert reading == READER.read("traces", "protobuf", packed_spans(body))
    return reading


def merged(rows):
    copies = [Seen(row, "a", asserted=False) for row in rows]
    return merge_copies(copies).witness


def calls(rows):
    return resolve([Seen(row, "a", asserted=False) for row in rows], TRAITS)


class TestMetrics:
    def test_the_four_types_are_one_witness(self):
        (row,) = told(*points())
        assert row.tokens == (10, 60, 30, 0, 7, 0, 0)
        assert row.session == "session-1"
        assert row.model == "claude-opus-4-8"
        assert row.client_version == "2.1.197"
        assert row.provider == "anthropic"
        assert row.occurred_at == AT_MICROS
        assert row.measure == ""
        assert row.identity == "installation:" + "ab" * 32

    def test_in_four_bodies_they_have_one_key_and_join(self):
        rows = [row for one in points() for row in told(one)]
        assert len({row.key for row in rows}) == 1
        assert merged(rows).tokens == (10, 60, 30, 0, 7, 0, 0)

    @pytest.mark.parametrize(
        "labels",
        [
            {"session.id": "session-2"},
            {"model": "claude-haiku-4-5"},
            {"query_source": "subagent"},
            {"effort": "high"},
        ],
    )
    def test_another_label_is_another_series(self, labels):
        rows = told(*points(), *points(labels={**LABELS, **labels}))
        assert len({row.key for row in rows}) == 2

    def test_another_interval_is_another_witness(self):
        later = {
            "startTimeUnixNano": str(AT_NANOS),
            "timeUnixNano": str(AT_NANOS + 10**9),
        }
        rows = told(*points(), *points(**later))
        assert len({row.key for row in rows}) == 2

    def test_a_batch_that_is_sent_again_has_the_same_key(self):
        (first,) = told(*points())
        assert told(*points(), *points()) == [first]

    def test_a_running_total_keeps_its_key_and_the_last_value_remains(self):
        rows = [
            row
            for grown, seconds in ((1, 1), (3, 2), (2, 3))
            for row in told(
                *points(
                    {kind: count * grown for kind, count in COUNTS.items()},
                    timeUnixNano=str(AT_NANOS + seconds * 10**9),
                ),
                temporality=2,
            )
        ]
        random.Random(1).shuffle(rows)  # noqa: S311 - repeatable
        assert len({row.key for row in rows}) == 1
        assert merged(rows).tokens == (30, 180, 90, 0, 21, 0, 0)

    def test_a_running_total_that_starts_anew_is_another_one(self):
        again = str(AT_NANOS + 5)
        rows = [
            *told(*points(), temporality=2),
            *told(*points(startTimeUnixNano=again), temporality=2),
        ]
        assert len({row.key for row in rows}) == 2

    def test_without_a_session_it_is_an_estimate(self):
        labels = {key: held for key, held in LABELS.items() if key != "session.id"}
        (row,) = told(*points(labels=labels))
        assert row.measure == ESTIMATE
        assert calls([row]) == []

    def test_nothing_but_0_is_no_witness(self):
        reading = measured(*points(dict.fromkeys(COUNTS, 0)))
        assert len(reading.witnesses) == 0
        assert reading.ignored == 4

    def test_one_type_may_be_0(self):
        (row,) = told(*points({**COUNTS, "cacheCreation": 0}))
        assert row.cache_write == 0

    @pytest.mark.parametrize("value", [-1, 0.5, 1e300])
    def test_absurd_amounts_are_rejected(self, value):
        (refused,) = measured(*points({"input": value})).rejected
        assert refused.reason == "missing or absurd amount"
        assert refused.source == "claude_code_metrics"

    @pytest.mark.parametrize("kind", ["thought", "", 5])
    def test_unknown_types_are_rejected(self, kind):
        (refused,) = measured(point(5, {**LABELS, "type": kind})).rejected
        assert refused.reason == "unknown type of token"

    def test_what_is_neither_growth_nor_total_is_rejected(self):
        (refused,) = measured(*points({"input": 5}), temporality=0).rejected
        assert refused.reason == "a metric that is no sum of known temporality"

    def test_without_a_time_it_is_rejected(self):
        (refused,) = measured(*points({"input": 5}, timeUnixNano="0")).rejected
        assert refused.reason == "no time"

    def test_a_sub_agent_is_named(self):
        labels = {**LABELS, "query_source": "subagent", "agent.name": "explore"}
        assert told(*points(labels=labels))[0].agent == "explore"

    def test_other_metrics_stay_activity(self):
        made = metric("claude_code.commit.count", point(2, LABELS))
        reading = READER.read("metrics", "json", metrics(made, **SERVICE))
        assert len(reading.witnesses) == 0
        assert len(reading.activities) == 1


class TestSpans:
    def test_a_whole_witness(self):
        (row,) = asked(REQUEST).witnesses.rows()
        assert row.source == "claude_code_spans"
        assert (row.key, row.link) == ("req_1", "req_1")
        assert row.session == "session-1"
        assert row.tokens == (10, 60, 30, 0, 7, 0, 0)
        assert row.tier == "fast"
        assert row.measure == ""

    def test_without_request_id_the_span_is_its_name(self):
        plain = {key: held for key, held in REQUEST.items() if key != "request_id"}
        (row,) = asked(plain).witnesses.rows()
        assert row.link == ""
        assert row.key.count(":") == 1
        (refused,) = asked(plain, spanId="").rejected
        assert refused.reason == "no request id and no span id"

    def test_without_a_session_it_is_an_estimate(self):
        plain = {key: held for key, held in REQUEST.items() if key != "session.id"}
        (row,) = asked(plain).witnesses.rows()
        assert row.measure == ESTIMATE

    def test_an_attempt_without_counts_is_no_call(self):
        reading = asked({"session.id": "s", "request_id": "req_1"})
        assert len(reading.witnesses) == 0
        assert reading.ignored == 1

    def test_absurd_counts_are_rejected(self):
        (refused,) = asked({**REQUEST, "input_tokens": "many"}).rejected
        assert refused.reason == "absurd token counts"
        (refused,) = asked(REQUEST, endTimeUnixNano="5000").rejected
        assert refused.reason == "time before 2020"

    def test_other_spans_are_ignored(self):
        made = span(REQUEST, name="claude_code.tool")
        assert READER.read("traces", "json", spans(made)).ignored == 1


class TestGaps:
    def test_all_three_know_that_they_fill_gaps_or_not(self):
        gaps = {name for name, traits in TRAITS.items() if traits.gap}
        assert gaps == {"claude_code_metrics", "claude_code_spans"}

    def test_where_an_event_tells_the_session_they_add_nothing(self):
        body = logs(log({**API_REQUEST, "session.id": "session-1"}))
        event = list(READER.read("logs", "json", body).witnesses.rows())
        fillers = [*told(*points()), *asked(REQUEST).witnesses.rows()]
        (call,) = calls(event + fillers)
        assert "claude_code_metrics" not in call.sources
        assert call.tokens == event[0].tokens

    def test_alone_one_of_them_counts(self):
        (call,) = calls([*told(*points()), *asked(REQUEST).witnesses.rows()])
        assert call.sources == ("claude_code_spans",)
        (call,) = calls(told(*points()))
        assert call.tokens.total == 107
