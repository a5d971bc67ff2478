"""docs/reference/asvs.md names tests: each is there, and items stand once, in order."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.architecture.tree import ROOT
from tests.docs.book import page

ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([123]) \| [^|]+ \| `([^`]+)` \|$")
LINES = [
    line
    for line in page("reference/asvs.md").splitlines()
    if line.startswith("| ") and line[2].isdigit()
]
ROWS = [ROW.match(line) for line in LINES]


@cache
def named_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    )


def test_every_line_is_an_item():
    assert len(ROWS) > 60
    assert [line for line, row in zip(LINES, ROWS, strict=True) if row is None] == []


def test_items_stand_once_and_in_order():
    numbers = [tuple(map(int, row[1].split("."))) for row in ROWS]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_the_test_that_it_names_is_there(row):
    file, _, name = row[3].partition("::")
    assert (ROOT / file).is_file()
    assert not name or name in named_in(file)
    assert named_in(file)


def test_the_two_of_level_three_that_are_aimed_at_are_there():
    aimed = {row[1] for row in ROWS if row[2] == "3"}
    assert {"14.2.7", "16.3.2"} <= aimed
