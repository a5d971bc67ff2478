"""Choices are in force at once, in every process, and leave a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.domain.directory import PersonRow
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.participation import Chosen
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control import open_control


@pytest.fixture
def ana(control):
    return Viewer(control.ensure_account("ana@x.example"), "Ana")


@pytest.fixture
def bo(control):
    return Viewer(control.ensure_account("bo@x.example"), "Bo")


def choose(control, viewer, choice, *, stated=False):
    control.take_part(viewer, viewer.account_id, choice, stated=stated)


def choices(control):
    return {who: one.choice for who, one in control.participation().items()}


def test_nobody_has_chosen_at_first(control, ana):
    assert control.participation() == {}


def test_a_choice_is_as_it_was_made(control, clock, ana, bo):
    choose(control, ana, "hidden")
    clock.forward(minutes=1)
    choose(control, bo, None, stated=True)
    assert control.participation() == {
        ana.account_id: Chosen(
            "hidden", stated=False, since=clock.instant - 60_000_000
        ),
        bo.account_id: Chosen(None, stated=True, since=clock.instant),
    }


def test_the_last_choice_counts_though_the_clock_stands_still(control, ana):
    for choice in ("hidden", "shown", "pseudonym", None, "hidden"):
        before = control.participation()
        choose(control, ana, choice)
        assert choices(control) == {ana.account_id: choice}
        assert control.participation() is not before


def test_what_was_read_is_kept_until_somebody_chooses(control, ana, bo):
    choose(control, ana, "hidden")
    kept = control.participation()
    control.ensure_account("cy@x.example")
    assert control.participation() is kept
    choose(control, bo, "pseudonym")
    assert control.participation() is not kept
    # Whoever holds the old one is not surprised.
    assert bo.account_id not in kept


def test_a_choice_in_another_process_is_seen(control, clock, path, ana):
    assert control.participation() == {}
    with open_control(path, clock=clock) as other:
        choose(other, ana, "hidden")
    assert choices(control) == {ana.account_id: "hidden"}


def test_what_cannot_be_chosen_is_refused(control, ana):
    with pytest.raises(Invalid, match="shown, pseudonym, hidden"):
        choose(control, ana, "invisible")
    with pytest.raises(NotFound):
        control.take_part(OPERATOR, "acc_nobody", "hidden", stated=False)
    assert control.participation() == {}


def test_a_change_is_on_record_with_who_brought_it_in(control, ana):
    choose(control, ana, "pseudonym", stated=True)
    control.take_part(OPERATOR, ana.account_id, None, stated=False)
    last, first = control.audit_rows(2)
    assert (first.actor, first.subject) == (ana.account_id, ana.account_id)
    assert first.detail == "pseudonym, says whether among the first"
    assert (last.actor_name, last.subject) == ("operator", ana.account_id)
    assert last.detail == "as the policy says, no statement"


def test_it_is_told_and_forgotten_with_the_person(control, ana):
    choose(control, ana, "pseudonym")
    (row,) = control.held_about(ana.account_id)["participation"]
    assert (row["choice"], row["stated"]) == ("pseudonym", False)
    control.erase_account(ana.account_id, OPERATOR)
    assert control.participation() == {}


def test_who_is_asked_are_people_and_not_services(control, ana):
    rows = [
        PersonRow(f"{name}@x.example", name, kind, "D", "", "", "", None, None)
        for name, kind in (("ci", "service"), ("co", "contractor"))
    ]
    control.import_people(rows)
    contractor = control.account_of_email("co@x.example").account_id
    assert control.asked() == {ana.account_id, contractor}
    newcomer = control.ensure_account("new@x.example")
    assert control.asked() == {ana.account_id, contractor, newcomer}
    # Whoever turns out to be a person is asked from then on.
    control.import_people([replace(rows[0], kind="person")])
    assert len(control.asked()) == 4
