"""Adoption: who counts towards which target, and who sees which team."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from mileage.access.policy import Allowed
from mileage.domain.adoption import Target
from mileage.domain.directory import team_of
from mileage.domain.errors import NotFound, Refused
from mileage.domain.figures import Figures
from mileage.domain.people import Account, HeldRole, Membership, Viewer
from mileage.domain.tokens import Tokens
from mileage.reports.adoption import (
    Adoption,
    Everybody,
    adoption_json,
    make_progress,
)
from mileage.reports.peers import Material, PeerFiles
from tests.web import fixtures
from tests.web.stage import ADA, standing

UNTIL = date(2026, 12, 31)
WEEKLY = Target("weekly", "Weekly", "weekly-active", "", 50, UNTIL)
CODEX = Target("codex", "Codex", "client", "codex", 50, UNTIL, ("Engines",))
BASICS = Target("basics", "Basics", "training", "basics", 50, UNTIL)
TEAMS = {"A": "Engines", "B": "Engines", "C": "Yard"}
SIZE = 20


def everybody(*, active=10, late=5, trained=8):
    accounts, places, standings = [], {}, []
    for team, department in TEAMS.items():
        for number in range(SIZE):
            one = f"{team}{number}"
            accounts.append(Account(one, "person", one, ""))
            places[one] = Membership(one, department, team, "", "", None, None)
            days = (0,) * 23 + (5,) * 7 if number < active else (5,) + (0,) * 29
            if number < active + late:
                standings.append(
                    replace(
                        standing(ADA),
                        account_id=one,
                        clients=("codex",) if number % 2 else ("amp",),
                        daily=days,
                        figures=Figures(1, Tokens(input=5)),
                    )
                )
    accounts.append(Account("bot", "service", "bot", ""))
    places["bot"] = Membership("bot", "Engines", "A", "", "", None, None)
    done = {"basics": frozenset(f"A{number}" for number in range(trained))}
    return Everybody(accounts, places, standings, done)


def shares(target, **of):
    found = make_progress([target], everybody(**of), 5)
    return {one.team: (one.low, one.high) for one in found}


def test_weekly_use_is_of_the_last_seven_days():
    assert shares(WEEKLY) == dict.fromkeys("ABC", (50, 50))
    assert shares(WEEKLY, active=2, late=18) == dict.fromkeys("ABC", (0, 25))


def test_a_client_counts_in_the_whole_window_and_in_its_departments():
    assert shares(CODEX) == {"A": (35, 35), "B": (35, 35)}


def test_a_training_counts_when_it_was_recorded():
    assert shares(BASICS) == {"A": (40, 40), "B": (0, 25), "C": (0, 25)}
    assert shares(replace(BASICS, what="other"))["A"] == (0, 25)


def test_services_are_no_members():
    (first, *_) = make_progress([WEEKLY], everybody(), 5)
    assert first.members == SIZE


def test_without_targets_nothing_is_made():
    assert make_progress([], everybody(), 5) == ()


class Around:
    """A gate that opens the own department, led ones and a list of teams below."""

    def __init__(self, folder, below=()):
        self.files = PeerFiles(folder, 7)
        self.below = below
        self.place = Membership("a", "Engines", "A", "", "", None, None)
        chart = SimpleNamespace(place_on=self.place_on)
        gate = SimpleNamespace(
            chart=chart,
            today=lambda: None,
            allow=self.allow,
            below=lambda _: {f"{team}0" for team in self.below},
        )
        self.desk = Adoption(self.files, gate)

    def place_on(self, account, _):
        if account == ADA.account_id:
            return self.place
        team = account[:1]
        return Membership(account, TEAMS.get(team, ""), team, "", "", None, None)

    def allow(self, viewer, report, subject):
        assert report == "adoption"
        department = TEAMS.get(team_of(subject), "")
        of = set()
        if department == self.place.department:
            of.add("own-department")
        if department in viewer.led_departments:
            of.add("led-department")
        if team_of(subject) in self.below:
            of.add("report-line")
        if viewer.operator:
            of = {"department"}
        if not of:
            raise Refused("not yours")
        return Allowed("board", recorded=False, of=frozenset(of))

    def publish(self):
        progress = make_progress([WEEKLY], everybody(), 5)
        self.files.renew(
            fixtures.SNAPSHOT, lambda _: Material((), (), frozenset(), progress), 5
        )

    def teams(self, viewer):
        return "".join(one.team for one in self.desk.page(viewer).rows)


@pytest.fixture
def around(tmp_path):
    found = Around(tmp_path)
    found.publish()
    return found


def test_people_see_their_own_team_and_no_other_of_their_department(around):
    assert around.teams(ADA) == "A"


def test_a_lead_sees_all_teams_of_the_department(around):
    lead = Viewer("acc-ada", "Ada", roles=(HeldRole("department-lead", "Engines"),))
    assert around.teams(lead) == "AB"
    other = Viewer("acc-ada", "Ada", roles=(HeldRole("department-lead", "Yard"),))
    assert around.teams(other) == "AC"


def test_whoever_has_a_team_below_them_sees_it(around):
    around.below = ("B",)
    assert around.teams(ADA) == "AB"


def test_the_operator_sees_every_team(around):
    around.place = None

    def everything(viewer, *_):
        return Allowed("operations", recorded=True, of=frozenset({"department"}))

    around.desk.gate.allow = everything
    assert around.teams(Viewer("", "operator", operator=True)) == "ABC"


def test_before_the_first_publication(tmp_path):
    with pytest.raises(NotFound):
        Around(tmp_path / "x").desk.page(ADA)


def test_it_says_what_is_reached(around):
    (row,) = adoption_json(around.desk.page(ADA))["rows"]
    assert (row["low"], row["percent"], row["reached"]) == (50, 50, True)
