"""Adoption while people come and go: no share crosses a step by one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.adoption import Target
from mileage.domain.people import Account, Membership
from mileage.reports.adoption import Before, Everybody, adoption_json, make_progress
from mileage.reports.peers import Material, PeerFiles
from tests.drawing import examples
from tests.web import fixtures
from tests.web.stage import ADA, standing

LEAST = 5
UNTIL = date(2026, 12, 31)
BASICS = Target("basics", "Basics", "training", "basics", 50, UNTIL)
WEEKLY = Target("weekly", "Weekly", "weekly-active", "", 50, UNTIL)
CODEX = Target("codex", "Codex", "client", "codex", 50, UNTIL)
TEAM = tuple(f"a{number:02}" for number in range(20))
START = date(2026, 3, 1)


def days(last: date, many: int = 30) -> tuple[str, ...]:
    return tuple((last - timedelta(ago)).isoformat() for ago in range(many))[::-1]


def people(members, done, team="A", gone=()) -> Everybody:
    """A team of the named ones; who has done what every target here wants."""
    return Everybody(
        [
            Account(one, "person", one, "")
            for one in sorted({*TEAM, *members} - {*gone})
        ],
        {one: Membership(one, "D", team, "", "", None, None) for one in members},
        [
            replace(standing(ADA), account_id=one, clients=("codex",), daily=(5,) * 30)
            for one in done
        ],
        {"basics": frozenset(done)},
    )


def publish(target, everybody, before=(), last=START):
    return make_progress([target], everybody, LEAST, Before(before, days(last)))


def said(rows):
    return [(one.team, one.members, one.low, one.high) for one in rows]


FIRST = publish(BASICS, people(TEAM, TEAM[:10]))
SOON, LATER = START + timedelta(3), START + timedelta(7)


def test_at_first_everything_is_told():
    assert said(FIRST) == [("A", 20, 50, 50)]


@pytest.mark.parametrize("target", [BASICS, WEEKLY, CODEX], ids=lambda one: one.name)
@pytest.mark.parametrize("who", [0, 3, 9, 10, 19])
def test_who_leaves_moves_nothing(target, who):
    """Without the rule it says 45 or 50 after, and so what this one had done."""
    first = publish(target, people(TEAM, TEAM[:10]))
    left = [one for one in TEAM if one != TEAM[who]]
    now = people(left, [one for one in TEAM[:10] if one != TEAM[who]])
    assert said(publish(target, now, first, SOON)) == said(first)
    assert said(publish(target, now, (), SOON)) != said(first)


@pytest.mark.parametrize("target", [BASICS, WEEKLY, CODEX], ids=lambda one: one.name)
@pytest.mark.parametrize("done", [True, False])
def test_who_joins_moves_nothing(target, done):
    first = publish(target, people(TEAM, TEAM[:10]))
    now = people((*TEAM, "new"), (*TEAM[:10], *["new"] * done))
    assert said(publish(target, now, first, SOON)) == said(first)


@pytest.mark.parametrize("out", range(6))
@pytest.mark.parametrize("into", range(6))
def test_it_is_told_anew_when_enough_have_moved_or_nobody(out, into):
    members = (*TEAM[out:], *(f"new{number}" for number in range(into)))
    rows = publish(BASICS, people(members, TEAM[5:15]), FIRST, SOON)
    (basis,) = [one.basis for one in rows]
    anew = out + into == 0 or out + into >= LEAST
    assert (rows[0].members == len(members)) or not anew
    assert basis is not None
    assert (basis.day == SOON.isoformat()) == anew
    assert (said(rows) == said(FIRST)) or anew


def test_the_same_people_are_told_of_anew_each_time():
    rows = publish(BASICS, people(TEAM, TEAM[:14]), FIRST, SOON)
    assert said(rows) == [("A", 20, 70, 70)]


def test_what_stays_is_compared_with_what_was_told_and_not_with_last_time():
    rows = FIRST
    for out in range(1, 5):
        rows = publish(BASICS, people(TEAM[out:], TEAM[5:15]), rows, SOON)
        assert said(rows) == said(FIRST)
    rows = publish(BASICS, people(TEAM[5:], TEAM[5:15]), rows, SOON)
    assert said(rows) == [("A", 15, 65, 65)]


@pytest.mark.parametrize(
    ("target", "ago", "anew"),
    [
        (WEEKLY, 6, False),
        (WEEKLY, 7, True),
        (CODEX, 7, False),
        (CODEX, 29, False),
        (CODEX, 30, True),
        (BASICS, 30, False),
        (BASICS, 400, False),
    ],
)
def test_use_that_is_counted_no_more_tells_nothing_of_then(target, ago, anew):
    first = publish(target, people(TEAM, TEAM[:10]))
    now = people(TEAM[1:], TEAM[1:15])
    rows = publish(target, now, first, START + timedelta(ago))
    assert (rows[0].members == 19) == anew
    assert (said(rows) == said(first)) != anew


def test_another_name_for_the_team_does_not_help():
    assert publish(BASICS, people(TEAM[1:], TEAM[:10], "B"), FIRST, SOON) == ()
    rows = publish(BASICS, people(TEAM, TEAM[:10], "B"), FIRST, SOON)
    assert said(rows) == [("B", 20, 50, 50)]


def test_a_team_that_got_too_small_by_one_stays_as_it_was():
    ten = TEAM[:10]
    first = publish(BASICS, people(ten, ten[:5]))
    assert said(first) == [("A", 10, 50, 50)]
    now = people(ten[1:], ten[1:5])
    assert said(publish(BASICS, now, first, SOON)) == said(first)
    assert publish(BASICS, now, (), SOON) == ()


def test_the_target_is_that_of_today():
    harder = replace(BASICS, percent=90, until=date(2027, 6, 30))
    (row,) = publish(harder, people(TEAM[1:], TEAM[:10]), FIRST, SOON)
    assert (row.percent, row.until) == (90, "2027-06-30")
    assert (row.low, row.members) == (50, 20)


def test_targets_do_not_mix():
    first = (*FIRST, *publish(WEEKLY, people(TEAM, TEAM[:5])))
    other = replace(BASICS, title="Another")
    (row,) = publish(other, people(TEAM[1:], TEAM[1:10]), first, SOON)
    assert row.members == 19


def test_who_was_erased_is_counted_and_forgotten():
    now = people(TEAM[2:], TEAM[2:10], gone=TEAM[:2])
    (row,) = publish(BASICS, now, FIRST, SOON)
    assert row.basis is not None
    assert set(row.basis.people) == set(TEAM[2:])
    assert row.basis.gone == 2
    (again,) = publish(
        BASICS, people(TEAM[4:], TEAM[4:10], gone=TEAM[:2]), (row,), SOON
    )
    assert (again.members, again.basis and again.basis.gone) == (20, 2)
    (anew,) = publish(BASICS, people(TEAM[5:], TEAM[5:10], gone=TEAM[:2]), (row,), SOON)
    assert anew.members == 15
    assert anew.basis is not None
    assert anew.basis.gone == 0


def test_what_was_told_before_this_was_kept_is_told_anew():
    before = [replace(one, basis=None) for one in FIRST]
    (row,) = publish(BASICS, people(TEAM[1:], TEAM[1:10]), before, SOON)
    assert row.members == 19


def test_nobody_is_shown_of_whom_it_was(tmp_path):
    files = PeerFiles(tmp_path, 7)
    material = Material((), (), frozenset(), progress=FIRST)
    files.renew(fixtures.SNAPSHOT, lambda _: material, LEAST)
    kept = files.latest()
    assert kept.progress == FIRST
    page = type("Page", (), {"rows": kept.progress, "window": kept.window})
    page.zone, page.as_of = kept.zone, kept.as_of
    (row,) = adoption_json(page)["rows"]
    assert set(row) == {
        *("title", "percent", "until", "department", "team", "members"),
        *("low", "high", "reached"),
    }
    assert TEAM[3] not in str(row)


@settings(max_examples=examples(40))
@given(st.integers(0, 2**32))
def test_between_two_publications_no_few_people_differ(seed):
    """Weeks of moves between teams: what is told anew differs by nobody or by many."""
    random = Random(seed)  # noqa: S311 - organisations, not secrets
    everyone = [f"p{number:03}" for number in range(60)]
    team = {one: random.choice("ABC") for one in everyone}
    target = random.choice((BASICS, CODEX))
    rows, told, today = (), {}, START
    for _ in range(8):
        members = {name: {o for o in team if team[o] == name} for name in "ABC"}
        done = {one for one in everyone if random.random() < 0.5}
        everybody = people((), ())._replace(
            accounts=[Account(one, "person", one, "") for one in everyone],
            places={
                one: Membership(one, "D", name, "", "", None, None)
                for one, name in team.items()
            },
            standings=[
                replace(standing(ADA), account_id=one, clients=("codex",))
                for one in done
            ],
            trained={"basics": frozenset(done)},
        )
        rows = publish(target, everybody, rows, today)
        for row in rows:
            if row.basis and row.basis.day == today.isoformat():
                for earlier in told.values():
                    moved = earlier ^ members[row.team]
                    assert not moved or len(moved) >= LEAST
        told |= {
            row.team: members[row.team]
            for row in rows
            if row.basis and row.basis.day == today.isoformat()
        }
        told = {name: told[name] for name in {row.team for row in rows}}
        for one in random.sample(everyone, random.choice((0, 1, 2, 6))):
            team[one] = random.choice("ABC")
        today += timedelta(random.choice((1, 3)))
