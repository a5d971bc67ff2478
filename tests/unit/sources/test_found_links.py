"""Where links lead when logs are looked for."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mileage.sources.found import is_there, listed_files, looked_up
from tests.denying import kept_from, shared_folder
from tests.drawing import examples

_ANEW = count()


@pytest.fixture(params=["c", "python"])
def look(request):
    """Look below a folder, with each of the twins."""

    def named(folder, *patterns):
        wanted = patterns or ("*.jsonl",)
        if request.param == "c":
            found = listed_files("s", [str(folder)], wanted)
        else:
            found = looked_up("s", str(folder), wanted)
        return [os.path.relpath(one[1], folder) for one in found]

    return named


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


@pytest.fixture
def root(tmp_path):
    write(tmp_path, "root/a.jsonl", "disk/p/b.jsonl", "disk/p/in/c.jsonl")
    return tmp_path / "root"


def test_what_lies_elsewhere_is_found_where_its_link_is(root, look):
    (root / "p").symlink_to(root.parent / "disk/p")
    assert look(root) == ["a.jsonl", "p/b.jsonl", "p/in/c.jsonl"]


def test_links_below_links_are_followed_too(root, look):
    write(root.parent, "far/d.jsonl", "far/deep/e.jsonl")
    (root / "p").symlink_to(root.parent / "disk/p")
    (root.parent / "disk/p/in/far").symlink_to("../../../far")
    assert sorted(look(root)) == [
        "a.jsonl",
        "p/b.jsonl",
        "p/in/c.jsonl",
        "p/in/far/d.jsonl",
        "p/in/far/deep/e.jsonl",
    ]


@pytest.mark.parametrize("target", [".", "..", "../..", "/", "in", "in/../.."])
def test_a_loop_is_not_followed(tmp_path, look, target):
    """Nor a link to what holds the root: that would be a search of the whole disk."""
    write(tmp_path, "up/root/a.jsonl", "up/root/in/b.jsonl", "up/beside.jsonl")
    (tmp_path / "up/root/loop").symlink_to(target)
    assert look(tmp_path / "up/root") == ["a.jsonl", "in/b.jsonl"]


def test_links_to_each_other_lead_nowhere_new(root, look):
    (root / "p").symlink_to(root.parent / "disk/p")
    (root.parent / "disk/p/back").symlink_to(root)
    (root.parent / "disk/p/again").symlink_to(root / "p")
    assert look(root) == ["a.jsonl", "p/b.jsonl", "p/in/c.jsonl"]


def test_a_folder_is_looked_into_once_however_many_links_lead_there(root, look):
    for name in ("one", "other"):
        (root / name).symlink_to(root.parent / "disk/p")
    first, second, third = look(root)
    assert first == "a.jsonl"
    assert {second, third} in (
        {"one/b.jsonl", "one/in/c.jsonl"},
        {"other/b.jsonl", "other/in/c.jsonl"},
    )
    assert look(root) == [first, second, third]


@pytest.mark.parametrize("name", ["0", "z", "lots/0"])
def test_what_lies_below_the_root_itself_is_found_there(root, look, name):
    write(root, "k/d.jsonl", "lots/of/e.jsonl")
    (root / name).symlink_to(root / "k")
    assert sorted(look(root)) == ["a.jsonl", "k/d.jsonl", "lots/of/e.jsonl"]


def test_a_folder_around_one_that_was_seen_is_read_but_for_that(root, look):
    (root / "inner").symlink_to(root.parent / "disk/p/in")
    (root / "outer").symlink_to(root.parent / "disk/p")
    found = look(root)
    names = [os.path.basename(one) for one in found]  # noqa: PTH119
    assert sorted(names) == ["a.jsonl", "b.jsonl", "c.jsonl"]


def test_what_is_excluded_stays_so(root, look):
    for name in ("skip", "kept"):
        write(root.parent, f"disk/{name}/x.jsonl")
        (root / name).symlink_to(root.parent / "disk" / name)
    assert look(root, "*.jsonl", "!skip/") == ["a.jsonl", "kept/x.jsonl"]
    assert look(root, "*.jsonl", "!*/") == ["a.jsonl"]


def test_a_link_is_what_it_leads_to_whatever_its_name(root, look):
    (root / "p.jsonl").symlink_to(root.parent / "disk/p")
    (root / "log.jsonl").symlink_to(root.parent / "disk/p/b.jsonl")
    found = ["a.jsonl", "log.jsonl", "p.jsonl/b.jsonl", "p.jsonl/in/c.jsonl"]
    assert sorted(look(root)) == found
    assert sorted(look(root, "*.jsonl", "!p.jsonl/")) == ["a.jsonl", "log.jsonl"]


def test_a_link_that_leads_nowhere_is_as_if_it_were_not_there(root, look):
    for name in ("dead", "dead.jsonl"):
        (root / name).symlink_to(root / "nothing")
    for name in ("itself", "itself.jsonl"):
        (root / name).symlink_to(root / name)
    (root / "through").symlink_to(root / "a.jsonl/none")
    assert look(root) == ["a.jsonl"]
    assert not is_there(str(root / "itself"))
    assert listed_files("s", [str(root / "itself")], ["*.jsonl"]) == []


@pytest.mark.parametrize("patterns", [["*.jsonl"], ["?.jsonl"]])
def test_a_link_to_what_is_closed_to_us_is_told(patterns):
    with shared_folder() as home:
        write(home, "root/a.jsonl", "disk/p/b.jsonl", "shut/c.jsonl")
        root = home / "root"
        (root / "hidden").symlink_to(home / "disk/p")
        (root / "shut").symlink_to(home / "shut")
        with kept_from(home / "disk", home / "shut"):
            found = listed_files("s", [str(root)], patterns)
            again = looked_up("s", str(root), patterns)
    assert found == again
    assert sorted((one[1], one[2] > 0) for one in found) == [
        (f"{root}/a.jsonl", True),
        (f"{root}/hidden", False),
        (f"{root}/shut", False),
    ]


@pytest.mark.parametrize("patterns", [["*.jsonl", "!c.jsonl/"], ["?.jsonl", "!*/"]])
def test_of_a_link_that_can_only_be_a_log_its_folder_is_told(patterns):
    with shared_folder() as home:
        write(home, "root/a.jsonl", "disk/c.jsonl")
        root = home / "root"
        (root / "c.jsonl").symlink_to(home / "disk/c.jsonl")
        with kept_from(home / "disk"):
            found = listed_files("s", [str(root)], patterns)
            again = looked_up("s", str(root), patterns)
    assert found == again
    assert [one[1] for one in found] == [f"{root}/a.jsonl", str(root)]


def test_many_links_and_many_folders(root, look):
    for number in range(1_500):
        write(root.parent, f"disk/{number}/x.jsonl")
        (root / f"{number}").symlink_to(root.parent / f"disk/{number}")
        (root / f"{number} again").symlink_to(root / f"{number}")
    found = look(root)
    assert len(found) == len(set(found)) == 1_501


FOLDERS = st.lists(st.integers(-1, 7), min_size=1, max_size=8)
LINKS = st.lists(
    st.tuples(st.integers(0, 7), st.integers(-2, 7), st.integers(0, 2)), max_size=10
)


@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(parents=FOLDERS, links=LINKS)
def test_every_folder_that_can_be_reached_is_looked_into_once(tmp_path, parents, links):
    """Folder 0 is the root; those without a parent among the earlier lie elsewhere."""
    home = (tmp_path / f"{next(_ANEW)}").resolve()
    folders = _made(home, parents)
    for of, to, name in links:
        link = folders[of % len(folders)] / f"link{name}"
        if not link.is_symlink():
            link.symlink_to(folders[to % len(folders)] if to >= 0 else home)
    quick = listed_files("s", [str(folders[0])], ["*.jsonl"])
    assert quick == looked_up("s", str(folders[0]), ["*.jsonl"])
    looked_into = [Path(one[1]).parent.resolve() for one in quick]
    assert sorted(looked_into) == sorted(_reached(folders[0]))


def _made(home, parents):
    folders = []
    for number, parent in enumerate(parents):
        inside = 0 <= parent < number
        folder = (folders[parent] if inside else home) / f"folder{number}"
        write(folder, "x.jsonl")
        folders.append(folder)
    return folders


def _reached(root):
    """Follow everything, but a link to what holds the root."""
    reached = {root}
    for _ in range(20):
        for folder in sorted(reached):
            below = [entry.resolve() for entry in folder.iterdir() if entry.is_dir()]
            reached.update(one for one in below if one not in root.parents)
    return reached
