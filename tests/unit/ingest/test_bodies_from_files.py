from __future__ import annotations

import pytest

from mileage.ingest.collecting import body_record
from mileage.sources import claude_code_metrics, claude_code_otlp, genai_spans
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


@pytest.mark.parametrize("signal", BODIES)
@pytest.mark.parametrize("ending", ["json", "pb"])
def test_the_name_of_a_file_tells_its_signal(tmp_path, signal, ending):
    source, body, pack = BODIES[signal]
    path = tmp_path / f"00001-{signal}.{ending}"
    path.write_bytes(body if ending == "json" else pack(body))
    record = body_record(source, path, "ana")
    assert len(record.reading.witnesses) == 1
    assert record.credential.account_id == "ana"


def test_without_a_word_of_it_a_body_is_of_logs(tmp_path):
    path = tmp_path / "body.json"
    path.write_bytes(BODIES["logs"][1])
    source = claude_code_otlp.SOURCE
    assert len(body_record(source, path, "ana").reading.witnesses) == 1


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
