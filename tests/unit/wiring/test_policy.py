"""Which policy file is in force, and everything that is wrong with any of them."""

from __future__ import annotations

import pytest

from mileage.domain.policy import PolicyErrors
from mileage.domain.settings import Settings
from mileage.wiring.policy import examine, load_policy

NAMES = ["mileage.toml", "prices.toml", "lenses.toml", "clients.toml"]
NAMES += ["join.toml", "sign_in.toml", "roles.toml", "audit.toml"]
NAMES += ["adoption.toml", "attendance.toml", "titles.toml", "tiers.toml"]


@pytest.fixture
def policy(tmp_path):
    """A policy directory to write into, below ``tmp_path``."""
    directory = tmp_path / "policy"
    directory.mkdir()
    return directory


def findings(data):
    with pytest.raises(PolicyErrors) as caught:
        load_policy(data)
    return [(one.file, one.line, one.key) for one in caught.value.findings]


def test_without_a_data_directory_the_shipped_files_are_in_force():
    shipped = load_policy(None)
    assert shipped.settings == Settings()
    assert shipped.lenses[0].name == "credit"
    assert shipped.overrides == ()
    assert list(shipped.versions) == NAMES
    assert all(len(one) == 8 for one in shipped.versions.values())


def test_whoever_looks_at_every_lens_is_not_braked():
    """Even when no two of them have anybody in common."""
    shipped = load_policy(None)
    named = len(shipped.lenses) * shipped.settings.top
    assert shipped.audit.brakes.people >= named


def test_a_data_directory_without_a_policy_changes_nothing(tmp_path, policy):
    assert load_policy(tmp_path) == load_policy(None)
    policy.rmdir()
    assert load_policy(tmp_path) == load_policy(None)
    assert load_policy(tmp_path / "nowhere") == load_policy(None)


def test_a_file_in_the_data_directory_takes_the_place_of_the_shipped_one(
    tmp_path, policy
):
    (policy / "mileage.toml").write_text('zone = "Asia/Kolkata"\n')
    changed = load_policy(tmp_path)
    assert changed.settings == Settings(zone="Asia/Kolkata")
    assert changed.lenses == load_policy(None).lenses


LENS = """
[[lens]]
name = "calm"
title = "Calm"
unit = "count"
formula = "active_days"
encourages = "rest"
gamed_by = "nothing"
"""


def test_titles_and_tiers_that_ship_fit_other_lenses(tmp_path, policy):
    (policy / "lenses.toml").write_text(LENS)
    changed = load_policy(tmp_path)
    assert changed.tiers.lens == "calm"
    assert "light-foot" not in [one.name for one in changed.titles.titles]
    assert "token-legend" in [one.name for one in changed.titles.titles]


def test_titles_of_ones_own_must_fit_the_lenses(tmp_path, policy):
    (policy / "lenses.toml").write_text(LENS)
    title = '[[title]]\nname = "a"\ntitle = "A"\nrewards = "a"\nreason = "a"\n'
    earned = 'earned_by = ["lens_calm > 1", "lens_cost > 1"]\n'
    (policy / "titles.toml").write_text(title + earned)
    (policy / "tiers.toml").write_text('lens = "cost"\nreference = "month"\n')
    assert findings(tmp_path) == [
        (str(policy / "titles.toml"), 6, "title[1].earned_by"),
        (str(policy / "tiers.toml"), 1, "lens"),
    ]


def test_of_wrong_lenses_nothing_else_is_complained_about(tmp_path, policy):
    (policy / "lenses.toml").write_text(LENS + 'nme = "x"\n')
    assert findings(tmp_path) == [(str(policy / "lenses.toml"), 9, "lens[1].nme")]


def test_the_version_is_that_of_the_bytes(tmp_path, policy):
    before = load_policy(tmp_path).versions
    (policy / "prices.toml").write_text("# nothing agreed\n")
    after = load_policy(tmp_path).versions
    assert before["prices.toml"] != after["prices.toml"]
    assert before["lenses.toml"] == after["lenses.toml"]


def test_agreed_prices_and_lenses_are_read(tmp_path, policy):
    (policy / "prices.toml").write_text(
        '[[price]]\nmodel = "m"\nfrom = 2026-01-01\n'
        "usd_per_million = { input = 1, output = 2 }\n"
    )
    (policy / "lenses.toml").write_text(
        '[[lens]]\nname = "only"\ntitle = "Only"\nunit = "micro_usd"\n'
        'encourages = "a"\ngamed_by = "b"\n'
    )
    read = load_policy(tmp_path)
    assert [one.model for one in read.overrides] == ["m"]
    assert [one.name for one in read.lenses] == ["only"]


def test_every_mistake_of_every_file_is_raised_together(tmp_path, policy):
    (policy / "mileage.toml").write_text('zone = "Mars/Olympus"\ntop = 1\n')
    (policy / "lenses.toml").write_text("[[lens]\n")
    found = findings(tmp_path)
    assert found == [
        (str(policy / "mileage.toml"), 1, "zone"),
        (str(policy / "mileage.toml"), 2, "top"),
        (str(policy / "lenses.toml"), 1, "[[lens]"),
    ]


@pytest.mark.parametrize("zone", ["Europe", "Mars/Olympus", "UTC/UTC"])
def test_a_zone_has_to_be_installed(tmp_path, policy, zone):
    (policy / "mileage.toml").write_text(f'zone = "{zone}"\n')
    assert findings(tmp_path) == [(str(policy / "mileage.toml"), 1, "zone")]


def test_a_file_of_another_name_is_a_mistake_and_not_ignored(tmp_path, policy):
    (policy / "price.toml").write_text("")
    (policy / "notes.txt").write_text("anything")
    assert findings(tmp_path) == [(str(policy / "price.toml"), 1, "-")]
    (stranger,) = [one for one in examine(tmp_path) if one.name == "price.toml"]
    assert "there are: mileage.toml, prices.toml" in stranger.findings[0].problem


@pytest.mark.parametrize("content", [b"\xff\xfe", b"zone = '\xe4'"])
def test_a_file_that_is_no_text(tmp_path, policy, content):
    (policy / "mileage.toml").write_bytes(content)
    assert findings(tmp_path) == [(str(policy / "mileage.toml"), 1, "-")]


def test_where_a_file_is_no_text(tmp_path, policy):
    (policy / "mileage.toml").write_bytes(b"# ours\norganisation = '\xe4'")
    ((where, line, key),) = findings(tmp_path)
    assert (where, line, key) == (str(policy / "mileage.toml"), 2, "-")
    with pytest.raises(PolicyErrors, match="save it as UTF-8"):
        load_policy(tmp_path)


def test_a_mark_of_utf_8_at_the_beginning_is_no_mistake(tmp_path, policy):
    (policy / "mileage.toml").write_text("\ufefforganisation = 'Ü'\n")
    assert load_policy(tmp_path).settings.organisation == "Ü"


@pytest.mark.parametrize(("days", "wrong"), [(30, True), (90, False)])
def test_titles_of_ones_own_fit_the_window(tmp_path, policy, days, wrong):
    (policy / "mileage.toml").write_text(f"[board]\nwindow_days = {days}\n")
    (policy / "titles.toml").write_text(
        '[[title]]\nname = "a"\ntitle = "A"\nrewards = "a"\nreason = "a"\n'
        'earned_by = ["active_days >= 60"]\n'
    )
    (titles,) = [one for one in examine(tmp_path) if one.name == "titles.toml"]
    assert bool(titles.findings) is wrong


@pytest.mark.parametrize(
    ("days", "least", "wrong"),
    [
        *((30, 93, False), (30, 94, True)),
        *((366, 94, False), (366, 367, False), (366, 368, True)),
    ],
)
def test_the_least_days_of_a_lens_fit_the_longest_window(
    tmp_path, policy, days, least, wrong
):
    """There are boards of a quarter, and of however many days are set."""
    (policy / "mileage.toml").write_text(f"[board]\nwindow_days = {days}\n")
    (policy / "lenses.toml").write_text(
        '[[lens]]\nname = "a"\ntitle = "A"\nunit = "tokens"\nweights = {input = 1}\n'
        f'encourages = "a"\ngamed_by = "b"\nminimum = {{active_days = {least}}}\n'
    )
    (lenses,) = [one for one in examine(tmp_path) if one.name == "lenses.toml"]
    told = [(one.line, one.key) for one in lenses.findings]
    assert told == ([(8, "lens[1].minimum.active_days")] if wrong else [])


def test_a_file_that_cannot_be_read(tmp_path, policy):
    (policy / "mileage.toml").mkdir()
    assert findings(tmp_path) == [(str(policy / "mileage.toml"), 1, "-")]


def test_a_package_without_its_files_is_told_and_does_not_crash(monkeypatch):
    monkeypatch.setattr("pkgutil.get_data", lambda *_: None)
    assert findings(None) == [(name, 1, "-") for name in NAMES]


def test_examining_tells_where_each_file_is_from(tmp_path, policy):
    (policy / "prices.toml").write_text("")
    found = {one.name: (one.shipped, one.place) for one in examine(tmp_path)}
    assert found == {
        "mileage.toml": (True, "mileage.toml"),
        "prices.toml": (False, str(policy / "prices.toml")),
        "lenses.toml": (True, "lenses.toml"),
        "clients.toml": (True, "clients.toml"),
        "join.toml": (True, "join.toml"),
        "roles.toml": (True, "roles.toml"),
        "sign_in.toml": (True, "sign_in.toml"),
        "audit.toml": (True, "audit.toml"),
        "adoption.toml": (True, "adoption.toml"),
        "attendance.toml": (True, "attendance.toml"),
        "titles.toml": (True, "titles.toml"),
        "tiers.toml": (True, "tiers.toml"),
    }
