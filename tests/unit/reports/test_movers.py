"""Whoever moved counts for the old team until then, for the new one from then on."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.disclosure import Thresholds
from mileage.domain.cube import Cube, Department, department_id
from mileage.domain.directory import place_in
from mileage.domain.people import OPERATOR, Viewer
from mileage.domain.sums import Figures
from mileage.reports.cube import Terms, make_cube
from mileage.reports.departments import department_json
from mileage.reports.stays import Stay, stays
from tests.attacker import Published, attack
from tests.charts import Desk, desk
from tests.disclosing import draw_moves
from tests.organisations import DAYS, Moved, Organisation, random_organisation

TERMS = Terms(Thresholds(), every_days=7, top=0)
ENGINES, MILLS = department_id("Engines"), department_id("Mills")


@pytest.fixture
def made() -> Organisation:
    """Two departments of a team each, and somebody who used 900 in both of them."""
    organisation = Organisation()
    organisation.group("Engines", "Difference", users=20, idle=6)
    organisation.group("Mills", "Grain", users=20, idle=6)
    organisation.add("ada", 900, "Mills", "Grain")
    organisation.move("ada", "Engines", "Difference", 600)
    return organisation


def cube(made: Organisation, previous: Cube | None = None, **terms: int) -> Cube:
    limits = TERMS._replace(**terms)
    return make_cube(made.snapshot(), made.chart(), limits, previous)


def told(found: Cube, name: str) -> Department:
    department = found.department(department_id(name))
    assert department is not None
    return department


def sums(found: Cube) -> dict[str, tuple[int, int]]:
    """Return tokens and users of each department of which both are told."""
    return {
        one.name: (one.sums[0].totals.tokens, one.sums[0].totals.users)
        for one in found.departments
        if one.sums
    }


def opened(made: Organisation, found: Cube | None = None) -> Desk:
    return desk(found or cube(made), made.places)


def found_stays(made: Organisation) -> dict[tuple[str, tuple[str, str]], Stay]:
    found = stays(made.chart(), made.snapshot().days)
    return {(one.account.account_id, one.place): one for one in found}


def test_each_department_gets_what_was_used_in_it(made) -> None:
    of_others = sum(range(1000, 1020))
    assert sums(cube(made)) == {
        "Engines": (of_others + 600, 21),
        "Mills": (of_others + 300, 21),
    }
    calls = [made.figures(name).calls for name in made.used if name != "ada"]
    earlier, later = (part.figures.calls for part in made.parts("ada"))
    whole = [told(cube(made), one).sums[0].totals.calls for one in ("Engines", "Mills")]
    assert whole == [sum(calls[:20]) + earlier, sum(calls[26:46]) + later]


def test_members_are_those_of_today(made) -> None:
    found = cube(made)
    assert (told(found, "Engines").members, told(found, "Mills").members) == (26, 27)
    assert [row.members for row in told(found, "Mills").rows] == [27]


def test_a_team_that_everybody_left_keeps_what_they_used(made) -> None:
    for number in range(20):
        made.move(f"Mills-Grain-{number}", "Mills", "Water", 500, used_on=27)
    department = told(cube(made), "Mills")
    assert department.teams == ("Grain", "Water")
    assert [(row.teams, row.members) for row in department.rows] == [
        (("Grain",), 27),
        (("Water",), 0),
    ]
    tokens = {one.teams: one.totals.tokens for one in department.sums}
    assert tokens[("Water",)] == 20 * 500
    assert tokens[("Grain",)] == sum(range(500, 520)) + 300


def test_whoever_was_in_two_teams_is_not_two_people(made) -> None:
    """Of a department, that would tell how many of those who moved used something."""
    for number in range(20):
        made.move(f"Mills-Grain-{number}", "Mills", "Water", 500, used_on=27)
    found = cube(made)
    assert [one.totals.users for one in told(found, "Mills").sums] == [21, 16]
    assert told(found, "Mills").several == 20
    page = opened(made, found).departments.department(OPERATOR, MILLS)
    assert page.whole.totals is not None
    assert (page.whole.totals.users, page.whole.totals.or_more) == (21, True)
    told_of = department_json(page)["whole"]["total"]
    assert (told_of["people"], told_of["or_more"]) == (21, True)
    # Whoever moved between departments is in one sum of each.
    page = opened(made, found).departments.department(OPERATOR, ENGINES)
    assert page.whole.totals is not None
    assert (page.whole.totals.users, page.whole.totals.or_more) == (21, False)


def test_one_who_moved_within_is_counted_by_the_chart_and_not_by_use(made) -> None:
    made.group("Mills", "Water", users=20, idle=6)
    for name, used in (("Mills-Grain-3", 0), ("Mills-Grain-25", 0)):
        made.move(name, "Mills", "Water", tokens=used)
    page = opened(made).departments.department(OPERATOR, MILLS)
    assert page.whole.totals is not None
    # Neither used anything in both, and the page does not say so.
    assert (page.whole.totals.users, page.whole.totals.or_more) == (39, True)


def test_a_few_in_two_small_teams_are_a_few() -> None:
    made = Organisation()
    made.group("Engines", "A", users=3)
    for number in range(3):
        made.move(f"Engines-A-{number}", "Engines", "B", tokens=400)
    assert told(cube(made), "Engines").whole is None
    made.group("Engines", "B", users=2)
    (row,) = told(cube(made), "Engines").rows
    assert (row.teams, row.users) == (("A", "B"), 5)
    # Of one person it is what they used in both.
    assert row.median.low <= 1002 < row.median.high


def test_whoever_left_or_came_counts_while_there(made) -> None:
    del made.places["ada"]
    made.move("ada", "Engines", "Difference", 900)
    assert sums(cube(made))["Engines"] == (sum(range(1000, 1020)) + 900, 21)
    # Whoever came used nothing before, and hides no department by that.
    made.add("ben", 700, "Mills", "Grain")
    made.moved["ben"] = Moved(None, 20, 0)
    assert ("ben", ("", "")) not in found_stays(made)
    made.moved["ben"] = Moved(None, 20, 100)
    assert found_stays(made)["ben", ("", "")].figures.tokens.total == 100
    # Now a total less all departments would be the figure of one.
    assert "Engines" not in sums(cube(made)) or "Mills" not in sums(cube(made))


def test_use_in_the_old_team_is_not_new(made) -> None:
    """Only what was used since the last cube protects, and where it was used."""
    first = replace(cube(made), day="2025-11-23")
    there = made.places["Mills-Grain-0"]
    for number in range(20):
        name = f"Engines-Difference-{number}"
        made.last_day[name] = 10
        if number < 5:
            made.places[name] = replace(there, account_id=name)
            made.move(name, "Engines", "Difference", 900)
            made.last_day[name] = 28
    assert not told(cube(made, previous=first), "Engines").sums
    for number in range(5):
        name = f"Engines-Difference-{number}"
        made.move(name, "Engines", "Difference", 900, used_on=25)
    assert told(cube(made, previous=first), "Engines").sums


def test_people_on_a_board_protect_neither_team(made) -> None:
    made.used["ada"] = 100_000
    made.move("ada", "Engines", "Difference", 50_000)
    found = cube(made, top=1)
    for name in ("Engines", "Mills"):
        (one,) = told(found, name).sums
        assert "ada" not in {*one.hidden_users, *one.hidden_idle}
    (one,) = told(cube(made), "Mills").sums
    assert "ada" in one.hidden_users


def test_service_accounts_move_too(made) -> None:
    made.add("robot", 90, "Mills", kind="service")
    made.move("robot", "Engines", "", tokens=30)
    found = cube(made)
    services = {one.name: one.services for one in found.departments}
    assert {name: one.tokens for name, one in services.items()} == {
        "Engines": 30,
        "Mills": 60,
    }
    assert (services["Mills"].users, services["Mills"].calls) == (1, 11)


def test_a_manager_of_before_gets_no_sum_of_the_few_others(made) -> None:
    """Whoever was below saw what they used then by name, and may subtract it."""
    boss = Viewer("boss", "Boss")
    made.places["boss"] = replace(made.places["ada"], account_id="boss")
    made.accounts.append(replace(made.accounts[0], account_id="boss"))
    made.used["boss"] = 0
    found = opened(made)
    everybody = frozenset(name for name in made.used if name.startswith("Mills"))
    members = sorted(everybody)

    def sees(gone: int, now: int = 0) -> bool:
        found.chart.before["boss"] = frozenset(members[:gone])
        assert not any(one.left for one in told(cube(made), "Mills").sums)
        found.chart._below["boss"] = frozenset(members[26 - now :] if now else ())
        page = found.departments.department(boss, MILLS)
        return page.whole.totals is not None

    users = [name for name in members if made.used[name]]
    members = [*users, *(everybody - {*users})]
    # Twenty and Ada used something: to somebody who knows names, ten must be left.
    assert sees(0)
    assert sees(11)
    assert not sees(12)
    # All that is not certain to be known may be worked out.
    assert not sees(26)
    assert sees(0, now=6)
    assert not sees(12, now=6)


def lead_of(made: Organisation, department: str) -> Viewer:
    """Put everybody who is in a department today below one of them."""
    boss = f"{department}-boss"
    for name, place in made.places.items():
        if place.department == department:
            made.places[name] = replace(place, manager=f"{boss}@x.test")
    made.add(boss, 0, department, "Desk")
    return Viewer(boss, "Boss")


def test_whoever_left_below_the_lead_hides_no_sum_from_the_lead(made) -> None:
    lead = lead_of(made, "Engines")
    found = opened(made)
    ((account, day),) = told(cube(made), "Engines").sums[0].left
    assert (account, day) == ("ada", "2025-11-15")

    def page():
        return found.departments.department(lead, ENGINES)

    # Ada is no longer below, and what she used is the one figure that is left.
    assert page().whole.totals is None
    found.chart.before[lead.account_id] = frozenset({"ada"})
    assert page().whole.totals is not None


def test_whoever_is_still_in_another_sum_is_not_known(made) -> None:
    """What they use there now is theirs, whoever saw what they used before."""
    made.group("Engines", "Analytical", users=20, idle=6)
    lead = lead_of(made, "Engines")
    name = "Engines-Analytical-3"
    made.move(name, "Engines", "Difference", 400, used_on=27)
    made.places[name] = replace(made.places[name], manager="other@x.test")
    found = opened(made)
    found.chart.before[lead.account_id] = frozenset({"ada", name})
    sums = {one.teams: one for one in told(cube(made), "Engines").sums}
    assert dict(sums[("Difference",)].left) == {"ada": "2025-11-15", name: "2025-11-28"}
    assert sums[("Analytical", "Desk")].left == ()
    page = found.departments.department(lead, ENGINES)
    assert page.whole.totals is None
    made.places[name] = replace(made.places[name], manager=f"{lead.account_id}@x.test")
    again = opened(made)
    again.chart.before[lead.account_id] = frozenset({"ada"})
    page = again.departments.department(lead, ENGINES)
    assert page.whole.totals is not None


def test_what_is_told_adds_up_and_gives_nobody_away(made) -> None:
    found = cube(made)
    parts = {
        (name, part.place.department): part.figures.tokens.total
        for name in made.used
        for part in made.parts(name)
        if made.used[name]
    }
    rows = [
        Published(frozenset(key for key in parts if key[1] == name), tokens)
        for name, (tokens, _) in sums(found).items()
    ]
    rows.append(Published(frozenset(parts), sum(parts.values())))
    both = Published(frozenset({("ada", "Engines"), ("ada", "Mills")}), 900)
    assert sum(row.value for row in rows[:2]) == rows[2].value
    assert not attack(rows, parts)
    # Not to those either who know what Ada used in all.
    assert not attack([*rows, both], parts).determined


@given(st.integers(0, 2**32))
def test_stays_add_up_to_everybodys_standing(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - organisations, not secrets
    made = random_organisation(random)
    draw_moves(random, made)
    totals: dict[str, Figures] = {}
    daily: dict[str, list[int]] = {}
    for one in stays(made.chart(), DAYS):
        name = one.account.account_id
        totals[name] = totals.get(name, Figures()).plus(one.figures)
        by_day = daily.setdefault(name, [0] * len(DAYS))
        for at, tokens in enumerate(one.daily):
            by_day[at] += tokens
    assert totals.keys() == made.used.keys()
    for one in made.snapshot().standings:
        assert totals[one.account_id] == one.figures
        assert daily[one.account_id] == list(one.daily)


@given(st.integers(0, 2**32))
def test_each_stay_is_what_was_used_on_days_in_that_place(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - organisations, not secrets
    made = random_organisation(random)
    draw_moves(random, made)
    found = found_stays(made)
    for name in made.moved:
        for part in made.parts(name):
            if part.figures.calls:
                assert found[name, place_in(part.place)].figures == part.figures
