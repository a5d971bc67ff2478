"""``mileage backup``, ``restore`` and ``retention``: what people read and get."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from mileage.cli import backup, restore, retention
from mileage.domain.errors import Conflict, Invalid, MileageError
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.record import Record
from mileage.wiring.operations import operations
from mileage.wiring.organisation import now
from tests.witnesses import DAY, OTLP, witness

if TYPE_CHECKING:
    from pathlib import Path

GATE = Credential("tok_gate", "", "gate")
POLICY = "[retention]\ncalls_days = 35\n"


def filled(data: Path, *ages: int) -> Path:
    """Make a data directory with one call of each age in days."""
    (data / "policy").mkdir(parents=True)
    (data / "policy" / "mileage.toml").write_text(POLICY)
    rows = [
        witness(OTLP, key=f"k{days}", link=f"k{days}", occurred_at=now() - days * DAY)
        for days in ages
    ]
    with operations(data) as owner:
        owner.take(Record(GATE, "otlp", Reading(WitnessBatch.of(rows))))
        owner.settle()
    return data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("keeping") / "data", 1, 2)


@pytest.fixture(scope="module")
def made(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("made") / "kept.backup"
    done = run(backup.command, "--data", data, "--to", file)
    assert done.exit_code == 0, done.output
    return file


def run(command: object, *words: object) -> Result:
    return CliRunner().invoke(command, list(map(str, words)))  # type: ignore[arg-type]


def test_a_backup_says_what_is_in_it(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.backup"
    done = run(backup.command, "--data", data, "--to", file)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{file}: ")
    assert "2 records taken in." in done.stdout
    assert "copying what changes" in done.stderr
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_gets_a_file_of_its_own_name(data: Path, tmp_path: Path) -> None:
    done = run(backup.command, "--data", data, "--to", tmp_path)
    (file,) = tmp_path.iterdir()
    assert done.stdout.startswith(f"{file}: ")
    assert file.name.startswith("mileage-")
    assert file.name.endswith("Z.backup")


def test_a_folder_that_is_named_as_one_is_made(data: Path, tmp_path: Path) -> None:
    """A file of that name would take its place, and the next night would fail."""
    folder = tmp_path / "backups"
    assert run(backup.command, "--data", data, "--to", f"{folder}/").exit_code == 0
    assert folder.stat().st_mode & 0o777 == 0o700
    (file,) = folder.iterdir()
    assert file.name.startswith("mileage-")
    below = run(backup.command, "--data", data, "--to", f"{file}/")
    assert below.exit_code == 2
    assert f"{file} is a file, no folder" in below.stderr


@pytest.mark.parametrize("name", ["kept.backup", "backups/"])
def test_a_folder_that_is_not_there_is_named(
    data: Path, tmp_path: Path, name: str
) -> None:
    done = run(backup.command, "--data", data, "--to", f"{tmp_path}/gone/{name}")
    assert done.exit_code == 2
    assert f"there is no folder {tmp_path}/gone: make it" in done.stderr
    assert not list(tmp_path.iterdir())


def test_one_record_is_no_records(tmp_path: Path) -> None:
    data = filled(tmp_path / "data", 1)
    done = run(backup.command, "--data", data, "--to", tmp_path / "one.backup")
    assert done.stdout.endswith(" files, 1 record taken in.\n")


def test_a_file_that_is_there_is_named_and_left(data: Path, made: Path) -> None:
    before = made.read_bytes()
    done = run(backup.command, "--data", data, "--to", made)
    assert done.exit_code == 2
    assert f"{made} is there already; name another file" in done.stderr
    assert made.read_bytes() == before


def test_a_backup_has_to_go_somewhere(data: Path) -> None:
    done = run(backup.command, "--data", data)
    assert done.exit_code == 2
    assert "--to" in done.stderr


def test_progress_is_said_now_and_then_and_not_for_every_block(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moments = iter([0.0, 0.5, 1.9, 2.0, 2.0, 3.0, 4.5, 4.5])
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    monkeypatch.setattr(backup, "time", clock)
    told = backup.progress().of("packing", 9_000_000)
    for _ in range(5):
        told(1_000_000)
    said = capsys.readouterr()
    assert said.err == "packing: 3 of 9 MB\npacking: 5 of 9 MB\n"
    assert said.out == ""


def test_what_is_restored_is_verified_and_named(made: Path, tmp_path: Path) -> None:
    data = tmp_path / "new"
    done = run(restore.command, "--data", data, made)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{data}: as it was at 2")
    assert done.stdout.endswith("2 records taken in.\n")
    for part in ("segments", "calls", "deletions"):
        assert f"checking {part} …" in done.stderr
    assert "wrong" not in done.stdout


def test_restoring_needs_a_backup_and_a_new_directory(
    made: Path, data: Path, tmp_path: Path
) -> None:
    missing = run(restore.command, "--data", tmp_path / "new", tmp_path / "missing")
    assert missing.exit_code == 2
    over = run(restore.command, "--data", data, made)
    assert isinstance(over.exception, Conflict)
    assert "is not empty; restore into a new directory" in str(over.exception)
    other = tmp_path / "other.txt"
    other.write_text("no backup at all")
    none = run(restore.command, "--data", tmp_path / "new", other)
    assert isinstance(none.exception, Invalid)
    assert not (tmp_path / "new").exists()


def test_fewer_records_than_the_backup_counted_is_a_finding(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mileage.wiring import backups  # noqa: PLC0415 - as the command does

    unpack = backups.unpack

    def promising(*given: object) -> object:
        manifest = unpack(*given)  # type: ignore[arg-type]
        return type(manifest)(
            *(
                {"durable": 7} if name == "counts" else getattr(manifest, name)
                for name in manifest.__struct_fields__
            )
        )

    monkeypatch.setattr(backups, "unpack", promising)
    done = run(restore.command, "--data", tmp_path / "new", made)
    assert done.exit_code == 1
    assert "wrong: 7 records were in the backup, 2 are here" in done.stdout


def test_tokens_are_in_a_backup_as_hashes_only(data: Path, tmp_path: Path) -> None:
    from mileage.cli.options import control_in  # noqa: PLC0415 - as commands do

    with control_in(data) as control:
        secret = control.create_token(collector="gate").secret
    file = tmp_path / "kept.backup"
    run(backup.command, "--data", data, "--to", file)
    assert secret.encode() not in file.read_bytes()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return filled(tmp_path / "old", 1, 50, 60)


def test_a_plan_says_what_would_go_and_deletes_nothing(old: Path) -> None:
    for _ in range(2):
        done = run(retention.command, "plan", "--data", old)
        assert done.stdout == "2 calls would go (retention.calls_days = 35)\n"


def test_what_goes_is_said_with_its_proof(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mileage.wiring.retaining.SETTLING_SECONDS", 0)
    (due,) = json.loads(run(retention.command, "plan", "--json", "--data", old).stdout)
    assert (due["kind"], due["rows"]) == ("calls", 2)
    done = run(retention.command, "apply", "--data", old)
    said, _, proof = done.stdout.strip().rpartition(" ")
    assert said == "2 calls deleted (retention.calls_days = 35):"
    assert len(proof) == 64
    assert run(retention.command, "apply", "--data", old).stdout == "Nothing was due.\n"
    assert run(retention.command, "plan", "--data", old).stdout == "Nothing is due.\n"
    again = run(retention.command, "apply", "--json", "--data", old)
    assert json.loads(again.stdout) == []


def test_what_went_before_a_backup_is_not_brought_back_by_it(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mileage.wiring.retaining.SETTLING_SECONDS", 0)
    run(retention.command, "apply", "--data", old)
    run(backup.command, "--data", old, "--to", tmp_path / "kept.backup")
    new = tmp_path / "new"
    done = run(restore.command, "--data", new, tmp_path / "kept.backup")
    assert done.exit_code == 0, done.output
    # The record of the deletion came along, and forbids what is older.
    at = now() - 50 * DAY
    row = witness(OTLP, key="k50", link="k50", occurred_at=at)
    with operations(new) as owner:
        owner.take(Record(GATE, "otlp", Reading(WitnessBatch.of([row]))))
        owner.settle()
        assert owner.check("deletions").problems == ()
        assert owner.retention_plan() == []


@pytest.mark.parametrize("words", [("plan",), ("apply",)])
def test_a_policy_that_is_wrong_deletes_nothing(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "mileage.toml").write_text("[retention]\ncalls_days = -1\n")
    done = run(retention.command, *words, "--data", tmp_path)
    assert isinstance(done.exception, MileageError)
    assert "calls_days" in str(done.exception)
