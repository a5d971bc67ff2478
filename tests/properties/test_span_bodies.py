"""Whatever bytes come in as spans, they are read or refused; batches never matter."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.call import ESTIMATE, UNMEASURED, Seen
from mileage.domain.errors import Invalid
from mileage.domain.join import resolve
from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import ACTIVITY_KINDS
from mileage.sources import (
    anthropic_sdk_spans,
    claude_code_metrics,
    claude_code_spans,
    codex_metrics,
    codex_spans,
    copilot_inference_events,
    copilot_otlp,
    genai_spans,
    genai_spans_partial,
    genai_spans_whole,
    litellm_spans,
    opencode_otlp,
)
from mileage.sources.genai_usage import (
    ANSWER,
    CACHE_READ,
    CACHE_WRITE,
    KEYS,
    PROMPT,
    REASONING,
    TOTAL,
    Unusable,
    usage,
)
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_record import OtlpRecord, Point, Span
from tests.drawing import examples
from tests.otlp_bodies import AT_MICROS, pairs, span, spans

SOURCES = tuple(
    module.SOURCE
    for module in (
        anthropic_sdk_spans,
        claude_code_metrics,
        claude_code_spans,
        codex_metrics,
        codex_spans,
        copilot_inference_events,
        copilot_otlp,
        genai_spans,
        genai_spans_partial,
        genai_spans_whole,
        litellm_spans,
        opencode_otlp,
    )
)
TRAITS = {source.traits.name: source.traits for source in SOURCES}
READER = OtlpReader(SOURCES)
FOLDER = Path(__file__).parents[1] / "golden" / "spans"
RECORDED = [
    (path.stem.partition("-")[2], path.read_bytes())
    for scenario in (
        "sdk-litellm",
        "sdk-pydantic-ai",
        "sdk-openinference-anthropic",
        "cp-agent",
        "oc-bsp",
        "cc-trace",
        "cc-json",
        "cx-json",
        "cx-agent",
    )
    for path in sorted((FOLDER / scenario).iterdir())
]
EXAMPLES = examples(80)
SIGNALS = st.sampled_from(["metrics", "traces", "logs"])
FORMS = st.sampled_from(["json", "protobuf"])


def survives(signal, form, body):
    try:
        reading = READER.read(signal, form, body)
    except Invalid:
        return
    sound(reading)


def sound(reading):
    """Check what no input may bring about."""
    assert reading.ignored >= 0
    for row in reading.witnesses.rows():
        assert all(type(n) is int and 0 <= n <= MAX_COUNT for n in row.tokens)
        assert row.key
        assert row.source in TRAITS
        assert row.measure in {"", ESTIMATE, UNMEASURED}
        assert row.tokens.total == 0 or row.measure != UNMEASURED
        assert row.link.split() == sorted(set(row.link.split()))
        assert row.occurred_at >= 1_577_836_800_000_000
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


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["chat", "LLM", "invoke_agent", "ai.x.doStream", "execute_tool"]),
    st.sampled_from(
        [
            "msg_1",
            "resp_01234567890123456789",
            "two words",
            "standard",
            "claude-x",
            "openai",
        ]
    ),
    st.integers(0, 10**13).map(str),
)
ALL_KEYS = sorted(frozenset().union(*(source.keys for source in SOURCES)))
ALL_NAMES = sorted(
    frozenset().union(
        *(
            source.names | getattr(source, "span_names", frozenset())
            for source in SOURCES
        )
    )
)
HEX = st.sampled_from(["", "aa" * 8, "bb" * 8, "cc" * 8])
RECORDS = st.builds(
    OtlpRecord,
    signal=st.sampled_from(["traces", "metrics", "logs"]),
    scope=st.sampled_from(["", "litellm", "com.anthropic.sdk.x", "github.copilot"]),
    name=st.sampled_from(["", *ALL_NAMES]),
    number=st.just(1),
    occurred_at=st.one_of(st.none(), st.integers(-(2**63), 2**64)),
    attributes=st.dictionaries(st.sampled_from(ALL_KEYS), SCALARS, max_size=12),
    resource=st.dictionaries(st.sampled_from(ALL_KEYS), SCALARS, max_size=3),
    point=st.one_of(
        st.none(),
        st.builds(
            Point,
            st.one_of(st.none(), st.floats(), st.integers(-5, 10**13)),
            st.sampled_from(["delta", "cumulative", ""]),
            st.integers(0, 9),
            st.integers(0, 9),
            st.just("series"),
            st.sampled_from(["a", "b"]),
            st.sampled_from(["number", "histogram"]),
        ),
    ),
    span=st.one_of(
        st.none(),
        st.builds(Span, st.sampled_from(["", "dd" * 16]), HEX, HEX, st.booleans()),
    ),
)


@given(st.lists(RECORDS, max_size=6))
@settings(max_examples=EXAMPLES * 2)
def test_any_records_are_read_by_every_source(records):
    for source in SOURCES:
        wanted = [record for record in records if source.wants(record)]
        sound(source.read(wanted))


COUNTS = st.integers(0, 10**6)


@given(
    keys=st.tuples(
        *map(st.sampled_from, (PROMPT, ANSWER, CACHE_READ, CACHE_WRITE, REASONING))
    ),
    counts=st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    total=st.sampled_from(["inside", "beside", "absent"]),
)
@settings(max_examples=EXAMPLES * 2)
def test_disjoint_classes_are_read_back_whatever_the_dialect(keys, counts, total):
    fresh, shown, read, written, thought = counts
    inside = total != "beside"
    sent = {
        keys[0]: fresh + (read + written if inside else 0),
        keys[1]: shown + (thought if inside else 0),
        keys[2]: read,
        keys[3]: written,
        keys[4]: thought,
    }
    if total != "absent":
        sent[TOTAL[0]] = sum(counts)
    found = usage(record_of(sent))
    if not sent[keys[0]] + sent[keys[1]]:
        assert found is None
    else:
        expected = (fresh, read, written, 0, shown, thought, 0)
        assert found.tokens == expected


@given(st.dictionaries(st.sampled_from(sorted(KEYS)), SCALARS, max_size=9))
@settings(max_examples=EXAMPLES * 2)
def test_any_counts_are_classes_unusable_or_nothing(attributes):
    found = usage(record_of(attributes))
    if found is not None and not isinstance(found, Unusable):
        assert all(0 <= count <= MAX_COUNT for count in found.tokens)
        assert 0 <= found.detail <= 2


def record_of(attributes):
    return OtlpRecord("traces", "", "", 1, AT_MICROS, attributes, {})


@st.composite
def histories(draw):
    """Draw calls with ids, each told by some instrumentors, below agents or not."""
    made = []
    for number in range(draw(st.integers(1, 5))):
        answer = f"resp_{number:020}"
        counts = draw(st.tuples(*[st.integers(1, 900)] * 4))
        fresh, read, written, output = counts
        chat = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.response.id": answer,
            "gen_ai.usage.input_tokens": fresh + read + written,
            "gen_ai.usage.output_tokens": output,
        }
        reads = {"gen_ai.usage.cache_read.input_tokens": read}
        writes = {"gen_ai.usage.cache_write.input_tokens": written}
        forms = [
            {**chat, **reads, **writes},
            *draw(st.lists(st.sampled_from([chat, {**chat, **reads}]), max_size=3)),
        ]
        agent = f"{90 + number:016x}"
        if draw(st.booleans()):
            sums = {**chat, "gen_ai.operation.name": "invoke_agent"}
            made.append(span(sums, spanId=agent))
        made += [
            span(form, spanId=f"{10 * number + at + 1:016x}", parentSpanId=agent)
            for at, form in enumerate(forms)
        ]
    return made


@given(history=histories(), data=st.data())
@settings(max_examples=EXAMPLES)
def test_calls_with_ids_count_once_in_any_batches(history, data):
    once = calls_of([history])
    shuffled = data.draw(st.permutations(history * 2))
    cut = data.draw(st.integers(0, len(shuffled)))
    again = calls_of([shuffled[:cut], shuffled[cut:]])
    assert counts_of(again) == counts_of(once)
    answers = {
        pair["value"]["stringValue"]
        for made in history
        for pair in made["attributes"]
        if pair["key"] == "gen_ai.response.id"
    }
    assert len(once) == len(answers)


def calls_of(batches):
    rows = [
        row
        for batch in batches
        for row in READER.read("traces", "json", spans(*batch)).witnesses.rows()
    ]
    return resolve([Seen(row, "a", asserted=False) for row in rows], TRAITS)


def counts_of(found):
    return sorted((call.tokens, call.keys[0]) for call in found)


@given(
    depth=st.integers(1, 3000), opening=st.sampled_from(["[", '{"a":', '{"values":['])
)
@settings(max_examples=examples(30))
def test_nested_json(depth, opening):
    made = span({"gen_ai.operation.name": "chat"})
    made["attributes"] += pairs({"gen_ai.usage.input_tokens": "DEEP"})
    body = spans(made).replace(b'{"stringValue": "DEEP"}', opening.encode() * depth)
    survives("traces", "json", body)


def test_the_search_for_unsound_readings_can_fail():
    body = json.loads(spans(span({"gen_ai.operation.name": "chat"})))
    assert body["resourceSpans"]
    reading = READER.read(
        "traces",
        "json",
        spans(
            span(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.response.id": "resp_01234567890123456789",
                    "gen_ai.usage.input_tokens": 5,
                }
            )
        ),
    )
    (row,) = reading.witnesses.rows()
    assert (row.input, row.key) == (5, "resp_01234567890123456789")
