"""Statements: of whoever wants one, shown or hidden, and true."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mileage.domain.directory import PersonRow
from mileage.domain.people import Viewer
from mileage.domain.settings import Settings
from mileage.reports.participation import Participation
from mileage.reports.statements import StatementDesk, statements_json
from mileage.store.control import open_control

NAMES = ("ana", "bo", "cy", "dee")
"""By rank."""


class Company:
    """Boards that rank people by name, and whoever was asked of."""

    def __init__(self, control, mode="open", top=2):
        self.control = control
        control.import_people(
            PersonRow(f"{one}@x.example", one, "person", "D", "", "", "", None, None)
            for one in NAMES
        )
        self.ids = {
            one: control.account_of_email(f"{one}@x.example").account_id
            for one in NAMES
        }
        taking = Participation(control, Settings(participation=mode, top=top))
        gate = SimpleNamespace(allow=lambda *_: SimpleNamespace(purpose="board"))
        self.desk = StatementDesk(self, gate, taking, control, top)

    def head(self):
        lens = SimpleNamespace(title="Tokens")
        return SimpleNamespace(as_of=5_000_000, zone="UTC", lenses=(lens,))

    def rows(self, head, asked):
        ranked = [self.ids[one] for one in NAMES if asked.scope == "org"]
        left = [one for one in ranked if one not in asked.without][: asked.count]
        rows = [SimpleNamespace(standing=SimpleNamespace(account_id=o)) for o in left]
        return SimpleNamespace(rows=rows)

    def choose(self, name, choice=None, *, stated=True):
        who = Viewer(self.ids[name], name)
        self.control.take_part(who, who.account_id, choice, stated=stated)

    def told(self):
        found = self.desk.statements(Viewer("acc-reader", "Reader"))
        return {one.name: one.among for one in found.rows}


@pytest.fixture
def control(tmp_path):
    ticks = iter(range(1_780_000_000_000_000, 1_790_000_000_000_000))
    with open_control(tmp_path / "control.sqlite", clock=lambda: next(ticks)) as found:
        yield found


def test_nobody_is_named_who_has_not_asked(control):
    company = Company(control)
    assert company.told() == {}
    company.choose("cy", stated=False)
    assert company.told() == {}


def test_it_is_true_of_whoever_asked(control):
    company = Company(control)
    for name in NAMES:
        company.choose(name)
    assert company.told() == {"ana": True, "bo": True, "cy": False, "dee": False}


def test_whoever_is_hidden_is_ranked_as_if_they_stood_there(control):
    company = Company(control)
    company.choose("ana", "hidden")
    company.choose("cy", "hidden")
    assert company.told() == {"ana": True, "cy": False}


def test_other_hidden_people_take_no_place(control):
    company = Company(control)
    company.choose("ana", "hidden", stated=False)
    company.choose("cy")
    assert company.told() == {"cy": True}


@pytest.mark.parametrize("mode", ["opt-in", "pseudonym", "teams-only"])
def test_a_statement_is_asked_for_in_every_mode(control, mode):
    company = Company(control, mode)
    company.choose("ana")
    assert company.told() == {"ana": True}


def test_an_objection_ends_it(control):
    company = Company(control)
    company.choose("ana")
    who = Viewer(company.ids["ana"], "ana")
    control.file_request(who, who.account_id, "objection", "No.")
    assert company.told() == {}


def test_the_read_is_recorded_with_whom_it_named(control):
    company = Company(control)
    company.choose("bo")
    company.told()
    (row,) = control.access_rows()
    assert (row.report, row.subjects) == ("board", 1)
    assert row.detail.startswith("statements")


def test_no_rank_and_no_figure_is_in_it(control):
    company = Company(control)
    company.choose("bo")
    found = company.desk.statements(Viewer("acc-reader", "Reader"))
    assert statements_json(found)["rows"] == [{"name": "bo", "among": True}]
