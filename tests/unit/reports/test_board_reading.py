from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mileage.domain.cube import department_id
from mileage.domain.directory import PersonRow
from mileage.domain.errors import NotFound, PurposeMissing, Refused
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.reports.board_reading import BoardOf, Part
from tests.unit.reports.test_answers import organisation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.reports.test_answers import Organisation

STEWARD = Viewer("acc-steward", "Sam", roles=(HeldRole("steward"),))


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """Ada, Ben and Cy in that order, of which the top holds two; Dee used nothing."""
    folder: Path = tmp_path_factory.mktemp("organisation")
    with organisation(folder) as made:
        yield made


def names(board):
    return [row.standing.name for row in board.rows]


def department_scope(kind="dept", team=""):
    return f"{kind}:{department_id('Engineering')}{team}"


def test_the_operator_leafs_through_everybody(org):
    first = org.answers.board(OPERATOR)
    assert (names(first), first.whole, first.ranked) == (["Ada", "Ben"], True, 3)
    second = org.answers.board(OPERATOR, part=Part(page=2))
    assert (names(second), second.first) == (["Cy"], 2)
    assert names(org.answers.board(OPERATOR, part=Part(page=3))) == []


@pytest.mark.parametrize("part", [Part(page=2), Part(page=2, purpose="integrity")])
def test_others_see_the_top_and_their_own_row(org, part):
    board = org.answers.board(org.viewers["ada"])
    assert not board.whole
    with pytest.raises(Refused, match="published top"):
        org.answers.board(org.viewers["ada"], part=part)


def test_a_steward_states_what_for(org):
    assert org.answers.board(STEWARD).whole
    with pytest.raises(PurposeMissing):
        org.answers.board(STEWARD, part=Part(page=2))
    board = org.answers.board(STEWARD, part=Part(page=2, purpose="integrity"))
    assert names(board) == ["Cy"]
    last = org.control.access_rows(limit=1)[0]
    assert (last.viewer_name, last.report, last.purpose) == (
        "Sam",
        "board",
        "integrity",
    )
    assert "from 3" in last.detail


@pytest.mark.parametrize(
    ("wanted", "everybody", "top"),
    [
        ("ada", ["Ada"], ["Ada"]),
        ("CY", ["Cy"], []),
        ("engineering", ["Ada", "Ben", "Cy"], ["Ada", "Ben"]),
        ("compilers ben", ["Ben"], ["Ben"]),
        ("nobody", [], []),
        ("%", [], []),
    ],
)
def test_a_search_goes_as_far_as_the_board_of_the_viewer(org, wanted, everybody, top):
    part = Part(wanted=wanted)
    assert names(org.answers.board(OPERATOR, part=part)) == everybody
    assert names(org.answers.board(org.viewers["ada"], part=part)) == top


def test_what_is_found_keeps_its_rank_and_is_recorded_by_name(org):
    board = org.answers.board(OPERATOR, part=Part(wanted="cy"))
    assert [row.rank for row in board.rows] == [3]
    assert board.own is None
    read = org.control.access_rows(limit=1)[0]
    assert (read.report, read.subjects) == ("board", 1)


def test_nobody_is_found_by_a_name_that_is_not_shown(org):
    ben = org.viewers["ben"]
    org.answers.participation.choose(ben, "pseudonym", stated=False)
    try:
        for viewer in (OPERATOR, org.viewers["ada"]):
            assert names(org.answers.board(viewer, part=Part(wanted="ben"))) == []
            assert "Ben" not in names(org.answers.board(viewer))
            for place in ("engineering", "compilers"):
                found = org.answers.board(viewer, part=Part(wanted=place))
                assert "Ada" in names(found)
                assert all(row.standing.team for row in found.rows), "a place told"
        with_reason = org.answers.why(OPERATOR, ben.account_id, BoardOf())
        assert with_reason.placed.row is None
        page = org.answers.personal(OPERATOR, ben.account_id)
        assert (page.name, page.rank, page.ranked) == ("Ben", None, 0)
        assert org.answers.personal(ben, ben.account_id).rank == 2
        own = org.answers.why(ben, ben.account_id, BoardOf())
        assert own.placed.row.rank == 2
    finally:
        org.answers.participation.choose(ben, "shown", stated=False)


def test_a_department_is_for_whoever_opens_the_pages_of_its_people(org):
    scope = department_scope()
    for kind, team in (("dept", ""), ("team", "/Compilers")):
        part = Part(scope=department_scope(kind, team))
        board = org.answers.board(OPERATOR, part=part)
        assert (names(board), board.ranked, board.scope) == (
            ["Ada", "Ben"],
            3,
            part.scope,
        )
        with pytest.raises(Refused):
            org.answers.board(org.viewers["ada"], part=part)
        with pytest.raises(Refused):
            org.answers.why(
                org.viewers["ada"], org.viewers["ada"].account_id, BoardOf("", part)
            )
    with pytest.raises(NotFound):
        org.answers.board(OPERATOR, part=Part(scope=scope + "0"))
    with pytest.raises(Refused):
        org.answers.board(org.viewers["ada"], part=Part(scope=scope + "0"))


def moved(name, team, manager):
    return PersonRow(
        *(f"{name}@example.com", name.title(), "person", "Engineering", team),
        *(manager, "", None, None),
    )


def test_whoever_has_left_is_not_on_the_board_of_those_who_are_below_now(tmp_path):
    with organisation(tmp_path) as org:
        boss = "ada@example.com"
        rows = [moved("ben", "Compilers", boss), moved("dee", "Compilers", boss)]
        org.control.import_people([*rows, moved("cy", "Linkers", "")])
        ada = org.viewers["ada"]
        for page, shown in ((1, ["Ada", "Ben"]), (2, [])):
            part = Part(
                scope=department_scope("team", "/Compilers"),
                page=page,
                purpose="support",
            )
            board = org.answers.board(ada, part=part)
            assert (names(board), board.ranked) == (shown, 2)
            assert org.answers.board(OPERATOR, part=part).ranked == 3
            found = org.answers.board(ada, part=part._replace(wanted="cy"))
            assert names(found) == []
        own = org.answers.why(ada, ada.account_id, BoardOf("", part))
        assert (own.placed.row.rank, own.placed.ranked) == (1, 2)


@pytest.mark.parametrize("scope", ["nonsense", "team:", "dept", "org:"])
def test_an_unknown_scope_names_those_there_are(org, scope):
    with pytest.raises(NotFound, match=r"org, services, contractors"):
        org.answers.board(OPERATOR, part=Part(scope=scope))


def test_services_and_contractors_stand_on_boards_of_their_own(org):
    for scope in ("services", "contractors"):
        assert names(org.answers.board(OPERATOR, part=Part(scope=scope))) == []


def test_links_lead_where_somebody_may_go(tmp_path):
    with organisation(tmp_path) as org:
        below = PersonRow(
            *("ben@example.com", "Ben", "person", "Engineering", "Compilers"),
            *("ada@example.com", "", None, None),
        )
        org.control.import_people([below])
        ada, ben = org.viewers["ada"], org.viewers["ben"]
        assert org.answers.board(OPERATOR).opens is None
        assert org.answers.board(STEWARD).opens is None
        assert org.answers.board(ada).opens == {ben.account_id}
        assert org.answers.board(ben).opens == frozenset()
