"""The twins that look into folders, and what the one in C refuses."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mileage.native import scan
from mileage.sources.found import listed_files, looked_up
from tests.drawing import examples

NAMES = ("a", "ab", "aba", "a.jsonl", "b.jsonl", ".jsonl", "x.txt", "skip", "\u00e9.db")
PARTS = st.sampled_from(["", "a", "ab", ".jsonl", "l", "skip", ".", "\u00e9", ".db"])
PATTERNS = st.lists(
    st.builds(lambda begin, end: f"{begin}*{end}", PARTS, PARTS), min_size=1, max_size=3
)
UNWANTED = st.lists(
    st.sampled_from([*NAMES, *(f"{name}/" for name in NAMES)]).map(
        lambda one: f"!{one}"
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Every name as a file and as a folder with every name below it."""
    root = tmp_path_factory.mktemp("tree")
    for name in NAMES:
        (root / name).write_text(name * 3)
        for below in (root / f"in-{name}", root / "deep" / name):
            below.mkdir(parents=True)
            for inner in NAMES:
                (below / inner).write_text(inner)
    (root / "to-file.jsonl").symlink_to(root / "x.txt")
    (root / "to-folder.jsonl").symlink_to(root / "deep")
    (root / "dead.jsonl").symlink_to(root / "gone")
    (root / "deep" / os.fsdecode(b"\xfe\xff.jsonl")).write_text("x")
    return str(root)


@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(patterns=PATTERNS, unwanted=UNWANTED)
def test_both_find_the_same_in_the_same_order(tree, patterns, unwanted):
    wanted = [*patterns, *unwanted]
    assert scan is not None
    told = scan.listed_files("s", tree, around(patterns), names(unwanted))
    assert told == looked_up("s", tree, wanted)


def around(patterns):
    halves = (one.split("*") for one in patterns)
    return tuple((os.fsencode(begin), os.fsencode(end)) for begin, end in halves)


def names(unwanted):
    return tuple(os.fsencode(one[1:]) for one in unwanted)


def test_begin_and_end_may_not_overlap(tmp_path):
    (tmp_path / "aba").write_text("x")
    (tmp_path / "abba").write_text("x")
    found = scan.listed_files("s", str(tmp_path), ((b"ab", b"ba"),), ())
    assert [os.path.basename(one[1]) for one in found] == ["abba"]  # noqa: PTH119


@pytest.mark.parametrize("root", ["", "/nowhere/at/all", "/dev/null"])
def test_a_root_that_is_no_folder_has_nothing(root):
    assert scan.listed_files("s", root, ((b"", b""),), ()) == []


@pytest.mark.parametrize("end", ["/", "//"])
def test_a_root_with_a_slash_has_one_in_its_paths(tree, end):
    plain = scan.listed_files("s", tree, ((b"", b".txt"),), ())
    told = scan.listed_files("s", f"{tree}/", ((b"", b".txt"),), ())
    assert [one[1] for one in told] == [one[1] for one in plain]
    assert listed_files("s", [tree + end], ["*.txt"]) == plain


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("s", "/tmp"),
        (b"s", "/tmp", (), ()),
        ("s", 7, (), ()),
        ("s", "/tmp\0x", (), ()),
        ("s", "/tmp", [], ()),
        ("s", "/tmp", (), []),
    ],
    ids=str,
)
def test_arguments_of_another_kind_are_an_error(arguments):
    with pytest.raises((TypeError, ValueError)):
        scan.listed_files(*arguments)


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [(("a",), ()), (((b"a",),), ()), ((("a", "b"), 7), ()), (((b"", b""),), ("a",))],
    ids=str,
)
def test_patterns_of_another_kind_are_an_error(tree, wanted, unwanted):
    with pytest.raises((TypeError, ValueError, SystemError)):
        scan.listed_files("s", tree, wanted, unwanted)


def test_the_source_is_the_one_that_was_given(tree):
    found = scan.listed_files("a source", tree, ((b"", b".txt"),), ())
    assert {one[0] for one in found} == {"a source"}
    assert {len(one) for one in found} == {5}


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (scan.repeated_keys, ((b"12345678",),)),
        (scan.repeated_keys, (["12345678"],)),
        (scan.repeated_keys, ([None],)),
        (scan.repeated_keys, ([], (b"12345678",))),
        (scan.repeated_keys, ([], ["12345678"])),
        (scan.holders, ([b"12345678"], "12345678")),
        (scan.holders, ((b"12345678",), b"12345678")),
        (scan.holders, ([7], b"12345678")),
        (scan.holders, ([b""],)),
    ],
)
def test_keys_of_another_kind_are_an_error(function, arguments):
    with pytest.raises((TypeError, SystemError)):
        function(*arguments)


@pytest.mark.parametrize("size", range(17))
def test_a_key_that_was_cut_is_none(size):
    """A torn record of the index: what is no whole key is not read past its end."""
    cut = b"a" * size
    whole = size // 8
    assert scan.repeated_keys([cut]) == (b"a" * 8 if whole > 1 else b"")
    assert scan.holders([cut], b"a" * 8) == ([0] if whole else [])
    assert scan.holders([b"a" * 8], cut) == ([0] if whole else [])
