"""What is understood without click is understood as click does."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mileage import cli
from mileage.cli import me, me_arguments
from mileage.cli.me_arguments import plain
from mileage.reports.local_question import GROUPINGS
from tests.drawing import examples
from tests.session_logs import answer, write_log

WORDS = (
    *("--home", "--since", "--until", "--by", "--tz", "--json", "--no-index"),
    *("--rebuild-index", "--help", "-h", "--", "live", "--bye", "--jso", "-", ""),
    *("--json=1", "--by=week", "--tz=UTC", "--home=.", "--since=2026-11-20", "--by="),
    *("--until=2026-11-20=", "--home=/nowhere/at/all", "--home=~", "--home=/dev/null"),
    *GROUPINGS,
    *("Day", "2026-11-20", "2026-11-2", "2026-W47-5", "20261120", "2026-02-30", "x"),
    *("\u0662\u0660\u0662\u0666-11-20", " 2026-11-20", "0000-01-01", "9999-12-31"),
    *(
        "UTC",
        "Europe/Berlin",
        "Nowhere/Land",
        "../x",
        "utc",
        "\0",
        "/",
        "/nowhere",
        ".",
    ),
)


def by_click(arguments, monkeypatch):
    """What the ordinary way would report, or None if it has something to say."""
    reported = []
    monkeypatch.setattr(me, "report", lambda *told: reported.append(told))
    result = CliRunner().invoke(me.command, arguments)
    assert len(reported) == (not result.exit_code and not result.output)
    return reported[0] if reported else None


@settings(
    max_examples=examples(400),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(arguments=st.lists(st.sampled_from(WORDS), max_size=7))
def test_it_understands_nothing_else_than_click(arguments, monkeypatch):
    told = plain(arguments)
    if told is not None:
        assert told == by_click(arguments, monkeypatch)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--json"],
        ["--home", "/nowhere", "--home=.", "--json", "--json"],
        ["--since", "2026-11-20", "--until=2026-11-20", "--by", "month"],
        ["--tz=Europe/Berlin", "--no-index", "--rebuild-index"],
        *([f"--by={by}"] for by in GROUPINGS),
    ],
)
def test_the_usual_questions_need_no_click(arguments, monkeypatch):
    told = plain(arguments)
    assert told is not None
    assert told == by_click(arguments, monkeypatch)


def test_every_option_is_known_or_left_to_click():
    """An option that is added has to be thought about."""
    names = {name for one in me.command.params for name in one.opts}
    known = {"--home", *me_arguments._ONCE, *me_arguments._FLAGS}
    assert names == known


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["live"],
        ["--json", "forecast"],
        ["--by", "mood"],
        ["--by", "day", "--by", "week"],
        ["--since"],
        ["--since", "--json"],
        ["--since", "yesterday"],
        ["--since", "2026-11-21", "--until", "2026-11-20"],
        ["--tz", "Nowhere/Land"],
        ["--home", __file__],
    ],
)
def test_what_has_to_be_explained_is_left_to_click(arguments):
    assert plain(arguments) is None


def test_a_home_that_may_not_be_read_is_left_to_click(tmp_path, monkeypatch):
    monkeypatch.setattr(me_arguments.os, "access", lambda *_: False)
    assert plain(["--home", str(tmp_path)]) is None


@pytest.mark.parametrize("more", [[], ["--by", "mood"]])
def test_the_answer_or_the_explanation_is_printed(tmp_path, monkeypatch, capsys, more):
    write_log(tmp_path, ".claude/projects/p/one.jsonl", answer())
    arguments = ["mileage", "me", "--home", str(tmp_path), "--json", *more]
    monkeypatch.setattr(sys, "argv", arguments)
    # For the rest of its process, which here is that of all tests.
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr(cli.os, "_exit", sys.exit)
    if more:
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert left.value.code == 2
        assert "is not one of" in capsys.readouterr().err
    else:
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert left.value.code == 0
        out = capsys.readouterr().out
        assert out == CliRunner().invoke(me.command, arguments[2:]).output
        assert '"calls": 1' in out


def test_a_shell_that_asks_for_completions_asks_click(tmp_path, monkeypatch, capsys):
    """It calls with the variable set, whatever the words are."""
    write_log(tmp_path, ".claude/projects/p/one.jsonl", answer())
    monkeypatch.setattr(sys, "argv", ["mileage", "me", "--json"])
    monkeypatch.setenv("_MILEAGE_COMPLETE", "bash_source")
    with pytest.raises(SystemExit):
        cli.main()
    assert "_MILEAGE_COMPLETE=bash_complete" in capsys.readouterr().out


def test_an_answer_is_given_without_what_takes_long_to_load(tmp_path):
    log = write_log(tmp_path, ".claude/projects/p/one.jsonl", answer())
    code = (
        "import gc, os, sys; from mileage.cli import main\n"
        "slow = ('click', 'rich', 'hashlib', 'ctypes', "
        "'typing_extensions', 'dataclasses', *sys.argv.pop(1).split())\n"
        "def leave(code):\n"
        "    loaded = [n for n in slow if n in sys.modules]\n"
        "    print(code, gc.isenabled(), loaded, file=sys.stderr)\n"
        "os._exit = leave\n"
        "main()\n"
    )
    asked = ["me", "--home", str(tmp_path), "--json"]
    # From 3.13 on, time zones of Python's own take it along.
    threads = "threading" if sys.version_info < (3, 13) else ""
    for reading_takes, more in (
        (f"inspect {threads}", b""),
        (f"msgspec decimal inspect {threads}", b""),
        ("inspect", log.read_bytes()),
    ):
        with log.open("ab") as stream:
            stream.write(more)
        done = subprocess.run(
            [sys.executable, "-c", code, reading_takes, *asked],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr.splitlines()[0] == "0 False []"


def test_whoever_needs_the_extensions_of_typing_still_finds_them(tmp_path):
    """They are only left out while the decoder is loaded."""
    write_log(tmp_path, ".claude/projects/p/one.jsonl", answer())
    code = (
        "import sys; from pathlib import Path; from mileage.wiring import personal\n"
        "rows = personal.quarter_rows([Path(sys.argv[1])], {})\n"
        "assert [row.calls for row in rows] == [1]\n"
        "assert 'msgspec' in sys.modules and 'typing_extensions' not in sys.modules\n"
        "import typing_extensions, msgspec._utils\n"
        "print(typing_extensions.NotRequired is msgspec._utils.NotRequired)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


def test_what_was_printed_arrives_whole_before_the_process_leaves(tmp_path):
    """Nobody flushes for it afterwards, whatever it was printed to."""
    write_log(tmp_path, ".claude/projects/p/one.jsonl", answer())
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(
            [sys.executable, "-m", "mileage", "me", "--home", str(tmp_path), "--json"],
            stdout=out,
            check=True,
        )
    assert json.loads((tmp_path / "out").read_text())["total"]["calls"] == 1
