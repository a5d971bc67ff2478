"""A search finds what looking at one row after the other finds, whatever is written."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.reports.board_search import Lines, words_of
from tests.drawing import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

# Few letters, so that words meet lines; some of two to four bytes, some that grow or
# change with their place when they are made small, and all that ends a line.
LETTERS = "abAB iİßΣςλ名🦉é\u0301\n\r\x1c\x85\u2028 "
written = st.text(st.sampled_from(LETTERS), max_size=8)


def plainly(texts: Sequence[str], wanted: str) -> list[int]:
    """Look at one text after the other."""
    words = wanted.lower().split()
    return [
        place for place, text in enumerate(texts) if all(word in text for word in words)
    ]


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(written.map(str.lower), max_size=8), written)
def test_finds_the_same_as_looking_at_each(texts: list[str], wanted: str) -> None:
    words = words_of(wanted)
    if words:
        assert list(Lines.of(texts).places(words)) == plainly(texts, wanted)
    else:
        assert not wanted.split()


def test_words_may_overlap_repeat_and_touch_the_ends() -> None:
    lines = Lines.of(["anna", "ann ann", "", "hanna", "annann"])
    assert list(lines.places(words_of("anna"))) == [0, 3, 4]
    assert list(lines.places(words_of("ann nn ann"))) == [0, 1, 3, 4]
    assert list(lines.places(words_of("hanna anna"))) == [3]
    assert list(lines.places(words_of("annann annan"))) == [4]


def test_nothing_is_found_across_two_lines() -> None:
    lines = Lines.of(["ab", "cd", "a\nb"])
    assert list(lines.places([b"bc"])) == []
    assert list(lines.places(words_of("b a"))) == [0, 2]


@pytest.mark.parametrize("wanted", ["a", "\ud800", "\ud83e\udd89"])
def test_among_nobody_and_for_what_is_no_text_nothing_is_found(wanted: str) -> None:
    assert list(Lines.of([]).places(words_of(wanted))) == []
    assert list(Lines.of(["🦉"]).places(words_of(wanted))) == []


def test_whoever_takes_some_does_not_pay_for_the_rest() -> None:
    lines = Lines.of(["ab"] * 5)
    assert list(islice(lines.places(words_of("b a")), 2)) == [0, 1]
