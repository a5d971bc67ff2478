"""The gate as of this moment: report lines, departments, purposes, parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mileage.access.policy import Allowed
from mileage.access.readables import READABLES
from mileage.access.roles import REVIEW, shipped_roles
from mileage.domain.directory import department_subject, team_of, team_subject
from mileage.domain.errors import PurposeMissing, Refused
from mileage.domain.people import OPERATOR, HeldRole, Membership, Viewer
from mileage.reports.gate import Gate
from mileage.reports.parts import NOTHING, PARTS, permitted
from tests.web import fixtures

BOSS, ANA, BO = Viewer("boss", "Boss"), Viewer("ana", "Ana"), Viewer("bo", "Bo")
TEAM, OTHER = team_subject("Engines", "A"), team_subject("Engines", "B")
ENGINES, SALES = department_subject("Engines"), department_subject("Sales")


class Chart:
    """Ana and Bo in Engines; who is below whom changes with the day."""

    def __init__(self):
        self.places = {"boss": "Engines", "ana": "Engines", "bo": "Sales"}
        self.lines = {1: {("ana", "boss")}, 2: set()}
        self.teams = {TEAM: {"ana", "boss"}, OTHER: {"ana", "bo"}}
        self.asked = 0

    def place_on(self, account_id, day):
        self.asked += 1
        department = self.places.get(account_id)
        if department is None:
            return None
        return Membership(account_id, department, "A", "", "", None, None)

    def are_below(self, account_ids, manager_id, day):
        self.asked += 1
        pairs = {(one, manager_id) for one in account_ids}
        return bool(pairs) and pairs <= self.lines[day.day]

    def has_people_below(self, manager_id, day):
        self.asked += 1
        return any(above == manager_id for _, above in self.lines[day.day])

    def people_below(self, manager_id, day, since=None):
        return frozenset(
            one for one, above in self.lines[day.day] if above == manager_id
        )

    def members_on(self, day, department, team=None):
        if team is None:
            return frozenset({"ana", "bo", "boss"})
        return frozenset(self.teams.get(team_subject(department, team), ()))


class Days:
    """The gate on a day that the test chooses, with a table that it changes."""

    def __init__(self):
        self.day, self.table, self.chart = 1, shipped_roles(), Chart()
        self.gate = Gate(
            self.chart, lambda: self.table, lambda: date(2026, 11, self.day)
        )

    def allows(self, viewer, report, subject, purpose=None):
        try:
            return self.gate.allow(viewer, report, subject, purpose)
        except PurposeMissing as missing:
            return missing
        except Refused:
            return None


@pytest.fixture
def days():
    return Days()


def test_a_manager_is_asked_what_for(days):
    with pytest.raises(PurposeMissing) as missing:
        days.gate.allow(BOSS, "personal", "ana")
    assert list(missing.value.purposes) == ["support", "planning"]
    assert missing.value.purposes["planning"] == "Planning capacity and budgets"
    assert missing.value.status == 422


def test_a_manager_reads_a_subordinate_for_a_purpose(days):
    allowed = days.gate.allow(BOSS, "personal", "ana", "support")
    assert (allowed.purpose, allowed.recorded) == ("support", True)
    assert "hours" not in allowed.fields
    assert allowed.of == {"report-line"}


def test_after_a_move_the_next_read_is_refused(days):
    assert days.allows(BOSS, "personal", "ana", "support")
    days.day = 2
    assert days.allows(BOSS, "personal", "ana", "support") is None
    assert days.gate.below(BOSS) == set()


def test_a_purpose_that_is_withdrawn_counts_from_the_next_read(days):
    switched = tuple(replace(why, on=True) for why in days.table.purposes)
    days.table = replace(days.table, purposes=switched)
    assert days.allows(BOSS, "personal", "ana", REVIEW).purpose == REVIEW
    days.table = shipped_roles()
    with pytest.raises(PurposeMissing, match="not open to you"):
        days.gate.allow(BOSS, "personal", "ana", REVIEW)


@pytest.mark.parametrize("subject", ["bo", "nobody", "", "x" * 500])
def test_who_is_not_below_and_who_is_not_there_are_refused_alike(days, subject):
    refusals = set()
    for purpose in (None, "support", REVIEW, "x"):
        with pytest.raises(Refused) as refused:
            days.gate.allow(BOSS, "personal", subject, purpose)
        refusals.add(str(refused.value))
    assert refusals == {READABLES["personal"].refusal}


def test_a_subordinate_does_not_read_the_manager(days):
    assert days.allows(ANA, "personal", "boss", "support") is None


@pytest.mark.parametrize(
    ("viewer", "subject", "relation"),
    [
        (ANA, ENGINES, "own-department"),
        (ANA, TEAM, "own-department"),
        (BO, SALES, "own-department"),
        (replace(BO, roles=(HeldRole("department-lead", "Engines"),)), ENGINES, "led"),
        (replace(BO, roles=(HeldRole("executive"),)), ENGINES, "department"),
        (OPERATOR, ENGINES, "department"),
        (BO, ENGINES, None),
        (ANA, SALES, None),
        (Viewer("stray", "Nowhere"), department_subject(""), None),
    ],
)
def test_departments(days, viewer, subject, relation):
    found = days.allows(viewer, "department", subject, "planning")
    if relation is None:
        assert found is None
    else:
        assert any(one.startswith(relation) for one in found.of)


def test_a_team_is_below_a_manager_when_all_of_it_is(days):
    roles = shipped_roles()
    only = tuple(line for line in roles.lines if line.role.name == "manager")
    days.table = replace(roles, lines=only)
    assert days.allows(BOSS, "department", TEAM, "support").purpose == "support"
    assert days.allows(BOSS, "department", OTHER, "support") is None
    assert days.allows(BOSS, "department", ENGINES, "support") is None
    assert days.allows(BOSS, "department", team_subject("Engines", "X")) is None


def test_who_has_people_below_finds_them_in_the_list(days):
    allowed = days.gate.allow(BOSS, "people")
    assert (allowed.purpose, allowed.of) == ("directory", {"report-line"})
    assert days.gate.below(BOSS) == {"ana"}
    assert days.gate.opens(BOSS, "people")
    assert not days.gate.opens(ANA, "people")
    assert days.gate.below(OPERATOR) == frozenset()


def test_whoever_would_be_asked_what_for_may_open(days):
    steward = replace(BO, roles=(HeldRole("steward"),))
    assert days.gate.opens(steward, "sources")
    assert not days.gate.opens(BO, "sources")


def test_what_is_ones_own_asks_no_chart(days):
    days.gate.allow(ANA, "personal", "ana")
    days.gate.allow(OPERATOR, "personal", "ana")
    days.gate.allow(ANA, "board")
    assert days.chart.asked == 0


def test_teams_and_departments_as_subjects():
    assert team_of(team_subject("A/B", "C/D")) == "C/D"
    assert team_of(department_subject("A/B")) is None
    assert team_of("acc_ana") is None


PAGE = fixtures.personal()


def test_parts_that_are_withheld_are_gone():
    allowed = Allowed("support", recorded=True, fields=frozenset({"days", "models"}))
    page = permitted(PAGE, allowed)
    assert page.total == PAGE.total
    assert page.daily == PAGE.daily
    assert page.by_model == PAGE.by_model
    assert page.withheld == PARTS - {"days", "models"}
    assert page.purpose == "support"
    for part in page.withheld:
        for name, nothing in NOTHING[part].items():
            assert getattr(page, name) == nothing
            assert getattr(PAGE, name) != nothing


def test_without_hours_no_time_of_a_call_is_told():
    fields = PARTS - {"hours"}
    page = permitted(PAGE, Allowed("support", recorded=True, fields=fields))
    assert page.completeness.until is None
    assert page.completeness.sources
    for seen, before in zip(
        page.completeness.sources, PAGE.completeness.sources, strict=True
    ):
        assert (seen.source, seen.first, seen.last) == (before.source, None, None)


def test_a_page_with_every_part_is_what_it_was():
    page = permitted(PAGE, Allowed("self", recorded=False, fields=PARTS))
    assert page == PAGE


def test_nothing_stands_for_every_part():
    assert set(NOTHING) == PARTS
