"""Titles and tiers follow their files; a wrong file leaves the last good rules."""

from __future__ import annotations

import pytest

from mileage.wiring.honours_in_force import HonoursInForce
from mileage.wiring.organisation import open_organisation
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


LENS = """
[[lens]]
name = "x"
title = "X"
unit = "micro_usd"
encourages = "x"
gamed_by = "x"
"""


def test_other_lenses_are_in_force_as_titles_are(tmp_path, policy):
    rules = in_force(tmp_path)
    (before, versions) = rules()
    (policy / "lenses.toml").write_text(LENS)
    assert rules.lenses() == before.lenses
    (after, others) = rules()
    assert [one.name for one in after.lenses] == ["x"]
    assert rules.lenses() == after.lenses
    assert others["lenses.toml"] != versions["lenses.toml"]
    assert after.version != before.version


def test_shipped_titles_of_lenses_that_are_gone_are_left_out(tmp_path, policy):
    rules = in_force(tmp_path)
    before = called(rules)
    (policy / "lenses.toml").write_text(LENS)
    assert set(called(rules)) < set(before)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (LENS.replace("micro_usd", "pounds"), "lenses.toml:5: lens[1].unit"),
        (LENS + LENS, "lenses.toml:10: lens[2].name"),
        (LENS.replace("[[lens]]", "[[lens"), "lenses.toml:2"),
        ("", "lenses.toml:1"),
    ],
)
def test_wrong_lenses_leave_the_last_good_ones(tmp_path, policy, caplog, wrong, where):
    (policy / "lenses.toml").write_text(LENS)
    rules = in_force(tmp_path)
    kept = rules()
    (policy / "lenses.toml").write_text(wrong)
    assert rules() == rules() == kept
    assert [one.name for one in rules.lenses()] == ["x"]
    (warning,) = caplog.messages
    assert "boards go by the last good one" in warning
    assert where in warning
    (policy / "lenses.toml").write_text(LENS.replace('"X"', '"Y"'))
    assert rules()[0].lenses[0].title == "Y"


def test_rules_that_ask_for_a_lens_that_is_gone_keep_both(tmp_path, policy, caplog):
    """Files are in force together: half of a change is none."""
    title = TITLE.replace("calls > 1", "lens x > 1")
    (policy / "lenses.toml").write_text(LENS)
    (policy / "titles.toml").write_text(TITLE)
    rules = in_force(tmp_path)
    kept = rules()
    (policy / "lenses.toml").write_text(LENS.replace('"x"', '"y"', 1))
    (policy / "titles.toml").write_text(title.replace("lens x", "no lens"))
    assert rules() == kept
    assert "titles.toml:7" in caplog.text


def test_a_published_board_has_the_lenses_of_its_hour(tmp_path):
    """The next publication ranks by other lenses, pages of before by theirs."""
    with open_organisation(tmp_path) as organisation:
        organisation.publish()
        assert not organisation.moved()
        (tmp_path / "policy").mkdir(exist_ok=True)
        (tmp_path / "policy" / "lenses.toml").write_text(LENS)
        assert organisation.moved()
        after = organisation.publish()
        assert [one.name for one in after.snapshots[0].lenses] == ["x"]
        assert [one[0] for one in organisation.answers.lenses()] == ["x"]
        assert not organisation.moved()
        (tmp_path / "policy" / "lenses.toml").write_text("[[lens]]")
        assert not organisation.moved()
        assert organisation.publish().snapshots[0].lenses == after.snapshots[0].lenses
