"""Links resolve, decisions are short, commands of the README exist."""

from __future__ import annotations

import re

import pytest

from mileage import __version__
from tests.architecture.tree import DOCS, ROOT, name_of
from tests.docs.book import anchors, sections, without_code

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
DECISIONS = sorted((DOCS / "adr").glob("[0-9]*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADINGS = [
    *("Status", "Context", "Decision"),
    *("Consequences", "Alternatives", "References"),
]
LONGEST_DECISION = 40
WIDEST_LINE = 92
# Tables, links and lines to type cannot be broken.
MAY_BE_WIDE = re.compile(r"^\||^\s*\$ |^   |\]\(")


def pages(paths):
    return pytest.mark.parametrize("file", paths, ids=name_of)


@pages(PAGES)
def test_links_resolve(file):
    for link in LINK.findall(file.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert not re.match(r"[a-z]+:", link), f"{link} leaves the project"
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


@pages([file for file in PAGES if DOCS in file.parents])
def test_every_page_can_be_reached(file):
    if file == DOCS / "README.md":
        assert "docs/README.md" in (ROOT / "README.md").read_text("utf-8")
        return
    index = DOCS / "adr/README.md" if file in DECISIONS else DOCS / "README.md"
    linked = {
        (index.parent / link.partition("#")[0]).resolve()
        for link in LINK.findall(index.read_text("utf-8"))
    }
    assert file in linked


@pages(PAGES)
def test_a_page_has_one_title_and_readable_lines(file):
    text = without_code(file.read_text("utf-8"))
    assert len(re.findall(r"^# \S", text, re.MULTILINE)) == 1
    wide = [line for line in text.splitlines() if len(line) > WIDEST_LINE]
    assert [line for line in wide if not MAY_BE_WIDE.search(line)] == []


@pages(DECISIONS)
def test_a_decision_is_short_and_complete(file):
    text = file.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_DECISION
    assert list(sections(text)) == HEADINGS
    number = file.name[:4]
    assert text.startswith(f"# {number}: ")


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(file.name[:4]) for file in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pages(PAGES)
def test_make_targets_exist(file):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = re.findall(r"(?:`|\$ )make ([a-z]+)\b", file.read_text("utf-8"))
    assert set(named) <= targets


@pages(PAGES)
def test_scripts_that_are_named_exist(file):
    script = r"(?<![\w/])((?:tools|soak|bench)/[\w.]+\.(?:sh|py))"
    named = re.findall(script, file.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


@pages(sorted(DOCS.rglob("*.md")))
def test_modules_that_are_named_exist(file):
    named = re.findall(r"`(src/mileage/[\w./]+)`", file.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_changelog_knows_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{__version__}]" in changelog
    assert "## [Unreleased]" in changelog


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
