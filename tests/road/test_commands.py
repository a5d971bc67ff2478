"""Commands as people and scripts use them: help, exits, figures, secrets, errors."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from mileage.cli import COMMANDS
from mileage.cli.commands import root
from tests.otlp_bodies import API_REQUEST, log, logs
from tests.road.recordings import billed_by_logs, home_in, redate
from tests.road.station import JSON, mileage, station_in

ALICE = "alice@example.com"
GROUPS = {
    "people": ("import", "unclaimed", "claims", "claim", "unclaim"),
    "token": ("create", "list", "rotate", "change", "revoke"),
    "key": ("create", "list", "revoke"),
    "audit": ("list",),
}
ALL = [
    *((name,) for name in COMMANDS),
    *((name, part) for name, parts in GROUPS.items() for part in parts),
]
JARGON = re.compile(
    r"\b(WAL|DTO|singleton|callback|mutex|idempotent|TODO|FIXME|None|True)\b"
)


def help_of(*words):
    """In this process: starting a command for each takes too long."""
    return CliRunner().invoke(root, [*words, "--help"], prog_name="mileage")


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_says_what_it_does_and_how(words):
    done = help_of(*words)
    assert done.exit_code == 0
    usage, _, rest = done.output.partition("\n")
    assert usage.startswith(f"Usage: mileage {' '.join(words)}")
    first = rest.strip().partition("\n")[0]
    assert len(first) > 20
    assert not JARGON.search(done.output)
    assert all(len(line) <= 80 for line in done.output.splitlines())


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_option_is_explained(words):
    options = help_of(*words).output.partition("Options:\n")[2]
    for line in re.findall(r"^  (-\S.*)$", options, re.MULTILINE):
        name, _, text = line.partition("  ")
        explained = text.strip() or f"\n  {name}\n      " in options
        assert explained, line


def test_the_first_help_lists_every_command_and_where_to_start():
    done = mileage("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name, text in COMMANDS.items():
        assert re.search(
            rf"^  {name} +{re.escape(text[:30])}", done.stdout, re.MULTILINE
        )
    assert "mileage demo" in done.stdout
    assert "mileage me" in done.stdout


# ------------------------------------------------------------------- beside a server


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with station_in(tmp_path_factory.mktemp("commands")) as running:
        yield running


PEOPLE = """\
email,name,department,team,manager
alice@example.com,Alice Adams,Engineering,Road,boss@example.com
boss@example.com,Bo Boss,Engineering,Road,
"""


def test_commands_work_while_the_server_runs(station, tmp_path):
    """A newcomer's way, command by command, beside the server that owns the data."""
    (tmp_path / "people.csv").write_text(PEOPLE)
    people = station.run("people", "import", tmp_path / "people.csv", "--json")
    assert json.loads(people.stdout)["added"] == 2
    secrets = [
        station.run("token", "create", "--account", ALICE),
        station.run("key", "create", "--account", ALICE, "--scope", "read"),
        station.run("token", "create", "--collector", "gateway"),
    ]
    for done in secrets:
        assert done.returncode == 0, done.stderr
        assert re.fullmatch(r"\S{20,}\n", done.stdout)
        assert done.stdout.strip() not in done.stderr
    token, key, _ = (done.stdout.strip() for done in secrets)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    live = {"request_id": "req_live", "session.id": "live", "event.timestamp": now}
    body = logs(log({**API_REQUEST, **live}))
    assert station.post(body, token, content_type=JSON).status == 200
    home = home_in(tmp_path / "home")
    redate(home.rglob("*.jsonl"))
    collected = station.run("collect", "--home", home, "--account", ALICE)
    assert collected.returncode == 0, collected.stderr
    calls = sum(row["calls"] for row in billed_by_logs().values()) + 1
    assert sum(row["calls"] for row in station.usage(key).values()) == calls
    the_board(station, calls)
    for words in (("verify", "--json"), ("token", "list", "--json")):
        done = station.run(*words)
        assert (done.returncode, bool(json.loads(done.stdout))) == (0, True)
    assert station.run("check").returncode == 0
    doctor = station.run("doctor", "--json")
    assert json.loads(doctor.stdout)["ingest"]["visible"] > 0


def the_board(station, calls):
    """Exact figures for whoever owns the directory, and a row that says so."""
    before = access_rows(station)
    done = station.run("board", "--json")
    board = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert board["total"]["calls"] == calls
    assert [row["name"] for row in board["rows"]] == ["Alice Adams"]
    assert {"lens", "window", "as_of", "scope", "completeness"} <= board.keys()
    (row,) = access_rows(station)[len(before) :]
    assert row == ("operations", "board")
    plain = station.run("board", "--lens", "output", "--top", "1")
    assert "Alice Adams" in plain.stdout
    assert len(access_rows(station)) == len(before) + 2


def access_rows(station):
    connection = sqlite3.connect(station.data / "control.sqlite")
    rows = connection.execute(
        "select purpose, report from access_row order by row_id"
    ).fetchall()
    connection.close()
    return rows


# ------------------------------------------------------------------ exit codes, errors

WRONG = [
    (("board", "--lens", "vanity"), 2, "vanity"),
    (("board", "--as-of", "yesterday"), 2, "--as-of"),
    (("board", "--as-of", "2026-11-22 noon"), 2, "then of UTC"),
    (("board", "--as-of", "2020-01-01T00:00:00Z"), 2, "no board"),
    (("import", "FILE", "--source", "abacus", "--account", "a@b.c"), 2, "abacus"),
    (("token", "create", "--account", "nobody"), 2, "e-mail"),
    (("token", "revoke", "tok_none"), 2, "tok_none"),
]


@pytest.mark.parametrize(
    ("words", "code", "names"), WRONG, ids=lambda part: str(part)[:30]
)
def test_errors_are_one_sentence(station, tmp_path, words, code, names):
    file = tmp_path / "file.jsonl"
    file.write_text("")
    done = station.run(*(file if word == "FILE" else word for word in words))
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("mileage: ")
    assert names in done.stderr
    assert done.stderr.count("\n") == 1


USAGE = [
    ("no-such-command",),
    ("serve", "--port", "many"),
    ("collect", "--home", "/nowhere"),
    ("token", "create"),
    ("completion", "powershell"),
    ("demo", "--people", "0"),
    ("me", "--by", "star-sign"),
]


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_wrong_use_says_how_it_is_right(words, tmp_path):
    done = mileage(*words, environ={"MILEAGE_DATA": str(tmp_path / "data")})
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "Error: " in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_finding_is_exit_code_one(tmp_path):
    """A directory in which nothing has happened: that is what doctor is for."""
    (tmp_path / "data").mkdir()
    done = mileage("doctor", "--data", tmp_path / "data")
    assert done.returncode == 1
    assert "mileage collect" in done.stdout
    empty = mileage("board", "--data", tmp_path / "data")
    assert (empty.returncode, "mileage collect" in empty.stdout) == (0, True)


def test_an_empty_home_says_where_it_looked(tmp_path):
    words = ("collect", "--home", tmp_path, "--data", tmp_path / "data")
    done = mileage(*words, "--account", ALICE)
    assert (done.returncode, done.stdout) == (0, "")
    assert str(tmp_path) in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    done = mileage("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_MILEAGE_COMPLETE" in done.stdout
    asked = {"bash": "bash_complete", "zsh": "zsh_complete", "fish": "fish_complete"}
    environ = {
        "_MILEAGE_COMPLETE": asked[shell],
        "COMP_WORDS": "mileage ",
        "COMP_CWORD": "" if shell == "fish" else "1",
    }
    offered = mileage(environ=environ).stdout
    for name in COMMANDS:
        assert name in offered


# -------------------------------------------------------------------------------- demo


def built(folder, **environ):
    words = ("demo", "--people", "30", "--no-serve", "--data", folder)
    done = mileage(*words, environ=environ)
    assert done.returncode == 0, done.stderr
    return done


def board_of(folder):
    done = mileage("board", "--json", "--data", folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_demonstration(tmp_path):
    first = built(tmp_path / "a")
    assert "mileage serve" in first.stdout
    board = board_of(tmp_path / "a")
    assert len(board["rows"]) > 20
    assert "simulated" in json.dumps(board["completeness"]).lower()
    assert "Using the demonstration" in built(tmp_path / "a").stderr
    verified = mileage("verify", "--data", tmp_path / "a", "--json")
    report = json.loads(verified.stdout)
    assert (verified.returncode, report["problems"]) == (0, [])
    assert "simulated-rollup" in " ".join(report["missing"])
    # Equal seeds build equal people.
    built(tmp_path / "b")
    one, other = (people(tmp_path / name) for name in ("a", "b"))
    assert [tuple(row) for row in one] == [tuple(row) for row in other]
    assert len(one) >= 30


def people(folder):
    connection = sqlite3.connect(folder / "control.sqlite")
    connection.row_factory = sqlite3.Row
    rows = connection.execute("select name, email from account order by email")
    found = rows.fetchall()
    connection.close()
    return found


def test_real_data_is_never_built_over(tmp_path):
    data = tmp_path / "real"
    made = mileage("token", "create", "--account", ALICE, "--data", data)
    assert made.returncode == 0
    before = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    done = mileage("demo", "--people", "30", "--no-serve", "--data", data)
    assert done.returncode == 4
    assert "is not a demonstration" in done.stderr
    after = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    assert after == before
