"""Believed domains: what a change of the list does, and that it is recorded."""

from __future__ import annotations

import pytest

from mileage.domain.directory import PersonRow


@pytest.fixture
def parked(control):
    for identity in (
        "zoe@x.org",
        "bo@sub.x.org",
        "cy@y.org",
        "installation:1",
        "unverified:mallory@x.org",
        "collector:gate",
    ):
        control.ensure_account(identity)


def kinds(control):
    return {one.name: one.kind for one in control.accounts()}


def details(control):
    return [row.detail for row in reversed(control.audit_rows())]


def test_no_domains_and_none_before_is_no_change(control):
    assert control.believe(()) == 0
    assert control.audit_rows() == ()


@pytest.mark.usefixtures("parked")
def test_parked_addresses_of_a_new_domain_become_people(control):
    assert control.believe(("x.org",)) == 1
    assert kinds(control) == {
        "zoe": "person",
        "bo@sub.x.org": "unclaimed",
        "cy@y.org": "unclaimed",
        "installation 1": "unclaimed",
        "unverified:mallory@x.org": "unclaimed",
        "gate (unattributed)": "service",
    }
    assert control.account_of_email("zoe@x.org").name == "zoe"


@pytest.mark.usefixtures("parked")
def test_the_same_list_again_changes_nothing(control):
    control.believe(("x.org", "y.org"))
    before = control.audit_rows()
    control.ensure_account("late@x.org")
    assert control.believe(("y.org", "x.org")) == 0
    assert control.audit_rows() == before
    assert kinds(control)["late@x.org"] == "unclaimed"


@pytest.mark.usefixtures("parked")
def test_a_domain_taken_away_leaves_people_people(control):
    control.believe(("x.org",))
    control.believe(())
    assert kinds(control)["zoe"] == "person"
    assert details(control) == ["none → x.org", "x.org → none"]
    row = control.audit_rows()[0]
    assert (row.actor_name, row.action, row.subject) == (
        *("mileage", "believed domains changed", "door.domains"),
    )


def test_people_of_the_directory_keep_their_names(control):
    row = PersonRow("ana@x.org", "Ana", "contractor", "", "", "", "", None, None)
    control.import_people([row])
    assert control.believe(("x.org",)) == 0
    assert kinds(control) == {"Ana": "contractor"}


@pytest.mark.usefixtures("parked")
def test_a_directory_names_whom_a_domain_has_made(control):
    control.believe(("x.org",))
    row = PersonRow("zoe@x.org", "Zoe K", "person", "Eng", "", "", "", None, None)
    assert control.import_people([row]).changed == 1
    assert control.account_of_email("zoe@x.org").name == "Zoe K"
