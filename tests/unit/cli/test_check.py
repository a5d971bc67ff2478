"""``mileage check``: one line a file, mistakes with file, line and key."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mileage.cli.check import command


@pytest.fixture
def policy(tmp_path):
    """A policy directory to write into, below ``tmp_path``."""
    directory = tmp_path / "policy"
    directory.mkdir()
    return directory


def run(*arguments):
    return CliRunner().invoke(command, [str(one) for one in arguments])


def test_a_fresh_data_directory_is_right(tmp_path):
    result = run("--data", tmp_path / "new")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "mileage.toml",
        "prices.toml",
        "lenses.toml",
        "clients.toml",
        "join.toml",
        "sign_in.toml",
        "roles.toml",
        "audit.toml",
        "adoption.toml",
        "attendance.toml",
        "titles.toml",
        "tiers.toml",
    ]
    assert all(": ok (as shipped, version " in line for line in lines)
    assert not (tmp_path / "new").exists()


def test_a_file_of_ones_own_is_named(tmp_path, policy):
    (policy / "mileage.toml").write_text("[board]\ntop = 10\n")
    result = run("--data", tmp_path)
    assert result.exit_code == 0
    assert f"mileage.toml: ok ({policy / 'mileage.toml'}, version " in result.output


def test_mistakes_are_a_finding(tmp_path, policy):
    path = policy / "mileage.toml"
    path.write_text("# ours\n[board]\ntop = 0\n")
    result = run("--data", tmp_path)
    assert result.exit_code == 1
    assert f"  {path}:3: board.top: is 0; allowed: 1 to 100000\n" in result.output
    assert "mileage.toml: 1 wrong" in result.output
    assert "prices.toml: ok" in result.output


def test_the_directory_may_come_from_the_environment(tmp_path, policy, monkeypatch):
    (policy / "lenses.toml").write_text("")
    monkeypatch.setenv("MILEAGE_DATA", str(tmp_path))
    assert run().exit_code == 1


def test_as_json(tmp_path, policy):
    (policy / "prices.toml").write_text("[[price]]\n")
    result = run("--data", tmp_path, "--json")
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert report["ok"] is False
    settings, prices, lenses, *others = report["files"]
    assert all(one["shipped"] and not one["findings"] for one in others)
    assert settings["shipped"] is lenses["shipped"] is True
    assert settings["findings"] == lenses["findings"] == []
    assert {one["key"] for one in prices["findings"]} == {
        "price[1].from",
        "price[1].model",
        "price[1].usd_per_million.input",
        "price[1].usd_per_million.output",
    }
    assert {one["line"] for one in prices["findings"]} == {1}


def test_as_json_when_all_is_right(tmp_path):
    result = run("--data", tmp_path, "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)["ok"] is True


def test_help_says_what_it_does():
    result = run("--help")
    assert result.exit_code == 0
    assert "settings, prices and lenses" in result.output
