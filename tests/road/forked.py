"""Starts ``mileage`` without paying for its imports each time.

What runs is a process of its own as ever, with its own streams, signals and exit
code. But a process that has imported everything forks it, one such nursery for each
process of tests. What is about starting itself, or about other Pythons, starts one
anew (``station.MILEAGE``).
"""

from __future__ import annotations

import array
import atexit
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from select import select
from typing import IO, TYPE_CHECKING, NamedTuple, NoReturn

import pytest

from tests import made_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
PACKAGES = ("mileage.cli", "mileage.wiring", "mileage.web", "mileage.sources")
LATER = (
    "alembic.command",
    "anyio._backends._asyncio",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "uvloop",
)
"""What is imported only when it is needed, as it takes long, and then by most."""
STREAMS = 3


class Forked:
    """A started command; the part of ``subprocess.Popen`` that tests use."""

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> None:
        self.returncode: int | None = None
        self._told, theirs = socket.socketpair()
        with theirs, Path(os.devnull).open("rb") as nothing:
            streams = [one.fileno() for one in (nothing, stdout, stderr)]
            handles = array.array("i", [theirs.fileno(), *streams])
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)]
            _nursery().sendmsg([b"+"], rights)
        request = {"words": list(words), "env": dict(env), "cwd": str(Path.cwd())}
        self._told.sendall(json.dumps(request).encode())
        self._told.shutdown(socket.SHUT_WR)
        self._answers = self._told.makefile()
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self.returncode is None and select([self._told], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, minus the number of the signal that ended it."""
        if self.returncode is None:
            if not select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("mileage", timeout or 0)
            status = int(self._answers.readline())
            self.returncode = os.waitstatus_to_exitcode(status)
            self._answers.close()
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(15)

    def kill(self) -> None:
        self.send_signal(9)


@cache
def _nursery() -> socket.socket:
    """Start the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair()
    made = made_once.empty()
    with theirs:
        numbers = [theirs.fileno(), len(made.control)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.road.forked", *map(str, numbers)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
        )
    with process.stdin as told:
        told.write(made.control + made.ledger)

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


# ------------------------------------------------------------------- in the nursery


class Birth(NamedTuple):
    """What a new process is to do, and where its streams go."""

    words: list[str]
    env: dict[str, str]
    cwd: str
    streams: list[int]


def learn_everything() -> None:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    for name in LATER:
        importlib.import_module(name)
    # Every server compiles its templates, and most begin with new databases.
    importlib.import_module("mileage.web.pages").read_templates()
    copy_what_is_told(sys.stdin.buffer.read(), int(sys.argv[2]))


def copy_what_is_told(told: bytes, size: int) -> None:
    """Take the databases of whom it serves: who forks may not have opened any."""
    made = made_once.Empty(told[:size], told[size:])
    patch = pytest.MonkeyPatch()
    patch.setattr(made_once, "empty", lambda: made)
    made_once.copy_what_is_new(patch)


def fork_for_ever(channel: socket.socket) -> Birth:
    """Return in each new process; the nursery itself ends with whom it serves."""
    midwives = set()
    while True:
        _, rights, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4 * (1 + STREAMS)))
        if not rights:
            # Times of children count only for who waits for them.
            for pid in midwives:
                os.waitpid(pid, 0)
            sys.exit(0)
        handles = array.array("i", rights[0][2])
        pid = os.fork()
        if pid == 0:
            channel.close()
            return attend(handles[0], handles[1:].tolist())
        midwives.add(pid)
        for handle in handles:
            os.close(handle)
        midwives -= {one for one in midwives if os.waitpid(one, os.WNOHANG)[0]}


def attend(handle: int, streams: list[int]) -> Birth:
    """Fork once more, tell the number at once, the end later; return in the child."""
    teller = socket.socket(fileno=handle)
    asked = b""
    while part := teller.recv(65536):
        asked += part
    pid = os.fork()
    if pid == 0:
        teller.close()
        return Birth(**json.loads(asked), streams=streams)
    for stream in streams:
        os.close(stream)
    try:
        teller.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        teller.sendall(b"%d\n" % status)
    finally:
        os._exit(0)


def become(birth: Birth) -> None:
    for number, stream in enumerate(birth.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(birth.cwd)
    os.environ.clear()
    os.environ.update(birth.env)
    time.tzset()
    sys.argv = ["mileage", *birth.words]


def run_to_its_end(command: Callable[[], None]) -> NoReturn:
    """End as Python does, but for taking apart every module: that takes longest."""
    code: object = 0
    try:
        command()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:  # noqa: BLE001 - what nobody caught is told as ever
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    os._exit(code if isinstance(code, int) else 1)


def main() -> None:
    learn_everything()
    become(fork_for_ever(socket.socket(fileno=int(sys.argv[1]))))
    run_to_its_end(importlib.import_module("mileage.cli").main)


if __name__ == "__main__":
    main()
