from __future__ import annotations

import math

import pytest

from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import ACTIVITY_KINDS
from mileage.sources.claude_code_otlp import SOURCE
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_record import OtlpRecord, Point
from tests.otlp_bodies import (
    API_REQUEST,
    AT_MICROS,
    AT_NANOS,
    log,
    logs,
    metric,
    metrics,
    packed_logs,
    packed_metrics,
    point,
)

READER = OtlpReader([SOURCE])
RESOURCE = {"service.name": "claude-code", "service.version": "2.1.197"}
EVENT = {
    "event.timestamp": "2026-11-22T01:18:32.872Z",
    "event.sequence": 5,
    "session.id": "session-1",
    "user.email": "alice@example.com",
}


def read(*events, resource=None):
    records = [log(event) for event in events]
    body = logs(*records, resource=RESOURCE if resource is None else resource)
    reading = READER.read("logs", "json", body)
    packed = READER.read("logs", "protobuf", packed_logs(body))
    assert reading == packed
    return reading


def witness(**changed):
    reading = read({**API_REQUEST, **changed})
    assert reading.rejected == ()
    (row,) = reading.witnesses.rows()
    return row


def without(*keys, **changed):
    kept = {key: held for key, held in API_REQUEST.items() if key not in keys}
    return {**kept, **changed}


def reason(event):
    reading = read(event)
    assert not len(reading.witnesses)
    assert not len(reading.activities)
    (one,) = reading.rejected
    assert one.source == "claude_code_otlp"
    assert one.place == "logs record 1"
    return one.reason


def activities(*events, **fields):
    return list(
        read(*({**EVENT, **event} for event in events), **fields).activities.rows()
    )


class TestCall:
    def test_every_field(self):
        row = witness()
        assert row.source == "claude_code_otlp"
        assert row.key == row.link == "req_1"
        assert row.session == "session-1"
        assert row.occurred_at == AT_MICROS
        assert row.client == "claude-code"
        assert row.client_version == "2.1.197"
        assert row.provider == "anthropic"
        assert row.model == "claude-opus-4-8"
        assert row.tier == row.agent == row.project == ""
        assert tuple(row.tokens) == (103, 7, 384, 0, 529, 0, 0)
        assert row.reported_cost == 16140
        assert row.copied is False
        assert row.attended is False
        assert row.identity == "alice@example.com"

    @pytest.mark.parametrize("write", [int, str, float])
    def test_counts_as_integers_texts_and_doubles(self, write):
        keys = [key for key in API_REQUEST if key.endswith("_tokens")]
        sent = {key: write(API_REQUEST[key]) for key in keys}
        if write is float:
            reading = READER.read("logs", "json", logs(log({**API_REQUEST, **sent})))
            (row,) = reading.witnesses.rows()
        else:
            row = witness(**sent)
        assert tuple(row.tokens) == (103, 7, 384, 0, 529, 0, 0)

    def test_cache_counts_may_be_missing(self):
        (row,) = read(
            without("cache_read_tokens", "cache_creation_tokens")
        ).witnesses.rows()
        assert (row.cache_read, row.cache_write) == (0, 0)

    @pytest.mark.parametrize(
        "key",
        ["input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"],
    )
    @pytest.mark.parametrize(
        "sent", [-1, "-1", MAX_COUNT + 1, 1.5, "many", True, [1], "9" * 300, ""]
    )
    def test_an_absurd_count_rejects_the_record(self, key, sent):
        assert reason({**API_REQUEST, key: sent}) == "missing or absurd token counts"

    @pytest.mark.parametrize("key", ["input_tokens", "output_tokens"])
    def test_a_missing_count_rejects_the_record(self, key):
        assert reason(without(key)) == "missing or absurd token counts"

    def test_counts_that_are_no_numbers_in_json(self):
        for number in ("NaN", "Infinity", math.pi):
            record = log(without("input_tokens"))
            record["attributes"].append(
                {"key": "input_tokens", "value": {"doubleValue": number}}
            )
            reading = READER.read("logs", "json", logs(record))
            assert len(reading.rejected) == 1

    def test_the_largest_count(self):
        assert witness(input_tokens=MAX_COUNT).input == MAX_COUNT

    def test_no_time(self):
        assert reason(without("event.timestamp")) == "no time"

    def test_time_before_2020(self):
        stamped = {**API_REQUEST, "event.timestamp": "2019-12-31T23:59:59.999Z"}
        assert reason(stamped) == "time before 2020"
        witness(**{"event.timestamp": "2020-01-01T00:00:00Z"})

    def test_a_record_among_others_is_found_again_by_its_place(self):
        reading = read(API_REQUEST, without("event.timestamp"), API_REQUEST)
        (one,) = reading.rejected
        assert one[:3] == ("claude_code_otlp", "logs record 2", "no time")
        assert len(reading.witnesses) == 2

    @pytest.mark.parametrize(
        ("sent", "model", "provider"),
        [
            ("claude-opus-4-8[1m]", "claude-opus-4-8", "anthropic"),
            ("us.anthropic.claude-opus-4-8", "us.anthropic.claude-opus-4-8", ""),
            ("claude-opus-4-8@20260101", "claude-opus-4-8@20260101", "vertex_ai"),
            ("gpt-5.1", "gpt-5.1", ""),
            ("", "", ""),
            ("x" * 300, "", ""),
        ],
    )
    def test_models(self, sent, model, provider):
        row = witness(model=sent)
        assert (row.model, row.provider) == (model, provider)

    @pytest.mark.parametrize(
        ("speed", "tier"),
        [("normal", ""), ("standard", ""), ("", ""), ("fast", "fast"), ("odd", "odd")],
    )
    def test_tiers(self, speed, tier):
        assert witness(speed=speed).tier == tier

    @pytest.mark.parametrize(
        ("changed", "cost"),
        [
            ({"cost_usd_micros": 5}, 5),
            ({"cost_usd_micros": "5"}, 5),
            ({"cost_usd_micros": -5, "cost_usd": 0.25}, 250_000),
            ({"cost_usd_micros": "x", "cost_usd": "0.25"}, 250_000),
            ({"cost_usd_micros": "x", "cost_usd": "free"}, None),
            ({"cost_usd_micros": "x"}, None),
        ],
    )
    def test_a_bad_cost_is_no_reason_to_reject_a_call(self, changed, cost):
        assert witness(**changed).reported_cost == cost

    def test_the_version_of_the_app_serves_where_the_resource_has_none(self):
        body = {**API_REQUEST, "app.version": "2.0.1"}
        (row,) = read(body, resource={"service.name": "claude-code"}).witnesses.rows()
        assert row.client_version == "2.0.1"


class TestKey:
    def test_by_the_request_of_the_client_where_the_provider_gives_none(self):
        (row,) = read(without("request_id", client_request_id="c1")).witnesses.rows()
        assert (row.key, row.link) == ("client:c1", "")

    def test_by_place_in_the_session_where_there_is_no_id(self):
        (row,) = read(without("request_id")).witnesses.rows()
        assert row.key == f"seq:session-1:2:{AT_MICROS}"
        assert row.link == ""

    def test_a_resumed_session_counts_from_zero_again(self):
        later = without("request_id", **{"event.timestamp": "2026-11-22T02:00:00Z"})
        rows = list(read(without("request_id"), later).witnesses.rows())
        assert rows[0].key != rows[1].key

    def test_a_session_is_not_asked_for_where_there_is_an_id(self):
        (row,) = read(without("session.id")).witnesses.rows()
        assert (row.key, row.session) == ("req_1", "")

    def test_neither_id_nor_session(self):
        event = without("request_id", "session.id")
        assert reason(event) == "no request id and no session"

    @pytest.mark.parametrize("sent", ["", 5, True, ["req_1"], "r" * 257])
    def test_an_id_that_is_none_does_not_name_the_request(self, sent):
        assert witness(request_id=sent).key.startswith("seq:session-1:")


class TestAgent:
    @pytest.mark.parametrize(
        ("changed", "agent"),
        [
            ({}, ""),
            ({"query_source": "agent:builtin:general-purpose"}, "general-purpose"),
            ({"query_source": "agent:custom", "agent.name": "reviewer"}, "reviewer"),
            ({"query_source": "compact"}, ""),
        ],
    )
    def test_kinds(self, changed, agent):
        assert witness(**changed).agent == agent


class TestAttended:
    @pytest.mark.parametrize(
        ("changed", "attended"),
        [
            ({"query_source": "sdk"}, False),
            ({"query_source": "repl_main_thread"}, True),
            ({"query_source": "repl_main_thread:outputStyle:custom"}, True),
            ({"query_source": "agent:builtin:explore"}, None),
            ({"query_source": "compact", "app.entrypoint": "cli"}, True),
            ({"query_source": "compact", "app.entrypoint": "sdk-py"}, False),
            ({"query_source": "compact", "app.entrypoint": "claude-vscode"}, None),
            ({"query_source": "compact", "terminal.type": "non-interactive"}, False),
            ({"query_source": "compact", "terminal.type": "xterm"}, None),
        ],
    )
    def test_where_the_record_tells(self, changed, attended):
        assert witness(**changed).attended is attended


class TestIdentity:
    def test_an_installation_is_the_last_resort(self):
        (row,) = read(without("user.email", **{"user.id": "abc"})).witnesses.rows()
        assert row.identity == "installation:abc"

    def test_nobody(self):
        (row,) = read(without("user.email")).witnesses.rows()
        assert row.identity == ""

    def test_the_resource_names_the_person(self):
        resource = {**RESOURCE, "user.email": "bob@example.com"}
        (row,) = read(without("user.email"), resource=resource).witnesses.rows()
        assert row.identity == "bob@example.com"

    def test_behind_a_gateway_the_id_is_a_person(self):
        gateway = {"user.id": "subject-7", "identity.source": "gateway-oidc"}
        (row,) = read(without("user.email", **gateway)).witnesses.rows()
        assert row.identity == "subject-7"
        assert witness(**gateway).identity == "alice@example.com"


class TestWants:
    @pytest.mark.parametrize(
        ("scope", "name", "resource", "wanted"),
        [
            ("com.anthropic.claude_code.events", "api_request", {}, True),
            ("com.anthropic.claude_code", "claude_code.commit.count", {}, True),
            ("", "claude_code.api_request", {}, True),
            ("", "api_request", {"service.name": "claude-code-desktop"}, True),
            ("", "api_request", {"service.name": "gemini-cli"}, False),
            ("", "api_request", {"service.name": None}, False),
            ("", "api_request", {}, False),
            ("codex_otel.log_only", "codex.sse_event", {}, False),
            ("com.anthropic.claude_code.events", "codex.sse_event", {}, False),
        ],
    )
    def test_by_scope_name_or_service(self, scope, name, resource, wanted):
        record = OtlpRecord("logs", scope, name, 1, None, {}, resource)
        assert SOURCE.wants(record) is wanted

    def test_a_name_from_the_body_counts_as_well(self):
        event = without("event.name")
        record = log(event, body={"stringValue": "claude_code.api_request"})
        reading = READER.read("logs", "json", logs(record, scope=""))
        assert len(reading.witnesses) == 1

    @pytest.mark.parametrize(
        "name", ["assistant_response", "api_error", "subagent_completed", "auth"]
    )
    def test_other_events_are_ignored(self, name):
        event = {**EVENT, "event.name": name, "total_tokens": 14911, "model": "m"}
        reading = read(event)
        assert reading.ignored == 1
        assert not reading.rejected


class TestActivity:
    def test_a_prompt(self):
        (row,) = activities({"event.name": "user_prompt", "prompt": "secret"})
        assert row.kind == "prompt"
        assert row.key == f"seq:session-1:5:{AT_MICROS}"
        assert row.name == ""
        assert row.amount == 1
        assert row.occurred_at == AT_MICROS
        assert row.identity == "alice@example.com"

    def test_a_tool_result(self):
        (row,) = activities(
            {
                "event.name": "tool_result",
                "tool_name": "Bash",
                "tool_use_id": "toolu_1",
                "success": "true",
            }
        )
        assert (row.kind, row.key, row.name) == ("tool_result", "toolu_1", "Bash")

    @pytest.mark.parametrize("success", ["false", False])
    def test_a_failure_is_a_result_and_an_error(self, success):
        rows = activities(
            {"event.name": "tool_result", "tool_name": "Bash", "success": success}
        )
        assert [row.kind for row in rows] == ["tool_result", "tool_error"]

    @pytest.mark.parametrize("tool", ["Edit", "Write", "MultiEdit", "NotebookEdit"])
    @pytest.mark.parametrize(
        ("decision", "kind"), [("accept", "edit_accepted"), ("reject", "edit_rejected")]
    )
    def test_a_decision_about_an_edit(self, tool, decision, kind):
        (row,) = activities(
            {"event.name": "tool_decision", "tool_name": tool, "decision": decision}
        )
        assert (row.kind, row.name) == (kind, tool)

    def test_a_decision_about_anything_else_is_ignored(self):
        event = {**EVENT, "event.name": "tool_decision", "tool_name": "Bash"}
        assert read({**event, "decision": "accept"}).ignored == 1

    def test_a_decision_that_nobody_knows_is_rejected(self):
        event = {**EVENT, "event.name": "tool_decision", "tool_name": "Edit"}
        assert reason({**event, "decision": "maybe"}) == "unknown decision"
        assert reason(event) == "unknown decision"

    def test_without_session_or_time(self):
        prompt = {"event.name": "user_prompt"}
        no_session = {k: v for k, v in EVENT.items() if k != "session.id"}
        no_time = {k: v for k, v in EVENT.items() if k != "event.timestamp"}
        assert reason({**no_session, **prompt}) == "no session"
        assert reason({**no_time, **prompt}) == "no time"


def measured(*made):
    body = metrics(*made, **RESOURCE)
    reading = READER.read("metrics", "json", body)
    assert reading == READER.read("metrics", "protobuf", packed_metrics(body))
    return reading


def amounts(*made):
    rows = measured(*made).activities.rows()
    return [(row.kind, row.amount, row.attended) for row in rows]


LABELS = {"session.id": "session-1", "user.email": "alice@example.com"}


class TestMetrics:
    def test_lines(self):
        made = metric(
            "claude_code.lines_of_code.count",
            point(12, {**LABELS, "type": "added"}),
            point(3, {**LABELS, "type": "removed"}),
        )
        assert amounts(made) == [("lines_added", 12, None), ("lines_removed", 3, None)]

    def test_commits_and_pull_requests(self):
        commits = metric("claude_code.commit.count", point(2, LABELS))
        pulls = metric("claude_code.pull_request.count", point(1, LABELS))
        assert amounts(commits, pulls) == [
            ("commit", 2, None),
            ("pull_request", 1, None),
        ]

    def test_active_time_of_a_person_is_attended(self):
        made = metric(
            "claude_code.active_time.total",
            point(29.6, {**LABELS, "type": "user"}),
            point(400.2, {**LABELS, "type": "cli"}),
        )
        assert amounts(made) == [
            ("active_seconds", 30, True),
            ("active_seconds", 400, False),
        ]

    def test_the_whole_row(self):
        made = metric("claude_code.commit.count", point(2, LABELS))
        (row,) = measured(made).activities.rows()
        assert (row.session, row.occurred_at) == ("session-1", AT_MICROS)
        assert (row.client, row.identity) == ("claude-code", "alice@example.com")
        assert row.kind in ACTIVITY_KINDS

    def test_tokens_and_cost_are_not_counted_twice(self):
        made = [
            metric(f"claude_code.{name}", point(5, {**LABELS, "type": "input"}))
            for name in ("token.usage", "cost.usage", "session.count")
        ]
        reading = measured(*made)
        assert reading.ignored == 3
        assert not len(reading.activities)

    def test_deltas_differ_by_time_and_a_repetition_does_not(self):
        def key(**fields):
            made = metric("claude_code.commit.count", point(2, LABELS, **fields))
            (row,) = measured(made).activities.rows()
            return row.key

        assert key() == key()
        assert key() != key(timeUnixNano=str(AT_NANOS + 1))
        assert key() != key(startTimeUnixNano=str(AT_NANOS - 1))

    def test_running_totals_share_a_key_until_the_process_restarts(self):
        def key(**fields):
            sent = point(2, LABELS, **fields)
            made = metric("claude_code.commit.count", sent, temporality=2)
            (row,) = measured(made).activities.rows()
            return row.key

        assert key() == key(timeUnixNano=str(AT_NANOS + 60_000_000_000))
        assert key() != key(startTimeUnixNano=str(AT_NANOS))

    def test_series_of_other_labels_do_not_merge(self):
        made = metric(
            "claude_code.lines_of_code.count",
            point(1, {**LABELS, "type": "added", "language": "Python"}),
            point(1, {**LABELS, "type": "added", "language": "Rust"}),
        )
        rows = list(measured(made).activities.rows())
        assert len({row.key for row in rows}) == 2

    def test_nothing_is_ignored_not_rejected(self):
        reading = measured(metric("claude_code.commit.count", point(0.3, LABELS)))
        assert reading.ignored == 1

    def test_a_session_may_be_switched_off(self):
        made = metric("claude_code.commit.count", point(2, {}))
        assert amounts(made) == [("commit", 2, None)]

    @pytest.mark.parametrize(
        ("sent", "reason"),
        [
            (point(-1, LABELS), "missing or absurd amount"),
            (point(1e13, LABELS), "missing or absurd amount"),
            (point(1, LABELS, timeUnixNano="0"), "no time"),
            (point(1, LABELS, timeUnixNano="1000000"), "time before 2020"),
        ],
    )
    def test_absurd_points_are_rejected(self, sent, reason):
        reading = measured(metric("claude_code.commit.count", sent))
        (one,) = reading.rejected
        assert one[:3] == ("claude_code_otlp", "metrics record 1", reason)

    @pytest.mark.parametrize(
        "name", ["claude_code.lines_of_code.count", "claude_code.active_time.total"]
    )
    def test_an_unknown_type_is_rejected(self, name):
        (one,) = measured(metric(name, point(1, {"type": "new"}))).rejected
        assert one.reason == "unknown type of metric"

    @pytest.mark.parametrize(
        "value", [math.nan, math.inf, -math.inf, None, 10**400, "x", True]
    )
    def test_values_that_are_no_amount(self, value):
        record = OtlpRecord(
            "metrics",
            "",
            "claude_code.commit.count",
            1,
            AT_MICROS,
            {},
            {},
            Point(value, "delta", 1, 2, "s"),
        )
        (one,) = SOURCE.read([record]).rejected
        assert one.reason == "missing or absurd amount"

    def test_what_is_no_sum_is_rejected(self):
        histogram = {"dataPoints": [{"count": "1"}], "aggregationTemporality": 1}
        name = "claude_code.commit.count"
        no_sum = measured({"name": name, "histogram": histogram})
        unknown = measured(metric(name, point(1, LABELS), temporality=0))
        for reading in (no_sum, unknown):
            (one,) = reading.rejected
            assert one.reason == "a metric that is no sum of known temporality"


def test_every_declared_name_is_read_or_ignored_but_not_an_error():
    for name in SOURCE.names:
        for signal in ("logs", "metrics"):
            record = OtlpRecord(signal, "", name, 1, None, {}, {})
            reading = SOURCE.read([record])
            assert len(reading.rejected) + reading.ignored == 1
