"""Real clients' witnesses, taken apart: without ids, in parts, late, and ten times."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.join_policy import parse_join
from mileage.domain.likeness import joint_counts
from mileage.sources.installed import otlp_sources, traits
from mileage.sources.otlp import OtlpReader
from tests.drawing import examples
from tests.session_logs import SOURCES
from tests.witnesses import CODEX_OTLP, LOG, MINUTE, OTLP, ROLLOUT

GOLDEN = Path(__file__).parents[1] / "golden"
SCENARIOS = ("cc-agent", "cc-basic", "cc-resume", "cx-agent", "cx-basic", "cx-resume")
TRAITS = traits()
SHIPPED = parse_join(
    (Path(__file__).parents[2] / "src/mileage/policy/join.toml").read_text("utf-8"),
    "join.toml",
)
MAIN = {LOG, OTLP, ROLLOUT, CODEX_OTLP}


@cache
def rows(scenario):
    """What the log and what telemetry says; the counts of each call are its own."""
    reader = OtlpReader(otlp_sources())
    found = []
    for path in sorted((GOLDEN / "otlp" / scenario).iterdir()):
        signal = path.stem.partition("-")[2]
        form = "json" if path.suffix == ".json" else "protobuf"
        found += reader.read(signal, form, path.read_bytes()).witnesses.rows()
    for name, source in SOURCES.items():
        for file in sorted((GOLDEN / "logs" / name / scenario).rglob("*.jsonl")):
            lines = file.read_bytes().splitlines(keepends=True)
            for reading in source.read(lines, file.name):
                found += reading.witnesses.rows()
    return found


def events(scenario):
    return [row for row in rows(scenario) if row.source in MAIN]


def truth(told):
    """(source, key) to the counts, which no two calls of a recording share."""
    return {(row.source, row.key): joint_counts(row) for row in told}


def pairs_of(calls):
    return {
        pair
        for call in calls
        for pair in combinations(sorted(zip(call.sources, call.keys, strict=True)), 2)
    }


def true_pairs(told):
    of_call = defaultdict(set)
    for name, counts in truth(told).items():
        of_call[counts].add(name)
    sets = of_call.values()
    return {pair for names in sets for pair in combinations(sorted(names), 2)}


def joined(told, policy=SHIPPED):
    return resolve([Seen(row, "a", asserted=False) for row in told], TRAITS, policy)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_recordings_are_what_the_tests_below_need(scenario):
    told = events(scenario)
    by_source = defaultdict(set)
    for (source, _), counts in truth(told).items():
        assert counts not in by_source[source]
        by_source[source].add(counts)
    assert len(by_source) == 2
    assert true_pairs(told)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("policy", [None, SHIPPED], ids=["traits", "shipped"])
def test_with_everything_that_was_recorded(scenario, policy):
    calls = joined(rows(scenario), policy)
    assert pairs_of(calls) == true_pairs(events(scenario))
    assert len(calls) == len(set(truth(events(scenario)).values()))
    assert not any(call.differs or call.inflated for call in calls)


@settings(max_examples=examples(120), deadline=None)
@given(
    st.sampled_from(SCENARIOS),
    st.integers(-2 * MINUTE, 2 * MINUTE),
    st.sampled_from([1, 1, 10]),
    st.booleans(),
    st.sampled_from([None, SHIPPED]),
    st.randoms(use_true_random=False),
)
def test_any_part_late_inflated_and_without_ids(
    scenario, shift, factor, named, policy, rng: random.Random
):
    told = events(scenario)
    shifted = rng.choice(sorted({row.source for row in told}))
    liar = rng.choice(sorted({row.source for row in told}))
    # All copies of a call or none: a fork's copy alone names another session.
    kept = {one for one in sorted({row[:2] for row in told}) if rng.random() < 0.8}
    part = [row for row in told if row[:2] in kept] or told
    changed = []
    for row in part:
        new = row if named else row._replace(link="")
        if row.source == shifted:
            new = new._replace(occurred_at=new.occurred_at + shift)
        if row.source == liar and factor > 1:
            new = new._replace(
                **{name: getattr(new, name) * factor for name in COUNTED}
            )
        changed.append(new)
    # Without ids it takes the policy to know which sources date calls by their start.
    rules = policy if named else SHIPPED
    calls = joined(rng.sample(changed * 2, 2 * len(changed)), rules)
    assert pairs_of(calls) == true_pairs(part)
    counts = truth(part)
    for call in calls:
        name = (call.sources[0], call.keys[0])
        if len(call.sources) == 2 and factor > 1:
            assert call.inflated == (f"{liar}:{factor}",)
        if len(call.sources) == 2 or liar not in call.sources:
            tokens = call.tokens
            assert sum(tokens) == sum(counts[name])
            assert tokens.output + tokens.reasoning == counts[name][3]


COUNTED = (
    *("input", "cache_read", "cache_write", "cache_write_1h"),
    *("output", "reasoning", "tool_input"),
)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_ten_times_as_much_is_never_counted(scenario):
    honest = Counter(map(joint_counts, events(scenario)))
    assert min(honest.values()) >= 1 < max(honest.values())
    total = sum(sum(counts) for counts in honest)
    for liar in {row.source for row in events(scenario)}:
        told = [
            row._replace(**{name: getattr(row, name) * 10 for name in COUNTED})
            if row.source == liar
            else row
            for row in events(scenario)
        ]
        both = [call for call in joined(told) if len(call.sources) == 2]
        assert all(call.inflated == (f"{liar}:10",) for call in both)
        alone = [call for call in joined(told) if len(call.sources) == 1]
        counted = sum(call.tokens.total for call in both)
        unchecked = sum(
            call.tokens.total // (10 if liar in call.sources else 1) for call in alone
        )
        assert counted + unchecked == total
