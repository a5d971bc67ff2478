from __future__ import annotations

import json

import pytest

from mileage.domain.call import SourceTraits
from mileage.domain.errors import Invalid
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_record import gather
from mileage.sources.otlp_scalar import MAX_TEXT
from tests.otlp_bodies import (
    AT,
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


class Keeper:
    """A source that keeps what it was given."""

    traits = SourceTraits("keeper", "c", 1, "link", replayable=False)
    names = frozenset({"thing.done", "thing.count"})
    keys = frozenset({"id", "size", "who", "flag"})

    def __init__(self, only=""):
        self.only = only
        self.records = []

    def wants(self, record):
        return not self.only or record.scope == self.only

    def read(self, records):
        self.records += records
        return gather(() for _ in self.records)


def both(body):
    """Read a JSON body and its protobuf twin; they must give equal records."""
    first, second = Keeper(), Keeper()
    reading = OtlpReader([first]).read("logs", "json", body)
    packed = OtlpReader([second]).read("logs", "protobuf", packed_logs(body))
    assert first.records == second.records
    assert reading.ignored == packed.ignored
    return first.records, reading


def one(attributes, **fields):
    records, _ = both(logs(log({"event.name": "thing.done", **attributes}, **fields)))
    (record,) = records
    return record


def test_only_declared_keys_survive():
    record = one({"id": "a", "prompt": "secret", "size": 3})
    assert set(record.attributes) == {"event.name", "id", "size"}


def test_only_declared_keys_of_the_resource_survive():
    body = logs(
        log({"event.name": "thing.done"}),
        resource={"who": "me", "process.command_args": ["claude", "-p", "secret"]},
    )
    records, _ = both(body)
    assert records[0].resource == {"who": "me"}


def test_records_that_nobody_names_are_counted_and_dropped():
    records, reading = both(logs(log({"event.name": "other"}), log({}), log({"id": 1})))
    assert records == []
    assert reading.ignored == 3


def test_wanted_by_name_but_by_no_source_is_ignored():
    keeper = Keeper(only="elsewhere")
    body = logs(log({"event.name": "thing.done"}))
    assert OtlpReader([keeper]).read("logs", "json", body).ignored == 1
    assert keeper.records == []


def test_each_record_goes_to_every_source_that_wants_it():
    first, second = Keeper(only="a"), Keeper()
    reader = OtlpReader([first, second])
    reader.read("logs", "json", logs(log({"event.name": "thing.done"}), scope="a"))
    reader.read("logs", "json", logs(log({"event.name": "thing.done"}), scope="b"))
    assert [record.scope for record in first.records] == ["a"]
    assert [record.scope for record in second.records] == ["a", "b"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("text", "text"),
        ("", ""),
        (0, 0),
        (-5, -5),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (0.0, 0.0),
        (1.5, 1.5),
        (True, True),
        (False, False),
    ],
)
def test_scalars_of_each_kind(sent, kept):
    held = one({"id": sent}).attributes["id"]
    assert held == kept
    assert type(held) is type(kept)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"intValue": 5}, 5),
        ({"intValue": "5"}, 5),
        ({"intValue": 5.0}, 5),
        ({"intValue": "5.0"}, None),
        ({"intValue": 5.5}, None),
        ({"intValue": ""}, None),
        ({"intValue": "9" * 400}, None),
        ({"intValue": 10**30}, None),
        ({"doubleValue": 5}, 5.0),
        ({"doubleValue": "5.5"}, 5.5),
        ({"doubleValue": "Infinity"}, float("inf")),
        ({"doubleValue": "much"}, None),
        ({"doubleValue": 10**400}, None),
        ({"stringValue": None}, None),
        ({"bytesValue": "AAAA"}, None),
        ({}, None),
    ],
)
def test_how_json_may_write_numbers(sent, kept):
    record = log({"event.name": "thing.done"})
    record["attributes"].append({"key": "id", "value": sent})
    keeper = Keeper()
    OtlpReader([keeper]).read("logs", "json", logs(record))
    assert keeper.records[0].attributes["id"] == kept


@pytest.mark.parametrize(
    "sent",
    [
        "x" * (MAX_TEXT + 1),
        "two\nlines",
        "nul\0",
        "escape\x1b[31m",
        "right\u202eto left",
        ["a"],
        [],
        {"a": "b"},
    ],
)
def test_what_is_no_bounded_printable_scalar_is_there_but_unusable(sent):
    assert one({"id": sent}).attributes["id"] is None


def test_the_longest_text():
    assert one({"id": "x" * MAX_TEXT}).attributes["id"] == "x" * MAX_TEXT


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_the_last_of_equal_keys_wins_in_both_forms(form):
    pair = {"key": "id", "value": {"stringValue": "first"}}
    again = {"key": "id", "value": {"stringValue": "last"}}
    record = log({"event.name": "thing.done"})
    record["attributes"] += [pair, again]
    keeper = Keeper()
    body = logs(record)
    OtlpReader([keeper]).read(
        "logs", form, body if form == "json" else packed_logs(body)
    )
    assert keeper.records[0].attributes["id"] == "last"


class TestName:
    def test_the_attribute_goes_first(self):
        records, _ = both(
            logs(log({"event.name": "thing.done"}, body={"stringValue": "thing.count"}))
        )
        assert records[0].name == "thing.done"

    def test_the_event_name_field(self):
        records, _ = both(logs(log({}, eventName="thing.done")))
        assert records[0].name == "thing.done"

    def test_a_source_location_as_event_name_gives_way_to_the_body(self):
        body = {"stringValue": "thing.done"}
        records, _ = both(logs(log({}, eventName="event src/a.rs:3", body=body)))
        assert records[0].name == "thing.done"

    @pytest.mark.parametrize(
        "text", ["thing.done please", "", "Please write thing.done"]
    )
    def test_any_other_body_is_dropped(self, text):
        records, reading = both(logs(log({}, body={"stringValue": text})))
        assert records == []
        assert reading.ignored == 1

    @pytest.mark.parametrize("named", [5, "", True, ["thing.done"], "other"])
    def test_an_attribute_that_is_no_known_name(self, named):
        _, reading = both(logs(log({"event.name": named})))
        assert reading.ignored == 1

    def test_a_null_body_and_a_body_that_is_no_text(self):
        _, reading = both(logs(log({}, body=None), log({}, body={"intValue": "4"})))
        assert reading.ignored == 2


class TestTime:
    def test_the_clients_stamp_goes_first(self):
        stamped = one({"event.timestamp": AT}, timeUnixNano=str(AT_NANOS + 10**9))
        assert stamped.occurred_at == AT_MICROS

    def test_then_the_time_of_the_record(self):
        assert one({}, timeUnixNano=str(AT_NANOS)).occurred_at == AT_MICROS

    def test_then_the_time_it_was_observed(self):
        record = one({}, timeUnixNano="0", observedTimeUnixNano=str(AT_NANOS))
        assert record.occurred_at == AT_MICROS

    def test_a_stamp_that_is_none_gives_way(self):
        for stamp in ("yesterday", "", 5, "2026-13-45T00:00:00Z", "9999"):
            record = one({"event.timestamp": stamp}, timeUnixNano=str(AT_NANOS))
            assert record.occurred_at == AT_MICROS

    @pytest.mark.parametrize(
        "stamp",
        [
            "2026-11-22T01:18:32.872Z",
            "2026-11-22T01:18:32.872",
            "2026-11-22T06:48:32.872+05:30",
            "2026-11-22T01:18:32.872000999Z",
        ],
    )
    def test_ways_to_write_an_instant(self, stamp):
        assert one({"event.timestamp": stamp}).occurred_at == AT_MICROS

    def test_no_time_at_all(self):
        assert one({}).occurred_at is None

    @pytest.mark.parametrize(
        "sent", [AT_NANOS, str(AT_NANOS), float(AT_NANOS), AT_NANOS + 7]
    )
    def test_json_may_write_nanoseconds_as_text_or_number(self, sent):
        keeper = Keeper()
        body = logs(log({"event.name": "thing.done"}, timeUnixNano=sent))
        OtlpReader([keeper]).read("logs", "json", body)
        assert keeper.records[0].occurred_at == AT_MICROS

    @pytest.mark.parametrize(
        "sent", ["", "abc", "-5", -5, 2**64, "9" * 5000, 1.5, None, "1e18"]
    )
    def test_nanoseconds_that_are_none(self, sent):
        keeper = Keeper()
        body = logs(log({"event.name": "thing.done"}, timeUnixNano=sent))
        OtlpReader([keeper]).read("logs", "json", body)
        assert keeper.records[0].occurred_at is None


def test_records_are_numbered_through_the_body():
    wanted, other = log({"event.name": "thing.done"}), log({"event.name": "other"})
    records, _ = both(logs(other, wanted, other, wanted))
    assert [record.number for record in records] == [2, 4]
    assert records[0].place == "logs record 2"


def points(body):
    first, second = Keeper(), Keeper()
    OtlpReader([first]).read("metrics", "json", body)
    OtlpReader([second]).read("metrics", "protobuf", packed_metrics(body))
    assert first.records == second.records
    return first.records


class TestMetrics:
    def test_a_sum_becomes_a_record_a_point(self):
        body = metrics(metric("thing.count", point(3.5, {"id": "a"}), point(1, {})))
        first, second = points(body)
        assert (first.name, first.number, second.number) == ("thing.count", 1, 2)
        assert first.attributes == {"id": "a"}
        assert first.occurred_at == AT_MICROS
        assert first.point.value == 3.5
        assert first.point.ended_at == AT_NANOS
        assert first.point.started_at == AT_NANOS - 1_000_000_000

    @pytest.mark.parametrize(
        ("sent", "meant"),
        [
            (1, "delta"),
            (2, "cumulative"),
            (0, ""),
            ("AGGREGATION_TEMPORALITY_DELTA", "delta"),
            ("AGGREGATION_TEMPORALITY_CUMULATIVE", "cumulative"),
            ("sometimes", ""),
            (None, ""),
            (77, ""),
        ],
    )
    def test_temporality(self, sent, meant):
        keeper = Keeper()
        body = metrics(metric("thing.count", point(1, {}), temporality=sent))
        OtlpReader([keeper]).read("metrics", "json", body)
        assert keeper.records[0].point.temporality == meant

    def test_a_gauge_has_no_temporality(self):
        body = metrics({"name": "thing.count", "gauge": {"dataPoints": [point(1, {})]}})
        (record,) = points(body)
        assert record.point.temporality == ""
        assert record.point.value == 1

    def test_integers(self):
        sent = point(0, {})
        del sent["asDouble"]
        keeper = Keeper()
        body = metrics(metric("thing.count", {**sent, "asInt": "12"}))
        OtlpReader([keeper]).read("metrics", "protobuf", packed_metrics(body))
        OtlpReader([keeper]).read("metrics", "json", body)
        assert [str(one.point.value) for one in keeper.records] == ["12", "12"]

    def test_a_point_without_a_number(self):
        sent = point(0, {})
        del sent["asDouble"]
        (record,) = points(metrics(metric("thing.count", sent)))
        assert record.point.value is None

    @pytest.mark.parametrize("kind", ["histogram", "exponentialHistogram"])
    @pytest.mark.parametrize("form", ["json", "protobuf"])
    def test_of_a_histogram_the_sum_is_read(self, form, kind):
        made = {**point(0, {"id": "a"}), "count": "1", "sum": 5.0}
        del made["asDouble"]
        sent = {"dataPoints": [made], "aggregationTemporality": 1}
        body = metrics({"name": "thing.count", kind: sent})
        keeper = Keeper()
        packed = body if form == "json" else packed_metrics(body)
        OtlpReader([keeper]).read("metrics", form, packed)
        (record,) = keeper.records
        assert record.point.kind == "histogram"
        assert record.point.value == 5
        assert record.point.temporality == "delta"
        assert record.occurred_at == AT_MICROS
        assert record.attributes == {"id": "a"}

    @pytest.mark.parametrize("kind", ["histogram", "exponentialHistogram"])
    def test_a_histogram_that_tells_no_sum(self, kind):
        sent = {**point(0, {}), "count": "3"}
        del sent["asDouble"]
        told = {"dataPoints": [sent], "aggregationTemporality": 1}
        (record,) = points(metrics({"name": "thing.count", kind: told}))
        assert record.point.value is None

    def test_a_summary_is_a_point_without_a_number(self):
        sent = {"dataPoints": [{"count": "1", "sum": 5.0}]}
        (record,) = points(metrics({"name": "thing.count", "summary": sent}))
        assert record.point.value is None
        assert record.attributes == {}

    def test_buckets_quantiles_and_exemplars_are_passed_over(self):
        sent = {**point(0, {"id": "a"}), "count": "2", "sum": 5.0}
        del sent["asDouble"]
        more = {"bucketCounts": ["1", "1"], "explicitBounds": [0.5]}
        exemplar = {"timeUnixNano": str(AT_NANOS), "asDouble": 4.0}
        told = {
            "dataPoints": [{**sent, **more, "exemplars": [exemplar]}],
            "aggregationTemporality": 2,
        }
        body = metrics({"name": "thing.count", "histogram": told})
        keeper = Keeper()
        OtlpReader([keeper]).read("metrics", "json", body)
        assert keeper.records[0].point.value == 5
        assert keeper.records[0].point.temporality == "cumulative"

    @pytest.mark.parametrize("flags", [1, 3, "1"])
    def test_a_point_flagged_as_having_no_value_is_ignored(self, flags):
        stale = {**point(0, {}), "flags": flags}
        body = metrics(metric("thing.count", stale, point(2, {})))
        assert [one.number for one in points(body)] == [2]
        # The keeper takes its own record for no usage, too.
        assert OtlpReader([Keeper()]).read("metrics", "json", body).ignored == 2

    @pytest.mark.parametrize("flags", [0, 2, None, "many"])
    def test_other_flags_say_nothing_of_the_value(self, flags):
        keeper = Keeper()
        body = metrics(metric("thing.count", {**point(2, {}), "flags": flags}))
        OtlpReader([keeper]).read("metrics", "json", body)
        assert keeper.records[0].point.value == 2

    @pytest.mark.parametrize("monotonic", [False, None])
    def test_a_sum_that_may_fall_is_no_amount_that_adds_up(self, monotonic):
        made = metric("thing.count", point(2, {}))
        made["sum"]["isMonotonic"] = monotonic
        (record,) = points(metrics(made))
        assert record.point.temporality == ""

    def test_a_resource_is_read_once_however_many_scopes_it_has(self):
        made = json.loads(metrics(metric("thing.count", point(2, {})), who="me"))
        group = made["resourceMetrics"][0]
        group["scopeMetrics"] *= 3
        keeper = Keeper()
        OtlpReader([keeper]).read("metrics", "json", json.dumps(made).encode())
        first, second, third = keeper.records
        assert first.resource is second.resource is third.resource

    @pytest.mark.parametrize("label", ["type", "token_type", "gen_ai.token.type"])
    def test_points_that_differ_in_the_token_type_only_are_siblings(self, label):
        made = [point(1, {"id": "a", label: kind}) for kind in ("input", "output")]
        first, second = points(metrics(metric("thing.count", *made)))
        assert first.point.series != second.point.series
        assert first.point.siblings == second.point.siblings
        (other,) = points(metrics(metric("thing.count", point(1, {"id": "b"}))))
        assert other.point.siblings != first.point.siblings

    def test_points_of_other_metrics_are_counted(self):
        keeper = Keeper()
        other = metric("other", point(1, {}), point(2, {}))
        nothing = {"name": "other"}
        wanted = metric("thing.count", point(1, {}))
        body = metrics(other, nothing, wanted)
        assert OtlpReader([keeper]).read("metrics", "json", body).ignored == 2 + 1
        assert [one.number for one in keeper.records] == [3]

    def test_equal_series_hash_alike_whatever_the_order(self):
        left = point(1, {"id": "a", "label": "b"})
        right = point(2, {"label": "b", "id": "a"})
        first, second = points(metrics(metric("thing.count", left, right)))
        assert first.point.series == second.point.series

    @pytest.mark.parametrize(
        "other",
        [
            {"id": "b", "label": "x"},
            {"id": "a", "label": "y"},
            {"id": "a"},
            {"id": "a", "label": "x", "more": 1},
        ],
    )
    def test_series_differ_even_in_labels_that_no_source_reads(self, other):
        left, right = point(1, {"id": "a", "label": "x"}), point(1, other)
        first, second = points(metrics(metric("thing.count", left, right)))
        assert first.point.series != second.point.series

    def test_series_differ_by_resource_and_scope(self):
        made = metric("thing.count", point(1, {}))
        bodies = [metrics(made), metrics(made, who="me"), metrics(made, scope="s")]
        assert len({points(body)[0].point.series for body in bodies}) == 3


class TestTraces:
    def test_spans_are_counted_only(self):
        spans = {"scopeSpans": [{"spans": [{"name": "a"}, {"name": "b"}]}, {}]}
        body = json.dumps({"resourceSpans": [spans, {"scopeSpans": None}]}).encode()
        reading = OtlpReader([Keeper()]).read("traces", "json", body)
        assert reading.ignored == 2

    def test_traces_that_cannot_be_decoded(self):
        with pytest.raises(Invalid, match="traces protobuf"):
            OtlpReader([Keeper()]).read("traces", "protobuf", b"\xff\xff")


@pytest.mark.parametrize("signal", ["logs", "metrics", "traces"])
class TestUndecodable:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b"", "truncated"),
            (b"not json", "malformed"),
            (b"[]", "Expected `object`"),
            (b"\x80\x81", "malformed"),
            (b'{"resourceLogs": 1, "resourceMetrics": 1, "resourceSpans": 1}', "array"),
            (b'{"x": ' + b"[" * 100_000, "deep"),
            (b'{"x": ' + b'{"a":' * 100_000, "deep"),
        ],
    )
    def test_json(self, signal, body, words):
        with pytest.raises(Invalid, match=words) as caught:
            OtlpReader([Keeper()]).read(signal, "json", body)
        assert signal in str(caught.value) or "JSON body" in str(caught.value)

    @pytest.mark.parametrize("body", [b"\x0a", b"\xff", b"\x0a\xff\xff\xff\x7f", b"{}"])
    def test_protobuf(self, signal, body):
        with pytest.raises(Invalid, match=f"no OTLP {signal} protobuf"):
            OtlpReader([Keeper()]).read(signal, "protobuf", body)

    @pytest.mark.parametrize("body", [b"{}", b'{"unknown": {"a": [1, {"b": null}]}}'])
    def test_json_without_records_is_empty_and_no_error(self, signal, body):
        reading = OtlpReader([Keeper()]).read(signal, "json", body)
        assert reading.ignored == 0

    def test_protobuf_without_records_is_empty_and_no_error(self, signal):
        assert OtlpReader([Keeper()]).read(signal, "protobuf", b"").ignored == 0


def test_invalid_utf_8_in_a_field_that_is_read():
    broken = logs(log({"id": "MARK"})).replace(b"MARK", b"\xff")
    with pytest.raises(Invalid, match="UTF-8"):
        OtlpReader([Keeper()]).read("logs", "json", broken)
    broken = packed_logs(logs(log({"id": "MARK"}))).replace(
        b"MARK", b"\xff\xff\xff\xff"
    )
    with pytest.raises(Invalid):
        OtlpReader([Keeper()]).read("logs", "protobuf", broken)


def test_a_lone_surrogate_is_refused():
    broken = logs(log({"id": "MARK"})).replace(b"MARK", b"\\ud800")
    with pytest.raises(Invalid, match="JSON"):
        OtlpReader([Keeper()]).read("logs", "json", broken)


def test_deeply_nested_protobuf_is_passed_over():
    nested = b""
    for _ in range(5_000):
        # One array as the only value of another.
        nested = b"\x0a" + _varint(len(nested)) + nested
        nested = b"\x2a" + _varint(len(nested)) + nested
    for tag in (b"\x2a", b"\x12", b"\x12", b"\x0a"):
        nested = tag + _varint(len(nested)) + nested
    for at_once in (True, False):
        reader = OtlpReader([Keeper()], at_once=at_once)
        assert reader.read("logs", "protobuf", nested).ignored == 1


def _varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def test_what_is_wrong_with_a_body_is_said_without_quoting_it():
    bodies = [b'{"resourceLogs": "MARKER"}', b'{"resourceLogs": [MARKER]}', b"MARKER"]
    for body in bodies:
        with pytest.raises(Invalid) as caught:
            OtlpReader([Keeper()]).read("logs", "json", body)
        assert "MARKER" not in str(caught.value)
        with pytest.raises(Invalid) as caught:
            OtlpReader([Keeper()]).read("logs", "protobuf", body)
        assert "MARKER" not in str(caught.value)


def test_nulls_stand_for_absent_fields():
    body = json.dumps(
        {
            "resourceLogs": [
                {"resource": None, "scopeLogs": None},
                {
                    "resource": {"attributes": None},
                    "scopeLogs": [
                        {"scope": None, "logRecords": None},
                        {
                            "scope": {"name": None},
                            "logRecords": [
                                {
                                    "timeUnixNano": None,
                                    "attributes": [
                                        {"key": "id", "value": None},
                                        {
                                            "key": "event.name",
                                            "value": {"stringValue": "thing.done"},
                                        },
                                    ],
                                }
                            ],
                        },
                    ],
                },
            ]
        }
    ).encode()
    keeper = Keeper()
    OtlpReader([keeper]).read("logs", "json", body)
    assert keeper.records[0].attributes["id"] is None


def test_unknown_fields_are_ignored_everywhere():
    record = log({"event.name": "thing.done", "id": "a"}, shiny={"new": [1, 2]})
    record["attributes"][0]["value"]["also"] = 1
    keeper = Keeper()
    OtlpReader([keeper]).read("logs", "json", logs(record))
    assert keeper.records[0].attributes["id"] == "a"
