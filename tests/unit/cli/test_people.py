from __future__ import annotations

import json
import stat
from datetime import date

import pytest
from click.testing import CliRunner

from mileage.cli.options import control_in
from mileage.cli.people import command
from mileage.domain.errors import Invalid

HEADER = "email,name,department,team,manager"
ANA = "ana@x.example,Ana,Engineering,Core,bo@x.example"
BO = "bo@x.example,Bo,Engineering,Core,"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def run(tmp_path, data):
    """Import lines as a file; returns click's result."""

    def run(*lines, options=(), header=HEADER):
        file = tmp_path / "people.csv"
        file.write_text("\n".join((header, *lines)), "utf-8")
        arguments = ["import", str(file), "--data", str(data), *options]
        return CliRunner().invoke(command, arguments)

    return run


def names(data):
    with control_in(data) as control:
        return [account.name for account in control.accounts()]


def test_people_are_imported_and_counted(run, data):
    result = run(ANA, BO)
    assert result.exit_code == 0
    assert result.stdout == "people: 2 added, 0 changed, 0 unchanged\n"
    assert result.stderr == ""
    assert names(data) == ["Ana", "Bo"]


def test_the_data_directory_is_the_owners_alone(run, data):
    run(ANA)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "control.sqlite").stat().st_mode) == 0o600


def test_importing_again_changes_nothing(run):
    run(ANA, BO)
    assert run(ANA, BO).stdout == "people: 0 added, 0 changed, 2 unchanged\n"


def test_a_move_is_a_change(run, data):
    run(ANA, BO)
    moved = ANA.replace("Core", "Edge")
    assert run(moved, BO).stdout == "people: 0 added, 1 changed, 1 unchanged\n"
    with control_in(data) as control:
        teams = {one.team for one in control.membership_at(date(2026, 1, 1)).values()}
    assert teams == {"Edge", "Core"}


def test_usage_before_its_owner_was_known_is_claimed(run, data):
    with control_in(data) as control:
        account_id = control.ensure_account("ANA@x.example")
    assert run(ANA).stdout == (
        "people: 0 added, 1 changed, 0 unchanged\n"
        "1 of them had used tokens before they were known\n"
    )
    with control_in(data) as control:
        assert control.account(account_id).name == "Ana"


def test_one_bad_row_keeps_everything_out(run, data, tmp_path):
    result = run(ANA, "bo,Bo,Engineering,Core,")
    assert isinstance(result.exception, Invalid)
    assert "nothing was imported: 1 bad and 1 good rows" in str(result.exception)
    assert "--skip-bad" in str(result.exception)
    assert result.stderr == (
        f"{tmp_path}/people.csv:3: email 'bo' is not an address: "
        "write one, as in ana@x.org\n"
    )
    assert not data.exists()


def test_good_rows_are_imported_when_asked(run, data):
    result = run(ANA, "bo,Bo,Engineering,Core,", options=["--skip-bad"])
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "1 added, 0 changed, 0 unchanged\n1 bad rows skipped\n"
    )
    assert "people.csv:3: email 'bo'" in result.stderr
    assert names(data) == ["Ana"]


@pytest.mark.parametrize("options", [[], ["--skip-bad"]])
def test_a_file_without_good_rows_is_an_error(run, data, options):
    result = run("bo,Bo,,,", options=options)
    assert isinstance(result.exception, Invalid)
    assert not data.exists()


def test_a_file_that_names_nobody_is_an_error(run, data):
    result = run()
    assert isinstance(result.exception, Invalid)
    assert "names nobody" in str(result.exception)
    assert not data.exists()


def test_a_wrong_header_is_an_error_even_with_skip_bad(run):
    result = run(ANA, header="mail,name", options=["--skip-bad"])
    assert isinstance(result.exception, Invalid)
    assert "people.csv:1: the header has no column email" in result.stderr


def test_columns_without_a_meaning_are_said(run):
    result = run(f"{ANA},7", header=f"{HEADER},desk")
    assert result.exit_code == 0
    assert result.stderr == "ignored the columns that mean nothing here: desk\n"


def test_json(run):
    result = run(ANA, "bo,Bo,,,", options=["--json", "--skip-bad"])
    assert json.loads(result.stdout) == {
        "added": 1,
        "changed": 0,
        "unchanged": 0,
        "claimed": 0,
        "bad_rows": 1,
    }


def test_a_missing_file_is_bad_usage(data):
    result = CliRunner().invoke(command, ["import", "nowhere.csv", "--data", str(data)])
    assert result.exit_code == 2
    assert "nowhere.csv" in result.stderr


def test_a_file_that_cannot_be_read_is_a_sentence(run, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    result = run(ANA)
    assert isinstance(result.exception, Invalid)
    assert str(result.exception).endswith("cannot be read: Permission denied")


def test_a_file_in_place_of_the_directory_is_bad_usage(run, data):
    data.write_text("")
    result = run(ANA)
    assert result.exit_code == 2
    assert "is a file" in result.stderr


def test_the_directory_may_come_from_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\n{ANA}\n")
    monkeypatch.setenv("MILEAGE_DATA", str(tmp_path / "elsewhere"))
    assert CliRunner().invoke(command, ["import", str(file)]).exit_code == 0
    assert names(tmp_path / "elsewhere") == ["Ana"]


def test_the_directory_is_the_platforms_by_default(tmp_path, monkeypatch):
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\n{ANA}\n")
    monkeypatch.delenv("MILEAGE_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        "platformdirs.user_data_dir", lambda name, **_: str(tmp_path / "home" / name)
    )
    assert CliRunner().invoke(command, ["import", str(file)]).exit_code == 0
    assert names(tmp_path / "home" / "mileage") == ["Ana"]


def test_help_shows_the_columns():
    shown = CliRunner().invoke(command, ["import", "--help"]).stdout
    assert HEADER in shown
    for word in ("contractor", "role", "from, until", "--skip-bad", "$MILEAGE_DATA"):
        assert word in shown
    assert "\b" not in shown
