"""A gateway and the agents behind it tell of the same calls: each counts once.

Recorded telemetry and logs of real agents; what the proxy in front of the provider
would have said of each call is made from them, in LiteLLM's own form.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.sources import claude_code_log, claude_code_otlp, codex_otlp, codex_rollout
from mileage.sources.installed import traits
from mileage.sources.litellm import SOURCE
from mileage.sources.otlp import OtlpReader
from mileage.wiring.policy import load_policy
from tests.gateway_records import body, litellm_record
from tests.road.recordings import billed_by_telemetry, logs_of, recorded_bodies

TRAITS = traits()
READER = OtlpReader((claude_code_otlp.SOURCE, codex_otlp.SOURCE))
LOGS = (claude_code_log.SOURCE, codex_rollout.SOURCE)


@cache
def join():
    return load_policy(None).join


@cache
def telemetry():
    rows = [
        row
        for one in recorded_bodies()
        for row in READER.read(
            one.path.removeprefix("/v1/"),
            "json" if one.content_type == "application/json" else "protobuf",
            one.data,
        ).witnesses.rows()
    ]
    return tuple(dict.fromkeys(rows))


@cache
def logged():
    rows = []
    for source in LOGS:
        for path in logs_of(source.traits.name):
            lines = path.read_bytes().splitlines(keepends=True)
            for reading in source.read(lines, path.name):
                rows += reading.witnesses.rows()
    return tuple(rows)


@cache
def messages():
    """The provider's names of answers, by those of requests; logs know both."""
    return {row.link: row.key for row in logged() if row.client == "claude-code"}


WAYS = {
    "both ids": lambda row: f"{row.link} {messages().get(row.link, '')}".strip(),
    "the request's id": lambda row: row.link,
    "the answer's id": lambda row: messages().get(row.link, ""),
    "no id": lambda row: "",
}


@cache
def told(way):
    """What the proxy told of every call of the telemetry, which misses none."""
    records = [
        litellm_record(row, number, ids=WAYS[way](row))
        for number, row in enumerate(telemetry())
    ]
    reading = SOURCE.read_body(body(records))
    assert not reading.rejected
    return tuple(reading.witnesses.rows())


def calls(rows):
    seen = [Seen(row, "acc-1", asserted=False) for row in rows]
    return resolve(seen, TRAITS, join())


def figures(found):
    """Return the tokens of each client, cache writes of either life together."""
    sums = {}
    for call in found:
        mine = sums.setdefault(call.client, Counter())
        mine["calls"] += 1
        mine["input"] += call.tokens.input
        mine["cache_read"] += call.tokens.cache_read
        mine["cache_write"] += call.tokens.cache_write + call.tokens.cache_write_1h
        mine["answer"] += call.tokens.output + call.tokens.reasoning
    return sums


@cache
def billed():
    sums = {}
    for client, row in billed_by_telemetry().items():
        sums[client] = Counter(
            {
                name: row[name]
                for name in ("calls", "input", "cache_read", "cache_write")
            }
        )
        sums[client]["answer"] = row["output"] + row["reasoning"]
    return sums


def test_the_recordings_are_here():
    assert len(telemetry()) > 40
    assert len(logged()) > 10
    assert messages()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(3))
def test_proxy_telemetry_and_logs_three_times_in_any_order(way, seed):
    rows = [*telemetry(), *logged(), *told(way)] * 3
    random.Random(seed).shuffle(rows)  # noqa: S311 - an order
    assert figures(calls(rows)) == billed()


@pytest.mark.parametrize("way", WAYS)
def test_proxy_and_telemetry(way):
    assert figures(calls([*telemetry(), *told(way)])) == billed()


@pytest.mark.parametrize("way", ["both ids", "the answer's id", "no id"])
def test_proxy_and_logs(way):
    rows = logged()
    names = {(row.client, row.session) for row in rows}
    proxy = [row for row in told(way) if (row.client, row.session) in names]
    found = calls([*rows, *proxy])
    keyed = {(call.client, call.session) for call in found}
    assert keyed <= names
    assert figures(found) == figures(calls(proxy))


def test_the_proxy_alone_tells_what_was_billed():
    assert figures(calls(told("both ids"))) == billed()


@pytest.mark.parametrize("way", WAYS)
def test_the_agents_own_figures_session_and_name_lead(way):
    found = calls([*telemetry(), *told(way)])
    alone = {call.session: call.client for call in calls(telemetry())}
    assert {call.session: call.client for call in found} == alone
    assert all("litellm" in call.sources for call in found)


@given(st.data())
def test_any_part_of_each(data):
    """Whoever saw a call, it counts once, and none counts that nobody saw."""
    way = data.draw(st.sampled_from(["both ids", "the request's id"]))
    size = len(telemetry())
    marks = st.lists(st.sampled_from("tpb-"), min_size=size, max_size=size)
    pairs = zip(telemetry(), told(way), data.draw(marks), strict=True)
    rows, expected = [], 0
    for own, proxys, mark in pairs:
        if own.client != "claude-code":
            continue
        rows += [own] * (mark in "tb") + [proxys] * (mark in "pb")
        expected += mark != "-"
    found = calls(data.draw(st.permutations(rows)) if len(rows) < 30 else rows[::-1])
    assert len(found) == expected
