"""Machines with homes of their own that push to a station, and what must come of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.road.forked import Forked
from tests.road.station import ENVIRON, PATIENCE, mileage
from tests.session_logs import answer, meta, record, tokens, turn, usage, write_log

if TYPE_CHECKING:
    from tests.road.station import Station

ALICE = "alice@example.com"
OUTPUT = 7
"""Visible output of every Claude call, so that sums can be told by heart."""


def claude_log(home: Path, name: str, calls: list[int]) -> Path:
    """Write a transcript; a call is the same wherever its number stands."""
    lines = [
        answer(
            f"msg_{number}",
            usage(out=OUTPUT),
            seconds=number % 3600,
            requestId=f"req_{number}",
            sessionId=f"session-{number % 7}",
        )
        for number in calls
    ]
    return write_log(home / ".claude" / "projects" / "p", name, *lines)


def codex_log(home: Path, name: str, calls: list[int]) -> Path:
    lines = [
        record(f"resp_{number}", tokens(), seconds=number % 3600) for number in calls
    ]
    folder = home / ".codex" / "sessions"
    return write_log(folder, f"rollout-{name}.jsonl", meta(), turn(), *lines)


@dataclass
class Machine:
    """One machine: a home, a state directory, a token; perhaps a watcher."""

    station: Station
    folder: Path
    token: str
    process: Forked | None = None
    more: tuple[str, ...] = field(default=())

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def said(self) -> str:
        log = self.folder / "watch.log"
        return log.read_text() if log.exists() else ""

    def words(self) -> list[str]:
        url = f"http://127.0.0.1:{self.station.port}"
        where = ["--home", str(self.home), "--state", str(self.state)]
        return ["collect", "--to", url, *where, *self.more]

    def environ(self) -> dict[str, str]:
        return {"MILEAGE_TOKEN": self.token, "HOME": str(self.folder)}

    def push(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Run once, to the end."""
        self.home.mkdir(parents=True, exist_ok=True)
        return mileage(*self.words(), *more, environ=self.environ())

    def start(self, *more: str) -> Forked:
        """Run beside the test."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.folder / "watch.log").open("ab") as log:
            env = {**ENVIRON, **self.environ()}
            self.process = Forked([*self.words(), *more], env, log, log)
        return self.process

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code


def machine(station: Station, name: str, email: str = ALICE) -> Machine:
    folder = station.folder / name
    folder.mkdir(parents=True)
    return Machine(station, folder, station.token(email=email))


def calls_at(station: Station, email: str = ALICE) -> dict[str, Any]:
    """What one account has, once everything that was acknowledged can be seen."""
    operator = station.key("boss@example.com", "operator")
    station.settled(operator)
    rows = station.usage(station.key(email))
    return {client: (row["calls"], row["output"]) for client, row in rows.items()}


def shuffled(chance: random.Random, numbers: range) -> list[int]:
    drawn = list(numbers)
    chance.shuffle(drawn)
    return drawn


def age(path: Path, seconds: float) -> None:
    """Set the time of a file as if it had been written earlier, or later."""
    of = path.stat()
    os.utime(path, (of.st_atime, of.st_mtime - seconds))
