"""Titles and tiers follow their files; a wrong file leaves the last good rules."""

from __future__ import annotations

import pytest

from mileage.wiring.honours_in_force import HonoursInForce
from mileage.wiring.policy import load_policy

TITLE = """
[[title]]
name = "a"
title = "A"
rewards = "a"
reason = "a"
earned_by = ["calls > 1"]
"""


@pytest.fixture
def policy(tmp_path):
    directory = tmp_path / "policy"
    directory.mkdir()
    return directory


def in_force(tmp_path):
    return HonoursInForce(tmp_path, load_policy(tmp_path))


def called(rules):
    return [one.title for one in rules()[0].titles.titles]


def test_a_change_is_in_force_at_the_next_publication(tmp_path, policy):
    rules = in_force(tmp_path)
    before = rules()
    assert rules() == before
    (policy / "titles.toml").write_text(TITLE)
    assert called(rules) == ["A"]
    assert rules()[1]["titles.toml"] != before[1]["titles.toml"]
    assert rules()[0].version == before[0].version


def test_other_bounds_have_another_version(tmp_path, policy):
    rules = in_force(tmp_path)
    before = rules()[0]
    (policy / "tiers.toml").write_text('reference = "week"\n')
    assert rules()[0].tiers.reference == "week"
    assert rules()[0].version != before.version


def test_a_wrong_file_leaves_the_last_good_rules_and_says_so_once(
    tmp_path, policy, caplog
):
    (policy / "titles.toml").write_text(TITLE)
    rules = in_force(tmp_path)
    (policy / "titles.toml").write_text(TITLE.replace("calls >", "cals >"))
    assert called(rules) == ["A"]
    assert called(rules) == ["A"]
    (warning,) = caplog.messages
    assert "last good one" in warning
    assert "titles.toml:7: title[1].earned_by: there is no metric 'cals'" in warning
    (policy / "titles.toml").write_text(TITLE.replace('"A"', '"B"'))
    assert called(rules) == ["B"]


def test_lenses_wait_for_a_restart(tmp_path, policy):
    rules = in_force(tmp_path)
    before = rules()
    lens = '[[lens]]\nname = "x"\ntitle = "X"\nunit = "micro_usd"\n'
    (policy / "lenses.toml").write_text(lens + 'encourages = "x"\ngamed_by = "x"\n')
    assert rules() == before
