"""The whole command line, as a shell sees it: exit codes, streams, sentences."""

from __future__ import annotations

import sqlite3

import pytest

from mileage import cli

HEADER = "email,name,department,team,manager"


class Shell:
    """Runs ``mileage`` in this process and keeps what it said."""

    def __init__(self, capsys, monkeypatch, data):
        self.capsys, self.monkeypatch, self.data = capsys, monkeypatch, data

    def __call__(self, *words):
        arguments = ["mileage", *words, "--data", str(self.data)]
        self.monkeypatch.setattr("sys.argv", arguments)
        self.code = 0
        try:
            cli.main()
        except SystemExit as end:
            self.code = end.code or 0
        said = self.capsys.readouterr()
        self.out, self.err = said.out, said.err
        return self.code


@pytest.fixture
def shell(capsys, monkeypatch, tmp_path):
    return Shell(capsys, monkeypatch, tmp_path / "data")


@pytest.fixture
def people(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\nana@x.example,Ana,Eng,Core,\n")
    return file


def test_a_new_organisation_in_three_commands(shell, people):
    assert shell("people", "import", str(people)) == 0
    assert shell.out == "people: 1 added, 0 changed, 0 unchanged\n"
    assert shell("token", "create", "--account", "ana@x.example") == 0
    assert shell.out.startswith("mlg_p_")
    assert shell.out.count("\n") == 1
    assert shell("key", "create", "--account", "ana@x.example", "--scope", "read") == 0
    assert shell.out.startswith("mlg_k_")
    assert shell.out.count("\n") == 1


def test_a_credential_before_the_directory(shell, people):
    assert shell("token", "create", "--account", "ana@x.example") == 0
    assert "was unknown" in shell.err
    assert shell("people", "import", str(people)) == 0
    assert "1 of them had used tokens before they were known" in shell.out
    assert shell("token", "list") == 0
    assert " Ana " in shell.out


def test_a_bad_file_is_bad_usage_and_changes_nothing(shell, people):
    people.write_text(f"{HEADER}\nana,Ana,Eng,Core,\n")
    assert shell("people", "import", str(people)) == 2
    assert shell.out == ""
    row, summary = shell.err.splitlines()
    assert row.startswith(f"{people}:2: email 'ana' is not an address: ")
    assert summary.startswith("mileage: nothing was imported")
    assert not shell.data.exists()


def test_an_unknown_id_is_bad_usage(shell):
    shell.data.mkdir()
    assert shell("token", "revoke", "tok_nothing") == 2
    assert shell.err == ("mileage: there is no tok_nothing: see 'mileage token list'\n")


@pytest.mark.parametrize(
    "words", [("token", "create"), ("key", "create"), ("token", "x")]
)
def test_bad_usage_says_how(shell, words):
    shell.data.mkdir()
    assert shell(*words) == 2
    assert shell.out == ""
    assert "Usage:" in shell.err


def test_data_of_a_newer_version_is_a_sentence(shell):
    shell.data.mkdir()
    shell("token", "list")
    with sqlite3.connect(shell.data / "control.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert shell("token", "list") == 4
    assert shell.err.startswith("mileage: ")
    assert "newer version of Mileage" in shell.err
    assert "Traceback" not in shell.err


def test_a_broken_file_is_a_sentence(shell):
    shell.data.mkdir()
    (shell.data / "control.sqlite").write_bytes(b"\xff" * 4096)
    assert shell("key", "list") == 2
    assert "not a control database" in shell.err


def test_a_directory_of_somebody_else_is_a_sentence(shell, monkeypatch):
    shell.data.mkdir()

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    assert shell("token", "list") == 4
    assert "Permission denied" in shell.err
    assert "see who owns that directory" in shell.err


@pytest.mark.parametrize(
    "words",
    [("board",), ("verify",), ("doctor",), ("token", "list"), ("audit", "list")],
)
def test_a_mistyped_directory_is_no_good_news(shell, words):
    """Nor is one made, which would be taken for the organisation's next time."""
    assert shell(*words) == 2
    assert shell.out == ""
    assert shell.err.startswith(f"mileage: there is no data directory {shell.data}: ")
    assert "mileage serve" in shell.err
    assert not shell.data.exists()


@pytest.mark.parametrize("words", [("doctor",), ("verify",), ("token", "list")])
def test_a_folder_with_other_things_in_it_is_no_data_directory(shell, words):
    shell.data.mkdir()
    # The second is where `mileage me` keeps its index, in the platform's folder.
    names = {"thesis.tex", "personal"}
    for name in sorted(names):
        (shell.data / name).write_text("mine")
        assert shell(*words) == 2
        assert shell.err.startswith(
            f"mileage: there is no data directory {shell.data}: "
        )
    assert {one.name for one in shell.data.iterdir()} == names


def test_the_secret_never_comes_back(shell):
    shell("token", "create", "--collector", "gate")
    secret = shell.out.strip()
    for words in (("token", "list"), ("token", "list", "--json"), ("key", "list")):
        assert shell(*words) == 0
        assert secret[6:] not in shell.out + shell.err
