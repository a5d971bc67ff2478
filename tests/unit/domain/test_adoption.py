"""Targets of adoption: how they are read, and what may be told of a team."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.adoption import (
    STEP,
    Progress,
    Target,
    Team,
    parse_adoption,
    progress,
)
from mileage.domain.policy import PolicyErrors

FLOOR = 5
WEEKLY = Target("weekly", "Weekly", "weekly-active", "", 80, date(2026, 12, 31))
GOOD = """
[[target]]
name = "weekly"
title = "Every week"
measure = "weekly-active"
percent = 80
until = 2026-12-31
[[target]]
name = "codex"
title = "Try Codex"
measure = "client"
client = "codex"
until = 2027-03-31
departments = ["Engines", "Yard"]
"""


def team(members, done):
    people = [str(number) for number in range(members)]
    return Team("D", "T", frozenset(people), frozenset(people[:done]))


def told(members, done, target=WEEKLY):
    return progress(target, team(members, done), FLOOR)


def test_targets_are_read():
    weekly, codex = parse_adoption(GOOD, "adoption.toml")
    assert weekly.measure == "weekly-active"
    assert (weekly.percent, weekly.departments) == (80, ())
    assert (codex.what, codex.percent) == ("codex", 100)
    assert codex.departments == ("Engines", "Yard")
    assert codex.until == date(2027, 3, 31)


def test_none_is_fine():
    assert parse_adoption("", "adoption.toml") == ()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('measure = "client"', 'measure = "clients"'), "target[2].measure"),
        (('client = "codex"', ""), "target[2].client"),
        (("percent = 80", "percent = 0"), "target[1].percent"),
        (("percent = 80", "percent = 101"), "target[1].percent"),
        (("until = 2026-12-31", 'until = "soon"'), "target[1].until"),
        (("until = 2026-12-31", ""), "target[1].until"),
        (('name = "codex"', 'name = "weekly"'), "target[2].name"),
        (('name = "codex"', 'name = "Co dex"'), "target[2].name"),
        (("percent = 80", 'client = "codex"'), "target[1].client"),
        (("percent = 80", "goal = 80"), "target[1].goal"),
        (('["Engines", "Yard"]', "[]"), "target[2].departments"),
    ],
)
def test_a_mistake_has_its_line_and_its_key(change, key):
    with pytest.raises(PolicyErrors) as refused:
        parse_adoption(GOOD.replace(*change), "adoption.toml")
    assert key in {one.key for one in refused.value.findings}
    assert all(one.line > 1 for one in refused.value.findings)


@pytest.mark.parametrize("members", range(10))
def test_nothing_is_told_of_small_teams(members):
    assert told(members, members // 2) is None


@given(st.integers(10, 400), st.data())
def test_what_is_told_is_true_and_coarse(members, data):
    done = data.draw(st.integers(0, members))
    found = told(members, done)
    share = 100 * done / members
    if found.low == found.high:
        assert found.low % STEP == 0
        assert found.low <= share < found.low + STEP
        assert FLOOR <= done <= members - FLOOR
    else:
        assert found.low - 1 <= share <= found.high + 1


@pytest.mark.parametrize("members", [10, 15, 40])
def test_few_who_have_or_have_not_cannot_be_counted(members):
    few = {(one.low, one.high) for one in (told(members, n) for n in range(FLOOR))}
    assert len(few) == 1
    most = [told(members, members - n) for n in range(FLOOR)]
    assert len({(one.low, one.high) for one in most}) == 1


def test_who_is_not_in_the_team_does_not_count():
    stranger = team(20, 10)._replace(done=frozenset({*map(str, range(10)), "else"}))
    assert progress(WEEKLY, stranger, FLOOR).low == 50


@pytest.mark.parametrize(
    ("low", "high", "reached"),
    [(80, 80, True), (75, 75, False), (75, 100, None), (90, 100, True), (0, 25, False),
     (None, None, None)],
)  # fmt: skip
def test_whether_it_is_reached(low, high, reached):
    assert Progress("t", 80, "2026-12-31", "D", "T", 20, low, high).reached is reached
