"""Which calls lie in several files, in C and in Python alike."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.ingest import local_keys
from mileage.ingest.local_keys import holders, keys_of, repeated_keys
from mileage.native import scan

# Few different ones, so that they meet; the ends, and some that share low bits.
KEYS = st.sampled_from([0, 1, 16, 17, 2**32, 2**32 + 1, 2**63, 2**64 - 1])
PARTS = st.lists(st.lists(KEYS | st.integers(0, 2**64 - 1), max_size=40), max_size=12)


def packed(keys):
    return array("Q", keys).tobytes()


@pytest.fixture(params=["C", "Python"])
def way(request, monkeypatch):
    if request.param == "Python":
        monkeypatch.setattr(local_keys, "scan", None)
    elif scan is None:
        pytest.fail("built without its extension")


def test_a_key_is_repeated_in_one_part_or_in_several(way):
    parts = [packed([1, 2, 2]), packed([]), packed([3, 1, 0]), packed([5, 0])]
    assert repeated_keys(parts) == {0, 1, 2}
    assert repeated_keys([]) == repeated_keys([packed([7])]) == set()


def test_keys_that_a_few_parts_have(way):
    parts = [packed([1, 2, 2]), packed([3, 1, 0]), packed([5, 0, 3]), packed([6])]
    assert repeated_keys(parts, parts[:1]) == {1, 2}
    assert repeated_keys(parts, [parts[2], parts[3]]) == {0, 3}
    assert repeated_keys(parts, parts[3:]) == repeated_keys(parts, []) == set()
    assert repeated_keys(parts, parts) == repeated_keys(parts) == {0, 1, 2, 3}


def test_files_that_have_one_of_the_keys(way):
    files = {7: packed([1, 2]), 3: packed([]), 9: packed([2**64 - 1]), 4: packed([0])}
    assert holders(files, [2, 2**64 - 1, 8]) == {7, 9}
    assert holders(files, iter([0])) == {4}
    assert holders(files, []) == holders({}, [1]) == set()


@given(parts=PARTS, wanted=st.lists(KEYS, max_size=5))
def test_both_ways_say_the_same(parts, wanted):
    files = {number: packed(own) for number, own in enumerate(parts)}
    all_keys = [key for own in parts for key in own]
    repeated = {key for key in all_keys if all_keys.count(key) > 1}
    having = {n for n, own in enumerate(parts) if set(own) & set(wanted)}
    among = [packed(wanted)] * 2
    assert repeated_keys(files.values()) == repeated
    assert repeated_keys(files.values(), among) == repeated & set(wanted)
    assert holders(files, wanted) == having
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_keys, "scan", None)
        assert repeated_keys(files.values()) == repeated
        assert repeated_keys(files.values(), among) == repeated & set(wanted)
        assert holders(files, wanted) == having


def test_many_keys(way):
    many = packed(range(50_000))
    assert repeated_keys([many, packed([49_999, 50_000])]) == {49_999}
    assert holders({1: many}, [50_000]) == set()
    assert list(keys_of(many))[-1] == 49_999
