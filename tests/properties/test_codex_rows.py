"""Both ways of reading rollouts find the same, whatever stands in a line."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.packed import FileCalls
from mileage.sources.codex_lines import can_be_skipped
from mileage.sources.codex_rollout import SOURCE
from mileage.sources.codex_rows import Row, lines_of, scanned
from mileage.sources.codex_tail import RolloutTail
from tests.drawing import examples
from tests.odd_json import oddly_written

counts = st.sampled_from([0, 3, 50, 50, 400, 10**12, None])
odd = st.sampled_from([-1, 2.5, "4", True, 10**13, []])
usages = st.none() | st.fixed_dictionaries(
    {"input_tokens": counts, "output_tokens": counts},
    optional={
        "cached_input_tokens": counts | odd,
        "cache_write_input_tokens": counts,
        "reasoning_output_tokens": counts,
        "total_tokens": counts | odd,
    },
)
infos = st.fixed_dictionaries(
    {},
    optional={
        "total_token_usage": usages | odd,
        "last_token_usage": usages,
        "model": st.sampled_from(["gpt-6-codex", None, 4]),
        "model_context_window": st.integers(0, 9),
    },
)
payloads = st.fixed_dictionaries(
    {"type": st.sampled_from(["token_count"] * 3 + ["task_started", "agent_message"])},
    optional={
        "info": infos | st.none() | odd,
        "rate_limits": st.sampled_from([None, {"primary": {"used_percent": 1.5}}]),
        "usage": st.none() | odd,
        "id": st.sampled_from(["t1", None, 4]),
        "cwd": st.just("/home/a"),
        "message": st.sampled_from(["words \u2014 \\ud83d", "\u00e9"]),
    },
)
metas = st.fixed_dictionaries(
    {"id": st.sampled_from(["t1", "t2"])},
    optional={
        "forked_from_id": st.just("t0"),
        "cwd": st.just("/home/a"),
        "model": st.just("gpt-6"),
        "subagent_history_start_ordinal": st.sampled_from([0, 5, None, 10**30]),
    },
)
stamps = st.sampled_from(
    [
        *("2026-11-22T10:00:00.000Z", "2026-11-22T10:00:00.050Z"),
        *("2026-11-22T10:00:05.000Z", "2026-11-22T11:00:00+01:00"),
        *("2019-05-01T00:00:00.000Z", "never", None, 5),
    ]
)
lines = st.one_of(
    *[
        st.fixed_dictionaries(
            {"type": st.sampled_from(["event_msg", "event_msg", "other"])},
            optional={"timestamp": stamps, "ordinal": st.sampled_from([0, 5, None])},
        ).flatmap(
            lambda head: payloads.map(lambda payload: {**head, "payload": payload})
        )
    ]
    * 3,
    metas.map(
        lambda meta: {
            "timestamp": "2026-11-22T10:00:00.000Z",
            "type": "session_meta",
            "payload": meta,
        }
    ),
    st.just(
        {
            "timestamp": "2026-11-22T10:00:06.000Z",
            "type": "token_usage_record",
            "payload": {"response_id": "resp_1", "usage": {"input_tokens": 50}},
        }
    ),
)


def grown(steps):
    """Return a thread of its own whose totals grow, stand still and fall."""
    total = [0] * 5
    found = []
    for number, (step, model) in enumerate(steps):
        total = [max(0, one + more) for one, more in zip(total, step, strict=True)]
        used = dict(zip(USED, total, strict=True))
        info = {"total_token_usage": used, "last_token_usage": {"input_tokens": 9}}
        stamp = f"2026-11-22T10:{number // 60 + 1:02}:{number % 60:02}.000Z"
        told = {"type": "token_count", "info": info}
        found.append({"timestamp": stamp, "type": "event_msg", "payload": told})
        if model is not None:
            turn = {"model": model, "message": "x"}
            found.append({"timestamp": stamp, "type": "turn_context", "payload": turn})
    return found


USED = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
)
steps = st.tuples(
    st.tuples(*[st.sampled_from([0, 0, 1, 70, 70, 5_000, -1, -60])] * 5),
    st.sampled_from([None, None, None, "gpt-6-codex", "gpt-6"]),
)
threads = st.lists(steps, max_size=12).map(grown)
records = st.lists(lines, max_size=3)
whole_threads = st.tuples(records, threads, records, threads).map(
    lambda parts: b"\n".join(
        json.dumps(line, separators=(",", ":")).encode()
        for part in parts
        for line in part
    )
)


def written_by_turns(responses):
    """Return how versions with records and without write one thread on, and its sum.

    With records the total may come before, behind, or not at all.
    """
    whole, found = [0] * 5, []
    for number, (used, way) in enumerate(responses):
        whole = [one + more for one, more in zip(whole, used, strict=True)]
        last, total = (dict(zip(USED, one, strict=True)) for one in (used, whole))
        stamp = f"2026-11-22T10:{number:02}:00.000Z"
        info = {"total_token_usage": total, "last_token_usage": last}
        told = {"response_id": f"resp_{number}", "usage": last}
        kinds = {
            "total": ("event_msg", {"type": "token_count", "info": info}),
            "record": ("token_usage_record", {**told, "thread_token_usage": total}),
        }
        for kind in way:
            name, payload = kinds[kind]
            found.append({"timestamp": stamp, "type": name, "payload": payload})
    return found, whole


ways = st.sampled_from(
    [
        *(["total"], ["total", "total"], ["record"], ["record", "total", "total"]),
        *(["record", "total"], ["total", "record"], ["total", "record", "total"]),
    ]
)
spent = st.tuples(*[st.integers(1, 9_000)] * 5)
by_turns = st.lists(
    st.tuples(spent, ways), min_size=1, max_size=12, unique_by=lambda one: one[0]
)
"""No two responses use the same five counts."""


@given(by_turns, st.sets(st.integers(0, 24)), st.sampled_from([scanned, lines_of]))
def test_each_response_counts_once_whichever_version_writes_on(written, cuts, scan):
    found, whole = written_by_turns(written)
    state, sizes, opened, calls = None, sorted(cuts), 0, FileCalls.none()
    for since, until in pairwise([0, *sizes, 99]):
        part = b"".join(
            json.dumps(line).encode() + b"\n" for line in found[since:until]
        )
        tail = RolloutTail(SOURCE.rollout("rollout-t1.jsonl"), state, scan)
        tail.take(part)
        settled, late = tail.settled(), tail.open_calls()
        kept = calls.without_last(tail.taken_back)
        opened -= tail.taken_back
        calls = kept.followed_by(settled, at=len(kept.rows) - opened)
        calls = calls.followed_by(late, at=len(calls.rows))
        opened += len(late.rows)
        state = tail.state()
    assert len(calls.rows) == len(written)
    assert sum(sum(row[2:]) for row in calls.rows) == whole[0] + whole[3]


chunks = st.lists(
    lines.map(lambda line: json.dumps(line, separators=(",", ":")).encode())
    | lines.map(lambda line: json.dumps(line, ensure_ascii=False).encode())
    | st.sampled_from([b"", b"no json", b'{"a":', b"{}"]),
    max_size=12,
).map(b"\n".join)


def tail_of(chunk, scan):
    rollout = SOURCE.rollout("rollout-t1.jsonl")
    tail = RolloutTail(rollout, None, scan)
    tail.take(chunk)
    return tail.settled(), tail.open_calls(), tail.rejected, tail.state()


@given(chunks)
def test_both_find_the_same_calls(chunk):
    assert tail_of(chunk, scanned) == tail_of(chunk, lines_of)


@given(whole_threads)
def test_totals_that_grow_are_counted_alike(chunk):
    assert tail_of(chunk, scanned) == tail_of(chunk, lines_of)


@given(chunks, st.integers(0, 1_500), st.binary(max_size=2))
def test_also_when_bytes_are_wrong(chunk, at, noise):
    chunk = chunk[:at] + noise + chunk[at + 1 :]
    assert tail_of(chunk, scanned) == tail_of(chunk, lines_of)


plain_events = st.builds(
    lambda second, ordinal, used, **names: {
        "timestamp": f"2026-11-22T10:00:0{second}.000Z",
        "ordinal": ordinal,
        "type": "event_msg",
        "payload": {
            "type": "token_count",
            "info": {"total_token_usage": used, "last_token_usage": None},
            **names,
        },
    },
    st.integers(0, 9),
    st.sampled_from([None, 3, 8]),
    st.fixed_dictionaries(dict.fromkeys(USED, st.sampled_from([1, 70, 5_000]))),
    id=st.just("t1"),
    cwd=st.just("/home/a"),
    source=st.just({"subagent": "review"}),
)
plain_turns = st.builds(
    lambda kind, model, start: {
        "timestamp": "2026-11-22T10:00:00.000Z",
        "type": kind,
        "payload": {"model": model, "subagent_history_start_ordinal": start},
    },
    st.sampled_from(["session_meta", "turn_context"]),
    st.sampled_from(["gpt-6", "gpt-6-codex"]),
    st.sampled_from([None, 5]),
)


@settings(max_examples=examples(200))
@given(st.lists(oddly_written(plain_events | plain_turns), max_size=6).map(b"\n".join))
def test_also_when_lines_are_odd(chunk):
    assert tail_of(chunk, scanned) == tail_of(chunk, lines_of)


BEFORE = (
    b'{"timestamp":"2026-11-22T10:00:00.000Z","type":"session_meta","payload":{}}\n'
)
AFTER = (
    '{{"timestamp":"2026-11-22T10:00:0{}.000Z",{}"type":"event_msg","payload":{}}}\n'
)


def told_by(*payloads, ordinal=""):
    """A thread's introduction, and events of which each is a second later."""
    events = [
        AFTER.format(second, ordinal, payload).encode("latin-1")
        for second, payload in enumerate(payloads, start=1)
    ]
    return BEFORE + b"".join(events)


@pytest.mark.parametrize(
    "beside",
    ['"id":"\xff"', '"cwd":{"\xff":1}', '"id":1e400', '"id":[-1e999]', '"\xff":1'],
)
def test_what_stands_beside_a_total_costs_no_call(beside):
    usage = '"info":{"total_token_usage":{"input_tokens":%d}}'
    payloads = [f'{{"type":"token_count",{beside},{usage % n}}}' for n in (5, 9)]
    chunk = told_by(*payloads)
    quick = tail_of(chunk, scanned)
    assert quick == tail_of(chunk, lines_of)
    if "1e" not in beside:
        assert [row[2] for row in quick[1].rows] == [5, 4]
        assert quick[2] == 0


@pytest.mark.parametrize(
    "line",
    [
        b'{"timestamp":"cut off\n","type":"compacted"}',
        b'{"timestamp":"x","ordinal":'
        + b"1" * 190
        + b',"type":"compacted","payload":{}}',
    ],
)
def test_what_no_program_writes_is_skipped_by_neither(line):
    quick = tail_of(line, scanned)
    assert quick == tail_of(line, lines_of)
    assert lines_of(line)[1][0] == scanned(line)[1][0]


@pytest.mark.parametrize("start", [2**63, 10**30, -(10**30)])
def test_no_ordinal_is_too_large(start):
    meta = BEFORE.replace(
        b'"payload":{}', b'"payload":{"subagent_history_start_ordinal":%d}' % start
    )
    usage = (
        '{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":{}}}}}}}'
    )
    events = told_by(*map(usage.format, (5, 9, 12)))[len(BEFORE) :]
    turn = b'{"type":"turn_context","payload":{"model":"gpt-6"}}\n'
    quick = tail_of(meta + turn + events, scanned)
    assert quick == tail_of(meta + turn + events, lines_of)
    assert [row[2] for row in quick[1].rows] == [5, 4, 3]


@given(chunks)
def test_what_is_skipped_could_have_been_skipped_one_by_one(chunk):
    count, found = scanned(chunk)
    every = chunk.splitlines(keepends=True) if b"\r" not in chunk else None
    if every is not None and chunk.isascii():
        assert count == len(every)
        wanted = [line for line in every if not can_be_skipped(line)]
        assert len(found) == len(wanted)


def test_the_plain_line_of_a_total_is_a_row():
    line = {
        "timestamp": "2026-11-22T10:00:00.000Z",
        "type": "event_msg",
        "payload": {
            "type": "token_count",
            "info": {
                "total_token_usage": {"input_tokens": 9, "cached_input_tokens": 4},
                "last_token_usage": None,
            },
        },
    }
    chunk = json.dumps(line, separators=(",", ":")).encode() + b"\n"
    (row,) = scanned(chunk)[1]
    at = 1_795_341_600_000_000
    flags = (True, None, True, False)
    used = (9, 4, 0, 0, 0, 0, 0, 0, 0, 0)
    assert row == Row(at, None, *flags, *used, 0, len(chunk))
    assert lines_of(chunk) == (1, [chunk])
