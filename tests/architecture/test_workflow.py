"""The make targets, and a set-up that says what is missing and what to type."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

BOOTSTRAP = ROOT / "tools" / "bootstrap.sh"
TARGETS = ("demo", "test", "soak", "bench", "check", "clean")
COREUTILS = ("bash", "sh", "cat", "cksum", "dirname", "mktemp", "rm", "tail", "date")


def run(*command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, check=False, **options
    )


def shim(folder: Path, name: str, body: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    file.chmod(0o755)


@pytest.fixture
def bare(tmp_path):
    """A checkout on a machine that has next to nothing."""
    for name in ("requirements.lock", "pyproject.toml", "hatch_build.py"):
        shutil.copy(ROOT / name, tmp_path)
    unwanted = shutil.ignore_patterns("*.so", "__pycache__")
    native = "src/mileage/native"
    shutil.copytree(ROOT / native, tmp_path / native, ignore=unwanted)
    (tmp_path / "tools").mkdir()
    shutil.copy(BOOTSTRAP, tmp_path / "tools")
    shutil.copy(ROOT / "src/mileage/__init__.py", tmp_path / "src/mileage")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in COREUTILS:
        (bin_folder / name).symlink_to(shutil.which(name))
    return tmp_path


def set_up(bare: Path) -> subprocess.CompletedProcess[str]:
    return run(
        "bash",
        bare / "tools/bootstrap.sh",
        env={"PATH": str(bare / "bin"), "HOME": str(bare)},
    )


def test_without_a_python_it_says_which(bare):
    result = set_up(bare)
    assert result.returncode == 1
    assert "no Python 3.11 to 3.14 found" in result.stderr


def test_an_old_python_is_none(bare):
    shim(bare / "bin", "python3", "exit 1")
    assert "no Python 3.11 to 3.14 found" in set_up(bare).stderr


@pytest.fixture
def without_ensurepip(bare):
    shim(
        bare / "bin",
        "python3",
        'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac',
    )
    return bare


def test_without_ensurepip_nobody_but_root_installs(without_ensurepip):
    folder = without_ensurepip / "bin"
    shim(folder, "id", "echo 1000")
    shim(folder, "apt-get", f"touch {without_ensurepip}/installed")
    result = set_up(without_ensurepip)
    assert result.returncode == 1
    assert "sudo apt-get install --yes python3.11-venv" in result.stderr
    assert not (without_ensurepip / "installed").exists()


def test_without_ensurepip_root_installs(without_ensurepip):
    folder = without_ensurepip / "bin"
    shim(folder, "id", "echo 0")
    shim(folder, "apt-get", f'echo "$@" >>{without_ensurepip}/installed')
    set_up(without_ensurepip)
    calls = (without_ensurepip / "installed").read_text("utf-8").splitlines()
    assert calls[0] == "update"
    assert calls[1].endswith("python3.11-venv")


def test_without_ensurepip_and_without_apt_it_says_so(without_ensurepip):
    result = set_up(without_ensurepip)
    assert result.returncode == 1
    assert "has no module ensurepip" in result.stderr


def test_a_failed_install_shows_its_words(without_ensurepip):
    folder = without_ensurepip / "bin"
    shim(folder, "id", "echo 0")
    shim(folder, "apt-get", "echo no route to anywhere; exit 100")
    result = set_up(without_ensurepip)
    assert result.returncode == 1
    assert "no route to anywhere" in result.stderr
    assert "apt-get could not install: python3.11-venv" in result.stderr


@pytest.mark.parametrize(
    "script", sorted(ROOT.glob("tools/*.sh")), ids=lambda s: s.name
)
def test_scripts_are_sound_bash(script):
    assert run("bash", "-n", script).returncode == 0
    assert "set -euo pipefail" in script.read_text("utf-8")


def test_make_alone_prints_what_there_is():
    result = run("make", "--no-print-directory", cwd=ROOT)
    assert result.returncode == 0, result.stderr
    named = re.findall(r"^make (\w+)", result.stdout, re.MULTILINE)
    assert set(TARGETS) < set(named)


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_can_be_made(target):
    result = run("make", "--dry-run", target, cwd=ROOT)
    assert result.returncode == 0, result.stderr


def test_the_tests_come_with_format_lint_and_types():
    """That imports keep the layers is a test itself (test_imports.py)."""
    said = run("make", "--dry-run", "test", cwd=ROOT).stdout
    for command in ("ruff format --check", "ruff check", "mypy", "pytest -n"):
        assert f".venv/bin/{command}" in said


def test_what_python_compiles_is_kept_whatever_the_shell_says(tmp_path):
    (tmp_path / "again.mk").write_text(
        f"include {ROOT}/Makefile\n.PHONY: told\n"
        "told:\n\t@echo [$${PYTHONDONTWRITEBYTECODE-unset}]\n"
    )
    result = run(
        *("make", "-f", tmp_path / "again.mk", "told"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert result.stdout == "[unset]\n"


def test_ci_runs_the_tests_and_nothing_else():
    commands = [
        line
        for line in (ROOT / ".ci/run").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test"]


def test_the_set_up_looks_for_the_browsers_that_the_tests_use():
    tests = (ROOT / "tests/e2e/conftest.py").read_text("utf-8")
    (names,) = re.findall(r"^CHROMIUM_NAMES = \((.*)\)$", tests, re.MULTILINE)
    script = BOOTSTRAP.read_text("utf-8")
    assert re.findall(r"command -v (chrom[\w-]+|google-[\w-]+)", script) == re.findall(
        r"[\w-]+", names
    )


def has_browser(folder: Path, **named: str) -> bool:
    """Run that one function of the script with a PATH of our own."""
    function = re.search(
        r"^has_browser\(\) \{.*?^\}",
        BOOTSTRAP.read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    result = run(
        shutil.which("bash"),
        "-c",
        f"{function[0]}\nhas_browser",
        env={"PATH": str(folder)} | named,
    )
    return result.returncode == 0


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_any_of_the_browsers_will_do(name, tmp_path):
    assert not has_browser(tmp_path)
    shim(tmp_path, name, "exit 0")
    assert has_browser(tmp_path)


def test_a_browser_that_is_named_will_do(tmp_path):
    assert has_browser(tmp_path, CHROMIUM="/Applications/Chromium")


@pytest.fixture
def ready(bare):
    """Set up already, but for the browser."""
    folder = bare / ".venv/lib/python3.11/site-packages/playwright/driver"
    folder.mkdir(parents=True)
    shim(folder, "node", "exit 0")
    (bare / ".venv/bin").mkdir()
    (bare / "include").mkdir()
    (bare / "include/Python.h").touch()
    told = f'case "$2" in *get_path*) echo {bare}/include ;; *print*) echo 3.11 ;; esac'
    shim(bare / ".venv/bin", "python", told)
    shim(bare / "bin", "cc", "exit 0")
    shim(bare / "bin", "id", "echo 0")
    shim(bare / "bin", "apt-get", f'echo "$@" >>{bare}/installed')
    known = run("bash", "-c", FINGERPRINT, cwd=bare).stdout
    (bare / ".venv/mileage.stamp").write_text(known, "utf-8")
    return bare


FINGERPRINT = (
    "cat requirements.lock pyproject.toml src/mileage/__init__.py tools/bootstrap.sh"
    " hatch_build.py src/mileage/native/*.[ch] | cksum; pwd"
)


def installed(ready: Path) -> str:
    file = ready / "installed"
    return file.read_text("utf-8") if file.exists() else ""


def with_browser(ready: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(ready / "bin"), "HOME": str(ready)}
    return run("bash", ready / "tools/bootstrap.sh", "browser", env=environment)


def test_nothing_is_installed_where_all_is_there(ready):
    shim(ready / "bin", "chromium", "exit 0")
    result = with_browser(ready)
    assert result.returncode == 0, result.stderr
    assert installed(ready) == ""
    assert result.stderr == ""


def test_a_missing_browser_is_installed(ready):
    assert with_browser(ready).returncode == 0
    assert installed(ready).endswith("chromium chromium-sandbox fonts-liberation\n")


@pytest.mark.parametrize("missing", ["bin/cc", "include/Python.h"])
def test_what_compiling_takes_is_installed(ready, missing):
    (ready / missing).unlink()
    with_browser(ready)
    assert installed(ready).splitlines()[1].endswith("gcc libc6-dev python3.11-dev")


def test_nobody_but_root_is_told_what_to_type_for_a_compiler(ready):
    (ready / "bin/cc").unlink()
    shim(ready / "bin", "id", "echo 1000")
    result = with_browser(ready)
    assert result.returncode == 1
    assert "sudo apt-get install --yes gcc libc6-dev python3.11-dev" in result.stderr


def test_the_program_alone_needs_no_compiler(ready):
    (ready / "bin/cc").unlink()
    result = set_up(ready)
    assert result.returncode == 0, result.stderr
    assert installed(ready) == ""


def test_a_library_that_the_driver_misses_is_installed(ready):
    shim(ready / "bin", "chromium", "exit 0")
    for node in ready.rglob("driver/node"):
        shim(node.parent, "node", "exit 127")
    assert with_browser(ready).returncode == 0
    assert installed(ready).endswith(" libatomic1\n")
    assert "chromium" not in installed(ready)


def test_nobody_but_root_is_told_what_to_type_for_a_browser(ready):
    shim(ready / "bin", "id", "echo 1000")
    result = with_browser(ready)
    assert result.returncode == 1
    assert installed(ready) == ""
    wanted = "chromium chromium-sandbox fonts-liberation"
    assert f"sudo apt-get install --yes {wanted}" in result.stderr


def test_without_apt_a_browser_can_be_named(ready):
    (ready / "bin/apt-get").unlink()
    result = with_browser(ready)
    assert result.returncode == 1
    assert "make test CHROMIUM=" in result.stderr
