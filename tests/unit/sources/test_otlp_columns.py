"""Tables of log records, and what the sources that read them make of them."""

from __future__ import annotations

import json

import pytest

from mileage import native
from mileage.sources import claude_code_otlp, codex_otlp
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_columns import ABSENT, ColumnScanner, each, tables_of
from mileage.sources.otlp_record import OtlpRecord
from mileage.sources.otlp_walk import MOST_ITEMS
from tests.otlp_bodies import (
    API_REQUEST,
    AT,
    AT_MICROS,
    SSE_EVENT,
    log,
    logs,
    packed_logs,
)
from tests.readings import told

CLAUDE, CODEX = claude_code_otlp.SOURCE, codex_otlp.SOURCE


def record(attributes, name="api_request", number=1, at=AT_MICROS, resource=None):
    return OtlpRecord(
        "logs",
        "com.anthropic.claude_code",
        name,
        number,
        at,
        attributes,
        resource or {},
    )


def table(*rows, **fields):
    (made,) = tables_of(
        record(row, number=number, **fields) for number, row in enumerate(rows, start=1)
    )
    return made


class TestTable:
    def test_rows_come_back_as_they_were(self):
        rows = [record({"a": 1}, number=1), record({"b": "x", "a": None}, number=2)]
        (made,) = tables_of(rows)
        assert list(made.records()) == rows
        assert made.columns["b"][0] == [ABSENT, "x"]

    def test_one_table_a_name(self):
        rows = [record({}, "one", 1), record({}, "other", 2), record({}, "one", 3)]
        first, second = tables_of(rows)
        assert (first.name, first.numbers) == ("one", [1, 3])
        assert (second.name, second.numbers) == ("other", [2])

    @pytest.mark.parametrize(
        "held",
        [
            [{"k": "a"}, {"k": "b"}],
            [{"k": "a"}, {}],
            [{"k": ""}, {"k": "b"}],
            [{"k": 5}, {"k": None}],
            [{}, {}],
        ],
    )
    @pytest.mark.parametrize("resource", [{}, {"k": "shared"}, {"k": 7}, {"k": ""}])
    def test_texts_are_those_of_the_record_or_else_of_the_resource(
        self, held, resource
    ):
        made = table(*held, resource=resource)
        assert made.texts("k") == [one.text("k") for one in made.records()]

    def test_texts_of_several_resources(self):
        rows = [record({}, number=n, resource={"k": f"v{n}"}) for n in (1, 2, 3)]
        (made,) = tables_of(rows)
        assert made.texts("k") == ["v1", "v2", "v3"]
        assert len(made.frames) == 3

    @pytest.mark.parametrize("absent", [None, 0])
    @pytest.mark.parametrize(
        "held",
        [
            [1, 2],
            ["1", "002"],
            ["1", 2, 3.0],
            [10**12, 0],
            [10**12 + 1, 0],
            [-1, 1],
            ["1", "x"],
            ["\u0665"],
            ["9" * 16],
            ["9" * 17],
            ["+5"],
            ["1_0"],
            [" 1"],
            [True, 1],
            [None, 1],
            [1.5],
            [...],
            [..., 4],
            [..., "4"],
            [""],
        ],
    )
    def test_counts_are_those_of_the_rows_or_none_at_all(self, held, absent):
        made = table(*({} if one is ABSENT else {"k": one} for one in held))
        expected = [one.tally("k", absent) for one in made.records()]
        found = made.tallies("k", absent)
        assert found == (None if None in expected else expected)
        assert found is None or all(type(one) is int for one in found)

    def test_which_rows_have_an_attribute(self):
        made = table({"k": None}, {}, {"k": 1})
        assert made.has("k") == [True, False, True]
        assert made.has("other") == [False] * 3
        assert made.values("k") == [None, None, 1]
        assert made.values("other") == [None] * 3

    def test_some_rows(self):
        made = table({"k": "a"}, {"j": 1}, {"k": "c"}).chosen([0, 2])
        assert made.numbers == [1, 3]
        assert made.texts("k") == ["a", "c"]
        assert made.has("j") == [False, False]

    @pytest.mark.parametrize("at", [None, 0, 1_577_836_799_999_999])
    def test_times_are_good_or_none_at_all(self, at):
        rows = [record({}, number=1), record({}, number=2, at=at)]
        (made,) = tables_of(rows)
        assert made.times() is None

    def test_the_first_good_time(self):
        assert table({}, at=1_577_836_800_000_000).times() == [1_577_836_800_000_000]

    def test_a_function_is_asked_once_for_equal_rows(self):
        asked = []

        def joined(*parts):
            asked.append(parts)
            return "-".join(parts)

        assert each(joined, ["a", "a", "b"], ["x", "x", "x"]) == ["a-x", "a-x", "b-x"]
        assert each(joined, ["a"] * 3) == ["a"] * 3
        assert each(joined, ["a", "b"]) == ["a", "b"]
        assert len(asked) == 5


EVENTS = {
    "api_request": {**API_REQUEST, "app.version": "2.1.197", "agent.name": "explore"},
    "user_prompt": {"session.id": "s", "event.sequence": 1},
    "tool_result": {"session.id": "s", "tool_use_id": "t", "tool_name": "Bash"},
    "tool_decision": {"session.id": "s", "tool_name": "Edit", "decision": "reject"},
}
CHANGES = [
    {},
    {"request_id": ""},
    {"request_id": "", "client_request_id": "c"},
    {"request_id": "", "session.id": "", "client_request_id": ""},
    {"input_tokens": "77"},
    {"input_tokens": -1},
    {"cache_read_tokens": None},
    {"cost_usd_micros": "x", "cost_usd": "0.25"},
    {"cost_usd_micros": None, "cost_usd": None},
    {"model": "claude-opus-4-8[1m]", "speed": "fast"},
    {"query_source": "agent:builtin:plan", "agent.name": ""},
    {"query_source": "", "app.entrypoint": "cli"},
    {"terminal.type": "non-interactive", "query_source": ""},
    {"user.id": "p", "identity.source": "gateway-oidc", "user.email": ""},
    {"user.id": "i", "user.email": ""},
    {"success": "false", "tool_use_id": ""},
    {"success": False},
    {"decision": "maybe"},
    {"tool_name": "not a tool\u00a0name"},
    {"tool_name": "Read"},
    {"session.id": ""},
]


def as_rows(source, made):
    return told(source.read(made.records()))


@pytest.mark.parametrize("changed", CHANGES)
@pytest.mark.parametrize("event", EVENTS)
def test_events_of_claude_code_are_read_at_once_as_one_by_one(event, changed):
    whole = EVENTS[event]
    rows = [whole, {**whole, **changed}, whole]
    for name in (event, f"claude_code.{event}"):
        for kept in (rows, [{**whole, **changed}]):
            made = table(*kept, name=name)
            reading = CLAUDE.read_columns(made)
            if reading is None:
                assert CLAUDE.read(made.records()).rejected
            else:
                assert told(reading) == as_rows(CLAUDE, made)


def test_a_name_of_claude_code_that_is_no_event_is_left_to_the_rows():
    assert CLAUDE.read_columns(table({}, name="claude_code.commit.count")) is None


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"event.kind": "response.created"},
        {"event.kind": None},
        {"input_token_count": None},
        {"output_token_count": "x"},
        {"cached_token_count": 5000, "cache_write_token_count": 5000},
        {"reasoning_token_count": 5000},
        {"conversation.id": ""},
        {"model": "", "slug": "gpt"},
        {"app.version": "", "service.version": "1"},
        {"provider_name": "azure", "originator": "codex-tui"},
    ],
)
def test_responses_of_codex_are_read_at_once_as_one_by_one(changed):
    rows = [SSE_EVENT, {**SSE_EVENT, **changed}]
    made = table(*rows, name="codex.sse_event")
    reading = CODEX.read_columns(made)
    if reading is None:
        assert CODEX.read(made.records()).rejected
    else:
        assert told(reading) == as_rows(CODEX, made)


def test_other_events_of_codex_are_left_to_the_rows():
    assert CODEX.read_columns(table({}, name="codex.user_prompt")) is None


class Both:
    """Wants what Claude Code's source wants, and so there are two owners."""

    traits = CLAUDE.traits
    names = frozenset({"api_request"})
    keys = frozenset({"request_id"})

    def __init__(self):
        self.numbers = []

    def wants(self, record):
        return bool(record.text("request_id"))

    def read(self, records):
        self.numbers += [one.number for one in records]
        return CLAUDE.read(())


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_records_that_two_sources_want_are_shown_to_both(form):
    other = Both()
    body = logs(*(log({**API_REQUEST, "request_id": f"r{n}"}) for n in range(10)))
    packed = body if form == "json" else packed_logs(body)
    reading = OtlpReader([CLAUDE, other]).read("logs", form, packed)
    assert len(reading.witnesses) == 10
    assert other.numbers == list(range(1, 11))


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_records_of_another_program_with_the_same_name_are_not_wanted(form):
    made = json.loads(logs(*(log(API_REQUEST) for _ in range(10))))
    mine = made["resourceLogs"][0]
    other = json.loads(json.dumps(mine))
    other["scopeLogs"][0]["scope"]["name"] = "somebody.else"
    made["resourceLogs"].append(other)
    body = json.dumps(made).encode()
    packed = body if form == "json" else packed_logs(body)
    reading = OtlpReader([CLAUDE]).read("logs", form, packed)
    assert (len(reading.witnesses), reading.ignored) == (10, 10)


SCANNER = ColumnScanner({"thing"}, {"event.name", "event.timestamp", "id"}, MOST_ITEMS)


def scanned(attributes, **fields):
    body = packed_logs(logs(log({"event.name": "thing", **attributes}, **fields)))
    return SCANNER.scan(body)


needs_the_extension = pytest.mark.parametrize(
    "built", [True] if native.scan else [], ids=["built"]
)


@needs_the_extension
class TestScanner:
    def test_what_is_declared_is_kept(self, built):
        found = scanned({"id": "x", "prompt": "secret", "event.timestamp": AT})
        (made,) = found.tables
        assert built
        assert (found.records, made.numbers, made.instants) == (1, [1], [AT_MICROS])
        assert set(made.columns) == {"event.name", "event.timestamp", "id"}
        assert "secret" not in repr(found)

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("x" * 256, "x" * 256),
            ("x" * 257, None),
            ("\u00e9" * 256, "\u00e9" * 256),
            ("\u00e9" * 257, None),
            ("a\nb", None),
            ("a\u200bb", None),
            ("", ""),
            (-1, -1),
            (2**63 - 1, 2**63 - 1),
            (1.5, 1.5),
            (True, True),
        ],
    )
    def test_values(self, built, sent, kept):
        assert built
        (made,) = scanned({"id": sent}).tables
        (value,) = made.columns["id"][0]
        assert (value, type(value)) == (kept, type(kept))

    @pytest.mark.parametrize("sent", [["a"], {"a": "b"}])
    def test_values_that_are_no_scalars_are_left_to_the_ordinary_walk(
        self, built, sent
    ):
        assert built
        assert scanned({"id": sent}) is None

    def test_neighbours_share_their_texts(self, built):
        row = log({"event.name": "thing", "id": "the same text"})
        (made,) = SCANNER.scan(packed_logs(logs(row, row))).tables
        first, second = made.columns["id"][0]
        assert built
        assert first is second

    def test_records_that_nobody_wants_leave_nothing(self, built):
        found = scanned({"event.name": "other"})
        assert built
        assert (found.records, found.tables) == (1, [])

    def test_too_many_items_are_left_to_the_ordinary_walk(self, built):
        few = ColumnScanner({"thing"}, {"event.name", "event.timestamp"}, 4)
        row = log({"event.name": "thing"})
        assert built
        assert few.scan(packed_logs(logs(row, row))) is not None
        assert few.scan(packed_logs(logs(row, row, row))) is None

    @pytest.mark.parametrize("given", [None, "text", bytearray(b"")])
    def test_only_bytes_are_scanned(self, built, given):
        assert built
        with pytest.raises(TypeError):
            SCANNER.scan(given)

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            (("a",), ("b",), 5),
            (["a"], ["b"], 5),
            ((1,), ("event.name", "event.timestamp"), 5),
            (("a",), ("event.name", "event.timestamp"), -1),
            (("a",), ("event.name", "event.timestamp", "\ud800"), 5),
        ],
    )
    def test_arguments_that_are_none(self, built, arguments):
        assert built
        with pytest.raises((TypeError, ValueError)):
            native.scan.LogScanner(*arguments)
