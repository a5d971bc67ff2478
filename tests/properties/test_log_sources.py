"""What must hold of every source of logs, for any bytes."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import MAX_COUNT, TOKEN_CLASSES
from mileage.domain.witness import ACTIVITY_KINDS, tool_name
from mileage.sources.jsonl import EARLIEST
from tests import gemini_qwen_logs, session_logs
from tests.drawing import examples
from tests.session_logs import (
    MARKER,
    activities,
    added,
    answer,
    count,
    event,
    ignored,
    meta,
    read,
    record,
    rejections,
    result,
    said,
    tokens,
    total,
    turn,
    usage,
    uses_tool,
    witnesses,
)

SOURCES = {**session_logs.SOURCES, **gemini_qwen_logs.SOURCES}
TRAITS = {name: source.traits for name, source in SOURCES.items()}
# Its objects go over many lines, so lines mean nothing.
BY_OBJECT = frozenset({"gemini_cli_outfile"})
BY_LINE = {name: one for name, one in SOURCES.items() if name not in BY_OBJECT}
EVERY_SOURCE = pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
EVERY_SOURCE_OF_LINES = pytest.mark.parametrize(
    "source", BY_LINE.values(), ids=list(BY_LINE)
)

LINES = [
    answer(),
    answer(used=usage(out=99), seconds=3),
    answer(isSidechain=True, requestId="req_2", seconds=-5),
    answer("msg_2", sessionId="session-2", seconds=1),
    answer(None, requestId=None),
    answer("msg_3", model="<synthetic>"),
    answer("msg_4", usage(iterations=[{"type": "advisor_message", "model": "m"}])),
    said("hello"),
    uses_tool("Edit"),
    result(toolUseResult={"filePath": "x"}),
    meta(),
    meta("child", forked_from_id="thread-1"),
    turn(),
    event("task_started", 3),
    event("user_message", 3, message=MARKER),
    count(tokens()),
    count(added(tokens(), tokens(7)), tokens(7), 20),
    count(None),
    record("resp_1", tokens()),
    record("resp_2", tokens(thought=4), added(tokens(), tokens(thought=4)), 21),
    *gemini_qwen_logs.LINES,
    b"\n",
    b"[1]\n",
]
OBJECTS = [one for one in LINES if one.startswith(b"{")]
# Each example reads a dozen lines: enough of them in far fewer than the usual hundred.
FEW = settings(max_examples=examples(35))
NUMBERS = st.one_of(
    st.integers(-5, 50), st.integers(), st.floats(allow_nan=False), st.booleans()
)
VALUES = st.recursive(
    st.one_of(st.none(), NUMBERS, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner)
    ),
    max_leaves=5,
)


@st.composite
def twisted_lines(draw):
    """A line as clients write it, with one value anywhere replaced by another."""
    plain = json.loads(draw(st.sampled_from(OBJECTS)))
    place = plain
    while True:
        key = draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw(VALUES)
        return json.dumps(plain).encode() + b"\n"


@st.composite
def torn_lines(draw):
    """A line of which bytes are missing, changed or doubled."""
    whole = bytearray(draw(st.sampled_from(LINES)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(whole)))
        whole[at : at + draw(st.integers(0, 9))] = draw(st.binary(max_size=4))
    return bytes(whole)


ANY_LINE = st.one_of(
    st.binary(max_size=200), st.sampled_from(LINES), twisted_lines(), torn_lines()
)
FILES = st.lists(ANY_LINE, max_size=12)


@EVERY_SOURCE
@FEW
@given(FILES)
def test_no_bytes_raise_and_what_comes_out_is_sane(source, lines):
    readings = read(source, *lines)
    for reading in readings:
        for row in reading.witnesses.rows():
            assert row.source == source.traits.name
            assert row.client == source.traits.client
            assert row.key
            assert all(getattr(row, name) >= 0 for name in TOKEN_CLASSES)
            assert max(row.tokens) <= 2 * MAX_COUNT
            assert row.occurred_at >= EARLIEST
            assert row.copied in (True, False)
            json.dumps(row).encode("utf-8", "strict")
    for one in activities(readings):
        assert one.kind in ACTIVITY_KINDS
        assert one.name == tool_name(one.name)
        assert one.key
        assert one.amount > 0
        assert one.occurred_at >= EARLIEST


@EVERY_SOURCE_OF_LINES
@FEW
@given(FILES)
def test_every_line_is_accounted_for(source, lines):
    """A line is usage, activity, ignored or refused, or it is blank."""
    readings = read(source, *lines)
    accounted = ignored(readings) + len(rejections(readings))
    if not witnesses(readings) and not activities(readings):
        written = sum(1 for one in lines if one.strip())
        # Gemini CLI writes whole conversations into one line: each message counts.
        several = sum(b'"messages"' in one for one in lines)
        assert accounted == written or (several and accounted > written)
    else:
        assert accounted <= sum(1 for one in lines if one.strip()) + 1


@EVERY_SOURCE
@FEW
@given(FILES)
def test_reading_is_deterministic_and_repeating_it_adds_nothing(source, lines):
    once, again = read(source, *lines), read(source, *lines)
    assert once == again
    assert sorted(witnesses([*once, *again])) == sorted(witnesses(once))


@EVERY_SOURCE
@FEW
@given(FILES)
def test_looking_for_usage_alone_finds_the_same_usage(source, lines):
    whole, quick = read(source, *lines), read(source, *lines, activity=False)
    assert witnesses(quick) == witnesses(whole)
    assert set(rejections(quick)) <= set(rejections(whole))


@EVERY_SOURCE
@FEW
@given(st.lists(FILES, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(source, files, chance: random.Random):
    readings = [
        read(source, *lines, place=f"{number}.jsonl")
        for number, lines in enumerate(files)
    ]
    shuffled = chance.sample(readings, len(readings))
    straight = witnesses(one for part in readings for one in part)
    assert sorted(witnesses(one for part in shuffled for one in part)) == sorted(
        straight
    )


@EVERY_SOURCE
@FEW
@given(st.lists(FILES, max_size=3))
def test_fast_counting_equals_the_ledgers(source, files):
    readings = [
        reading
        for number, lines in enumerate(files)
        for reading in read(source, *lines, place=f"{number}.jsonl")
    ]
    rows = [row for reading in readings for row in reading.witnesses.rows()]
    calls = resolve([Seen(row, "", asserted=False) for row in rows], TRAITS)
    fast = witnesses(readings)
    assert len(fast) == len(calls)
    assert sorted((row.occurred_at, row.tokens, row.model) for row in fast) == sorted(
        (call.occurred_at, call.tokens, call.model) for call in calls
    )


@EVERY_SOURCE
@FEW
@given(FILES)
def test_no_content_gets_into_a_reason(source, lines):
    for one in rejections(read(source, *lines)):
        assert MARKER not in one.reason
        assert one.source == source.traits.name
        name, _, number = one.place.rpartition(":")
        assert name == "log.jsonl"
        assert 1 <= int(number) <= len(lines)


@st.composite
def streamed_answers(draw):
    """Answers and the lines that repeat them, in any order, with their true sum."""
    lines, sizes = [], draw(st.lists(st.integers(1, 500), max_size=5))
    for number, size in enumerate(sizes):
        parts = [*draw(st.lists(st.integers(1, size), max_size=3)), size]
        lines += [
            answer(
                f"msg_{number}",
                usage(fresh=number, out=part),
                seconds=draw(st.integers(0, 99)),
                isSidechain=draw(st.booleans()),
            )
            for part in parts
        ]
    return draw(st.permutations(lines)), sum(sizes)


@given(streamed_answers())
def test_streamed_answers_count_once_in_any_order(drawn):
    lines, output = drawn
    assert total(witnesses(read(SOURCES["claude_code_log"], *lines))).output == output


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(1, 90)), max_size=8))
def test_records_and_totals_of_one_thread_agree(used):
    usages = [tokens(fresh, out=out) for fresh, out in used]
    totals = [added(*usages[: n + 1]) for n in range(len(usages))]
    source = SOURCES["codex_rollout"]
    counts = [
        count(whole, last, 10 * n)
        for n, (whole, last) in enumerate(zip(totals, usages, strict=True))
    ]
    records = [
        record(f"resp_{n}", last, whole, 10 * n)
        for n, (whole, last) in enumerate(zip(totals, usages, strict=True))
    ]
    both = [one for pair in zip(records, counts, strict=True) for one in pair]
    expected = total(witnesses(read(source, meta(), *counts)))
    assert expected.total == sum(one["total_tokens"] for one in usages)
    assert total(witnesses(read(source, meta(), *records))) == expected
    assert total(witnesses(read(source, meta(), *both))) == expected
