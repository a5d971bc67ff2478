"""``mileage me`` on a synthetic home, against a bare scan and against ccusage.

The floor is a newline scan of the same files in one process: what any reader has to
do at least. ccusage is measured too when it is installed (``npm i ccusage@20``; its
place may be named by ``CCUSAGE``). Medians, in turns, so that a slow moment hits all.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 7
MEGABYTES = 100
MILEAGE = Path(sys.executable).parent / "mileage"
WORDS = ("return", "value", "test", "file", "index", "cache", "token", "parse", "line")
SCAN = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb", buffering=1 << 18) as stream:
            for line in stream:
                pass
"""


def text(chance: random.Random, size: int) -> str:
    """Return prose of about ``size`` bytes."""
    return " ".join(chance.choices(WORDS, k=max(1, size // 6)))


def session(chance: random.Random, number: int) -> list[dict[str, object]]:
    """Return a session: prompts, streamed answers, large tool results."""
    lines: list[dict[str, object]] = []
    for turn in range(chance.randint(5, 60)):
        common = {
            "sessionId": f"s-{number}",
            "cwd": "/home/dev/src/app",
            "version": "2.1.90",
            "timestamp": f"2026-11-{number % 28 + 1:02}T10:{turn:02}:00.000Z",
            "uuid": f"u-{number}-{turn}",
        }
        for output in (3, chance.randint(50, 900)):
            usage = {
                "input_tokens": 4,
                "cache_creation_input_tokens": 900,
                "cache_read_input_tokens": 30_000,
                "output_tokens": output,
            }
            message = {
                "model": "claude-opus-4-5-20251101",
                "id": f"msg_{number}_{turn}",
                "role": "assistant",
                "content": [{"type": "text", "text": text(chance, 700)}],
                "usage": usage,
            }
            lines.append({**common, "message": message, "type": "assistant"})
        result = {"role": "user", "content": text(chance, chance.randint(500, 16_000))}
        lines.append({**common, "type": "user", "message": result})
    return lines


def write_home(home: Path) -> int:
    """Write sessions until the home is large enough; return its bytes."""
    chance, written, number = random.Random(1), 0, 0  # noqa: S311
    while written < MEGABYTES * 1_000_000:
        folder = home / ".claude" / "projects" / f"-p-{number % 20}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = session(chance, number)
        body = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in lines)
        (folder / f"s-{number}.jsonl").write_text(body)
        written += len(body)
        number += 1
    return written


def seconds(command: list[str], home: Path) -> float:
    """Return how long one run takes."""
    environ = {**os.environ, "HOME": str(home)}
    environ["CLAUDE_CONFIG_DIR"] = str(home / ".claude")
    environ["CODEX_HOME"] = str(home / ".codex")
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environ)
    return time.perf_counter() - started


def main() -> int:
    """Measure, print, and fail when ccusage is there and faster."""
    peer = os.environ.get("CCUSAGE") or shutil.which("ccusage")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        size = write_home(home) / 1e6
        commands = {
            "floor": [sys.executable, "-c", SCAN, str(home)],
            "me": [str(MILEAGE), "me", "--home", str(home), "--json"],
        }
        if peer:
            commands["ccusage"] = [peer, "daily", "--json", "--offline"]
        for command in commands.values():
            seconds(command, home)
        times = [
            {name: seconds(command, home) for name, command in commands.items()}
            for _ in range(RUNS)
        ]
    median = {name: statistics.median(one[name] for one in times) for name in commands}
    mine = median["me"]
    ratio = mine / median["floor"]
    print(f"mileage me, {size:.0f} MB\t{mine:.2f} s ({ratio:.1f} x a bare scan)\t-")
    if peer is None:
        return 0
    print(f"ccusage, same home\t{median['ccusage']:.2f} s\tnot faster than me")
    return 1 if mine > median["ccusage"] else 0


if __name__ == "__main__":
    sys.exit(main())
