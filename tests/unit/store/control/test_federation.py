"""Whom a provider vouches for becomes an account's session, and ends from there."""

from __future__ import annotations

import pytest

from mileage.domain.directory import PersonRow
from mileage.domain.errors import Unauthorised
from mileage.domain.people import HeldRole
from mileage.domain.sign_in import Federated
from mileage.domain.sign_in_policy import GroupRole, SignInPolicy
from mileage.store.control.federation import SECOND, Vouched
from mileage.store.control.schema import ACCOUNT

ISSUER = "https://id.x.example"
EMAIL = "ana@x.example"


def vouched(subject="user-1", email=EMAIL, issuer=ISSUER, session="s-1", groups=()):
    return Vouched(issuer, email, "Ana", Federated(subject, session, groups))


@pytest.fixture
def ana(control):
    row = PersonRow(EMAIL, "Ana B", "person", "Eng", "Core", "", "", None, None)
    control.import_people([row])
    return control.account_of_email(EMAIL)


@pytest.fixture
def enter(control):
    def opened(**changes):
        return control.open_vouched(vouched(**changes), "Firefox on Linux")

    return opened


def disable(control, account_id):
    with control._database.writing() as connection:
        connection.execute(
            ACCOUNT.update()
            .where(ACCOUNT.c.account_id == account_id)
            .values(disabled_at=1)
        )


def test_a_person_of_the_directory_gets_in(control, ana, enter):
    viewer = control.session_viewer(enter())
    assert (viewer.account_id, viewer.name) == (ana.account_id, "Ana B")
    assert not viewer.operator
    assert control.open_sessions()[0].method == "oidc"


def test_later_the_subject_counts_and_not_the_address(control, ana, enter):
    enter()
    assert control.session_viewer(enter(email="")).account_id == ana.account_id
    renamed = enter(email="ana.new@x.example")
    assert control.session_viewer(renamed).account_id == ana.account_id


def test_an_address_that_passes_on_does_not_hand_the_account_over(control, ana, enter):
    enter()
    with pytest.raises(Unauthorised, match="belonged to another sign-in"):
        enter(subject="user-2")
    assert len(control.open_sessions()) == 1


def test_another_provider_may_know_the_same_person(control, ana, enter):
    enter()
    other = enter(issuer="https://other.example", subject="user-2")
    assert control.session_viewer(other).account_id == ana.account_id


def test_equal_subjects_of_two_providers_are_two_people(control, ana):
    control.open_vouched(vouched())
    with pytest.raises(Unauthorised):
        control.open_vouched(
            vouched(issuer="https://other.example", email="ben@x.example")
        )


def test_the_operator_may_hand_an_account_over(control, ana, enter):
    before = enter()
    assert control.unlink(ana.account_id) == 1
    assert control.session_viewer(before) is None
    after = enter(subject="user-2")
    assert control.session_viewer(after).account_id == ana.account_id
    assert control.unlink("acc_nobody") == 0


@pytest.mark.parametrize("email", ["", "ben@x.example"])
def test_who_is_not_in_the_directory_stays_out(control, ana, enter, email):
    with pytest.raises(Unauthorised):
        enter(email=email)
    assert control.account_of_email("ben@x.example") is None
    assert control.open_sessions() == ()


def test_telemetry_alone_makes_nobody_a_person(control, enter):
    control.ensure_account(EMAIL)
    with pytest.raises(Unauthorised, match="directory"):
        enter()


def test_a_service_does_not_sign_in(control, enter):
    row = PersonRow(EMAIL, "CI", "service", "Eng", "", "", "", None, None)
    control.import_people([row])
    for new in (False, True):
        with pytest.raises(Unauthorised):
            control.open_vouched(vouched(), new_accounts=new)


def test_the_policy_may_let_everybody_in(control):
    session = control.open_vouched(vouched(), new_accounts=True)
    viewer = control.session_viewer(session)
    assert viewer.name == "Ana"
    assert control.account(viewer.account_id).kind == "person"


def test_usage_from_before_is_found_again(control):
    before = control.ensure_account(EMAIL)
    session = control.open_vouched(vouched(), new_accounts=True)
    assert control.session_viewer(session).account_id == before
    assert control.account(before).kind == "person"


def test_a_disabled_person_stays_out(control, ana, enter):
    secret = enter()
    disable(control, ana.account_id)
    assert control.session_viewer(secret) is None
    with pytest.raises(Unauthorised, match="disabled"):
        enter()


# Groups


@pytest.fixture
def mapped(control):
    roles = (
        GroupRole("leads", HeldRole("department-lead", "Engines")),
        GroupRole("money", HeldRole("finance")),
    )
    control.take_groups(SignInPolicy(group_roles=roles))


def test_groups_bring_roles_while_the_session_lasts(control, ana, mapped, enter):
    viewer = control.session_viewer(enter(groups=("leads", "money")))
    assert set(viewer.roles) == {
        HeldRole("department-lead", "Engines"),
        HeldRole("finance"),
    }
    assert control.session_viewer(enter()).roles == ()


def test_another_policy_means_other_roles_at_once(control, ana, mapped, enter):
    secret = enter(groups=("money",))
    assert control.session_viewer(secret).roles
    control.take_groups(SignInPolicy())
    assert control.session_viewer(secret).roles == ()


# Logout from behind


def test_the_provider_ends_one_of_its_sessions(control, clock, ana, enter):
    one, other = enter(session="s-1"), enter(session="s-2")
    at = clock.instant // SECOND
    assert control.end_vouched(ISSUER, "user-1", "s-1", at) == 1
    assert control.session_viewer(one) is None
    assert control.session_viewer(other) is not None


def test_the_provider_ends_all_of_somebody(control, clock, ana, enter):
    secrets = [enter(session=f"s-{n}") for n in range(3)]
    by_key = control.open_key(control.create_key(ana.account_id, "read").secret)
    assert control.end_vouched(ISSUER, "user-1", "", clock.instant // SECOND) == 3
    assert [control.session_viewer(one) for one in secrets] == [None] * 3
    assert control.session_viewer(by_key) is not None


def test_a_replayed_logout_ends_nothing_new(control, clock, ana, enter):
    at = clock.instant // SECOND
    control.end_vouched(ISSUER, "user-1", "", at)
    clock.forward(seconds=2)
    later = enter()
    assert control.end_vouched(ISSUER, "user-1", "", at) == 0
    assert control.session_viewer(later) is not None


@pytest.mark.parametrize(
    ("issuer", "subject", "session"),
    [
        (ISSUER, "", ""),
        (ISSUER, "user-2", ""),
        (ISSUER, "user-2", "s-1"),
        (ISSUER, "", "s-9"),
        ("", "user-1", "s-1"),
    ],
)
def test_a_logout_of_somebody_else_ends_nothing(
    control, clock, ana, issuer, subject, session
):
    secret = control.open_vouched(vouched())
    at = clock.instant // SECOND
    assert control.end_vouched(issuer, subject, session, at) == 0
    assert control.session_viewer(secret) is not None


def test_what_happened_is_on_record_without_the_subject(control, clock, ana, enter):
    enter(subject="very-private-subject")
    assert "very-private-subject" not in str(control.audit_rows())
    assert "subject linked" in {row.action for row in control.audit_rows()}
