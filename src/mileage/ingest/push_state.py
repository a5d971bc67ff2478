"""What a collecting machine remembers: who it is, and one folder for each server.

The directory is private (0700) and belongs to one process at a time. It holds random
ids, digests and rows that wait to be sent; no path, no name, no content.
"""

from __future__ import annotations

import fcntl
import os
from base64 import b32encode
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mileage.domain.errors import Conflict, NewerData, Unavailable
from mileage.ingest.push_format import MALFORMED
from mileage.store.private import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VERSION = 1
_ID_BYTES = 10
_KEY_BYTES = 32


class State(NamedTuple):
    """An opened state directory."""

    folder: Path
    machine: str
    """Random: neither the name of the host nor anything that could be looked up."""
    folder_key: bytes
    """Keys the digests of folders without a repository; never leaves the machine."""

    def server(self, url: str) -> Path:
        """Return the folder of one server; what another one has does not count."""
        name = sha256(url.encode()).hexdigest()[:16]
        servers = self.folder / "servers"
        for folder in (servers, servers / name):
            folder.mkdir(mode=0o700, exist_ok=True)
        return servers / name


class _Machine(msgspec.Struct):
    version: int
    machine: str
    key: bytes


@contextmanager
def opened(
    folder: Path, random_bytes: Callable[[int], bytes] = os.urandom
) -> Iterator[State]:
    """Own a state directory while the block runs; creates it, private, when new.

    Raises Conflict when another process has it, NewerData when a later version of
    Mileage wrote it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = (
            f"{folder} cannot be used ({error.strerror}): see who owns it, or name "
            "another directory with --state"
        )
        raise Unavailable(message) from None
    try:
        _lock(handle, folder)
        known = _machine(folder / "machine.json", random_bytes)
        yield State(folder, known.machine, known.key)
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    """Take the lock, which ends with the process however that ends."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        message = (
            f"another `mileage collect` (process {_holder(handle)}) is at work in "
            f"{folder}. It reads the same logs; stop it first, or leave it to it."
        )
        raise Conflict(message) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _holder(handle: int) -> str:
    return os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"


def _machine(file: Path, random_bytes: Callable[[int], bytes]) -> _Machine:
    try:
        known = msgspec.json.decode(file.read_bytes(), type=_Machine)
    except (FileNotFoundError, *MALFORMED):
        # A damaged one is replaced: the server sees one more machine, no more calls.
        return _new_machine(file, random_bytes)
    if known.version > VERSION:
        message = (
            f"{file} was written by a newer version of Mileage. Nothing was changed. "
            "Upgrade Mileage, or name another directory with --state."
        )
        raise NewerData(message)
    return known


def _new_machine(file: Path, random_bytes: Callable[[int], bytes]) -> _Machine:
    name = b32encode(random_bytes(_ID_BYTES)).decode().lower()
    made = _Machine(VERSION, f"mach_{name}", random_bytes(_KEY_BYTES))
    write_whole(file, msgspec.json.encode(made))
    return made
