"""Adoption over random organisations: true, of many, and for the teams of the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.access.roles import shipped_roles
from mileage.domain.adoption import WEEK, Target
from mileage.domain.errors import NotFound
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.reports.adoption import Adoption, Everybody, adoption_json, make_progress
from mileage.reports.gate import Gate
from mileage.reports.peers import Material, PeerFiles
from tests.attacker import Published, attack
from tests.charts import TODAY, MemoryChart
from tests.drawing import examples
from tests.organisations import random_organisation

LEAST = 5
UNTIL = date(2026, 12, 31)
WEEKLY = Target("weekly", "Weekly", "weekly-active", "", 50, UNTIL)
CODEX = Target("codex", "Codex", "client", "codex", 50, UNTIL)
BASICS = Target("basics", "Basics", "training", "basics", 50, UNTIL)
TARGETS = (WEEKLY, CODEX, BASICS)
SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=examples(12))
OTHERS = ("executive", "finance", "steward", "works-council", "administrator")


class Company:
    """A random organisation in which some use codex and some have learnt."""

    def __init__(self, seed):
        random = Random(seed)  # noqa: S311 - organisations, not secrets
        self.made = random_organisation(random)
        self.head = self.made.snapshot()
        part = random.choice((0.05, 0.5, 0.97))
        self.standings = tuple(
            replace(one, clients=("codex",) if random.random() < part else ("amp",))
            for one in self.head.standings
        )
        self.trained = frozenset(
            one for one in self.made.used if random.random() < part
        )
        self.everybody = Everybody(
            self.made.accounts,
            self.made.places,
            self.standings,
            {"basics": self.trained},
        )

    def done(self, target):
        """Who has done what a target wants, found without looking at the source."""
        if target is BASICS:
            return set(self.trained)
        found = set()
        for one in self.standings:
            lately = sum(one.daily[len(one.daily) - WEEK :]) > 0
            if lately if target is WEEKLY else "codex" in one.clients:
                found.add(one.account_id)
        return found

    def members(self, row):
        kinds = {one.account_id: one.kind for one in self.made.accounts}
        return {
            one
            for one, place in self.made.places.items()
            if (place.department, place.team) == (row.department, row.team)
            and kinds[one] == "person"
        }

    def published(self, folder):
        files = PeerFiles(folder, 7)
        told = make_progress(TARGETS, self.everybody, LEAST)
        files.renew(
            self.head, lambda _: Material((), (), frozenset(), progress=told), LEAST
        )
        chart = MemoryChart(dict(self.made.places))
        return Adoption(files, Gate(chart, shipped_roles, lambda: TODAY)), chart


@FEW
@given(SEEDS, st.sampled_from(TARGETS))
def test_every_share_is_true_of_the_members_of_its_team(seed, target) -> None:
    company = Company(seed)
    done = company.done(target)
    for row in make_progress([target], company.everybody, LEAST):
        members = company.members(row)
        share = 100 * len(members & done) / len(members)
        assert row.members == len(members) >= 2 * LEAST
        if row.low == row.high:
            assert row.low <= share < row.low + 5
            assert min(len(members & done), len(members - done)) >= LEAST
        else:
            assert row.low - 1 < share < row.high + 1
            assert min(len(members & done), len(members - done)) < LEAST


@FEW
@given(SEEDS, st.sampled_from(TARGETS))
def test_nobody_is_told_from_the_others_of_a_team(seed, target) -> None:
    """Taken as exact counts, of who has and of who has not, beside each other."""
    company = Company(seed)
    done = company.done(target)
    rows = make_progress([target], company.everybody, LEAST)
    for wanted in (done, set(company.made.used) - done):
        figures = [
            Published(frozenset(members), len(members & wanted))
            for row in rows
            if row.low == row.high
            for members in [company.members(row)]
        ]
        truth = {one: int(one in wanted) for one in company.made.used}
        assert not attack(figures, truth)


@FEW
@given(SEEDS)
def test_every_large_team_has_a_row_for_each_target(seed) -> None:
    company = Company(seed)
    rows = make_progress(TARGETS, company.everybody, LEAST)
    told = {(row.title, row.department, row.team) for row in rows}
    assert len(told) == len(rows)
    for place in company.made.places.values():
        large = len(company.members(place)) >= 2 * LEAST
        for target in TARGETS:
            row = (target.title, place.department, place.team)
            assert (row in told) == large


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """One with several large teams in several departments."""
    found = next(
        one
        for one in map(Company, range(400))
        if len(
            {row.department for row in make_progress([WEEKLY], one.everybody, LEAST)}
        )
        > 2
    )
    desk, chart = found.published(tmp_path_factory.mktemp("peers"))
    rows = desk.files.latest().progress
    return found, desk, chart, {(row.department, row.team) for row in rows}


@pytest.mark.parametrize("ago", range(10))
def test_a_week_has_seven_days(ago):
    """Whoever was active seven days ago counts, eight days ago not."""
    company = Company(3)
    days = [0] * 30
    days[-1 - ago] = 5
    active = tuple(replace(one, daily=tuple(days)) for one in company.standings)
    everybody = company.everybody._replace(standings=active)
    rows = make_progress([WEEKLY], everybody, LEAST)
    assert rows
    most = max(row.high for row in rows)
    few = 100 * LEAST // min(row.members for row in rows)
    assert (most > few) == (ago < WEEK)


def teams(desk, viewer):
    return {(row.department, row.team) for row in desk.page(viewer).rows}


def test_each_member_sees_their_own_team_and_who_is_above_what_is_below(company):
    found, desk, chart, told = company
    for account, place in found.made.places.items():
        below = chart.people_below(account, TODAY)
        opens = {
            one
            for one in told
            if one == (place.department, place.team)
            or below >= (chart.members_on(TODAY, *one) - {account})
        }
        assert teams(desk, Viewer(account, "x")) == opens


def test_a_lead_sees_the_teams_of_the_department_that_they_lead(company):
    _, desk, _, told = company
    for department in {one[0] for one in told}:
        lead = Viewer("outside", "x", roles=(HeldRole("department-lead", department),))
        assert teams(desk, lead) == {one for one in told if one[0] == department}


def test_the_operator_sees_all_of_them(company):
    _, desk, _, told = company
    assert teams(desk, OPERATOR) == told


@pytest.mark.parametrize("role", OTHERS)
def test_no_other_role_opens_a_team_that_is_not_ones_own(company, role):
    _, desk, _, _ = company
    assert teams(desk, Viewer("outside", "x", roles=(HeldRole(role),))) == set()


def test_an_auditor_sees_all_of_them(company):
    _, desk, _, told = company
    assert teams(desk, Viewer("outside", "x", roles=(HeldRole("auditor"),))) == told


def test_no_account_is_named_in_what_is_told(company):
    found, desk, _, _ = company
    text = str(adoption_json(desk.page(OPERATOR)))
    assert not [one for one in found.made.used if f"'{one}'" in text]


def test_another_directory_has_nothing_yet(company, tmp_path):
    _, desk, _, _ = company
    with pytest.raises(NotFound):
        replace(desk, files=PeerFiles(tmp_path, 7)).page(OPERATOR)
