"""SQL has one home: one statement a file, named parameters, every file used."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, below, name_of

STORE = PACKAGE / "store"
SOURCES = PACKAGE / "sources"
"""Clients keep databases, which are read by statements of the same kind."""
STATEMENTS = [*below(STORE / "sql", ".sql"), *below(SOURCES / "sql", ".sql")]
SQL_IN_PYTHON = re.compile(
    r"^\s*(?:select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from"
    r"|create\s+(?:or\s+replace\s+)?(?:table|view|index))\s",
    re.IGNORECASE | re.DOTALL,
)


@cache
def strings_of(file: Path) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def used_names() -> set[str]:
    return {
        text
        for home in (STORE, SOURCES)
        for file in below(home, ".py")
        for text in strings_of(file)
    }


def bare(sql: str) -> str:
    """Without comments and string literals."""
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", "", sql, flags=re.DOTALL)


def test_there_are_statements():
    assert len(STATEMENTS) > 10


@pytest.mark.parametrize("file", STATEMENTS, ids=lambda file: file.stem)
def test_every_statement_is_used(file):
    # A name may be built from two parts: ``f"{table}.insert"``.
    names = used_names()
    first, _, rest = file.stem.partition(".")
    assert file.stem in names or (first in names and (not rest or f".{rest}" in names))


@pytest.mark.parametrize("file", STATEMENTS, ids=lambda file: file.stem)
def test_one_statement_a_file(file):
    text = bare(file.read_text("utf-8")).strip()
    assert text
    assert text.rstrip(";").count(";") == 0


@pytest.mark.parametrize("file", STATEMENTS, ids=lambda file: file.stem)
def test_parameters_have_names(file):
    """Or numbers, where rows go in by the thousand: dictionaries cost half the time."""
    text = bare(file.read_text("utf-8"))
    assert not re.search(r"\?(?!\d)|%s|\{\w*\}", text)


def test_no_sql_in_python():
    found = {
        f"{name_of(file)}: {text[:60]!r}"
        for file in below(PACKAGE, ".py")
        if "migrations" not in file.parts
        for text in strings_of(file)
        if SQL_IN_PYTHON.match(text)
    }
    assert not found


@pytest.mark.parametrize(
    ("text", "is_sql"),
    [
        ("select a\nfrom b where c", True),
        ("INSERT INTO t values ($x)", True),
        ("Select the day from which to count", True),
        ("delete what is old", False),
        ("update the snapshot", False),
    ],
)
def test_the_gate_sees(text, is_sql):
    assert bool(SQL_IN_PYTHON.match(text)) is is_sql
