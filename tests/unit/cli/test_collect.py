"""What people read of pushing: results, remarks, the lines of a daemon."""

from __future__ import annotations

import os
import re
from collections import Counter
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mileage.cli.collect_data import TakenIn, collect_into, watch_into
from mileage.cli.collect_options import Asked, asked, default_token_file, own_identity
from mileage.cli.collect_push import Teller, push_once
from mileage.cli.commands import root
from mileage.domain.errors import Conflict, Invalid, Unauthorised
from mileage.ingest import push_watch
from mileage.ingest.push_client import Later
from mileage.ingest.push_collector import Limits, Outcome
from mileage.ingest.push_state import opened
from mileage.sources import files
from mileage.wiring.collector import Plan, Token, collecting
from mileage.wiring.operations import operations
from tests.pushes import Ledger, Machine

URL = "https://m.example"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path, Ledger())


@pytest.fixture
def quick(monkeypatch):
    """Pauses are over at once."""
    monkeypatch.setattr("mileage.ingest.push_collector.FIRST_PAUSE", 0.0)


def once(machine, capsys):
    with machine as collector:
        push_once(collector, URL)
    return capsys.readouterr()


# ------------------------------------------------------------------------------ once


def test_what_came_of_it_is_one_line(machine, capsys):
    machine.claude("a.jsonl", 1, 2)
    told = once(machine, capsys)
    assert (
        told.out == f"1 log had changed; 2 witnesses and 0 activities are at {URL}.\n"
    )
    assert told.err == ""


def test_a_server_that_comes_back_in_a_moment_is_waited_for(machine, capsys, quick):
    machine.claude("a.jsonl", 1)
    machine.ledger.troubles = [Later("away"), None, Later("away")]
    told = once(machine, capsys)
    assert "1 witness and" in told.out


def test_one_that_does_not_is_not(machine, capsys, quick):
    machine.claude("a.jsonl", 1)
    machine.ledger.troubles = [Later("away")] * 9
    with pytest.raises(Later, match="away"):
        once(machine, capsys)
    told = capsys.readouterr()
    assert "wait to be sent" in told.err
    assert told.out == ""


def test_a_refusal_is_not_repeated(machine, capsys):
    machine.run()
    machine.ledger.troubles = [Unauthorised("unknown token")]
    with pytest.raises(Unauthorised):
        once(machine, capsys)
    assert machine.ledger.greetings == 2


def test_another_ledger_is_said_and_gets_everything(machine, capsys):
    machine.claude("a.jsonl", 1, 2)
    machine.run()
    machine.ledger = Ledger("rcp_2")
    told = once(machine, capsys)
    assert "sending all anew" in told.err
    assert "2 witnesses" in told.out


def test_what_could_not_be_read_is_said_once(machine, capsys):
    log = machine.claude("a.jsonl", 1)
    log.write_bytes(log.read_bytes() + b"no usage\n" * 2 + b'{"type":"assistant"\n')
    told = once(machine, capsys)
    assert "1 witness and" in told.out
    assert "could not be read, and counts as rejected: 3 not JSON" in told.err
    log.write_bytes(log.read_bytes() + b"none\n")
    assert "rejected: 1 not JSON" in once(machine, capsys).err
    assert once(machine, capsys).err == ""


def test_what_the_server_does_not_take_is_said(machine, capsys):
    machine.ledger.sources = ("claude_code_log",)
    machine.codex("b", 1)
    told = once(machine, capsys)
    assert "1 codex_rollout" in told.err


def test_a_full_spool_is_said_with_what_to_do(tmp_path, capsys, quick):
    machine = Machine(tmp_path, Ledger(), limits=Limits(spool_bytes=1))
    for number in range(3):
        machine.claude(f"{number}.jsonl", *range(1000 * number, 1000 * number + 1000))
    machine.ledger.troubles = [Later("away")] * 99
    with pytest.raises(Later):
        once(machine, capsys)
    told = capsys.readouterr()
    assert "the spool is full" in told.err
    assert "--spool-mib" in told.err
    assert "clients delete" in told.err


# ----------------------------------------------------------------------- a daemon's log


def lines(capsys, *outcomes):
    teller = Teller()
    for outcome in outcomes:
        teller.tell(outcome)
    told = capsys.readouterr()
    assert told.out == ""
    stamped = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ mileage-collect (.+)")
    return [stamped.fullmatch(line)[1] for line in told.err.splitlines()]


def test_nothing_new_is_no_line(capsys):
    assert lines(capsys, *[Outcome(), Outcome(logs=1), Outcome()] * 3) == []


def test_rows_are_a_line(capsys):
    assert lines(capsys, Outcome(witnesses=3, activities=4)) == [
        "sent witnesses=3 activities=4"
    ]


def test_trouble_is_a_line_when_it_begins_changes_and_ends(capsys):
    away = Outcome(trouble=Later("cannot be reached"), waiting=10)
    other = Outcome(trouble=Unauthorised("unknown"), waiting=20)
    sent = Outcome(witnesses=1)
    assert lines(capsys, away, away, away, other, other, sent, sent) == [
        'waiting bytes=10 why="cannot be reached"',
        "waiting bytes=20 why=unknown",
        "sent witnesses=1 activities=0",
        "recovered",
        "sent witnesses=1 activities=0",
    ]


def test_trouble_ends_also_when_nothing_was_waiting(capsys):
    away = Outcome(trouble=Later("away"))
    told = lines(capsys, away, Outcome(), away, Outcome(), Outcome())
    assert [one.partition(" ")[0] for one in told] == [
        *("waiting", "recovered", "waiting", "recovered"),
    ]


def test_remarks_are_made_once_each_time(capsys):
    full = Outcome(full=True, waiting=2**21)
    held = Outcome(held=Counter(codex_rollout=2))
    told = lines(capsys, full, full, held, held, Outcome(), full)
    assert [one.partition(" ")[0] for one in told] == ["full", "held", "full"]
    assert "2.0 MiB" in told[0]
    assert 'what="2 codex_rollout"' in told[1]


def test_refusals_and_new_beginnings_are_lines(capsys):
    unread = Counter({"not JSON": 2})
    told = lines(capsys, Outcome(rejected=Counter(why=1), unread=unread, again=True))
    assert told[0] == 'unread records="2 not JSON"'
    assert told[1] == 'refused rows="1 why"'
    assert told[2].startswith("again why=")


# --------------------------------------------------------------------------- options


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "MILEAGE_TOKEN", "MILEAGE_STATE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def given(**fields):
    plain = Asked(URL, None, None, (), None, Path("state"), 256, insecure=False)
    return plain._replace(**fields)


def test_a_token_comes_from_an_option_the_environment_or_a_file(nowhere, monkeypatch):
    file = nowhere / "file"
    file.write_text(" from-file \n")
    assert given(token="from-option").credential().current() == "from-option"
    assert given(token_file=file).credential().current() == "from-file"
    kept = default_token_file()
    assert nowhere in kept.parents
    kept.parent.mkdir(parents=True)
    kept.write_text("kept\n")
    assert given().credential().current() == "kept"
    monkeypatch.setenv("MILEAGE_TOKEN", "from-environment")
    assert given().credential().current() == "from-environment"
    assert given(token_file=file).credential().current() == "from-file"
    assert given(token="from-option").credential().current() == "from-option"
    with pytest.raises(click.UsageError):
        given(token="x", token_file=file).credential()


def test_a_file_is_read_each_time(tmp_path):
    file = tmp_path / "token"
    token = Token(file=file)
    for text in ("one", "two"):
        file.write_text(text)
        assert token.current() == text


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff"])
def test_a_file_that_holds_no_token(tmp_path, content):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Unauthorised, match="mileage token create"):
        Token(file=file).current()


@pytest.mark.parametrize(
    ("mode", "is_open"), [(0o600, False), (0o640, True), (0o604, True)]
)
def test_a_file_that_others_can_read(tmp_path, mode, is_open):
    file = tmp_path / "token"
    file.write_text("x")
    file.chmod(mode)
    assert Token(file=file).open_to_others is is_open
    assert not Token("text", file).open_to_others
    assert not Token(file=tmp_path / "none").open_to_others
    assert not Token().open_to_others


def plan(tmp_path, token="mlg_p_x", account=""):  # noqa: S107
    return Plan(URL, Token(token), (), tmp_path / "state", account)


def identity(made, own="git@example.com"):
    with collecting(made, lambda: own) as collector:
        return collector._reader._identity


def test_only_a_collectors_token_has_rows_name_somebody(tmp_path):
    assert identity(plan(tmp_path)) == ""
    assert identity(plan(tmp_path, "mlg_c_x")) == "git@example.com"
    assert identity(plan(tmp_path, "mlg_c_x", "ana@example.com")) == "ana@example.com"
    with pytest.raises(Invalid, match="personal token"):
        identity(plan(tmp_path, account="ana@example.com"))


def test_homes_that_are_named_are_looked_at_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("CODEX_HOME", "/elsewhere")
    own = plan(tmp_path).places()
    named = plan(tmp_path)._replace(homes=(tmp_path,)).places()
    assert (own.environ["CODEX_HOME"], own.homes) == ("/elsewhere", (Path.home(),))
    assert (dict(named.environ), named.homes) == ({}, (tmp_path,))


def test_the_options_shared_are_taken_out_of_all():
    options = {**dict.fromkeys(Asked._fields), "watched": True}
    asked(options)
    assert options == {"watched": True}


def test_help_imports_nothing_and_shows_both_forms():
    help_text = CliRunner().invoke(root, ["collect", "--help"]).output
    for word in ("--data", "--to", "--watch", "--token-file", "install"):
        assert word in help_text
    assert (
        "--uninstall" in CliRunner().invoke(root, ["collect", "install", "-h"]).output
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--to", URL, "--data", "x"],
        ["--to", URL, "--token", "a", "--token-file", "b"],
        ["--spool-mib", "0"],
        ["--home", "/does/not/exist"],
        ["uninstall"],
    ],
)
def test_wrong_usage(nowhere, words):
    assert CliRunner().invoke(root, ["collect", *words]).exit_code == 2


def test_who_one_is_without_git(monkeypatch, nowhere):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("LOGNAME", "ana")
    assert own_identity() == "installation:ana"


# ------------------------------------------------------------------ into a directory


def test_a_directory_takes_logs_in_as_before(machine, tmp_path, capsys):
    machine.claude("a.jsonl", 1, 2)
    here = given(homes=(machine.home,), account="a@example.com")
    for new in (2, 0):
        collect_into(tmp_path / "data", here)
        assert f"{new} new witnesses" in capsys.readouterr().out
    collect_into(tmp_path / "data", here._replace(homes=(tmp_path / "data",)))
    assert "No session logs below" in capsys.readouterr().err


@pytest.fixture
def taking(monkeypatch):
    """Taking logs in, as a script: what it raises, or None, each time."""
    monkeypatch.setattr(push_watch, "SHORTEST", 0.0)
    monkeypatch.setattr(push_watch, "LONGEST", 0.0)
    taken, script = [], []

    def read_in(data, logs, identity, *, shown):
        del data, identity, shown
        taken.append([Path(file.path).name for _, file in logs])
        step = script.pop(0)
        if not script:
            os.kill(os.getpid(), 15)
        step()
        return TakenIn(len(logs), "a@x", 0, 0, 0, frozenset())

    monkeypatch.setattr("mileage.cli.collect_data.read_in", read_in)
    return taken, script


def watching(machine, tmp_path):
    here = given(homes=(machine.home,), account="a@x", state=tmp_path / "state")
    watch_into(tmp_path / "data", here)


def test_a_directory_can_be_watched_into(machine, tmp_path, taking):
    taken, script = taking
    machine.claude("a.jsonl", 1)
    script += [lambda: machine.claude("b.jsonl", 2, 3), lambda: None]
    watching(machine, tmp_path)
    assert taken == [["a.jsonl"], ["b.jsonl"]]


def test_trouble_while_watching_a_directory_is_said_and_tried_again(
    machine, tmp_path, taking, capsys
):
    taken, script = taking
    machine.claude("a.jsonl", 1)

    def busy():
        raise Conflict("somebody else holds it")

    script += [busy, busy, lambda: None]
    watching(machine, tmp_path)
    assert taken == [["a.jsonl"]] * 3
    assert capsys.readouterr().err.count("somebody else holds it") == 2


def test_a_log_that_cannot_be_read_is_tried_again_while_watching(
    machine, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(push_watch, "SHORTEST", 0.0)
    monkeypatch.setattr(push_watch, "LONGEST", 0.0)
    log = machine.claude("a.jsonl", 1, 2)
    machine.claude("b.jsonl", 3)
    passes = []

    def open_plain(path):
        """Refuse one log twice, as one whose permissions come late."""
        if path == str(log):
            passes.append(path)
            if len(passes) <= 2:
                raise PermissionError(13, "Permission denied")
            os.kill(os.getpid(), 15)
        return Path(path).open("rb")

    refusing = partial(files.LineReader, opener=open_plain)
    monkeypatch.setattr(files, "LineReader", refusing)
    watching(machine, tmp_path)
    told = capsys.readouterr().out
    assert "2 files read for a@x: 1 new witness, 1 rejected." in told
    assert "1 file read for a@x: 2 new witnesses, 0 rejected." in told
    # The second attempt had nothing new to say.
    assert told.count("read for") == 2


def test_what_is_refused_of_a_log_counts_once(machine, tmp_path, capsys):
    here = given(homes=(machine.home,), account="a@x")
    data = tmp_path / "data"

    def taken_in():
        collect_into(data, here)
        with operations(data) as owner:
            return owner.settled()["rejected"]

    file = machine.claude("a.jsonl", 1)
    assert taken_in() == 0
    for lines, told in ((b"{broken\n" * 2, 2), (b"\n", 2), (b"{broken\n", 3)):
        with file.open("ab") as stream:
            stream.write(lines)
        assert [taken_in() for _ in range(2)] == [told] * 2
    said = capsys.readouterr().out
    assert "1 file read for a@x: 0 new witnesses, 1 rejected." in said
    assert "3 more were rejected before and are not counted again." in said
    # Another log of the same name.
    file.write_bytes(b"{broken\n")
    assert [taken_in() for _ in range(2)] == [4, 4]


def test_importing_again_changes_nothing(tmp_path):
    table, mapping = tmp_path / "t.csv", tmp_path / "map.toml"
    mapping.write_text(
        'name = "m"\n[columns]\nkey = "id"\noccurred_at = "at"\n'
        'model = "model"\ninput = "in"\n[fixed]\nclient = "robot"\n'
    )
    good, broken = "1,2026-11-20T12:00:00Z,m,5\n", "2,2026-11-20T12:00:00Z,m,x\n"
    ahead = "3,2990-11-20T12:00:00Z,m,5\n"
    body = tmp_path / "body.json"
    body.write_text("{broken")
    buckets = tmp_path / "buckets.json"
    buckets.write_text('{"data": [{"date": "never"}]}')
    files = {
        "rows": ("--mapping", mapping, table),
        "claude_code_otlp": ("--account", "a@x", body),
        "openrouter_activity": (buckets,),
    }

    def imported(source, code=2):
        words = ["import", "--data", tmp_path / "data", "--source", source]
        done = CliRunner().invoke(root, [str(one) for one in (*words, *files[source])])
        assert getattr(done.exception, "exit_code", done.exit_code) == code
        assert "1 file read" in done.output
        with operations(tmp_path / "data") as owner:
            status = owner.settled()
            places = [one["place"] for one in owner.rejected()["rows"]]
        return status["rejected"], status["visible"], places

    table.write_text("id,at,model,in\n" + good + broken + ahead)
    counted, seen, places = imported("rows", 0)
    assert (counted, seen) == (2, 1)
    assert set(places) == {"t.csv:2", "t.csv:3"}
    assert imported("rows", 0)[0] == 2
    table.write_text(table.read_text() + broken)
    assert [imported("rows", 0)[0] for _ in range(2)] == [3, 3]
    # The export of another day, under the same name.
    table.write_text("id,at,model,in\n" + broken)
    assert [imported("rows")[0] for _ in range(2)] == [4, 4]
    for source, so_far in (("claude_code_otlp", 5), ("openrouter_activity", 6)):
        assert [imported(source)[0] for _ in range(2)] == [so_far] * 2


def test_watching_into_a_directory_is_done_by_one(tmp_path):
    here = given(homes=(tmp_path,), state=tmp_path / "state", account="a@example.com")
    with opened(here.state), pytest.raises(Conflict):
        watch_into(tmp_path / "data", here)
