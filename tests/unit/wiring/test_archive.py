"""The file of a backup: whole, or refused; never anything that was not put there."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid, NewerData
from mileage.wiring import archive

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = {
    "ledger.duckdb": b"l" * 3000,
    "control.sqlite": b"",
    "segments/00000007.seg": b"s" * 513,
    "snapshots/00000000000000000008.snap": b"of before",
    "snapshots/00000000000000000009.7d.parquet": b"p",
    "snapshots/00000000000000000009.head": b"h",
    "policy/mileage.toml": b"zone = 'UTC'\n",
    "quarantine/00000001-0000000020.torn": b"q" * 5,
}


def manifest(entries: list[archive.Entry]) -> archive.Manifest:
    return archive.Manifest(1, "0.1", "now", (7, 1), {"durable": 3}, entries)


def ignored(_: int) -> None:
    """Progress that nobody looks at."""


def written(folder: Path) -> Path:
    files = []
    for number, (name, content) in enumerate(CONTENT.items()):
        path = folder / f"source{number}"
        path.write_bytes(content + b"what came later")
        files.append((name, path, len(content)))
    target = folder / "made.backup"
    with target.open("wb") as file:
        archive.write(file, files, manifest, ignored)
    return target


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    told: list[int] = []
    found = archive.read(written(tmp_path), told.append, into)
    assert {one.name: one.bytes for one in found.files} == {
        name: len(content) for name, content in CONTENT.items()
    }
    for name, content in CONTENT.items():
        assert (into / name).read_bytes() == content
        assert (into / name).stat().st_mode & 0o777 == 0o600
    assert sum(told) == sum(map(len, CONTENT.values()))


@given(data=st.data())
def test_no_cut_and_no_flip_of_a_file_passes(tmp_path_factory, data) -> None:
    folder = tmp_path_factory.mktemp("backup")
    target = written(folder)
    whole = target.read_bytes()
    before = archive.read(target, ignored)
    content = bytearray(whole)
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:place]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    target.write_bytes(content)
    try:
        after = archive.read(target, ignored)
    except (Invalid, NewerData):
        return
    # What is neither a file nor named in the manifest may be different: the padding of
    # the tar file, the times in it, and what the manifest says beside the files.
    assert after.files == before.files


def tarred(target: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(target, "w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target


def link(name: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return made


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("../outside"),
        tarfile.TarInfo("/etc/outside"),
        tarfile.TarInfo("policy/../../outside.toml"),
        tarfile.TarInfo("segments/sub/00000001.seg"),
        tarfile.TarInfo("owner.sock"),
        link("ledger.duckdb"),
    ],
    ids=lambda member: member.name,
)
def test_nothing_is_written_that_has_no_place(tmp_path: Path, member) -> None:
    into = tmp_path / "into"
    into.mkdir()
    target = tarred(tmp_path / "bad.backup", (member, b""))
    with pytest.raises(Invalid, match="does not belong there"):
        archive.read(target, ignored, into)
    assert list(into.iterdir()) == []


def test_a_newer_format_is_refused_as_such(tmp_path: Path) -> None:
    text = msgspec.json.encode({"format": 2, "anything": ["else"]})
    target = tarred(tmp_path / "new.backup", (tarfile.TarInfo("manifest.json"), text))
    with pytest.raises(NewerData, match="newer version"):
        archive.read(target, ignored)


@pytest.mark.parametrize("content", [b"", b"\0" * 1024, b"no tar at all" * 100])
def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "none.backup"
    target.write_bytes(content)
    with pytest.raises(Invalid, match="no whole backup"):
        archive.read(target, ignored)
