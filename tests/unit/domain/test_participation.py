"""How somebody stands on boards: what the mode allows of what they chose."""

from __future__ import annotations

from itertools import product

import pytest

from mileage.domain.participation import (
    CHOICES,
    MODES,
    Chosen,
    in_force,
    open_choices,
)
from mileage.domain.policy import PolicyErrors
from mileage.domain.settings import parse_settings

EXPECTED = {
    "open": {None: "shown", "shown": "shown", "pseudonym": "pseudonym"},
    "opt-in": {None: "hidden", "shown": "shown", "pseudonym": "pseudonym"},
    "pseudonym": {None: "pseudonym", "shown": "pseudonym", "pseudonym": "pseudonym"},
    "teams-only": {None: "hidden", "shown": "hidden", "pseudonym": "hidden"},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("choice", [None, *CHOICES])
def test_every_choice_in_every_mode(mode, choice):
    expected = EXPECTED[mode].get(choice, "hidden")
    assert in_force(mode, Chosen(choice)) == expected


def test_nobody_ever_shows_more_than_they_chose_or_than_the_mode_allows():
    for mode, choice in product(MODES, CHOICES):
        stands = CHOICES.index(in_force(mode, Chosen(choice)))
        assert stands <= CHOICES.index(choice)
        assert stands <= CHOICES.index(MODES[mode].most)


def test_whoever_has_chosen_nothing_stands_where_the_mode_says():
    for mode, terms in MODES.items():
        assert in_force(mode, Chosen(stated=True, since=5)) == terms.unasked


def test_what_is_open_begins_with_what_is_seen_most_and_always_ends_with_hidden():
    assert open_choices("open") == ("shown", "pseudonym", "hidden")
    assert open_choices("opt-in") == ("shown", "pseudonym", "hidden")
    assert open_choices("pseudonym") == ("pseudonym", "hidden")
    assert open_choices("teams-only") == ("hidden",)


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_can_be_set(mode):
    text = f'[board]\nparticipation = "{mode}"\n'
    assert parse_settings(text, "mileage.toml").participation == mode


@pytest.mark.parametrize("wrong", ["closed", "", "Open", "openly", "opt-in "])
def test_no_other_mode_can(wrong):
    with pytest.raises(PolicyErrors) as refused:
        parse_settings(f'[board]\nparticipation = "{wrong}"\n', "mileage.toml")
    (finding,) = refused.value.findings
    assert (finding.line, finding.key) == (2, "board.participation")
    assert "teams-only" in str(finding)
