"""What is found, what of it is new, and what stays behind."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest

from mileage.domain.errors import Unavailable
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest import push_reading
from mileage.ingest.projects import digest, folder_digest, is_digest
from mileage.ingest.push_format import MOST_ROWS
from mileage.ingest.push_marks import NEVER_READ, Signature
from mileage.ingest.push_reading import BODY_ROWS, Places
from mileage.sources.claude_code_log import SOURCE as CLAUDE
from mileage.sources.droid_session import SOURCE as DROID
from mileage.sources.jsonl import INCOMPLETE
from tests.denying import as_nobody, shared_folder
from tests.pushes import SOURCES, Ledger, Machine
from tests.session_logs import MARKER, answer, said, uses_tool, write_log
from tests.witnesses import witness


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path, Ledger())


def rows(machine):
    return [
        row for push in machine.ledger.pushes for row in push.reading.witnesses.rows()
    ]


# -------------------------------------------------------------------------- finding


def test_every_log_is_found_once(machine):
    machine.claude("a.jsonl", 1)
    machine.codex("b", 2)
    places = Places(SOURCES, (machine.home, machine.home), {})
    found = list(places.logs())
    assert [one.source.traits.name for one in found] == [
        "claude_code_log",
        "codex_rollout",
    ]
    assert len({one.name for one in found}) == 2
    assert all(len(one.name) == 16 for one in found)


def test_a_log_that_vanishes_meanwhile_is_no_trouble(machine, monkeypatch):
    machine.claude("a.jsonl", 1)

    def vanished(*_):
        raise FileNotFoundError

    monkeypatch.setattr("mileage.ingest.push_reading._signature", vanished)
    assert list(machine.places().logs()) == []


def signature(machine):
    (found,) = machine.places().logs()
    return found.signature


def test_a_signature_changes_with_the_log(machine):
    path = machine.claude("a.jsonl", 1)
    first = signature(machine)
    assert first == signature(machine)
    os.utime(path, ns=(1, 1))
    touched = signature(machine)
    assert touched == first._replace(modified=1)
    path.write_bytes(path.read_bytes() + b"{}\n")
    assert signature(machine).size == first.size + 3
    copy = path.with_suffix(".new")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)
    assert signature(machine).inode != first.inode


class Database:
    """A source of databases."""

    traits = CLAUDE.traits

    def roots(self, home, environ):
        return [home]

    def patterns(self):
        return ("*.db",)

    def read_file(self, path, place, *, activity=True):
        with sqlite3.connect(path) as connection:
            keys = connection.execute("select a from t").fetchall()
        connection.close()
        rows = [witness(key=f"row-{key}", link="") for (key,) in keys]
        yield Reading(WitnessBatch.of(rows))


def test_a_database_changes_with_what_lies_beside_it(tmp_path):
    """In this mode SQLite writes beside the file, which stays as it was for long."""
    path = tmp_path / "agent.db"
    places = Places((Database(),), (tmp_path,), {})

    def now():
        (found,) = places.logs()
        return found.signature

    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table t (a)")
        connection.commit()
        before = now()
        connection.execute("insert into t values (1)")
        connection.commit()
        after = now()
    connection.close()
    assert before != after
    assert isinstance(after, Signature)
    assert before[:3] == after[:3]


def test_rows_of_a_database_are_sent_as_they_come(machine, monkeypatch):
    path = machine.home / "agent.db"
    places = Places((Database(),), (machine.home,), {})
    monkeypatch.setattr(machine, "places", lambda: places)
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table t (a)")
        connection.execute("insert into t values (1), (2)")
        connection.commit()
        assert machine.run().witnesses == 2
        # It is still open: the new row is beside the file, not in it.
        connection.execute("insert into t values (3)")
        connection.commit()
        assert machine.run().witnesses == 1
        assert machine.run().logs == 0
    connection.close()
    assert machine.ledger.keys == {"row-1", "row-2", "row-3"}


# ---------------------------------------------------------------------- what is new


def test_only_new_rows_of_a_log_are_sent(machine):
    path = machine.claude("a.jsonl", *range(20))
    machine.run()
    assert machine.ledger.came == 20
    path.write_bytes(path.read_bytes() + answer("msg_20", requestId="req_20"))
    outcome = machine.run()
    assert (outcome.logs, outcome.witnesses, machine.ledger.came) == (1, 1, 21)
    os.utime(path)
    outcome = machine.run()
    assert (outcome.logs, outcome.witnesses, machine.ledger.came) == (1, 0, 21)
    assert machine.run().logs == 0


def test_copies_within_a_log_are_sent_once(machine):
    machine.claude("a.jsonl", 1, 2, 1, 2, 3)
    machine.run()
    assert machine.ledger.keys == {"msg_1", "msg_2", "msg_3"}
    assert machine.ledger.came == 3


def test_a_count_that_grew_is_a_new_row(machine):
    path = machine.claude("a.jsonl", 1)
    machine.run()
    path.write_bytes(answer("msg_1", requestId="req_1"))
    machine.run()
    ((_, seen),) = machine.ledger.witnesses.items()
    assert len(seen) == 2


def test_a_log_without_usage_is_not_read_again(machine):
    path = machine.home / ".claude" / "projects" / "p"
    write_log(path, "empty.jsonl")
    assert machine.run().logs == 1
    assert machine.run().logs == 0
    assert machine.ledger.pushes == []


def test_activity_goes_along(machine):
    path = machine.home / ".claude" / "projects" / "p"
    write_log(path, "a.jsonl", said("words"), answer(), uses_tool("Edit"))
    outcome = machine.run()
    assert outcome.activities >= 1
    assert {one.kind for one in machine.ledger.activities} >= {"prompt"}
    assert MARKER not in str(machine.ledger.pushes)


def test_what_is_ignored_is_counted_once(machine):
    path = machine.home / ".claude" / "projects" / "p"
    noise = b'{"type":"system"}\n'
    file = write_log(path, "a.jsonl", noise, noise)
    machine.run()
    before = machine.ledger.ignored
    assert before >= 2
    file.write_bytes(noise * 3)
    machine.run()
    assert machine.ledger.ignored == before + 1
    os.utime(file)
    machine.run()
    assert machine.ledger.ignored == before + 1


def test_what_cannot_be_read_is_said_once_without_the_name(machine):
    path = machine.home / ".claude" / "projects" / "p"
    bad = answer("msg_1")[:-30] + b"\n"
    file = write_log(path, "my-own-name.jsonl", bad, answer("msg_2"))
    machine.run()
    (one,) = machine.ledger.rejected
    assert one.place.startswith("log-")
    assert one.place.endswith(":1")
    assert "my-own-name" not in str(machine.ledger.pushes)
    file.write_bytes(bad + answer("msg_2") + bad)
    machine.run()
    assert [one.place.rsplit(":")[-1] for one in machine.ledger.rejected] == ["1", "3"]


def test_half_a_line_is_said_when_it_stays_so(machine):
    log = machine.claude("a.jsonl", 1, 2)
    whole = log.read_bytes()
    log.write_bytes(whole[:-30])
    machine.run()
    assert machine.ledger.keys == {"msg_1"}
    log.write_bytes(whole)
    machine.run()
    assert machine.ledger.keys == {"msg_1", "msg_2"}
    log.write_bytes(whole + whole[:-30])
    for told in ([], [INCOMPLETE], [INCOMPLETE]):
        machine.run()
        assert [one.reason for one in machine.ledger.rejected] == told


def test_a_log_that_may_not_be_read_is_said(machine, monkeypatch):
    path = machine.claude("a.jsonl", 1)
    path.unlink()
    os.mkfifo(path)
    machine.run()
    (one,) = machine.ledger.rejected
    assert "not a regular file" in one.reason


def test_a_log_that_may_not_be_read_yet_is_read_when_it_may(machine):
    machine.claude("a.jsonl", 1)
    # All that is needed is imported now: nobody in particular may not import it.
    machine.run()
    with shared_folder() as folder:
        other = Machine(folder, Ledger())
        path = other.claude("a.jsonl", 1, 2)
        other.codex("b", 3)
        with as_nobody(folder):
            path.chmod(0)
            assert (other.run().logs, other.ledger.keys) == (1, {"resp_3"})
            assert (other.run().logs, other.ledger.keys) == (0, {"resp_3"})
            (one,) = other.ledger.rejected
            assert one.reason == "unreadable: Permission denied"
            path.chmod(0o600)
            assert (other.run().logs, len(other.ledger.keys)) == (1, 3)
            assert other.run().logs == 0


def test_a_session_changes_with_the_transcript_beside_its_settings(tmp_path):
    folder = tmp_path / ".factory" / "sessions" / "-home-ada"
    folder.mkdir(parents=True)
    (folder / "one.settings.json").write_text("{}")
    transcript = folder / "one.jsonl"
    transcript.write_text("{}\n")
    places = Places((DROID,), (tmp_path,), {})
    (before,) = places.logs()
    os.utime(transcript, ns=(1, 1))
    (after,) = places.logs()
    assert after.signature[:3] == before.signature[:3]
    assert after.signature.beside != before.signature.beside


def test_a_disk_that_does_not_answer_is_no_log_that_vanished(machine, monkeypatch):
    path = str(machine.claude("a.jsonl", 1))
    stat = os.stat

    def failing(asked, *args, **options):
        if asked == path:
            raise OSError(errno.EIO, "Input/output error")
        return stat(asked, *args, **options)

    (found,) = machine.places().logs()
    monkeypatch.setattr(os, "stat", failing)
    assert push_reading._signature(found.file) == NEVER_READ


@pytest.mark.parametrize("decodes", [False, True])
def test_a_compressed_log_changes_once_python_can_read_it(
    machine, monkeypatch, decodes
):
    monkeypatch.setattr(push_reading, "DECODES_ZSTD", decodes)
    machine.codex("b", 3).rename(machine.home / ".codex/sessions/rollout-b.jsonl.zst")
    assert signature(machine).beside == decodes


# ----------------------------------------------------------------- what stays behind


def repository(machine, url):
    folder = machine.folder / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {url}\n')
    return folder


def test_a_repository_is_the_same_digest_everywhere(machine):
    folder = repository(machine, "git@git.example.com:team/app.git")
    machine.claude("a.jsonl", 1, project=str(folder / "src"))
    machine.run()
    assert {row.project for row in rows(machine)} == {
        digest("git.example.com/team/app")
    }


def test_a_folder_is_a_digest_that_only_its_machine_can_make(machine):
    machine.claude("a.jsonl", 1, project="/home/alice/secret-plan")
    with machine as collector:
        collector.run()
        key = machine.collector._reader._state.folder_key
    (row,) = rows(machine)
    assert row.project == folder_digest("/home/alice/secret-plan", key)
    assert is_digest(row.project)
    assert row.project != folder_digest("/home/alice/secret-plan", b"another")


def test_no_project_is_no_digest(machine):
    path = machine.home / ".claude" / "projects" / "p"
    write_log(path, "a.jsonl", answer(cwd=None))
    machine.run()
    assert [row.project for row in rows(machine)] == [""]


@pytest.mark.parametrize("identity", ["", "alice@example.com"])
def test_whose_it_is_stands_in_the_rows_of_a_collector(tmp_path, identity):
    machine = Machine(tmp_path, Ledger(), identity)
    path = machine.home / ".claude" / "projects" / "p"
    write_log(path, "a.jsonl", said("words"), answer())
    machine.run()
    assert {row.identity for row in rows(machine)} == {identity}
    assert {one.identity for one in machine.ledger.activities} == {identity}


def test_a_text_that_is_no_identifier_never_leaves(machine):
    path = machine.home / ".claude" / "projects" / "p"
    cwd = "secret\nplan"
    write_log(path, "a.jsonl", answer(sessionId=cwd, cwd=cwd), answer("msg_2"))
    machine.run()
    assert machine.ledger.keys == {"msg_2"}
    assert len(machine.ledger.rejected) == 1
    assert "secret" not in str(machine.ledger.pushes)


def test_a_clock_that_is_years_behind_refuses_nothing(machine):
    """The server knows the time; here a wrong clock must not cost a row."""
    path = machine.home / ".claude" / "projects" / "p"
    write_log(path, "a.jsonl", answer(timestamp="2099-01-01T00:00:00Z"))
    machine.run()
    assert machine.ledger.came == 1


# --------------------------------------------------------------------------- bodies


def test_bodies_are_of_bounded_size(machine):
    machine.claude("a.jsonl", *range(2 * BODY_ROWS + 500))
    machine.run()
    sizes = [len(push.reading.witnesses) for push in machine.ledger.pushes]
    assert sum(sizes) == 2 * BODY_ROWS + 500
    assert max(sizes) <= BODY_ROWS <= MOST_ROWS
    assert len(sizes) <= 6


def test_small_logs_share_a_body(machine):
    for number in range(30):
        machine.claude(f"{number}.jsonl", number)
        machine.codex(f"{number}", number)
    machine.run()
    assert [push.source for push in machine.ledger.pushes] == [
        "claude_code_log",
        "codex_rollout",
    ]
    assert {push.machine for push in machine.ledger.pushes} == {
        machine.ledger.pushes[0].machine
    }


def test_logs_whose_rows_could_not_be_spooled_are_read_again(machine, monkeypatch):
    machine.claude("a.jsonl", 1, 2)

    def refuse(*_):
        raise Unavailable("the disk refused the write")

    with machine as collector, monkeypatch.context() as patched:
        patched.setattr("mileage.ingest.spool.Spool.add", refuse)
        outcome = collector.run()
        assert "disk refused" in str(outcome.trouble)
        patched.undo()
        outcome = collector.run()
        assert (outcome.logs, outcome.witnesses) == (1, 2)
    assert machine.ledger.came == 2
