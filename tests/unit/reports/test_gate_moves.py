"""The gate with a real directory and a real file: moves, withdrawals, ended roles."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from mileage.access.roles import REVIEW, shipped_roles
from mileage.domain.directory import PersonRow, department_subject, team_subject
from mileage.domain.errors import PurposeMissing, Refused
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.reports.gate import Gate
from mileage.store.control import open_control
from mileage.wiring.policy import _shipped
from mileage.wiring.roles_in_force import RolesInForce

SHIPPED = _shipped("roles.toml").decode()
ON = SHIPPED.replace('state = "off"', 'state = "on"')
MAY, JUNE = date(2026, 5, 31), date(2026, 6, 1)
CHART = {
    "top": ("Yard", "", ""),
    "boss": ("Engines", "A", "top"),
    "ana": ("Engines", "A", "boss"),
    "bo": ("Engines", "B", "boss"),
    "far": ("Sales", "", "top"),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("gate") / "control.sqlite"
    open_control(path, clock=lambda: 1_780_000_000_000_000).dispose()
    return path


def row(name, place, since=None, until=None):
    department, team, manager = place
    return PersonRow(
        email=f"{name}@x.example",
        name=name,
        kind="person",
        department=department,
        team=team,
        manager=f"{manager}@x.example" if manager else "",
        role="",
        since=since,
        until=until,
    )


class World:
    """Five people, the table of a file, and a day that the test chooses."""

    def __init__(self, control, folder):
        self.control, self.today, self.told = control, MAY, []
        self.file = folder / "policy" / "roles.toml"
        self.file.parent.mkdir()
        self.place(**CHART)
        self.gate = Gate(
            control, RolesInForce(folder, self.told.append), lambda: self.today
        )

    def place(self, **people):
        rows = [row(name, place) for name, place in people.items()]
        self.control.import_people(rows)

    def move(self, name, place):
        """Put somebody elsewhere from June on."""
        before = row(name, CHART[name], until=MAY)
        self.control.import_people([before, row(name, place, since=JUNE)])

    def id_of(self, name):
        return self.control.account_of_email(f"{name}@x.example").account_id

    def viewer(self, name):
        account_id = self.id_of(name)
        return Viewer(account_id, name, roles=self.control.roles_of(account_id))

    def write(self, text):
        beside = self.file.with_suffix(".new")
        beside.write_text(text)
        beside.replace(self.file)

    def opens(self, name, report, subject, purpose="support"):
        viewer = OPERATOR if name == "operator" else self.viewer(name)
        try:
            return self.gate.allow(viewer, report, subject, purpose).purpose
        except PurposeMissing as missing:
            return tuple(missing.purposes)
        except Refused:
            return ""

    def page(self, name, of, purpose="support"):
        return self.opens(name, "personal", self.id_of(of), purpose)


@pytest.fixture
def world(tmp_path, template):
    path = tmp_path / "control.sqlite"
    shutil.copy(template, path)
    with open_control(path, clock=lambda: 1_780_000_000_000_000) as control:
        yield World(control, tmp_path)


# Report lines


def test_a_line_reaches_down_and_never_up_or_across(world):
    readers = {
        name: {of for of in CHART if of != name and world.page(name, of)}
        for name in CHART
    }
    assert readers == {
        "top": {"boss", "ana", "bo", "far"},
        "boss": {"ana", "bo"},
        "ana": set(),
        "bo": set(),
        "far": set(),
    }


def test_a_new_manager_reads_from_the_day_and_the_old_one_no_more(world):
    world.move("ana", ("Sales", "", "far"))
    assert (world.page("boss", "ana"), world.page("far", "ana")) == ("support", "")
    world.today = JUNE
    assert (world.page("boss", "ana"), world.page("far", "ana")) == ("", "support")
    assert world.page("top", "ana") == "support"


def test_a_manager_who_moves_away_takes_the_people_along(world):
    world.move("boss", ("Sales", "", "far"))
    world.today = JUNE
    assert world.page("boss", "ana") == "support"
    assert world.page("far", "ana") == "support", "through the manager"


def test_two_who_manage_each_other_end_nothing(world):
    world.move("boss", ("Engines", "A", "ana"))
    world.today = JUNE
    assert world.page("boss", "ana") == world.page("ana", "boss") == "support"
    assert world.page("ana", "ana", "") == "self"
    assert world.page("top", "ana") == ""


def test_who_has_left_the_chart_is_below_nobody(world):
    assert world.opens("boss", "personal", "acc_of_nobody") == ""
    assert world.gate.below(world.viewer("ana")) == frozenset()
    assert world.gate.below(world.viewer("boss")) == {
        world.id_of("ana"),
        world.id_of("bo"),
    }


# Roles by department


@pytest.mark.parametrize(
    ("subject", "opened"),
    [
        (department_subject("Engines"), "planning"),
        (team_subject("Engines", "A"), "planning"),
        (team_subject("Engines", "Unknown"), "planning"),
        (department_subject("Sales"), "board"),
        (team_subject("Sales", "A"), "board"),
        (department_subject("Yard"), ""),
        (department_subject("engines"), ""),
        (department_subject("Engines "), ""),
        (department_subject(""), ""),
        ("dept", ""),
        ("team:7Engines/A", ""),
    ],
)
def test_a_lead_reads_one_department(world, subject, opened):
    held = HeldRole("department-lead", "Engines")
    world.control.grant_role(world.id_of("far"), held)
    assert world.opens("far", "department", subject, "planning") == opened


def test_a_lead_of_two_departments_loses_one(world):
    far = world.id_of("far")
    for department in ("Engines", "Yard"):
        world.control.grant_role(far, HeldRole("department-lead", department))
    subjects = [department_subject(one) for one in ("Engines", "Yard")]

    def opened():
        return [world.opens("far", "department", one, "planning") for one in subjects]

    assert opened() == ["planning"] * 2
    world.control.revoke_role(far, HeldRole("department-lead", "Engines"))
    assert opened() == ["", "planning"]


def test_a_lead_reads_no_persons_page_by_that(world):
    held = HeldRole("department-lead", "Engines")
    world.control.grant_role(world.id_of("far"), held)
    for purpose in ("support", "planning", "integrity", ""):
        assert world.page("far", "ana", purpose) == ""


@pytest.mark.parametrize("role", ["administrator", "auditor", "works-council"])
def test_who_runs_or_watches_the_system_reads_no_page(world, role):
    world.control.grant_role(world.id_of("far"), HeldRole(role))
    for purpose in ("", *(why.name for why in shipped_roles().purposes)):
        assert world.page("far", "ana", purpose) == ""
        assert (
            world.opens("far", "department", department_subject("Engines"), purpose)
            == ""
        )


def test_a_steward_says_what_for_and_only_that(world):
    world.control.grant_role(world.id_of("far"), HeldRole("steward"))
    assert world.page("far", "ana", "integrity") == "integrity"
    assert world.page("far", "ana", "") == ("integrity",)
    assert world.page("far", "ana", "support") == ("integrity",)
    world.control.revoke_role(world.id_of("far"), HeldRole("steward"))
    assert world.page("far", "ana", "integrity") == ""


# Purposes withdrawn


def test_performance_review_is_open_exactly_while_the_file_says_so(world):
    assert world.page("boss", "ana", REVIEW) == ("support", "planning")
    world.write(ON)
    assert world.page("boss", "ana", REVIEW) == REVIEW
    assert world.page("ana", "boss", REVIEW) == ""
    world.write(SHIPPED)
    assert world.page("boss", "ana", REVIEW) == ("support", "planning")
    assert [REVIEW in purposes for purposes in world.told] == [False, True, False]


def test_any_purpose_can_be_withdrawn(world):
    title = 'title = "Helping somebody with tools, limits or cost"'
    world.write(SHIPPED.replace(title, f'{title}\nstate = "off"'))
    assert world.page("boss", "ana", "support") == ("planning",)
    assert world.page("boss", "ana", "planning") == "planning"
    assert "support" not in world.told[-1]


def test_a_file_that_broke_opens_ones_own_page_and_nothing_else(world, caplog):
    assert world.page("boss", "ana") == "support"
    world.write(SHIPPED + "\n[[allow]]\n")
    assert world.page("boss", "ana") == ""
    assert world.page("ana", "ana", "") == "self"
    assert world.opens("ana", "board", "org", "") == ""
    assert world.page("operator", "ana", "") == "operations"
    assert f"{world.file}:" in caplog.text
    world.write(SHIPPED)
    assert world.page("boss", "ana") == "support"


def test_a_role_that_the_file_no_longer_has_means_nothing(world):
    world.control.grant_role(world.id_of("far"), HeldRole("steward"))
    assert world.page("far", "ana", "integrity") == "integrity"
    tables = SHIPPED.split("\n\n")
    gone = [one for one in tables if '"steward"' not in one]
    world.write("\n\n".join(gone))
    assert world.page("far", "ana", "integrity") == ""


def test_a_refusal_is_one_sentence_for_who_is_there_and_who_is_not(world):
    told = set()
    for subject in (world.id_of("top"), "acc_nobody", "", "org", "team:x", "dept:Yard"):
        for purpose in ("", "support", REVIEW, "x" * 1_000):
            with pytest.raises(Refused) as refused:
                world.gate.allow(world.viewer("ana"), "personal", subject, purpose)
            told.add(str(refused.value))
    assert len(told) == 1
