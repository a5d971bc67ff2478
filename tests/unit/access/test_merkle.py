"""The tree, against RFC 6962's own definitions and its published example."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest

from mileage.access.merkle import (
    EMPTY,
    Frontier,
    consistency_path,
    grew,
    inclusion_path,
    leaf_hash,
    root_by_path,
)
from mileage.domain.entries import entry_bytes, set_digest

# Inputs and roots of the reference implementation of Certificate Transparency.
INPUTS = [
    bytes.fromhex(one)
    for one in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def by_definition(leaves):
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = by_definition(leaves[:split]), by_definition(leaves[split:])
    return sha256(b"\x01" + left + right).digest()


def path_by_definition(index, leaves):
    """RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [
            *path_by_definition(index, leaves[:split]),
            by_definition(leaves[split:]),
        ]
    return [
        *path_by_definition(index - split, leaves[split:]),
        by_definition(leaves[:split]),
    ]


def leaves(count):
    return [leaf_hash(entry_bytes([number, "x"])) for number in range(count)]


def test_published_roots():
    frontier = Frontier()
    assert frontier.root() == EMPTY
    for entry, root in zip(INPUTS, ROOTS, strict=True):
        frontier.append(leaf_hash(entry))
        assert frontier.root().hex() == root


@pytest.mark.parametrize("count", [*range(34), 63, 64, 65, 100, 127, 128, 129])
def test_the_root_is_that_of_the_definition(count):
    frontier = Frontier()
    for leaf in leaves(count):
        frontier.append(leaf)
    assert frontier.size == count
    assert frontier.root() == by_definition(leaves(count))


@pytest.mark.parametrize("count", range(1, 40))
def test_every_path_is_that_of_the_definition_and_leads_to_the_root(count):
    all_leaves = leaves(count)
    root = by_definition(all_leaves)
    for index in range(count):
        path = inclusion_path(index, all_leaves)
        assert path == path_by_definition(index, all_leaves)
        assert root_by_path(index, count, all_leaves[index], path) == root


@pytest.mark.parametrize("count", range(40))
def test_a_frontier_goes_on_where_it_was_stored(count):
    first = Frontier()
    for leaf in leaves(count):
        first.append(leaf)
    stored = first.stored()
    assert len(stored) == 32 * count.bit_count()
    again = Frontier(count, stored)
    for leaf in leaves(70)[count:]:
        again.append(leaf)
    assert again.root() == by_definition(leaves(70))


@pytest.mark.parametrize(("size", "stored"), [(1, b""), (0, b"x" * 32), (3, b"x" * 32)])
def test_a_frontier_that_does_not_fit_its_size_is_none(size, stored):
    with pytest.raises(ValueError, match="hashes in its frontier"):
        Frontier(size, stored)


@pytest.mark.parametrize("index", [-1, 5, 99])
def test_there_is_no_path_to_what_is_not_there(index):
    with pytest.raises(ValueError, match="no entry"):
        inclusion_path(index, leaves(5))


def test_a_path_with_anything_changed_leads_elsewhere():
    random = Random(6962)  # noqa: S311 (which change is tried)
    all_leaves = leaves(37)
    root = by_definition(all_leaves)
    for _ in range(300):
        index = random.randrange(37)
        path = inclusion_path(index, all_leaves)
        leaf, size = all_leaves[index], 37
        kind = random.randrange(5)
        if kind == 0:
            place = random.randrange(len(path))
            flipped = bytearray(path[place])
            flipped[random.randrange(32)] ^= 1 << random.randrange(8)
            path[place] = bytes(flipped)
        elif kind == 1:
            path = path[:-1] if random.random() < 0.5 else [*path, root]
        elif kind == 2:
            index = (index + random.randrange(1, 37)) % 37
        elif kind == 3:
            leaf = leaf_hash(random.randbytes(8))
        else:
            path = [path[-1], *path[:-1]] if path[0] != path[-1] else [root]
        assert root_by_path(index, size, leaf, path) != root


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (9, 5)])
def test_a_place_outside_the_tree_has_no_root(index, size):
    assert root_by_path(index, size, leaf_hash(b""), []) == EMPTY


def test_an_entry_is_no_node():
    """A leaf of two hashes must not pass for the node above them."""
    left, right = leaves(2)
    assert leaf_hash(left + right) != by_definition([left, right])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "bc"], ["ab", "c"]),
        (["a", ""], ["a"]),
        ([1], ["1"]),
        (["a\nb"], ["a", "b"]),
        (['a","b'], ["a", "b"]),
        (["é"], ["e\u0301"]),
        ([12, 3], [1, 23]),
    ],
)
def test_other_rows_have_other_bytes(one, other):
    assert entry_bytes(one) != entry_bytes(other)


def test_the_bytes_of_an_entry_stay_what_they_are():
    """They are in every tree that was ever signed."""
    row = [7, 1_795_350_000_000_000, "acc_a", 'Zoë \u2028 "x"\\\x00\ud800', ""]
    assert entry_bytes(row) == (
        b'[7,1795350000000000,"acc_a","Zo\xc3\xab \xe2\x80\xa8 \\"x\\"\\\\'
        b'\\u0000\xed\xa0\x80",""]'
    )
    assert set_digest(["b", "a", "b"]) == sha256(b'["a","b"]').hexdigest()


# That it only grew

LEAVES = [leaf_hash(one) for one in INPUTS]
GROWTH = {
    # Of the reference implementation as well.
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (8, 8): (),
}


@pytest.mark.parametrize("sizes", GROWTH)
def test_proofs_of_growth_are_those_of_the_reference(sizes):
    first, second = sizes
    path = consistency_path(first, LEAVES[:second])
    assert tuple(one.hex() for one in path) == GROWTH[sizes]


def tree(size, leaves=None):
    return size, by_definition(
        (leaves or [leaf_hash(b"%d" % n) for n in range(40)])[:size]
    )


@pytest.mark.parametrize("second", range(1, 34))
def test_every_tree_grows_from_every_smaller_one(second):
    leaves = [leaf_hash(b"%d" % number) for number in range(40)]
    for first in range(1, second + 1):
        path = consistency_path(first, leaves[:second])
        assert grew(tree(first), tree(second), path)
        assert len(path) <= 2 * second.bit_length()


def test_no_proof_fits_two_trees_of_which_one_was_changed():
    random = Random(5)  # noqa: S311 - the same in every run
    leaves = [leaf_hash(b"%d" % number) for number in range(40)]
    for _ in range(300):
        second = random.randint(2, 40)
        first = random.randint(1, second - 1)
        changed = list(leaves)
        changed[random.randrange(first)] = leaf_hash(b"another")
        for made_of in (leaves, changed):
            path = consistency_path(first, made_of[:second])
            assert not grew(tree(first), tree(second, changed), path)


def test_a_damaged_proof_of_growth_proves_nothing():
    random = Random(6)  # noqa: S311 - the same in every run
    leaves = [leaf_hash(b"%d" % number) for number in range(40)]
    for _ in range(300):
        second = random.randint(2, 40)
        first = random.randint(1, second - 1)
        path = consistency_path(first, leaves[:second])
        at = random.randrange(len(path))
        damaged = (
            [*path[:at], sha256(path[at]).digest(), *path[at + 1 :]],
            [*path[:at], *path[at + 1 :]],
            [*path, path[-1]],
            [],
        )
        for wrong in damaged:
            assert not grew(tree(first), tree(second), wrong)
        assert not grew(tree(first), tree(second - 1 or 1), path) or first == second - 1
        assert not grew((first, b"x" * 32), tree(second), path)


@pytest.mark.parametrize("first", [0, -1, 9])
def test_no_tree_grows_from_nothing_or_into_less(first):
    with pytest.raises(ValueError, match="grows into"):
        consistency_path(first, LEAVES)
    assert not grew((first, ROOTS[0]), (8, bytes.fromhex(ROOTS[7])), [])
