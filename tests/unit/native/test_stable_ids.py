"""Hashes of many names at once are those of the standard library."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.packed import all_hashed, hashed
from mileage.native import scan

names = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))


def ordinary(prefix, name):
    return blake2b((prefix + name).encode(), digest_size=8).digest()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), names)
def test_each_is_the_hash_of_prefix_and_name(prefix, names):
    found = scan.stable_ids(prefix, names)
    assert found == b"".join(ordinary(prefix, name) for name in names)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 255, 256, 257, 4096])
@pytest.mark.parametrize("before", [0, 1, 127, 128, 129])
def test_at_the_edges_of_blocks(before, size):
    prefix, name = "p" * before, "n" * size
    assert scan.stable_ids(prefix, [name]) == ordinary(prefix, name)


def test_names_without_utf_8_are_hashed_one_by_one():
    names = ["plain", "half \ud83d of a pair"]
    with pytest.raises(UnicodeEncodeError):
        scan.stable_ids("s:", names)
    found = all_hashed("s", names).tobytes()
    assert found == b"".join(hashed("s", name) for name in names)


@pytest.mark.parametrize("names", [("a",), None, [b"a"], [3]])
def test_anything_else_is_refused(names):
    with pytest.raises(TypeError):
        scan.stable_ids("s:", names)
