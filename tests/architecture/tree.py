"""The project's own files, for tests that read them."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "mileage"
DOCS = ROOT / "docs"


@cache
def tracked_files() -> tuple[Path, ...]:
    """Everything that is, or is about to be, in version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(file for file in files if file.is_file()))


def below(folder: Path, suffix: str = "") -> tuple[Path, ...]:
    """Tracked files below a folder."""
    return tuple(
        file
        for file in tracked_files()
        if file.is_relative_to(folder) and file.name.endswith(suffix)
    )


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def lines_with_text(file: Path) -> int:
    return sum(1 for line in file.read_text("utf-8").splitlines() if line.strip())
