"""A log against its checkpoints: what fits, what was rewritten, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.checking import check_log
from mileage.access.merkle import (
    EMPTY,
    Frontier,
    inclusion_path,
    leaf_hash,
    root_by_path,
)
from mileage.access.notes import Head
from mileage.domain.entries import entry_bytes

# A log of seven entries, as in the example of RFC 6962, section 2.1.3.
LOG = [(number, f"read {number}", 10 * number) for number in range(1, 8)]


def root_of(entries):
    frontier = Frontier()
    for entry in entries:
        frontier.append(leaf_hash(entry_bytes(entry)))
    return frontier.root()


def head(size, entries=LOG):
    return Head("x/access", size, root_of(entries[:size]))


def problems(entries, heads):
    return check_log(iter(entries), heads).problems


def test_nothing_was_vouched_for_and_nothing_is_wrong():
    assert check_log([], []) == (0, 0, ())
    assert check_log(LOG, []) == (7, 0, ())


def test_the_last_checkpoint_that_fits_is_told():
    assert check_log(LOG, [head(3)]) == (7, 3, ())
    assert check_log(LOG, [head(5), head(3), head(3)]) == (7, 5, ())
    assert check_log(LOG, [head(size) for size in range(8)]) == (7, 7, ())


def test_a_checkpoint_of_nothing():
    assert root_of([]) == EMPTY
    assert check_log(LOG, [head(0)]).problems == ()
    (problem,) = problems(LOG, [Head("x/access", 0, bytes(32))])
    assert "no entries has a wrong root" in problem


@pytest.mark.parametrize("at", range(7))
@pytest.mark.parametrize("sizes", [(7,), (3, 7), (1, 2, 3, 4, 5, 6, 7)])
def test_a_changed_entry_shows_at_the_next_checkpoint(at, sizes):
    changed = [*LOG]
    changed[at] = (at + 1, "another read", 10 * (at + 1))
    checked = check_log(changed, [head(size) for size in sizes])
    before = max((size for size in sizes if size <= at), default=0)
    after = min(size for size in sizes if size > at)
    assert checked.vouched == before
    (problem,) = checked.problems
    assert problem.startswith(f"entries {before + 1} to {after} are not what")


@pytest.mark.parametrize("at", range(7))
def test_a_missing_entry_is_named(at):
    checked = check_log([*LOG[:at], *LOG[at + 1 :]], [head(7)])
    if at == 6:
        told = "a checkpoint vouched for 7 entries, and there are 6"
    else:
        told = f"entry {at + 1} is missing: {at + 2} is there"
    assert checked.problems == (told,)


@pytest.mark.parametrize("at", range(6))
def test_entries_that_changed_places(at):
    moved = [*LOG]
    moved[at], moved[at + 1] = moved[at + 1], moved[at]
    assert f"entry {at + 1} is missing" in problems(moved, [head(7)])[0]
    renumbered = [(number, *one[1:]) for number, one in enumerate(moved, 1)]
    assert "moved" in problems(renumbered, [head(7)])[0]


def test_an_entry_that_was_put_in_and_all_numbered_again():
    more = [*LOG[:4], (5, "put in", 0), *((n + 1, t, a) for n, t, a in LOG[4:])]
    assert problems(more, [head(4)]) == ()
    (problem,) = problems(more, [head(4), head(7)])
    assert problem == (
        "entries 5 to 7 are not what the checkpoint at 7 vouched for: at least one "
        "was changed, removed, added or moved"
    )


@pytest.mark.parametrize("kept", range(7))
def test_a_log_that_was_cut_is_too_short_for_each_later_checkpoint(kept):
    heads = [head(size) for size in (7, 2, 5)]
    told = problems(LOG[:kept], heads)
    assert told == tuple(
        f"a checkpoint vouched for {size} entries, and there are {kept}"
        for size in (2, 5, 7)
        if size > kept
    )


def test_two_checkpoints_of_one_size_that_contradict_each_other():
    """One of them was signed over another log: a split view."""
    other = Head("x/access", 5, bytes(32))
    for heads in ([head(5), other], [other, head(5)]):
        checked = check_log(LOG, heads)
        assert checked.vouched == 0
        assert "entries 1 to 5" in checked.problems[0]


def test_what_lies_behind_a_wrong_checkpoint_is_vouched_for_by_nobody():
    checked = check_log(LOG, [head(2), Head("x/access", 4, bytes(32)), head(7)])
    assert (checked.vouched, len(checked.problems)) == (2, 1)


@pytest.mark.parametrize("first", [0, 2, -1, "1"])
def test_a_log_begins_at_one(first):
    assert "entry 1 is missing" in problems([(first, "read", 1), *LOG[1:]], [])[0]


@given(
    st.lists(st.text(max_size=5), max_size=30),
    st.sets(st.integers(0, 30)),
    st.integers(0, 29),
    st.text(max_size=5),
)
def test_nothing_that_is_covered_changes_unseen(texts, sizes, at, other):
    log = [(number, text) for number, text in enumerate(texts, 1)]
    heads = [head(size, log) for size in sizes if size <= len(log)]
    assert problems(log, heads) == ()
    if at < len(log) and other != texts[at]:
        changed = [*log]
        changed[at] = (at + 1, other)
        covered = any(size > at for size in sizes if size <= len(log))
        assert bool(problems(changed, heads)) == covered


def node(left, right):
    frontier = Frontier(1, left)
    frontier.append(right)
    return frontier.root()


def test_the_example_of_the_standard():
    """Paths of d0, d3, d4 and d6 in the tree of section 2.1.3."""
    a, b, c, d, e, f, j = (leaf_hash(entry_bytes(one)) for one in LOG)
    g, h, i = node(a, b), node(c, d), node(e, f)
    k, m = node(g, h), node(i, j)
    leaves = [a, b, c, d, e, f, j]
    assert root_of(LOG) == node(k, m)
    assert inclusion_path(0, leaves) == [b, h, m]
    assert inclusion_path(3, leaves) == [c, g, m]
    assert inclusion_path(4, leaves) == [f, j, k]
    assert inclusion_path(6, leaves) == [i, k]
    # The roots of the three earlier trees of that section.
    assert root_of(LOG[:3]) == node(g, c)
    assert root_of(LOG[:4]) == k
    assert root_of(LOG[:6]) == node(k, i)


PUBLISHED = (
    (0, 1, ()),
    (2, 3, ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",)),
    (
        *(1, 5),
        (
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
    (
        *(0, 8),
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        *(5, 8),
        (
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
)
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
LAST_INPUT = "606162636465666768696a6b6c6d6e6f"


@pytest.mark.parametrize(("index", "size", "path"), PUBLISHED)
def test_published_paths(index, size, path):
    """Of the reference implementation of Certificate Transparency."""
    leaves = [leaf_hash(bytes.fromhex(one)) for one in (*INPUTS, LAST_INPUT)][:size]
    hashes = [bytes.fromhex(one) for one in path]
    assert inclusion_path(index, leaves) == hashes
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    assert root_by_path(index, size, leaves[index], hashes) == frontier.root()


@pytest.mark.parametrize("size", range(1, 24))
def test_a_path_leads_to_the_root_for_its_own_place_and_leaf_only(size):
    leaves = [leaf_hash(entry_bytes([number])) for number in range(size)]
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    root = frontier.root()
    for index in range(size):
        path = inclusion_path(index, leaves)
        for at in range(size):
            for leaf in {leaves[index], leaves[at]}:
                leads = root_by_path(at, size, leaf, path) == root
                assert leads == (at == index and leaf == leaves[index])
        assert root_by_path(index, size, leaves[index], [*path, root]) == EMPTY
        if path:
            assert root_by_path(index, size, leaves[index], path[:-1]) == EMPTY
