"""Figures shown to others: four digits, rounded down or up by the viewer's coin."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from mileage.access.marks import EVEN, FEW, MANY, TABLE_BYTES, Marker, Marks, unit_of

MARKS = Marks(b"k" * 32)
VIEWERS = [f"acc-{number}" for number in range(2000)]


@pytest.mark.parametrize(
    ("value", "unit"),
    [(0, 1), (7, 1), (9999, 1), (10_000, 10), (99_999, 10), (281_437_000_000, 10**8)],
)
def test_four_digits_are_kept(value: int, unit: int) -> None:
    assert unit_of(value) == unit


@pytest.mark.parametrize("value", [0, 1, 812, 9999, 10_010, 281_400_000_000])
def test_what_has_four_digits_is_shown_as_it_is(value: int) -> None:
    assert MARKS.cell(value) is None
    assert all(Marker(MARKS, one).shown(value) == value for one in VIEWERS[:50])


def test_half_of_all_viewers_see_the_higher_number() -> None:
    shown = [Marker(MARKS, one).shown(281_437_000_000) for one in VIEWERS]
    assert set(shown) == {281_400_000_000, 281_500_000_000}
    assert shown.count(281_500_000_000) == pytest.approx(1000, abs=120)


def test_parts_are_raised_for_few_viewers_or_for_most() -> None:
    cells = [MARKS.cell(value, part=True) for value in range(10_001, 14_000, 10)]
    assert {cell.cut for cell in cells if cell} == {FEW, MANY}
    assert {MARKS.cell(value).cut for value in range(10_001, 14_000, 10)} == {EVEN}  # type: ignore[union-attr]


def test_a_viewer_sees_the_same_again_and_another_key_something_else() -> None:
    values = range(10**7 + 1, 10**7 + 10**6, 10**4)
    ada, again = Marker(MARKS, "ada"), Marker(MARKS, "ada")
    seen = [ada.shown(one) for one in values]
    assert seen == [again.shown(one) for one in values]
    for other in (Marker(Marks(b"j" * 32), "ada"), Marker(MARKS, "bob")):
        assert seen != [other.shown(one) for one in values]


def test_figures_between_the_same_two_numbers_are_rounded_alike() -> None:
    marker = Marker(MARKS, "ada")
    for low in range(28_100, 28_200):
        shown = {marker.shown(low * 1000 + more) for more in (1, 400, 9_999)}
        assert len({marker.shown(low // 10 * 10_000 + 1), *shown}) <= 2


def test_the_order_of_a_column_is_never_turned_around() -> None:
    random = Random(7)  # noqa: S311 - the same in every run
    values = sorted(int(10 ** random.uniform(3.9, 5.2)) for _ in range(800))
    for viewer in VIEWERS[:5]:
        marker = Marker(MARKS, viewer)
        shown = [marker.shown(value) for value in values]
        assert all(a <= b for a, b in pairwise(shown))


def test_two_viewers_differ_in_half_of_the_figures() -> None:
    values = range(10_005, 99_995, 10)
    ada, bob = (Marker(MARKS, name) for name in ("ada", "bob"))
    differing = sum(ada.shown(one) != bob.shown(one) for one in values)
    assert differing == pytest.approx(len(values) / 2, rel=0.05)


def test_a_table_tells_neither_the_key_nor_another_table() -> None:
    tables = {MARKS.table(viewer) for viewer in VIEWERS[:100]}
    assert len(tables) == 100
    assert all(len(table) == TABLE_BYTES and b"kkkk" not in table for table in tables)


def test_ties_are_ordered_by_a_coin_of_their_own() -> None:
    swapped = [MARKS.tie("acc-1", "acc-2").raised(MARKS.table(one)) for one in VIEWERS]
    assert sum(swapped) == pytest.approx(1000, abs=120)
    # Names run together must not make the same coin.
    assert MARKS.tie("a", "b c") != MARKS.tie("a b", "c")
