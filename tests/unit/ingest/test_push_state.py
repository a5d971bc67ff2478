"""Who a machine is, and that one process at a time is it."""

from __future__ import annotations

import json
import os
import re

import pytest

from mileage.domain.errors import Conflict, NewerData, Unavailable
from mileage.ingest.push_state import opened


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "state"


def test_a_machine_keeps_its_random_name(folder):
    with opened(folder) as first:
        assert re.fullmatch(r"mach_[a-z2-7]{16}", first.machine)
        assert len(first.folder_key) == 32
    with opened(folder) as second:
        assert second == first
    with opened(folder.with_name("other")) as other:
        assert other.machine != first.machine
        assert other.folder_key != first.folder_key


def test_its_name_says_nothing_about_the_host(folder):
    with opened(folder, bytes) as state:
        assert state.machine == "mach_" + "a" * 16


def test_it_belongs_to_one_process(folder):
    with (
        opened(folder),
        pytest.raises(Conflict, match=str(os.getpid())),
        opened(folder),
    ):
        raise AssertionError
    with opened(folder):
        pass


def test_it_is_private_even_when_it_was_not(folder):
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    with opened(folder) as state:
        assert folder.stat().st_mode & 0o777 == 0o700
        below = state.server("https://a.example")
        assert below.stat().st_mode & 0o777 == 0o700
        assert below.parent.stat().st_mode & 0o777 == 0o700
    for file in ("lock", "machine.json"):
        assert (folder / file).stat().st_mode & 0o777 == 0o600


def test_each_server_has_a_folder_that_does_not_name_it(folder):
    with opened(folder) as state:
        one = state.server("https://a.example")
        assert state.server("https://a.example") == one
        assert state.server("https://b.example") != one
        assert "example" not in str(one.relative_to(folder))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b"[]", b'{"version": "1"}', b'"\xff"']
)
def test_a_damaged_name_is_replaced(folder, content):
    with opened(folder) as before:
        pass
    (folder / "machine.json").write_bytes(content)
    with opened(folder) as after:
        assert after.machine != before.machine
    with opened(folder) as again:
        assert again == after


def test_a_newer_state_is_left_alone(folder):
    with opened(folder):
        pass
    file = folder / "machine.json"
    newer = json.dumps({**json.loads(file.read_bytes()), "version": 2})
    file.write_text(newer)
    with pytest.raises(NewerData, match="newer version"), opened(folder):
        raise AssertionError
    assert file.read_text() == newer


def test_a_folder_that_cannot_be_used_is_said_to_be_one(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "below", tmp_path / "file"):
        with pytest.raises(Unavailable, match="cannot be used"), opened(folder):
            raise AssertionError
