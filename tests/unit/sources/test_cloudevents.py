from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid, TooLarge
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.sources.cloudevents import BATCHED, BINARY, SOURCE, STRUCTURED

DATA = {"model": "gpt-5.1", "input": 200, "cache_read": 1000, "output": 60}
EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/robots/one",
    "type": "ai.usage.call",
    "time": "2026-11-20T12:00:00Z",
}
HEADERS = {f"ce-{name}": value for name, value in EVENT.items()}


def read(event, kind=STRUCTURED, headers=None):
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return SOURCE.read_request(kind, headers or {}, body)


def one(envelope=EVENT, **data):
    (row,) = read({**envelope, "data": {**DATA, **data}}).witnesses.rows()
    return row


def refused(event):
    reading = read(event)
    assert len(reading.witnesses) == 0
    (rejected,) = reading.rejected
    assert rejected.source == "cloudevents"
    return rejected.reason


def with_data(**data):
    return {**EVENT, "data": {**DATA, **data}}


class TestCalls:
    def test_events_that_differ_are_told_as_they_came(self):
        events = [with_data(), with_data(input=500), with_data()]
        reading = read(events, BATCHED)
        assert [row.input for row in reading.witnesses.rows()] == [200, 500, 200]
        assert len(set(reading.witnesses.column("key"))) == 1

    def test_classes_are_taken_as_they_are(self):
        counts = {name: at * 7 for at, name in enumerate(TOKEN_CLASSES, start=1)}
        assert one(**counts).tokens == tuple(counts.values())

    def test_texts(self):
        row = one(
            client="our-robot",
            client_version="7",
            provider="openai",
            tier="priority",
            session="s-1",
            agent="critic",
            project="https://example.com/repo",
            identity="alice@example.com",
            attended=False,
        )
        assert (row.client, row.client_version) == ("our-robot", "7")
        assert (row.provider, row.tier, row.session) == ("openai", "priority", "s-1")
        assert (row.agent, row.identity) == ("critic", "alice@example.com")
        assert row.project == "https://example.com/repo"
        assert row.attended is False

    def test_what_is_left_out(self):
        row = one()
        assert (row.client, row.tier, row.link, row.measure) == ("sdk", "", "", "")
        assert (row.reported_cost, row.attended) == (None, None)

    def test_provider_ids_make_the_link(self):
        row = one(request_id="req_2", response_id="msg_1")
        assert row.link == "msg_1 req_2"
        assert one(request_id="same", response_id="same").link == "same"

    def test_the_datas_time_comes_first(self):
        assert one().occurred_at == 1_795_176_000_000_000
        assert one(occurred_at="2026-11-20T13:00:00+01:00") == one()
        later = one(occurred_at="2026-11-20T12:00:01Z")
        assert later.occurred_at - one().occurred_at == 1_000_000

    def test_small_letters_in_a_time(self):
        assert one(occurred_at="2026-11-20t12:00:00z") == one()
        assert one({**EVENT, "time": "2026-11-20T12:00:00z"}) == one()

    @pytest.mark.parametrize(
        ("cost", "expected"),
        [("0.0123456", 12_346), (0.5, 500_000), (0, 0), ("1e-6", 1), (None, None)],
    )
    def test_costs(self, cost, expected):
        assert one(reported_cost_usd=cost).reported_cost == expected

    def test_estimates_and_unmeasured_calls_say_so(self):
        assert one(measure="estimate").measure == "estimate"
        row = one(measure="unmeasured")
        assert (row.measure, row.tokens.total) == ("unmeasured", 0)


class TestIdentity:
    def test_source_and_id_together(self):
        keys = {
            one({**EVENT, "source": source, "id": number}).key
            for source in ("/a", "/b", "/a/b")
            for number in ("1", "2", "b/1")
        }
        assert len(keys) == 9

    def test_a_separator_cannot_be_forged(self):
        one_way = one({**EVENT, "source": "a", "id": "b c"})
        other = one({**EVENT, "source": "a b", "id": "c"})
        assert one_way.key != other.key

    def test_the_same_in_every_way_of_sending(self):
        packed = base64.b64encode(json.dumps(DATA).encode()).decode()
        ways = [
            read({**EVENT, "data": DATA}),
            read({**EVENT, "data_base64": packed}),
            read([{**EVENT, "data": DATA}], BATCHED),
            read(DATA, BINARY, HEADERS),
        ]
        assert len({repr(list(way.witnesses.rows())) for way in ways}) == 1

    def test_a_source_is_an_address_and_only_its_hash_is_kept(self):
        row = one({**EVENT, "source": "https://example.com/s3cr3t"})
        assert "s3cr3t" not in repr(row)


class TestRefused:
    @pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
    @pytest.mark.parametrize("value", [None, "", 1, {}])
    def test_without_what_an_event_needs(self, name, value):
        assert refused({**with_data(), name: value}).startswith("no CloudEvent")

    def test_another_version(self):
        assert refused({**with_data(), "specversion": "0.3"}) == (
            "a specversion that is not 1.0"
        )

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            (EVENT, "no data"),
            ({**EVENT, "data_base64": ""}, "no data"),
            ({**with_data(), "datacontenttype": "text/xml"}, "data that is not JSON"),
            (with_data(input=0, cache_read=0, output=0), "no token counts"),
            (
                with_data(reported_cost_usd="much"),
                "a reported_cost_usd that is no amount of dollars",
            ),
            (
                with_data(reported_cost_usd="-1"),
                "a reported_cost_usd that is no amount of dollars",
            ),
            (
                with_data(reported_cost_usd="nan"),
                "a reported_cost_usd that is no amount of dollars",
            ),
            (with_data(occurred_at="soon"), "no readable time"),
            (with_data(occurred_at="2019-12-31T23:59:59Z"), "time before 2020-01-01"),
            ({**with_data(), "time": None}, "no readable time"),
        ],
    )
    def test_with_a_reason(self, event, reason):
        assert refused(event) == reason

    @pytest.mark.parametrize(
        "data",
        [
            {"input": -1},
            {"input": 1.5},
            {"input": "200"},
            {"input": 10**12 + 1},
            {"model": ""},
            {"model": None},
            {"measure": "guess"},
            {"request_id": "a b"},
            {"session": "x" * 257},
        ],
    )
    def test_values_that_are_none(self, data):
        assert refused(with_data(**data))

    def test_a_misspelt_field_is_refused_without_its_name(self):
        assert (
            refused(with_data(outptu=5)) == "a field that ai.usage.call does not have"
        )

    def test_nothing_of_the_sender_stands_in_a_reason(self):
        for event in (
            with_data(s3cr3t=1),
            with_data(input="s3cr3t"),
            with_data(model={"s3cr3t": "s3cr3t"}),
            {**with_data(), "specversion": "s3cr3t"},
            {**EVENT, "data": "s3cr3t"},
        ):
            assert "s3cr3t" not in refused(event)

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            (STRUCTURED, b""),
            (STRUCTURED, b"[]"),
            (STRUCTURED, b'{"specversion":'),
            (BATCHED, b"{}"),
            (BATCHED, b"[1]"),
            (BATCHED, b"["),
            (BINARY, b"{}"),
        ],
    )
    def test_what_is_no_event_at_all(self, kind, body):
        with pytest.raises(Invalid):
            read(body, kind)

    def test_too_many(self):
        with pytest.raises(TooLarge):
            read(b"[" + b",".join([b"{}"] * 100_001) + b"]", BATCHED)


def test_other_types_are_ignored():
    reading = read([{**EVENT, "type": "x"}, {**EVENT, "data": DATA}], BATCHED)
    assert (len(reading.witnesses), reading.ignored, reading.rejected) == (1, 1, ())


def test_one_bad_event_leaves_the_others():
    batch = [with_data(), with_data(input=-1), {**with_data(), "id": "e-2"}]
    reading = read(batch, BATCHED)
    assert len(reading.witnesses) == 2
    assert [one.place for one in reading.rejected] == ["event:2"]


@given(
    st.binary() | st.text().map(str.encode),
    st.sampled_from([STRUCTURED, BATCHED, BINARY]),
)
def test_any_bytes(body, kind):
    try:
        reading = read(body, kind, HEADERS)
    except (Invalid, TooLarge):
        return
    assert len(reading.witnesses) == 0


@given(
    st.dictionaries(
        st.sampled_from([*EVENT, "data", "data_base64"]),
        st.recursive(
            st.none() | st.integers() | st.text() | st.floats(),
            lambda x: st.lists(x) | st.dictionaries(st.text(), x),
            max_leaves=5,
        ),
    )
)
def test_any_event(changed):
    body = json.dumps({**EVENT, "data": DATA, **changed}).encode()
    try:
        reading = read(body)
    except Invalid:
        return
    outcomes = len(reading.witnesses) + len(reading.rejected) + reading.ignored
    assert outcomes == 1
