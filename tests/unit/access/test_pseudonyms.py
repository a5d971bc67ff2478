"""Pseudonyms: the same as long as they are kept, another one after each change."""

from __future__ import annotations

import re

from mileage.access.pseudonyms import FIRST, PREFIX, SECOND, pseudonym

KEY, OTHER = b"k" * 32, b"o" * 32


def test_the_same_account_is_called_the_same():
    assert pseudonym(KEY, "acc_1", 7) == pseudonym(KEY, "acc_1", 7)


def test_another_account_change_or_key_is_another_name():
    names = {
        pseudonym(KEY, "acc_1", 7),
        pseudonym(KEY, "acc_2", 7),
        pseudonym(KEY, "acc_1", 8),
        pseudonym(OTHER, "acc_1", 7),
    }
    assert len(names) == len({one.account_id for one in names}) == 4


def test_account_and_instant_cannot_run_into_each_other():
    assert pseudonym(KEY, "1acc", 1) != pseudonym(KEY, "acc", 11)


def test_what_it_looks_like():
    made = pseudonym(KEY, "acc_1", 0)
    assert re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+ \d{1,4}", made.name)
    assert re.fullmatch(rf"{PREFIX}[0-9a-f]{{24}}", made.account_id)


def test_nothing_of_the_account_is_in_it():
    assert "acc_secret" not in str(pseudonym(KEY, "acc_secret", 0))


def test_words_are_there_once():
    assert len(FIRST) == len(SECOND) == 64
    assert len({*FIRST, *SECOND}) == 128


def test_a_large_organisation_has_hardly_two_of_one_name():
    made = [pseudonym(KEY, f"acc_{number}", 0) for number in range(20_000)]
    assert len({one.account_id for one in made}) == len(made)
    # 20,000 of 41 million names: about five pairs are to be expected.
    assert len({one.name for one in made}) > len(made) - 25
