"""Files of figures that any process may read: each appears whole or not at all.

A head (magic, format version as four little-endian bytes), then compressed MessagePack.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from mileage.domain.errors import NewerData, Unavailable

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
        part = path.with_suffix(".part")
        with open(part, "wb", opener=_private) as file:
            file.write(self._head + zlib.compress(self._encoder.encode(value), 6))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

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


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
