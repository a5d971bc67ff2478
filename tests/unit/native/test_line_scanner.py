"""The scanner of JSON lines: rows of plain lines, and the bytes of all others."""

from __future__ import annotations

import gc
import json
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.native import scan

FIELDS = (
    ("id", "name"),
    ("at", "stamp"),
    ("model", "text"),
    ("use.in", "count"),
    ("use.order", "integer"),
    ("side", "flag"),
    ("use.more", "object"),
    ("use.more.deep", "count"),
    ("use", "needed"),
    ("kind", "is", "answer"),
    ("role", "may be", "model"),
    ("cost", "nothing"),
)
PLAIN = {"kind": "answer", "id": "a1", "use": {}}


@pytest.fixture
def scanner():
    return scan.LineScanner(b'"role":"', 60, (b"user", b"tool"), (b"user-set",), FIELDS)


def line_of(**fields):
    return json.dumps({**PLAIN, **fields}).encode()


def row_of(scanner, line):
    """The row of a line, or None when it was handed back."""
    count, found = scanner.scan(line)
    assert count == 1
    if isinstance(found[0], bytes):
        assert found == [line]
        return None
    assert found[0][-2:] == (0, len(line))
    return found[0][:-2]


def test_a_line_that_says_least_has_what_is_missing(scanner):
    assert row_of(scanner, line_of()) == ("a1", None, None, 0, None, False, False, 0)


def test_all_columns(scanner):
    told = line_of(
        at="2026-11-22T12:34:56.789Z",
        model="m",
        use={"in": 7, "order": 3, "more": {"deep": 9, "other": [1, {"x": None}]}},
        side=True,
        role="model",
        cost=None,
    )
    at = int(datetime(2026, 11, 22, 12, 34, 56, tzinfo=UTC).timestamp()) * 10**6
    assert row_of(scanner, told) == ("a1", at + 789_000, "m", 7, 3, True, True, 9)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": ""},
        {"id": None},
        {"id": 5},
        {"id": "a\n"},
        {"id": "x" * 1001},
        {"kind": "question"},
        {"kind": None},
        {"role": "user"},
        {"cost": 0},
        {"cost": {}},
        {"use": None},
        {"use": []},
        {"use": {"in": -1}},
        {"use": {"in": 1.0}},
        {"use": {"in": "1"}},
        {"use": {"in": True}},
        {"use": {"in": 10**12 + 1}},
        {"use": {"in": 10**30}},
        {"use": {"more": 3}},
        {"side": "yes"},
        {"at": "2026-11-22"},
        {"at": "2026-02-29T00:00:00.000Z"},
        {"at": "2026-11-22T24:00:00.000Z"},
        {"at": "2026-11-22T12:34:56.789+02:00"},
        {"at": "2026-11-22T12:34:56.7x9Z"},
        {"at": "3000-01-01T00:00:00.000Z"},
        {"at": "9999-12-31T23:59:59.999Z"},
        {"at": 1},
    ],
)
def test_what_does_not_fit_is_handed_back(scanner, changed):
    assert row_of(scanner, line_of(**changed)) is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b'{"kind":"answer","id":"a","use":{}} x',
        b'{"kind":"answer","id":"a","use":{},}',
        b'{"kind":"answer","id":"a","use":{}',
        b'{"kind":"answer","id":"a","id":"b","use":{}}',
        b'{"kind":"answer","id":"a","use":{"in":1,"in":2}}',
        b'{"kind":"answer","id":"a","use":{"in":01}}',
        b'{"kind":"answer","id":"a","use":{},"x":01}',
        b'{"kind":"answer","id":"a","use":{},"x":1.}',
        b'{"kind":"answer","id":"a","use":{},"x":1e}',
        b'{"kind":"answer","id":"a","use":{},"x":1e400}',
        b'{"kind":"answer","id":"a","use":{},"x":-1E+309}',
        b'{"kind":"answer","id":"a","use":{},"x":[1e-400]}',
        b'{"kind":"answer","id":"a","use":{},"x":' + b"7" * 201 + b"}",
        b'{"kind":"answer","id":"a","use":{},"x":' + b"7" * 5_000 + b"}",
        b'{"kind":"answer","id":"a","use":{},"x":-}',
        b'{"kind":"answer","id":"a","use":{},"x":nul}',
        b'{"kind":"answer","id":"a","use":{},"x":[1,]}',
        b'{"kind":"answer","id":"a","use":{},"x":{1:2}}',
        b'{"kind":"answer","id":"a","use":{},"x":"\x01"}',
        b'{"kind":"answer","id":"a","use":{},"x":"\\q"}',
        b'{"kind":"answer","id":"a","use":{},"x":"\\u12g4"}',
        b'{"kind":"answer","id":"a","use":{},"x":"\\ud83d"}',
        b'{"kind":"answer","id":"a","use":{},"x":"open}',
        b'{"kind":"answer","id":"a","use":{},"x":"\\',
        b'{"kind":"answer","id":"\xff","use":{}}',
        b'{"kind":"answer","id":"a","use":{},"x":' + b"[" * 90 + b"]" * 90 + b"}",
    ],
)
def test_what_is_no_plain_json_is_handed_back(scanner, line):
    if line:
        assert row_of(scanner, line) is None
    else:
        assert scanner.scan(line) == (0, [])


@pytest.mark.parametrize(
    "value",
    [
        *(
            0,
            -1,
            1.5,
            -0.25,
            1e99,
            1e-9,
            10**199,
            True,
            False,
            None,
            "",
            "é日本語😀",
            [],
            {},
        ),
        *([[]], {"a": {}}, {"a": [1, "b", {"c": None}]}, '\\ " / \b \f \n \r \t'),
        *("x" * 5000, [[1, 2], [3, [4, [5]]]], {"in": -1, "id": 3}),
    ],
)
def test_what_nobody_asked_for_is_passed_over(scanner, value):
    for ascii_only in (True, False):
        line = json.dumps({**PLAIN, "other": value}, ensure_ascii=ascii_only)
        row = row_of(scanner, line.encode())
        # Halves of pairs are left to the ordinary reader, whole ones with them.
        if "\\ud83d" not in line:
            assert row is not None
            assert row[0] == "a1"


def test_blanks_between_everything(scanner):
    line = b' {\t"kind" : "answer" , "id":"a" ,"use": { "in" : 5 } } \r\n'
    assert row_of(scanner, line)[:4] == ("a", None, None, 5)


def test_a_time_may_be_required():
    scanner = scan.LineScanner(b"none", 9, (), (), (("at", "time"),))
    assert row_of(scanner, b'{"at":"1970-01-01T00:00:00.000001Z"}') == (1,)
    assert row_of(scanner, b'{"at":null}') is None
    assert row_of(scanner, b"{}") is None


def test_lines_are_counted_skipped_and_told_where_they_stand(scanner):
    user = b'{"role":"user","id":"u","use":{},"kind":"answer"}\n'
    kept = b'{"role":"user-set","id":"u","use":{},"kind":"answer"}\n'
    late = b'{"pad":"' + b"x" * 60 + b'","role":"user"}\n'
    plain = line_of() + b"\n"
    count, found = scanner.scan(plain + user + kept + late + line_of(id="a2"))
    assert count == 5
    assert found[0][0] == "a1"
    assert found[1] == kept
    assert found[2] == late
    assert found[3][0] == "a2"
    chunk = plain + user + kept + late + line_of(id="a2")
    assert [chunk[row[-2] : row[-1]] for row in (found[0], found[3])] == [
        plain,
        line_of(id="a2"),
    ]


GROWING = (("id", "name"), ("at", "time"), ("model", "text"), ("out", "count"))


def answer(second, out, **changed):
    told = {"id": "a", "model": "m", "out": out, **changed}
    told["at"] = f"2026-11-22T10:00:0{second}.000Z"
    return json.dumps(told).encode() + b"\n"


@pytest.fixture
def growing():
    return scan.LineScanner(b'"role":"', 60, (b"user",), (), GROWING, True)  # noqa: FBT003


def test_lines_that_only_repeat_a_row_are_taken_into_it(growing):
    first, user = answer(1, 5), b'{"role":"user"}\n'
    chunk = first + answer(2, 5) + user + answer(3, 9) + answer(4, 1, id="b")
    count, found = growing.scan(chunk)
    assert count == 5
    at = 1_795_341_601_000_000
    end = len(chunk) - len(answer(4, 1, id="b"))
    assert found == [
        ("a", at, "m", 9, 0, end),
        ("b", at + 3_000_000, "m", 1, end, len(chunk)),
    ]


@pytest.mark.parametrize(
    "second",
    [
        answer(2, 4),
        answer(1, 5),
        answer(0, 5),
        answer(2, 5, model="other"),
        answer(2, 5, model=None),
        answer(2, 5, id="b"),
        answer(2, None),
    ],
)
def test_others_are_rows_of_their_own(growing, second):
    assert len(growing.scan(answer(1, 5) + second)[1]) == 2


def test_a_line_that_is_no_row_stands_between(growing):
    odd = b"no json\n"
    found = growing.scan(answer(1, 5) + odd + answer(2, 6))[1]
    assert [one if isinstance(one, bytes) else one[3] for one in found] == [5, odd, 6]


def test_no_chunk_repeats_the_row_of_another(growing):
    assert growing.scan(answer(1, 5))[1][0][3] == 5
    assert growing.scan(answer(2, 6))[1][0][1] == 1_795_341_602_000_000


def test_a_text_that_repeats_is_one_object(scanner):
    chunk = b"\n".join(line_of(model="same", id=f"a{n}") for n in range(3))
    rows = scanner.scan(chunk)[1]
    assert len({id(row[2]) for row in rows}) == 1


def test_nothing_is_kept_when_it_is_done():
    line = line_of(model="m", use={"in": 99_999}) + b"\n" + b"no json\n"

    def work():
        scanner = scan.LineScanner(b"none", 9, (), (), FIELDS)
        for _ in range(200):
            scanner.scan(line * 50)

    work()
    gc.collect()
    before = sys.getallocatedblocks()
    work()
    gc.collect()
    assert sys.getallocatedblocks() - before < 200


@pytest.mark.parametrize(
    "made",
    [
        lambda: scan.LineScanner(b"", 1, (), (), ()),
        lambda: scan.LineScanner(b"x", 1, ("text",), (), ()),
        lambda: scan.LineScanner(b"x", 1, (), (), (("a", "unheard of"),)),
        lambda: scan.LineScanner(b"x", 1, (), (), (("", "text"),)),
        lambda: scan.LineScanner(b"x", 1, (), (), (("a",),)),
        lambda: scan.LineScanner(b"x", 1, (), (), (3,)),
        lambda: scan.LineScanner(b"x", 1, (), (), [("a", "text")]),
        lambda: scan.LineScanner(
            b"x", 1, (), (), tuple((f"a{n}", "text") for n in range(99))
        ),
    ],
)
def test_nonsense_makes_no_scanner(made):
    with pytest.raises((TypeError, ValueError)):
        made()


def test_it_reads_bytes_only(scanner):
    with pytest.raises(TypeError):
        scanner.scan("text")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


class Use(msgspec.Struct):
    input: Any = msgspec.field(default=0, name="in")


class Told(msgspec.Struct):
    id: Any = None
    model: Any = None
    kind: Any = None
    use: Use | None = None


ORDINARY = msgspec.json.Decoder(Told)
ANYTHING = msgspec.json.Decoder()


@given(values, st.booleans(), st.binary(max_size=3), st.integers(0, 400))
def test_a_row_is_always_what_a_decoder_reads(value, ascii_only, noise, at):
    """Also when bytes have been put in anywhere: a row is valid JSON and says this."""
    told = {"id": "a", "model": "m", "use": {"in": 3}, "kind": "answer", "x": value}
    line = json.dumps(told, ensure_ascii=ascii_only).encode("utf-8", "replace")
    line = line[:at] + noise.replace(b"\n", b"") + line[at:]
    scanner = scan.LineScanner(b"none", 9, (), (), FIELDS)
    (one,) = scanner.scan(line)[1]
    if isinstance(one, bytes):
        assert one == line
        return
    assert isinstance(ANYTHING.decode(line.decode("utf-8", "replace")), dict)
    ordinary = ORDINARY.decode(line)
    assert ordinary.kind == "answer"
    assert one[0] == ordinary.id
    assert one[2] == ordinary.model
    assert one[3] == (ordinary.use.input or 0)


@given(st.binary(max_size=300))
def test_any_bytes(noise):
    scanner = scan.LineScanner(b"{", 9, (b"}",), (), FIELDS)
    count, found = scanner.scan(noise)
    assert count == len(noise.split(b"\n")) - (noise[-1:] in (b"", b"\n"))
    assert all(isinstance(one, bytes) and one in noise for one in found)


class TestLinesOfAnotherKind:
    @pytest.fixture
    def flat(self):
        words = (b'"kind":"', b"answer")
        return scan.LineScanner(b'"role":"', 60, (), (), FIELDS, False, words)  # noqa: FBT003

    @pytest.mark.parametrize(
        "line",
        [
            b'{"a":"words","kind":"question","b":{"kind":"answer"}}',
            b'{"kind":"answers"}',
            b'{"kind":"to-do_list","a":[1]',
        ],
    )
    def test_they_are_passed_over(self, flat, line):
        assert flat.scan(line + b"\n") == (1, [])
        assert flat.scan(line) == (1, [])

    @pytest.mark.parametrize(
        "line",
        [
            b'{"kind":"answer"}',
            b'{"kind":"question',
            b'{"kind":""}',
            b'{"kind":"QUESTION"}',
            b'{"kind":null}',
            b'{"kind": "question"}',
            b'{"a":{"kind":"question"}}',
            b'{"a":"\\"kind\\":\\"question\\""}',
            b"{",
            b"",
            b'"',
        ],
    )
    def test_all_others_are_handed_back(self, flat, line):
        assert flat.scan(line + b"\n") == (1, [line + b"\n"])


def test_keys_in_another_order_are_found_all_the_same(scanner):
    orders = [{**PLAIN, "model": "m"}, {"model": "n", **PLAIN}, {**PLAIN, "x": 1}]
    lines = [json.dumps(one, separators=(",", ":")).encode() for one in orders * 2]
    found = scanner.scan(b"\n".join(lines))[1]
    assert [row[2] for row in found] == ["m", "n", None] * 2


def test_a_key_that_begins_like_the_one_before_is_another(scanner):
    lines = [b'{"kind":"answer","use":{},"id":"1","xy":%d}' % 10**40]
    lines += [line.replace(b'"id":', b'"i":') for line in lines]
    lines += [lines[0].replace(b'"xy":', b'"model":"z","xy":')]
    found = scanner.scan(b"\n".join(lines))[1]
    assert [isinstance(row, bytes) for row in found] == [False, True, False]
    assert found[2][2] == "z"
