"""What passes the front door is what the recorded clients sent, and all of it."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND, Clock
from mileage.domain.witness import ACTIVITY_KINDS
from mileage.ingest.demo import broken_records, front_door_bodies
from mileage.ingest.demo.claude import timestamp
from mileage.ingest.demo.door import LOGS, METRICS, PROTOBUF, RECORDS
from mileage.sources.installed import otlp_sources
from mileage.sources.otlp import OtlpReader

# Attributes and the kinds of their values, as recorded of Claude Code 2.1.197 ...
COMMON = {
    "user.id": "string",
    "session.id": "string",
    "terminal.type": "string",
    "event.name": "string",
    "event.timestamp": "string",
    "event.sequence": "int",
    "prompt.id": "string",
}
CLAUDE = {
    "user_prompt": {"prompt_length": "string", "prompt": "string"},
    "api_request": {
        "model": "string",
        "input_tokens": "int",
        "output_tokens": "int",
        "cache_read_tokens": "int",
        "cache_creation_tokens": "int",
        "cost_usd": "double",
        "cost_usd_micros": "int",
        "duration_ms": "int",
        "request_id": "string",
        "speed": "string",
        "query_source": "string",
    },
    "tool_decision": {
        "decision": "string",
        "source": "string",
        "tool_name": "string",
        "tool_use_id": "string",
    },
    "tool_result": {
        "tool_name": "string",
        "tool_use_id": "string",
        "success": "string",
        "duration_ms": "string",
        "tool_input_size_bytes": "string",
        "tool_result_size_bytes": "string",
    },
}
SOMETIMES = {"agent.name": "string", "effort": "string"}
# ... and of Codex 0.169.0.
CODEX_COMMON = {
    "event.name": "string",
    "event.timestamp": "string",
    "conversation.id": "string",
    "app.version": "string",
    "originator": "string",
    "terminal.type": "string",
    "model": "string",
    "slug": "string",
}
CODEX_COUNTS = {
    "event.kind": "string",
    "input_token_count": "string",
    "output_token_count": "string",
    "cached_token_count": "int",
    "cache_write_token_count": "int",
    "reasoning_token_count": "int",
    "tool_token_count": "string",
    "ttft_ms": "int",
}
CODEX = {
    "codex.user_prompt": {"prompt_length": "string", "prompt": "string"},
    "codex.tool_decision": {
        "tool_name": "string",
        "call_id": "string",
        "decision": "string",
        "source": "string",
    },
    "codex.tool_result": {
        "tool_name": "string",
        "call_id": "string",
        "duration_ms": "string",
        "success": "string",
        "output_truncated": "bool",
        "mcp_server": "string",
        "mcp_server_origin": "string",
    },
}


@pytest.fixture(scope="module")
def bodies(company):
    return list(front_door_bodies(company))


@pytest.fixture(scope="module")
def records(bodies):
    found = []
    for body in bodies:
        if body.path == LOGS:
            for group in ExportLogsServiceRequest.FromString(body.body).resource_logs:
                for scoped in group.scope_logs:
                    found += [(group, scoped.scope, one) for one in scoped.log_records]
    return found


@pytest.fixture(scope="module")
def read(bodies):
    """Readings by the account that each body belongs to."""
    reader = OtlpReader(otlp_sources())
    signals = {LOGS: "logs", METRICS: "metrics"}
    return [
        (body, reader.read(signals[body.path], "protobuf", body.body))
        for body in bodies
    ]


def kinds(attributes):
    return {
        one.key: one.value.WhichOneof("value").removesuffix("_value")
        for one in attributes
    }


def attribute(record, key):
    values = [one.value for one in record.attributes if one.key == key]
    return values[0].string_value if values else ""


def owner(body, witness):
    return body.email or witness.identity


def test_bodies_are_requests_of_clients(company, bodies):
    emails = {plan.account.email for plan in company.door_plans}
    for body in bodies:
        assert body.content_type == PROTOBUF
        assert body.path in {LOGS, METRICS}
        assert body.body
        assert (body.bearer == "personal") == (body.email in emails)
        assert (body.bearer == "collector") == (body.email == "")


def test_both_kinds_of_credentials_are_used(bodies):
    bearers = Counter(body.bearer for body in bodies)
    assert bearers["personal"] > bearers["collector"] > 0


def test_bodies_are_of_the_size_that_clients_send(bodies):
    for body in bodies:
        assert len(body.body) < 400_000
        if body.path == LOGS and body.bearer == "personal":
            message = ExportLogsServiceRequest.FromString(body.body)
            (group,) = message.resource_logs
            (scoped,) = group.scope_logs
            assert 1 <= len(scoped.log_records) <= RECORDS


def test_a_collectors_body_says_whose_records_they_are(company, bodies):
    emails = {plan.account.email for plan in company.door_plans}
    seen = set()
    for body in bodies:
        if body.bearer == "collector" and body.path == LOGS:
            for group in ExportLogsServiceRequest.FromString(body.body).resource_logs:
                seen.add(attribute(group.resource, "user.email"))
    assert seen < emails
    assert len(seen) >= 2


def test_a_personal_body_does_not_say_whose_it_is(bodies):
    for body in bodies:
        if body.bearer == "personal" and body.path == LOGS:
            for group in ExportLogsServiceRequest.FromString(body.body).resource_logs:
                assert attribute(group.resource, "user.email") == ""


def test_claude_codes_records_have_the_recorded_shape(records):
    seen = set()
    for group, scope, record in records:
        if scope.name != "com.anthropic.claude_code.events":
            continue
        name = attribute(record, "event.name")
        seen.add(name)
        assert scope.version == "2.1.197"
        assert attribute(group.resource, "service.name") == "claude-code"
        assert record.body.string_value == f"claude_code.{name}"
        assert record.time_unix_nano == record.observed_time_unix_nano
        assert record.event_name == ""
        assert record.severity_number == 0
        extra = {key: SOMETIMES[key] for key in SOMETIMES if attribute(record, key)}
        assert kinds(record.attributes) == COMMON | CLAUDE[name] | extra
    assert seen == set(CLAUDE)


def test_codexs_records_have_the_recorded_shape(records):
    seen = set()
    for group, scope, record in records:
        if scope.name != "codex_otel.log_only":
            continue
        name = attribute(record, "event.name")
        seen.add(name)
        assert attribute(group.resource, "service.name") == "codex_exec"
        assert record.time_unix_nano == 0
        assert record.observed_time_unix_nano > 0
        assert record.severity_text == "INFO"
        assert record.event_name.startswith("event otel/src/")
        assert not record.HasField("body")
        if name == "codex.sse_event":
            counted = "input_token_count" in kinds(record.attributes)
            bare = {"event.kind": "string", "duration_ms": "string"}
            specific = CODEX_COUNTS if counted else bare
        else:
            specific = CODEX[name]
        assert kinds(record.attributes) == CODEX_COMMON | specific
    assert seen == {*CODEX, "codex.sse_event"}


def test_no_attribute_comes_twice(records):
    for _, _, record in records:
        keys = [one.key for one in record.attributes]
        assert len(keys) == len(set(keys))


def test_prompts_are_redacted(records):
    texts = {attribute(record, "prompt") for _, _, record in records}
    assert texts == {"", "<REDACTED>", "[REDACTED]"}


def test_times_and_timestamps_agree(records):
    for _, _, record in records:
        observed = record.observed_time_unix_nano // 1000
        assert attribute(record, "event.timestamp") == timestamp(observed)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_310_329_057_000, "2026-11-22T01:18:49.057Z"),
        (1_772_323_199_999_999, "2026-02-28T23:59:59.999Z"),
    ],
)
def test_timestamp(at, text):
    assert timestamp(at) == text


def test_everything_read_is_the_plan_of_its_account(company, read):
    calls, tokens = Counter(), defaultdict(list)
    for body, reading in read:
        for witness in reading.witnesses.rows():
            key = (owner(body, witness), witness.client, witness.model)
            calls[key] += 1
            tokens[key].append(witness.tokens)
    wanted = {
        (plan.account.email, use.client, use.model): use
        for plan in company.door_plans
        for use in plan.uses
    }
    assert set(calls) == set(wanted)
    for key, use in wanted.items():
        assert calls[key] == use.calls
        assert Tokens(*map(sum, zip(*tokens[key], strict=True))) == use.tokens


def test_everything_read_lies_in_its_hour(company, read):
    clock = Clock(company.zone)
    found = Counter(
        (owner(body, one), clock.hour(one.occurred_at), one.model)
        for body, reading in read
        for one in reading.witnesses.rows()
    )
    wanted = Counter()
    for plan in company.door_plans:
        for cell in company.cells(plan):
            wanted[plan.account.email, cell.hour, cell.model] += cell.calls
    assert found == wanted


def test_every_call_has_an_identity_of_its_own(read):
    keys = [
        (one.source, one.key) for _, reading in read for one in reading.witnesses.rows()
    ]
    assert len(keys) == len(set(keys))


def test_every_activity_has_an_identity_of_its_own(read):
    keys = [
        (one.source, one.kind, one.key)
        for _, reading in read
        for one in reading.activities.rows()
    ]
    assert len(keys) == len(set(keys))


def test_there_is_activity_of_every_kind(simulate):
    org = simulate(seed=5, people=60, door_calls=2500)
    reader = OtlpReader(otlp_sources())
    found = Counter()
    for body in front_door_bodies(org):
        signal = "logs" if body.path == LOGS else "metrics"
        for one in reader.read(signal, "protobuf", body.body).activities.rows():
            found[one.kind] += one.amount
            assert one.occurred_at <= org.now + SECOND
    assert set(found) == set(ACTIVITY_KINDS)
    assert found["edit_accepted"] > 5 * found["edit_rejected"]
    assert found["tool_result"] > 5 * found["tool_error"]
    assert found["lines_added"] > found["lines_removed"]


def test_attended_and_unattended_calls(read):
    kinds_of_work = Counter(
        (one.client, one.attended)
        for _, reading in read
        for one in reading.witnesses.rows()
    )
    claude = [kinds_of_work["claude-code", one] for one in (True, False, None)]
    assert claude[0] > claude[1] > 0
    # The main thread says whether somebody is there, a sub-agent does not.
    assert 0 < claude[2] < 0.2 * sum(claude)
    assert kinds_of_work["codex", None] == 0


def test_reported_costs_are_the_clients_own(read):
    for _, reading in read:
        for one in reading.witnesses.rows():
            if one.client == "codex":
                assert one.reported_cost is None
            elif one.model.startswith("claude"):
                assert one.reported_cost > 0
            else:
                assert one.reported_cost == 0


def test_a_few_records_are_rejected_and_counted_in_advance(company, read):
    rejected = [one for _, reading in read for one in reading.rejected]
    assert len(rejected) == broken_records(company) >= 2
    assert all(one.reason for one in rejected)


def test_rejections_have_different_reasons(simulate):
    org = simulate(seed=1, people=200, door_calls=3000)
    reader = OtlpReader(otlp_sources())
    reasons = {
        one.reason
        for body in front_door_bodies(org)
        if body.path == LOGS
        for one in reader.read("logs", "protobuf", body.body).rejected
    }
    assert len(reasons) == 2


def test_codexs_second_event_is_ignored_not_rejected(read):
    ignored = sum(reading.ignored for _, reading in read)
    codex = sum(
        one.client == "codex" for _, reading in read for one in reading.witnesses.rows()
    )
    assert ignored >= codex > 0


def test_metrics_are_deltas_that_only_metrics_tell(bodies):
    names = set()
    for body in bodies:
        if body.path == METRICS:
            message = ExportMetricsServiceRequest.FromString(body.body)
            for group in message.resource_metrics:
                for scoped in group.scope_metrics:
                    assert scoped.scope.name == "com.anthropic.claude_code"
                    for metric in scoped.metrics:
                        names.add(metric.name)
                        assert metric.sum.aggregation_temporality == 1
                        assert metric.sum.is_monotonic
                        (point,) = metric.sum.data_points
                        assert point.as_double > 0
                        assert point.start_time_unix_nano <= point.time_unix_nano
    assert "claude_code.lines_of_code.count" in names
    assert "claude_code.active_time.total" in names
    assert not {"claude_code.token.usage", "claude_code.cost.usage"} & names


def test_time_passes_for_all_accounts_alike(company, read):
    starts = []
    for body, reading in read:
        if body.path == LOGS and len(reading.witnesses):
            starts.append(min(reading.witnesses.column("occurred_at")))
    backwards = max(
        max(starts[:place]) - start for place, start in enumerate(starts) if place
    )
    assert backwards < 5.5 * 86400 * SECOND
    assert starts[-1] - starts[0] > 20 * 86400 * SECOND
