"""The index in use: what is read, what is kept, what is said when it cannot be used."""

from __future__ import annotations

import gc
import sqlite3
from hashlib import blake2b

import pytest

from mileage.domain.errors import Unavailable
from mileage.domain.quarter import Costs
from mileage.ingest import local_file, local_rows
from mileage.store import personal as store
from mileage.wiring import personal, personal_logs
from mileage.wiring.personal import Asking, answer_of, finished, index_file
from mileage.wiring.personal_logs import Logs
from tests.session_logs import (
    MARKER,
    answer,
    count,
    meta,
    record,
    said,
    tokens,
    turn,
    usage,
    write_log,
)

CLAUDE = ".claude/projects/-repo/one.jsonl"
FORK = ".claude/projects/-repo/two.jsonl"
CODEX = ".codex/sessions/2026/11/20/rollout-1.jsonl"


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    write_log(folder, CLAUDE, said(MARKER), answer("a"), answer("b", seconds=1))
    write_log(folder, CODEX, meta(), turn(), record("resp_1", tokens(100, 40, 10)))
    return folder


@pytest.fixture
def asking(home, tmp_path):
    return Asking([home], {}, tmp_path / "index" / "me.sqlite")


@pytest.fixture
def read(monkeypatch):
    """The files that are read, and from where on."""
    seen = []
    before = local_file.Reader.read

    def noted(self, item):
        seen.append((item.file.path.rpartition("/")[2], bool(item.known[2])))
        return before(self, item)

    monkeypatch.setattr(local_file.Reader, "read", noted)
    return seen


def asked(asking):
    found = answer_of(asking)
    assert finished(found) == ()
    return found.usage


def calls(found):
    return sum(row.calls for row in found.rows)


def source(found, name="claude_code_log"):
    return next(one for one in found.sources if one.source == name)


def grow(home, name, *lines):
    with (home / name).open("ab") as stream:
        stream.write(b"".join(lines))


def test_nothing_is_read_when_nothing_has_changed(asking, read):
    first = asked(asking)
    assert sorted(read) == [("one.jsonl", False), ("rollout-1.jsonl", False)]
    read.clear()
    again = asked(asking)
    assert read == []
    assert sorted(again.rows) == sorted(first.rows)
    assert again.sources == first.sources


def test_only_what_has_grown_is_read_and_only_its_end(asking, home, read):
    asked(asking)
    read.clear()
    grow(home, CLAUDE, answer("c", seconds=2))
    assert calls(asked(asking)) == 4
    assert read == [("one.jsonl", True)]


def test_answers_that_are_appended_once_more_count_once(asking, home):
    """As a corpus has them that was drawn on with the same seed twice."""
    drawn = [answer(f"d{number}", seconds=2 + number) for number in range(5)]
    grow(home, CLAUDE, *drawn)
    first = asked(asking)
    assert calls(first) == 8
    grow(home, CLAUDE, *drawn[:4], answer("e", seconds=9))
    write_log(home, FORK, *drawn)
    again = asked(asking)
    assert calls(again) == calls(first) + 1
    straight = answer_of(asking._replace(file=None)).usage
    for found in (again, straight):
        assert sum(row.output for row in found.rows) == (
            sum(row.output for row in first.rows) + usage()["output_tokens"]
        )


def test_touching_reads_a_file_again_and_changes_nothing(asking, home, read):
    before = asked(asking)
    read.clear()
    (home / CLAUDE).touch()
    assert sorted(asked(asking).rows) == sorted(before.rows)
    assert read == [("one.jsonl", False)]


def looked(home):
    """Look at the logs now: what changes afterwards, they do not know."""
    logs = Logs([home], {})
    logs.fingerprint()
    return logs


def later(logs):
    """As if looking had begun when the index had been there for a while."""
    logs.begun_at += 1_000_000_000
    return logs


def test_looking_for_logs_may_have_begun_already(asking, home, monkeypatch):
    before = asked(asking)
    begun = later(looked(home))
    grow(home, CLAUDE, answer("c", seconds=2))
    after_that = asking._replace(logs=later(looked(home)))
    monkeypatch.setattr(personal_logs, "Logs", None)
    seen = [asked(asking._replace(logs=begun)), asked(after_that)]
    assert [calls(found) for found in seen] == [calls(before), calls(before) + 1]


def test_who_looked_before_the_index_was_written_looks_again(asking, home):
    """Else what was deleted meanwhile would be read, found empty, and forgotten."""
    asked(asking)
    begun = looked(home)
    (home / CLAUDE).unlink()
    between = asked(asking)
    assert source(between).gone == 1
    after = asked(asking._replace(logs=begun))
    assert sorted(after.rows) == sorted(between.rows)
    assert source(after).gone == 1


def test_without_an_index_the_logs_that_were_looked_for_are_read(
    asking, home, monkeypatch
):
    begun = Logs([home], {})
    monkeypatch.setattr(personal_logs, "Logs", None)
    assert calls(asked(asking._replace(file=None, logs=begun))) == 3


def test_deleted_logs_still_count(asking, home):
    before = asked(asking)
    (home / CLAUDE).unlink()
    for _ in range(2):
        after = asked(asking)
        assert sorted(after.rows) == sorted(before.rows)
        assert (source(after).files, source(after).gone) == (0, 1)
        assert source(after).calls == 2


def test_a_deleted_log_that_comes_back_counts_once(asking, home):
    before = asked(asking)
    content = (home / CLAUDE).read_bytes()
    (home / CLAUDE).unlink()
    asked(asking)
    (home / CLAUDE).write_bytes(content)
    after = asked(asking)
    assert sorted(after.rows) == sorted(before.rows)
    assert (source(after).files, source(after).gone) == (1, 0)


def test_a_copy_counts_once_whichever_file_goes(asking, home):
    lines = (answer("a", usage(out=90), seconds=5), answer("z", seconds=6))
    write_log(home, FORK, *lines)
    found = asked(asking)
    assert calls(found) == 4
    output = sum(row.output for row in found.rows)
    for name in (CLAUDE, FORK):
        (home / name).unlink()
        again = asked(asking)
        assert (calls(again), sum(row.output for row in again.rows)) == (4, output)


def test_a_fork_that_is_seen_later_adds_only_what_is_new(asking, home):
    assert calls(asked(asking)) == 3
    write_log(home, FORK, answer("a", usage(out=90), seconds=5), answer("z", seconds=6))
    found = asked(asking)
    assert calls(found) == 4
    assert max(row.output for row in found.rows if row.source != "codex_rollout") >= 90
    assert source(found).witnesses == 4


def test_a_message_that_is_still_streamed_grows(asking, home):
    asked(asking)
    grow(home, CLAUDE, answer("b", usage(out=500), seconds=3))
    found = asked(asking)
    assert calls(found) == 3
    assert sum(row.output for row in found.rows) == 500 + 7 + 10


def test_a_record_takes_totals_back_in_a_later_run(asking, home):
    name = CODEX.replace("-1", "-2")
    write_log(home, name, meta("t2"), turn(), count(tokens(9), tokens(9), 5))
    assert calls(asked(asking)) == 4
    grow(home, name, record("resp_9", tokens(9), tokens(9), 6, "t2"))
    assert calls(asked(asking)) == 4


def test_building_again_reads_everything_and_keeps_what_was_deleted(asking, home, read):
    write_log(home, FORK, answer("z", seconds=6))
    asked(asking)
    (home / FORK).unlink()
    read.clear()
    found = asked(asking._replace(rebuild=True))
    assert calls(found) == 4
    assert sorted(read) == [("one.jsonl", False), ("rollout-1.jsonl", False)]


def test_another_version_reads_everything_once_and_keeps_what_was_deleted(
    asking, home, read, monkeypatch
):
    write_log(home, FORK, answer("z", seconds=6))
    before = asked(asking)
    (home / FORK).unlink()
    asked(asking)
    read.clear()
    monkeypatch.setattr(personal, "READERS", "9.9")
    assert sorted(asked(asking).rows) == sorted(before.rows)
    assert sorted(read) == [("one.jsonl", False), ("rollout-1.jsonl", False)]
    read.clear()
    assert calls(asked(asking)) == 4
    assert read == []


def test_an_index_of_before_versions_were_noted_is_read_anew(asking, read):
    asked(asking)
    with sqlite3.connect(asking.file) as base:
        base.execute("DELETE FROM setting WHERE name = 'version'")
    base.close()
    read.clear()
    assert calls(asked(asking)) == 3
    assert len(read) == 2


def test_new_prices_price_again_without_reading(asking, read, monkeypatch):
    first = asked(asking)
    read.clear()

    class Doubled:
        def __init__(self, price):
            self.price = price

        @property
        def brackets(self):
            return [
                (above, tuple(2 * rate for rate in rates))
                for above, rates in self.price.brackets
            ]

        def costs(self, calls):
            return 2 * self.price.costs(calls)

    price = Costs.price
    monkeypatch.setattr(Costs, "price", lambda *asked: Doubled(price(*asked)))
    monkeypatch.setattr(local_rows, "scan", None)
    monkeypatch.setattr(personal_logs, "price_version", lambda: "newer")
    again = asked(asking)
    assert read == []
    assert sum(row.cost for row in again.rows) == 2 * sum(r.cost for r in first.rows)
    monkeypatch.undo()
    assert sorted(asked(asking).rows) == sorted(first.rows)


def test_a_corrupt_index_is_set_aside_and_built_again(asking):
    before = asked(asking)
    asking.file.write_bytes(b"\xff" * 9_000)
    found = answer_of(asking)
    assert sorted(found.usage.rows) == sorted(before.rows)
    (remark,) = finished(found)
    assert "deleted logs is lost" in remark
    assert "me.sqlite.corrupt-1" in remark
    assert asking.file.with_name("me.sqlite.corrupt-1").read_bytes() == b"\xff" * 9_000
    assert sorted(asked(asking).rows) == sorted(before.rows)


def test_calls_that_cannot_be_unpacked_are_a_corrupt_index(asking, home):
    asked(asking)
    base = sqlite3.connect(asking.file)
    base.execute("UPDATE content SET body = x'c1', mark = x'c1'")
    base.commit()
    base.close()
    grow(home, CLAUDE, answer("c", seconds=2))
    found = answer_of(asking)
    assert calls(found.usage) == 4
    assert "built again" in finished(found)[0]


def test_where_no_index_can_be_kept_the_logs_are_read(asking, tmp_path):
    (tmp_path / "taken").write_text("")
    found = answer_of(asking._replace(file=tmp_path / "taken" / "me.sqlite"))
    assert calls(found.usage) == 3
    assert "read straight from the logs" in finished(found)[0]


def test_an_index_that_somebody_holds_is_not_waited_for_for_ever(
    asking, home, monkeypatch
):
    asked(asking)
    monkeypatch.setattr(store, "_PATIENCE_SECONDS", 0.05)
    grow(home, CLAUDE, answer("c", seconds=2))
    holder = store.PersonalIndex(asking.file)
    holder.begin()
    found = answer_of(asking)
    holder.close()
    assert calls(found.usage) == 4
    assert "locked" in finished(found)[0]


def test_what_cannot_be_stored_is_answered_all_the_same(asking, home, monkeypatch):
    asked(asking)
    grow(home, CLAUDE, answer("c", seconds=2))

    def full(_index):
        raise Unavailable("the index of your logs: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store.PersonalIndex, "commit", full)
        found = answer_of(asking)
        assert calls(found.usage) == 4
        (said,) = finished(found)
        assert said == (
            "the index of your logs: database or disk is full; "
            "the next run will read the logs again."
        )
    assert calls(asked(asking)) == 4


def test_two_first_runs_at_once_leave_one_right_index(asking, home):
    first, second = answer_of(asking), answer_of(asking)
    assert sorted(first.usage.rows) == sorted(second.usage.rows)
    finished(first)
    finished(second)
    assert sorted(asked(asking).rows) == sorted(first.usage.rows)
    grow(home, CLAUDE, answer("c", seconds=2))
    assert calls(asked(asking)) == 4


def test_a_run_that_was_overtaken_looks_again(asking, home, monkeypatch):
    asked(asking)
    grow(home, CLAUDE, answer("c", seconds=2))
    before, overtaken = Logs.read, []

    def slow(self, *arguments):
        if not overtaken:
            overtaken.append(True)
            assert calls(asked(asking)) == 4
        return before(self, *arguments)

    monkeypatch.setattr(Logs, "read", slow)
    assert calls(asked(asking)) == 4


def test_no_index_is_written_when_none_is_asked_for(asking, tmp_path):
    assert calls(asked(asking._replace(file=None))) == 3
    assert not (tmp_path / "index").exists()


def test_nothing_that_was_said_gets_into_it(asking):
    asked(asking)
    assert MARKER.encode() not in asking.file.read_bytes()


def test_each_set_of_homes_has_its_own_file(tmp_path, monkeypatch):
    monkeypatch.setenv("MILEAGE_INDEX", str(tmp_path))
    one, two = tmp_path / "one", tmp_path / "two"
    named = index_file([one], {})
    assert named.parent == tmp_path
    assert index_file([one, two], {}) == index_file([two, one], {}) != named
    assert index_file([one], {"CODEX_HOME": str(two)}) == named


def test_an_index_that_was_named_after_folders_gets_its_new_name(tmp_path, monkeypatch):
    monkeypatch.setenv("MILEAGE_INDEX", str(tmp_path))
    places = sorted(
        str(tmp_path / "home" / folder)
        for folder in (
            *(".claude/projects", ".config/claude/projects"),
            *(".codex/sessions", ".codex/archived_sessions"),
        )
    )
    digest = blake2b("\n".join(places).encode(), digest_size=8).hexdigest()
    (tmp_path / f"me-{digest}.sqlite").write_text("old")
    named = index_file([tmp_path / "home"], {})
    assert named.name != f"me-{digest}.sqlite"
    assert named.read_text() == "old"
    (tmp_path / f"me-{digest}.sqlite").write_text("older")
    assert index_file([tmp_path / "home"], {}).read_text() == "old"


def test_without_a_setting_it_lies_with_the_persons_data(tmp_path, monkeypatch):
    monkeypatch.delenv("MILEAGE_INDEX")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in index_file([tmp_path], {}).parents


def test_formats_nobody_uses_are_not_loaded(asking, monkeypatch):
    asked(asking)
    loaded = []
    monkeypatch.setattr(Logs, "source", lambda _, name: loaded.append(name))
    asked(asking)
    assert loaded == []


def test_the_cycle_collector_is_left_as_it_was(asking):
    assert gc.isenabled()
    asked(asking)
    assert gc.isenabled()
