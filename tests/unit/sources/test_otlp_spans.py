from __future__ import annotations

import base64
import json
import re
import tracemalloc

import pytest

from mileage.domain.call import SourceTraits
from mileage.domain.errors import Invalid
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_record import Span, gather
from tests.otlp_bodies import (
    AT_MICROS,
    AT_NANOS,
    SPAN,
    TRACE,
    log,
    logs,
    packed_logs,
    packed_spans,
    span,
    spans,
)

DIGESTS = {"long": re.compile(r"^\{\"id\": \"(?P<id>x_\d+)\"|n=(?P<count>\d+)")}
MORE_DIGESTS = {"long": re.compile(r"m=(?P<more>\d+)")}


class Keeper:
    """A source that keeps the spans it was given."""

    traits = SourceTraits("keeper", "c", 1, "link", replayable=False)
    names = frozenset({"thing.done"})
    keys = frozenset({"id", "mark", "who"})
    span_names = frozenset({"a name"})
    span_marks = frozenset({"mark"})
    digests = DIGESTS

    def __init__(self, only=""):
        self.only = only
        self.records = []

    def wants(self, record):
        return not self.only or record.scope == self.only

    def read(self, records):
        self.records += records
        return gather(() for _ in self.records)


class LogsOnly:
    """A source of the time before spans: it has none of what they need."""

    traits = SourceTraits("logs", "c", 1, "link", replayable=False)
    names = frozenset({"thing.done", "a name"})
    keys = frozenset({"mark"})

    def wants(self, record):
        assert record.signal == "logs"
        return True

    def read(self, records):
        return gather(() for _ in records)


def both(body):
    """Read a JSON body and its protobuf twin; they must give equal records."""
    first, second = Keeper(), Keeper()
    reading = OtlpReader([first]).read("traces", "json", body)
    packed = OtlpReader([second]).read("traces", "protobuf", packed_spans(body))
    assert first.records == second.records
    assert reading.ignored == packed.ignored
    return first.records, reading


def one(attributes, **fields):
    records, _ = both(spans(span({"mark": 1, **attributes}, **fields)))
    (record,) = records
    return record


class TestWhichSpans:
    def test_one_with_a_mark_is_read_whatever_its_name(self):
        record = one({"id": "a"}, name="chat some-model")
        assert record.attributes == {"mark": 1, "id": "a"}
        assert record.name == ""
        assert record.signal == "traces"
        assert record.place == "traces record 1"

    def test_one_of_a_declared_name_is_read_without_a_mark(self):
        (record,), _ = both(spans(span({"id": "a"}, name="a name")))
        assert record.name == "a name"
        assert record.attributes == {"id": "a"}

    def test_others_are_counted(self):
        body = spans(
            span({"id": "a"}),
            span({"other": 1}, name="another name"),
            span({}, name=""),
            span({"mark": 1}),
        )
        records, reading = both(body)
        assert [record.number for record in records] == [4]
        # The keeper makes nothing of what it is given.
        assert reading.ignored == 3 + 1

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "this a name that"},
            {"name": "mark"},
            {"attributes": [{"key": "id", "value": {"stringValue": "mark"}}]},
            {"attributes": [{"key": "a mark", "value": {"intValue": "1"}}]},
            {"events": [{"name": "a name"}]},
        ],
    )
    def test_words_elsewhere_do_not_make_a_span_wanted(self, fields):
        records, reading = both(spans({**span({}), **fields}))
        assert records == []
        assert reading.ignored == 1

    def test_unwanted_ones_are_not_decoded(self):
        broken = spans({"name": "unwanted", "attributes": 7, "traceId": {}})
        assert OtlpReader([Keeper()]).read("traces", "json", broken).ignored == 1
        wanted = spans({"name": "a name", "attributes": 7})
        with pytest.raises(Invalid, match="no OTLP traces JSON"):
            OtlpReader([Keeper()]).read("traces", "json", wanted)

    def test_no_span_goes_to_a_source_of_logs(self):
        reading = OtlpReader([LogsOnly()]).read(
            "traces", "json", spans(span({"mark": 1}, name="a name"))
        )
        assert reading.ignored == 1

    def test_a_log_record_goes_to_both(self):
        keeper = Keeper()
        body = logs(log({"event.name": "thing.done"}))
        OtlpReader([LogsOnly(), keeper]).read("logs", "protobuf", packed_logs(body))
        assert len(keeper.records) == 1

    def test_a_span_goes_to_every_source_that_wants_it(self):
        first, second, third = Keeper("program"), Keeper(), Keeper("elsewhere")
        reader = OtlpReader([first, second, third])
        reader.read("traces", "json", spans(span({"mark": 1})))
        counts = [len(keeper.records) for keeper in (first, second, third)]
        assert counts == [1, 1, 0]

    def test_one_that_nobody_wants_after_all_is_ignored(self):
        reader = OtlpReader([Keeper("elsewhere")])
        assert reader.read("traces", "json", spans(span({"mark": 1}))).ignored == 1

    @pytest.mark.parametrize("written", ["m\\u0061rk", "\\u006dark"])
    def test_a_key_written_with_escapes_is_found(self, written):
        body = spans(span({"mark": 1})).replace(b'"mark"', f'"{written}"'.encode())
        keeper = Keeper()
        OtlpReader([keeper]).read("traces", "json", body)
        assert keeper.records[0].attributes == {"mark": 1}


class TestWhatIsRead:
    def test_a_whole_span(self):
        record = one(
            {"id": "a"},
            parentSpanId="00f067aa0ba902b7",
            status={"code": 2, "message": "secret"},
        )
        assert record.span == Span(TRACE, SPAN, "00f067aa0ba902b7", failed=True)
        assert record.occurred_at == AT_MICROS
        assert record.scope == "program"

    @pytest.mark.parametrize(
        ("sent", "failed"),
        [
            ({"status": {"code": 0}}, False),
            ({"status": {"code": 1}}, False),
            ({"status": {"code": 2}}, True),
            ({"status": {}}, False),
            ({}, False),
        ],
    )
    def test_status(self, sent, failed):
        assert one({}, **sent).span.failed is failed

    @pytest.mark.parametrize("code", ["STATUS_CODE_ERROR", "2"])
    def test_status_by_name(self, code):
        keeper = Keeper()
        body = spans(span({"mark": 1}, status={"code": code}))
        OtlpReader([keeper]).read("traces", "json", body)
        assert keeper.records[0].span.failed

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            (TRACE.upper(), TRACE),
            ("0" * 32, ""),
            ("", ""),
            (None, ""),
            ("zz" * 16, ""),
            (TRACE[:-1], ""),
            (TRACE + "00", ""),
            (TRACE[:-1] + " ", ""),
            ("é" * 32, ""),
            # How a protobuf library writes it that does not know OTLP's exception.
            (base64.b64encode(bytes.fromhex(TRACE)).decode(), ""),
        ],
    )
    def test_ids_that_are_no_hex_of_their_size_are_none(self, sent, kept):
        keeper = Keeper()
        body = spans(span({"mark": 1}, traceId=sent))
        OtlpReader([keeper]).read("traces", "json", body)
        assert keeper.records[0].span.trace_id == kept

    @pytest.mark.parametrize("size", [0, 1, 7, 9, 16])
    def test_packed_ids_of_another_size_are_none(self, size):
        keeper = Keeper()
        body = packed_spans(spans(span({"mark": 1}, spanId="ab" * size)))
        OtlpReader([keeper]).read("traces", "protobuf", body)
        assert keeper.records[0].span.span_id == ""

    def test_without_an_end_the_start_counts(self):
        record = one({}, endTimeUnixNano="0")
        assert record.occurred_at == AT_MICROS - 2_000_000

    def test_without_any_time_there_is_none(self):
        assert one({}, endTimeUnixNano="0", startTimeUnixNano="0").occurred_at is None

    @pytest.mark.parametrize("sent", [AT_NANOS, str(AT_NANOS), float(AT_NANOS)])
    def test_times_may_be_numbers_or_texts(self, sent):
        keeper = Keeper()
        body = spans(span({"mark": 1}, endTimeUnixNano=sent))
        OtlpReader([keeper]).read("traces", "json", body)
        assert abs(keeper.records[0].occurred_at - AT_MICROS) < 1_000

    @pytest.mark.parametrize("sent", ["soon", "-5", -5, None, "9" * 40])
    def test_times_that_are_none(self, sent):
        keeper = Keeper()
        body = spans(span({"mark": 1}, endTimeUnixNano=sent, startTimeUnixNano=sent))
        OtlpReader([keeper]).read("traces", "json", body)
        assert keeper.records[0].occurred_at is None

    def test_the_resource_passes_the_allow_list(self):
        body = spans(span({"mark": 1}), resource={"who": "me", "host.name": "secret"})
        (record,), _ = both(body)
        assert record.resource == {"who": "me"}

    def test_of_an_attribute_sent_twice_the_last_counts(self):
        made = span({"mark": 1})
        made["attributes"] += span({"id": 5})["attributes"]
        made["attributes"] += span({"id": "text"})["attributes"]
        (record,), _ = both(spans(made))
        assert record.attributes["id"] == "text"

    def test_nulls_stand_for_absent_fields(self):
        body = json.dumps(
            {
                "resourceSpans": [
                    {"resource": None, "scopeSpans": None},
                    {
                        "resource": {"attributes": None},
                        "scopeSpans": [
                            {"scope": None, "spans": None},
                            {
                                "scope": {"name": None},
                                "spans": [
                                    {
                                        **dict.fromkeys(span({}), None),
                                        "status": None,
                                        "name": "a name",
                                    }
                                ],
                            },
                        ],
                    },
                ]
            }
        ).encode()
        keeper = Keeper()
        OtlpReader([keeper]).read("traces", "json", body)
        (record,) = keeper.records
        assert record.span == Span("", "", "", failed=False)
        assert record.scope == ""


class TestDigests:
    def test_what_matches_is_taken_out_of_a_long_value(self):
        value = '{"id": "x_12", "content": "' + "secret " * 1000 + 'n=3"}'
        record = one({"long": value})
        assert record.attributes == {"mark": 1, "long#id": "x_12", "long#count": "3"}

    def test_the_first_match_of_a_group_counts(self):
        assert one({"long": "n=1 n=2"}).attributes["long#count"] == "1"

    def test_only_the_head_is_looked_through(self):
        assert "long#count" not in one({"long": " " * 9000 + "n=1"}).attributes

    @pytest.mark.parametrize("value", ["", "secret", 5, True, ["n=1"], {"n": "n=1"}])
    def test_nothing_comes_of_what_does_not_match(self, value):
        assert one({"long": value}).attributes == {"mark": 1}

    def test_a_digested_value_does_not_make_a_span_wanted(self):
        records, _ = both(spans(span({"long": "n=1"})))
        assert records == []

    def test_patterns_of_several_sources_are_all_looked_for(self):
        class Other(Keeper):
            digests = MORE_DIGESTS

        keeper = Keeper()
        body = spans(span({"mark": 1, "long": "n=1 m=2"}))
        OtlpReader([Other(), keeper]).read("traces", "json", body)
        assert keeper.records[0].attributes["long#count"] == "1"
        assert keeper.records[0].attributes["long#more"] == "2"


class TestHostile:
    def test_a_span_that_is_cut_off_is_refused(self):
        packed = packed_spans(spans(span({"mark": 1})))
        with pytest.raises(Invalid, match="no OTLP traces protobuf"):
            OtlpReader([Keeper()]).read("traces", "protobuf", packed[:-3])

    def test_a_wanted_span_that_is_no_message_is_refused_without_quoting_it(self):
        inner = b"mark SECRET"
        scope = b"\x12" + bytes([len(inner)]) + inner
        group = b"\x12" + bytes([len(scope)]) + scope
        body = b"\x0a" + bytes([len(group)]) + group
        with pytest.raises(Invalid, match="no protobuf message") as caught:
            OtlpReader([Keeper()]).read("traces", "protobuf", body)
        assert "SECRET" not in str(caught.value)

    @pytest.mark.parametrize("held", [b'"mark"', b"5", b"[]", b'["mark"]', b"null"])
    def test_a_span_that_is_no_object(self, held):
        body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + held + b"]}]}]}"
        try:
            reading = OtlpReader([Keeper()]).read("traces", "json", body)
        except Invalid as refused:
            assert "mark" in held.decode()
            assert "mark" not in str(refused)  # noqa: PT017 - either may come
        else:
            assert reading.ignored == 1

    def test_invalid_utf_8_in_a_wanted_span(self):
        body = spans(span({"mark": 1, "id": "HERE"})).replace(b"HERE", b"\xff")
        with pytest.raises(Invalid, match="UTF-8"):
            OtlpReader([Keeper()]).read("traces", "json", body)

    @pytest.mark.parametrize("depth", [50, 500, 200_000])
    def test_values_nested_deeply(self, depth):
        made = span({"mark": 1})
        made["attributes"].append({"key": "id", "value": {"DEEP": 1}})
        nested = b'{"arrayValue":{"values":[' * depth + b"]}}" * depth
        body = spans(made).replace(b'{"DEEP": 1}', nested)
        try:
            keeper = Keeper()
            OtlpReader([keeper]).read("traces", "json", body)
        except Invalid:
            assert depth > 50
        else:
            assert keeper.records[0].attributes["id"] is None

    def test_many_attributes_take_memory_in_proportion(self):
        pair = b'{"key":"x","value":{"intValue":"1"}},'
        made = spans(span({"mark": 1}))
        body = made.replace(b'"attributes": [{"key": "mark"', b"HERE", 1)
        assert b"HERE" in body
        body = body.replace(
            b"HERE", b'"attributes": [' + pair * 100_000 + b'{"key": "mark"', 1
        )
        tracemalloc.start()
        keeper = Keeper()
        OtlpReader([keeper]).read("traces", "json", body)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert keeper.records[0].attributes == {"mark": 1}
        assert peak < 8 * len(body)

    def test_as_many_empty_spans_as_a_body_holds(self):
        body = b'{"resourceSpans":[{"scopeSpans":[{"spans":['
        body += b",".join([b"{}"] * 49_000) + b"]}]}]}"
        reading = OtlpReader([Keeper()]).read("traces", "json", body)
        assert reading.ignored == 49_000
        packed = b"\x12\x00" * 49_000
        for tag in (b"\x12", b"\x0a"):
            packed = tag + varint(len(packed)) + packed
        reading = OtlpReader([Keeper()]).read("traces", "protobuf", packed)
        assert reading.ignored == 49_000


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])
