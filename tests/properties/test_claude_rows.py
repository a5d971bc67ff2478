"""Both scanners of transcripts read the same, whatever stands in a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.sources.claude_code_log import SOURCE
from mileage.sources.claude_code_rows import Row, decoded, scanned
from mileage.sources.claude_code_tail import TranscriptTail

counts = st.sampled_from([0, 1, 7, 7, 900, 10**12, None])
odd = st.sampled_from([-1, 1.5, "4", True, 10**13, [], {}])
stamps = st.sampled_from(
    [
        *("2026-11-22T10:00:00.000Z", "2026-11-22T10:00:01.250Z"),
        *("2026-11-22T10:00:00.000001Z", "2026-11-22T11:00:00+01:00"),
        *("2026-11-22T10:00:00Z", "2019-05-01T00:00:00.000Z", "never", None, 5),
    ]
)
usages = st.fixed_dictionaries(
    {"input_tokens": counts, "output_tokens": counts},
    optional={
        "cache_read_input_tokens": counts | odd,
        "cache_creation_input_tokens": counts,
        "cache_creation": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "ephemeral_5m_input_tokens": counts,
                "ephemeral_1h_input_tokens": counts,
            },
        ),
        "output_tokens_details": st.none()
        | st.fixed_dictionaries({"thinking_tokens": counts}),
        "service_tier": st.sampled_from(["standard", "priority", "batch", None, 3]),
        "speed": st.sampled_from(["fast", "standard", None]),
        "iterations": st.sampled_from([None, [], [{"type": "message"}]]),
    },
)
messages = st.fixed_dictionaries(
    {"usage": usages | st.none() | odd},
    optional={
        "id": st.sampled_from(["msg_1", "msg_1", "msg_2", "", None, 5, "m\u00e9"]),
        "model": st.sampled_from(
            ["claude-opus-4-8", "claude-opus-4-8[1m]", "<synthetic>", None, 7]
        ),
        "role": st.sampled_from(["assistant", "assistant", "user", None, "other"]),
        "content": st.sampled_from([[], "text \u2014 \\ud83d", [{"type": "text"}]]),
    },
)
lines = st.fixed_dictionaries(
    {"message": messages | st.none()},
    optional={
        "type": st.sampled_from(["assistant", "assistant", "user", None, "system"]),
        "timestamp": stamps,
        "sessionId": st.sampled_from(["s1", "s2", None, 4]),
        "cwd": st.sampled_from(["/home/a", "C:\\work", "/\u00e9", None]),
        "agentId": st.sampled_from(["helper", None]),
        "isSidechain": st.sampled_from([True, False, None, "yes"]),
        "requestId": st.sampled_from(["req_1", None, 9]),
        "costUSD": st.sampled_from([None, 0.5]),
        "uuid": st.sampled_from(["u1", "u2", None]),
    },
)
chunks = st.lists(
    lines.map(lambda line: json.dumps(line).encode())
    | lines.map(lambda line: json.dumps(line, ensure_ascii=False).encode())
    | st.sampled_from([b"", b"no json", b'{"a":', b"[1]", b"{}"]),
    max_size=12,
).map(b"\n".join)


def tail_of(chunk, scan):
    transcript = SOURCE.transcript("place")
    tail = TranscriptTail(transcript, scan)
    tail.take(chunk)
    return tail.settled(), tail.rejected


def in_order(calls):
    """Return calls, of which one may be found twice: then in either order."""
    pairs = zip(calls.keys, calls.rows, strict=True)
    return sorted((key, calls.kinds[row[0]], row[1:]) for key, row in pairs)


@given(chunks)
def test_both_find_the_same_calls(chunk):
    quick, refused = tail_of(chunk, scanned)
    slow, also_refused = tail_of(chunk, decoded)
    assert refused == also_refused
    assert in_order(quick) == in_order(slow)


@given(chunks, st.integers(0, 2_000), st.binary(max_size=2))
def test_also_when_bytes_are_wrong(chunk, at, noise):
    chunk = chunk[:at] + noise + chunk[at + 1 :]
    quick, refused = tail_of(chunk, scanned)
    slow, also_refused = tail_of(chunk, decoded)
    assert refused == also_refused
    assert in_order(quick) == in_order(slow)


@given(chunks)
def test_both_find_the_same_calls_as_the_ordinary_way_alone(chunk):
    """Rows are a short cut: without any, the calls and the refusals are the same."""

    def none_plain(chunk):
        found = chunk.splitlines(keepends=True)
        return len(found), found

    quick, refused = tail_of(chunk, scanned)
    slow, also_refused = tail_of(chunk, none_plain)
    assert refused == also_refused
    assert sums(quick) == sums(slow)


def sums(calls):
    """What is told of each call, its copies taken together."""
    told = {}
    for key, row in zip(calls.keys, calls.rows, strict=True):
        told.setdefault(key, []).append((calls.kinds[row[0]], row[1:]))
    return {key: max(rows, key=lambda row: row[1][1:]) for key, rows in told.items()}


def test_the_plain_line_of_an_answer_is_a_row_for_both():
    usage = {"input_tokens": 3, "output_tokens": 4, "cache_creation_input_tokens": 5}
    line = {
        "type": "assistant",
        "timestamp": "2026-11-22T10:00:00.000Z",
        "sessionId": "s1",
        "cwd": "/home/a",
        "message": {"id": "msg_1", "role": "assistant", "model": "m", "usage": usage},
    }
    chunk = json.dumps(line).encode() + b"\n"
    at = 1_795_341_600_000_000
    row = ("msg_1", at, "m", None, None, "s1", "/home/a", None, False)
    expected = Row(*row, 3, 0, 5, 0, 0, 0, 4, 0, len(chunk))
    assert scanned(chunk) == (1, [expected])
    assert decoded(chunk) == (1, [expected])


def test_what_persons_wrote_is_passed_over_by_both():
    line = b'{"type":"user","message":{"role":"user","content":"words"}}\n'
    assert scanned(line * 3) == decoded(line * 3) == (3, [])


@pytest.mark.parametrize(
    "name", ["id", "model", "requestId", "uuid", "version", "cwd", "sessionId", "noted"]
)
def test_bytes_that_are_no_letters_cost_no_usage(name):
    """A name is not worth a call: its usage counts, by both scanners alike."""
    names = dict.fromkeys(("requestId", "uuid", "version", "cwd", "sessionId"), "n")
    told = {"id": "msg_1", "model": "m", "usage": {"input_tokens": 3}}
    line = {
        "type": "assistant",
        "timestamp": "2026-11-22T10:00:00.000Z",
        **(names | {"noted": "n", "message": told}),
    }
    (told if name in told else line)[name] = "WRONG"
    chunk = json.dumps(line).encode().replace(b"WRONG", b"a\xc1\xaez") + b"\n"
    quick, refused = tail_of(chunk, scanned)
    slow, also_refused = tail_of(chunk, decoded)
    assert (refused, also_refused) == (0, 0)
    assert in_order(quick) == in_order(slow)
    assert [row[2:] for row in quick.rows] == [(3, 0, 0, 0, 0, 0, 0)]


def test_a_line_of_two_types_is_of_the_first():
    usage = '{"id":"msg_1","usage":{"input_tokens":3}}'
    time = '"timestamp":"2026-11-22T10:00:00.000Z"'
    chunk = f'{{"type":"system",{time},"message":{usage},"type":"assistant"}}\n'
    assert scanned(chunk.encode()) == decoded(chunk.encode()) == (1, [])
