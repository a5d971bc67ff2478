"""The conformance suite: write it, and run any tool against it.

    python tools/conformance.py write
    python tools/conformance.py run [--only TEXT] [--json FILE] -- COMMAND …

``write`` makes the folders of ``conformance/`` anew from the writers of the tests.
``run`` gives every case of ``conformance/logs`` to a command: HOME, and the variables
that move a client's folder, name a copy of the case's home; the command prints JSON
with disjoint token classes, at the top or under ``total`` (see conformance/README.md).
It prints one line a case and exits with 1 when a case is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SUITE = ROOT / "conformance"
WRITTEN = ("logs", "otlp")
JOINED = {
    "input": ("input",),
    "cache_read": ("cache_read",),
    "cache_write": ("cache_write", "cache_write_1h"),
    "output": ("output", "reasoning"),
    "tool_input": ("tool_input",),
}
"""What is compared: tools rarely tell the parts of a class from each other."""
MOST_SECONDS = 120


@dataclass(frozen=True)
class Result:
    """What a tool made of one case."""

    case: str
    exact: bool
    error: float | None
    """Percent that the sum of all tokens is off; None when the tool failed."""
    note: str = ""


def write() -> None:
    """Make the published folders anew."""
    sys.path.insert(0, str(ROOT))
    published = import_module("tests.conformance.published")

    for name in WRITTEN:
        shutil.rmtree(SUITE / name, ignore_errors=True)
    for case in published.cases():
        folder = SUITE / case.folder
        for name, content in case.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        text = json.dumps(case.expected, indent=2) + "\n"
        (folder / "expected.json").write_text(text, "utf-8")


def homes(only: str = "") -> list[Path]:
    """Return the cases that have a home folder, in order."""
    found = sorted(path.parent for path in SUITE.glob("logs/*/*/expected.json"))
    return [path for path in found if only in str(path.relative_to(SUITE))]


def run(case: Path, command: list[str]) -> Result:
    """Run a command on a copy of a case's home."""
    name = "/".join(case.parts[-2:])
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(case / "home", home)
        try:
            done = subprocess.run(
                command,
                env=environment(home),
                capture_output=True,
                text=True,
                timeout=MOST_SECONDS,
                check=True,
            )
            said = json.loads(done.stdout)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            return Result(name, exact=False, error=None, note=type(error).__name__)
    return compared(name, expected, said.get("total", said))


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which every client's folder is in this home."""
    moved = (
        *("CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "GEMINI_DATA_DIR"),
        *("QWEN_DATA_DIR", "QWEN_HOME", "QWEN_RUNTIME_DIR"),
        *("XDG_CONFIG_HOME", "XDG_DATA_HOME"),
        *("OPENCODE_DATA_DIR", "COPILOT_HOME", "PI_CODING_AGENT_DIR", "AMP_DATA_DIR"),
        *("KIMI_SHARE_DIR", "KIMI_CODE_HOME", "AIDER_ANALYTICS_LOG"),
    )
    kept = {name: value for name, value in os.environ.items() if name not in moved}
    return {**kept, "HOME": str(home), "TZ": "UTC"}


def compared(name: str, expected: dict[str, Any], said: dict[str, Any]) -> Result:
    """Compare class by class."""
    right = {one: added(expected, parts) for one, parts in JOINED.items()}
    told = {one: added(said, parts) for one, parts in JOINED.items()}
    wrong = [one for one in JOINED if right[one] != told[one]]
    whole = sum(right.values())
    error = 100 * (sum(told.values()) - whole) / whole
    return Result(name, not wrong, error, ", ".join(wrong))


def added(figures: dict[str, Any], parts: tuple[str, ...]) -> int:
    """Add up the parts that a tool tells."""
    return sum(int(figures.get(part) or 0) for part in parts)


def line(result: Result) -> str:
    """Say in one line how a case went."""
    if result.error is None:
        return f"failed   {result.case}: {result.note}"
    if result.exact:
        return f"exact    {result.case}"
    return f"{result.error:+7.1f}% {result.case}: {result.note}"


def main() -> int:
    """Write the suite, or run it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["write", "run"])
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    given, rest = parser.parse_known_args()
    command = [word for word in rest if word != "--"]
    if given.what == "write":
        write()
        return 0
    if not command:
        parser.error("name the command to run, after --")
    results = [run(case, command) for case in homes(given.only)]
    for result in results:
        print(line(result))
    exact = sum(result.exact for result in results)
    print(f"{exact} of {len(results)} exact")
    if given.json:
        given.json.write_text(json.dumps([vars(result) for result in results]))
    return 0 if exact == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
