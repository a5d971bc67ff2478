"""Whatever is shown: correct rounding, less than 0.1 % off, ranks in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mileage.access.marks import Marker, Marks, unit_of

FIGURES = st.one_of(
    st.integers(0, 20_000),
    st.integers(0, 10**15),
    st.integers(1, 14).map(lambda power: 10**power - 1),
    st.integers(1, 14).map(lambda power: 10**power + 1),
)
KEYS = st.binary(min_size=32, max_size=32)
NAMES = st.text(max_size=20)


@given(KEYS, NAMES, FIGURES, st.booleans())
def test_what_is_shown_is_a_correct_rounding(
    key: bytes,
    viewer: str,
    value: int,
    part: bool,  # noqa: FBT001
) -> None:
    shown = Marker(Marks(key), viewer).shown(value, part=part)
    unit = unit_of(value)
    assert shown % unit == 0
    assert abs(shown - value) < unit
    assert abs(shown - value) * 1000 < max(value, 1)
    assert len(str(shown).rstrip("0")) <= 4


@given(KEYS, NAMES, st.lists(FIGURES, max_size=50), st.booleans())
def test_a_larger_figure_never_looks_smaller(
    key: bytes,
    viewer: str,
    values: list[int],
    part: bool,  # noqa: FBT001
) -> None:
    marker = Marker(Marks(key), viewer)
    shown = [marker.shown(value, part=part) for value in sorted(values)]
    assert shown == sorted(shown)


@given(KEYS, NAMES, FIGURES)
def test_a_shown_figure_is_shown_as_it_is(key: bytes, viewer: str, value: int) -> None:
    """Marking twice changes nothing, so an API behind a page cannot add to it."""
    marker = Marker(Marks(key), viewer)
    once = marker.shown(value)
    assert marker.shown(once) == once


@given(KEYS, NAMES, NAMES)
def test_a_coin_belongs_to_one_viewer(key: bytes, one: str, other: str) -> None:
    marks = Marks(key)
    assert (marks.table(one) == marks.table(other)) == (one == other)
