"""Bugs are not swallowed: only two named edges may catch everything."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.tree import PACKAGE, below, name_of

# The ledger's worker, which must outlive a bad batch, and the command line's main.
EDGES = {"src/mileage/ingest/worker.py", "src/mileage/cli/__init__.py"}
BROAD = {"Exception", "BaseException"}


def broad_handlers(source: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler) and is_broad(node.type)
    ]


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
    assert bool(broad_handlers(source)) is broad


def test_only_the_edges_catch_everything():
    found = {
        f"{name_of(file)}:{line}"
        for file in below(PACKAGE, ".py")
        if name_of(file) not in EDGES
        for line in broad_handlers(file.read_text("utf-8"))
    }
    assert not found


def test_contextlib_suppress_hides_no_bug():
    found = {
        f"{name_of(file)}:{node.lineno}"
        for file in below(PACKAGE, ".py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "suppress"
        and any(map(is_broad, node.args))
    }
    assert not found
