from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid, TooLarge
from mileage.domain.policy import PolicyErrors
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.domain.window import micros
from mileage.domain.witness import AHEAD, Witness
from mileage.sources import rows as rows_module
from mileage.sources.rows import (
    SOURCE,
    THOUSANDS,
    TWO_CALLS,
    Booker,
    booked,
    of_lines,
    of_table,
)
from mileage.sources.rows_files import text_rows
from mileage.sources.rows_mapping import parse_mapping
from mileage.sources.table_files import CELLS_MISSING

COLUMNS = {
    "key": "id",
    "occurred_at": "at",
    "model": "model",
    "input": "in",
    "output": "out",
}
ROW = {
    "id": "1",
    "at": "2026-11-20T12:00:00Z",
    "model": "gpt-5.1",
    "in": 100,
    "out": 30,
}
LATEST = micros(datetime(2026, 11, 21, tzinfo=UTC))


def table(name, values):
    return f"[{name}]\n" + "".join(
        f"{k} = {json.dumps(v)}\n" for k, v in values.items()
    )


def mapping(columns=None, **tables):
    text = 'name = "robots"\n' + table("columns", {**COLUMNS, **(columns or {})})
    text += "".join(table(name, values) for name, values in tables.items())
    return parse_mapping(text, "map.toml")


def mistakes(text):
    with pytest.raises(PolicyErrors) as caught:
        parse_mapping(text, "map.toml")
    return [(one.line, one.key, one.problem) for one in caught.value.findings]


def call(made=None, /, **changed):
    found = booked(made or mapping(), {**ROW, **changed})
    assert isinstance(found, Witness), found
    return found


class TestMapping:
    def test_what_is_missing(self):
        found = mistakes('name = "x"\n[columns]\nagent = "a"\n')
        said = " ".join(f"{key}: {problem}" for _, key, problem in found)
        assert "columns.key: is missing" in said
        assert "occurred_at is missing" in said
        assert "no token class has a column" in said
        assert "model is missing" in said

    def test_without_a_name(self):
        (first, *_) = mistakes(table("columns", COLUMNS))
        assert first[1] == "name"

    def test_unknown_keys_with_file_line_and_key(self):
        text = 'name = "x"\n' + table("columns", {**COLUMNS, "outptu": "o"})
        ((line, key, problem),) = mistakes(text)
        assert (line, key) == (8, "columns.outptu")
        assert "unknown key" in problem

    @pytest.mark.parametrize(
        ("column", "convention"),
        [
            ("cache_read", "cache_in_input"),
            ("cache_write", "cache_in_input"),
            ("reasoning", "reasoning_in_output"),
            ("tool_input", "tool_in_input"),
        ],
    )
    def test_a_convention_that_matters_must_be_said(self, column, convention):
        text = 'name = "x"\n' + table("columns", {**COLUMNS, column: "c"})
        ((_, key, problem),) = mistakes(text)
        assert key == f"format.{convention}"
        assert '"yes" or "no"' in problem

    def test_an_hours_writes_need_two_conventions(self):
        text = 'name = "x"\n' + table("columns", {**COLUMNS, "cache_write_1h": "c"})
        keys = {key for _, key, _ in mistakes(text)}
        assert keys == {"format.cache_in_input", "format.hour_in_cache_write"}

    def test_a_cost_needs_its_unit(self):
        text = 'name = "x"\n' + table("columns", {**COLUMNS, "reported_cost": "c"})
        ((_, key, _),) = mistakes(text)
        assert key == "format.cost_unit"

    @pytest.mark.parametrize(
        ("format_", "key"),
        [
            ({"time_unit": "sec"}, "format.time_unit"),
            ({"cost_unit": "euros"}, "format.cost_unit"),
            ({"delimiter": "::"}, "format.delimiter"),
            ({"cache_in_input": "maybe"}, "format.cache_in_input"),
        ],
    )
    def test_words_that_are_not_known(self, format_, key):
        text = 'name = "x"\n' + table("columns", COLUMNS) + table("format", format_)
        ((_, found, _),) = mistakes(text)
        assert found == key

    def test_a_field_is_fixed_or_has_a_column(self):
        text = (
            'name = "x"\n' + table("columns", COLUMNS) + table("fixed", {"model": "m"})
        )
        ((_, key, problem),) = mistakes(text)
        assert key == "fixed"
        assert "model has a column already" in problem

    def test_no_toml(self):
        ((line, _, problem),) = mistakes("name = \n")
        assert line == 1
        assert "is not TOML" in problem


class TestTokens:
    def test_disjoint_classes_are_taken_as_they_are(self):
        columns = {name: name for name in TOKEN_CLASSES}
        said = dict.fromkeys(
            (
                "cache_in_input",
                "hour_in_cache_write",
                "reasoning_in_output",
                "tool_in_input",
            ),
            "no",
        )
        counts = {name: at for at, name in enumerate(TOKEN_CLASSES, start=1)}
        row = call(mapping(columns, format=said), **counts)
        assert row.tokens == tuple(counts.values())

    def test_conventions_are_taken_apart(self):
        columns = {name: name for name in TOKEN_CLASSES}
        said = dict.fromkeys(
            (
                "cache_in_input",
                "hour_in_cache_write",
                "reasoning_in_output",
                "tool_in_input",
            ),
            "yes",
        )
        row = call(
            mapping(columns, format=said),
            input=1000,
            cache_read=400,
            cache_write=200,
            cache_write_1h=50,
            output=90,
            reasoning=30,
            tool_input=100,
        )
        # Whatever is inside of something else leaves it: the total is what was sent.
        assert row.tokens == (300, 400, 150, 50, 60, 30, 100)
        assert row.tokens.total == 1000 + 90

    @pytest.mark.parametrize(
        ("column", "said", "value"),
        [
            ("cache_read", "cache_in_input", 101),
            ("reasoning", "reasoning_in_output", 31),
            ("tool_input", "tool_in_input", 101),
        ],
    )
    def test_parts_above_the_whole_are_refused(self, column, said, value):
        made = mapping({column: "part"}, format={said: "yes"})
        reason = booked(made, {**ROW, "part": value})
        assert reason == "parts above the whole: is a convention in [format] wrong?"
        assert isinstance(booked(made, {**ROW, "part": value - 1}), Witness)

    @pytest.mark.parametrize(
        "value", [100, "100", 100.0, "100.0", Decimal(100), " 100 "]
    )
    def test_numbers_of_all_kinds(self, value):
        assert call(**{"in": value}).input == 100

    @pytest.mark.parametrize(
        "value",
        [
            -1,
            1.5,
            "many",
            True,
            "1,000",
            [],
            {},
            "nan",
            "inf",
            10**13,
            "1e999999",
            "9" * 400,
        ],
    )
    def test_what_is_no_count(self, value):
        reason = booked(mapping(), {**ROW, "in": value})
        assert reason == "a count that is no whole number of tokens"

    @pytest.mark.parametrize("value", ["1.000", "12.345", " 0.000", "1.000.000"])
    def test_a_point_that_may_part_thousands(self, value):
        """A German table means a thousand by what elsewhere is one."""
        assert booked(mapping(), {**ROW, "in": value}) == THOUSANDS

    @pytest.mark.parametrize(
        "value", ["1000.000", "1.0000", "1.00", 1.0, Decimal("1.000")]
    )
    def test_a_point_that_does_not(self, value):
        assert call(**{"in": value}).input in (1, 1000)

    def test_a_call_of_nothing_is_not_measured(self):
        row = call(**{"in": 0, "out": 0})
        assert (row.measure, row.tokens.total) == ("unmeasured", 0)
        assert call(**{"in": 0, "out": 1}).measure == ""

    def test_an_empty_cell_is_0_unless_all_are(self):
        assert call(**{"in": ""}).tokens == (0, 0, 0, 0, 30, 0, 0)
        assert booked(mapping(), {**ROW, "in": "", "out": None}) == "no token counts"


class TestFields:
    @pytest.mark.parametrize(
        ("unit", "value"),
        [
            ("iso", "2026-11-20T12:00:00Z"),
            ("iso", "2026-11-20 12:00:00"),
            ("iso", " 2026-11-20t12:00:00z"),
            ("iso", "2026-11-20T17:30:00+05:30"),
            ("iso", datetime(2026, 11, 20, 12, tzinfo=UTC)),
            ("iso", datetime(2026, 11, 20, 12)),  # noqa: DTZ001 - as tables hold them
            ("seconds", 1_795_176_000),
            ("seconds", "1795176000.0"),
            ("milliseconds", 1_795_176_000_000),
            ("microseconds", Decimal(1_795_176_000_000_000)),
        ],
    )
    def test_times(self, unit, value):
        row = call(mapping(format={"time_unit": unit}), at=value)
        assert row.occurred_at == 1_795_176_000_000_000

    def test_a_day_begins_at_midnight(self):
        assert call(at=date(2026, 11, 20)).occurred_at == 1_795_132_800_000_000

    @pytest.mark.parametrize("value", [None, "", "soon", 5, [], "1e400"])
    @pytest.mark.parametrize("unit", ["iso", "seconds"])
    def test_no_times(self, unit, value):
        reason = booked(mapping(format={"time_unit": unit}), {**ROW, "at": value})
        assert "time" in reason

    @pytest.mark.parametrize(
        ("unit", "value", "expected"),
        [
            ("dollars", "0.5", 500_000),
            ("dollars", 1e-6, 1),
            ("cents", "50", 500_000),
            ("micro-dollars", 7, 7),
            ("dollars", "", None),
            ("dollars", None, None),
        ],
    )
    def test_costs(self, unit, value, expected):
        made = mapping({"reported_cost": "price"}, format={"cost_unit": unit})
        assert call(made, price=value).reported_cost == expected

    @pytest.mark.parametrize("value", ["much", -1, "nan", "1e99"])
    def test_no_costs(self, value):
        made = mapping({"reported_cost": "price"}, format={"cost_unit": "dollars"})
        assert booked(made, {**ROW, "price": value}) == "a cost that is no number"

    def test_fixed_values_and_columns(self):
        made = mapping(
            {"identity": "who"}, fixed={"client": "our-robot", "provider": "x"}
        )
        row = call(made, who="alice@example.com")
        assert (row.client, row.provider, row.identity) == (
            "our-robot",
            "x",
            "alice@example.com",
        )
        assert call().client == "rows"

    def test_links(self):
        made = mapping({"request_id": "r", "response_id": "m"})
        assert call(made, r="req_1", m="msg_1").link == "msg_1 req_1"
        assert call(made, r="", m=None).link == ""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("true", True),
            ("No", False),
            (1, True),
            (False, False),
            ("?", None),
            (None, None),
        ],
    )
    def test_attended(self, value, expected):
        assert call(mapping({"attended": "a"}), a=value).attended is expected

    def test_nested_objects_by_a_dotted_name(self):
        made = mapping({"input": "usage.tokens.in"})
        assert call(made, usage={"tokens": {"in": 5}}).input == 5
        # A column of just that name comes first.
        assert call(made, **{"usage.tokens.in": 7, "usage": {}}).input == 7

    def test_a_long_text_is_refused_not_cut(self):
        assert (
            booked(mapping(), {**ROW, "model": "x" * 257}) == "a text that is too long"
        )

    def test_without_a_model(self):
        assert booked(mapping(), {**ROW, "model": ""}) == "no model"

    def test_columns_that_are_not_mapped_go_nowhere(self):
        assert "s3cr3t" not in repr(call(prompt="s3cr3t", s3cr3t=1))


class TestKeys:
    def test_a_key_is_the_columns_and_the_name(self):
        assert call().key == call(model="other").key
        assert call().key != call(id="2").key
        other = parse_mapping('name = "other"\n' + table("columns", COLUMNS), "m")
        assert call().key != call(other).key
        assert call().key.startswith("robots:")

    def test_several_columns(self):
        made = mapping({"key": "tenant, id"})
        keys = {call(made, tenant=t, id=i).key for t, i in (("a", "bc"), ("ab", "c"))}
        assert len(keys) == 2

    def test_none(self):
        assert booked(mapping(), {**ROW, "id": ""}) == "no value in the key columns"

    def test_a_number_that_a_program_made_a_float(self):
        told = (1001, 1001.0, "1001", "1001.0", Decimal("1001.0"))
        assert len({call(id=one).key for one in told}) == 1
        others = ("1001.00", "1001.1", "v1001.0", "1.0.0", "1001")
        assert len({call(id=one).key for one in others}) == len(others)

    def test_a_time_in_the_key_is_the_instant(self):
        made = mapping({"key": "at, user"})
        told = (
            "2026-11-20 12:00:00+00",
            "2026-11-20T12:00:00Z",
            "2026-11-20T13:00:00.000+01:00",
            datetime(2026, 11, 20, 12, tzinfo=UTC),
        )
        assert len({call(made, at=one, user="u").key for one in told}) == 1
        # The usual spelling has the key that it had when the text itself was the key.
        plain = call(mapping({"key": "id, user"}), id=told[1], user="u")
        assert call(made, user="u").key == plain.key
        assert call(made, user="u").key != call(made, user="v").key
        assert (
            call(made, user="u").key != call(made, user="u", at=told[0][:-4] + "1").key
        )

    def test_ignored_rows(self):
        made = mapping(ignore={"column": "status", "values": "failed, cancelled"})
        assert booked(made, {**ROW, "status": "failed"}) is None
        assert call(made, status="ok").input == 100


class TestReading:
    def test_outcomes_are_counted_by_row(self):
        made = mapping(ignore={"column": "status", "values": "failed"})
        rows = [
            ROW,
            {**ROW, "in": -1},
            "broken",
            {"status": "failed"},
            {**ROW, "id": "2"},
        ]
        (reading,) = SOURCE.read_rows(Booker(made, LATEST), rows, "x.csv")
        assert len(reading.witnesses) == 2
        assert reading.ignored == 1
        assert [one.place for one in reading.rejected] == ["x.csv:2", "x.csv:3"]

    def test_a_time_that_is_not_believed_is_told_by_its_row(self):
        rows = [ROW, {**ROW, "id": "2", "at": "2026-11-21T00:00:00.000001Z"}]
        rows.append({**ROW, "id": "3", "at": "2026-11-21T00:00:00Z"})
        (reading,) = SOURCE.read_rows(Booker(mapping(), LATEST), rows, "x.csv")
        assert len(reading.witnesses) == 2
        (refused,) = reading.rejected
        assert (refused.place, refused.reason) == ("x.csv:2", AHEAD)

    def test_long_files_come_in_parts(self):
        rows = ({**ROW, "id": number} for number in range(25_000))
        read = SOURCE.read_rows(Booker(mapping(), LATEST), rows, "x")
        sizes = [len(one.witnesses) for one in read]
        assert sizes == [10_000, 10_000, 5_000]

    @pytest.mark.parametrize(
        "changed",
        [{"at": "2026-11-20T12:00:01Z"}, {"model": "gpt-5-mini"}, {"who": "b@x.org"}],
    )
    def test_two_calls_with_one_key_are_refused(self, changed):
        """As a table program writes ids of 18 digits: all of them alike."""
        book = Booker(mapping({"identity": "who"}), LATEST)
        first, other = {**ROW, "who": "a@x.org"}, {**ROW, "who": "a@x.org", **changed}
        (reading,) = SOURCE.read_rows(book, [first, other, first], "x.csv")
        assert [one.reason for one in reading.rejected] == [TWO_CALLS]
        assert reading.rejected[0].place == "x.csv:2"
        assert len(reading.witnesses) == 2
        # Another file of the same import is no other table.
        (reading,) = SOURCE.read_rows(book, [other], "y.csv")
        assert [one.place for one in reading.rejected] == ["y.csv:1"]

    def test_copies_with_other_counts_are_kept_apart(self):
        (reading,) = SOURCE.read_rows(
            Booker(mapping(), LATEST), [ROW, {**ROW, "in": 5}], "x"
        )
        assert [row.input for row in reading.witnesses.rows()] == [100, 5]

    def test_only_so_many_keys_are_remembered(self, monkeypatch):
        monkeypatch.setattr(rows_module, "REMEMBERED", 3)
        book = Booker(mapping(), LATEST)
        numbers = [str(number) for number in range(7)]
        assert all(isinstance(book({**ROW, "id": one}), Witness) for one in numbers)
        for one in numbers[3:]:
            assert book({**ROW, "id": one, "model": "other"}) == TWO_CALLS
        assert isinstance(book({**ROW, "id": "0", "model": "other"}), Witness)

    @given(
        st.dictionaries(
            st.sampled_from(["id", "at", "model", "in", "out", "x"]),
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text()
            | st.decimals()
            | st.binary()
            | st.datetimes()
            | st.lists(st.integers()),
        )
    )
    def test_any_row(self, changed):
        outcome = booked(mapping(), {**ROW, **changed})
        assert isinstance(outcome, (Witness, str))
        if isinstance(outcome, Witness):
            assert min(outcome.tokens) >= 0


class TestLines:
    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            ([ROW], ["client, output"]),
            ([ROW, {**ROW, "usage": {"out": None}}], ["client"]),
            ([ROW, {**ROW, "usage": None}, {"who": "x"}], ["output"]),
            ([{**ROW, "usage": {"out": 1}, "who": "x"}], []),
            (["broken"], []),
            ([], []),
        ],
    )
    def test_what_no_row_has_is_told(self, rows, expected):
        """A row of JSON leaves out what it has nothing of; all of them hardly do."""
        told: list[str] = []
        made = mapping({"output": "usage.out", "client": "who"})
        assert [*of_lines(made, rows, told.append)] == rows
        assert told == expected


class TestTables:
    def test_rows_go_on_as_they_are(self):
        rows = ["broken", ROW, {**ROW, "id": "2"}, "broken"]
        assert [*of_table(mapping(), rows)] == rows

    @pytest.mark.parametrize("name", sorted(COLUMNS))
    def test_without_a_column_that_is_mapped(self, name):
        row = {cell: value for cell, value in ROW.items() if cell != COLUMNS[name]}
        with pytest.raises(Invalid, match=rf"no column for {name}$"):
            next(of_table(mapping(), [row]))

    def test_without_the_column_that_tells_what_is_no_usage(self):
        made = mapping(ignore={"column": "status", "values": "failed"})
        with pytest.raises(Invalid, match=r"no column for \[ignore\]"):
            next(of_table(made, [ROW]))

    def test_nested_columns(self):
        made = mapping({"output": "usage.out"})
        rows = [
            {**ROW, "usage": None},
            {**ROW, "usage.out": 3},
            {**ROW, "usage": {"out": None}},
        ]
        for row in rows:
            assert [*of_table(made, [row])] == [row]

    @pytest.mark.parametrize("usage", [{"uot": 3}, {}, "out", 3, []])
    def test_a_nested_column_that_is_misspelt(self, usage):
        made = mapping({"output": "usage.out"})
        with pytest.raises(Invalid, match=r"no column for output$"):
            next(of_table(made, [{**ROW, "usage": usage}]))

    def test_a_nested_column_is_looked_for_until_a_row_has_the_object(self):
        made = mapping({"output": "usage.out"})
        empty, wrong = {**ROW, "usage": None}, {**ROW, "usage": {"uot": 3}}
        read = of_table(made, ["broken", empty, wrong])
        assert [next(read), next(read)] == ["broken", empty]
        with pytest.raises(Invalid, match=r"no column for output$"):
            next(read)
        told = {**ROW, "usage": {"out": 3}}
        assert [*of_table(made, [told, wrong])] == [told, wrong]


class TestFiles:
    def write(self, tmp_path, name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [*text_rows(str(path), ";")]

    def test_a_header_that_names_a_column_twice(self, tmp_path):
        path = tmp_path / "x.csv"
        path.write_text("id;in;in;note;note;;\n1;2;3;a;b;;\n")
        for wanted in (("id", "in"), ()):
            with pytest.raises(Invalid, match="names a column twice"):
                next(text_rows(str(path), ";", wanted))
        (row,) = text_rows(str(path), ";", ("id", "x"))
        assert row["id"] == "1"

    def test_csv(self, tmp_path):
        text = '\ufeffid;in\n1;"a;b"\n2;\n'
        assert self.write(tmp_path, "x.csv", text) == [
            {"id": "1", "in": "a;b"},
            {"id": "2", "in": ""},
        ]

    def test_tabs(self, tmp_path):
        assert self.write(tmp_path, "x.tsv", "id\tin\n1\t2\n") == [
            {"id": "1", "in": "2"}
        ]

    @pytest.mark.parametrize(
        ("row", "whole"),
        [
            ("2", False),
            ("2;3;", True),
            ("2;3;;", True),
            ("2;3;4", False),
            ('2;"3', None),
        ],
    )
    def test_rows_whose_cells_cannot_be_told_apart(self, tmp_path, row, whole):
        text = f"id;in\n1;1\n{row}\n"
        if whole is None:
            with pytest.raises(Invalid):
                self.write(tmp_path, "x.csv", text)
            return
        first, second = self.write(tmp_path, "x.csv", text)
        assert first == {"id": "1", "in": "1"}
        assert second == ({"id": "2", "in": "3"} if whole else CELLS_MISSING)

    def test_a_column_without_a_name_is_a_column(self, tmp_path):
        assert self.write(tmp_path, "x.csv", ";in\n0;7\n") == [{"": "0", "in": "7"}]

    @pytest.mark.parametrize("name", ["x.ndjson", "x.jsonl", "x.json"])
    def test_lines(self, tmp_path, name):
        found = self.write(tmp_path, name, '{"id": 1}\n\n[]\n{"id"\n{"id": 2}')
        assert found == [{"id": 1}, "not a JSON object", "not a JSON object", {"id": 2}]

    def test_an_array(self, tmp_path):
        assert self.write(tmp_path, "x.json", '[{"id": 1},\n {"id": 2}]') == [
            {"id": 1},
            {"id": 2},
        ]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("x.csv", b""),
            ("x.csv", b"\xff\xfe"),
            ("x.csv", b'id\n"open'),
            ("x.json", b"[1]"),
            ("x.json", b"[{"),
        ],
    )
    def test_noise(self, tmp_path, name, content):
        with pytest.raises((Invalid, TooLarge)):
            self.write(tmp_path, name, content)
