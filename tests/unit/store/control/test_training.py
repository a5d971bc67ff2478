"""Trainings that people have done: recorded by address, once, with a trace."""

from __future__ import annotations

from mileage.domain.directory import PersonRow


def people(control, *names):
    control.import_people(
        PersonRow(f"{one}@x.example", one, "person", "D", "", "", "", None, None)
        for one in names
    )
    return {
        one: control.account_of_email(f"{one}@x.example").account_id for one in names
    }


def test_who_has_done_it_is_found_by_address(control):
    ids = people(control, "ana", "bo", "cy")
    added = control.record_training("basics", ["ANA@x.example ", "bo@x.example", ""])
    assert added == (2, ())
    assert control.trained() == {"basics": {ids["ana"], ids["bo"]}}


def test_whom_nobody_knows_is_said(control):
    people(control, "ana")
    asked = ["ana@x.example", "zoe@x.example"]
    assert control.record_training("basics", asked) == (1, ("zoe@x.example",))
    assert control.record_training("basics", ["zoe@x.example"])[0] == 0


def test_once_is_enough(control):
    people(control, "ana", "bo")
    control.record_training("basics", ["ana@x.example"])
    again = control.record_training("basics", ["ana@x.example", "bo@x.example"])
    assert again == (1, ())
    assert len(control.trained()["basics"]) == 2


def test_trainings_are_apart(control):
    ids = people(control, "ana")
    control.record_training("basics", ["ana@x.example"])
    control.record_training("more", ["ana@x.example"])
    assert control.trained() == {
        "basics": {ids["ana"]},
        "more": {ids["ana"]},
    }


def test_it_leaves_a_trace_and_goes_with_the_person(control):
    ids = people(control, "ana")
    control.record_training("basics", ["ana@x.example"])
    (row,) = control.audit_rows(1)
    assert (row.action, row.subject, row.detail) == (
        "training recorded", "basics", "1 people",
    )  # fmt: skip
    assert control.held_about(ids["ana"])["training"][0]["training"] == "basics"
