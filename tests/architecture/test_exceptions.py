"""Bugs are not swallowed: only two named edges may catch everything."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT, below, name_of

# The worker that feeds the ledger, and the web's answer to its own bugs.
EDGES = {"src/mileage/ingest/pipeline.py", "src/mileage/web/security.py"}
BROAD = {"Exception", "BaseException"}


@cache
def catchers_of(file: Path) -> list[ast.ExceptHandler | ast.Call]:
    return catchers(file.read_text("utf-8"))


def catchers(source: str) -> list[ast.ExceptHandler | ast.Call]:
    """Every handler, and every call of ``suppress``."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler)
        or (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) == "suppress"
        )
    ]


def broad_handlers(found: list[ast.ExceptHandler | ast.Call]) -> list[int]:
    return [
        node.lineno
        for node in found
        if isinstance(node, ast.ExceptHandler)
        and is_broad(node.type)
        and not raises_on(node)
    ]


def raises_on(handler: ast.ExceptHandler) -> bool:
    """It only tidies up: the last thing it does is raise what it caught."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def is_broad(caught: ast.expr | None) -> bool:
    match caught:
        case None:
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in BROAD
        case ast.Tuple(elts=several):
            return any(map(is_broad, several))
    return False


@pytest.mark.parametrize(
    ("handler", "broad"),
    [
        ("except:", True),
        ("except Exception:", True),
        ("except builtins.BaseException as error:", True),
        ("except (OSError, Exception):", True),
        ("except OSError:", False),
        ("except (OSError, ValueError):", False),
    ],
)
def test_the_gate_sees(handler, broad):
    source = f"try:\n    pass\n{handler}\n    pass\n"
    assert bool(broad_handlers(catchers(source))) is broad


def test_tidying_up_is_no_catching():
    tidy = "try:\n    a()\nexcept BaseException:\n    b()\n    raise"
    other = "try:\n    a()\nexcept BaseException:\n    raise X() from None"
    assert not broad_handlers(catchers(tidy))
    assert broad_handlers(catchers(other))


@pytest.mark.parametrize("edge", sorted(EDGES))
def test_an_edge_catches_everything_once(edge):
    assert len(broad_handlers(catchers_of(ROOT / edge))) == 1


def test_only_the_edges_catch_everything():
    found = {
        f"{name_of(file)}:{line}"
        for file in below(PACKAGE, ".py")
        if name_of(file) not in EDGES
        for line in broad_handlers(catchers_of(file))
    }
    assert not found


def test_contextlib_suppress_hides_no_bug():
    found = {
        f"{name_of(file)}:{node.lineno}"
        for file in below(PACKAGE, ".py")
        for node in catchers_of(file)
        if isinstance(node, ast.Call) and any(map(is_broad, node.args))
    }
    assert not found
