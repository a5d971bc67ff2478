"""Files of their owner: nobody else reads them, and there is no half of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mileage.store.private import owner_only, write_whole

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "small.json"


def test_a_small_file_is_replaced_as_a_whole(file: Path) -> None:
    for content in (b"one", b"2", b""):
        write_whole(file, content)
        assert file.read_bytes() == content
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_nobody_else_reads_it_whatever_others_usually_may(
    file: Path, umask: int
) -> None:
    before = os.umask(umask)
    try:
        write_whole(file, b"x")
        with open(file.with_name("other"), "wb", opener=owner_only) as other:
            other.write(b"y")
    finally:
        os.umask(before)
    assert {one.stat().st_mode & 0o777 for one in file.parent.iterdir()} == {0o600}


def test_what_a_crash_left_half_is_written_over(file: Path) -> None:
    write_whole(file, b"before")
    file.with_suffix(".part").write_bytes(b"ever so long, and cut o")
    write_whole(file, b"after")
    assert file.read_bytes() == b"after"
    assert list(file.parent.iterdir()) == [file]


def test_the_old_one_stays_where_the_new_one_cannot_be_written(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(file, b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, b"after")
    assert file.read_bytes() == b"before"
