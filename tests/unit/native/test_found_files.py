"""The twins that look into folders, and what the one in C refuses."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mileage.native import scan
from mileage.sources.found import Search, listed_files, looked_up
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


# ------------------------------------------------------- a search in the background


@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(patterns=PATTERNS, unwanted=UNWANTED)
def test_a_search_finds_what_a_look_finds(tree, patterns, unwanted):
    search = scan.begin_search(tree, around(patterns), names(unwanted))
    found = scan.files_of("s", scan.end_search(search))
    assert found == looked_up("s", tree, [*patterns, *unwanted])


def test_the_end_may_be_asked_twice(tree):
    search = scan.begin_search(tree, ((b"", b""),), ())
    assert scan.end_search(search) == scan.end_search(search) != b""


def test_searches_at_once_do_not_disturb_each_other(tree):
    alone = scan.end_search(scan.begin_search(tree, ((b"", b".txt"),), ()))
    searches = [scan.begin_search(tree, ((b"", b".txt"),), ()) for _ in range(20)]
    assert {scan.end_search(one) for one in reversed(searches)} == {alone}


def test_a_search_that_nobody_waits_for_ends_by_itself(tree):
    before = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    for _ in range(50):
        scan.begin_search(tree, ((b"", b""),), ())
    assert len(os.listdir("/proc/self/task")) == before  # noqa: PTH208


def test_what_a_search_needs_outlives_the_names_that_were_given(tree):
    """They are made for the call and let go of at once."""
    search = scan.begin_search(f"{tree}/", around(["*.txt"]), names(["!skip/"]))
    _ = [around([f"*.tx{number}"]) for number in range(1_000)]
    found = scan.files_of("s", scan.end_search(search))
    assert found == looked_up("s", f"{tree}/", ["*.txt", "!skip/"])


def test_signals_are_left_to_the_thread_that_waits(tree):
    heard = []
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
    try:
        searches = [scan.begin_search(tree, ((b"", b""),), ()) for _ in range(50)]
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        for one in searches:
            scan.end_search(one)
        until = time.monotonic() + 10
        while not heard and time.monotonic() < until:
            time.sleep(0.001)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert heard == [1]


@pytest.mark.parametrize(
    "packed", [b"x", b"\0" * 24, b"\1" * 40, b"\0" * 25 + b"\1", b"\0" * 25 + b"\0"]
)
def test_what_no_search_has_packed_is_refused(packed):
    with pytest.raises(ValueError, match="not what end_search has returned"):
        scan.files_of("s", packed)


@pytest.mark.parametrize("arguments", [(), ("/tmp",), (7, (), ()), ("/", [], ())])
def test_a_search_takes_what_a_look_takes(arguments):
    with pytest.raises((TypeError, ValueError)):
        scan.begin_search(*arguments)


@pytest.mark.parametrize("wanted", [("a",), ((b"a",),), (("a", "b"), 7)])
def test_a_search_that_cannot_begin_leaves_nothing(tree, wanted):
    with pytest.raises((TypeError, ValueError, SystemError)):
        scan.begin_search(tree, wanted, ())


@pytest.mark.parametrize("other", [None, object(), b""])
def test_only_a_search_can_be_ended(other):
    with pytest.raises(ValueError, match="PyCapsule"):
        scan.end_search(other)


def anew(file):
    """The same text and time, and yet another file."""
    other = file.with_name("other")
    other.write_bytes(file.read_bytes())
    status = file.stat()
    os.utime(other, ns=(status.st_mtime_ns, status.st_mtime_ns))
    other.replace(file)


def test_references_are_given_back(tree):
    wanted, unwanted = around(["*.txt"]), names(["!skip/"])
    source = "a source of its own"
    kept = [wanted, wanted[0][1], unwanted, source, tree]
    # What earlier tests have left must not go meanwhile.
    gc.collect()
    before = [sys.getrefcount(one) for one in kept]
    for _ in range(300):
        search = scan.begin_search(tree, wanted, unwanted)
        scan.files_of(source, scan.end_search(search))
        scan.listed_files(source, tree, wanted, unwanted)
        with pytest.raises((TypeError, SystemError)):
            scan.begin_search(tree, (7, *wanted), unwanted)
        with pytest.raises(ValueError, match="end_search"):
            scan.files_of(source, b"x")
    del search
    assert [sys.getrefcount(one) for one in kept] == before


CHANGES = {
    "grown": lambda file: file.write_text("longer than before"),
    "touched": lambda file: os.utime(file, ns=(1, 1)),
    "renamed": lambda file: file.rename(file.with_name("z.jsonl")),
    "gone": lambda file: file.unlink(),
    "another": lambda file: file.with_name("more.jsonl").write_text(""),
    "replaced": anew,
}


@pytest.mark.parametrize("native", [True, False], ids=["c", "python"])
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_what_is_told_changes_with_every_file(tmp_path, monkeypatch, native, change):
    if not native:
        monkeypatch.setattr("mileage.sources.found.scan", None)
    for name in ("a.jsonl", "in/b.jsonl", "in/c.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    def told():
        return Search("s", [str(tmp_path)], ["*.jsonl"]).told()

    before = told()
    assert told() == before
    (tmp_path / "in/unwanted.txt").write_text("x")
    assert told() == before
    CHANGES[change](tmp_path / "in/b.jsonl")
    assert told() != before


@pytest.mark.parametrize("pattern", ["*.db", "a.db", "?.db"])
def test_what_lies_beside_a_database_is_told_too(tmp_path, pattern):
    (tmp_path / "a.db").write_text("x")
    before = Search("s", [str(tmp_path)], [pattern]).told()
    (tmp_path / "a.db-wal").write_text("x")
    assert Search("s", [str(tmp_path)], [pattern]).told() != before


def test_a_root_that_is_a_file_is_told(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text("x")
    before = Search("s", [str(log)], ["*.jsonl"]).told()
    log.write_text("xx")
    assert Search("s", [str(log)], ["*.jsonl"]).told() != before


def test_what_a_search_lists_stays_what_it_told(tmp_path):
    """Else the index would say of what came later that it has been read."""
    log = tmp_path / "a.db"
    log.write_text("x")
    search = Search("s", [str(tmp_path)], ["*.db"])
    told = search.told()
    log.write_text("xx")
    assert [one[3] for one in search.listed] == [1]
    assert search.told() == told
