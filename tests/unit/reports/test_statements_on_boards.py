"""Statements against boards that were published: Ada, Ben, Cy; Dee used nothing.

The top holds two.
"""

from __future__ import annotations

import pytest

from mileage.domain.people import OPERATOR, Viewer
from mileage.reports.boards import Boards
from mileage.reports.participation import NOTHING
from mileage.reports.snapshots import Snapshots
from mileage.reports.statements import StatementDesk, statements_json
from tests.unit.reports.test_answers import NAMES, organisation

RANKED = NAMES[:3]


class Company:
    """Published boards and the desk that makes statements of them."""

    def __init__(self, org, folder):
        self.control, self.viewers, self.answers = org.control, org.viewers, org.answers
        self.boards = Boards(Snapshots(folder / "snapshots"))

    def choose(self, name, choice=None, *, stated=True):
        who = self.viewers[name]
        self.control.take_part(who, who.account_id, choice, stated=stated)

    def page(self, viewer=OPERATOR, top=2):
        answers = self.answers
        held = (self.boards, answers.gate, answers.participation, self.control, top)
        return StatementDesk(*held).statements(viewer)

    def told(self, **how):
        return {one.name.lower(): one.among for one in self.page(**how).rows}

    def named(self, name):
        board = self.answers.board(self.viewers[name])
        return [row.standing.name for row in board.rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("statements")
    with organisation(folder) as org:
        yield Company(org, folder)


@pytest.fixture
def company(whole):
    chosen = whole.control.participation()
    for name in NAMES:
        one = chosen.get(whole.viewers[name].account_id, NOTHING)
        if one.choice or one.stated:
            whole.choose(name, stated=False)
    return whole


@pytest.mark.parametrize("hidden", [("ada",), ("ada", "cy")])
def test_a_statement_is_the_rank_among_those_who_stand_or_ask(company, hidden):
    for name in hidden:
        company.choose(name, "hidden", stated=False)
    for asked in RANKED:
        choice = "hidden" if asked in hidden else None
        company.choose(asked, choice)
        ranked = [one for one in RANKED if one == asked or one not in hidden]
        assert company.told() == {asked: asked in ranked[:2]}
        company.choose(asked, choice, stated=False)


def test_of_who_stands_there_it_says_what_the_board_says(company):
    for name in NAMES:
        company.choose(name)
    shown = {one.lower() for one in company.named("dee")}
    assert {name for name, among in company.told().items() if among} == shown
    assert company.told()["dee"] is False


def test_another_name_on_the_board_changes_no_statement(company):
    company.choose("ada", "pseudonym")
    company.choose("cy", "pseudonym")
    assert company.told() == {"ada": True, "cy": False}
    assert "Ada" not in company.named("ben")


@pytest.mark.parametrize(("top", "among"), [(1, RANKED[:1]), (3, RANKED)])
def test_as_many_are_among_the_first_as_the_top_holds(company, top, among):
    for name in NAMES:
        company.choose(name)
    told = company.told(top=top)
    assert {name for name in told if told[name]} == set(among)


def test_whoever_withdraws_is_not_said_to_be_outside(company):
    company.choose("ada", "hidden")
    company.choose("ben")
    assert company.told() == {"ada": True, "ben": True}
    company.choose("ben", stated=False)
    assert company.told() == {"ada": True}


def test_it_tells_of_which_board_and_in_order_of_names(company):
    for name in ("cy", "ada"):
        company.choose(name)
    found = company.page()
    head = company.boards.head()
    assert (found.lens, found.as_of, found.zone) == ("Tokens", head.as_of, head.zone)
    body = statements_json(found)
    assert [(row["name"], row["among"]) for row in body["rows"]] == [
        ("Ada", True),
        ("Cy", False),
    ]
    assert set(body) == {"top", "lens", "as_of", "rows"}


def test_a_member_may_read_it_and_whom_it_names_sees_who_did(company):
    company.choose("ben")
    reader = company.viewers["dee"]
    before = len(company.control.readers_of(company.viewers["ada"].account_id))
    company.page(reader)
    row = company.control.access_rows(limit=1)[0]
    assert (row.viewer, row.purpose, row.subjects) == (reader.account_id, "board", 1)
    assert row.detail == f"statements, as of {company.boards.head().as_of}"
    seen = company.control.readers_of(company.viewers["ben"].account_id)
    assert reader.account_id in {one.viewer for one in seen}
    assert len(company.control.readers_of(company.viewers["ada"].account_id)) == before


def test_whoever_is_erased_or_objects_is_named_no_more(company):
    company.choose("cy")
    late = company.control.ensure_account("eve@example.com")
    eve = Viewer(late, "Eve")
    company.control.take_part(eve, late, None, stated=True)
    assert len(company.page().rows) == 2
    company.control.erase_account(late, OPERATOR)
    assert company.told() == {"cy": False}
    who = company.viewers["cy"]
    company.control.file_request(who, who.account_id, "objection", "No.")
    assert company.told() == {}
