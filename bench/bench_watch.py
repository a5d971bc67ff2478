"""What ``mileage collect --watch`` costs when nobody works, and when somebody does.

    python bench/bench_watch.py [--logs 6000] [--seconds 150]

A home of 6,000 session logs, a real server on loopback. First everything is read and
pushed; then nobody works; then one log grows every few seconds. Resident memory and
processor time are those that Linux counts for the watcher. The bars are about idling.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Work = Callable[[], None]
    Check = Callable[[], bool]

MOST_MEGABYTES, MOST_PERCENT = 60.0, 0.5
MILEAGE = [sys.executable, "-m", "mileage"]
WORDS = ("return", "value", "test", "file", "index", "cache", "token", "parse", "line")
PATIENCE = 900.0
STEP_SECONDS = 5.0
REST_SECONDS = 80.0
"""Until it looks as seldom as it ever will."""


def main() -> int:
    """Measure and print; 1 when an idle watcher is too large or too busy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--logs", type=int, default=6000)
    parser.add_argument("--seconds", type=float, default=150.0)
    chosen = parser.parse_args()
    if not sys.platform.startswith("linux"):
        print("the figures come from /proc, which is Linux's")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        written = write_home(home, chosen.logs)
        with server(Path(folder)) as (url, token), watcher(home, url, token) as pid:
            first = settled(pid)
            time.sleep(REST_SECONDS)
            idle = measured(pid, chosen.seconds, lambda: None)
            busy = measured(pid, chosen.seconds / 2, growing(home))
            peak = memory(pid, "VmHWM")
    size = f"{chosen.logs:,} logs, {written / 1e6:.0f} MB"
    print(f"first reading of {size}\t{first:.0f} s of CPU\t-")
    print(f"most memory ever\t{peak:.0f} MB\t-")
    print(f"memory, idle\t{idle.megabytes:.0f} MB\t<= {MOST_MEGABYTES:.0f} MB")
    print(f"CPU of one core, idle\t{idle.percent:.2f} %\t<= {MOST_PERCENT} %")
    print(f"CPU of one core, one log growing\t{busy.percent:.2f} %\t-")
    fits = idle.megabytes <= MOST_MEGABYTES and idle.percent <= MOST_PERCENT
    return 0 if fits else 1


class Cost(NamedTuple):
    """What a watcher took over some time."""

    megabytes: float
    percent: float


def write_home(home: Path, count: int) -> int:
    """Write the sessions of half a year; return their bytes."""
    chance, written = random.Random(1), 0  # noqa: S311
    for number in range(count):
        codex = number % 3 == 0
        path = codex_path(home, number) if codex else claude_path(home, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        turns = range(chance.randint(3, 14))
        make = codex_turn if codex else claude_turn
        text = "".join(make(chance, number, turn) for turn in turns)
        path.write_text(text)
        written += len(text)
    return written


def claude_path(home: Path, number: int) -> Path:
    """Place a log where Claude Code does."""
    return home / ".claude" / "projects" / f"-p-{number % 60}" / f"s-{number}.jsonl"


def codex_path(home: Path, number: int) -> Path:
    """Place a log where Codex does: a folder for each day."""
    day = f"2026/{number % 11 + 1:02}/{number % 28 + 1:02}"
    return home / ".codex" / "sessions" / day / f"rollout-{number}.jsonl"


def prose(chance: random.Random, size: int) -> str:
    """Return text of about ``size`` bytes."""
    return " ".join(chance.choices(WORDS, k=max(1, size // 6)))


def claude_turn(chance: random.Random, number: int, turn: int) -> str:
    """Return a call of Claude Code and the tool result before it."""
    common = {
        "sessionId": f"s-{number}",
        "cwd": f"/home/dev/src/app-{number % 60}",
        "version": "2.1.197",
        "timestamp": f"2026-11-{number % 28 + 1:02}T10:{turn:02}:00.000Z",
        "uuid": f"u-{number}-{turn}",
    }
    usage = {
        "input_tokens": 4,
        "cache_creation_input_tokens": 900,
        "cache_read_input_tokens": 30_000,
        "output_tokens": chance.randint(50, 900),
    }
    message = {
        "model": "claude-opus-4-8",
        "id": f"msg_{number}_{turn}",
        "role": "assistant",
        "content": [{"type": "text", "text": prose(chance, 700)}],
        "usage": usage,
    }
    result = {"role": "user", "content": prose(chance, chance.randint(500, 9000))}
    lines = [
        {**common, "type": "user", "message": result},
        {**common, "type": "assistant", "requestId": f"r_{number}_{turn}"}
        | {"message": message},
    ]
    return "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in lines)


def codex_turn(chance: random.Random, number: int, turn: int) -> str:
    """Return a call of Codex and what came before it."""
    at = f"2026-11-{number % 28 + 1:02}T11:{turn:02}:00.000Z"
    used = {"input_tokens": 900, "cached_input_tokens": 500, "output_tokens": 90}
    head = {"id": f"t-{number}", "cwd": "/home/dev/src/app", "cli_version": "0.169.0"}
    record = {
        "thread_id": f"t-{number}",
        "response_id": f"resp_{number}_{turn}",
        "usage": used,
        "thread_token_usage": {name: n * (turn + 1) for name, n in used.items()},
    }
    output = {"type": "function_call_output", "output": prose(chance, 4000)}
    lines = [
        ("session_meta", head),
        ("turn_context", {"model": "gpt-5.1-codex"}),
        ("response_item", output),
        ("token_usage_record", record),
    ]
    return "".join(
        json.dumps({"timestamp": at, "type": kind, "payload": payload}) + "\n"
        for kind, payload in (lines if turn == 0 else lines[2:])
    )


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a server; yield its address and a token."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    command = [*MILEAGE, "serve", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(url))
        words = ("token", "create", "--data", str(data), "--account", "a@example.com")
        made = subprocess.run(
            [*MILEAGE, *words], check=True, capture_output=True, text=True
        )
        yield url, made.stdout.strip()
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    """Tell whether the server is there."""
    try:
        with urlopen(f"{url}/healthz"):  # noqa: S310 - our own
            return True
    except OSError:
        return False


@contextmanager
def watcher(home: Path, url: str, token: str) -> Iterator[int]:
    """Run a watcher; yield its process id."""
    state = home.parent / "state"
    words = ["collect", "--to", url, "--home", str(home), "--state", str(state)]
    process = subprocess.Popen(
        [*MILEAGE, *words, "--watch"],
        env={**os.environ, "MILEAGE_TOKEN": token},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def settled(pid: int) -> float:
    """Wait until the first reading is over; return its processor seconds."""
    until(lambda: cpu(pid) > 0.5)  # noqa: PLR2004 - it is at work
    last = -1.0
    while cpu(pid) > last:
        last = cpu(pid)
        time.sleep(STEP_SECONDS / 2)
    return last


def measured(pid: int, seconds: float, work: Work) -> Cost:
    """Return what a watcher costs over some time in which ``work`` goes on."""
    before, begun = cpu(pid), time.monotonic()
    resident = 0.0
    while time.monotonic() - begun < seconds:
        work()
        time.sleep(STEP_SECONDS)
        resident = max(resident, memory(pid, "VmRSS"))
    spent = time.monotonic() - begun
    return Cost(resident, 100 * (cpu(pid) - before) / spent)


def growing(home: Path) -> Work:
    """Let one log grow by a call each time."""
    chance = random.Random(2)  # noqa: S311
    turns = iter(range(20, 60))

    def grow() -> None:
        turn = next(turns, 0)
        with claude_path(home, 1).open("a") as log:
            log.write(claude_turn(chance, 1, turn))

    return grow


def cpu(pid: int) -> float:
    """Return the processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> float:
    """Return a figure of ``/proc/PID/status`` in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(one for one in lines if one.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024 / 1e6


def until(true: Check) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
