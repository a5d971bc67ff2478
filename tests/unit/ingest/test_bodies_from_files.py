from __future__ import annotations

import pytest

from mileage.ingest.collecting import body_record
from mileage.sources import (
    claude_code_metrics,
    claude_code_otlp,
    codex_otlp,
    genai_spans,
)
from tests.otlp_bodies import (
    API_REQUEST,
    log,
    logs,
    metric,
    metrics,
    packed_logs,
    packed_metrics,
    packed_spans,
    point,
    span,
    spans,
)

CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.response.id": "resp_1",
    "gen_ai.usage.input_tokens": 5,
}
USAGE = metric(
    "claude_code.token.usage", point(5, {"session.id": "s", "type": "input"})
)
BODIES = {
    "traces": (genai_spans.SOURCE, spans(span(CALL)), packed_spans),
    "metrics": (claude_code_metrics.SOURCE, metrics(USAGE), packed_metrics),
    "logs": (claude_code_otlp.SOURCE, logs(log(API_REQUEST)), packed_logs),
}


NAMES = ["00001-traces", "00001-metrics", "00001-logs", "metrics-and-logs", "body"]


def read(tmp_path, source, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return body_record(source, path, "ana")


@pytest.mark.parametrize("signal", BODIES)
@pytest.mark.parametrize("ending", ["json", "pb"])
@pytest.mark.parametrize("name", NAMES)
def test_a_body_tells_its_signal_whatever_its_file_is_called(
    tmp_path, signal, ending, name
):
    source, body, pack = BODIES[signal]
    content = body if ending == "json" else pack(body)
    record = read(tmp_path, source, f"{name}.{ending}", content)
    assert len(record.reading.witnesses) == 1
    assert not record.reading.rejected
    assert record.credential.account_id == "ana"


@pytest.mark.parametrize("signal", BODIES)
@pytest.mark.parametrize("ending", ["json", "pb"])
def test_a_body_of_others_records_is_ignored_and_not_refused(tmp_path, signal, ending):
    _, body, pack = BODIES[signal]
    content = body if ending == "json" else pack(body)
    source = codex_otlp.SOURCE
    reading = read(tmp_path, source, f"{signal}.{ending}", content).reading
    assert not reading.rejected
    assert reading.ignored == 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("logs.json", b"{}", "resourceLogs, resourceMetrics or resourceSpans"),
        ("logs.json", b'{"resource_logs":[]}', "resourceLogs, resourceMetrics or"),
        ("a.json", b'{"resourceLogs":[],"resourceSpans":[]}', "of several signals"),
        ("a.json", b'{"resourceLogs":[]}{}', "no OTLP logs JSON message"),
        ("traces.json", b"words", "no OTLP traces JSON message"),
        ("traces.json", b"[" * 100_000, "no OTLP traces JSON message"),
        ("traces.json", b'{"a":' * 100_000, "nested too deeply"),
        ("a.pb", b"", "no record of OTLP logs, metrics or traces"),
        ("a.pb", b"words", "no OTLP logs protobuf message"),
    ],
)
def test_what_is_no_body_is_refused_with_a_reason(tmp_path, name, content, reason):
    record = read(tmp_path, claude_code_otlp.SOURCE, name, content)
    (refused,) = record.reading.rejected
    assert reason in refused.reason
    assert refused.place == name


def test_a_damaged_body_is_not_taken_for_one_of_another_signal(tmp_path):
    source, body, pack = BODIES["traces"]
    damaged = pack(body)[:-3]
    (refused,) = read(tmp_path, source, "traces.pb", damaged).reading.rejected
    assert refused.reason == "the body is no OTLP traces protobuf message"


@pytest.mark.parametrize("signal", BODIES)
def test_what_cannot_be_decoded_is_rejected_by_its_file(tmp_path, signal):
    path = tmp_path / f"{signal}.pb"
    path.write_bytes(b"\xff\xff")
    (refused,) = body_record(BODIES[signal][0], path, "ana").reading.rejected
    assert refused.place == path.name
    assert signal in refused.reason


def test_a_file_that_is_gone_is_rejected(tmp_path):
    path = tmp_path / "traces.json"
    (refused,) = body_record(genai_spans.SOURCE, path, "ana").reading.rejected
    assert refused.reason == "No such file or directory"
