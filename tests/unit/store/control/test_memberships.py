from __future__ import annotations

from datetime import date, timedelta

import pytest

from mileage.domain.directory import ImportSummary, PersonRow
from mileage.domain.errors import Invalid

NEW_YEAR = date(2026, 1, 1)
JUNE = date(2026, 6, 1)


def row(email="ana@x.example", team="Core", since=None, until=None, **other):
    stated = {
        "name": email.partition("@")[0].title(),
        "kind": "person",
        "department": "Engineering",
        "manager": "bo@x.example",
        "role": "engineer",
        **other,
    }
    return PersonRow(email=email, team=team, since=since, until=until, **stated)


def teams(control, day, **options):
    found = control.membership_at(day, **options)
    names = {one.account_id: one.name for one in control.accounts()}
    return {names[account]: membership.team for account, membership in found.items()}


def test_people_and_where_they_belong(control):
    summary = control.import_people([row(), row("bo@x.example", "Edge")])
    assert summary == ImportSummary(added=2, changed=0, unchanged=0, claimed=0)
    assert teams(control, JUNE) == {"Ana": "Core", "Bo": "Edge"}
    ana = control.account_of_email("ana@x.example")
    assert ana is not None
    assert (ana.kind, ana.name) == ("person", "Ana")
    membership = control.membership_at(JUNE)[ana.account_id]
    assert membership.department == "Engineering"
    assert membership.manager == "bo@x.example"
    assert membership.role == "engineer"


def test_importing_again_changes_nothing(control, clock):
    stated = [row(until=JUNE), row(team="Edge", since=JUNE), row("bo@x.example")]
    control.import_people(stated)
    before = control.memberships()
    clock.forward(days=1)
    summary = control.import_people(reversed(stated))
    assert summary == ImportSummary(added=0, changed=0, unchanged=2, claimed=0)
    assert control.memberships() == before


def test_nobody_to_import_is_nothing_done(control):
    assert control.import_people([]) == ImportSummary(0, 0, 0, 0)


def test_the_same_row_twice_is_one_membership(control):
    control.import_people([row(), row()])
    assert len(control.memberships()) == 1


def test_both_days_of_a_membership_are_included(control):
    last = JUNE - timedelta(days=1)
    control.import_people(
        [row(since=NEW_YEAR, until=last), row(team="Edge", since=JUNE)]
    )
    days = [NEW_YEAR - timedelta(days=1), NEW_YEAR, last, JUNE]
    found = [teams(control, day).get("Ana") for day in days]
    assert found == [None, "Core", "Core", "Edge"]


def test_where_two_overlap_the_later_begun_counts(control):
    control.import_people([row(team="Edge", since=JUNE), row()])
    assert teams(control, JUNE - timedelta(days=1)) == {"Ana": "Core"}
    assert teams(control, JUNE) == {"Ana": "Edge"}


def test_a_day_outside_every_membership_has_none(control):
    control.import_people([row(until=NEW_YEAR)])
    assert teams(control, JUNE) == {}


def test_who_has_left_belonged_somewhere_before_and_nowhere_since(control):
    day = date(2026, 11, 20)
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    control.import_people(
        [
            row("left@x", until=before),
            row("leaving@x", until=day),
            row("stays@x"),
            row("back@x", until=before),
            row("back@x", since=after),
            row("corrected@x", until=before),
        ]
    )
    control.import_people([row("corrected@x", until=after)])
    never = control.ensure_account("never@x")
    (left,) = control.departed(day)
    assert left == control.ensure_account("left@x") != never
    assert len(control.departed(after)) == 2


def test_a_correction_is_a_new_belief_and_keeps_the_old(control, clock):
    control.import_people([row(team="Core")])
    then = clock.instant
    clock.forward(days=3)
    summary = control.import_people([row(team="Edge")])
    assert summary == ImportSummary(added=0, changed=1, unchanged=0, claimed=0)
    assert teams(control, JUNE) == {"Ana": "Edge"}
    assert teams(control, JUNE, as_of=then) == {"Ana": "Core"}
    assert teams(control, JUNE, as_of=clock.instant - 1) == {"Ana": "Core"}
    assert teams(control, JUNE, as_of=clock.instant) == {"Ana": "Edge"}
    assert teams(control, JUNE, as_of=then - 1) == {}
    at_the_correction = control.memberships(as_of=clock.instant)
    assert [one.team for one in at_the_correction] == ["Edge"]


def test_a_correction_can_be_taken_back(control, clock):
    for team in ("Core", "Edge", "Core"):
        clock.forward(hours=1)
        control.import_people([row(team=team)])
    assert [one.team for one in control.memberships()] == ["Core"]
    earlier = clock.instant - 1
    assert [one.team for one in control.memberships(as_of=earlier)] == ["Edge"]


def test_people_who_are_not_named_stay(control):
    control.import_people([row(), row("bo@x.example")])
    control.import_people([row(team="Edge")])
    assert teams(control, JUNE) == {"Ana": "Edge", "Bo": "Core"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Ana B."},
        {"kind": "contractor"},
        {"department": "Research"},
        {"manager": "zoe@x.example"},
        {"role": "lead"},
        {"since": NEW_YEAR},
        {"until": JUNE},
    ],
)
def test_every_field_counts_as_a_change(control, change):
    control.import_people([row(), row("bo@x.example")])
    summary = control.import_people([row(**change), row("bo@x.example")])
    assert summary == ImportSummary(added=0, changed=1, unchanged=1, claimed=0)


def test_the_last_row_names_the_person(control):
    control.import_people(
        [row(name="Ana A.", until=JUNE), row(name="Ana B.", since=JUNE)]
    )
    assert [one.name for one in control.accounts()] == ["Ana B."]


def test_an_account_made_by_usage_is_claimed_and_keeps_its_id(control):
    account_id = control.ensure_account("ANA@x.example")
    token = control.create_token(account_id=account_id)
    summary = control.import_people([row("Ana@X.example", name="Ana")])
    assert summary == ImportSummary(added=0, changed=1, unchanged=0, claimed=1)
    account = control.account(account_id)
    assert (account.kind, account.name) == ("person", "Ana")
    assert control.ensure_account("ana@x.example") == account_id
    assert control.credential(token.secret).account_id == account_id
    assert list(control.membership_at(JUNE)) == [account_id]


def test_a_claimed_account_is_not_claimed_again(control):
    control.ensure_account("ana@x.example")
    control.import_people([row()])
    summary = control.import_people([row(name="Ana B.")])
    assert summary == ImportSummary(added=0, changed=1, unchanged=0, claimed=0)


def test_usage_after_the_import_finds_the_person(control):
    control.import_people([row()])
    account = control.account(control.ensure_account("ana@x.example"))
    assert (account.kind, account.name) == ("person", "Ana")


def test_a_row_that_cannot_be_used_undoes_the_whole_import(control):
    with pytest.raises(Invalid):
        control.import_people([row(), row("bad\nmail@x.example")])
    assert control.accounts() == ()
    assert control.memberships() == ()


def test_memberships_are_recorded_in_the_order_in_which_they_begin(control):
    later = row(team="Edge", since=JUNE)
    control.import_people([later, row(team="Core", until=JUNE)])
    assert [one.team for one in control.memberships()] == ["Core", "Edge"]
