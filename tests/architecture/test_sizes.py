"""Small files, small functions, few parameters, and more tests than code."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.tree import PACKAGE, ROOT, below, lines_with_text, name_of

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
LEAST_TESTS_PER_SOURCE = 1.5


def long_functions(source: str) -> list[tuple[str, int]]:
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    sizes = ((one.name, (one.end_lineno or 0) - one.lineno + 1) for one in functions)
    return [(name, lines) for name, lines in sizes if lines > MAX_FUNCTION_LINES]


@pytest.mark.parametrize("suffix", [".py", ".sql", ".html", ".css", ".toml"])
def test_no_file_is_too_long(suffix):
    generated = {"prices.toml", "table.toml"}
    too_long = {
        name_of(file): lines
        for file in below(PACKAGE, suffix)
        if (lines := len(file.read_text("utf-8").splitlines())) > MAX_FILE_LINES
        and file.name not in generated
    }
    assert not too_long


def test_no_function_is_too_long():
    too_long = {
        f"{name_of(file)}:{name}": lines
        for file in below(PACKAGE, ".py")
        for name, lines in long_functions(file.read_text("utf-8"))
    }
    assert not too_long


def test_the_function_gate_measures():
    short = "def short():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES - 1)
    nested = "class A:\n    async def long(self):\n" + "        x = 1\n" * 40
    assert long_functions(short) == []
    assert long_functions(short + "    x = 1\n") == [("short", MAX_FUNCTION_LINES + 1)]
    assert long_functions(nested) == [("long", 41)]


def test_tests_outweigh_the_source(record_testsuite_property):
    source = sum(map(lines_with_text, below(PACKAGE, ".py")))
    tests = sum(map(lines_with_text, below(ROOT / "tests", ".py")))
    ratio = round(tests / source, 2)
    record_testsuite_property("test lines per source line", ratio)
    assert ratio >= LEAST_TESTS_PER_SOURCE, (
        f"{tests} lines of tests, {source} of source"
    )
