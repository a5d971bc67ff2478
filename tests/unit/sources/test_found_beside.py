"""What lies beside a log and is read with it: a change of that is one of the log."""

from __future__ import annotations

import os
from importlib import import_module

import pytest

from mileage.sources import found as finding
from mileage.sources.found import Search, beside, listed_files
from mileage.sources.local import PLACES
from mileage.sources.places import NAMES
from mileage.sources.project_files import project_beside
from mileage.wiring.personal import Asking, answer_of, finished
from tests.client_logs import line, settings, stamp, written
from tests.gemini_qwen_logs import opening, spoke
from tests.session_logs import write_log

DROID = "droid_session"
GEMINI = "gemini_cli_chat"
ROOT = b"/home/alice/code/repo"


def search(folder, source):
    return Search(source, [str(folder)], NAMES[source])


def changes(folder, source, change):
    """Tell whether a search notices, and whether what it lists does."""
    before = search(folder, source)
    told, listed = before.told(), before.listed
    change()
    after = search(folder, source)
    return after.told() != told, after.listed != listed


def droid(folder, name="session-1"):
    settings(folder / f"{name}.settings.json", providerLockTimestamp=None)
    return folder / f"{name}.jsonl"


def test_messages_that_appear_change_a_session(tmp_path):
    messages = droid(tmp_path)
    other = droid(tmp_path, "session-2")
    assert changes(tmp_path, DROID, lambda: written(messages, b"{}\n")) == (True, True)
    assert changes(tmp_path, DROID, lambda: written(messages, b"")) == (True, True)
    assert changes(tmp_path, DROID, lambda: os.utime(messages, ns=(1, 1))) == (
        True,
        True,
    )
    own = [one for one in search(tmp_path, DROID).listed if "session-2" in one[1]]
    written(other.with_name("session-3.jsonl"), b"{}\n")
    assert [one for one in search(tmp_path, DROID).listed if one in own] == own


@pytest.mark.parametrize("above", ["", "chats", "chats/session"])
def test_a_project_that_is_named_later_changes_its_chats(tmp_path, above):
    chat = write_log(tmp_path, "hash/chats/session/x.jsonl", opening(), spoke())
    other = write_log(tmp_path, "other/chats/session/x.jsonl", opening(), spoke())
    named = tmp_path / "hash" / above / ".project_root"
    before = {one[1]: one for one in search(tmp_path, GEMINI).listed}
    assert changes(tmp_path, GEMINI, lambda: named.write_bytes(ROOT)) == (True, True)
    after = {one[1]: one for one in search(tmp_path, GEMINI).listed}
    assert project_beside(str(chat), ".project_root") == ROOT.decode()
    assert after[str(chat)] != before[str(chat)]
    assert after[str(other)] == before[str(other)]


def test_what_lies_further_above_belongs_to_something_else(tmp_path):
    write_log(tmp_path, "hash/chats/session/x.jsonl", opening(), spoke())
    named = tmp_path / ".project_root"
    assert changes(tmp_path, GEMINI, lambda: named.write_bytes(ROOT)) == (False, False)


def test_a_folder_of_chats_is_asked_for_its_project_once(tmp_path, monkeypatch):
    for number in range(50):
        write_log(tmp_path, f"hash/chats/{number}.jsonl", opening(), spoke())
    asked = noted(monkeypatch)
    assert len(search(tmp_path, GEMINI).listed) == 50
    names = [one for one in asked if one.endswith(".project_root")]
    assert len(names) == len(set(names)) == 3


@pytest.mark.parametrize("source", ["claude_code_log", "codex_rollout"])
def test_nothing_is_looked_for_beside_the_logs_of_large_sources(
    tmp_path, monkeypatch, source
):
    for number in range(50):
        write_log(tmp_path, f"p/{number}.jsonl", opening())
    asked = noted(monkeypatch)
    one = search(tmp_path, source)
    assert one.told()
    assert len(one.listed) == 50
    assert set(asked) <= {str(tmp_path)}


def noted(monkeypatch):
    asked = []
    before = os.stat

    def note(path, **options):
        asked.append(str(path))
        return before(path, **options)

    monkeypatch.setattr(finding.os, "stat", note)
    return asked


def test_what_cannot_be_looked_at_has_nothing_beside_it(tmp_path, monkeypatch):
    written(tmp_path / ".project_root", ROOT)
    chats = tmp_path / "chats"
    chats.mkdir()
    denied = (GEMINI, str(chats), 0, 0, 0)
    monkeypatch.setattr(finding.Search, "_taken", lambda _: [denied])
    assert listed_files(GEMINI, [str(tmp_path)], NAMES[GEMINI]) == [denied]


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_source_with_a_file_beside_its_logs_is_known(name):
    source = import_module(f"mileage.sources.{name}").SOURCE
    told = getattr(source, "project_file", "")
    named = {os.path.basename(one) for one in beside(name, "/a/b/c/d.jsonl")}  # noqa: PTH119
    assert named == ({told} if told else named - {".project_root"})


@pytest.mark.parametrize(
    ("source", "path", "expected"),
    [
        ("opencode_db", "/d/opencode.db", ("/d/opencode.db-wal",)),
        ("opencode_db", "/d/msg_1.json", ()),
        ("codex_rollout", "/d/x.jsonl.zst", ()),
        (DROID, "/d/x.settings.json", ("/d/x.jsonl",)),
        (GEMINI, "/a/x.json", ("/a/.project_root", "/.project_root")),
        ("somebody's", "/d/x.settings.json", ()),
    ],
)
def test_what_may_lie_beside(source, path, expected):
    assert beside(source, path) == expected


# ------------------------------------------------------------------- in the index


def usage(home, tmp_path):
    answer = answer_of(Asking([home], {}, tmp_path / "index" / "me.sqlite"))
    assert finished(answer) == ()
    return answer.usage


def test_a_session_counts_once_its_messages_are_there(tmp_path):
    messages = droid(tmp_path / "home/.factory/sessions")
    (source,) = (
        one for one in usage(tmp_path / "home", tmp_path).sources if one.source == DROID
    )
    assert (source.calls, source.rejected) == (0, 1)
    written(messages, line(type="session_start", timestamp=stamp(5)))
    (source,) = (
        one for one in usage(tmp_path / "home", tmp_path).sources if one.source == DROID
    )
    assert (source.calls, source.rejected) == (1, 0)


def test_a_chat_belongs_to_a_project_that_is_named_later(tmp_path):
    home = tmp_path / "home"
    folder = home / ".gemini/tmp/hash"
    write_log(folder, "chats/session-1.jsonl", opening(), spoke())
    assert {row.project for row in usage(home, tmp_path).rows} == {"f00d" * 16}
    (folder / ".project_root").write_bytes(ROOT)
    assert {row.project for row in usage(home, tmp_path).rows} == {ROOT.decode()}
