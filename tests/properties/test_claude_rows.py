"""Both scanners of transcripts read the same, whatever stands in a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.ingest.local_rows import merged
from mileage.sources.claude_code_log import SOURCE
from mileage.sources.claude_code_rows import Row, decoded, scanned
from mileage.sources.claude_code_tail import TranscriptTail
from tests.drawing import examples
from tests.odd_json import oddly_written
from tests.session_logs import answer, usage

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
        "inference_geo": st.sampled_from(["us", "not_available", "", None, 3]),
        "iterations": st.sampled_from([None, [], [{"type": "message"}]]),
    },
)
renamed = st.fixed_dictionaries(
    {},
    optional={
        "inputTokens": counts,
        "output_tokens": counts,
        "cache_creation": st.sampled_from([None, {}, {"ephemeral_5m": 4}]),
    },
)
messages = st.fixed_dictionaries(
    {"usage": usages | renamed | st.none() | odd},
    optional={
        "id": st.sampled_from(
            [
                *("msg_1", "msg_1", "msg_2", "", None, 5, "m\u00e9"),
                *("msg_bdrk_1", "msg_vrtx_1", "a_msg_vrtx_"),
            ]
        ),
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
        "version": st.sampled_from(["2.1.197", "2.2.0", None]),
        "entrypoint": st.sampled_from(["cli", "sdk-cli", None]),
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


def once(calls):
    """What is told of each call, its copies merged as whoever adds up merges them."""
    copies = {}
    for key, row in zip(calls.keys, calls.rows, strict=True):
        copies.setdefault(key, []).append((calls.kinds[row[0]], row))
    told = {key: merged(found) for key, found in copies.items()}
    return {key: (kind, row[1:]) for key, (kind, row) in told.items()}


@given(chunks)
def test_both_find_the_same_calls(chunk):
    read_alike(chunk)


@given(chunks, st.integers(0, 2_000), st.binary(max_size=2))
def test_also_when_bytes_are_wrong(chunk, at, noise):
    chunk = chunk[:at] + noise + chunk[at + 1 :]
    read_alike(chunk)


@given(chunks)
def test_both_find_the_same_calls_as_the_ordinary_way_alone(chunk):
    """Rows are a short cut: without any, the calls and the refusals are the same."""

    def none_plain(chunk):
        found = chunk.splitlines(keepends=True)
        return len(found), found

    quick, refused = tail_of(chunk, scanned)
    slow, also_refused = tail_of(chunk, none_plain)
    assert refused == also_refused
    assert once(quick) == once(slow)


plain_lines = st.builds(
    lambda second, told, used, **names: {
        "type": "assistant",
        "timestamp": f"2026-11-22T10:00:0{second}.000Z",
        **names,
        "message": {**told, "role": "assistant", "usage": used},
    },
    st.integers(0, 3),
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["msg_1", "msg_1", "msg_2", "msg_bdrk_1"]),
            "model": st.sampled_from(["claude-a", "claude-b", "<synthetic>"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "input_tokens": st.just(3),
            "cache_creation_input_tokens": st.sampled_from([0, 7, 900]),
            "cache_creation": st.fixed_dictionaries(
                {"ephemeral_1h_input_tokens": st.sampled_from([0, 9])}
            ),
            "output_tokens": st.integers(1, 9),
            "service_tier": st.sampled_from(["standard", "priority"]),
        },
        optional={
            "speed": st.sampled_from(["fast", "standard"]),
            "inference_geo": st.sampled_from(["us", "global"]),
        },
    ),
    requestId=st.sampled_from(["req_1", "req_2"]),
    version=st.sampled_from(["1", "2"]),
    entrypoint=st.sampled_from(["cli", "sdk-cli"]),
    sessionId=st.sampled_from(["s1", "s2"]),
)


@settings(max_examples=examples(200))
@given(st.lists(oddly_written(plain_lines), max_size=5).map(b"\n".join))
def test_also_when_lines_are_odd(chunk):
    read_alike(chunk)


def read_alike(chunk):
    """Return what both scanners find."""
    quick, refused = tail_of(chunk, scanned)
    slow, also_refused = tail_of(chunk, decoded)
    assert refused == also_refused
    assert once(quick) == once(slow)
    return list(once(quick).values()), refused


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
    row = ("msg_1", at, "m", None, None, None, "s1", "/home/a", None, False)
    expected = Row(*row, 3, 0, 5, 0, 0, 0, 4, 0, len(chunk))
    assert scanned(chunk) == (1, [expected])
    assert decoded(chunk) == (1, [expected])


@pytest.mark.parametrize("used", [{}, {"inputTokens": 9}, {"output_tokens": None}])
def test_both_refuse_usage_of_which_no_count_is_known(used):
    """Also between lines that the one scanner takes for repetitions of a row."""
    unknown = answer(used=used, seconds=1)
    for chunk in (unknown * 2, answer() + unknown * 2, unknown * 2 + answer(seconds=2)):
        found, refused = read_alike(chunk)
        assert [row[1:] for _, row in found] == [(3, 1000, 50, 0, 7, 0, 0)][
            : len(found)
        ]
        assert refused == 2
    told = answer(used={"output_tokens": 7}, seconds=2)
    ((_, row),), refused = read_alike(unknown + told)
    assert (row[5], refused) == (7, 1)


def test_calls_of_a_cloud_and_of_the_vendor_in_one_file_stay_apart():
    """They are alike in all but the key, which rows are packed without."""
    names = ["msg_1", "msg_bdrk_1", "msg_2", "msg_vrtx_1", "msg_bdrk_2", "a_msg_bdrk_"]
    lines = [answer(name, seconds=at) for at, name in enumerate(names)]
    found, refused = read_alike(b"".join(lines))
    assert [kind[1] for kind, _ in found] == [
        *("anthropic", "bedrock", "anthropic"),
        *("vertex_ai", "bedrock", "anthropic"),
    ]
    assert refused == 0
    calls, _ = tail_of(b"".join(lines), scanned)
    assert len(calls.kinds) == 3


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
    found, refused = read_alike(chunk)
    assert refused == 0
    assert [row[1:] for _, row in found] == [(3, 0, 0, 0, 0, 0, 0)]


def test_a_line_of_two_types_is_of_the_first():
    usage = '{"id":"msg_1","usage":{"input_tokens":3}}'
    time = '"timestamp":"2026-11-22T10:00:00.000Z"'
    chunk = f'{{"type":"system",{time},"message":{usage},"type":"assistant"}}\n'
    assert scanned(chunk.encode()) == decoded(chunk.encode()) == (1, [])


@pytest.mark.parametrize("odd", [[], {}, [1], 5, "x" * 2_000])
@pytest.mark.parametrize("name", ["service_tier", "speed", "inference_geo"])
def test_a_tier_that_is_none_costs_no_call(name, odd):
    ((kind, _),), refused = read_alike(answer(used=usage(**{name: odd})))
    assert (kind[3], refused) == ("", 0)


@pytest.mark.parametrize("beside", [b'"version":1e400', b'"entrypoint":-1e999'])
def test_what_is_no_number_anywhere_is_refused_by_both(beside):
    line = answer(version=None, entrypoint=None)
    assert read_alike(line.replace(b"{", b"{" + beside + b",", 1)) == ([], 1)


def test_counts_of_an_answer_that_never_came_are_none_of_a_call_before_it():
    none = answer(used=usage(9_999), seconds=1, model="<synthetic>")
    again = none.replace(b'"role"', b'"role":"assistant","role"')
    for chunk in (answer() + none, answer() + again):
        ((_, row),), _ = read_alike(chunk)
        assert row[1:] == (3, 1000, 50, 0, 7, 0, 0)


def test_a_line_of_another_kind_between_two_that_repeat_is_none_of_them():
    """Also where those that repeat are read again, one by one: they come too early."""
    other = b'{"type":"system","content":"cut'
    early = [
        answer(used=usage(out=8)),
        other + b"\n",
        answer(seconds=1, used=usage(out=9)),
    ]
    chunk = answer(seconds=5) + b"".join(early)
    ((_, row),), refused = read_alike(chunk)
    assert (row[1:], refused) == ((3, 1000, 50, 0, 9, 0, 0), 0)


def test_of_copies_of_one_time_the_same_one_is_preferred():
    """Whichever is read quickly: by nothing that is left out of packed calls."""
    one = answer(requestId="req_1", sessionId="later")
    plain = usage(iterations=[])
    other = answer(requestId="req_2", sessionId="earlier", used=plain)
    strange = one.replace(b'"role"', b'"role":"assistant","role"')
    for chunk in (one + other, strange + other, other + one, other + strange):
        ((kind, _),), _ = read_alike(chunk)
        assert kind[4] == "earlier"
