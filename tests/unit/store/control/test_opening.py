from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mileage.domain.errors import Invalid, NewerData, Unavailable
from mileage.store.control import open_control
from mileage.store.control.database import Database
from mileage.store.control.opening import HEAD, MIGRATIONS, REVISIONS
from mileage.store.control.schema import ACCOUNT, IDENTITY, METADATA

# Written by revision 0001 of this project, with one row of most tables; made-up names.
VERSION_1 = Path(__file__).parents[3] / "golden" / "control" / "version-1.sqlite"
ANA = "acc_aaaaaaaaaaaaaaaa"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def shape(path):
    """Every table, index and trigger, as SQLite describes it."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT type, name, sql FROM sqlite_master"
        ).fetchall()
    connection.close()
    return sorted(rows, key=lambda row: row[:2])


def version(path):
    with sqlite3.connect(path) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version")
    connection.close()
    return found[0]


def change(path, statement):
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


@pytest.fixture
def version_1(path):
    path.parent.mkdir()
    shutil.copy(VERSION_1, path)
    return path


def test_file_and_directory_are_the_owners_alone_whatever_the_umask(path, clock):
    before = os.umask(0)
    try:
        with open_control(path, clock=clock) as control:
            control.ensure_account("ana@x.example")
            beside = sorted(file.name for file in path.parent.iterdir())
            modes = {mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert mode(path.parent) == 0o700
    assert beside == ["control.sqlite", "control.sqlite-shm", "control.sqlite-wal"]
    assert modes == {0o600}


def test_a_file_that_others_can_read_is_closed_to_them(path, clock):
    open_control(path, clock=clock).dispose()
    path.chmod(0o664)
    open_control(path, clock=clock).dispose()
    assert mode(path) == 0o600


def test_a_new_file_is_at_the_newest_version_and_in_wal_mode(path, clock):
    open_control(path, clock=clock).dispose()
    assert version(path) == HEAD
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_connections_check_foreign_keys_and_sync_every_commit(control):
    with control._database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragmas == {"foreign_keys": 1, "synchronous": 2, "busy_timeout": 15_000}


def test_migrations_lead_to_the_schema_that_the_code_uses(path, clock):
    open_control(path, clock=clock).dispose()
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, METADATA)
    engine.dispose()
    assert differences == []


def test_the_list_of_revisions_is_the_folder_of_revisions():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    walked = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(walked)) == REVISIONS


def test_every_revision_is_forward_only():
    folder = MIGRATIONS / "versions"
    assert not [
        file.name
        for file in folder.glob("v*.py")
        if "def downgrade" in file.read_text()
    ]


def test_the_stored_version_1_file_is_one():
    assert version(VERSION_1) == "0001"


def test_a_version_1_file_keeps_everything_on_its_way_to_the_newest(version_1, clock):
    with open_control(version_1, clock=clock) as control:
        assert control.account(ANA).email == "ana@x.example"
        assert [one.team for one in control.memberships()] == ["Core", "Edge"]
        assert control.credential("mlg_p_" + "a" * 43).account_id == ANA
        viewer = control.key_viewer("mlg_k_" + "a" * 43)
        assert viewer is not None
        assert viewer.account_id == ANA
        assert [row.purpose for row in control.access_rows()] == ["operations"]
        assert control.project_key() == bytes(range(32))
    assert version(version_1) == HEAD


def test_an_upgraded_file_has_the_shape_of_a_new_one(version_1, tmp_path, clock):
    fresh = tmp_path / "fresh" / "control.sqlite"
    for path in (version_1, fresh):
        open_control(path, clock=clock).dispose()
    assert shape(version_1) == shape(fresh)


def test_a_migration_that_fails_leaves_the_file_as_it_was(version_1, clock):
    # The second index of revision 0002 is in the way, its first is not.
    change(version_1, "CREATE INDEX access_row_subject ON access_row (at)")
    before = shape(version_1)
    with pytest.raises(Unavailable, match="already exists"):
        open_control(version_1, clock=clock)
    assert version(version_1) == "0001"
    assert shape(version_1) == before


def test_whoever_comes_second_finds_the_migration_done(version_1, clock, monkeypatch):
    def faster(database):
        monkeypatch.undo()
        open_control(database.path, clock=clock).dispose()

    monkeypatch.setattr(Database, "switch_to_wal", faster)
    with open_control(version_1, clock=clock) as control:
        assert control.account(ANA).name == "Ana"
    assert version(version_1) == HEAD


def test_a_newer_version_that_migrates_meanwhile_is_noticed(
    version_1, clock, monkeypatch
):
    def newer(database):
        change(database.path, "UPDATE alembic_version SET version_num = '0999'")

    monkeypatch.setattr(Database, "switch_to_wal", newer)
    with pytest.raises(NewerData):
        open_control(version_1, clock=clock)
    assert version(version_1) == "0999"


def test_data_of_a_newer_version_is_refused_and_left_alone(path, clock):
    open_control(path, clock=clock).dispose()
    change(path, "UPDATE alembic_version SET version_num = '0999'")
    before = path.read_bytes()
    with pytest.raises(NewerData) as refusal:
        open_control(path, clock=clock)
    assert str(path) in str(refusal.value)
    assert "0999" in str(refusal.value)
    assert "update Mileage" in str(refusal.value)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(path, clock):
    path.parent.mkdir()
    path.write_bytes(b"email,name\n" * 500)
    with pytest.raises(Invalid, match="not a control database"):
        open_control(path, clock=clock)
    assert path.read_bytes() == b"email,name\n" * 500


def test_a_directory_that_cannot_be_made_is_a_sentence(tmp_path, clock):
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="name another --data directory"):
        open_control(tmp_path / "file" / "control.sqlite", clock=clock)


def test_a_directory_in_place_of_the_file_is_a_sentence(path, clock):
    path.mkdir(parents=True)
    with pytest.raises(Unavailable, match="cannot be used"):
        open_control(path, clock=clock)


def test_odd_characters_in_the_path_are_no_syntax(tmp_path, clock):
    path = tmp_path / "100% of?it#here" / "control.sqlite"
    open_control(path, clock=clock).dispose()
    assert [file.name for file in tmp_path.iterdir()] == ["100% of?it#here"]
    assert version(path) == HEAD


def test_odd_characters_in_the_path_of_the_package_are_no_syntax(
    path, clock, tmp_path, monkeypatch
):
    installed = tmp_path / "100%(here)s" / "migrations"
    shutil.copytree(MIGRATIONS, installed)
    monkeypatch.setattr("mileage.store.control.opening.MIGRATIONS", installed)
    open_control(path, clock=clock).dispose()
    assert version(path) == HEAD


def test_an_empty_file_left_by_a_crash_is_filled(path, clock):
    path.parent.mkdir()
    path.touch()
    open_control(path, clock=clock).dispose()
    assert version(path) == HEAD


def test_a_full_disk_is_unavailable_and_nothing_is_half_written(control):
    with control._database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def full(connection, _record, _proxy):
        connection.execute(f"PRAGMA max_page_count = {pages}")

    sqlalchemy.event.listen(control._database._engine, "checkout", full)
    names = [f"person-{number}@x.example" for number in range(500)]
    with pytest.raises(Unavailable, match="full"):
        list(map(control.ensure_account, names))
    with control._database.reading() as connection:
        accounts, identities = (
            len(connection.execute(sqlalchemy.select(table)).all())
            for table in (ACCOUNT, IDENTITY)
        )
    assert 0 < accounts == identities < len(names)


def test_opening_again_does_not_import_the_migration_tool(path, clock):
    open_control(path, clock=clock).dispose()
    code = (
        "import sys; from pathlib import Path\n"
        "from mileage.store.control import open_control\n"
        "open_control(Path(sys.argv[1]), clock=lambda: 1).dispose()\n"
        "print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
