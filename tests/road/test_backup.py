"""Backing up a server that works, and restoring what it had acknowledged."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.road.station import Station, assert_calm
from tests.road.test_stopping import OPERATOR, Clients


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A backup taken under load, and what had been acknowledged before it began."""
    folder = tmp_path_factory.mktemp("backup")
    station = Station(folder).start()
    token = station.token(email="alice@example.com")
    key = station.key("alice@example.com")
    file = folder / "kept.backup"
    with Clients(station, token) as clients:
        clients.wait_for(40)
        before = list(clients.acknowledged)
        done = station.run("backup", "--to", file)
        clients.wait_for(len(clients.acknowledged) + 20)
    again = station.run("backup", "--to", file)
    station.settled(station.key(OPERATOR, "operator"))
    station.stop()
    assert_calm(station.said)
    return station, key, file, before, done, again


def test_the_backup_is_private_and_said(made):
    station, _, file, _, done, again = made
    assert done.returncode == 0, done.stderr
    assert "records taken in" in done.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    assert not (station.data / ".backup").exists()
    assert [path.name for path in file.parent.glob(".*")] == []
    # A second one does not replace the first.
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_after_restoring_everything_acknowledged_before_is_there_once(made, tmp_path):
    _, key, file, before, _, _ = made
    restored = Station(tmp_path)
    done = restored.run("restore", file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as it was at" in done.stdout
    assert (restored.data.stat().st_mode & 0o777) == 0o700
    assert all(
        path.stat().st_mode & 0o077 == 0
        for path in restored.data.rglob("*")
        if path.name != "ledger.duckdb.wal"
    )
    restored.start()
    restored.settled(restored.key(OPERATOR, "operator"))
    counted = restored.usage(key, "session")
    assert set(before) <= set(counted)
    assert all(row["calls"] == 1 for row in counted.values())
    verified = restored.run("verify", "--json")
    assert json.loads(verified.stdout)["problems"] == []
    assert restored.stop() == 0


def test_a_directory_with_something_in_it_is_refused(made, tmp_path):
    _, _, file, _, _, _ = made
    restored = Station(tmp_path)
    restored.data.mkdir()
    (restored.data / "mine.txt").write_text("mine")
    done = restored.run("restore", file)
    assert done.returncode == 4
    assert "not empty" in done.stderr
    assert [path.name for path in restored.data.iterdir()] == ["mine.txt"]


def test_a_backup_that_was_cut_leaves_nothing(made, tmp_path):
    _, _, file, _, _, _ = made
    cut = tmp_path / "cut.backup"
    cut.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    restored = Station(tmp_path)
    done = restored.run("restore", cut)
    assert done.returncode == 2
    assert "no whole backup" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.backup"]


def test_a_folder_gets_a_file_named_after_the_moment(made, tmp_path):
    station, *_ = made
    copy = tmp_path / "copy"
    shutil.copytree(station.data, copy)
    (tmp_path / "backups").mkdir()
    moved = Station(tmp_path / "elsewhere")
    moved.folder.mkdir()
    copy.rename(moved.data)
    done = moved.run("backup", "--to", tmp_path / "backups")
    assert done.returncode == 0, done.stderr
    (file,) = (tmp_path / "backups").iterdir()
    assert file.name.startswith("mileage-20")
    assert file.suffix == ".backup"
