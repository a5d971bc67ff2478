"""Cubes: what is told of departments and teams, when, and what never stands in one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.access.disclosure import Thresholds
from mileage.domain.cube import Cube, Range, Totals, department_id
from mileage.reports.cube import Terms, is_due, make_cube
from tests.organisations import Organisation

TERMS = Terms(Thresholds(), every_days=7, top=0)


def cube(made: Organisation, terms: Terms = TERMS, previous=None) -> Cube:
    return make_cube(made.snapshot(), made.chart(), terms, previous)


def department(found: Cube, name: str):
    department = found.department(department_id(name))
    assert department is not None
    return department


def test_sums_are_what_people_used() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20, idle=8)
    made.add("robot", 7, "Engines", "Difference", kind="service")
    found = department(cube(made), "Engines")
    tokens = sum(range(1000, 1020))
    calls = sum(made.figures(f"Engines-Difference-{n}").calls for n in range(20))
    totals = Totals(calls, tokens, tokens * 3, unpriced=False, users=20, or_more=False)
    assert [one.totals for one in found.sums] == [totals]
    assert found.services == Totals(8, 7, 21, unpriced=False, users=1, or_more=False)
    assert (found.members, found.teams) == (28, ("Difference",))
    assert found.whole is not None
    assert (found.whole.users, found.whole.members) == (20, 28)
    assert found.whole.median == Range(1000, 2000)


def test_nearly_everybody_is_a_lower_bound() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20, idle=2)
    totals = department(cube(made), "Engines").sums[0].totals
    assert (totals.users, totals.or_more) == (18, True)


def test_a_small_department_tells_nothing() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=4, idle=30)
    made.group("Mills", "Grain", users=60)
    found = department(cube(made), "Engines")
    assert (found.whole, found.rows, found.sums) == (None, (), ())
    # Less a sum of the mills, the total would be that of four.
    assert department(cube(made), "Mills").sums == ()
    assert department(cube(made), "Mills").whole is not None


def test_small_teams_are_told_together() -> None:
    made = Organisation()
    for team, users in (("A", 3), ("B", 4), ("C", 9), ("D", 30)):
        made.group("Engines", team, users=users)
    found = department(cube(made), "Engines")
    assert [row.teams for row in found.rows] == [("A", "B"), ("C",), ("D",)]
    assert [one.teams for one in found.sums] == [("A", "B", "C"), ("D",)]


def test_people_on_a_board_hide_nobody() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20)
    made.group("Mills", "Grain", users=30, tokens=10)
    few = replace_top(TERMS, 17)
    assert department(cube(made, replace_top(TERMS, 15)), "Engines").sums
    assert not department(cube(made, few), "Engines").rows
    # With rows for everybody, a sum tells nothing that is not known.
    assert department(cube(made, replace_top(TERMS, 50)), "Engines").sums


def test_who_has_objected_to_boards_is_known_to_nobody() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20)
    everybody_ranked = replace_top(TERMS, 100)
    assert department(cube(made, everybody_ranked), "Engines").sums
    for objectors, told in ((1, False), (4, False), (5, True)):
        made.unranked = frozenset(f"Engines-Difference-{n}" for n in range(objectors))
        found = department(cube(made, everybody_ranked), "Engines")
        assert bool(found.sums) is told
        assert bool(found.rows) is told


def replace_top(terms: Terms, top: int) -> Terms:
    return terms._replace(top=top)


def test_every_lens_makes_names_known() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20)
    terms = TERMS._replace(top=17)
    assert not department(cube(made, terms), "Engines").rows


def test_a_cost_that_nobody_has_is_no_measure() -> None:
    made = Organisation(priced=False)
    made.group("Engines", "Difference", users=20)
    totals = department(cube(made), "Engines").sums[0].totals
    assert (totals.cost, totals.unpriced) == (None, True)


def test_a_sum_is_told_anew_only_with_five_who_used_something_since() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20)
    made.group("Mills", "Grain", users=40)
    first = replace(cube(made), day="2025-11-23")
    for number in range(16):
        made.last_day[f"Engines-Difference-{number}"] = 22
    assert not department(cube(made, previous=first), "Engines").sums
    made.last_day["Engines-Difference-0"] = 23
    assert department(cube(made, previous=first), "Engines").sums
    # Without sums before it is the last week that counts: names may have been seen.
    dark = replace(first, day="2025-11-29", departments=())
    for before in (dark, None):
        made.last_day["Engines-Difference-0"] = 23
        assert department(cube(made, previous=before), "Engines").sums
        made.last_day["Engines-Difference-0"] = 22
        assert not department(cube(made, previous=before), "Engines").sums


def test_the_day_of_the_last_cube_counts_for_neither() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20)
    first = replace(cube(made), day="2025-11-30")
    assert not department(cube(made, previous=first), "Engines").sums


@pytest.mark.parametrize(
    ("sums", "day", "due"),
    [
        (True, "2025-12-06", False),
        (True, "2025-12-07", True),
        (False, "2025-11-30", False),
        (False, "2025-12-01", True),
    ],
)
def test_a_cube_stays_a_week_or_a_day_without_sums(sums, day, due) -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20 if sums else 6)
    assert is_due(cube(made), day, every_days=7) is due


def test_a_cube_that_tells_nothing_is_made_anew() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=3)
    assert is_due(None, "2025-11-30", 7)
    assert is_due(cube(made), "2025-11-30", 7)
    assert not is_due(cube(made), "2025-11-30", 7, alike=True)
    assert is_due(None, "2025-11-30", 7, alike=True)


def test_a_cube_that_tells_something_is_due_by_its_age_alone() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20)
    assert not is_due(cube(made), "2025-12-06", 7, alike=True)
    assert is_due(cube(made), "2025-12-07", 7, alike=True)


def test_nobody_is_named_and_nobody_is_alone() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20, idle=2)
    made.add("unclaimed", 5000, kind="unclaimed")
    made.add("boss", 900)
    found = cube(made)
    assert [one.name for one in found.departments] == ["Engines"]
    # The one without a department would be what is left of the total.
    assert department(found, "Engines").sums == ()
    assert "BOSS" not in repr(found)


def test_who_is_hidden_in_a_sum_is_kept_for_those_who_see_names() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=20, idle=1)
    made.group("Mills", "Grain", users=30, tokens=10)
    made.add("idle", 0, "Mills", "Grain")
    found = department(cube(made, TERMS._replace(top=3)), "Engines").sums[0]
    assert len(found.hidden_users) == 17
    assert found.hidden_idle == ("Engines-Difference-20",)


def test_an_id_tells_departments_apart() -> None:
    assert department_id("Engines") != department_id("engines")
    assert len(department_id("")) == 16
