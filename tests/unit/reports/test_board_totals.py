"""Totals beside named rows: told only if what is left over gives nobody away."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from mileage.access.disclosure import Rest, Thresholds, tells_rest
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens
from mileage.reports.board_totals import BoardTotals
from mileage.reports.boards import Boards
from mileage.reports.shape import board_json
from mileage.reports.snapshots import Snapshots
from tests.ranking import publish, valued
from tests.unit.reports.test_answers import organisation
from tests.web import fixtures

LIMITS = Thresholds()
LENSES = (
    Lens("tokens", "Tokens", "tokens", Tokens(*[100] * 7), "less", "by waste"),
    Lens("cost", "Cost", "micro_usd", Tokens(), "thrift", "by splitting"),
)


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ([], True),
        ([0, 0], True),
        ([7], False),
        ([7, 7, 7, 7], False),
        ([7, 7, 7, 7, 0], False),
        ([7, 7, 7, 7, 7], True),
        # The second largest would know the largest to within a tenth.
        ([1000, 7, 40, 30, 20], False),
        ([1000, 7, 43, 30, 20, 43], True),
    ],
)
def test_a_rest_is_of_enough_people_none_of_whom_is_nearly_all_of_it(amounts, told):
    used = sorted((one for one in amounts if one), reverse=True)
    rest = Rest(len(used), sum(used), *[*used, 0, 0][:2])
    assert tells_rest([rest], LIMITS) is told
    assert tells_rest([Rest(9, 90, 10, 10), rest], LIMITS) is told


def standing(number, amount, kind="person"):
    figures = Figures(amount and 1 + number, Tokens(amount), amount and amount * 3)
    base = fixtures.SNAPSHOT.standings[0]
    return replace(
        base,
        account_id=f"acc-{number:03}",
        name=f"N{number}",
        kind=kind,
        figures=figures,
    )


def totals(folder, standings, top):
    snapshots = Snapshots(folder)
    ordered = tuple(sorted(standings, key=lambda one: one.account_id))
    publish(snapshots, valued(replace(fixtures.SNAPSHOT, standings=ordered), LENSES))
    boards = Boards(snapshots)
    return BoardTotals(boards, LIMITS, top), boards.head()


def hiding(*numbers):
    return frozenset(f"acc-{number:03}" for number in numbers)


@pytest.mark.parametrize(
    ("hidden", "told"),
    [
        (hiding(), True),
        (hiding(3), False),
        (hiding(3, 4, 5, 6), False),
        (hiding(3, 4, 5, 6, 7), True),
        # Whoever used nothing hides nobody.
        (hiding(3, 4, 5, 6, 20, 21), False),
        (hiding(20, 21), True),
    ],
)
def test_one_to_four_hidden_people_take_the_totals_with_them(tmp_path, hidden, told):
    crowd = [standing(n, 1000 + n if n < 20 else 0) for n in range(25)]
    decides, head = totals(tmp_path, crowd, top=250)
    assert decides.told(head, hidden) is told


@pytest.mark.parametrize(
    ("people", "told"), [(10, True), (11, False), (14, False), (15, True)]
)
def test_the_few_below_the_top_do_so_too(tmp_path, people, told):
    crowd = [standing(n, 1000 + n) for n in range(people)]
    decides, head = totals(tmp_path, crowd, top=10)
    assert decides.told(head, frozenset()) is told


def test_a_hidden_giant_among_dwarfs_is_not_told(tmp_path):
    crowd = [standing(n, 1_000_000 if n == 5 else 1000) for n in range(40)]
    decides, head = totals(tmp_path, crowd, top=250)
    assert not decides.told(head, hiding(5, 6, 7, 8, 9, 10))
    assert decides.told(head, hiding(6, 7, 8, 9, 10))


def test_services_protect_nobody_and_are_nobody(tmp_path):
    crowd = [standing(n, 1000) for n in range(10)]
    crowd += [standing(n, 1000, "service") for n in range(10, 30)]
    decides, head = totals(tmp_path, crowd, top=10)
    assert decides.told(head, frozenset())
    assert not decides.told(head, hiding(1, *range(10, 30)))


def test_a_tombstone_counts_as_the_person_it_was(tmp_path):
    crowd = [standing(n, 1000, "erased" if n == 3 else "person") for n in range(9)]
    decides, head = totals(tmp_path, crowd, top=250)
    assert not decides.told(head, frozenset())


def test_by_subtraction_nobody_gets_a_few(tmp_path):
    random = Random(7)  # noqa: S311 - the same in every run
    for number in range(12):
        amounts = [
            random.choice((0, int(random.lognormvariate(9, 2)))) for _ in range(40)
        ]
        top = random.choice((5, 20, 250))
        hidden = hiding(*random.sample(range(40), random.randint(0, 9)))
        crowd = [standing(n, amount) for n, amount in enumerate(amounts)]
        decides, head = totals(tmp_path / str(number), crowd, top)
        rows = sorted(
            (one for one in crowd if one.account_id not in hidden),
            key=lambda one: -one.figures.tokens.total,
        )
        for seen in (rows, rows[:top]):
            known = {one.account_id for one in seen}
            left = [
                one.figures.tokens.total
                for one in crowd
                if one.account_id not in known and one.figures.tokens.total
            ]
            if decides.told(head, hidden):
                assert not 0 < len(left) < LIMITS.people


def test_what_is_not_told_is_not_there(tmp_path):
    with organisation(tmp_path) as org:
        board = org.answers.board(org.viewers["ada"], None)
        assert not board.told
        assert board.snapshot.total == Figures()
        assert not any(board.snapshot.daily)
        assert board_json(board)["total"] is None
