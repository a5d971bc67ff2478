"""Cubes at the edges: nobody, one person, movers, contractors, extremes, ties."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.access.disclosure import Thresholds
from mileage.domain.cube import Cube, Department, Totals, department_id
from mileage.domain.window import SECOND
from mileage.reports.cube import Terms, is_due, make_cube
from mileage.reports.cube_files import Cubes
from tests.organisations import END, Organisation

TERMS = Terms(Thresholds(), every_days=7, top=0)
NOTHING = Totals(0, 0, None, unpriced=False, users=0, or_more=False)


def cube(made: Organisation, previous: Cube | None = None, **terms) -> Cube:
    return make_cube(made.snapshot(), made.chart(), TERMS._replace(**terms), previous)


def department(found: Cube, name: str = "Engines") -> Department:
    department = found.department(department_id(name))
    assert department is not None
    return department


def engines(users: int, idle: int = 0, team: str = "Difference") -> Organisation:
    made = Organisation()
    made.group("Engines", team, users=users, idle=idle)
    return made


def test_an_organisation_of_nobody_has_no_departments() -> None:
    found = cube(Organisation())
    assert found.departments == ()
    assert not found.adds_up
    assert found.department(department_id("Engines")) is None
    assert found.day == "2025-11-30"


def test_an_organisation_in_which_nobody_used_anything_tells_nothing() -> None:
    found = department(cube(engines(0, idle=30)))
    assert (found.members, found.whole, found.rows, found.sums) == (30, None, (), ())


def test_one_person_is_a_department_of_which_nothing_is_told() -> None:
    for top in (0, 1, 100):
        found = department(cube(engines(1), top=top))
        assert (found.members, found.whole, found.sums) == (1, None, ())
        assert found.services == NOTHING


@pytest.mark.parametrize(
    ("users", "told", "summed"),
    [(4, False, False), (5, True, False), (14, True, False), (15, True, True)],
)
def test_a_department_exactly_at_its_thresholds(
    users: int,
    told: bool,  # noqa: FBT001
    summed: bool,  # noqa: FBT001
) -> None:
    found = department(cube(engines(users, idle=40)))
    assert (found.whole is not None) is told
    assert bool(found.sums) is summed
    assert found.members == users + 40


@pytest.mark.parametrize("people", [6, 12])
def test_thresholds_come_from_the_policy(people: int) -> None:
    limits = Thresholds(people=people, managers=people, sums=2 * people)
    for users, told, summed in (
        (people - 1, False, False),
        (people, True, False),
        (2 * people - 1, True, False),
        (2 * people, True, True),
    ):
        found = department(cube(engines(users, idle=50), limits=limits))
        assert (found.whole is not None, bool(found.sums)) == (told, summed)


def test_contractors_are_people_and_services_are_not() -> None:
    made = Organisation()
    for number in range(15):
        kind = "contractor" if number % 2 else "person"
        made.add(f"p{number}", 1000, "Engines", "Difference", kind=kind)
    for kind in ("service", "unclaimed", "erased"):
        made.add(f"one-{kind}", 10**9, "Engines", "Difference", kind=kind)
    found = department(cube(made))
    assert found.members == 15
    assert found.sums[0].totals.tokens == 15_000
    assert found.services.tokens == 10**9
    assert found.services.users == 1


def test_services_make_no_department_of_their_own() -> None:
    made = engines(20)
    made.add("robot", 10**9, "Robots", "", kind="service")
    made.add("loose", 10**9, kind="service")
    assert [one.name for one in cube(made).departments] == ["Engines"]


def test_whoever_moves_counts_where_they_are_on_the_day() -> None:
    made = engines(20, idle=10)
    made.group("Mills", "Grain", users=20, idle=10)
    mover = "Engines-Difference-7"
    before = cube(made)
    made.places[mover] = replace(made.places[mover], department="Mills", team="Grain")
    after = cube(made)
    moved = made.used[mover]
    for name, more in (("Engines", -1), ("Mills", 1)):
        then, now = department(before, name), department(after, name)
        assert now.members == then.members + more
        difference = now.sums[0].totals.tokens - then.sums[0].totals.tokens
        assert difference == more * moved


def test_a_move_that_leaves_too_few_closes_the_department() -> None:
    made = engines(5)
    assert department(cube(made)).whole is not None
    leaver = "Engines-Difference-0"
    made.places[leaver] = replace(made.places[leaver], department="Mills")
    assert department(cube(made)).whole is None
    assert department(cube(made), "Mills").whole is None


def test_who_has_left_the_chart_belongs_to_nobody() -> None:
    made = engines(20, idle=10)
    del made.places["Engines-Difference-3"]
    found = department(cube(made))
    assert found.members == 29
    # The one without a department would be the difference to the total.
    assert found.sums == ()


def test_who_uses_something_and_is_in_no_directory_yet_is_in_no_department() -> None:
    made = engines(20, idle=10)
    made.add("unclaimed", 10**12, kind="unclaimed")
    assert department(cube(made)).sums == department(cube(engines(20, idle=10))).sums


def test_people_without_a_team_are_a_team_without_a_name() -> None:
    made = engines(6)
    for number in range(7):
        made.add(f"loose-{number}", 500, "Engines", "")
    found = department(cube(made))
    assert found.teams == ("", "Difference")
    assert [row.teams for row in found.rows] == [("",), ("Difference",)]


def test_equal_names_of_teams_in_two_departments_are_two_teams() -> None:
    made = engines(20, idle=9, team="One")
    made.group("Mills", "One", users=16, idle=9)
    found = cube(made)
    for name, members in (("Engines", 29), ("Mills", 25)):
        (row,) = department(found, name).rows
        assert (row.teams, row.members) == (("One",), members)


@pytest.mark.parametrize("name", ["A", "a", "Ä", "A ", "<b>", "A/B", "0" * 300])
def test_names_of_departments_are_never_mixed_up(name: str) -> None:
    made = engines(5)
    made.group(name, "t", users=5)
    found = cube(made)
    assert department(found, name).name == name
    assert department(found).members == 5
    assert len(department_id(name)) == 16


def test_one_giant_among_many_keeps_the_sum_and_moves_no_band() -> None:
    small, giant = engines(20, idle=9), engines(20, idle=9)
    giant.used["Engines-Difference-19"] = 10**12
    told, other = department(cube(small)), department(cube(giant))
    assert told.sums
    assert other.sums == ()
    assert other.rows == told.rows
    assert other.whole == told.whole


@pytest.mark.parametrize(("top", "told"), [(14, True), (15, True), (16, False)])
def test_of_twenty_as_many_as_a_group_must_stand_below_the_board(
    top: int,
    told: bool,  # noqa: FBT001
) -> None:
    made = engines(20)
    made.group("Mills", "Grain", users=30, tokens=1)
    found = department(cube(made, top=top))
    assert (found.whole is not None) is told


def test_whoever_is_first_on_any_board_is_named() -> None:
    """Those of the second board are known as well as those of the first."""
    made = engines(20)
    made.group("Mills", "Grain", users=30, tokens=1)
    others = frozenset(made.used) - made.first(8)
    first = department(cube(made, top=8))
    chart = made.chart()._replace(first=lambda top: made.first(top) | others)
    both = department(make_cube(made.snapshot(), chart, TERMS._replace(top=8)))
    assert first.sums[0].hidden_users
    assert not both.sums[0].hidden_users


def test_ties_at_the_last_row_are_named_by_their_order() -> None:
    made = Organisation()
    for number in range(20):
        made.add(f"p{number:02}", 1000, "Engines", "Difference")
    found = department(cube(made, top=4))
    (summed,) = found.sums
    assert sorted(summed.hidden_users) == [f"p{number:02}" for number in range(4, 20)]


@pytest.mark.parametrize(
    ("days", "still", "due"),
    [
        (1, "2025-11-01", "2025-11-02"),
        (7, "2025-11-07", "2025-11-08"),
        (31, "2025-12-01", "2025-12-02"),
    ],
)
def test_a_cube_stays_as_long_as_the_policy_says(
    days: int, still: str, due: str
) -> None:
    first = replace(cube(engines(20, idle=9)), day="2025-11-01")
    assert not is_due(first, still, days)
    assert is_due(first, due, days)


def test_a_clock_that_goes_back_publishes_nothing_anew() -> None:
    first = cube(engines(20, idle=9))
    assert not is_due(first, "2025-11-01", 7)


@pytest.mark.parametrize(("last", "told"), [(22, False), (23, True), (-1, True)])
def test_use_counts_as_new_after_the_day_of_the_cube_before(
    last: int,
    told: bool,  # noqa: FBT001
) -> None:
    """Days are counted from 0: number 22 is the day of the cube before."""
    made = engines(20, idle=9)
    before = replace(cube(made), day="2025-11-23")
    for number in range(20):
        made.last_day[f"Engines-Difference-{number}"] = last
    assert bool(department(cube(made, before)).sums) is told


def test_a_cube_is_kept_as_a_file_whatever_departments_are_called(tmp_path) -> None:
    made = engines(20, idle=9)
    made.group("<b>Mühlen</b> / \u202ematerial", "\0", users=6)
    cubes = Cubes(tmp_path)
    assert cubes.renew(made.snapshot(), made.chart, TERMS)
    assert Cubes(tmp_path).latest() == cube(made)


def test_an_empty_cube_is_kept_and_made_anew(tmp_path) -> None:
    cubes, made = Cubes(tmp_path), Organisation()
    assert cubes.renew(made.snapshot(), made.chart, TERMS)
    assert cubes.latest().departments == ()
    assert cubes.renew(made.snapshot(END), made.chart, TERMS)
    assert cubes.latest().as_of == END
    # The same snapshot again writes over its own file and takes nothing away.
    assert cubes.renew(made.snapshot(END), made.chart, TERMS)
    assert [path.name for path in tmp_path.iterdir()] == [f"{END:020d}.cube"]


def test_totals_add_up_and_say_what_is_missing() -> None:
    one = Totals(1, 10, None, unpriced=True, users=5, or_more=False)
    other = Totals(2, 20, 7, unpriced=False, users=6, or_more=True)
    both = Totals(3, 30, 7, unpriced=True, users=11, or_more=True)
    assert one.plus(other) == other.plus(one) == both
    assert one.plus(NOTHING).cost is None
    assert cube(Organisation()).as_of == END - SECOND
