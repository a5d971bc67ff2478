"""Who sends what, when and through whom: a dozen accounts with a handful of calls."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from types import SimpleNamespace

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND
from mileage.ingest.demo import broken_records, claude, codex, door, front_door_bodies
from mileage.ingest.demo.door import (
    LOGS,
    METRICS,
    PROTOBUF,
    RECORDS,
    FrontDoorBody,
    _Collector,
    _Sender,
)
from mileage.ingest.demo.models import GPT_CODEX, HAIKU, OPUS
from mileage.sources.installed import otlp_sources
from mileage.sources.otlp import OtlpReader
from tests.unit.ingest.demo.by_hand import account, door_call, held, plan, use

CALLS = 12
TOKENS = Tokens(input=1200, cache_read=24_000, cache_write=2_400, output=360)
REQUEST = {LOGS: ExportLogsServiceRequest, METRICS: ExportMetricsServiceRequest}
SIGNAL = {LOGS: "logs", METRICS: "metrics"}
MODELS = (OPUS, HAIKU, GPT_CODEX)


def staff(count):
    return tuple(
        plan(place, use(MODELS[place % 3], CALLS, TOKENS), door=True)
        for place in range(count)
    )


@pytest.fixture(scope="module")
def org(simulate):
    """26 accounts with twelve calls each, all of which pass the door."""
    drawn = simulate(seed=11, people=3, door_calls=0)
    accounts = tuple(account(place) for place in range(26))
    return replace(drawn, accounts=accounts, plans=staff(26))


@pytest.fixture(scope="module")
def bodies(org):
    return list(front_door_bodies(org))


@pytest.fixture(scope="module")
def readings(bodies):
    reader = OtlpReader(otlp_sources())
    return [
        (body, reader.read(SIGNAL[body.path], "protobuf", body.body)) for body in bodies
    ]


def groups(body):
    message = REQUEST[body.path].FromString(body.body)
    return message.resource_logs if body.path == LOGS else message.resource_metrics


def asserted(group):
    found = {one.key: held(one.value) for one in group.resource.attributes}
    return found.get("user.email", "")


def test_every_fourth_account_sends_through_the_collector(bodies):
    collected = {f"p{place}@example.com" for place in range(1, 26, 4)}
    everybody = {f"p{place}@example.com" for place in range(26)}
    personal = {body.email for body in bodies if body.bearer == "personal"}
    assert personal == everybody - collected
    through = [group for body in bodies if not body.email for group in groups(body)]
    assert {asserted(group) for group in through} == collected


def test_a_personal_body_has_one_group_that_asserts_nobody(bodies):
    for body in bodies:
        if body.bearer == "personal":
            (group,) = groups(body)
            assert asserted(group) == ""


def test_whose_metrics_they_are_is_said_like_whose_logs(bodies):
    for path in (LOGS, METRICS):
        owners = {
            body.email or asserted(group)
            for body in bodies
            if body.path == path
            for group in groups(body)
        }
        of_claude = {f"p{place}@example.com" for place in range(26) if place % 3 < 2}
        codex_users = {f"p{place}@example.com" for place in range(2, 26, 3)}
        assert owners == (of_claude if path == METRICS else of_claude | codex_users)


def test_every_account_is_read_with_its_calls_and_nobody_elses(readings):
    calls, tokens = Counter(), defaultdict(list)
    for body, reading in readings:
        for witness in reading.witnesses.rows():
            owner = body.email or witness.identity
            calls[owner] += 1
            tokens[owner].append(witness.tokens)
    assert calls == {f"p{place}@example.com": CALLS for place in range(26)}
    for rows in tokens.values():
        assert Tokens(*map(sum, zip(*rows, strict=True))) == TOKENS


def test_each_account_has_the_model_of_its_plan(readings):
    models = {
        (body.email or witness.identity, witness.model)
        for body, reading in readings
        for witness in reading.witnesses.rows()
    }
    assert models == {
        (f"p{place}@example.com", MODELS[place % 3].name) for place in range(26)
    }


def test_every_twelfth_account_sends_one_fault(org, readings):
    found = [
        (body.email, one.source, one.reason)
        for body, reading in readings
        for one in reading.rejected
    ]
    # 12 and 24 are the second and third: their faults are of other kinds.
    counts = "missing or absurd token counts"
    assert sorted(found) == [
        ("p0@example.com", "claude_code_otlp", "time before 2020"),
        ("p12@example.com", "claude_code_otlp", counts),
        ("p24@example.com", "claude_code_otlp", counts),
    ]
    assert broken_records(org) == 3


def test_a_fault_is_the_last_that_an_account_sends(readings):
    for email in ("p0@example.com", "p12@example.com"):
        own = [reading for body, reading in readings if body.email == email]
        assert [len(reading.rejected) for reading in own] == [0] * (len(own) - 1) + [1]
        assert len(own[-1].witnesses) == 0


@pytest.mark.parametrize(
    ("accounts", "faults"), [(0, 0), (1, 1), (12, 1), (13, 2), (24, 2), (25, 3)]
)
def test_how_many_faults_there_are(accounts, faults):
    assert broken_records(SimpleNamespace(door_plans=staff(accounts))) == faults


def test_a_codex_account_has_a_fault_of_its_own(org):
    drawn = replace(org, plans=(plan(0, use(GPT_CODEX, CALLS, TOKENS), door=True),))
    reader = OtlpReader(otlp_sources())
    rejected = [
        one.source
        for body in front_door_bodies(drawn)
        for one in reader.read(SIGNAL[body.path], "protobuf", body.body).rejected
    ]
    assert rejected == ["codex_otlp"]


def test_nobody_sends_before_the_slice_of_the_call(org, readings):
    edges = [*org.calendar.hours[:: door.SLICE_DAYS * 24], float("inf")]
    last = 0
    for _, reading in readings:
        if len(reading.witnesses):
            begins = min(reading.witnesses.column("occurred_at")) / SECOND
            ends = max(reading.witnesses.column("occurred_at")) / SECOND
            place = max(n for n, edge in enumerate(edges) if edge <= begins)
            assert ends < edges[place + 1]
            assert place >= last
            last = place
    assert last == len(edges) - 2 == 6


def test_all_bodies_are_protobuf_of_the_two_paths(bodies):
    assert {body.path for body in bodies} == {"/v1/logs", "/v1/metrics"}
    assert {body.content_type for body in bodies} == {"application/x-protobuf"}
    assert all(body.body for body in bodies)


def test_installations_differ_from_account_to_account(bodies):
    owners = defaultdict(set)
    for body in bodies:
        if body.path == LOGS and body.email:
            for record in groups(body)[0].scope_logs[0].log_records:
                for one in record.attributes:
                    if one.key == "user.id":
                        owners[one.value.string_value].add(body.email)
    assert len(owners) == 26 - 9 - 4  # neither Codex users nor collected accounts
    assert {len(own) for own in owners.values()} == {1}


def test_nobody_at_the_door_sends_nothing(org):
    assert list(front_door_bodies(replace(org, plans=()))) == []


def sender(org, place=0, calls=()):
    made = _Sender(org, place, plan(place, use(OPUS, CALLS, TOKENS)))
    made.calls = list(calls)
    return made


@pytest.mark.parametrize(
    ("start", "end", "sent"),
    [
        (0, 10, []),
        (100, 102, [100, 101]),
        (101, 103, [101, 102]),
        (102, None, [102, 103]),
        (104, None, []),
        (0, 1000, [100, 101, 102, 103]),
    ],
)
def test_slices_are_half_open(org, start, end, sent):
    calls = [door_call()._replace(at=one * SECOND) for one in (100, 101, 102, 103)]
    one = sender(org, 2, calls)
    seen = []
    one.logs = lambda part: seen.extend(part) or []
    assert [path for path, _ in door._slice(one, start, end)] == [METRICS] * bool(sent)
    assert [call.at // SECOND for call in seen] == sent


@pytest.mark.parametrize(
    ("place", "end", "paths"),
    [(0, 50, []), (0, None, [LOGS]), (1, None, []), (11, None, []), (12, None, [LOGS])],
)
def test_a_fault_comes_in_the_last_slice_only(org, place, end, paths):
    one = sender(org, place, [door_call()])
    assert [path for path, _ in door._slice(one, 10**10, end)] == paths


@pytest.mark.parametrize("count", [1, RECORDS // 3, RECORDS, 2 * RECORDS + 1])
def test_records_of_one_client_are_cut_into_bodies(org, count):
    one = sender(org, 2)
    one._around = lambda _call: [b"\x0a\x00"]
    found = [
        len(scoped.log_records)
        for group in one.logs([door_call()] * count)
        for scoped in ExportLogsServiceRequest.FromString(group)
        .resource_logs[0]
        .scope_logs
    ]
    full, rest = divmod(count, RECORDS)
    assert found == [RECORDS] * full + [rest] * (rest > 0)


def test_clients_never_share_a_group(org):
    calls = [door_call(model) for model in (GPT_CODEX, OPUS, GPT_CODEX, HAIKU)]
    found = [
        ExportLogsServiceRequest.FromString(group).resource_logs[0].scope_logs[0]
        for group in sender(org, 2).logs(calls)
    ]
    assert [one.scope.name for one in found] == [claude.EVENTS.name, codex.EVENTS.name]


def test_only_claude_code_has_metrics(org):
    one = sender(org, 2)
    assert one.metrics([door_call(GPT_CODEX)]) == b""
    assert one.metrics([]) == b""
    mixed = [door_call(GPT_CODEX, after=-SECOND), *[door_call(OPUS)] * 3]
    (group,) = ExportMetricsServiceRequest.FromString(
        one.metrics(mixed)
    ).resource_metrics
    starts = {
        metric.sum.data_points[0].start_time_unix_nano
        for metric in group.scope_metrics[0].metrics
    }
    assert starts == {mixed[1].at * 1000}


@pytest.mark.parametrize("place", range(9))
def test_who_is_collected_has_no_token_of_the_own(org, place):
    one = sender(org, place)
    assert one.collected == (place in {1, 5})
    assert one.email == ("" if one.collected else f"p{place}@example.com")


def test_a_collector_waits_until_it_is_full():
    collector = _Collector(LOGS, 10)
    assert list(collector.add(b"1234")) == []
    assert list(collector.add(b"56789")) == []
    assert list(collector.add(b"0")) == [
        FrontDoorBody("collector", "", LOGS, PROTOBUF, b"1234567890")
    ]
    assert list(collector.flush()) == []


def test_a_collector_gives_out_what_is_left_once():
    collector = _Collector(METRICS, 10)
    assert list(collector.add(b"abc")) == []
    (body,) = collector.flush()
    assert (body.path, body.body, body.bearer) == (METRICS, b"abc", "collector")
    assert list(collector.flush()) == []


def test_one_large_group_fills_a_collector_by_itself():
    (body,) = _Collector(LOGS, 10).add(b"x" * 11)
    assert body.body == b"x" * 11
