"""What a shell is told: the codes of ``docs/reference/commands.md``, from ``main``."""

from __future__ import annotations

import sys

import pytest

from mileage import cli


@pytest.fixture
def left(tmp_path, monkeypatch):
    """Run a whole command line; return the code that its process leaves with."""

    def left(*words):
        monkeypatch.setattr(sys, "argv", ["mileage", *words, "--data", str(tmp_path)])
        try:
            cli.main()
        except SystemExit as leaving:
            return leaving.code or 0
        return 0

    return left


def test_a_finding_is_1_and_none_is_0(left, tmp_path):
    assert left("check") == 0
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "mileage.toml").write_text("[board]\ntop = 0\n")
    assert left("check") == 1
    assert left("check", "--json") == 1


def test_wrong_usage_is_2(left):
    assert left("check", "--jsonn") == 2
    assert left("chekc") == 2


def test_help_is_no_finding(left):
    assert left("check", "--help") == 0
