"""Whoever reads of others is answered with marks; oneself and operators exactly."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from mileage.access.policy import Allowed
from mileage.access.readables import READABLES
from mileage.domain.people import OPERATOR
from mileage.reports.board_reading import BoardReading
from mileage.reports.board_totals import BoardTotals
from tests.ledgers import booking
from tests.unit.reports.test_answers import organisation, question
from tests.witnesses import LOG, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.reports.test_answers import Organisation

EXACT = 1_234_567


def everything(_viewer: object, report: str, *_more: object) -> Allowed:
    """Allow whatever is asked: who may is tested elsewhere."""
    fields = frozenset(READABLES[report].fields)
    return Allowed("board", recorded=True, fields=fields)


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Organisation]:
    with organisation(tmp_path) as org:
        ben = org.viewers["ben"].account_id
        org.answers._have.ledger.append(
            booking([seen(LOG, account=ben, key="more", link="", output=EXACT)])
        )
        org.answers.gate = SimpleNamespace(allow=everything)
        yield org


def test_a_page_of_somebody_else_is_marked(org: Organisation) -> None:
    ben = org.viewers["ben"].account_id
    seen_by = {
        name: org.answers.personal(viewer, ben).total.tokens.output
        for name, viewer in {**org.viewers, "operator": OPERATOR}.items()
    }
    exact = seen_by.pop("operator")
    assert seen_by.pop("ben") == exact
    assert exact > EXACT
    for shown in seen_by.values():
        assert shown % 1000 == 0
        assert 0 < abs(shown - exact) < 1000


def test_usage_by_account_is_marked_but_for_oneself(org: Organisation) -> None:
    asked = question(scope="org", group_by=("account",))
    ben = org.viewers["ben"].account_id

    def of_ben(viewer: object) -> int:
        rows = org.answers.usage(viewer, asked)["rows"]
        return next(row["tokens"] for row in rows if row["account"] == ben)

    exact = of_ben(OPERATOR)
    assert of_ben(org.viewers["ben"]) == exact
    assert 0 < abs(of_ben(org.viewers["ada"]) - exact) < 1000


def test_sums_that_name_nobody_stay_exact(org: Organisation) -> None:
    asked = question(scope="org")
    exact = org.answers.usage(OPERATOR, asked)["rows"]
    assert org.answers.usage(org.viewers["ada"], asked)["rows"] == exact


def sources_shown(org: Organisation, viewer: object) -> list[tuple[object, ...]]:
    rests = org.answers.board(viewer, None).snapshot.completeness
    return [(one.witnesses, one.accounts, one.first, one.last) for one in rests.sources]


def test_what_a_source_saw_of_a_few_is_for_operators(org: Organisation) -> None:
    """Its number of witnesses, now and a minute ago, is somebody's calls."""
    ((witnesses, accounts, first, last),) = sources_shown(org, OPERATOR)
    assert (witnesses, accounts) == (3, 3)
    assert first
    assert last
    assert sources_shown(org, org.viewers["ada"]) == [(None, 3, None, None)]


@pytest.mark.parametrize("told", [True, False])
def test_what_a_source_saw_of_many_is_marked_as_totals_are(
    org: Organisation, *, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_by_it = replace(
        org.answers._have.boards.head().completeness.sources[0],
        witnesses=EXACT,
        accounts=5,
    )
    kept = org.answers._have.boards.head()
    rests = replace(kept.completeness, sources=(seen_by_it,))
    monkeypatch.setattr(
        BoardReading,
        "read",
        lambda *asked, read=BoardReading.read: (found := read(*asked))._replace(
            board=replace(
                found.board, snapshot=replace(found.board.snapshot, completeness=rests)
            )
        ),
    )
    monkeypatch.setattr(BoardTotals, "told", lambda *_: told)
    ((shown, *rest),) = sources_shown(org, org.viewers["ada"])
    assert rest == [5, seen_by_it.first, seen_by_it.last]
    if told:
        assert 0 < abs(shown - EXACT) < 1000
    else:
        assert shown is None
    assert sources_shown(org, OPERATOR)[0][0] == EXACT


def test_boards_are_marked_for_people_only(org: Organisation) -> None:
    assert org.answers.board(OPERATOR, None).shows is None
    board = org.answers.board(org.viewers["ada"], None)
    assert board.shows is not None
    assert board.shows.viewer == org.viewers["ada"].account_id


def test_the_key_of_the_marks_is_made_once(org: Organisation) -> None:
    key = org.control.marks_key()
    assert len(key) == 32
    assert org.control.marks_key() == key != org.control.project_key()
