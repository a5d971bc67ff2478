"""A project is the remote of its repository, without anybody's login."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.projects import Projects, remote_of
from tests.witnesses import witness

if TYPE_CHECKING:
    from pathlib import Path


def repository(folder: Path, url: str) -> Path:
    (folder / ".git").mkdir()
    text = f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n\tfetch = +x\n'
    (folder / ".git" / "config").write_text(text)
    return folder


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/team/app.git",
        "https://alice:token@git.example.com/team/app",
        "git@git.example.com:team/app.git",
        "ssh://git@git.example.com/team/app.git/",
    ],
)
def test_all_ways_to_one_repository_are_one_project(tmp_path: Path, url: str) -> None:
    assert remote_of(repository(tmp_path, url)) == "git.example.com/team/app"


def test_a_folder_inside_belongs_to_the_repository(tmp_path: Path) -> None:
    inside = repository(tmp_path, "https://git.example.com/a/b.git") / "src" / "deep"
    inside.mkdir(parents=True)
    assert remote_of(inside) == "git.example.com/a/b"


def test_a_folder_without_repository_keeps_its_name(tmp_path: Path) -> None:
    alone = witness(project=str(tmp_path / "nowhere"))
    read = Projects().named(Reading(WitnessBatch.of([alone])))
    (row,) = read.witnesses.rows()
    assert row.project == alone.project


def test_a_broken_config_is_no_repository(tmp_path: Path) -> None:
    repository(tmp_path, "x")
    (tmp_path / ".git" / "config").write_bytes(b"\xff\xfe not ini [")
    assert remote_of(tmp_path) is None
