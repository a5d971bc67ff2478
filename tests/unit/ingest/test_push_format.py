"""Bodies of pushes: what goes in comes out; the other side is never trusted."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid
from mileage.domain.witness import (
    ACTIVITY_KINDS,
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    Witness,
    WitnessBatch,
)
from mileage.ingest.projects import digest, folder_digest
from mileage.ingest.push_format import (
    MOST_ROWS,
    NOT_SHOWN,
    Push,
    Reason,
    Receipt,
    as_json,
    decode,
    encode,
    halves,
    reasons,
    receipt_of,
    source_of,
)
from tests.witnesses import LOG, NOON, witness

MACHINE = "mach_abcdefghijklmnop"
PROJECT = digest("git.example.com/team/app")


def activity(key="a1", **fields):
    plain = Activity(LOG, key, "s", NOON, "claude-code", "prompt", "", 1, None, "")
    return plain._replace(**fields)


def reading(witnesses=(), activities=(), rejected=(), ignored=0):
    return Reading(
        WitnessBatch.of(witnesses), ActivityBatch.of(activities), rejected, ignored
    )


def unpacked(body):
    return zlib.decompress(body, 16 + zlib.MAX_WBITS)


def sent(*witnesses, activities=(), rejected=(), ignored=0, **changed):
    """What a server makes of a body; ``changed`` is done to its plain form."""
    read = reading(witnesses, activities, rejected, ignored)
    plain = msgspec.msgpack.decode(unpacked(encode(Push(LOG, MACHINE, read))))
    return decode(msgspec.msgpack.encode({**plain, **changed}))


def why(push):
    assert push.reading.rejected[-len(push.refused) :] == push.refused
    return [one.reason for one in push.refused]


def test_a_body_is_gzip_that_anybody_can_read():
    body = encode(Push(LOG, MACHINE, reading([witness()])))
    assert gzip.decompress(body) == unpacked(body)
    plain = msgspec.msgpack.decode(gzip.decompress(body))
    assert plain["witness_fields"] == list(Witness._fields)
    assert plain["witnesses"] == [list(witness())]


TEXT = st.text("abc_-:", max_size=12)


@st.composite
def readings(draw):
    witnesses = [
        witness(
            key=draw(TEXT),
            output=draw(st.integers(0, 10**12)),
            reported_cost=draw(st.none() | st.integers(0, 10**15)),
            attended=draw(st.none() | st.booleans()),
            project=draw(st.sampled_from(["", PROJECT, folder_digest("/x", b"k")])),
            measure=draw(st.sampled_from(["", "estimate", "unmeasured"])),
            link=" ".join(
                sorted(draw(st.sets(st.text("xyz", min_size=1), max_size=3)))
            ),
        )
        for _ in range(draw(st.integers(0, 5)))
    ]
    activities = [
        activity(draw(TEXT), kind=draw(st.sampled_from(ACTIVITY_KINDS)))
        for _ in range(draw(st.integers(0, 5)))
    ]
    rejected = tuple(
        Rejected(LOG, draw(TEXT), draw(TEXT)) for _ in range(draw(st.integers(0, 5)))
    )
    return reading(witnesses, activities, rejected, draw(st.integers(0, 10**9)))


@given(readings())
def test_what_is_sent_arrives(read):
    body = encode(Push(LOG, MACHINE, read))
    assert decode(unpacked(body)) == Push(LOG, MACHINE, read)
    assert source_of(body) == LOG


@given(readings())
def test_halves_are_the_whole(read):
    body = encode(Push(LOG, MACHINE, read))
    parts = [decode(unpacked(part)).reading for part in halves(body)]
    assert [w for part in parts for w in part.witnesses.rows()] == [
        *read.witnesses.rows()
    ]
    assert [a for part in parts for a in part.activities.rows()] == [
        *read.activities.rows()
    ]
    assert sum((part.rejected for part in parts), ()) == read.rejected
    assert sum(part.ignored for part in parts) == read.ignored
    size = max(len(read.witnesses), len(read.activities), len(read.rejected))
    assert len(parts) == (2 if size > 1 else 1)


# ------------------------------------------------------------------------- bad rows


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"project": "git.example.com/team/app"}, "no digest"),
        ({"project": "/home/alice/plan"}, "no digest"),
        ({"project": "repo_" + "0" * 63}, "no digest"),
        ({"project": PROJECT + "\n"}, "no digest"),
        ({"reported_cost": -1}, "reported cost"),
        ({"reported_cost": 10**15 + 1}, "reported cost"),
        ({"measure": "guessed"}, "measure"),
        ({"link": "b a"}, "not sorted"),
        ({"link": "a a"}, "not sorted"),
        ({"source": "codex_rollout"}, "another source"),
        ({"input": "10"}, "malformed at $[10]"),
        ({"input": 1.5}, "malformed at $[10]"),
        ({"copied": None}, "malformed"),
        ({"key": 7}, "malformed at $[1]"),
    ],
)
def test_a_bad_witness_is_refused_and_its_neighbours_are_not(fields, reason):
    push = sent(witness(key="a"), witness(**{"key": "b", **fields}), witness(key="c"))
    assert [row.key for row in push.reading.witnesses.rows()] == ["a", "c"]
    (one,) = push.refused
    assert reason in one.reason
    assert (one.source, one.place) == (LOG, "witness 2")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "keystrokes"}, "unknown kind"),
        ({"source": "other"}, "another source"),
        ({"amount": "1"}, "malformed"),
    ],
)
def test_a_bad_activity_is_refused(fields, reason):
    push = sent(activities=[activity(**fields), activity("a2")])
    assert [row.key for row in push.reading.activities.rows()] == ["a2"]
    assert reason in why(push)[0]
    assert push.refused[0].place == "activity 1"


@pytest.mark.parametrize("row", [None, 1, "text", [], [1], {"source": LOG}, [[]] * 30])
def test_what_is_no_row_is_refused(row):
    push = sent(witness(), witnesses=[row, list(witness())])
    assert len(push.reading.witnesses) == 1
    assert len(push.refused) == 1


def test_a_row_that_is_longer_than_its_fields_is_refused():
    push = sent(witness(), witnesses=[[*witness(), 1]])
    assert len(push.reading.witnesses) == 0
    assert why(push)


def test_the_reason_never_quotes_the_row():
    push = sent(witness(), witnesses=[[*witness(key="k")][:10] + ["secret"] * 14])
    assert "secret" not in str(push.refused)


def test_what_a_machine_could_not_read_is_kept_in_short_words():
    told = (
        Rejected("ignored-name", "log-1:2", "no JSON"),
        Rejected(LOG, "log-1:3", "x" * 257),
        Rejected(LOG, "a\nb", "no JSON"),
    )
    push = sent(rejected=told)
    assert push.reading.rejected == (
        Rejected(LOG, "log-1:2", "no JSON"),
        Rejected(LOG, NOT_SHOWN, NOT_SHOWN),
        Rejected(LOG, NOT_SHOWN, NOT_SHOWN),
    )
    assert push.refused == ()


# ------------------------------------------------------------------ bodies, versions


def test_rows_of_an_earlier_version_get_what_has_come_since():
    names = list(Witness._fields)[:-1]
    push = sent(witness(), witness_fields=names, witnesses=[list(witness())[:-1]])
    assert list(push.reading.witnesses.rows()) == [witness()]


def test_rows_of_a_later_version_are_not_guessed_at():
    names = [*Witness._fields, "mood"]
    with pytest.raises(Invalid, match="newer: its rows have `mood`"):
        sent(witness(), witness_fields=names, witnesses=[[*witness(), "good"]])


@pytest.mark.parametrize(
    "names",
    [
        [],
        list(Witness._fields)[1:],
        list(Witness._fields)[:5],
        [*Witness._fields[:3], "x", *Witness._fields[4:]],
        list(reversed(Witness._fields)),
    ],
)
def test_rows_with_other_fields_are_refused_as_a_whole(names):
    with pytest.raises(Invalid, match="other fields"):
        sent(witness(), witness_fields=names)


@pytest.mark.parametrize(
    "changed",
    [
        {"machine": ""},
        {"machine": "my-laptop"},
        {"machine": MACHINE + "\n"},
        {"source": "no source"},
        {"source": "A"},
        {"source": "x" * 65},
        {"source": ""},
        {"ignored": -1},
        {"ignored": 10**13},
        {"witnesses": {}},
        {"witnesses": None},
        {"activity_fields": ["source"]},
        {"rejected": [["a", "b"]]},
        {"machine": 7},
    ],
)
def test_a_body_that_lies_about_itself_is_refused(changed):
    with pytest.raises(Invalid):
        sent(witness(), **changed)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(noise):
    with pytest.raises(Invalid):
        decode(noise)


@given(readings(), st.data())
def test_a_damaged_body_is_read_or_refused(read, data):
    whole = bytearray(unpacked(encode(Push(LOG, MACHINE, read))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    try:
        push = decode(bytes(whole))
    except Invalid:
        return
    assert len(push.reading.witnesses) <= len(read.witnesses)
    for row in push.reading.witnesses.rows():
        assert isinstance(row.input, int)
        assert isinstance(row.key, str)


def test_deep_nesting_is_refused():
    deep = b"\x91" * 100_000
    with pytest.raises(Invalid):
        decode(deep)
    with pytest.raises(Invalid):
        decode(b"\x81\xa9witnesses" + deep)


def test_too_many_rows_cost_no_memory():
    rows = b"\xdd" + (30_000_000).to_bytes(4, "big") + b"\xc0" * 30_000_000
    body = b"\x81\xa9witnesses" + rows
    tracemalloc.start()
    with pytest.raises(Invalid):
        decode(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_the_most_rows_are_taken():
    push = sent(*[witness()] * MOST_ROWS)
    assert len(push.reading.witnesses) == MOST_ROWS
    with pytest.raises(Invalid):
        sent(*[witness()] * (MOST_ROWS + 1))


# -------------------------------------------------------------------------- receipts


def test_reasons_are_counted_the_commonest_first():
    told = tuple(Rejected(LOG, "p", reason) for reason in "abbacb")
    assert reasons(told) == (Reason("b", 3), Reason("a", 2), Reason("c", 1))
    assert reasons(()) == ()


def test_a_receipt_survives_the_trip():
    receipt = Receipt(1, 2, 3, (Reason("why", 3),), "rcp_1", (LOG,), "0.1.0")
    told = msgspec.json.encode(as_json(receipt))
    assert receipt_of(told) == receipt
    later = {**as_json(receipt), "mood": "good"}
    assert receipt_of(msgspec.json.encode(later)) == receipt


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"{}", b'{"witnesses": "1"}', b'"\xff"']
)
def test_what_is_no_receipt_is_said_to_be_none(answer):
    with pytest.raises(Invalid, match="not one of a Mileage server"):
        receipt_of(answer)
