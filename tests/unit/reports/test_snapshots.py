"""Snapshots: written whole, found by time, refused when newer or damaged."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from mileage.domain.errors import NewerData, NotFound, Unavailable
from mileage.domain.figures import (
    Completeness,
    Figures,
    PublishedLens,
    SourceSeen,
    Standing,
)
from mileage.domain.instants import read_instant
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.reports.snapshots import HEAD, Snapshots
from tests.ranking import Whole, publish, whole
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
    role="Engineer",
    attended_calls=2,
    unattended_calls=1,
    values=(28,),
    before=(None,),
    titles=("Cache Wizard",),
    tier="gold",
)
SNAPSHOT = Whole(
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
    previous=Window(NOON - 60 * DAY, NOON - 30 * DAY),
    lenses=(PublishedLens("tokens", "Tokens", "tokens", "Volume only."),),
    accounts=1,
    active={"person": 1},
)


def published(folder: Path, as_of: int = NOON) -> Path:
    publish(Snapshots(folder), dataclasses.replace(SNAPSHOT, as_of=as_of))
    return folder / f"{as_of:020d}.head"


def test_what_is_published_is_read_back_to_the_last_field(tmp_path: Path) -> None:
    published(tmp_path)
    assert whole(Snapshots(tmp_path)) == SNAPSHOT


def test_nothing_published_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no board has been published"):
        Snapshots(tmp_path / "none").latest()
    with pytest.raises(NotFound, match="no board has been published"):
        Snapshots(tmp_path / "none").latest(NOON)


def test_a_board_is_found_as_of_any_instant(tmp_path: Path) -> None:
    kept = Snapshots(tmp_path)
    for days in range(3):
        published(tmp_path, NOON + days * DAY)
    assert kept.latest().as_of == NOON + 2 * DAY
    assert kept.latest(NOON + DAY + 1).as_of == NOON + DAY
    assert kept.latest(NOON).as_of == NOON
    assert kept.instants() == [NOON + days * DAY for days in (2, 1, 0)]
    with pytest.raises(NotFound, match="at that time") as caught:
        kept.latest(NOON - 1)
    first = str(caught.value).rpartition("the first is of ")[2]
    assert kept.latest(read_instant(first, "UTC", "as of")).as_of == NOON


def test_each_window_is_found_by_its_name(tmp_path: Path) -> None:
    week = dataclasses.replace(SNAPSHOT, name="week", standings=())
    publish(Snapshots(tmp_path), SNAPSHOT, week)
    kept = Snapshots(tmp_path)
    assert kept.latest(window="week").name == "week"
    assert kept.latest() is kept.latest(window="30d")
    assert whole(kept, "week") == week
    with pytest.raises(NotFound, match="there is 30d, week"):
        kept.latest(window="month")


def test_a_new_publication_replaces_the_remembered_one(tmp_path: Path) -> None:
    kept = Snapshots(tmp_path)
    published(tmp_path)
    assert kept.latest() is kept.latest()
    published(tmp_path, NOON + 1)
    assert kept.latest().as_of == NOON + 1


def test_files_are_private_and_no_parts_are_left(tmp_path: Path) -> None:
    path = published(tmp_path / "snapshots")
    assert path.parent.stat().st_mode & 0o777 == 0o700
    names = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
    assert names == {path.name: 0o600, f"{path.stem}.30d.parquet": 0o600}


def test_what_has_no_head_is_invisible_and_swept(tmp_path: Path) -> None:
    path = published(tmp_path)
    standings = f"{path.stem}.30d.parquet"
    cut_short = published(tmp_path, NOON + 1)
    cut_short.unlink()
    (tmp_path / f"{NOON + 2:020d}.7d.part").write_bytes(b"half")
    (tmp_path / f"{path.stem}.part").write_bytes(b"beside what is visible")
    (tmp_path / f"{path.stem}.7d.part").write_bytes(b"of a window written anew")
    (tmp_path / "mine.parquet").write_bytes(b"somebody's own")
    kept = Snapshots(tmp_path)
    assert kept.latest().as_of == NOON
    kept.sweep()
    assert {one.name for one in tmp_path.iterdir()} == {
        path.name,
        standings,
        "mine.parquet",
    }


def test_a_removed_publication_is_gone_as_a_whole(tmp_path: Path) -> None:
    published(tmp_path)
    path = published(tmp_path, NOON + 1)
    kept = Snapshots(tmp_path)
    kept.remove([NOON + 1])
    assert kept.published_at() == NOON
    assert not list(tmp_path.glob(f"{path.stem}.*"))


@pytest.mark.parametrize("version", [b"\x09\0\0\0", b"\0\x01\0\0"])
def test_a_newer_format_is_refused(tmp_path: Path, version: bytes) -> None:
    path = published(tmp_path)
    data = path.read_bytes()
    path.write_bytes(HEAD[:-4] + version + data[len(HEAD) :])
    with pytest.raises(NewerData):
        Snapshots(tmp_path).latest()


@pytest.mark.parametrize("damage", [b"", b"not a snapshot", HEAD + b"garbage"])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, damage: bytes) -> None:
    path = published(tmp_path)
    path.write_bytes(damage)
    with pytest.raises(Unavailable, match="publish again"):
        Snapshots(tmp_path).latest()
