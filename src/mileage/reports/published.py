"""Files of figures that any process may read: each appears whole or not at all.

A head (magic, format version as four little-endian bytes), then compressed MessagePack.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from mileage.domain.errors import NewerData, NotFound, Unavailable
from mileage.store.private import write_whole

if TYPE_CHECKING:
    from pathlib import Path

Value = TypeVar("Value")


class Published(Generic[Value]):
    """How one kind of such files is written and read."""

    def __init__(
        self, head: bytes, kind: type[Value], *, foreign: str, damaged: str
    ) -> None:
        """``foreign`` and ``damaged`` tell of a file what it is, and what to do."""
        self._head, self._magic = head, head[:-4]
        self._foreign, self._damaged = foreign, damaged
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(kind)

    def write(self, path: Path, value: Value) -> None:
        """Write a file; readers see all of it or the one before."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        packed = zlib.compress(self._encoder.encode(value), 6)
        write_whole(path, self._head + packed)

    def read(self, path: Path) -> Value:
        """Read a file; raises Unavailable when it is none, or damaged."""
        data = path.read_bytes()
        if not data.startswith(self._head):
            written_by = int.from_bytes(
                data[len(self._magic) : len(self._head)], "little"
            )
            ours = int.from_bytes(self._head[-4:], "little")
            if data.startswith(self._magic) and written_by > ours:
                raise NewerData(
                    f"{path} was written by a newer version of Mileage; upgrade it"
                )
            raise Unavailable(f"{path} {self._foreign}")
        try:
            return self._decoder.decode(zlib.decompress(data[len(self._head) :]))
        except (zlib.error, msgspec.MsgspecError):
            raise Unavailable(f"{path} {self._damaged}") from None


class Newest(Generic[Value]):
    """The one file of its kind in a directory; a new one takes its place.

    Files are named by an instant (``<as_of>.kind``). Thread-safe for readers.
    """

    def __init__(
        self, directory: Path, suffix: str, files: Published[Value], *, missing: str
    ) -> None:
        """``missing`` says that there is none yet."""
        self._directory, self._suffix = directory, suffix
        self._files, self._missing = files, missing
        self._kept: tuple[str, Value] | None = None

    def before(self) -> Value | None:
        """Return the one that the next would replace."""
        name = self._name()
        return None if name is None else self._load(name)

    def latest(self) -> Value:
        """Return what is published; raises NotFound when there is none."""
        # A file that is replaced while it is looked for is looked for once more.
        for _ in range(2):
            name = self._name()
            if name is None:
                break
            try:
                return self._load(name)
            except FileNotFoundError:
                continue
        raise NotFound(self._missing)

    def replace(self, as_of: int, value: Value) -> None:
        """Publish a file, then remove the one before."""
        previous = self._name()
        path = self._directory / f"{as_of:020d}{self._suffix}"
        self._files.write(path, value)
        if previous is not None and previous != path.name:
            (self._directory / previous).unlink(missing_ok=True)

    def _name(self) -> str | None:
        try:
            found = [one.name for one in self._directory.iterdir() if self._is_one(one)]
        except FileNotFoundError:
            return None
        return max(found, default=None)

    def _is_one(self, path: Path) -> bool:
        # Files of other names are somebody's own.
        return path.suffix == self._suffix and path.stem.isdecimal()

    def _load(self, name: str) -> Value:
        kept = self._kept
        if kept is not None and kept[0] == name:
            return kept[1]
        found = self._files.read(self._directory / name)
        self._kept = (name, found)
        return found
