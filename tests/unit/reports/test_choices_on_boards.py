"""What somebody chooses is in force with the next read of any board, old ones too."""

from __future__ import annotations

import pytest

from mileage.access.pseudonyms import PREFIX
from mileage.domain.cube import department_id
from mileage.domain.people import OPERATOR
from mileage.reports.board_reading import BoardOf, Part
from tests.unit.reports.test_answers import organisation


@pytest.fixture
def company(tmp_path):
    with organisation(tmp_path) as found:
        yield found


def choose(company, name, choice):
    who = company.viewers[name]
    company.control.take_part(who, who.account_id, choice, stated=False)


def other_than(company, name):
    return next(
        one for key, one in company.viewers.items() if key != name and one.account_id
    )


def first(company):
    """The name and the key of whoever stands first."""
    board = company.answers.board(OPERATOR, None)
    account = board.rows[0].standing.account_id
    key = next(k for k, v in company.viewers.items() if v.account_id == account)
    return key, board


def test_whoever_hides_is_gone_with_the_next_read_and_stays_in_the_total(company):
    key, before = first(company)
    choose(company, key, "hidden")
    after = company.answers.board(OPERATOR, None)
    account = company.viewers[key].account_id
    assert account not in {row.standing.account_id for row in after.rows}
    assert after.ranked == before.ranked - 1
    assert after.snapshot.as_of == before.snapshot.as_of
    choose(company, key, None)
    assert company.answers.board(OPERATOR, None).rows == before.rows


def test_a_board_of_the_past_heeds_the_choice_of_today(company):
    key, before = first(company)
    choose(company, key, "hidden")
    past = company.answers.board(OPERATOR, None, as_of=before.snapshot.as_of)
    account = company.viewers[key].account_id
    assert account not in {row.standing.account_id for row in past.rows}


def test_another_name_is_one_for_everybody_but_oneself(company):
    key, before = first(company)
    me = company.viewers[key]
    choose(company, key, "pseudonym")
    for reader in (OPERATOR, other_than(company, key)):
        row = company.answers.board(reader, None).rows[0].standing
        assert row.account_id.startswith(PREFIX)
        assert (row.name, row.department) != (before.rows[0].standing.name, "x")
        assert row.department == row.team == ""
    own = company.answers.board(me, None).rows[0].standing
    assert own.account_id == me.account_id
    assert own.name == before.rows[0].standing.name


GROUPS = [
    f"{kind}:{department_id('Engineering')}{team}"
    for kind, team in (("dept", ""), ("team", "/Compilers"))
]


@pytest.mark.parametrize("scope", GROUPS)
def test_another_name_stands_on_no_board_of_a_group(company, scope):
    """Whoever opens the boards of all teams would know the team behind the name."""
    key, before = first(company)
    me = company.viewers[key]
    part = Part(scope=scope)
    named = company.answers.board(OPERATOR, part=part)
    choose(company, key, "pseudonym")
    for as_of in (None, before.snapshot.as_of):
        board = company.answers.board(OPERATOR, part=part, as_of=as_of)
        shown = {row.standing.account_id for row in board.rows}
        assert not [one for one in shown if one.startswith(PREFIX)]
        assert me.account_id not in shown
        assert (board.ranked, board.rows[0].rank) == (named.ranked - 1, 1)
    for wanted in (me.name, "engineering"):
        found = company.answers.board(OPERATOR, part=part._replace(wanted=wanted))
        assert me.account_id not in {row.standing.account_id for row in found.rows}
        assert all(row.standing.team for row in found.rows)
    why = company.answers.why(OPERATOR, me.account_id, BoardOf("", part))
    assert (why.placed.row, why.placed.ranked) == (None, named.ranked - 1)
    choose(company, key, None)
    assert company.answers.board(OPERATOR, part=part).rows == named.rows


def test_nobody_is_found_by_the_name_that_they_do_not_show(company):
    key, before = first(company)
    name = before.rows[0].standing.name
    found = company.answers.board(OPERATOR, None, part=Part(wanted=name))
    assert [row.standing.name for row in found.rows] == [name]
    choose(company, key, "pseudonym")
    found = company.answers.board(OPERATOR, None, part=Part(wanted=name))
    assert found.rows == ()


def test_the_read_is_on_record_under_the_account_and_not_under_the_other_name(company):
    key, _ = first(company)
    choose(company, key, "pseudonym")
    reader = other_than(company, key)
    company.answers.board(reader, None)
    account = company.viewers[key].account_id
    (last, *_) = company.control.readers_of(account, before=None, limit=5)
    assert last.viewer == reader.account_id


def test_ones_own_place_stays_when_others_hide(company):
    key, before = first(company)
    second = before.rows[1].standing.account_id
    other = next(k for k, v in company.viewers.items() if v.account_id == second)
    choose(company, key, "hidden")
    me = company.viewers[other]
    page = company.answers.personal(me, me.account_id)
    assert page.rank == 1
