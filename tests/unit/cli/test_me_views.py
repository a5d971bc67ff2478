"""Other views of one's own usage, as they are typed."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from mileage.cli.me import command
from mileage.domain.errors import Invalid, Unavailable
from tests.session_logs import START, answer, usage, write_log

pytestmark = pytest.mark.usefixtures("_own_index", "_at_noon")

NOW = datetime(2026, 11, 18, 12, 7, tzinfo=UTC)
"""A Wednesday: at midnight what was used minutes ago would be another day's."""


@pytest.fixture
def _at_noon(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: int(NOW.timestamp()) * 10**9)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_DATE", NOW.isoformat())


@pytest.fixture
def _own_index(tmp_path, monkeypatch):
    monkeypatch.setenv("MILEAGE_INDEX", str(tmp_path / "index"))


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    (folder / ".claude" / "projects").mkdir(parents=True)
    return folder


def wrote(home, *calls, folder="/nowhere"):
    """Write calls (minutes ago, output tokens) as a transcript."""
    lines = [
        answer(
            f"msg_{number}",
            usage(0, 0, 0, output),
            seconds=(NOW - timedelta(minutes=ago) - START).total_seconds(),
            requestId=f"req_{number}",
            cwd=folder,
        )
        for number, (ago, output) in enumerate(calls)
    ]
    write_log(home / ".claude/projects/-nowhere", "a.jsonl", *lines)


def asked(home, *words):
    done = CliRunner().invoke(command, ["--home", str(home), "--tz", "UTC", *words])
    assert done.exit_code == 0, done.output
    return done.output


# ---------------------------------------------------------------------- the forecast


def test_a_running_block_and_a_month_are_forecast(home):
    wrote(home, (10, 1_000), *((1_440 * day, 500) for day in range(1, 29)))
    found = json.loads(asked(home, "forecast", "--json"))
    assert found["block"]["used"]["output"] == 1_000
    assert found["block"]["expected_tokens"] >= 1_000
    assert found["month"]["history_days"] == 28
    assert found["month"]["expected_tokens"]["middle"] >= 1_000
    said = asked(home, "forecast")
    assert "This block" in said
    assert "tokens a minute" in said
    assert "28 days before today" in said


def test_without_calls_it_says_so(home):
    assert json.loads(asked(home, "forecast", "--json")) == {
        "block": None,
        "month": None,
    }
    said = asked(home, "forecast")
    assert "No block is running: there was no call so far.\n" in said
    assert "7 days of history" in said


@pytest.mark.parametrize("view", ["forecast", "live"])
def test_a_block_may_have_ended_right_after_a_call(home, view):
    """The latest call was 10 minutes ago, in the block from 7 to 12 o'clock."""
    wrote(home, (300, 1_000), (10, 1_000))
    said = "No block is running: the last one ended at 12:00 on 2026-11-18.\n"
    assert said in asked(home, view)


def wrote_unpriced(home, minutes_ago=5):
    moment = (NOW - timedelta(minutes=minutes_ago) - START).total_seconds()
    line = answer("msg_x", usage(0, 0, 0, 70), seconds=moment, model="unheard-of")
    write_log(home / ".claude/projects/-nowhere", "b.jsonl", line)


def test_dollars_that_are_not_all_say_so(home):
    wrote(home, (10, 1_000), *((1_440 * day, 500) for day in range(1, 29)))
    views = ("forecast", "live", "statusline")
    assert not any("+" in asked(home, view) for view in views)
    wrote_unpriced(home)
    block, _, month = asked(home, "forecast").partition("This month")
    for part in (block, month):
        assert re.search(r"used .*\$\d+\.\d\d\+, \d+ calls", part)
    assert "+ calls without a known price" in month
    assert re.search(r"by its end .*\$\d+\.\d\d\+ if it goes on", block)
    assert re.search(r"expected .*\$\d+\.\d\d\+\n", month)
    assert re.search(r"range .*\$\d+\.\d\d\+ to \$\d+\.\d\d\+\n", month)
    assert "+ calls without a known price" in asked(home, "live")
    assert re.search(r"^today <?\$\d+\.\d\d\+, ", statusline(home, ""))


def test_dollars_that_are_expected_of_days_that_are_not_all_say_so(home):
    """Of last month: so that nothing but the expectation is made of it."""
    wrote(home, (10, 1_000), *((1_440 * day, 500) for day in range(1, 29)))
    wrote_unpriced(home, minutes_ago=1_440 * 20)
    month = asked(home, "forecast").partition("This month")[2]
    used, expected, between, _, sign, *_ = month.splitlines()[1:]
    assert "+" not in used
    assert [line.count("+") for line in (expected, between)] == [1, 2]
    assert sign == "+ calls without a known price, which are in no dollars."
    found = json.loads(asked(home, "forecast", "--json"))["month"]
    assert (found["used"]["unpriced_calls"], found["unpriced_calls"]) == (0, 1)


def test_no_dollars_at_all_are_a_dash(home):
    wrote_unpriced(home)
    assert "+" not in asked(home, "forecast")
    assert statusline(home, "").startswith("today \u2013, 70 tok | block \u2013, ")


def test_one_call_is_no_calls(home):
    wrote(home, (10, 1_000))
    assert ", 1 call\n" in asked(home, "forecast")


# ------------------------------------------------------------------------- the ratio


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    for words in (
        ["init", "-q"],
        ["config", "user.email", "alice@example.com"],
        ["config", "user.name", "Someone"],
        ["commit", "-q", "--allow-empty", "-m", "filler"],
        ["commit", "-q", "--allow-empty", "-m", "more"],
    ):
        subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)
    return folder


def test_tokens_are_set_against_commits(home, repository):
    wrote(home, (0, 900), folder=str(repository))
    found = json.loads(asked(home, "ratio", "--json", "--weeks", "2"))
    week = found["weeks"][-1]
    assert week["commits"] == 2
    assert week["tokens_per_commit"] == 450
    assert found["problems"] == []
    said = asked(home, "ratio")
    assert "tokens / commit" in said
    assert "1 repository" in said


def test_what_was_committed_before_any_log_is_left_out(home, repository):
    """Clients delete their logs: weeks without them look like work for nothing."""
    for weeks in (3, 5):
        date = (NOW - timedelta(weeks=weeks)).isoformat()
        subprocess.run(
            [
                "git",
                "-C",
                repository,
                "commit",
                "-q",
                "--allow-empty",
                "-m",
                str(weeks),
            ],
            check=True,
            env={**os.environ, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date},
        )
    month = 4 * 7 * 24 * 60
    wrote(home, (0, 900), (month, 300), folder=str(repository))
    found = json.loads(asked(home, "ratio", "--json"))
    assert [one["commits"] for one in found["weeks"]] == [0, 1, 0, 0, 2]
    assert found["total"]["tokens_per_commit"] == 400
    said = asked(home, "ratio")
    assert "Your logs begin on 2026-10-21, and so do these weeks." in said
    assert "begin on" not in asked(home, "ratio", "--weeks", "2")
    assert len(json.loads(asked(home, "ratio", "--json", "--weeks", "2"))["weeks"]) == 2


def test_calls_in_no_repository_are_told(home):
    wrote(home, (0, 900))
    said = asked(home, "ratio")
    assert "None of your calls was made in a git repository" in said
    found = json.loads(asked(home, "ratio", "--json"))
    assert found["elsewhere"]["tokens"] == 900
    assert found["total"]["tokens_per_commit"] is None


def test_calls_in_folders_that_are_gone_are_no_mystery(home, repository):
    wrote(home, (0, 900), folder=str(repository))
    moment = (NOW - START).total_seconds()
    gone = answer("msg_x", usage(0, 0, 0, 70), seconds=moment, cwd="/nowhere")
    write_log(home / ".claude/projects/-nowhere", "b.jsonl", gone)
    said = asked(home, "ratio")
    assert "Not in the ratio: 1 call (70 tokens) made outside of them, or in f" in said


def test_a_repository_that_cannot_be_read_is_told(home, tmp_path):
    folder = tmp_path / "[bold" / "x]"
    folder.mkdir(parents=True)
    (folder / ".git").write_text("gitdir: /gone\n")
    wrote(home, (0, 900), folder=str(folder))
    said = asked(home, "ratio")
    assert said == f"{folder}: git refuses: not a git repository: /gone\n"
    found = json.loads(asked(home, "ratio", "--json"))
    assert found["elsewhere"]["tokens"] == 900
    assert found["problems"] == [said.strip()]


def test_without_git_there_is_no_ratio(home, repository, monkeypatch):
    wrote(home, (0, 900), folder=str(repository))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="Install it"):
        CliRunner().invoke(
            command, ["--home", str(home), "ratio"], catch_exceptions=False
        )


# ------------------------------------------------------------------- the status line


def statusline(home, said=None, *words):
    where = ["--home", str(home), "--tz", "UTC", "statusline", *words]
    done = CliRunner().invoke(command, where, input=said)
    assert done.exit_code == 0, done.output
    assert done.output.count("\n") == 1
    return done.output.strip()


def test_a_status_line_says_what_there_is(home):
    wrote(home, (1, 1_000))
    told = {"session_id": "session-1", "model": {"display_name": "Opus 4.8"}}
    said = statusline(home, json.dumps(told))
    model, session, today, block, pace = said.split(" | ")
    assert model == "Opus 4.8"
    assert session.startswith("session $0.0")
    assert today.endswith(", 1K tok")
    assert "left" in block
    assert pace.endswith("tok/min")


@pytest.mark.parametrize(
    "said",
    ["", "not JSON", "[1]", "null", '{"model": 3, "session_id": {}}', "[" * 100_000],
)
def test_odd_input_is_no_reason_to_fail(home, said):
    wrote(home, (1, 1_000))
    line = statusline(home, said)
    assert line.startswith("today ")
    assert "session" not in line


def test_a_call_that_is_to_come_is_of_no_view_of_today(home):
    wrote(home, (10, 1_000), (-3_000, 700), (-30 * 1_440, 700))
    assert ", 1K tok | " in statusline(home, "")
    assert "last call 10 min ago" in asked(home, "live")
    (source,) = [line for line in asked(home).splitlines() if "_log:" in line]
    said = "2 calls dated more than a day ahead left out: a clock was wrong"
    assert source.endswith(f"(UTC), {said}")
    for _ in range(2):
        found = json.loads(asked(home, "--json"))
        (told,) = [one for one in found["sources"] if one["calls"]]
        assert (told["calls"], told["ahead"]) == (1, 2)
        assert found["total"]["calls"] == sum(one["calls"] for one in found["rows"])
        assert (found["total"]["calls"], found["total"]["output"]) == (1, 1_000)
        assert found["window"]["until"] == "2026-11-19T00:00:00Z"


def test_where_every_call_is_dated_ahead_it_is_said(home):
    wrote(home, (-30 * 1_440, 700), (-31 * 1_440, 700))
    said = asked(home)
    assert "No usage that counts: 2 calls are dated more than a day ahead" in said
    assert "Looked for logs" not in said
    assert "2 calls dated more than a day ahead left out: a clock was wrong" in said
    assert json.loads(asked(home, "--json"))["total"]["calls"] == 0
    line = statusline(home, "")
    assert line == "no call that counts (`mileage me` says why)"
    assert f"12:07:00  {line}\n" in asked(home, "live")
    assert asked(home, "ratio") == "No call counts; `mileage me` says why.\n"


def test_a_call_counts_when_the_clock_has_reached_it(home, monkeypatch):
    wrote(home, (10, 1_000), (-30 * 1_440, 700))
    asked(home)
    later = NOW + timedelta(days=29, minutes=30)
    monkeypatch.setattr(time, "time_ns", lambda: int(later.timestamp()) * 10**9)
    said = asked(home)
    assert "left out" not in said
    assert json.loads(asked(home, "--json"))["total"]["output"] == 1_700


def test_a_clock_a_little_ahead_is_no_wrong_one(home):
    wrote(home, (10, 1_000), (-1_430, 700))
    assert "wrong" not in asked(home)


def test_only_chosen_parts_are_shown(home):
    wrote(home, (1, 1_000))
    assert statusline(home, "", "--show", "pace").endswith("tok/min")
    assert "|" not in statusline(home, "", "--show", "pace")


def test_without_use_it_says_so(home):
    assert statusline(home, "") == "no calls found"
    said = "No calls found; `mileage me` says where it looked.\n"
    assert asked(home, "ratio") == said


def test_a_day_without_use_is_no_empty_home(home):
    wrote(home, *((1_440 * day, 500) for day in range(30, 40)))
    assert statusline(home, "") == "nothing today"
    assert "12:07:00  last call on 2026-10-19.\n" in asked(home, "live")
    said = asked(home, "forecast")
    assert "No forecast for the month: no calls in the 28 days before today." in said
    assert json.loads(asked(home, "forecast", "--json"))["month"] is None
    wrote(home, *((1_440 * day, 500) for day in range(28, 40)))
    assert "This month" in asked(home, "forecast")


def test_calls_of_the_hours_to_come_are_said_to_be_ahead(home):
    wrote(home, (-300, 1_000))
    said = "every call is dated ahead of this machine's clock"
    assert statusline(home, "") == said
    assert f"12:07:00  {said}\n" in asked(home, "live")


def test_a_model_cannot_send_escapes_to_the_terminal(home):
    wrote(home, (1, 10))
    told = json.dumps({"model": {"display_name": "\x1b]0;owned\x07Opus\n"}})
    assert "\x1b" not in statusline(home, told)
    assert statusline(home, told).startswith("\ufffd]0;owned\ufffdOpus\ufffd | ")


# ----------------------------------------------------------------------- watching it


def test_watching_prints_once_where_nobody_can_watch(home):
    wrote(home, (10, 1_000), (70, 500))
    said = asked(home, "live")
    assert "This block" in said
    assert "claude-opus-4-8" in said
    assert "last call 10 min ago" in said


def test_watching_an_empty_home_says_so(home):
    said = asked(home, "live")
    assert "no calls yet" in said
    assert "no calls found" in said


# ----------------------------------------------------------------------- the picture


def test_a_picture_is_a_png_of_the_right_size(home, tmp_path):
    wrote(home, (10, 1_000))
    file = tmp_path / "me.png"
    asked(home, "picture", str(file))
    png = file.read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1200, 630)


def test_what_is_chosen_changes_the_picture(home, tmp_path):
    wrote(home, (10, 1_000))
    drawn = []
    for number, words in enumerate(
        [[], ["--dark"], ["--name", "Alice"], ["--show", "cost"], ["--days", "7"]]
    ):
        file = tmp_path / f"{number}.png"
        asked(home, "picture", str(file), *words)
        drawn.append(file.read_bytes())
    assert len(set(drawn)) == len(drawn)


def test_names_of_any_letters_can_be_drawn(home, tmp_path):
    moment = (NOW - timedelta(minutes=5) - START).total_seconds()
    line = answer("msg_o", usage(0, 0, 0, 9), seconds=moment, model="m\x01\x1bodel")
    write_log(home / ".claude/projects/-nowhere", "o.jsonl", line)
    file = tmp_path / "odd.png"
    for name in ("a\tb\x00", "\ud800", "<b>&\uffff"):
        asked(home, "picture", "--name", name, "--show", "models", str(file))
        assert file.read_bytes()[:4] == b"\x89PNG"
        file.unlink()


def test_letters_that_a_picture_lacks_are_told(home, tmp_path):
    wrote(home, (10, 1_000))
    file = str(tmp_path / "me.png")
    said = asked(home, "picture", file, "--name", "田中 José")
    assert "a ? stands for what the picture's font has no letter for: 田, 中\n" in said
    assert "?" not in asked(home, "picture", file, "--name", "José Łukasz Иван")


def test_nothing_to_draw_is_said(home, tmp_path):
    where = ["--home", str(home), "picture", str(tmp_path / "x.png")]
    done = CliRunner().invoke(command, where)
    assert isinstance(done.exception, Invalid)
    assert "no use in the last 30 days" in str(done.exception)
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("view", ["forecast", "live", "statusline", "picture"])
def test_a_damaged_index_is_told_and_left_to_the_report(home, tmp_path, view):
    wrote(home, (30, 1_000), (10, 2_000))
    asked(home)
    (index,) = (tmp_path / "index").iterdir()
    index.write_bytes(b"no database at all" * 1_000)
    before = index.read_bytes()
    more = (str(tmp_path / "card.png"),) if view == "picture" else ()
    done = CliRunner().invoke(command, ["--home", str(home), view, *more])
    assert done.exit_code == 0, done.output
    told = "read straight from the logs, without what was in deleted ones."
    assert (told in " ".join(done.output.split())) is (view != "statusline")
    assert index.read_bytes() == before
    assert "is built again" in asked(home)


def test_an_unknown_view_is_bad_usage(home):
    done = CliRunner().invoke(command, ["--home", str(home), "nonsense"])
    assert done.exit_code == 2
