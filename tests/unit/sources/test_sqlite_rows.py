"""Somebody else's database: read whatever state it is in, and left as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from mileage.sources import sqlite_rows
from mileage.sources.sqlite_rows import Scan, SqliteRows
from tests.client_logs import assistant, database, fill, message_id

MESSAGES = Scan("message", "opencode_messages")


def some(count, size=0):
    padding = "x" * size
    return [
        (message_id(n, n % 4_000), "ses_1", assistant(n, filler=padding))
        for n in range(count)
    ]


def ids(path, scan=MESSAGES, **options):
    """The ids of all rows, and the problems."""
    with SqliteRows(str(path), **options) as rows:
        found = [row[0] for page in rows.pages(scan) for row in page]
    return found, rows.problems


def left(folder):
    """Names, sizes and times of all that lies in a folder."""
    return {
        entry.name: (entry.stat().st_size, entry.stat().st_mtime_ns)
        for entry in os.scandir(folder)
    }


def client(path):
    """The client's own connection, as it keeps it open."""
    return closing(sqlite3.connect(path, isolation_level=None))


@pytest.mark.parametrize("wal", [False, True])
@pytest.mark.parametrize("count", [0, 1, 500, 501, 1_300])
def test_all_rows_in_pages_and_nothing_beside(tmp_path, wal, count):
    path = database(tmp_path / "a.db", wal=wal, message=some(count))
    before = left(tmp_path)
    assert set(before) == {"a.db"}
    assert ids(path) == (list(range(1, count + 1)), [])
    assert left(tmp_path) == before


def test_an_ordinary_reader_would_leave_files_behind(tmp_path):
    """Why this is so careful: the test above can fail."""
    path = database(tmp_path / "a.db", wal=True, message=some(1))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (1,)
    assert set(left(tmp_path)) == {"a.db", "a.db-shm", "a.db-wal"}


@pytest.mark.parametrize("reading", range(4))
@pytest.mark.parametrize("writing", range(4))
def test_whatever_versions_a_header_claims_nothing_is_left_beside(
    tmp_path, writing, reading
):
    path = database(tmp_path / "a.db", message=some(1))
    header = bytearray(path.read_bytes())
    header[18:20] = writing, reading
    path.write_bytes(header)
    before = left(tmp_path)
    found, problems = ids(path)
    assert (found == [1]) is not bool(problems)
    assert left(tmp_path) == before


def test_rows_that_a_client_has_not_moved_over_yet(tmp_path):
    path = database(tmp_path / "a.db", wal=True, message=some(2))
    with client(path) as connection:
        fill(connection, message=[("msg_new", "ses_1", assistant(9))])
        before = left(tmp_path)
        assert before["a.db-wal"][0] > 0
        assert ids(path) == ([1, 2, 3], [])
        assert set(left(tmp_path)) == set(before)


def test_a_client_that_writes_is_never_kept_waiting(tmp_path):
    path = database(tmp_path / "a.db", message=some(1_200))
    with (
        client(path) as connection,
        SqliteRows(str(path)) as rows,
    ):
        connection.execute("PRAGMA busy_timeout = 0").close()
        pages = rows.pages(MESSAGES)
        assert len(next(pages)) == 500
        connection.execute("BEGIN EXCLUSIVE").close()
        connection.execute("UPDATE message SET data = '{}' WHERE rowid = 900").close()
        connection.execute("COMMIT").close()
        assert sum(len(page) for page in pages) == 700
    assert rows.problems == []


def test_rows_that_arrive_while_a_client_has_it_open_are_read_as_well(tmp_path):
    path = database(tmp_path / "a.db", wal=True, message=some(700))
    with client(path) as connection:
        fill(connection, message=[("msg_new1", "ses_1", assistant(8))])
        with SqliteRows(str(path)) as rows:
            pages = rows.pages(MESSAGES)
            assert len(next(pages)) == 500
            fill(connection, message=[("msg_new2", "ses_1", assistant(9))])
            connection.execute("PRAGMA wal_checkpoint").close()
            assert [page[-1][0] for page in pages] == [702]
        assert rows.problems == []
        assert set(left(tmp_path)) == {"a.db", "a.db-shm", "a.db-wal"}


def test_a_locked_database_says_so_after_a_while(tmp_path):
    path = database(tmp_path / "a.db", message=some(3))
    with client(path) as connection:
        connection.execute("BEGIN EXCLUSIVE").close()
        assert ids(path, patience=0.05) == ([], [("", sqlite_rows.LOCKED)])
    assert ids(path)[0] == [1, 2, 3]


def test_newest_rows_without_their_index_are_missed_aloud(tmp_path):
    path = database(tmp_path / "a.db", wal=True, message=some(2))
    copy = tmp_path / "copy"
    copy.mkdir()
    with client(path) as connection:
        fill(connection, message=[("msg_new", "ses_1", assistant(9))])
        shutil.copy(path, copy)
        shutil.copy(f"{path}-wal", copy)
    before = left(copy)
    found, problems = ids(copy / "a.db")
    assert found == [1, 2]
    assert problems == [("", sqlite_rows.NEWEST_MISSING)]
    assert left(copy) == before


def test_an_empty_write_ahead_file_misses_nothing(tmp_path):
    path = database(tmp_path / "a.db", wal=True, message=some(2))
    (tmp_path / "a.db-wal").touch()
    assert ids(path) == ([1, 2], [])
    assert set(left(tmp_path)) == {"a.db", "a.db-wal"}


def test_a_folder_that_nobody_may_write_into(tmp_path):
    path = database(tmp_path / "in" / "a.db", wal=True, message=some(2))
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert ids(path) == ([1, 2], [])
        assert set(left(path.parent)) == {"a.db"}
    finally:
        path.parent.chmod(0o700)


def test_a_change_under_a_reader_without_a_lock_is_noted(tmp_path):
    path = database(tmp_path / "a.db", wal=True, message=some(600))
    with SqliteRows(str(path)) as rows:
        pages = rows.pages(MESSAGES)
        next(pages)
        with client(path) as connection:
            fill(connection, message=[("msg_new", "ses_1", assistant(9))])
        assert sum(map(len, pages)) >= 100
    assert rows.problems == [("", sqlite_rows.CHANGED)]


def test_a_file_that_vanishes_under_a_reader_is_noted(tmp_path):
    path = database(tmp_path / "a.db", wal=True, message=some(1))
    with SqliteRows(str(path)) as rows:
        path.unlink()
    assert rows.problems == [("", sqlite_rows.CHANGED)]


def test_a_transaction_that_a_crash_left_open(tmp_path):
    """A journal beside it has to be rolled back, which a reader must not do."""
    path = database(tmp_path / "a.db", message=some(400))
    copy = tmp_path / "copy"
    copy.mkdir()
    with client(path) as connection:
        connection.execute("PRAGMA cache_size = 1").close()
        connection.execute("BEGIN").close()
        connection.execute("UPDATE message SET data = data || data").close()
        connection.execute("DELETE FROM message WHERE rowid < 200").close()
        for name in ("a.db", "a.db-journal"):
            shutil.copy(tmp_path / name, copy)
    before = left(copy)
    found, problems = ids(copy / "a.db")
    assert (found, [reason for _, reason in problems]) == (
        [],
        [sqlite_rows.NOT_OPENED],
    )
    assert left(copy) == before


@pytest.mark.parametrize(
    "content",
    [b"\0" * 5_000, b"not a database\n" * 400, b"SQLite format 3\0" + b"\xff" * 4_080],
    ids=["zeros", "text", "header"],
)
def test_what_is_no_database(tmp_path, content):
    path = tmp_path / "a.db"
    path.write_bytes(content)
    found, ((_, reason),) = ids(path)
    assert found == []
    assert reason in (sqlite_rows.NO_DATABASE, sqlite_rows.DAMAGED)


def test_an_empty_file_has_no_tables(tmp_path):
    path = tmp_path / "a.db"
    path.touch()
    with SqliteRows(str(path)) as rows:
        assert not rows.has("message")
    assert rows.problems == []
    assert left(tmp_path)["a.db"][0] == 0


def test_a_missing_file(tmp_path):
    assert ids(tmp_path / "a.db") == (
        [],
        [("", "unreadable: No such file or directory")],
    )


def test_a_file_that_was_cut_off(tmp_path):
    """SQLite itself opens no part of a database."""
    path = database(tmp_path / "a.db", message=some(2_000))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert ids(path) == ([], [("", sqlite_rows.NO_DATABASE)])


def test_a_damaged_page_keeps_what_comes_before(tmp_path):
    path = database(tmp_path / "a.db", message=some(2_000))
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 8192 * 4096
    damaged[middle : middle + 4096] = b"\xee" * 4096
    path.write_bytes(damaged)
    found, problems = ids(path)
    assert 900 < len(found) < 2_000
    assert found == list(range(1, len(found) + 1))
    assert problems == [("message", sqlite_rows.DAMAGED)]


def test_a_row_that_is_too_long_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_rows, "MAX_VALUE_BYTES", 40_000)
    rows = some(5)
    for number in (1, 3):
        rows[number] = (f"msg_{number}", "ses_1", "x" * 50_000)
    path = database(tmp_path / "a.db", message=rows)
    with client(path) as connection:
        # Ids of rows may be zero, or below.
        connection.execute("UPDATE message SET rowid = rowid - 4").close()
    assert ids(path) == (
        [-3, -1, 1],
        [
            ("message:-2", sqlite_rows.TOO_LONG_ROW),
            ("message:0", sqlite_rows.TOO_LONG_ROW),
        ],
    )


def test_long_rows_come_in_shorter_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_rows, "MAX_VALUE_BYTES", 40_000)
    path = database(tmp_path / "a.db", message=some(40, size=9_000))
    with SqliteRows(str(path)) as rows:
        sizes = [len(page) for page in rows.pages(MESSAGES)]
    assert sum(sizes) == 40
    assert max(sizes) <= 6
    assert rows.problems == []


def test_a_view_is_no_table(tmp_path):
    """A view may compute without end; it is not even looked into."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE VIEW message AS WITH RECURSIVE n(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT i AS rowid, i AS id, '' AS session_id, '' AS data FROM n"
        ).close()
    with SqliteRows(str(path)) as rows:
        assert not rows.has("message")
    assert rows.problems == []


def test_endless_work_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_rows, "_STEPS_AT_LEAST", 1_000)
    monkeypatch.setattr(sqlite_rows, "_STEPS_A_BYTE", 0)
    monkeypatch.setattr(sqlite_rows, "_STEPS_A_LOOK", 100)
    path = database(tmp_path / "a.db", message=some(400))
    found, problems = ids(path)
    assert 0 < len(found) < 400
    assert problems == [("message", sqlite_rows.ENDLESS)]


def test_unknown_columns(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE message (said TEXT)").close()
    assert ids(path) == ([], [("message", sqlite_rows.UNKNOWN_TABLES)])


def test_one_row_by_its_columns(tmp_path):
    path = database(tmp_path / "a.db")
    with SqliteRows(str(path)) as rows:
        found = rows.one("opencode_session", "ses_1")
        assert found is not None
        assert found["directory"] == b"/home/alice/code/repo"
        assert rows.one("opencode_session", "ses_2") is None
        assert rows.one("opencode_session", "\ud800") is None
        assert rows.one("opencode_session_v2", "ses_1") is None
    assert rows.one("opencode_session", "ses_1") is None
    assert list(rows.pages(MESSAGES)) == []
    assert rows.problems == []


def test_a_name_that_means_something_in_an_address(tmp_path):
    path = database(tmp_path / "a?mode=rw#b%20c ü.db", message=some(1))
    assert ids(path) == ([1], [])
    assert len(left(tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SQLITE_IOERR_SHORT_READ", sqlite_rows.DISK),
        ("SQLITE_BUSY_RECOVERY", sqlite_rows.LOCKED),
        ("SQLITE_READONLY_ROLLBACK", sqlite_rows.NOT_OPENED),
        ("SQLITE_NOMEM", "database error (SQLITE_NOMEM)"),
        (None, sqlite_rows.UNKNOWN_TABLES),
    ],
)
def test_reasons_are_fixed_sentences(name, reason):
    error = sqlite3.OperationalError("what stood in the database")
    if name:
        error.sqlite_errorname = name
    assert sqlite_rows._reason(error) == reason


def test_ids_that_do_not_grow_end_the_reading(tmp_path, monkeypatch):
    """As in a damaged tree whose pages lead back to one another."""
    path = database(tmp_path / "a.db", message=some(600))
    backwards = {"opencode_messages": "SELECT 1, id FROM message LIMIT :rows"}
    real = sqlite_rows.statement
    monkeypatch.setattr(
        sqlite_rows, "statement", lambda name: backwards.get(name) or real(name)
    )
    found, problems = ids(path)
    assert len(found) == 1_000
    assert problems == [("message", sqlite_rows.DAMAGED)]


class Hungry:
    """A connection to a file that makes SQLite ask for more than there is."""

    def execute(self, *_):
        raise MemoryError

    def close(self):
        pass


def test_a_file_that_asks_for_more_memory_than_there_is_is_a_problem(tmp_path):
    with SqliteRows(str(database(tmp_path / "a.db", message=some(3)))) as rows:
        rows._connection.close()
        rows._connection = Hungry()
        assert not rows.has("message")
        assert list(rows.pages(MESSAGES)) == []
    assert rows.problems == [("message", sqlite_rows.NO_MEMORY)]


def test_one_that_asks_for_it_at_once_is_none_that_is_read(tmp_path, monkeypatch):
    path = database(tmp_path / "a.db", message=some(3))
    monkeypatch.setattr(SqliteRows, "_opened", lambda *_: Hungry().execute())
    assert ids(path) == ([], [("", sqlite_rows.NO_MEMORY)])
