"""Snapshots: written whole, found by time, refused when newer or damaged."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from mileage.domain.errors import NewerData, NotFound, Unavailable
from mileage.domain.figures import Completeness, Figures, Snapshot, SourceSeen, Standing
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.reports.snapshots import HEAD, Snapshots
from tests.witnesses import DAY, NOON

if TYPE_CHECKING:
    from pathlib import Path

STANDING = Standing(
    account_id="acc_a",
    name="Ada Example",
    kind="person",
    department="Engineering",
    team="Compilers",
    figures=Figures(3, Tokens(1, 2, 3, 4, 5, 6, 7), 1234, 1),
    sessions=2,
    models=("claude-opus-4-8", "gpt-5.1"),
    clients=("claude-code",),
    active_days=2,
    daily=(0, 28, 0),
)
SNAPSHOT = Snapshot(
    window=Window(NOON - 30 * DAY, NOON),
    zone="Europe/Berlin",
    as_of=NOON,
    days=("2026-11-18", "2026-11-19", "2026-11-20"),
    total=STANDING.figures,
    daily=(0, 28, 0),
    standings=(STANDING,),
    completeness=Completeness((SourceSeen("claude_code_log", 3, 1, 2, 0),), NOON),
    versions={"prices": "genai-prices"},
    input_hash="ab" * 32,
    organisation="Test & Sons",
)


def test_what_is_published_is_read_back_to_the_last_field(tmp_path: Path) -> None:
    Snapshots(tmp_path).publish(SNAPSHOT)
    assert Snapshots(tmp_path).latest() == SNAPSHOT


def test_nothing_published_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no board has been published"):
        Snapshots(tmp_path / "none").latest()


def test_a_board_is_found_as_of_any_instant(tmp_path: Path) -> None:
    kept = Snapshots(tmp_path)
    for days in range(3):
        kept.publish(dataclasses.replace(SNAPSHOT, as_of=NOON + days * DAY))
    assert kept.latest().as_of == NOON + 2 * DAY
    assert kept.latest(NOON + DAY + 1).as_of == NOON + DAY
    assert kept.latest(NOON).as_of == NOON
    with pytest.raises(NotFound, match="at that time"):
        kept.latest(NOON - 1)


def test_a_new_snapshot_replaces_the_remembered_one(tmp_path: Path) -> None:
    kept = Snapshots(tmp_path)
    kept.publish(SNAPSHOT)
    assert kept.latest() is kept.latest()
    kept.publish(dataclasses.replace(SNAPSHOT, as_of=NOON + 1))
    assert kept.latest().as_of == NOON + 1


def test_files_are_private_and_no_parts_are_left(tmp_path: Path) -> None:
    path = Snapshots(tmp_path / "snapshots").publish(SNAPSHOT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("version", [b"\x09\0\0\0", b"\0\x01\0\0"])
def test_a_newer_format_is_refused(tmp_path: Path, version: bytes) -> None:
    path = Snapshots(tmp_path).publish(SNAPSHOT)
    data = path.read_bytes()
    path.write_bytes(HEAD[:-4] + version + data[len(HEAD) :])
    with pytest.raises(NewerData):
        Snapshots(tmp_path).latest()


@pytest.mark.parametrize("damage", [b"", b"not a snapshot", HEAD + b"garbage"])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, damage: bytes) -> None:
    path = Snapshots(tmp_path).publish(SNAPSHOT)
    path.write_bytes(damage)
    with pytest.raises(Unavailable, match="publish again"):
        Snapshots(tmp_path).latest()
