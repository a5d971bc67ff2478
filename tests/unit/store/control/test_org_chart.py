"""Who is below whom on a day; against a plain walk over drawn charts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from mileage.domain.directory import PersonRow
from mileage.store.control import org_chart

DAY, LATER = date(2026, 11, 2), date(2026, 11, 3)


def person(name, manager="", team="A", department="Engines", **dates):
    return PersonRow(
        email=f"{name}@x.example",
        name=name,
        kind="person",
        department=department,
        team=team,
        manager=f"{manager}@x.example" if manager else "",
        role="",
        **{"since": None, "until": None, **dates},
    )


@pytest.fixture(params=[0, 1000], ids=["all at once", "level by level"])
def chart(control, request, monkeypatch):
    """Import people; ask by name, in both of the ways of reading the chart."""
    monkeypatch.setattr(org_chart, "MANY", request.param)

    class Chart:
        def __init__(self):
            self.ids = {}

        def have(self, *rows):
            control.import_people(rows)
            self.ids = {one.name: one.account_id for one in control.accounts()}

        def names(self, ids):
            return {name for name, one in self.ids.items() if one in ids}

        def below(self, name, day=DAY):
            return self.names(control.people_below(self.ids[name], day))

        def is_below(self, name, manager, day=DAY):
            return control.are_below((self.ids[name],), self.ids[manager], day)

        def members(self, department, team=None, day=DAY):
            return self.names(control.members_on(day, department, team))

    return Chart()


def test_below_is_every_level(chart):
    chart.have(person("a"), person("b", "a"), person("c", "b"), person("d"))
    assert chart.below("a") == {"b", "c"}
    assert chart.below("b") == {"c"}
    assert chart.below("c") == chart.below("d") == set()
    assert chart.is_below("c", "a")
    assert not chart.is_below("a", "c")
    assert not chart.is_below("d", "a")


def test_nobody_is_below_themselves_or_below_a_stranger(chart, control):
    chart.have(person("a", "a"), person("b", "ghost"))
    assert chart.below("a") == set()
    assert not chart.is_below("a", "a")
    assert not control.are_below((chart.ids["b"],), "acc_ghost", DAY)
    assert not control.are_below(("acc_ghost",), chart.ids["a"], DAY)
    assert not control.are_below((), chart.ids["a"], DAY)


def test_a_chart_that_goes_round_ends(chart):
    chart.have(person("a", "c"), person("b", "a"), person("c", "b"), person("d", "c"))
    assert chart.below("a") == {"b", "c", "d"}
    assert chart.is_below("a", "b")
    assert not chart.is_below("a", "d")


def test_a_move_counts_from_its_day(chart):
    moved = person("c", "a", until=DAY), person("c", "b", "B", since=LATER)
    chart.have(person("a"), person("b"), *moved)
    assert chart.is_below("c", "a", DAY)
    assert not chart.is_below("c", "b", DAY)
    assert not chart.is_below("c", "a", LATER)
    assert chart.is_below("c", "b", LATER)
    assert chart.below("a", DAY) == chart.below("b", LATER) == {"c"}
    assert chart.below("b", DAY) == chart.below("a", LATER) == set()
    assert chart.members("Engines", "B", DAY) == {*()}
    assert chart.members("Engines", "B", LATER) == {"c"}


def test_of_memberships_that_overlap_the_later_begun_counts(chart):
    chart.have(person("a"), person("b"), person("c", "a"), person("c", "b", since=DAY))
    assert chart.below("a") == set()
    assert chart.below("b") == {"c"}


def test_a_corrected_belief_counts_at_once(chart):
    chart.have(person("a"), person("b"), person("c", "a"))
    chart.have(person("c", "b"))
    assert chart.below("a") == set()
    assert chart.is_below("c", "b")


def test_addresses_of_managers_are_compared_without_case(chart):
    row = replace(person("b", "a"), manager="A@X.Example")
    chart.have(person("a"), row)
    assert chart.below("a") == {"b"}
    assert chart.is_below("b", "a")


def test_a_name_is_no_address(chart):
    chart.have(person("a"), replace(person("b"), manager="a"))
    assert chart.below("a") == set()


def test_members(chart, control):
    chart.have(
        person("a"),
        person("b", team="B"),
        person("c", department="Sales"),
        person("gone", until=date(2026, 1, 1)),
    )
    assert chart.members("Engines") == {"a", "b"}
    assert chart.members("Engines", "B") == {"b"}
    assert chart.members("Sales", "B") == set()
    assert control.place_on(chart.ids["b"], DAY).team == "B"
    assert control.place_on(chart.ids["gone"], DAY) is None
    assert control.has_people_below(chart.ids["a"], DAY) is False


@pytest.mark.parametrize("seed", range(6))
def test_drawn_charts_against_a_plain_walk(chart, control, seed):
    random = Random(seed)  # noqa: S311 - made-up people
    names = [f"p{number}" for number in range(16)]
    manager = {one: random.choice([*names, "", "ghost"]) for one in names}
    chart.have(*(person(one, manager[one]) for one in names))

    def above(name):
        seen = []
        while (name := manager.get(name, "")) in manager and name not in seen:
            seen.append(name)
        return seen

    for boss in names:
        expected = {one for one in names if boss in above(one) and one != boss}
        assert chart.below(boss) == expected
        for one in names:
            assert chart.is_below(one, boss) is (one in expected)
        some = {one for one in names if random.random() < 0.15}
        ids = {chart.ids[one] for one in some}
        told = control.are_below(ids, chart.ids[boss], DAY)
        assert told is (bool(some) and some <= expected)
        direct = any(manager[one] == boss and one != boss for one in names)
        assert control.has_people_below(chart.ids[boss], DAY) is direct


def test_whoever_was_below_since_a_day(chart, control):
    moved = person("c", "a", until=DAY), person("c", "b", "B", since=LATER)
    chart.have(person("a"), person("b"), *moved, person("d", "c"))

    def since(name, first, day=LATER):
        return chart.names(control.people_below(chart.ids[name], day, first))

    assert since("a", DAY) == {"c", "d"}
    assert since("a", LATER) == set()
    assert since("b", DAY) == {"c", "d"}
    assert since("b", DAY, DAY) == set()
    assert since("c", DAY) == chart.below("c") == {"d"}


@pytest.mark.parametrize("seed", range(4))
def test_since_a_day_is_at_least_everybody_of_every_day(chart, control, seed):
    random = Random(f"since {seed}")  # noqa: S311 - made up
    days = [date(2026, 11, day) for day in range(1, 8)]
    names = [f"p{number}" for number in range(12)]
    rows = []
    for name in names:
        cut = random.choice(days)
        boss, other = random.choice(names), random.choice(names)
        rows += [
            person(name, boss, until=cut),
            person(name, other, since=cut + timedelta(1)),
        ]
    chart.have(*rows)
    first, last = days[1], days[4]
    for name in names:
        every_day = set().union(*(chart.below(name, day) for day in days[1:5]))
        ids = control.people_below(chart.ids[name], last, first)
        assert chart.names(ids) >= every_day
