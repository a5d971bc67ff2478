"""Whatever bytes come in, OTLP is read or refused, and never anything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.errors import Invalid
from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import ACTIVITY_KINDS, Reading
from mileage.sources import claude_code_otlp, codex_otlp
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_record import OtlpRecord, Point
from tests.drawing import examples
from tests.otlp_bodies import API_REQUEST, SSE_EVENT, log, logs, packed_logs

SOURCES = (claude_code_otlp.SOURCE, codex_otlp.SOURCE)
READER = OtlpReader(SOURCES)
FOLDER = Path(__file__).parents[1] / "golden" / "otlp"
RECORDED = [
    (path.stem.partition("-")[2], path.read_bytes())
    for scenario in ("cc-json", "cx-json", "cc-basic", "cx-err", "cc-cumul", "cc-trace")
    for path in sorted((FOLDER / scenario).iterdir())
]
# Enough to notice; a soak searches for hours.
EXAMPLES = examples(80)
SIGNALS = st.sampled_from(["logs", "metrics", "traces"])
FORMS = st.sampled_from(["json", "protobuf"])


def survives(signal, form, body):
    try:
        reading = READER.read(signal, form, body)
    except Invalid:
        return
    sound(reading)


def sound(reading):
    """Check what no input may bring about."""
    assert isinstance(reading, Reading)
    assert reading.ignored >= 0
    for row in reading.witnesses.rows():
        assert all(type(n) is int and 0 <= n <= MAX_COUNT for n in row.tokens)
        assert row.key
        assert row.occurred_at >= 1_577_836_800_000_000
        assert row.attended in {True, False, None}
        texts = [held for held in row if isinstance(held, str)]
        assert all(text.isprintable() for text in texts)
        assert sum(map(len, texts)) < 23 * 1024
    for row in reading.activities.rows():
        assert row.kind in ACTIVITY_KINDS
        assert row.key
        assert 0 < row.amount <= MAX_COUNT


@given(signal=SIGNALS, form=FORMS, body=st.binary(max_size=400))
@settings(max_examples=EXAMPLES)
def test_any_bytes(signal, form, body):
    survives(signal, form, body)


@given(st.data())
@settings(max_examples=EXAMPLES)
def test_recorded_bodies_with_bytes_changed(data):
    signal, body = data.draw(st.sampled_from(RECORDED))
    form = "json" if body[:1] == b"{" else "protobuf"
    broken = bytearray(body)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    survives(signal, form, bytes(broken))


@given(st.data())
@settings(max_examples=EXAMPLES)
def test_recorded_bodies_cut_short_or_spliced(data):
    signal, body = data.draw(st.sampled_from(RECORDED))
    _, other = data.draw(st.sampled_from(RECORDED))
    form = "json" if body[:1] == b"{" else "protobuf"
    head = body[: data.draw(st.integers(0, len(body)))]
    tail = other[data.draw(st.integers(0, len(other))) :]
    survives(signal, form, head + (tail if data.draw(st.booleans()) else b""))


@given(SIGNALS, st.sampled_from(RECORDED))
@settings(max_examples=examples(30))
def test_a_body_at_the_wrong_address(signal, recorded):
    _, body = recorded
    survives(signal, "json" if body[:1] == b"{" else "protobuf", body)
    survives(signal, "protobuf" if body[:1] == b"{" else "json", body)


@given(
    depth=st.integers(1, 3000), opening=st.sampled_from(["[", '{"a":', '{"values":['])
)
@settings(max_examples=examples(30))
def test_nested_json(depth, opening):
    nested = b'{"resourceLogs":[{"scopeLogs":' + opening.encode() * depth
    survives("logs", "json", nested)


KEYS = sorted(claude_code_otlp.SOURCE.keys | codex_otlp.SOURCE.keys | {"prompt"})
NAMES = sorted(claude_code_otlp.SOURCE.names | codex_otlp.SOURCE.names)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["true", "false", "accept", "approved", "user", "cli", "added"]),
    st.integers(0, 10**13).map(str),
)
INSTANTS = st.one_of(st.none(), st.integers(-(2**63), 2**64))
POINTS = st.builds(
    Point,
    value=st.one_of(st.none(), st.integers(), st.floats()),
    temporality=st.sampled_from(["delta", "cumulative", ""]),
    started_at=st.integers(0, 2**64),
    ended_at=st.integers(0, 2**64),
    series=st.text(max_size=8),
)
RECORDS = st.builds(
    OtlpRecord,
    signal=st.sampled_from(["logs", "metrics"]),
    scope=st.text(max_size=8),
    name=st.sampled_from(NAMES) | st.text(max_size=8),
    number=st.integers(0),
    occurred_at=INSTANTS,
    attributes=st.dictionaries(st.sampled_from(KEYS), SCALARS, max_size=12),
    resource=st.dictionaries(st.sampled_from(KEYS), SCALARS, max_size=4),
    point=st.none() | POINTS,
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.traits.name)
@given(records=st.lists(RECORDS, max_size=5))
@settings(max_examples=EXAMPLES)
def test_no_record_makes_a_source_raise(source, records):
    for record in records:
        assert source.wants(record) in {True, False}
    reading = source.read(records)
    assert reading == source.read(records)
    turned = len(reading.witnesses) + len(reading.activities) + len(reading.rejected)
    # A failed tool call is two activities; nothing disappears.
    assert turned + reading.ignored >= len(records)
    for one in reading.rejected:
        assert one.source == source.traits.name
        assert one.reason


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.traits.name)
def test_the_contract_of_an_otlp_source(source):
    assert source.traits.name.endswith("_otlp")
    assert source.traits.replayable is False
    assert source.names
    assert source.keys
    forbidden = {"prompt", "response", "arguments", "output", "body", "error"}
    assert not forbidden & source.keys
    assert not source.read([]).rejected


CALLS = st.sampled_from([API_REQUEST, SSE_EVENT])
COUNTS = st.integers(0, MAX_COUNT)


@given(st.lists(st.tuples(CALLS, COUNTS, st.booleans()), max_size=6))
@settings(max_examples=examples(40))
def test_json_and_protobuf_say_the_same(drawn):
    events = []
    for number, (event, count, as_text) in enumerate(drawn):
        key = "output_tokens" if "output_tokens" in event else "output_token_count"
        sent = str(count) if as_text else count
        events.append({**event, key: sent, "request_id": f"req_{number}"})
    body = logs(*map(log, events))
    reading = READER.read("logs", "json", body)
    assert reading == READER.read("logs", "protobuf", packed_logs(body))
    assert len(reading.witnesses) == len(drawn)


@given(st.permutations(range(6)), st.integers(1, 6))
@settings(max_examples=examples(30))
def test_grouping_into_bodies_does_not_matter(order, size):
    events = [log({**API_REQUEST, "request_id": f"req_{n}"}) for n in order]
    rows = set()
    for start in range(0, len(events), size):
        reading = READER.read("logs", "json", logs(*events[start : start + size]))
        rows |= set(reading.witnesses.rows())
    whole = READER.read("logs", "json", logs(*events))
    assert rows == set(whole.witnesses.rows())


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceLogs",
                    "scopeLogs",
                    "logRecords",
                    "attributes",
                    "key",
                    "value",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON_VALUES)
@settings(max_examples=EXAMPLES)
def test_json_of_nearly_the_right_shape(plain):
    survives("logs", "json", json.dumps({"resourceLogs": plain}).encode())
