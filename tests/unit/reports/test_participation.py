"""Nobody stands on a board in another way than they chose and the mode allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.access.pseudonyms import PREFIX
from mileage.domain.directory import PersonRow
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.figures import BoardRow
from mileage.domain.participation import CHOICES, MODES, Chosen, in_force
from mileage.domain.people import OPERATOR, Viewer
from mileage.domain.settings import Settings
from mileage.reports.participation import Participation, checked_choice
from mileage.store.control import open_control
from tests.web.stage import ADA, standing

NAMES = ("ana", "bo", "cy", "dee")
KINDS = {"dee": "service"}


class Company:
    """Three people and a service; everybody has a row."""

    def __init__(self, control):
        self.control = control
        control.import_people(
            PersonRow(
                f"{name}@x.example",
                name.title(),
                KINDS.get(name, "person"),
                *("Engines", "A", "", "", None, None),
            )
            for name in NAMES
        )
        self.ids = {
            name: control.account_of_email(f"{name}@x.example").account_id
            for name in NAMES
        }
        self.rows = tuple(
            BoardRow(
                rank,
                100 // rank,
                replace(
                    standing(ADA),
                    account_id=self.ids[name],
                    name=name.title(),
                    kind=KINDS.get(name, "person"),
                ),
            )
            for rank, name in enumerate(NAMES, start=1)
        )

    def viewer(self, name):
        return Viewer(self.ids[name], name.title())

    def under(self, mode):
        return Participation(self.control, Settings(participation=mode))

    def choose(self, name, choice, *, stated=False):
        who = self.viewer(name)
        self.control.take_part(who, who.account_id, choice, stated=stated)

    def names(self, accounts):
        return {name for name, account in self.ids.items() if account in accounts}


@pytest.fixture
def company(tmp_path):
    ticks = iter(range(1_780_000_000_000_000, 1_790_000_000_000_000))
    with open_control(tmp_path / "control.sqlite", clock=lambda: next(ticks)) as found:
        yield Company(found)


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_alone(company, mode):
    taking = company.under(mode)
    gone = {"ana", "bo", "cy"} if mode in {"opt-in", "teams-only"} else set()
    assert company.names(taking.hidden()) == gone
    shown = [row.standing.name for row in taking.masked(company.rows, "")]
    assert shown[3] == "Dee"
    assert (shown == ["Ana", "Bo", "Cy", "Dee"]) == (mode != "pseudonym")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("choice", [None, *CHOICES])
def test_every_choice_in_every_mode(company, mode, choice):
    company.choose("bo", choice)
    taking = company.under(mode)
    expected = in_force(mode, Chosen(choice))
    assert ("bo" in company.names(taking.hidden())) == (expected == "hidden")
    if expected != "hidden":
        row = taking.masked(company.rows, "")[1]
        assert (row.standing.name == "Bo") == (expected == "shown")
    assert ("bo" in company.names(taking.unnamed())) == (expected != "shown")
    assert taking.of(company.ids["bo"]).in_force == expected


def test_a_service_cannot_hide(company):
    company.choose("dee", "pseudonym")
    taking = company.under("pseudonym")
    assert taking.masked(company.rows, "")[3] == company.rows[3]


def test_what_is_masked_tells_no_name_and_keeps_every_figure(company):
    company.choose("cy", "pseudonym")
    taking = company.under("open")
    row = taking.masked(company.rows, company.ids["ana"])[2]
    assert row.standing.account_id.startswith(PREFIX)
    assert row.standing.name == taking.of(company.ids["cy"]).pseudonym
    assert "Cy" not in str(row)
    assert company.ids["cy"] not in str(row)
    assert (row.standing.department, row.standing.team) == ("", "")
    assert row.standing.figures == company.rows[2].standing.figures
    assert (row.rank, row.value) == (company.rows[2].rank, company.rows[2].value)


def test_ones_own_row_is_as_it_is(company):
    taking = company.under("pseudonym")
    own = company.ids["ana"]
    assert taking.masked(company.rows, own)[0] == company.rows[0]
    assert taking.masked(company.rows, own)[1] != company.rows[1]


def test_where_nobody_has_another_name_the_rows_are_the_same_object(company):
    company.choose("bo", "hidden")
    assert company.under("open").masked(company.rows, "") is company.rows


def test_who_is_hidden_is_the_same_object_until_somebody_chooses(company):
    taking = company.under("opt-in")
    hidden = taking.hidden()
    assert taking.hidden() is hidden
    company.choose("ana", "shown")
    assert company.names(hidden - taking.hidden()) == {"ana"}


def test_another_choice_is_another_pseudonym(company):
    taking = company.under("open")
    company.choose("bo", "pseudonym")
    first = taking.of(company.ids["bo"]).pseudonym
    assert taking.of(company.ids["bo"]).pseudonym == first
    company.choose("bo", "pseudonym")
    assert taking.of(company.ids["bo"]).pseudonym != first


def test_an_objection_is_heeded_whatever_was_chosen(company):
    company.choose("ana", "shown")
    ana = company.viewer("ana")
    company.control.file_request(ana, ana.account_id, "objection", "No.")
    taking = company.under("open")
    assert company.names(taking.hidden()) == {"ana"}
    state = taking.state(ana)
    assert (state.in_force, state.objected) == ("hidden", True)


def test_a_newcomer_is_hidden_where_people_opt_in(company):
    taking = company.under("opt-in")
    taking.hidden()
    newcomer = company.control.ensure_account("new@x.example")
    assert newcomer in taking.hidden()


def test_choosing_for_oneself(company):
    taking = company.under("open")
    ana = company.viewer("ana")
    taking.choose(ana, "pseudonym", stated=True)
    state = taking.state(ana)
    assert state.chosen[:2] == ("pseudonym", True)
    taking.choose(ana, "policy", stated=False)
    assert taking.state(ana).chosen[:2] == (None, False)


def test_nobody_but_the_operator_chooses_for_others(company):
    taking = company.under("open")
    bo = company.ids["bo"]
    taking.choose(company.viewer("ana"), "hidden", stated=False, account_id=bo)
    assert company.names(taking.hidden()) == {"ana"}
    taking.choose(OPERATOR, "hidden", stated=False, account_id=bo)
    assert company.names(taking.hidden()) == {"ana", "bo"}


@pytest.mark.parametrize(
    ("mode", "choice"),
    [("pseudonym", "shown"), ("teams-only", "shown"), ("teams-only", "pseudonym")],
)
def test_what_the_mode_does_not_allow_cannot_be_chosen(company, mode, choice):
    with pytest.raises(Invalid, match="is not open here"):
        company.under(mode).choose(company.viewer("ana"), choice, stated=False)
    assert company.control.participation() == {}


@pytest.mark.parametrize("text", ["", "Shown", "all", "none", "hidden "])
def test_a_choice_that_is_none(text):
    with pytest.raises(Invalid, match="shown, pseudonym, hidden, policy"):
        checked_choice(text)


def test_nobody_in_particular_stands_nowhere(company):
    taking = company.under("open")
    with pytest.raises(NotFound):
        taking.state(OPERATOR)
    with pytest.raises(NotFound):
        taking.choose(OPERATOR, "hidden", stated=False)


def test_whose_figures_stand_under_no_name(company):
    company.choose("ana", "pseudonym")
    company.choose("bo", "hidden")
    assert company.names(company.under("open").unnamed()) == {"ana", "bo"}
    everybody = {"ana", "bo", "cy"}
    for mode in ("opt-in", "pseudonym", "teams-only"):
        assert company.names(company.under(mode).unnamed()) == everybody
    company.choose("cy", "shown")
    assert company.names(company.under("opt-in").unnamed()) == {"ana", "bo"}


def test_one_answer_goes_by_one_state_while_people_choose(company):
    taking = company.under("open")
    before = taking.now()
    assert taking.now() is before
    company.choose("ana", "hidden")
    company.choose("bo", "pseudonym")
    after = taking.now()
    assert company.names(before.unnamed) == set()
    assert company.names(after.hidden) == {"ana"}
    assert company.names(after.unnamed) == {"ana", "bo"}
    assert (taking.hidden(), taking.unnamed()) == (after.hidden, after.unnamed)
    # Whose rows were read before is masked by what was so then, and later by now.
    assert taking.masked(company.rows, "", before) is company.rows
    assert taking.masked(company.rows, "", after) == taking.masked(company.rows, "")
    assert taking.masked(company.rows, "")[1].standing.name != "Bo"
