"""Granted roles: who has them at this moment, in every process, and what is noted."""

from __future__ import annotations

import pytest

from mileage.domain.errors import Conflict, NotFound
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.store.control import open_control

STEWARD = HeldRole("steward")
LEAD = HeldRole("department-lead", "Engines")


@pytest.fixture
def ana(control):
    return control.ensure_account("ana@x.example", believed=True)


def signed_in(control, account_id):
    secret = control.open_link(control.create_link(Viewer(account_id, "Ana")))
    return lambda other=control: other.session_viewer(secret).roles


def test_a_role_is_there_at_the_next_request_and_gone_at_the_one_after(control, ana):
    roles = signed_in(control, ana)
    assert roles() == ()
    control.grant_role(ana, STEWARD)
    assert roles() == (STEWARD,)
    control.revoke_role(ana, STEWARD)
    assert roles() == ()


def test_another_process_knows_at_its_next_request(control, ana, path, clock):
    roles = signed_in(control, ana)
    with open_control(path, clock=clock) as other:
        assert roles(other) == ()
        control.grant_role(ana, LEAD)
        assert roles(other) == (LEAD,)
        other.revoke_role(ana, LEAD)
        assert roles() == ()


def test_a_key_has_the_roles_of_its_owner(control, ana):
    key = control.create_key(ana, "read").secret
    control.grant_role(ana, LEAD)
    control.grant_role(ana, STEWARD)
    viewer = control.key_viewer(key)
    assert viewer.roles == (LEAD, STEWARD)
    assert viewer.holds("steward")
    assert not viewer.holds("finance")
    assert viewer.led_departments == ("Engines",)


def test_an_operator_has_no_roles_beside_it(control, ana):
    control.grant_role(ana, STEWARD)
    assert control.key_viewer(control.create_key(ana, "operator").secret).roles == ()
    secret = control.open_link(control.create_link(OPERATOR))
    assert control.session_viewer(secret) == OPERATOR


def test_nobody_gets_roles_for_a_wrong_secret(control, ana):
    control.grant_role(ana, STEWARD)
    assert control.key_viewer("mil_k_wrong") is None
    assert control.session_viewer("mil_s_wrong") is None


def test_a_role_ends_by_itself(control, ana, clock):
    control.grant_role(ana, STEWARD, expires_at=clock() + 60_000_000)
    assert control.roles_of(ana) == (STEWARD,)
    clock.forward(seconds=60)
    assert control.roles_of(ana) == ()
    with pytest.raises(NotFound):
        control.revoke_role(ana, STEWARD)
    control.grant_role(ana, STEWARD)
    assert control.roles_of(ana) == (STEWARD,)


def test_a_role_is_held_once(control, ana):
    control.grant_role(ana, LEAD)
    with pytest.raises(Conflict, match="has this role already"):
        control.grant_role(ana, LEAD)
    control.grant_role(ana, LEAD._replace(department="Sales"))
    assert len(control.roles_of(ana)) == 2
    control.revoke_role(ana, LEAD)
    assert control.roles_of(ana) == (HeldRole("department-lead", "Sales"),)


@pytest.mark.parametrize("held", [STEWARD, LEAD, LEAD._replace(department="engines")])
def test_revoking_what_is_not_held(control, ana, held):
    control.grant_role(ana, LEAD._replace(department="Sales"))
    with pytest.raises(NotFound, match="mileage role list"):
        control.revoke_role(ana, held)


def test_an_account_that_is_not_there(control):
    with pytest.raises(NotFound):
        control.grant_role("acc_nobody", STEWARD)
    assert control.granted_roles() == ()


def test_each_change_leaves_an_audit_row_without_a_name(control, ana):
    boss = Viewer("acc_boss", "The boss")
    grant = control.grant_role(ana, LEAD, actor=boss)
    control.revoke_role(ana, LEAD)
    ended, begun = control.audit_rows(2)
    detail = f"department-lead of department Engines, account {ana}"
    assert (begun.action, begun.subject, begun.detail, begun.actor) == (
        "role granted",
        grant,
        detail,
        "acc_boss",
    )
    assert (ended.action, ended.subject, ended.detail) == (
        "role revoked",
        grant,
        detail,
    )


def test_ended_grants_stay_in_the_list(control, ana, clock):
    first = control.grant_role(ana, STEWARD)
    clock.forward(days=1)
    control.revoke_role(ana, STEWARD)
    second = control.grant_role(ana, STEWARD)
    before, after = control.granted_roles()
    assert (before.grant_id, after.grant_id) == (first, second)
    assert before.revoked_at == clock()
    assert after.revoked_at is None
    assert (after.account_id, after.role, after.department) == (ana, "steward", "")


def test_a_change_of_purposes_is_noted_once(control, path, clock):
    off, on = frozenset({"support"}), frozenset({"support", "performance-review"})
    assert control.note_purposes(off)
    assert not control.note_purposes(off)
    with open_control(path, clock=clock) as other:
        assert other.note_purposes(on)
    assert not control.note_purposes(on)
    assert control.note_purposes(off)
    noted = [
        row.detail for row in control.audit_rows() if row.action == "purposes changed"
    ]
    assert noted == [
        "performance-review support → support",
        "support → performance-review support",
        "none → support",
    ]
