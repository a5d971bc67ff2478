"""What a viewer gets of a cube, exactly at the borders of what they see by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.access.disclosure import Thresholds
from mileage.domain.cube import DepartmentPage, department_id
from mileage.domain.errors import NotFound, PurposeMissing, Refused
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.reports.cube import Terms, make_cube
from mileage.reports.departments import (
    check_frozen,
    department_json,
    scoped,
    untold,
    usage_of,
)
from mileage.web.api import ENDPOINTS
from mileage.web.openapi import document
from tests.charts import Desk, desk
from tests.crowds import drawn
from tests.drawing import examples
from tests.organisations import Organisation, random_organisation
from tests.web.json_schema import problems

TERMS = Terms(Thresholds(), every_days=7, top=0)
ENGINES = department_id("Engines")
HEAD = Viewer("Engines-Difference-0", "Ada")
PEER = Viewer("Engines-Difference-1", "Bob")
FINANCE = Viewer("fin", "Fin", roles=(HeldRole("finance"),))
SCHEMA = {"$ref": "#/components/schemas/Department"}
DESCRIBED = document(ENDPOINTS)


def opened(made: Organisation, **change) -> Desk:
    cube = make_cube(made.snapshot(), made.chart(), TERMS._replace(**change))
    return desk(cube, made.places)


def read(found: Desk, viewer: Viewer, wanted: str = ENGINES) -> DepartmentPage:
    """Open a department, for the first purpose that is open where one is wanted."""
    try:
        return found.departments.department(viewer, wanted)
    except PurposeMissing as missing:
        purpose = next(iter(missing.purposes))
        return found.departments.department(viewer, wanted, purpose)


def page(made: Organisation, viewer: Viewer = HEAD, **change) -> DepartmentPage:
    return read(opened(made, **change), viewer)


def engines(users: int, idle: int = 0) -> Organisation:
    made = Organisation()
    made.group("Engines", "Difference", users=users, idle=idle)
    return made


def below(made: Organisation, first: int, last: int) -> Organisation:
    """Put people of the team under its head."""
    for number in range(first, last):
        name = f"Engines-Difference-{number}"
        made.places[name] = replace(
            made.places[name], manager=f"{HEAD.account_id}@x.test"
        )
    return made


@pytest.mark.parametrize(
    ("known", "summed"), [(0, True), (1, True), (20, True), (21, False), (29, False)]
)
def test_a_manager_gets_the_sum_while_ten_others_hide_in_it(
    known: int,
    summed: bool,  # noqa: FBT001
) -> None:
    """Of thirty: with 21 below, nine are left, the manager among them."""
    made = below(engines(30, idle=9), 1, known + 1)
    told = page(made)
    assert (told.whole.totals is not None) is summed
    assert told.least == (10 if known else 5)
    assert page(made, PEER).whole.totals is not None


def test_idle_people_who_are_not_below_hide_no_users() -> None:
    made = below(engines(21, idle=30), 1, 21)
    assert page(made).whole.totals is None
    # With everybody below but oneself, nobody else is left to be told of.
    assert page(below(made, 21, 51)).whole.totals is not None


@pytest.mark.parametrize(("users", "told"), [(9, False), (10, True), (11, True)])
def test_bands_for_managers_need_ten_people(
    users: int,
    told: bool,  # noqa: FBT001
) -> None:
    made = below(engines(users, idle=20), 1, 2)
    assert (page(made).whole.bands is not None) is told
    assert page(made, PEER).whole.bands is not None
    assert bool(page(made).lines) is told


def test_people_below_in_another_department_do_not_make_it_stricter() -> None:
    made = engines(20, idle=9)
    made.group("Mills", "Grain", users=20, idle=9)
    for number in range(12):
        name = f"Mills-Grain-{number}"
        made.places[name] = replace(
            made.places[name], manager=f"{HEAD.account_id}@x.test"
        )
    told = page(made)
    assert told.least == 5
    assert told.whole.totals is not None


def test_roles_that_see_nobody_by_name_see_what_members_see() -> None:
    made = engines(20, idle=9)
    told, other = page(made), page(made, FINANCE)
    assert replace(other, purpose=told.purpose) == told
    assert replace(page(made, OPERATOR), purpose=told.purpose) == told


def test_whoever_is_told_nothing_is_told_no_lines() -> None:
    made = Organisation()
    made.group("Engines", "Difference", users=4, idle=3)
    told = page(made)
    assert (told.whole.bands, told.whole.totals, told.lines) == (None, None, ())
    assert told.whole.members == 7
    assert usage_of(told)["completeness"]["missing"] == [untold(told)]
    assert "at least 15 people" in untold(told)


def test_a_refusal_does_not_say_who_is_in_a_department() -> None:
    made = engines(20)
    stranger = Viewer("stranger", "S.")
    with pytest.raises(Refused) as refusal:
        page(made, stranger)
    assert "Engines" not in str(refusal.value)
    with pytest.raises(NotFound, match=r"^there is no such department$"):
        opened(made).departments.department(OPERATOR, "")


def test_somebody_who_has_moved_away_opens_the_new_department_only() -> None:
    made = engines(20, idle=9)
    made.group("Mills", "Grain", users=20, idle=9)
    found = opened(made)
    assert [one.name for one in found.departments.listed(HEAD)] == ["Engines"]
    place = found.chart.places[HEAD.account_id]
    found.chart.places[HEAD.account_id] = replace(place, department="Mills")
    assert [one.name for one in found.departments.listed(HEAD)] == ["Mills"]
    with pytest.raises(Refused):
        found.departments.department(HEAD, ENGINES)


def test_a_department_made_after_the_cube_is_not_there_yet() -> None:
    made = engines(20)
    found = opened(made)
    place = found.chart.places[HEAD.account_id]
    found.chart.places[HEAD.account_id] = replace(place, department="New")
    assert found.departments.listed(HEAD) == ()


def test_each_read_is_recorded_once_with_what_was_published() -> None:
    found = opened(engines(20, idle=9))
    for _ in range(3):
        found.departments.department(HEAD, ENGINES)
    found.departments.listed(HEAD)
    assert len(found.recorded.reads) == 3
    assert {one.detail for one in found.recorded.reads} == {
        f"as of {Organisation().snapshot().as_of}"
    }


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("dept:0123", "0123"),
        ("dept:dept:x", "dept:x"),
        ("Dept:x", None),
        ("org", None),
        ("", None),
        (" dept:x", None),
    ],
)
def test_only_a_scope_of_a_department_is_one(scope: str, told: str | None) -> None:
    assert scoped(scope) == told


def test_an_empty_question_brings_no_interval() -> None:
    check_frozen(())
    check_frozen((None, "", ()))


@settings(max_examples=examples(8))
@given(st.integers(0, 2**32))
def test_every_answer_about_every_department_is_as_described(seed: int) -> None:
    made = random_organisation(drawn(seed))
    found = opened(made, top=3)
    people = sorted(made.places)[:3]
    viewers = [OPERATOR, FINANCE, *(Viewer(one, one) for one in people)]
    for viewer in viewers:
        for one in found.departments.listed(viewer):
            answer = department_json(read(found, viewer, one.department_id))
            assert list(problems(answer, SCHEMA, DESCRIBED)) == []
            assert not any(f"'{name}'" in repr(answer) for name in made.places)


@given(st.integers(0, 2**32))
def test_a_total_is_the_sum_of_what_is_told_of_its_parts(seed: int) -> None:
    made = random_organisation(drawn(seed))
    found = opened(made)
    for one in found.departments.listed(OPERATOR):
        told = found.departments.department(OPERATOR, one.department_id)
        parts = [
            line.totals.tokens
            for line in (*told.lines, *told.together)
            if line.totals is not None
        ]
        if told.whole.totals is not None and parts:
            assert sum(parts) == told.whole.totals.tokens
        assert told.whole.bands is not None or not parts
