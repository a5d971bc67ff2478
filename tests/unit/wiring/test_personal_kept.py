"""What the index keeps although a file that is there does not, or not now, tell it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from functools import partial

import pytest

from mileage.ingest import local_file
from mileage.sources import opencode_store, tail
from mileage.sources.sqlite_rows import SqliteRows
from mileage.wiring import personal
from mileage.wiring.personal import Asking
from tests.asking import asked, calls, names_read
from tests.client_logs import assistant, database, fill, message_id, session, tokens
from tests.denying import as_nobody, shared_folder
from tests.session_logs import answer, count, meta, record, turn, usage, write_log
from tests.session_logs import tokens as codex_tokens

CLAUDE = ".claude/projects/-repo/one.jsonl"
CODEX = ".codex/sessions/2026/11/20/rollout-1.jsonl"
OPENCODE = ".local/share/opencode/opencode.db"


def rejected(found):
    return sum(one.rejected for one in found.sources)


def messages(name, *seconds, **fields):
    """Rows of assistants' messages of a session, a call each."""
    return [
        (message_id(second), f"ses_{name}", assistant(second, **fields))
        for second in seconds
    ]


def change(path, without="", **rows):
    """Delete a message, then add rows."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM message WHERE id = ?", (without,)).close()
        fill(connection, **rows)


def deleted(path, name):
    with closing(sqlite3.connect(path)) as connection:
        for statement in (
            "DELETE FROM message WHERE session_id = ?",
            "DELETE FROM session WHERE id = ?",
        ):
            connection.execute(statement, (f"ses_{name}",)).close()
        connection.commit()


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def asking(home, tmp_path):
    return Asking([home], {}, tmp_path / "index" / "me.sqlite")


@pytest.fixture
def store(home):
    """A database of two sessions, of two calls and of one."""
    return database(
        home / OPENCODE,
        session=[session("ses_a"), session("ses_b")],
        message=[*messages("a", 1, 2), *messages("b", 3)],
    )


@pytest.fixture
def read(monkeypatch):
    """The files that are read."""
    return names_read(monkeypatch)


# ------------------------------------------------------------- what cannot be read


@pytest.fixture
def closed(asking, home, store):
    """Somebody whom the system keeps from files: a home of two logs and a database."""
    write_log(home, CLAUDE, answer("a"), b"{\n")
    write_log(home, CODEX, meta(), turn(), record("resp_1", codex_tokens(9)))
    # What reads is imported here, because nobody in particular may not import it.
    asked(asking)
    asked(asking._replace(file=None))
    with shared_folder() as folder:
        mine = folder / "home"
        write_log(mine, CLAUDE, answer("a"), b"{\n")
        write_log(mine, CODEX, meta(), turn(), record("resp_1", codex_tokens(9)))
        database(mine / OPENCODE, message=messages("1", 1, 2))
        with as_nobody(folder):
            yield Asking([mine], {}, folder / "index" / "me.sqlite")


def modes(asking, mode, *names):
    for name in names or (CLAUDE, CODEX, OPENCODE):
        (asking.homes[0] / name).chmod(mode)


def test_what_may_be_read_only_later_counts_then(closed):
    modes(closed, 0)
    found = asked(closed)
    assert (calls(found), rejected(found)) == (0, 3)
    assert calls(asked(closed)) == 0
    modes(closed, 0o600)
    found = asked(closed)
    assert (calls(found), rejected(found)) == (4, 1)


def test_what_was_read_counts_while_it_cannot_be_read(closed):
    assert calls(asked(closed)) == 4
    for name in (CLAUDE, CODEX, OPENCODE):
        os.utime(closed.homes[0] / name, (1, 1))
    modes(closed, 0)
    found = asked(closed)
    assert (calls(found), rejected(found)) == (4, 3)
    modes(closed, 0o600)
    with (closed.homes[0] / CLAUDE).open("ab") as stream:
        stream.write(answer("b", seconds=2))
    found = asked(closed)
    assert (calls(found), rejected(found)) == (5, 1)


def test_what_cannot_be_read_is_tried_again_and_nothing_else(closed, read):
    modes(closed, 0, CODEX)
    asked(closed)
    read.clear()
    asked(closed)
    assert read == [CODEX.rpartition("/")[2]]
    modes(closed, 0o600)
    assert calls(asked(closed)) == 4
    read.clear()
    asked(closed)
    assert read == []


def test_a_folder_that_was_closed_leaves_no_trace(closed):
    whole = asked(closed)
    folder = closed.homes[0] / CLAUDE.rpartition("/")[0]
    folder.chmod(0)
    found = asked(closed)
    assert (calls(found), rejected(found)) == (calls(whole), rejected(whole) + 1)
    folder.chmod(0o700)
    assert asked(closed).sources == whole.sources


def test_a_deleted_file_counts_as_when_it_could_be_read(closed):
    asked(closed)
    for name in (CLAUDE, CODEX, OPENCODE):
        os.utime(closed.homes[0] / name, (1, 1))
    modes(closed, 0)
    asked(closed)
    for name in (CLAUDE, CODEX, OPENCODE):
        (closed.homes[0] / name).unlink()
    assert calls(asked(closed)) == 4


@pytest.fixture
def failing(monkeypatch):
    """A disk that fails behind so many bytes of a log, while it is used."""

    class Failing:
        def __init__(self, stream, size):
            self.stream, self.left = stream, size

        def __getattr__(self, name):
            return getattr(self.stream, name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.stream.close()

        def read(self, _size):
            if self.left <= 0:
                raise OSError(5, "Input/output error")
            found = self.stream.read(self.left)
            self.left = 0
            return found

    @contextmanager
    def behind(size):
        opened = tail._opened
        with monkeypatch.context() as patch:
            patch.setattr(tail, "_opened", lambda path: Failing(opened(path), size))
            yield

    return behind


def test_a_log_that_breaks_off_counts_as_far_as_it_goes_until_it_can_be_read(
    asking, home, failing
):
    many = [answer(f"m{number}", usage(out=1)) for number in range(10)]
    path = write_log(home, CLAUDE, *many)
    with failing(path.stat().st_size // 2):
        found = asked(asking)
        assert 0 < calls(found) < 10
        assert rejected(found) == 1
    found = asked(asking)
    assert (calls(found), rejected(found)) == (10, 0)


@pytest.mark.parametrize("rebuild", [False, True])
def test_what_is_known_of_its_rest_counts_meanwhile(asking, home, failing, rebuild):
    many = [answer(f"m{number}", usage(out=1)) for number in range(10)]
    path = write_log(home, CLAUDE, *many)
    asked(asking)
    if not rebuild:
        other = write_log(home, "copy", *many, answer("new", seconds=99))
        other.rename(path)
    with failing(path.stat().st_size // 2):
        found = asked(asking._replace(rebuild=rebuild))
        assert (calls(found), rejected(found)) == (10, 1)
    found = asked(asking)
    assert (calls(found), rejected(found)) == (10 if rebuild else 11, 0)


def test_what_is_known_of_a_damaged_database_counts(asking, home):
    path = database(home / OPENCODE, message=messages("1", *range(400)))
    before = sorted(asked(asking).rows)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 512] = b"\xff" * 512
    path.write_bytes(data)
    found = asked(asking)
    assert rejected(found) >= 1
    assert sorted(found.rows) == before


def test_what_a_file_is_for_good_is_not_tried_again(asking, home, read):
    """A pipe, and a compressed log that this Python cannot decode or is none."""
    write_log(home, CLAUDE, answer("a"))
    os.mkfifo(home / CLAUDE.replace("one", "pipe"))
    write_log(home, f"{CODEX}.zst", b"no such thing\n")
    found = asked(asking)
    assert (calls(found), rejected(found)) == (1, 2)
    read.clear()
    asked(asking)
    assert read == []


def test_a_database_that_is_locked_is_read_once_it_is_free(asking, store, monkeypatch):
    patient = partial(SqliteRows, patience=0.01)
    monkeypatch.setattr(opencode_store, "SqliteRows", patient)
    asked(asking)
    change(store, message=messages("b", 4))
    with closing(sqlite3.connect(store, isolation_level=None)) as client:
        client.execute("BEGIN EXCLUSIVE").close()
        found = asked(asking)
        assert (calls(found), rejected(found)) == (3, 1)
    # Nothing about the file has changed.
    found = asked(asking)
    assert (calls(found), rejected(found)) == (4, 0)


def test_another_python_may_read_more(asking, home, read, monkeypatch):
    write_log(home, CLAUDE, answer("a"))
    asked(asking)
    read.clear()
    monkeypatch.setattr(personal, "READERS", f"{personal.READERS} zstd")
    asked(asking)
    assert read == ["one.jsonl"]


# ------------------------------------------------------------ what a client deleted


def test_sessions_that_a_client_deleted_still_count(asking, store):
    before = sorted(asked(asking).rows)
    deleted(store, "a")
    assert sorted(asked(asking).rows) == before
    deleted(store, "b")
    assert sorted(asked(asking).rows) == before
    change(store, session=[session("ses_c")], message=messages("c", 9))
    assert calls(asked(asking)) == 4


def test_they_count_after_everything_was_read_again(asking, store, monkeypatch):
    asked(asking)
    deleted(store, "a")
    asked(asking)
    assert calls(asked(asking._replace(rebuild=True))) == 3
    monkeypatch.setattr(personal, "READERS", "9.9")
    assert calls(asked(asking)) == 3
    store.unlink()
    assert calls(asked(asking)) == 3


def test_a_database_that_is_begun_anew_adds_to_what_was(asking, store):
    asked(asking)
    store.unlink()
    database(store, message=messages("1", 20, 21))
    assert calls(asked(asking)) == 5


def test_what_comes_back_counts_once(asking, store):
    asked(asking)
    deleted(store, "a")
    asked(asking)
    change(store, session=[session("ses_a")], message=messages("a", 1, 2))
    assert calls(asked(asking)) == 3


def test_a_message_that_is_told_anew_counts_as_it_is_told_now(asking, store):
    asked(asking)
    change(
        store,
        message_id(2),
        message=messages("a", 2, used=tokens(out=90)),
    )
    found = asked(asking)
    assert calls(found) == 3
    assert sum(row.output for row in found.rows) == 7 + 90 + 7


def test_of_a_session_that_is_there_nothing_more_is_kept(asking, store):
    asked(asking)
    change(store, message_id(2))
    assert calls(asked(asking)) == 2


def test_a_fork_of_a_deleted_session_counts_once(asking, store):
    copies = [(f"{one}copy", "ses_f", said) for one, _, said in messages("a", 1, 2)]
    change(store, session=[session("ses_f")], message=copies)
    assert calls(asked(asking)) == 3
    deleted(store, "a")
    assert calls(asked(asking)) == 3
    deleted(store, "f")
    assert calls(asked(asking)) == 3


def test_sessions_and_calls_that_a_newer_version_names_anew_count_once(
    asking, store, monkeypatch
):
    asked(asking)
    found = local_file.read_log

    def renamed(*given, **named):
        for reading in found(*given, **named):
            rows = [
                one._replace(key=f"new:{one.key}", session=f"new:{one.session}")
                for one in reading.witnesses.rows()
            ]
            yield reading._replace(witnesses=type(reading.witnesses).of(rows))

    monkeypatch.setattr(local_file, "read_log", renamed)
    monkeypatch.setattr(personal, "READERS", "9.9")
    assert calls(asked(asking)) == 3


def test_a_log_of_one_session_that_was_written_anew_is_that(asking, home):
    """Codex takes back what it said before: of the same thread, the file is right."""
    write_log(home, CODEX, meta(), turn(), count(codex_tokens(9), codex_tokens(9)))
    assert calls(asked(asking)) == 1
    write_log(home, CODEX, meta(), turn(), count(codex_tokens(12), codex_tokens(12)))
    assert calls(asked(asking)) == 1
