"""One thing is not several."""

from __future__ import annotations

import pytest

from mileage.domain.plural import counted


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("call",), "0 calls"),
        (1, ("call",), "1 call"),
        (2_000, ("call",), "2,000 calls"),
        (1, ("person", "people"), "1 person"),
        (3, ("person", "people"), "3 people"),
    ],
)
def test_numbers_of_things(number: int, words: tuple[str, ...], said: str) -> None:
    assert counted(number, *words) == said
