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

# (contract, module to spoil or to add, the line that spoils it)
SPOILED = [
    ("layers", "domain/tokens.py", "import mileage.store"),
    ("layers", "ingest/__init__.py", "import mileage.reports"),
    ("layers", "pricing/__init__.py", "import mileage.access"),
    ("layers", "helpers/__init__.py", "ANYTHING = 1"),
    ("sources", "sources/codex_otlp.py", "import mileage.sources.codex_rollout"),
    ("pure", "domain/tokens.py", "import pathlib"),
    ("pure", "pricing/__init__.py", "import time"),
    ("pure", "access/__init__.py", "import random"),
    ("sql", "reports/__init__.py", "import duckdb"),
    ("sql", "cli/__init__.py", "import sqlite3"),
    ("leak-guard", "web/__init__.py", "import mileage.store.ledger"),
    ("acyclic", "domain/tokens.py", "import mileage.domain.window"),
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
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("import-cache")


@pytest.mark.parametrize(("contract", "module", "line"), SPOILED)
def test_a_forbidden_import_breaks_its_contract(
    contract, module, line, tmp_path, cache
):
    copy = tmp_path / "mileage"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    spoiled = copy / module
    spoiled.parent.mkdir(exist_ok=True)
    text = spoiled.read_text("utf-8") if spoiled.exists() else ""
    spoiled.write_text(f"{text}\n{line}\n", "utf-8")
    if contract == "acyclic":
        window = copy / "domain/window.py"
        window.write_text(
            window.read_text("utf-8") + "\nimport mileage.domain.tokens\n"
        )
    result = lint(tmp_path, cache)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout
    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(TITLES[contract] in row for row in broken), broken


TITLES = {
    "layers": "Layers:",
    "sources": "Sources do not know",
    "pure": "The core is pure",
    "sql": "Only the store speaks SQL",
    "leak-guard": "A page gets numbers only",
    "acyclic": "No cycles anywhere",
}
