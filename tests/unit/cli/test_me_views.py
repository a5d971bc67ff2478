"""Other views of one's own usage, as they are typed."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from mileage.cli.me import command
from tests.session_logs import START, answer, usage, write_log

pytestmark = pytest.mark.usefixtures("_own_index")


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
    now = datetime.now(UTC)
    lines = [
        answer(
            f"msg_{number}",
            usage(0, 0, 0, output),
            seconds=(now - timedelta(minutes=ago) - START).total_seconds(),
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
    assert "No block is running" in said
    assert "7 days of history" in said


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
        ["commit", "-q", "--allow-empty", "-m", "filler"],
    ):
        subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)
    return folder


def test_tokens_are_set_against_commits(home, repository):
    git = ["git", "-C", str(repository), "commit", "-q", "--allow-empty", "-m", "x"]
    subprocess.run([*git, "--date", "now"], check=True, capture_output=True)
    wrote(home, (0, 900), folder=str(repository))
    found = json.loads(asked(home, "ratio", "--json", "--weeks", "2"))
    week = found["weeks"][-1]
    assert week["commits"] >= 1
    assert week["tokens_per_commit"] == round(900 / week["commits"])
    assert found["problems"] == []
    said = asked(home, "ratio")
    assert "tokens / commit" in said
    assert "1 repository" in said


def test_calls_in_no_repository_are_told(home):
    wrote(home, (0, 900))
    said = asked(home, "ratio")
    assert "None of your calls was made in a git repository" in said
    found = json.loads(asked(home, "ratio", "--json"))
    assert found["elsewhere"]["tokens"] == 900
    assert found["total"]["tokens_per_commit"] is None


def test_an_unknown_view_is_bad_usage(home):
    done = CliRunner().invoke(command, ["--home", str(home), "nonsense"])
    assert done.exit_code == 2
