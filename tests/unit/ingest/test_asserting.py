"""Whom usage of collectors is booked to, by what it asserts and who may say so."""

from __future__ import annotations

import pytest

from mileage.domain.asserted import domain_of, parked
from mileage.domain.directory import PersonRow, TokenTerms
from mileage.domain.people import Credential
from mileage.ingest import asserting
from mileage.ingest.asserting import AssertedIdentities
from mileage.store.control import FILE_NAME, open_control

ANA = PersonRow("ana@x.org", "Ana Ruiz", "person", "Eng", "Core", "", "", None, None)


@pytest.fixture
def control(tmp_path):
    with open_control(tmp_path / FILE_NAME, clock=lambda: 1) as opened:
        opened.import_people([ANA])
        yield opened


@pytest.fixture
def gate(control):
    made = control.create_token(collector="gate")
    return Credential(made.credential_id, "", "gate")


@pytest.fixture
def bounded(control):
    terms = TokenTerms(domains=("y.org",))
    made = control.create_token(collector="bounded", terms=terms)
    return Credential(made.credential_id, "", "bounded")


def booked(control, credential, identity, domains=()):
    people = AssertedIdentities(control, domains)
    (account_id,) = people.accounts_of(credential, [identity]).values()
    account = control.account(account_id)
    return account.kind, account.name, account.email


def test_whom_the_directory_has_is_booked_whatever_the_domain(control, gate):
    for domains in ((), ("y.org",)):
        assert booked(control, gate, "Ana@X.org", domains)[1] == "Ana Ruiz"


def test_an_unknown_address_is_parked(control, gate):
    unclaimed = ("unclaimed", "zoe@x.org", "zoe@x.org")
    assert booked(control, gate, "zoe@x.org") == unclaimed
    assert booked(control, gate, "bo@x.org", ("y.org", "sub.x.org"))[0] == "unclaimed"


def test_an_unknown_address_of_a_believed_domain_is_a_new_person(control, gate):
    person = ("person", "zoe.k", "zoe.k@x.org")
    assert booked(control, gate, "Zoe.K@x.ORG", ("x.org",)) == person


def test_what_was_parked_is_not_a_person_by_being_repeated(control, gate):
    booked(control, gate, "zoe@x.org")
    assert booked(control, gate, "zoe@x.org", ("x.org",))[0] == "unclaimed"


@pytest.mark.parametrize("identity", ["ana@x.org", "ANA@x.org", "zoe@x.org"])
def test_a_bounded_token_names_nobody_else(control, bounded, identity):
    kind, name, email = booked(control, bounded, identity, ("x.org",))
    assert (kind, email) == ("unclaimed", "")
    assert name == f"unverified:{identity.lower()}"
    ana = control.account_of_email("ana@x.org")
    assert (ana.kind, ana.name) == ("person", "Ana Ruiz")


def test_a_bounded_token_names_people_of_its_domains(control, bounded):
    assert booked(control, bounded, "bo@y.org", ("y.org",))[0] == "person"
    assert booked(control, bounded, "cy@y.org")[0] == "unclaimed"


def test_bounds_hold_at_once(control, gate):
    people = AssertedIdentities(control, ())
    ana = control.account_of_email("ana@x.org").account_id
    assert people.accounts_of(gate, ["ana@x.org"]) == {"ana@x.org": ana}
    control.change_token(gate.token_id, TokenTerms(domains=("y.org",)))
    assert people.accounts_of(gate, ["ana@x.org"]) != {"ana@x.org": ana}


@pytest.mark.parametrize("identity", ["collector:other", "Unverified:ana@x.org"])
def test_our_own_names_cannot_be_asserted(control, gate, identity):
    kind, name, _ = booked(control, gate, identity, ("x.org",))
    assert (kind, name) == ("unclaimed", f"unverified:{identity.lower()}")


def test_who_says_nobody_is_a_service_of_its_own(control, gate, bounded):
    assert booked(control, gate, "") == ("service", "gate (unattributed)", "")
    assert booked(control, bounded, "")[1] == "bounded (unattributed)"


@pytest.mark.parametrize("identity", ["installation:abc", "ana", "x.org", "@x.org"])
def test_what_is_no_address_is_parked_with_or_without_bounds(
    control, gate, bounded, identity
):
    for credential in (gate, bounded):
        kind, _, email = booked(control, credential, identity, ("x.org",))
        assert kind == "unclaimed"
        assert email in ("", identity)


def test_an_assertion_changes_nothing_of_a_person(control, gate):
    before = control.account_of_email("ana@x.org"), control.memberships()
    for domains in ((), ("x.org",)):
        booked(control, gate, "ana@x.org", domains)
    assert (control.account_of_email("ana@x.org"), control.memberships()) == before


def test_what_is_remembered_is_bounded(control, gate, monkeypatch):
    monkeypatch.setattr(asserting, "REMEMBERED", 3)
    people = AssertedIdentities(control, ())
    names = [f"p{n}@x.org" for n in range(9)]
    first = people.accounts_of(gate, names)
    for one in names:
        assert people.accounts_of(gate, [one]) == {one: first[one]}
        assert len(people._accounts) <= 3
    assert people.accounts_of(gate, names[:2]) == {one: first[one] for one in names[:2]}
    assert len(set(first.values())) == 9


def test_spellings_of_one_address_are_one_account(control, gate):
    people = AssertedIdentities(control, ("x.org",))
    found = people.accounts_of(gate, ["Bo@x.org", "bo@X.org ", "", "bo@x.org"])
    assert len(set(found.values())) == 2
    assert control.account(found["bo@x.org"]).kind == "person"


def test_strangers_are_met_all_at_once(control, gate, monkeypatch):
    opened = []
    writing = control._database.writing

    def counted():
        opened.append(1)
        return writing()

    monkeypatch.setattr(control._database, "writing", counted)
    names = [f"p{n}@x.org" for n in range(1200)]
    people = AssertedIdentities(control, ())
    found = people.accounts_of(gate, names)
    assert len(set(found.values())) == 1200
    assert people.accounts_of(gate, names) == found
    assert AssertedIdentities(control, ()).accounts_of(gate, names) == found
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("identity", "domain"),
    [
        ("ana@X.org", "x.org"),
        ('"a@b"@x.org', "x.org"),
        ("@x.org", ""),
        ("ana", ""),
        ("ana@", ""),
        ("", ""),
    ],
)
def test_domains_of_addresses(identity, domain):
    assert domain_of(identity) == domain


def test_without_bounds_an_address_stays_itself():
    assert parked("ana@x.org", ()) == "ana@x.org"
    assert parked("ana@x.org", ("x.org",)) == "ana@x.org"
    assert parked("ana@x.org.evil", ("x.org",)) == "unverified:ana@x.org.evil"
