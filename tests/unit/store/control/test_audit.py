"""Changes of access are on record for good, with the change or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from mileage.domain.directory import PersonRow
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control.audit import Change

ADA = Viewer("acc_ada", "Ada")


def actions(control):
    return [row.action for row in reversed(control.audit_rows())]


def test_nothing_is_on_record_in_the_beginning(control):
    assert control.audit_rows() == ()


def test_a_change_is_recorded_with_who_when_what_and_how(control, clock):
    control.record_change(Change("identity claimed", "acc_1", "by acc_2", ADA))
    (row,) = control.audit_rows()
    assert (row.actor, row.actor_name) == ("acc_ada", "Ada")
    assert (row.action, row.subject, row.detail) == (
        "identity claimed",
        "acc_1",
        "by acc_2",
    )
    assert row.at == clock.instant


def test_without_a_viewer_it_was_the_operator(control):
    control.record_change(Change("something", "acc_1"))
    (row,) = control.audit_rows()
    assert (row.actor, row.actor_name) == (OPERATOR.account_id, OPERATOR.name)
    assert row.detail == ""


def test_the_newest_come_first_and_only_as_many_as_asked(control, clock):
    for number in range(5):
        control.record_change(Change(f"change {number}", "x"))
        clock.forward(seconds=1)
    assert [row.action for row in control.audit_rows(2)] == ["change 4", "change 3"]
    rows = control.audit_rows()
    assert [row.action[-1] for row in rows] == list("43210")
    assert len({row.row_id for row in rows}) == 5


def test_rows_of_one_instant_keep_their_order(control):
    for name in "abc":
        control.record_change(Change(name, "x"))
    assert actions(control) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_row set action = 'nothing'",
        "update audit_row set at = 0 where row_id = 1",
        "delete from audit_row",
        "delete from audit_row where row_id = 1",
    ],
)
def test_nobody_can_change_or_delete_a_row(control, path, statement):
    control.record_change(Change("token created", "tok_1"))
    with (
        closing(sqlite3.connect(path)) as other,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        other.execute(statement)
    assert actions(control) == ["token created"]


def test_a_token_leaves_its_life_on_record(control, clock):
    made = control.create_token(collector="gate")
    clock.forward(days=1)
    control.revoke_token(made.credential_id)
    rows = control.audit_rows()
    assert [row.action for row in rows] == ["token revoked", "token created"]
    assert {row.subject for row in rows} == {made.credential_id}
    assert rows[0].at - rows[1].at == 24 * 3600 * 1_000_000


def test_no_secret_and_no_address_is_ever_on_record(control):
    control.import_people(
        [PersonRow("ana@x.org", "Ana", "person", "E", "C", "", "", None, None)]
    )
    account = control.account_of_email("ana@x.org").account_id
    made = control.create_token(account_id=account)
    control.revoke_token(made.credential_id)
    said = repr(control.audit_rows())
    for private in (made.secret, made.secret[6:], "ana@x.org", "Ana"):
        assert private not in said
