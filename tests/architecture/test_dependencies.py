"""What the package imports is declared, and what is declared is imported."""

from __future__ import annotations

import ast
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import PACKAGE, ROOT, below

# Nobody imports these by name: uvicorn picks its loop and parser, zoneinfo its data.
PICKED_UP = {"httptools", "uvloop", "tzdata"}
# In the standard library from Python 3.14 on, and used where it is there.
STANDARD = sys.stdlib_module_names | {"compression"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DECLARED = {
    canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]
}


def imported(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


@cache
def third_party() -> set[str]:
    found: set[str] = set()
    for file in below(PACKAGE, ".py"):
        found |= imported(file.read_text("utf-8"))
    tops = {name.partition(".")[0] for name in found}
    return tops - STANDARD - {"mileage"}


known = cache(packages_distributions)
"""Reading what is installed takes long."""


def distributions(package: str) -> set[str]:
    # Two distributions share the folders `google` and `opentelemetry` with others.
    return {canonicalize_name(name) for name in known().get(package, [package])}


def test_every_import_is_declared():
    undeclared = {name for name in third_party() if not distributions(name) & DECLARED}
    assert not undeclared


def test_every_declared_package_is_imported():
    used = set().union(*map(distributions, third_party()))
    assert used | PICKED_UP >= DECLARED


def test_imports_are_seen():
    source = "import a.b\nfrom c.d import e\nfrom . import f\ndef g():\n    import h\n"
    assert imported(source) == {"a.b", "c.d", "h"}
