"""A backup: one tar file with the files of a data directory, and a manifest last.

The manifest names every file with its size and SHA-256, the formats, and what was
counted, so that a backup that was cut or altered is not taken for a whole one. It
needs nothing but ``tar`` to be looked into.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from io import BytesIO
from typing import IO, TYPE_CHECKING, Protocol

import msgspec

from mileage.domain.errors import Invalid, NewerData
from mileage.store.private import owner_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FORMAT = 1
MANIFEST = "manifest.json"
_BLOCK = 2**20
_LONGEST_MANIFEST = 64 * 2**20
_MAY_BE_INSIDE = re.compile(
    r"ledger\.duckdb(?:\.wal)?|control\.sqlite|(?:demo|truth)\.json|segments/\d{8,}\.seg"
    r"|snapshots/\d{20}\.(?:head|[a-z\d]+\.parquet|snap)|cubes/\d{20}\.cube"
    r"|peers/\d{20}\.peers"
    r"|policy/[\w.-]+\.toml|quarantine/[\d]+-[\d]+\.[a-z]+"
)


class Entry(msgspec.Struct, frozen=True):
    """One file of a backup."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds."""

    format: int
    mileage: str
    """The version that wrote it."""
    made_at: str
    position: tuple[int, int]
    """Segment and record up to which its ledger has taken the segments in."""
    counts: dict[str, int]
    files: list[Entry]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Digesting:
    """A file that is read, and hashed while it is."""

    def __init__(self, file: _Readable, told: Callable[[int], None]) -> None:
        self._file, self._told = file, told
        self._digest = hashlib.sha256()

    def read(self, size: int = _BLOCK) -> bytes:
        block = self._file.read(size)
        self._digest.update(block)
        self._told(len(block))
        return block

    def sha256(self) -> str:
        return self._digest.hexdigest()


def belongs(name: str) -> bool:
    """Tell whether a file of this name has a place in a backup."""
    return _MAY_BE_INSIDE.fullmatch(name) is not None


def _of_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mode, member.uid, member.gid = 0o600, 0, 0
    member.uname = member.gname = ""
    return member


def write(
    target: IO[bytes],
    files: Sequence[tuple[str, Path, int]],
    manifest: Callable[[list[Entry]], Manifest],
    told: Callable[[int], None],
) -> Manifest:
    """Write files (name, path, bytes from its start); ``told`` hears of every block."""
    entries: list[Entry] = []
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path, size in files:
            with path.open("rb") as file:
                member = _of_owner(tarfile.TarInfo(name))
                member.size = size
                digesting = _Digesting(file, told)
                tar.addfile(member, digesting)
                entries.append(Entry(name, size, digesting.sha256()))
        made = manifest(entries)
        text = msgspec.json.format(msgspec.json.encode(made), indent=2)
        member = _of_owner(tarfile.TarInfo(MANIFEST))
        member.size = len(text)
        tar.addfile(member, BytesIO(text))
    return made


def read(
    source: Path, told: Callable[[int], None], into: Path | None = None
) -> Manifest:
    """Check a backup against its manifest, and unpack it if told where to.

    Raises Invalid when it is none, or not whole; NewerData when it is too new.
    """
    found: list[Entry] = []
    manifest = None
    try:
        with tarfile.open(source, mode="r:") as tar:
            for member in tar:
                file = tar.extractfile(member) if member.isreg() else None
                if file is None or manifest is not None:
                    raise _broken(source, f"{member.name!r} does not belong there")
                if member.name == MANIFEST:
                    manifest = _manifest(source, file.read(_LONGEST_MANIFEST))
                else:
                    found.append(_unpacked(source, member, file, (told, into)))
    except (tarfile.TarError, EOFError) as error:
        raise _broken(source, f"it cannot be read on ({error})") from None
    if manifest is None:
        raise _broken(source, "its end is missing")
    for promised, is_there in _compared(manifest.files, found):
        if promised != is_there:
            name = (promised or is_there or manifest.files[0]).name
            raise _broken(source, f"{name} is not what was written")
    return manifest


def _compared(
    promised: Sequence[Entry], found: Sequence[Entry]
) -> Iterator[tuple[Entry | None, Entry | None]]:
    here, there = ({one.name: one for one in some} for some in (promised, found))
    for name in sorted(here.keys() | there.keys()):
        yield here.get(name), there.get(name)


def _manifest(source: Path, text: bytes) -> Manifest:
    try:
        written_by = msgspec.json.decode(text, type=dict[str, object]).get("format")
        if isinstance(written_by, int) and written_by > FORMAT:
            message = f"{source} was written by a newer version of Mileage; upgrade it"
            raise NewerData(message)
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _broken(source, "its manifest cannot be read") from None


def _unpacked(
    source: Path,
    member: tarfile.TarInfo,
    file: _Readable,
    where: tuple[Callable[[int], None], Path | None],
) -> Entry:
    told, into = where
    if not belongs(member.name):
        raise _broken(source, f"{member.name!r} does not belong there")
    digesting = _Digesting(file, told)
    size = 0
    if into is None:
        while block := digesting.read():
            size += len(block)
    else:
        path = into / member.name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with open(path, "xb", opener=owner_only) as target:
            while block := digesting.read():
                size += target.write(block)
            target.flush()
            os.fsync(target.fileno())
    return Entry(member.name, size, digesting.sha256())


def _broken(source: Path, why: str) -> Invalid:
    return Invalid(f"{source} is no whole backup: {why}. Nothing of it was used.")
