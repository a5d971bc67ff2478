"""``mileage me unreadable``: which lines and why, never what stands there."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from mileage.cli.me import command
from tests.denying import kept_from, shared_folder
from tests.session_logs import (
    MARKER,
    answer,
    meta,
    record,
    tokens,
    turn,
    write_log,
)

CLAUDE = ".claude/projects/-repo/one.jsonl"
CODEX = ".codex/sessions/2026/11/20/rollout-1.jsonl"
CHAT = ".local/share/amp/threads/T-1.json"
BROKEN = b'{"said": "' + MARKER.encode() + b'", \n'


@pytest.fixture(autouse=True)
def _own_index(tmp_path, monkeypatch):
    monkeypatch.setenv("MILEAGE_INDEX", str(tmp_path / "index"))


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    write_log(folder, CLAUDE, answer("a"), BROKEN, answer("b", seconds=1), b'{"cut')
    write_log(folder, CODEX, meta(), turn(), BROKEN, record("resp_1", tokens(9, 4, 1)))
    (folder / CHAT).parent.mkdir(parents=True)
    (folder / CHAT).write_bytes(BROKEN)
    return folder


def asked(home, *words):
    done = CliRunner().invoke(command, ["--home", str(home), "--tz", "UTC", *words])
    assert done.exit_code == 0, done.output
    return done.output


def rows(home):
    found = json.loads(asked(home, "unreadable", "--json"))
    return {(one["source"], one["place"]): one["reason"] for one in found["rows"]}


def counted(home):
    found = json.loads(asked(home, "--json"))
    return {one["source"]: one["rejected"] for one in found["sources"]}


def test_each_line_is_named_with_its_reason(home):
    said = asked(home, "unreadable")
    assert f"{home / CLAUDE}:2: not JSON\n" in said
    assert f"{home / CLAUDE}:4: incomplete last line\n" in said
    assert f"{home / CODEX}:3: not JSON\n" in said
    assert f"{home / CHAT}" in said
    assert "It may write a form that is new to us." in said


def test_it_is_as_many_as_the_report_counts_and_the_report_leads_there(home):
    said = asked(home)
    assert "could not be read (`mileage me unreadable` says which)" in said
    for _ in range(2):
        found = rows(home)
        for source, rejected in counted(home).items():
            assert sum(name == source for name, _ in found) == rejected
    assert len(found) == 4
    with (home / CLAUDE).open("ab") as stream:
        stream.write(b"\n" + BROKEN)
    assert sum(counted(home).values()) == len(rows(home)) == 5


def test_nothing_that_stands_there_is_printed(home):
    for words in ((), ("--json",)):
        assert MARKER not in asked(home, "unreadable", *words)


def test_where_all_can_be_read_that_is_said(tmp_path):
    write_log(tmp_path, CLAUDE, answer("a"))
    assert asked(tmp_path, "unreadable") == "Every line of your logs can be read.\n"
    assert "unreadable" not in asked(tmp_path)


def test_lines_of_deleted_logs_are_told_apart(home):
    asked(home)
    (home / CODEX).unlink()
    assert asked(home, "unreadable").endswith(
        "1 more line stood in logs that are deleted.\n"
    )
    assert json.loads(asked(home, "unreadable", "--json"))["deleted"] == 1
    (home / CLAUDE).unlink()
    (home / CHAT).unlink()
    said = asked(home, "unreadable")
    assert said.startswith("Every line of your logs can be read.\n4 more lines")


def test_without_an_index_every_log_is_looked_at(home, monkeypatch, tmp_path):
    file = tmp_path / "no folder"
    file.write_text("")
    monkeypatch.setenv("MILEAGE_INDEX", str(file))
    assert len(rows(home)) == 4


def test_what_may_not_be_looked_at_is_named_with_its_reason(monkeypatch):
    with shared_folder() as home:
        monkeypatch.setenv("MILEAGE_INDEX", str(home / "index"))
        write_log(home, CLAUDE, answer("a"))
        asked(home)
        with kept_from(home / CLAUDE):
            found = rows(home)
    ((place, reason),) = [(place, why) for (_, place), why in found.items()]
    assert place.endswith(CLAUDE)
    assert reason == "unreadable: Permission denied"


def test_an_odd_name_steers_no_terminal(home):
    folder = os.fsencode(home / ".claude/projects/p")
    os.makedirs(folder)  # noqa: PTH103 - a name of any bytes
    with open(folder + b"/\x1b[2J\xff.jsonl", "wb") as stream:  # noqa: PTH123
        stream.write(BROKEN)
    said = asked(home, "unreadable")
    assert "\x1b" not in said
    assert "p/\ufffd[2J\ufffd.jsonl:1: not JSON" in said
