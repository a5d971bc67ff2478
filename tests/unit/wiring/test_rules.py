"""The shipped rules, held against the demo's gamers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mileage.domain.policy import PolicyErrors
from mileage.honours.trial import Gain, Outcome
from mileage.ingest.demo.habits import HABITS
from mileage.wiring.rules import Tried, try_rules

DOCS = Path(__file__).parents[3] / "docs" / "explanation" / "gaming.md"
RAW = "tokens"


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    return try_rules(tmp_path_factory.mktemp("none"), 1)


def by_name(tried):
    return {one.strategy: one for one in tried.outcomes}


def test_every_habit_is_tried_by_every_lens(tried):
    outcomes = by_name(tried)
    assert set(outcomes) == {habit.name for habit in HABITS}
    for one in outcomes.values():
        assert list(one.lenses) == [lens.name for lens in tried.lenses]
        assert one.dollars > 0


def test_no_strategy_pays_on_the_default_lens_in_titles_or_in_tiers(tried):
    assert tried.paying == ()
    for one in tried.outcomes:
        if one.gaming:
            gain = one.lenses[tried.lenses[0].name]
            assert gain.habit <= gain.honest
            assert one.tiers.habit <= one.tiers.honest
            assert all(each.habit <= each.honest for each in one.titles.values())


@pytest.mark.parametrize("seed", [54, 90])
def test_no_title_is_cheaper_for_waste_than_for_work(tmp_path, seed):
    """Where evenness of tokens gave one to fan-out, and not to work for the money."""
    assert try_rules(tmp_path, seed).paying == ()


def test_money_is_spread_as_evenly_whatever_it_buys(tried):
    for one in tried.outcomes:
        for lens in ("breadth", "steadiness"):
            assert one.lenses[lens].habit == one.lenses[lens].honest


def test_it_does_move_somebody(tried):
    """A lens that moves nobody would pass as well."""
    default = tried.lenses[0].name
    assert sum(one.lenses[default].honest > 20 for one in tried.outcomes) >= 6


def test_raw_tokens_pay_for_what_reads_caches(tried):
    outcomes = by_name(tried)
    for name in ("left-running", "loop", "cache-spinning"):
        assert outcomes[name].lenses[RAW].pays


def test_who_only_looks_like_a_gamer_gains_like_honest_work(tried):
    outcomes = by_name(tried)
    default = tried.lenses[0].name
    for name in ("power-user", "night-shift"):
        gain = outcomes[name].lenses[default]
        assert gain.habit == gain.honest > 0


def test_the_table_of_the_docs_is_what_comes_out(tried):
    text = DOCS.read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (\$.*) \|$", text, re.MULTILINE))
    default = tried.lenses[0].name
    for one in tried.outcomes:
        told = [
            f"{gain.habit} / {gain.honest}" + (" !" if gain.pays else "")
            for gain in (one.lenses[default], one.lenses[RAW], one.lenses["output"])
        ]
        assert rows[one.strategy] == " | ".join([f"${one.dollars / 1e6:,.2f}", *told])


def test_rules_of_the_organisation_take_the_place_of_the_shipped_ones(tmp_path):
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "lenses.toml").write_text("[[lens]]\nname = 1\n", "utf-8")
    with pytest.raises(PolicyErrors):
        try_rules(tmp_path, 1)


@pytest.mark.parametrize(
    ("change", "paying"),
    [
        ({}, ()),
        ({"gaming": False, "tiers": Gain(3, 1)}, ()),
        ({"tiers": Gain(3, 1)}, (("s", "tiers"),)),
        ({"titles": {"a": Gain(1, 0), "b": Gain(0, 1)}}, (("s", "title a"),)),
        ({"lenses": {"one": Gain(2, 1), "two": Gain(2, 2)}}, (("s", "lens one"),)),
        ({"lenses": {"one": Gain(2, 2), "two": Gain(9, 1)}}, ()),
    ],
)
def test_what_pays(tried, change, paying):
    lenses = {"one": Gain(1, 1), "two": Gain(1, 1)}
    one = Outcome(
        "s", gaming=True, dollars=1, lenses=lenses, titles={}, tiers=Gain(0, 0)
    )
    default = type("Named", (), {"name": "one"})()
    assert Tried((default,), (one._replace(**change),)).paying == paying
