from __future__ import annotations

import json
import time
import tracemalloc

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.errors import Invalid, TooLarge
from mileage.sources.json_records import elements, records, word
from tests.drawing import examples

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), VALUES)


@settings(max_examples=examples(40))
@given(
    st.lists(OBJECTS, max_size=5),
    st.sampled_from([None, 0, 3]),
    st.booleans(),
    st.sampled_from(["", " \n"]),
)
def test_an_array_yields_its_objects(objects, indent, ascii_only, around):
    text = around + json.dumps(objects, indent=indent, ensure_ascii=ascii_only) + around
    body = text.encode("utf-8", "surrogatepass")
    assert [json.loads(one) for one in records(body)] == objects


@settings(max_examples=examples(40))
@given(st.lists(OBJECTS, min_size=2, max_size=5))
def test_lines_yield_their_objects(objects):
    body = "\n".join(json.dumps(one) for one in objects).encode()
    assert [json.loads(one) for one in records(body)] == objects


@given(OBJECTS, st.sampled_from([None, 2]))
def test_one_object_is_one_record(one, indent):
    body = json.dumps(one, indent=indent).encode()
    assert [json.loads(found) for found in records(body)] == [one]


@given(st.binary())
def test_nothing_crashes_it(body):
    try:
        found = list(records(body))
    except (Invalid, TooLarge):
        return
    assert found or body.strip().startswith(b"[")


@given(st.lists(st.sampled_from(["{", "}", "[", "]", '"', "\\", ",", " ", "a", ":"])))
def test_neither_do_brackets_and_quotes(parts):
    body = "".join(["[", *parts]).encode()
    try:
        whole = json.loads(body)
    except ValueError:
        whole = None
    try:
        found = list(elements(body))
    except (Invalid, TooLarge):
        assert whole is None or not all(isinstance(one, (dict, list)) for one in whole)
        return
    if whole is not None:
        assert [json.loads(one) for one in found] == whole


@pytest.mark.parametrize(
    "body",
    [
        b'["' + b"\\" * 2_000_000,
        b'["' + b'\\"' * 1_000_000,
        b"[" + b" " * 2_000_000 + b"x]",
        b"[" + b"[" * 2_000_000,
        b'[{"a": "' + b"x" * 2_000_000,
        b"[" + b'"' * 2_000_001,
    ],
    ids=range(6),
)
def test_time_is_linear_and_memory_bounded(body):
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises((Invalid, TooLarge)):
        list(elements(body))
    spent, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spent < 20
    assert peak < 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ""),
        (b"null", ""),
        (b"12", ""),
        (b"[]", ""),
        (b'"a\\u00e9"', "a\u00e9"),
        (b'"\\ud83d"', ""),
        (b'"\xff"', ""),
        (b'"' + b"x" * 2000 + b'"', "x" * 1000),
        (b'"' + b"x" * 9000 + b'"', ""),
    ],
)
def test_words(raw, expected):
    assert word(msgspec.Raw(raw)) == expected
