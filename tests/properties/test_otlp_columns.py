"""The scanner in C reads what the ordinary walk reads, whatever the body."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.json_format import MessageToJson
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from mileage import native
from mileage.sources import installed
from mileage.sources.otlp import OtlpReader
from tests.drawing import examples
from tests.otlp_bodies import API_REQUEST, AT_NANOS, CLAUDE_SCOPE, SSE_EVENT
from tests.readings import read

SOURCES = installed.otlp_sources()
QUICK = OtlpReader(SOURCES)
ORDINARY = OtlpReader(SOURCES, at_once=False)
FOLDER = Path(__file__).parents[1] / "golden" / "otlp"
RECORDED = [path.read_bytes() for path in sorted(FOLDER.glob("*/*-logs.pb"))]
EXAMPLES = examples(80)

PROMPT = {
    "event.name": "user_prompt",
    "event.timestamp": "2026-11-22T01:18:32Z",
    "session.id": "session-1",
    "event.sequence": 3,
    "prompt": "filler",
}
RESULT = {**PROMPT, "event.name": "tool_result", "tool_name": "Bash", "success": "true"}
DECISION = {
    **PROMPT,
    "event.name": "tool_decision",
    "tool_name": "Edit",
    "decision": "accept",
}
CREATED = {**SSE_EVENT, "event.kind": "response.created"}
EVENTS = [API_REQUEST, SSE_EVENT, CREATED, PROMPT, RESULT, DECISION, {"other": 1}]
KEYS = sorted({key for source in SOURCES for key in source.keys} | {"event.timestamp"})
NAMES = sorted({name for source in SOURCES for name in source.names})


def alike(body, form="protobuf"):
    found = read(QUICK, "logs", form, body)
    assert found == read(ORDINARY, "logs", form, body)
    return found


def in_json(body):
    """Write a body as OTLP/JSON; that ids are in another alphabet does not matter."""
    return MessageToJson(ExportLogsServiceRequest.FromString(body)).encode()


def value(plain):
    if isinstance(plain, AnyValue):
        return plain
    if isinstance(plain, bool):
        return AnyValue(bool_value=plain)
    if isinstance(plain, int):
        return AnyValue(int_value=plain)
    if isinstance(plain, float):
        return AnyValue(double_value=plain)
    return AnyValue() if plain is None else AnyValue(string_value=plain)


def packed(groups):
    request = ExportLogsServiceRequest()
    for resource, scope, records in groups:
        group = request.resource_logs.add()
        fill(group.resource.attributes, resource)
        scoped = group.scope_logs.add()
        scoped.scope.name = scope
        for attributes, fields in records:
            record = scoped.log_records.add(**fields)
            fill(record.attributes, attributes)
    return request.SerializeToString()


def fill(pairs, attributes):
    for key, held in attributes.items():
        pairs.append(KeyValue(key=key, value=value(held)))


def test_recorded_bodies_are_read_alike_and_as_columns():
    for body in RECORDED:
        assert alike(body)["ignored"] >= 0
        alike(in_json(body), "json")
        # A body that the scanner gives up is read all the same, and slowly.
        assert (QUICK._columns.scan(body) is None) == (native.scan is None)


ODD = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        10**12,
        10**12 + 1,
        2**63 - 1,
        -(2**63),
        1.5,
        7.0,
        float("nan"),
        float("inf"),
        "",
        "5",
        "0005",
        "-5",
        "\u0665",
        "9" * 17,
        "true",
        "FALSE",
        "x" * 256,
        "x" * 257,
        "é" * 200,
        "a\u200bb",
        "line\nbreak",
        "claude_code",
        "gateway-oidc",
        "agent:builtin:kind",
        "sdk",
        "codex_exec",
        "response.completed",
        "2026-11-22T01:18:32.872Z",
        "2026-11-22T01:18:32.872123Z",
        "2026-02-29T01:18:32Z",
        "2024-02-29T23:59:59Z",
        "2026-11-22T06:48:32.872+05:30",
        "2019-12-31T23:59:59.999Z",
        "yesterday",
        AnyValue(bytes_value=b"\0"),
        AnyValue(kvlist_value={"values": [KeyValue(key="a")]}),
    ]
)
CHANGES = st.dictionaries(st.sampled_from([*KEYS, "undeclared"]), ODD, max_size=4)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "time_unix_nano": st.sampled_from([0, 1, 999, AT_NANOS, 2**64 - 1]),
        "observed_time_unix_nano": st.sampled_from([0, AT_NANOS]),
        "event_name": st.sampled_from(["", "é", *NAMES]),
        "severity_text": st.just("INFO"),
        "trace_id": st.just(b"\x01" * 16),
        "flags": st.just(1),
        "body": st.sampled_from(
            [
                *map(value, [*NAMES, "filler", 5, None]),
                AnyValue(array_value={"values": [value("a")]}),
            ]
        ),
    },
)


@st.composite
def record(draw):
    whole = draw(st.sampled_from(EVENTS))
    dropped = draw(st.sets(st.sampled_from(sorted(whole)), max_size=2))
    kept = {key: held for key, held in whole.items() if key not in dropped}
    return {**kept, **draw(CHANGES)}, draw(FIELDS)


RESOURCES = st.one_of(st.just({"service.name": "claude-code"}), CHANGES)
SCOPES = st.sampled_from([CLAUDE_SCOPE, "", "codex_otel.log_only", "x" * 300, "a\nb"])
GROUPS = st.tuples(RESOURCES, SCOPES, st.lists(record(), max_size=12))


@given(st.lists(GROUPS, max_size=3))
@settings(max_examples=EXAMPLES * 2 // 3)
def test_bodies_of_all_kinds_of_records(groups):
    body = packed(groups)
    told = alike(body)
    assert told == alike(in_json(body), "json")


@given(st.data())
@settings(max_examples=EXAMPLES)
def test_recorded_bodies_with_bytes_changed(data):
    broken = bytearray(data.draw(st.sampled_from(RECORDED)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    alike(bytes(broken))


@given(st.data())
@settings(max_examples=EXAMPLES)
def test_recorded_bodies_cut_short_or_spliced(data):
    body, other = (data.draw(st.sampled_from(RECORDED)) for _ in range(2))
    head = body[: data.draw(st.integers(0, len(body)))]
    alike(head + other[data.draw(st.integers(0, len(other))) :])


@given(st.binary(max_size=60))
@settings(max_examples=EXAMPLES)
def test_any_bytes(body):
    alike(body)


def test_many_users_in_one_body():
    groups = [
        (
            {"user.email": f"user{number}@example.com", "service.name": "claude-code"},
            CLAUDE_SCOPE if number % 2 else "",
            [({**API_REQUEST, "request_id": f"req_{number}_{n}"}, {}) for n in (1, 2)],
        )
        for number in range(50)
    ]
    found = alike(packed(groups))
    assert len(found["witnesses"]) == 100
    assert not found["rejected"]
