"""What is done to a server while clients send: each fault leaves it to be killed."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
DISK_BYTES = 4 * 2**30
UNLIMITED = resource.RLIM_INFINITY


@dataclass
class Round:
    """A server under load, and the means to hurt it."""

    server: subprocess.Popen[str]
    data: Path
    clock: Path
    """What is written here is added to the server's clock."""
    rng: random.Random
    longest_stop: float
    """Seconds of a SIGSTOP."""

    def load(self, least: float = 0.05, most: float = 0.8) -> None:
        """Let clients send for a while."""
        time.sleep(self.rng.uniform(least, most))

    def kill(self) -> None:
        """Kill the process that clients talk to."""
        os.kill(self.server.pid, signal.SIGKILL)


def receiver(this: Round) -> None:
    """Kill the receiver at a random moment."""
    this.load()
    this.kill()


def tree(this: Round) -> None:
    """Kill the receiver with everything that it has started."""
    this.load()
    os.killpg(this.server.pid, signal.SIGKILL)


def stopped(this: Round) -> None:
    """Let the whole process stand still, then go on, then kill it."""
    this.load()
    os.kill(this.server.pid, signal.SIGSTOP)
    time.sleep(this.rng.uniform(0.1, this.longest_stop))
    os.kill(this.server.pid, signal.SIGCONT)
    this.load()
    this.kill()


def full_disk(this: Round) -> None:
    """Leave some kilobytes of room; make room again, or kill it as it is."""
    this.load()
    ballast = this.data.parent / "ballast"
    free = os.statvfs(this.data)
    room = free.f_bavail * free.f_frsize - this.rng.randrange(0, 400_000)
    with suppress(OSError), ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(room, 1))
    this.load(0.2)
    if this.rng.randrange(2):
        this.kill()
        ballast.unlink()
        return
    ballast.unlink()
    this.load(0.2)
    this.kill()


def refused_writes(this: Round) -> None:
    """Let every write fail behind a random size of a file, for a while."""
    this.load()
    sizes = [path.stat().st_size for path in this.data.glob("segments/*.seg")]
    limit = max([4096, *sizes]) + this.rng.randrange(0, 60_000)
    resource.prlimit(this.server.pid, resource.RLIMIT_FSIZE, (limit, UNLIMITED))
    this.load(0.2)
    if this.rng.randrange(3):
        everything = (UNLIMITED, UNLIMITED)
        resource.prlimit(this.server.pid, resource.RLIMIT_FSIZE, everything)
        this.load(0.2)
    this.kill()


def clock_back(this: Round) -> None:
    """Set the clock of the running server back by an hour."""
    this.load()
    this.clock.write_text("-3600")
    # The library looks at the file once a second.
    this.load(0.8, 1.6)
    this.kill()


def asked_to_end(this: Round) -> None:
    """Ask it to end, as an update does; it has to, with code 0."""
    this.load()
    this.server.terminate()
    if not this.rng.randrange(3):
        time.sleep(this.rng.uniform(0, 0.3))
        with suppress(ProcessLookupError):
            this.server.terminate()
    code = this.server.wait(60)
    if code:
        raise SystemExit(f"asked to end, the server ended with code {code}")


FAULTS = {
    "receiver": receiver,
    "tree": tree,
    "stop": stopped,
    "disk": full_disk,
    "writes": refused_writes,
    "clock": clock_back,
    "term": asked_to_end,
}


def possible(*, disk: bool) -> list[str]:
    """Return the faults that this machine lets us make."""
    without = set() if disk else {"disk"}
    if not FAKETIME.exists():
        without.add("clock")
    return [name for name in FAULTS if name not in without]


def environment(clock: Path) -> dict[str, str]:
    """Return what a server needs whose clock is to be set."""
    clock.write_text("+0")
    return {
        **os.environ,
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def small_disk(folder: Path) -> bool:
    """Give the data directory a file system of its own, if this machine lets us."""
    place = folder / "disk"
    place.mkdir(exist_ok=True)
    if place.is_mount():
        return True
    image = folder / "disk.img"
    if os.geteuid() or shutil.which("mkfs.ext4") is None:
        return False
    if not image.exists():
        with image.open("wb") as file:
            file.truncate(DISK_BYTES)
        made = ["mkfs.ext4", "-q", "-m", "0", str(image)]
        if subprocess.run(made, check=False, capture_output=True).returncode:
            image.unlink()
            return False
    mount = ["mount", "-o", "loop", str(image), str(place)]
    return subprocess.run(mount, check=False, capture_output=True).returncode == 0
