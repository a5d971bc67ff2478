"""Where logs are looked for may change: what counts is what lies, or lay, there."""

from __future__ import annotations

import pytest

from mileage.wiring import personal
from mileage.wiring.personal import Asking, answer_of, finished
from mileage.wiring.personal_logs import Logs
from tests.asking import asked, calls, names_read
from tests.session_logs import answer, meta, record, tokens, turn, write_log


@pytest.fixture
def file(tmp_path):
    return tmp_path / "index" / "me.sqlite"


@pytest.fixture
def look(tmp_path, file):
    """Ask with some of the folders below the home, which Claude Code is told of."""

    def looked(*names, **fields):
        chosen = ",".join(str(tmp_path / name) for name in names)
        environ = {"CLAUDE_CONFIG_DIR": chosen}
        return asked(Asking([tmp_path], environ, file)._replace(**fields))

    return looked


@pytest.fixture
def read(monkeypatch):
    return names_read(monkeypatch)


def claude(found):
    return next(one for one in found.sources if one.source == "claude_code_log")


def log(folder, name, *ids):
    path = f"{folder}/projects/p/{name}.jsonl"
    lines = [answer(one, seconds=at) for at, one in enumerate(ids)]
    return write_log(folder.parent, path, *lines)


# ------------------------------------------------------------ other folders, and back


def test_what_is_not_looked_for_does_not_count_and_comes_back_unread(
    tmp_path, look, read
):
    log(tmp_path / "one", "a", "x", "y")
    log(tmp_path / "two", "b", "z")
    assert calls(look("one", "two")) == 3
    read.clear()
    assert calls(look("one")) == 2
    assert claude(look("one")).files == 1
    assert calls(look("two")) == 1
    whole = look("one", "two")
    assert (calls(whole), claude(whole).files) == (3, 2)
    assert read == []


def test_history_of_deleted_logs_counts_where_they_lay(tmp_path, look):
    log(tmp_path / "one", "a", "x", "y")
    log(tmp_path / "two", "b", "z")
    look("one", "two")
    for name in ("one/projects/p/a.jsonl", "two/projects/p/b.jsonl"):
        (tmp_path / name).unlink()
    assert calls(look("one")) == 2
    assert claude(look("one")).gone == 1
    assert calls(look("two")) == 1
    assert calls(look("one", "two")) == 3


def test_another_folder_adds_to_what_was_known(tmp_path, look):
    log(tmp_path / "one", "a", "x", "y")
    look("one")
    (tmp_path / "one/projects/p/a.jsonl").unlink()
    look("one")
    log(tmp_path / "two", "b", "z")
    assert calls(look("one", "two")) == 3


def test_a_call_in_two_folders_counts_once_whichever_is_looked_at(tmp_path, look):
    log(tmp_path / "one", "a", "x", "y")
    log(tmp_path / "two", "b", "y", "z")
    assert calls(look("one", "two")) == 3
    assert calls(look("one")) == 2
    assert calls(look("two")) == 2
    assert calls(look("two", "one")) == 3


def test_a_log_that_grew_while_it_was_not_looked_at(tmp_path, look):
    path = log(tmp_path / "one", "a", "x")
    log(tmp_path / "two", "b", "z")
    look("one", "two")
    look("two")
    with path.open("ab") as stream:
        stream.write(answer("y", seconds=9))
    assert calls(look("two")) == 1
    assert calls(look("one", "two")) == 3


def test_new_prices_and_versions_leave_out_what_is_not_looked_at(
    tmp_path, look, monkeypatch
):
    log(tmp_path / "one", "a", "x")
    log(tmp_path / "two", "b", "z")
    look("one", "two")
    look("one")
    monkeypatch.setattr(personal, "READERS", "9.9")
    assert calls(look("one")) == 1
    monkeypatch.setattr("mileage.wiring.personal_logs.price_version", lambda: "new")
    assert calls(look("one")) == 1
    assert calls(look("one", "two")) == 2


def test_a_folder_that_was_moved_and_linked_back_keeps_its_history(tmp_path, look):
    log(tmp_path / "one", "a", "x", "y")
    log(tmp_path / "one", "b", "z")
    look("one")
    (tmp_path / "one/projects/p/b.jsonl").unlink()
    assert calls(look("one")) == 3
    (tmp_path / "one").rename(tmp_path / "disk")
    (tmp_path / "one").symlink_to(tmp_path / "disk")
    found = look("one")
    assert calls(found) == 3
    assert (claude(found).files, claude(found).gone) == (1, 1)


def test_settings_of_one_shell_forget_nothing_of_another(tmp_path, file):
    """Those of other clients than the index was once named after, as well."""
    chats = {"PI_CODING_AGENT_DIR": str(tmp_path / "pi")}
    line = b'{"type":"session","version":3,"id":"s1","cwd":"/w"}\n'
    used = (
        b'{"type":"message","id":"m%d","timestamp":"2026-11-20T12:00:0%d.000Z",'
        b'"message":{"role":"assistant","provider":"anthropic","model":"claude-x",'
        b'"usage":{"input":5,"output":7,"cacheRead":0,"cacheWrite":0}}}\n'
    )
    path = tmp_path / "pi/sessions/p/s1.jsonl"
    write_log(tmp_path, "pi/sessions/p/s1.jsonl", line, used % (1, 1), used % (2, 2))
    with_it, without = Asking([tmp_path], chats, file), Asking([tmp_path], {}, file)
    assert calls(asked(with_it)) == 2
    path.unlink()
    assert calls(asked(with_it)) == 2
    assert calls(asked(without)) == 0
    assert calls(asked(with_it)) == 2


# ------------------------------------------------- there, below it, and yet not found


def test_what_is_there_and_not_found_counts_as_it_was_read(tmp_path, look):
    """As below a folder that cannot be listed: here a name that is no log's."""
    path = log(tmp_path / "one", "a", "x", "y")
    look("one")
    path.rename(path.with_suffix(".bak"))
    path.mkdir()
    found = look("one")
    assert (calls(found), claude(found).gone) == (2, 1)


def test_a_log_that_was_moved_counts_once_in_everything(tmp_path, look):
    path = log(tmp_path / "one", "a", "x", "y")
    with path.open("ab") as stream:
        stream.write(b"{\n")
    before = claude(look("one"))
    other = tmp_path / "one/projects/q/a.jsonl"
    other.parent.mkdir()
    path.rename(other)
    assert claude(look("one")) == before
    codex = tmp_path / ".codex/sessions/rollout-1.jsonl"
    lines = meta(), turn(), record("resp_1", tokens(9)), b"{\n"
    write_log(tmp_path, ".codex/sessions/rollout-1.jsonl", *lines)
    before = look("one").sources
    archived = tmp_path / ".codex/archived_sessions/rollout-1.jsonl"
    archived.parent.mkdir()
    codex.rename(archived)
    assert look("one").sources == before


def test_a_log_that_grew_while_it_was_moved_counts_once_in_calls(tmp_path, look):
    path = log(tmp_path / "one", "a", "x", "y")
    look("one")
    other = log(tmp_path / "one", "c", "x", "y", "z")
    path.unlink()
    found = look("one")
    assert (calls(found), claude(found).gone) == (3, 1)
    other.unlink()
    assert calls(look("one")) == 3


# ------------------------------------------------------------- others at the same time


def test_whoever_is_overtaken_all_the_time_answers_with_the_whole_history(
    tmp_path, look, monkeypatch
):
    gone = log(tmp_path / "one", "a", "x", "y")
    path = log(tmp_path / "one", "b", "z")
    look("one")
    gone.unlink()
    look("one")
    before, depth = Logs.read, []

    def slow(self, *arguments):
        if not depth:
            depth.append(True)
            with path.open("ab") as stream:
                stream.write(answer(f"n{path.stat().st_size}", seconds=9))
            look("one")
            depth.pop()
        return before(self, *arguments)

    with path.open("ab") as stream:
        stream.write(answer("n", seconds=8))
    monkeypatch.setattr(Logs, "read", slow)
    assert calls(look("one")) >= 5


def test_whoever_is_overtaken_by_those_who_look_elsewhere_says_so(
    tmp_path, look, file, monkeypatch
):
    gone = log(tmp_path / "one", "a", "x", "y")
    log(tmp_path / "one", "b", "z")
    log(tmp_path / "two", "c", "w")
    look("one")
    gone.unlink()
    look("one")
    before, depth = Logs.read, []
    look("two")

    def slow(self, *arguments):
        if not depth:
            depth.append(True)
            look("two", rebuild=True)
            depth.pop()
        return before(self, *arguments)

    monkeypatch.setattr(Logs, "read", slow)
    environ = {"CLAUDE_CONFIG_DIR": str(tmp_path / "one")}
    found = answer_of(Asking([tmp_path], environ, file, rebuild=True))
    assert calls(found.usage) == 1
    (said,) = finished(found)
    assert said.startswith(
        "The index of your logs is busy; read straight from the logs"
    )
    assert said.endswith("without what was in deleted ones.")


def test_a_damaged_index_is_left_to_those_who_can_say_so(tmp_path, look, file):
    log(tmp_path / "one", "a", "x", "y")
    look("one")
    file.write_bytes(b"no database at all" * 1_000)
    before = file.read_bytes()
    environ = {"CLAUDE_CONFIG_DIR": str(tmp_path / "one")}
    found = answer_of(Asking([tmp_path], environ, file, quiet=True))
    assert calls(found.usage) == 2
    assert file.read_bytes() == before
    found = answer_of(Asking([tmp_path], environ, file))
    assert calls(found.usage) == 2
    (said,) = finished(found)
    assert "is built again" in said
