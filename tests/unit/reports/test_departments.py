"""Who sees which department, what of it, and that the read is on record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.access.disclosure import Thresholds
from mileage.domain.cube import department_id
from mileage.domain.errors import (
    Invalid,
    NotFound,
    PurposeMissing,
    Refused,
    Unavailable,
)
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.reports.cube import Terms, make_cube
from mileage.reports.departments import (
    check_frozen,
    department_json,
    listed_json,
    scoped,
    usage_of,
)
from tests.charts import desk
from tests.organisations import Organisation

TERMS = Terms(Thresholds(), every_days=7, top=0)
ENGINES, MILLS = department_id("Engines"), department_id("Mills")
MEMBER = Viewer("Engines-Difference-0", "Ada")
LEAD = Viewer("lead", "Lead", roles=(HeldRole("department-lead", "Engines"),))
FINANCE = Viewer("fin", "Fin", roles=(HeldRole("finance"),))
STRANGER = Viewer("nobody-special", "N.")


@pytest.fixture
def made() -> Organisation:
    organisation = Organisation()
    organisation.group("Engines", "Difference", users=25)
    organisation.group("Engines", "Analytical", users=8, idle=2)
    organisation.group("Engines", "Punch", users=9)
    organisation.group("Mills", "Grain", users=40)
    return organisation


def below(made: Organisation, boss: str, count: int, prefix: str) -> None:
    """Put the first of a team under somebody."""
    for number in range(count):
        name = f"{prefix}-{number}"
        made.places[name] = replace(made.places[name], manager=f"{boss}@x.test")


def open_desk(made: Organisation, **change):
    cube = make_cube(made.snapshot(), made.chart(), TERMS._replace(**change))
    return desk(cube, made.places)


def names(made, viewer) -> list[str]:
    return [one.name for one in open_desk(made).departments.listed(viewer)]


def test_each_sees_the_departments_that_the_table_grants(made) -> None:
    assert names(made, MEMBER) == ["Engines"]
    assert names(made, LEAD) == ["Engines"]
    assert names(made, FINANCE) == names(made, OPERATOR) == ["Engines", "Mills"]
    assert names(made, STRANGER) == []


def test_a_manager_sees_a_department_when_everybody_in_it_is_below(made) -> None:
    boss = Viewer("boss", "Boss")
    below(made, "boss", 39, "Mills-Grain")
    assert names(made, boss) == []
    below(made, "boss", 40, "Mills-Grain")
    assert names(made, boss) == ["Mills"]


def test_a_member_reads_and_it_is_on_record(made) -> None:
    opened = open_desk(made)
    page = opened.departments.department(MEMBER, ENGINES)
    (read,) = opened.recorded.reads
    assert (read.viewer, read.purpose, read.report) == (MEMBER, "board", "department")
    assert read.subject == "dept:Engines"
    assert (read.subjects, read.named) == (0, ())
    assert page.name == "Engines"
    assert page.whole.totals is not None
    assert page.whole.totals.tokens == sum(
        used for name, used in made.used.items() if name.startswith("Engines")
    )
    assert page.renewed_from == "2025-12-07"


def test_sums_of_small_teams_are_told_together(made) -> None:
    page = open_desk(made).departments.department(MEMBER, ENGINES)
    told = {line.teams: line for line in page.lines}
    assert set(told) == {("Difference",), ("Analytical",), ("Punch",)}
    assert told[("Difference",)].totals is not None
    assert told[("Punch",)].totals is None
    assert told[("Punch",)].bands is not None
    (together,) = page.together
    assert together.teams == ("Analytical", "Punch")
    assert together.members == 19
    assert together.totals is not None
    assert together.totals.users == 15


def test_a_purpose_is_wanted_and_recorded(made) -> None:
    opened = open_desk(made)
    with pytest.raises(PurposeMissing):
        opened.departments.department(LEAD, ENGINES)
    assert not opened.recorded.reads
    page = opened.departments.department(LEAD, ENGINES, "planning")
    assert page.purpose == opened.recorded.reads[0].purpose == "planning"
    with pytest.raises(PurposeMissing):
        opened.departments.department(LEAD, ENGINES, "performance-review")


def test_what_is_not_there_is_like_what_may_not_be_seen(made) -> None:
    opened = open_desk(made).departments
    told = []
    for wanted in (MILLS, "0" * 16, "nothing"):
        with pytest.raises(Refused) as refusal:
            opened.department(MEMBER, wanted)
        told.append(str(refusal.value))
    assert len(set(told)) == 1
    with pytest.raises(NotFound):
        opened.department(OPERATOR, "nothing")


def test_without_a_record_there_is_no_answer(made) -> None:
    opened = open_desk(made)
    opened.recorded.broken = Unavailable("the disk is full")
    with pytest.raises(Unavailable):
        opened.departments.department(MEMBER, ENGINES)


def test_before_the_first_cube_there_is_nothing(made) -> None:
    opened = desk(None, made.places).departments
    with pytest.raises(NotFound):
        opened.listed(MEMBER)
    with pytest.raises(NotFound):
        opened.department(MEMBER, ENGINES)


def test_a_dark_department_is_listed_and_tells_nothing(made) -> None:
    made.group("Looms", "Silk", users=4, idle=9)
    opened = open_desk(made).departments
    assert [one.told for one in opened.listed(FINANCE)] == [True, False, True]
    page = opened.department(FINANCE, department_id("Looms"), "billing")
    assert (page.whole.bands, page.whole.totals) == (None, None)
    assert (page.lines, page.together) == ((), ())
    assert usage_of(page)["rows"] == []
    assert usage_of(page)["completeness"]["missing"]


def test_who_sees_people_by_name_gets_no_sum_of_the_few_others(made) -> None:
    # Of 25 in the team, 16 are below this one of them: nine are left.
    below(made, MEMBER.account_id, 17, "Engines-Difference")
    opened = open_desk(made)
    page = opened.departments.department(MEMBER, ENGINES)
    assert page.least == 10
    assert page.whole.totals is None
    assert page.together == ()
    assert {line.teams: line.bands is None for line in page.lines} == {
        ("Difference",): False,
        ("Analytical",): True,
        ("Punch",): True,
    }
    other = Viewer("Engines-Difference-20", "Bob")
    assert opened.departments.department(other, ENGINES).whole.totals is not None


def test_who_sees_few_by_name_gets_the_sum(made) -> None:
    below(made, MEMBER.account_id, 10, "Engines-Difference")
    page = open_desk(made).departments.department(MEMBER, ENGINES)
    assert page.whole.totals is not None


def test_who_is_below_today_counts_also_after_a_move(made) -> None:
    """The cube is older than the chart: who has moved away is known all the same."""
    opened = open_desk(made)
    for number in range(1, 17):
        name = f"Engines-Difference-{number}"
        opened.chart.places[name] = replace(
            made.places[name],
            department="Mills",
            manager=f"{MEMBER.account_id}@x.test",
        )
    page = opened.departments.department(MEMBER, ENGINES)
    assert page.whole.totals is None


def test_json_names_what_the_page_tells(made) -> None:
    page = open_desk(made).departments.department(MEMBER, ENGINES)
    told = department_json(page)
    assert told["id"] == ENGINES
    assert told["whole"]["total"]["tokens"] == page.whole.totals.tokens
    assert told["whole"]["total"]["people"] == 36
    assert told["whole"]["total"]["or_more"]
    assert told["whole"]["median_tokens"] == {"from": 1000, "below": 2000}
    assert [one["teams"] for one in told["together"]] == [["Analytical", "Punch"]]
    assert "Engines-" not in repr(told)
    assert usage_of(page)["rows"] == [told["whole"]["total"]]
    listed = open_desk(made).departments.listed(MEMBER)
    assert listed_json(listed) == {
        "departments": [{"id": ENGINES, "name": "Engines", "members": 44, "told": True}]
    }


def test_a_department_has_no_intervals_of_ones_own() -> None:
    check_frozen((None, None, ()))
    for asked in ((1, None, ()), (None, None, ("day",))):
        with pytest.raises(Invalid, match="leave from"):
            check_frozen(asked)


def test_a_scope_may_name_a_department() -> None:
    assert scoped("dept:abc") == "abc"
    assert scoped("dept:") == ""
    assert scoped("me") is None
    assert scoped(None) is None
