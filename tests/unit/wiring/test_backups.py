"""Backing up while others write, restoring whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Position
from mileage.domain.errors import Conflict, Invalid, MileageError, Unavailable
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.record import Record
from mileage.wiring import archive, backups
from mileage.wiring.backups import WORK, Prepared, Progress, pack, prepare, unpack
from mileage.wiring.organisation import now, open_organisation
from tests.witnesses import OTLP, witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.wiring.organisation import Organisation

GATE = Credential("tok_gate", "", "gate")
QUIET = Progress(lambda *_: None)


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with open_organisation(tmp_path_factory.mktemp("backups") / "data") as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_copy_left(organisation: Organisation) -> Iterator[None]:
    yield
    assert not (organisation.data / WORK).exists()


def bring(organisation: Organisation, key: str) -> None:
    row = witness(OTLP, key=key, link=key, occurred_at=now() - 60_000_000)
    record = Record(GATE, "otlp", Reading(WitnessBatch.of([row])))
    organisation.pipeline.submit(record).result()


def whole(organisation: Organisation, target: Path) -> archive.Manifest:
    return pack(organisation.data, prepare(organisation), target, QUIET)


def names(manifest: archive.Manifest) -> set[str]:
    return {one.name for one in manifest.files}


def test_everything_that_was_acknowledged_is_in_it(
    organisation: Organisation, tmp_path: Path
) -> None:
    for number in range(3):
        bring(organisation, f"before-{number}")
    prepared = prepare(organisation)
    bring(organisation, "after")
    target = tmp_path / "made.backup"
    manifest = pack(organisation.data, prepared, target, QUIET)
    assert manifest.counts == prepared.counts
    assert manifest.counts["durable"] >= 3
    assert {"ledger.duckdb", "control.sqlite"} <= names(manifest)
    restored = tmp_path / "restored"
    assert unpack(target, restored, QUIET) == manifest
    with open_organisation(restored) as opened:
        opened.pipeline.drain()
        found = opened.ledger.cursor().execute("select key from witness").fetchall()
        keys = {key for (key,) in found}
        assert {f"before-{number}" for number in range(3)} <= keys
        assert len(keys) == len(found)


def test_the_copy_is_private_while_it_is_packed(organisation: Organisation) -> None:
    prepare(organisation)
    work = organisation.data / WORK
    try:
        assert work.stat().st_mode & 0o777 == 0o700
        for path in work.rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path
    finally:
        backups.shutil.rmtree(work)


def test_segments_are_held_by_links_up_to_their_last_whole_record(
    organisation: Organisation,
) -> None:
    bring(organisation, "in-a-segment")
    prepared = prepare(organisation)
    work = organisation.data / WORK
    try:
        segments = organisation.pipeline.segments
        last = segments.path(segments.written.segment)
        name = f"segments/{last.name}"
        assert prepared.segments[name] == segments.length
        assert (work / name).samefile(last)
        bring(organisation, "behind-it")
        assert (work / name).stat().st_size > prepared.segments[name]
    finally:
        backups.shutil.rmtree(work)


def test_one_backup_at_a_time_and_the_first_goes_on(
    organisation: Organisation, tmp_path: Path
) -> None:
    prepared = prepare(organisation)
    with pytest.raises(Conflict, match="another backup is being made") as told:
        prepare(organisation)
    assert "remove that folder" in str(told.value)
    assert pack(organisation.data, prepared, tmp_path / "b", QUIET).files


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (OSError(28, "No space left on device"), Unavailable),
        (Unavailable("the disk is full"), Unavailable),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_what_cannot_be_copied_leaves_nothing(
    organisation: Organisation,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    raised: type[BaseException],
) -> None:
    def fails(*_: object) -> None:
        raise failure

    monkeypatch.setattr(backups, "copy_control", fails)
    with pytest.raises(raised):
        prepare(organisation)
    assert not (organisation.data / WORK).exists()


def test_a_backup_does_not_replace_another(
    organisation: Organisation, tmp_path: Path
) -> None:
    target = tmp_path / "there.backup"
    prepared = prepare(organisation)
    # It appears while the other one is packed.
    target.write_bytes(b"mine")
    with pytest.raises(Conflict, match="--to"):
        pack(organisation.data, prepared, target, QUIET)
    assert target.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [target]


def test_a_part_of_an_earlier_try_is_in_nobodys_way(
    organisation: Organisation, tmp_path: Path
) -> None:
    target = tmp_path / "made.backup"
    (tmp_path / ".made.backup.part").write_bytes(b"half")
    whole(organisation, target)
    assert list(tmp_path.iterdir()) == [target]
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_backup_that_cannot_be_read_back_does_not_appear(
    organisation: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        message = "no whole backup"
        raise Invalid(message)

    monkeypatch.setattr(archive, "read", broken)
    with pytest.raises(Invalid):
        whole(organisation, tmp_path / "made.backup")
    assert list(tmp_path.iterdir()) == []


def test_snapshots_policies_and_what_was_kept_aside_go_along(
    organisation: Organisation, tmp_path: Path
) -> None:
    organisation.publish()
    files = {
        "policy/titles.toml": b"# mine\n",
        "quarantine/00000001-0000000020.torn": b"torn",
    }
    for name, content in files.items():
        path = organisation.data / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    strangers = ("policy/notes.txt", "snapshots/unfinished.head", "quarantine/a.b")
    for name in strangers:
        (organisation.data / name).write_bytes(b"?")
    try:
        manifest = whole(organisation, tmp_path / "made.backup")
    finally:
        for name in (*files, *strangers):
            (organisation.data / name).unlink()
    assert files.keys() <= names(manifest)
    assert any(name.startswith("snapshots/0") for name in names(manifest))
    assert names(manifest).isdisjoint(strangers)
    assert all(map(archive.belongs, names(manifest)))


def test_progress_adds_up_to_the_whole_twice(
    organisation: Organisation, tmp_path: Path
) -> None:
    said: list[tuple[str, int, int]] = []
    progress = Progress(lambda *told: said.append(told))
    prepared = prepare(organisation)
    manifest = pack(organisation.data, prepared, tmp_path / "b", progress)
    total = sum(one.bytes for one in manifest.files)
    for what in ("packing", "checking"):
        steps = [(done, of) for name, done, of in said if name == what]
        assert steps[-1] == (total, total)
        assert steps == sorted(steps)


def test_a_position_in_the_manifest_is_that_of_the_ledger(
    organisation: Organisation, tmp_path: Path
) -> None:
    organisation.pipeline.drain()
    manifest = whole(organisation, tmp_path / "b")
    assert Position(*manifest.position) == organisation.ledger.position()


@pytest.fixture
def made(organisation: Organisation, tmp_path: Path) -> Path:
    target = tmp_path / "made.backup"
    whole(organisation, target)
    return target


def test_restoring_into_nothing_or_an_empty_folder(made: Path, tmp_path: Path) -> None:
    for name in ("new", "empty", "deep/below"):
        data = tmp_path / name
        if name == "empty":
            data.mkdir()
        unpack(made, data, QUIET)
        assert (data / "ledger.duckdb").exists()
        assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_nothing_is_ever_restored_over_something(
    made: Path, tmp_path: Path, kind: str
) -> None:
    data = tmp_path / "data"
    if kind == "file":
        data.write_text("mine")
    else:
        data.mkdir()
        (data / "mine").write_text("mine")
    with pytest.raises(Conflict, match="not empty; restore into a new directory"):
        unpack(made, data, QUIET)
    assert (data if kind == "file" else data / "mine").read_text() == "mine"


def test_what_an_earlier_try_left_is_not_mixed_in(made: Path, tmp_path: Path) -> None:
    part = tmp_path / ".data.restoring"
    part.mkdir()
    (part / "stale").write_text("stale")
    unpack(made, tmp_path / "data", QUIET)
    assert not part.exists()
    assert not (tmp_path / "data" / "stale").exists()


@pytest.mark.parametrize("keep", [0, 1000, 0.5, 0.9])
def test_a_cut_backup_leaves_no_directory(
    made: Path, tmp_path: Path, keep: float
) -> None:
    content = made.read_bytes()
    size = int(keep * len(content)) if keep < 1 else int(keep)
    made.write_bytes(content[:size])
    with pytest.raises(MileageError):
        unpack(made, tmp_path / "data", QUIET)
    assert sorted(path.name for path in tmp_path.iterdir()) == [made.name]


def test_an_altered_byte_of_the_ledger_is_found(made: Path, tmp_path: Path) -> None:
    content = bytearray(made.read_bytes())
    content[len(content) // 2] ^= 1
    made.write_bytes(content)
    with pytest.raises(Invalid, match="Nothing of it was used"):
        unpack(made, tmp_path / "data", QUIET)
    assert not (tmp_path / "data").exists()


def test_a_prepared_copy_travels_between_processes() -> None:
    # The owner hands it to the command as plain values.
    prepared = Prepared((3, 4), {"durable": 5}, {"segments/00000003.seg": 6})
    assert Prepared(*prepared) == prepared


def test_links_are_refused_as_any_disk_refuses(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    # There is something to link, however fast it comes into the ledger.
    monkeypatch.setattr(organisation.pipeline.segments, "remove_before", lambda _: None)
    bring(organisation, "still-in-its-segment")
    monkeypatch.setattr(os, "link", refused)
    with pytest.raises(Unavailable, match="Operation not permitted"):
        prepare(organisation)
    bring(organisation, "still-taken-in")
