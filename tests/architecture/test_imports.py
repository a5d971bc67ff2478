"""The layers hold, and each contract really catches what it is there for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT

LINT = Path(sys.executable).parent / "lint-imports"

# What spoils a contract: where, with which line, and how the linter says so.
SPOILED = [
    ("domain/tokens.py", "import mileage.store", "domain.tokens -> mileage.store"),
    ("ingest/__init__.py", "import mileage.reports", "ingest -> mileage.reports"),
    ("pricing/__init__.py", "import mileage.access", "pricing -> mileage.access"),
    ("helpers/__init__.py", "ANYTHING = 1", "helpers"),
    (
        "sources/codex_otlp.py",
        "import mileage.sources.codex_rollout",
        "sources.codex_otlp -> mileage.sources.codex_rollout",
    ),
    ("domain/window.py", "import pathlib", "domain.window -> pathlib"),
    ("honours/__init__.py", "import time", "honours -> time"),
    ("access/__init__.py", "import random", "access -> random"),
    ("reports/__init__.py", "import duckdb", "reports -> duckdb"),
    ("cli/__init__.py", "import sqlite3", "cli -> sqlite3"),
    ("web/__init__.py", "import mileage.store.ledger", "web -> mileage.store.ledger"),
    ("domain/tokens.py", "import mileage.domain.window", "cycles"),
    ("domain/window.py", "import mileage.domain.tokens", "cycles"),
]


def lint(source: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(LINT, "--config", ROOT / "pyproject.toml", "--no-logo"),
            *("--cache-dir", cache),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_is_kept(tmp_path):
    result = lint(PACKAGE.parent, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What the linter says of a copy of the package with every line of the above."""
    folder = tmp_path_factory.mktemp("spoiled")
    copy = folder / "mileage"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for module, line, _ in SPOILED:
        file = copy / module
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as text:
            text.write(f"\n{line}\n")
    result = lint(folder, folder / "cache")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 6 broken" in result.stdout
    return " ".join(result.stdout.split())


@pytest.mark.parametrize(("module", "line", "complaint"), SPOILED)
def test_a_forbidden_import_is_noticed(module, line, complaint, complaints):
    assert complaint in complaints
