"""How a call was served is one word, and the country can be taken off it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.service import most_told, served, without_country


@pytest.mark.parametrize(
    ("tier", "speed", "geography", "word"),
    [
        ("standard", "", "", ""),
        ("default", "standard", "global", ""),
        ("priority", "standard", None, "priority"),
        ("standard", "fast", "not_available", "fast"),
        ("flex", None, None, "flex"),
        ("standard", "standard", "us", "us"),
        ("batch", None, "us", "batch+us"),
        (["batch"], {}, 5, ""),
    ],
)
def test_one_word_for_all_that_changes_the_price(tier, speed, geography, word):
    assert served(tier, speed, geography) == word


@given(st.sampled_from(["", "batch", "fast", "flex"]), st.booleans())
def test_the_country_is_taken_off_again(tier, in_us):
    told = served(tier, tier, "us" if in_us else None)
    assert without_country(told) == (tier, in_us)


@pytest.mark.parametrize("other", ["", "bus", "us-east", "us+fast", "tous"])
def test_other_words_are_left_as_they_are(other):
    assert without_country(other) == (other, False)


@pytest.mark.parametrize(
    ("tiers", "word"),
    [
        (["", ""], ""),
        (["", "flex"], "flex"),
        (["fast", "fast+us"], "fast+us"),
        (["fast+us", "fast"], "fast+us"),
        (["us", "", "priority"], "us"),
    ],
)
def test_of_several_tiers_the_one_that_tells_most(tiers, word):
    assert most_told(tiers) == word
