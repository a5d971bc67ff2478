"""Objects over many lines, whole and broken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.sources.indented_json import CUT_OFF, OUTSIDE, TOO_LARGE, objects

PLAIN = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.text(max_size=5), inner, max_size=3),
        ),
        max_leaves=6,
    ),
    min_size=1,
    max_size=4,
)


def lines_of(*texts: str) -> list[bytes]:
    return "".join(texts).encode().splitlines(keepends=True)


def written(plain) -> str:
    return json.dumps(plain, indent=2) + "\n"


def problems(lines, **options):
    return [(one.number, one.problem) for one in objects(lines, **options)]


@given(st.lists(PLAIN, max_size=4))
def test_whatever_was_written_is_found_again(plains):
    found = list(objects(lines_of(*map(written, plains))))
    assert [json.loads(one.text) for one in found] == plains
    assert not any(one.problem for one in found)


def test_objects_are_numbered_by_their_first_line():
    found = objects(lines_of(written({"a": 1}), "\n", written({"b": {"c": 2}})))
    assert [one.number for one in found] == [1, 5]


def test_braces_in_texts_are_no_ends():
    plain = {"said": "}\n{\n}", "deep": {"er": {}}}
    (found,) = objects(lines_of(written(plain)))
    assert json.loads(found.text) == plain


def test_an_object_that_was_cut_off_does_not_take_the_next_with_it():
    cut = written({"a": 1, "b": 2})[:-4] + "\n"
    found = list(objects(lines_of(cut, written({"c": 3}))))
    assert [(one.number, one.problem) for one in found] == [(1, CUT_OFF), (4, "")]
    assert json.loads(found[1].text) == {"c": 3}


def test_a_last_object_that_is_still_being_written_is_told():
    assert problems(lines_of(written({"a": 1}), "{\n", '  "b": 2')) == [
        (1, ""),
        (4, CUT_OFF),
    ]


def test_an_object_on_one_line_is_one_too():
    assert problems([b'{"a":1}\n', b'  {"b":2}\n', b"\n"]) == [(1, ""), (2, "")]


@pytest.mark.parametrize("noise", [b"[1]\n", b"}\n", b"hello\n", b"\xff\xfe\n"])
def test_what_stands_outside_is_told(noise):
    assert problems([noise, *lines_of(written({"a": 1}))]) == [(1, OUTSIDE), (2, "")]


def test_a_large_object_is_passed_over_and_the_next_is_not():
    large = written({"a": "x" * 100})
    lines = lines_of(large, written({"b": 1}))
    assert problems(lines, max_bytes=50) == [(1, TOO_LARGE), (4, "")]
    assert problems(lines, max_bytes=len(large)) == [(1, ""), (4, "")]
    assert problems(lines, max_bytes=len(large) - 1) == [(1, TOO_LARGE), (4, "")]


def test_windows_line_ends_are_line_ends():
    lines = [one.replace(b"\n", b"\r\n") for one in lines_of(written({"a": 1}))]
    assert problems(lines) == [(1, "")]


@given(st.lists(st.sampled_from([b"{\n", b"}\n", b"{}\n", b"x\n", b"\n"]), max_size=12))
def test_nothing_is_lost_whatever_the_order(lines):
    found = list(objects(lines))
    assert all(bool(one.text) != bool(one.problem) for one in found)
    starts = [number for number, line in enumerate(lines, 1) if line == b"{\n"]
    assert set(starts) <= {one.number for one in found}


def test_nothing_is_nothing():
    assert list(objects([])) == []
