"""Machines push to a real server: every call once, whatever order, copies, trouble."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import stat

import pytest

from tests.road.pushing import (
    ALICE,
    OUTPUT,
    calls_at,
    claude_log,
    codex_log,
    machine,
    shuffled,
)
from tests.road.station import Station, assert_calm, station_in, until
from tests.session_logs import MARKER

QUIET = "[board]\nsnapshot_seconds = 3600\n"


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with station_in(tmp_path_factory.mktemp("push"), QUIET) as started:
        yield started


def worked(done):
    assert done.returncode == 0, done
    assert_calm(done.stderr)
    return done.stdout


def fails(done, code):
    assert done.returncode == code, done
    assert_calm(done.stderr)
    return done.stderr


def test_two_machines_with_overlapping_copies_count_every_call_once(station):
    """Three times, in any order, each with part of what the other has."""
    email = "overlap@example.com"
    chance = random.Random(7)  # noqa: S311
    one, two = (machine(station, name, email) for name in ("one", "two"))
    for number, where in enumerate((one, two, one, two, one)):
        calls = shuffled(chance, range(10 * number, 10 * number + 25))
        claude_log(where.home, f"s{number}.jsonl", calls)
        codex_log(where.home, f"{number}", sorted(calls))
    for _ in range(3):
        for where in chance.sample([one, two], 2):
            worked(where.push("--again"))
    # 0..64 are in some log; Codex counts by response id.
    assert calls_at(station, email) == {
        "claude-code": (65, 65 * OUTPUT),
        "codex": (65, 65 * 10),
    }
    assert one.state.exists()
    names = {
        json.loads((m.state / "machine.json").read_bytes())["machine"]
        for m in (one, two)
    }
    assert len(names) == 2


def test_only_what_is_new_is_sent_again(station):
    email = "growing@example.com"
    where = machine(station, "growing", email)
    path = claude_log(where.home, "s.jsonl", list(range(1000, 1050)))
    assert "50 witnesses" in worked(where.push())
    assert "0 logs had changed; 0 witnesses" in worked(where.push())
    grown = path.read_bytes()
    claude_log(where.home, "s.jsonl", [1050])
    path.write_bytes(grown + path.read_bytes())
    assert "1 log had changed; 1 witness" in worked(where.push())
    os.utime(path)
    assert "1 log had changed; 0 witnesses" in worked(where.push())
    assert calls_at(station, email)["claude-code"] == (51, 51 * OUTPUT)


def test_history_outlives_the_logs(station):
    email = "history@example.com"
    where = machine(station, "history", email)
    claude_log(where.home, "s.jsonl", list(range(2000, 2010)))
    worked(where.push())
    shutil.rmtree(where.home / ".claude")
    worked(where.push())
    assert calls_at(station, email)["claude-code"] == (10, 10 * OUTPUT)


def test_a_personal_token_fixes_the_account(station):
    email = "fixed@example.com"
    where = machine(station, "fixed", email)
    claude_log(where.home, "s.jsonl", [3000])
    said = fails(where.push("--account", "boss@example.com"), 2)
    assert "personal token" in said
    worked(where.push())
    assert calls_at(station, email)["claude-code"] == (1, OUTPUT)


def test_a_collector_says_whose_usage_it_is(station):
    email = "fleet@example.com"
    where = machine(station, "fleet", email)
    where.token = station.token(collector="fleet")
    claude_log(where.home, "s.jsonl", [3100, 3101])
    worked(where.push("--account", email))
    assert calls_at(station, email)["claude-code"] == (2, 2 * OUTPUT)


def test_another_account_gets_what_the_first_one_had(station):
    """A token of somebody else at the same server: nothing of it was sent there."""
    where = machine(station, "handed-on", "first@example.com")
    claude_log(where.home, "s.jsonl", [3200])
    worked(where.push())
    where.token = station.token(email="second@example.com")
    done = where.push()
    assert "1 witness and" in worked(done)
    assert "sending all anew" in done.stderr


def test_a_database_directory_and_a_server_agree_on_projects(station, tmp_path):
    """`--data` and `--to` hash one repository to one project."""
    email = "project@example.com"
    where = machine(station, "project", email)
    repository = where.folder / "repository"
    (repository / ".git").mkdir(parents=True)
    config = '[remote "origin"]\n\turl = https://git.example.com/team/app.git\n'
    (repository / ".git" / "config").write_text(config)
    path = claude_log(where.home, "s.jsonl", [3300])
    path.write_text(path.read_text().replace("/home/alice/code/repo", str(repository)))
    worked(where.push())
    told = calls_at(station, email)
    pushed = station.usage(station.key(email), "project")
    worked(station.run("collect", "--home", where.home, "--account", email))
    assert calls_at(station, email) == told
    assert station.usage(station.key(email), "project") == pushed
    (project,) = pushed
    assert project.startswith("prj_")


# ------------------------------------------------------------------------- messages


def test_a_wrong_token_is_said_before_anything_is_read(station):
    where = machine(station, "wrong-token")
    claude_log(where.home, "s.jsonl", [1])
    where.token = "mlg_p_" + "x" * 43
    said = fails(where.push(), 3)
    assert "mileage token" in said
    assert not list((where.state / "servers").rglob("*.seg"))
    where.token = ""
    assert "--token-file" in fails(where.push(), 3)


def test_the_token_may_be_in_a_file_that_others_cannot_read(station):
    where = machine(station, "token-file", "filed@example.com")
    claude_log(where.home, "s.jsonl", [3400])
    file = where.folder / "token"
    file.write_text(where.token + "\n")
    file.chmod(0o644)
    where.token = ""
    done = where.push("--token-file", str(file))
    assert "chmod 600" in done.stderr
    worked(done)
    file.chmod(0o600)
    assert where.push("--token-file", str(file)).stderr == ""
    file.write_text("")
    assert "is empty" in fails(where.push("--token-file", str(file)), 3)
    file.unlink()
    assert "No such file" in fails(where.push("--token-file", str(file)), 3)


def test_an_address_where_no_server_listens(station):
    where = machine(station, "no-server")
    claude_log(where.home, "s.jsonl", [1])
    where.station = Station(station.folder)
    done = where.push()
    said = fails(done, 4)
    assert "cannot be reached" in said
    assert "wait to be sent" in said
    assert list((where.state / "servers").rglob("*.seg"))


def test_a_folder_below_the_address_is_no_server(station):
    where = machine(station, "wrong-folder")
    claude_log(where.home, "s.jsonl", [1])
    words = where.words()
    words[2] += "/somewhere"
    where.words = lambda: words
    assert "takes rows" in fails(where.push(), 2)


def test_neither_both_nor_plain_http_to_others(station):
    where = machine(station, "usage")
    done = where.push("--data", str(station.data))
    assert (done.returncode, "not both" in done.stderr) == (2, True)
    words = where.words()
    words[2] = "http://mileage.example.org"
    where.words = lambda: words
    assert "--insecure" in fails(where.push(), 2)


def test_one_instance_for_each_state_directory(station):
    where = machine(station, "twice", "twice@example.com")
    claude_log(where.home, "s.jsonl", [3500])
    watcher = where.start("--watch")
    until(lambda: " sent " in where.said, "the first rows")
    said = fails(where.push(), 4)
    assert str(watcher.pid) in said
    assert where.stop() == 0
    worked(where.push())


def test_the_state_is_private(station):
    where = machine(station, "private", "private@example.com")
    claude_log(where.home, "s.jsonl", [3600])
    worked(where.push())
    modes = {
        path: stat.S_IMODE(path.stat().st_mode)
        for path in (where.state, *where.state.rglob("*"))
    }
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


# ------------------------------------------------------------------------- watching


def test_a_watcher_sends_what_comes_and_flushes_when_told_to_end(station):
    email = "watched@example.com"
    where = machine(station, "watched", email)
    claude_log(where.home, "a.jsonl", list(range(4000, 4010)))
    where.start("--watch")
    until(lambda: "sent witnesses=10" in where.said, "the first rows")
    claude_log(where.home, "b.jsonl", list(range(4010, 4015)))
    # Not waited for: the last pass takes it in.
    assert where.stop() == 0
    assert "sent witnesses=5" in where.said
    assert calls_at(station, email)["claude-code"] == (15, 15 * OUTPUT)
    assert_calm(where.said)
    assert where.said.splitlines()[-1].endswith(" ended")


def test_a_log_that_rotates_under_a_watcher(station):
    email = "rotated@example.com"
    where = machine(station, "rotated", email)
    path = claude_log(where.home, "a.jsonl", [4100, 4101])
    where.start("--watch")
    until(lambda: "sent witnesses=2" in where.said, "the first rows")
    path.rename(path.with_name("a-old.jsonl"))
    claude_log(where.home, "a.jsonl", [4102])
    assert where.stop(signal.SIGINT) == 0
    assert calls_at(station, email)["claude-code"] == (3, 3 * OUTPUT)


def test_a_watcher_survives_a_server_that_is_away(tmp_path):
    away = Station(tmp_path)
    away.start()
    where = machine(away, "offline")
    away.stop()
    claude_log(where.home, "a.jsonl", list(range(20)))
    where.start("--watch")
    until(lambda: " waiting bytes=" in where.said, "the word that rows wait")
    claude_log(where.home, "b.jsonl", list(range(20, 30)))
    shutil.rmtree(where.home) if where.stop() == 0 else None
    assert list((where.state / "servers").rglob("*.seg"))
    away.start()
    # The logs are gone by now; the spool is not.
    assert "30 witnesses" in worked(where.push())
    assert calls_at(away, ALICE)["claude-code"] == (30, 30 * OUTPUT)
    assert not list((where.state / "servers").rglob("*.seg"))
    assert_calm(where.said)
    away.stop()


def test_a_watcher_goes_on_when_the_server_comes_back(tmp_path):
    away = Station(tmp_path)
    away.start()
    where = machine(away, "patient")
    claude_log(where.home, "a.jsonl", [1])
    where.start("--watch")
    until(lambda: "sent witnesses=1" in where.said, "the first row")
    away.kill()
    claude_log(where.home, "b.jsonl", [2, 3])
    until(lambda: " waiting bytes=" in where.said, "the word that rows wait")
    away.start()
    until(lambda: " recovered" in where.said, "the rows that waited")
    assert where.stop() == 0
    assert calls_at(away, ALICE)["claude-code"] == (3, 3 * OUTPUT)
    away.stop()


# ---------------------------------------------------------------------- no content


def test_what_was_said_is_not_in_the_state(station):
    where = machine(station, "silent", "silent@example.com")
    path = claude_log(where.home, "named-by-me.jsonl", [5000])
    assert MARKER in path.read_text()
    worked(where.push())
    for file in where.state.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        for secret in (MARKER, "named-by-me", "/home/alice", str(where.home)):
            assert secret.encode() not in content, (file, secret)
