"""Choices of taking part, in any order: the last one of each person holds, at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.access.pseudonyms import PREFIX
from mileage.domain.directory import PersonRow
from mileage.domain.figures import BoardRow
from mileage.domain.participation import (
    CHOICES,
    MODES,
    UNDECIDED,
    Chosen,
    in_force,
    open_choices,
)
from mileage.domain.people import Viewer
from mileage.domain.settings import Settings
from mileage.reports.participation import Participation
from mileage.store.control import open_control
from tests.drawing import examples
from tests.web.stage import ADA, standing

NAMES = ("ana", "bo", "cy", "dee")
STEPS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from([None, *CHOICES]), st.booleans()),
    max_size=6,
)
FEW = settings(max_examples=examples(4))


class Company:
    """Four people with a row each, and what an oracle says of how they stand."""

    def __init__(self, control):
        self.control = control
        control.import_people(
            PersonRow(f"{one}@x.example", one, "person", "D", "T", "", "", None, None)
            for one in NAMES
        )
        self.ids = {
            one: control.account_of_email(f"{one}@x.example").account_id
            for one in NAMES
        }
        self.rows = tuple(
            BoardRow(rank, 9, replace(standing(ADA), account_id=account, name=name))
            for rank, (name, account) in enumerate(self.ids.items(), start=1)
        )

    def take(self, steps):
        for name, choice, stated in steps:
            who = Viewer(self.ids[name], name)
            self.control.take_part(who, who.account_id, choice, stated=stated)

    def shown(self, taking, viewer=""):
        """How everybody stands to somebody: shown, pseudonym or hidden."""
        hidden = taking.hidden()
        rows = [row for row in self.rows if row.standing.account_id not in hidden]
        seen = {}
        for row in taking.masked(tuple(rows), viewer):
            other = row.standing.account_id.startswith(PREFIX)
            seen[NAMES[row.rank - 1]] = "pseudonym" if other else "shown"
        return {name: seen.get(name, "hidden") for name in NAMES}


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    ticks = iter(range(1_780_000_000_000_000, 1_790_000_000_000_000))
    path = tmp_path_factory.mktemp("choices") / "control.sqlite"
    with open_control(path, clock=lambda: next(ticks)) as found:
        yield Company(found)


def expected(mode, steps):
    last = {name: choice for name, choice, _ in steps}
    return {name: in_force(mode, Chosen(last.get(name))) for name in NAMES}


def start_again(company):
    company.take((name, None, False) for name in NAMES)


@FEW
@given(STEPS, st.sampled_from(sorted(MODES)))
def test_each_choice_holds_with_the_next_read(company, steps, mode):
    start_again(company)
    taking = Participation(company.control, Settings(participation=mode))
    for done in range(len(steps) + 1):
        company.take(steps[max(0, done - 1) : done])
        assert company.shown(taking) == expected(mode, steps[:done])


@FEW
@given(STEPS, st.randoms(use_true_random=False))
def test_choices_of_different_people_commute(company, steps, random):
    """Only the order of one person's own choices counts."""
    found = []
    for _ in range(2):
        start_again(company)
        company.take(steps)
        taking = Participation(company.control, Settings(participation="open"))
        found.append((company.shown(taking), taking.hidden(), taking.unnamed()))
        own = {name: [s for s in steps if s[0] == name] for name in NAMES}
        turns = [step[0] for step in steps]
        random.shuffle(turns)
        steps = [own[name].pop(0) for name in turns]
    assert found[0] == found[1]


@FEW
@given(STEPS, st.sampled_from(sorted(MODES)))
def test_two_processes_agree(company, steps, mode):
    start_again(company)
    running = Participation(company.control, Settings(participation=mode))
    company.shown(running)
    company.take(steps)
    fresh = Participation(company.control, Settings(participation=mode))
    assert company.shown(running) == company.shown(fresh)
    assert running.unnamed() == fresh.unnamed()


@FEW
@given(STEPS, st.sampled_from(NAMES))
def test_one_sees_oneself_by_name_and_others_as_everybody_does(company, steps, me):
    start_again(company)
    company.take(steps)
    taking = Participation(company.control, Settings(participation="open"))
    to_all = company.shown(taking)
    to_me = company.shown(taking, company.ids[me])
    assert {k: v for k, v in to_me.items() if k != me} == {
        k: v for k, v in to_all.items() if k != me
    }
    assert to_me[me] == ("hidden" if to_all[me] == "hidden" else "shown")


def test_under_another_name_one_reads_ones_own(company):
    start_again(company)
    company.take([("bo", "pseudonym", False), ("cy", "hidden", False)])
    taking = Participation(company.control, Settings(participation="open"))
    assert company.shown(taking, company.ids["bo"])["bo"] == "shown"
    assert company.shown(taking, company.ids["ana"])["bo"] == "pseudonym"
    unnamed = {company.ids[name] for name in ("bo", "cy")}
    assert taking.unnamed() & set(company.ids.values()) == unnamed


@pytest.mark.parametrize("order", list(permutations(CHOICES)))
def test_of_many_choices_the_last_one_counts(company, order):
    start_again(company)
    company.take([("bo", choice, True) for choice in order])
    taking = Participation(company.control, Settings(participation="open"))
    assert company.shown(taking)["bo"] == order[-1]
    assert taking.of(company.ids["bo"]).chosen.stated


@pytest.mark.parametrize("mode", MODES)
def test_no_choice_shows_more_than_the_mode_and_each_open_one_is_heeded(mode):
    terms = MODES[mode]
    for choice in (None, *CHOICES):
        found = in_force(mode, Chosen(choice))
        assert CHOICES.index(found) <= CHOICES.index(terms.most)
        if choice in open_choices(mode):
            assert found == choice
    assert in_force(mode, Chosen(None)) == terms.unasked
    assert UNDECIDED not in open_choices(mode)


def test_pseudonyms_are_different_for_different_people_and_reveal_none(company):
    start_again(company)
    company.take((name, "pseudonym", False) for name in NAMES)
    taking = Participation(company.control, Settings(participation="open"))
    rows = taking.masked(company.rows, "")
    assert len({row.standing.name for row in rows}) == len(NAMES)
    text = str(rows)
    assert not [account for account in company.ids.values() if account in text]
