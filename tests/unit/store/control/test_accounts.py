from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.directory import PersonRow
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.people import OPERATOR, Account
from mileage.store.control import open_control
from mileage.store.control.accounts import checked, normal


def test_an_unknown_address_becomes_an_unclaimed_account(control):
    account_id = control.ensure_account("ana@x.example")
    assert re.fullmatch(r"acc_[a-z2-7]{16}", account_id)
    expected = Account(account_id, "unclaimed", "ana@x.example", "ana@x.example")
    assert control.account(account_id) == expected
    assert control.accounts() == (expected,)


@pytest.mark.parametrize(
    "spelling", ["ANA@x.example", "  ana@X.Example ", "Ana@x.example"]
)
def test_one_address_is_one_account_in_any_spelling(control, spelling):
    assert control.ensure_account(spelling) == control.ensure_account("ana@x.example")
    assert len(control.accounts()) == 1


def test_a_collector_is_a_service_that_says_what_it_is(control):
    account = control.account(control.ensure_account("collector:Gateway"))
    assert account.kind == "service"
    assert account.name == "gateway (unattributed)"
    assert account.email == ""


def test_an_installation_shows_the_beginning_of_its_id(control):
    account_id = control.ensure_account("installation:0123456789abcdef0123456789abcdef")
    account = control.account(account_id)
    assert (account.kind, account.name) == ("unclaimed", "installation 0123456789ab")
    assert account.email == ""


def test_a_name_that_is_no_address_gets_none(control):
    account = control.account(control.ensure_account("ana"))
    assert (account.kind, account.name, account.email) == ("unclaimed", "ana", "")


def test_several_accounts_without_an_address_live_together(control):
    identities = ["collector:a", "collector:b", "installation:1", "x"]
    assert len({control.ensure_account(one) for one in identities}) == len(identities)


def test_the_same_words_as_address_and_collector_are_two(control):
    assert control.ensure_account("gate") != control.ensure_account("collector:gate")


@pytest.mark.parametrize(
    "identity",
    ["", "  ", "a" * 321, "a\nb@x", "\x1b[2J@x", "a\x00b", "\ud800@x", "İ" * 300],
)
def test_an_identity_that_cannot_be_shown_is_an_account_all_the_same(control, identity):
    account = control.account(control.ensure_account(identity))
    assert control.ensure_account(identity) == account.account_id
    assert account.name.isprintable()
    assert 0 < len(account.name) <= 320
    with pytest.raises(Invalid, match="printable"):
        checked(identity)


def test_identities_that_cannot_be_shown_stay_apart(control):
    unusable = ["a\x00b", "a\x01b", "a" * 400, "a" * 401, "collector:" + "a" * 400]
    assert len({control.ensure_account(one) for one in unusable}) == len(unusable)
    assert control.account(control.ensure_account(unusable[-1])).kind == "service"


@given(st.text(st.characters(codec=None), max_size=400))
def test_every_text_has_one_spelling(identity):
    spelling = normal(identity)
    assert spelling == normal(spelling) == normal(f" {identity}\n")
    assert checked(spelling) == spelling


def test_accounts_are_listed_by_name(control):
    for name in ("mo@x", "bo@x", "zoe@x", "ana@x"):
        control.ensure_account(name)
    assert [one.name for one in control.accounts()] == [
        "ana@x",
        "bo@x",
        "mo@x",
        "zoe@x",
    ]


def test_identities_are_found_by_value_and_by_account(control):
    row = PersonRow("bo@x.example", "Bo", "person", "D", "", "", "", None, None)
    control.import_people([row])
    wanted = "collector:gate", "installation:9", "zoe@x.example", "bo@x.example"
    of = control.ensure_accounts(dict.fromkeys(wanted, False))
    everybody = control.identities_of(of.values())
    assert [(one.value, one.account_id) for one in everybody] == sorted(of.items())
    assert "Bo" in {one.name for one in everybody}
    claimable = control.claimable_identities()
    assert claimable == tuple(one for one in everybody if one.claimable)
    assert "bo@x.example" not in {one.value for one in claimable}
    assert len(claimable) == 3
    asked = ["bo@x.example", "nobody", "collector:%"]
    assert [one.name for one in control.identities_called(asked)] == ["Bo"]
    assert control.identities_called([]) == control.identities_of([]) == ()


def test_an_unknown_account_is_not_found(control):
    with pytest.raises(NotFound, match="acc_nobody"):
        control.account("acc_nobody")


def test_an_account_is_found_by_its_address(control):
    account_id = control.ensure_account("ana@x.example")
    found = control.account_of_email(" Ana@X.example ")
    assert found is not None
    assert found.account_id == account_id
    assert control.account_of_email("bo@x.example") is None


def test_quotes_and_wildcards_are_text(control):
    odd = "o'hara\"%_;drop table account;--@x.example"
    account_id = control.ensure_account(odd)
    found = control.account_of_email(odd)
    assert found is not None
    assert found.account_id == account_id
    assert control.account_of_email("%@x.example") is None


def test_accounts_outlive_the_process(path, clock, control):
    account_id = control.ensure_account("ana@x.example")
    with open_control(path, clock=clock) as again:
        assert again.ensure_account("ana@x.example") == account_id


def test_ids_come_from_the_given_randomness(path, clock, counted_bytes):
    with open_control(path, clock=clock, random_bytes=counted_bytes) as control:
        assert control.ensure_account("ana@x") == "acc_aaaaaaaaaaaaaaab"
        assert control.ensure_account("bo@x") == "acc_aaaaaaaaaaaaaaac"


def test_the_project_key_is_made_once(path, clock, control):
    key = control.project_key()
    assert len(key) == 32
    assert control.project_key() == key
    with open_control(path, clock=clock) as again:
        assert again.project_key() == key


def test_organisations_have_different_project_keys(control, tmp_path, clock):
    with open_control(tmp_path / "other.sqlite", clock=clock) as other:
        assert other.project_key() != control.project_key()


def test_the_time_is_the_clocks(control, clock):
    assert control.now() == clock.instant


def test_many_at_once_are_whom_each_alone_is(control):
    known = control.ensure_account("ana@x.example")
    wanted = {"ANA@x.example": True, "bo@x.example": True, "cy@x.example": False}
    found = control.ensure_accounts(wanted)
    assert found["ANA@x.example"] == known
    for one, account_id in found.items():
        assert control.ensure_account(one) == account_id
    kinds = [control.account(found[one]).kind for one in wanted]
    assert kinds == ["unclaimed", "person", "unclaimed"]
    assert control.ensure_accounts(wanted) == found
    assert control.ensure_accounts({}) == {}


def test_a_process_that_was_faster_is_believed(control, path, clock, monkeypatch):
    with open_control(path, clock=clock) as other:
        writing = control._database.writing

        def slow():
            monkeypatch.undo()
            other.ensure_accounts({"ana@x.example": False})
            return writing()

        monkeypatch.setattr(control._database, "writing", slow)
        found = control.ensure_accounts({"ana@x.example": False, "bo@x.example": False})
        assert found == other.ensure_accounts(dict.fromkeys(found, False))
    assert len(control.accounts()) == 2


def test_the_eldest_of_several_is_who_was_known_first(control, clock):
    rows = [
        PersonRow(f"{name}@x.example", name, "person", "D", "T", "", "", None, None)
        for name in ("zoe", "ana")
    ]
    for row in rows:
        clock.forward(seconds=1)
        control.import_people([row])
    zoe, ana = (control.account_of_email(row.email).account_id for row in rows)
    clock.forward(seconds=1)
    heard = control.ensure_accounts({"installation:2": False, "installation:1": False})
    one, two = heard["installation:1"], heard["installation:2"]
    for some in ([two, one], [one, two]):
        assert control.eldest(some) == one
    assert control.eldest({ana, zoe, one}) == zoe
    # What it is called changes nothing; whoever is erased is older than anybody.
    control.import_people([replace(rows[0], name="Zoe Z.")])
    assert control.eldest({ana, zoe}) == zoe
    tombstone = control.erase_account(ana, OPERATOR)
    assert control.eldest({zoe, tombstone}) == zoe
    control.finish_erasure(tombstone)
    assert control.eldest({zoe, tombstone}) == tombstone
    assert control.eldest({"acc_b", "acc_a"}) == "acc_a"
