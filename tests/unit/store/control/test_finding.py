"""Accounts are found by name and address, by pages, and everybody who is there."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from mileage.domain.directory import PersonRow
from mileage.domain.people import OPERATOR, found_by
from mileage.domain.provisioning import ProvisionedPerson
from mileage.domain.sign_in import Federated
from mileage.store.control import open_control
from mileage.store.control.federation import Vouched
from mileage.store.control.schema import ACCOUNT
from tests.unit.store.control.test_opening import VERSION_1

TODAY = date(2026, 6, 1)
# Folding makes two letters of one, or another one of several; wildcards are text.
LETTERS = st.text("aAbB éÉßẞ\u017fKk\u212aİ\u0131ΣςЛлŁł%_*'\"\\@.", max_size=8)


def person(email, name):
    return PersonRow(email, name, "person", "Eng", "Core", "", "", None, None)


def provisioned(email, name):
    return ProvisionedPerson(
        email, email, name, active=True, department="Eng", team="", manager=""
    )


def put(control, people):
    """Fill the table anew; (name, address) of each."""
    rows = [
        {
            "account_id": f"acc_{number:03}",
            "kind": "person",
            "name": name,
            "email": f"{number}{email}",
            "created_at": 1,
            "found_by": found_by(name, f"{number}{email}"),
        }
        for number, (name, email) in enumerate(people)
    ]
    with control._database.writing() as connection:
        connection.execute(ACCOUNT.delete())
        if rows:
            connection.execute(insert(ACCOUNT), rows)


def names(listed):
    return [one.name for one in listed.accounts]


def stale(control):
    """List accounts that are found by something else than what they are called."""
    told = (ACCOUNT.c.name, ACCOUNT.c.email, ACCOUNT.c.found_by)
    with control._database.reading() as connection:
        rows = connection.execute(select(*told)).all()
    return [row for row in rows if row[2] != found_by(row[0], row[1] or "")]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    path = tmp_path_factory.mktemp("finding") / "control.sqlite"
    with open_control(path, clock=lambda: 1) as opened:
        yield opened


@given(
    people=st.lists(st.tuples(LETTERS, LETTERS), max_size=9),
    words=st.lists(LETTERS.filter(str.strip), max_size=3),
    page=st.integers(1, 5),
    among=st.none() | st.sets(st.integers(0, 11)),
)
def test_who_is_found_is_whoever_holds_every_word(shared, people, words, page, among):
    put(shared, people)
    ids = None if among is None else {f"acc_{number:03}" for number in among}
    everybody = sorted(
        (found_by(name, f"{number}{email}"), f"acc_{number:03}")
        for number, (name, email) in enumerate(people)
        if among is None or number in among
    )
    words = [part for word in words for part in word.casefold().split()]
    found = [one for text, one in everybody if all(word in text for word in words)]
    listed = shared.find_accounts(words, page, 4, ids)
    last = max(-(-len(found) // 4), 1)
    first = (min(page, last) - 1) * 4
    assert [one.account_id for one in listed.accounts] == found[first : first + 4]
    assert (listed.first, listed.found) == (first, len(found))
    assert listed.known == (len(people) if ids is None else len(ids))


def test_letters_of_every_alphabet_are_found_in_any_case(shared):
    put(shared, [("Łukasz Żak", "a@x"), ("Лев Öztürk", "b@x"), ("Straße", "c@x")])
    for wanted, name in [
        ("łuk", "Łukasz Żak"),
        ("ŻAK", "Łukasz Żak"),
        ("лЕВ", "Лев Öztürk"),
        ("öztÜRK Лев", "Лев Öztürk"),
        ("STRASSE", "Straße"),
        ("2C@X", "Straße"),
    ]:
        assert names(shared.find_accounts(wanted.casefold().split(), 1, 9)) == [name]
    assert names(shared.find_accounts(["%"], 1, 9)) == []
    assert names(shared.find_accounts(["_"], 1, 9)) == []


def test_people_of_one_name_stand_in_the_order_of_their_ids(shared):
    put(shared, [("Ada", ""), ("ada", ""), ("ADA", "")])
    found = shared.find_accounts(["ada"], 1, 9).accounts
    assert [one.account_id for one in found] == ["acc_000", "acc_001", "acc_002"]


def test_whoever_has_no_name_stands_by_the_address(shared):
    put(shared, [("Bo", "x"), ("", "a@x"), ("anna", "z"), ("ANN", "z")])
    assert names(shared.find_accounts([], 1, 9)) == ["", "ANN", "anna", "Bo"]


def test_a_page_beyond_the_end_is_the_last_one(shared):
    put(shared, [(f"P{number}", "x") for number in range(9)])
    last = shared.find_accounts([], 1_000_000, 4)
    assert (names(last), last.first, last.found) == (["P8"], 8, 9)
    nobody = shared.find_accounts(["zz"], 3, 4)
    assert (nobody.accounts, nobody.first, nobody.found, nobody.known) == ((), 0, 0, 9)


def test_those_among_whom_to_look_may_be_more_than_a_statement_has_room_for(shared):
    put(shared, [("Ana", "a@x"), ("Bo", "b@x")])
    many = {f"acc_{number:03}" for number in range(1, 260_000)}
    listed = shared.find_accounts([], 1, 9, many)
    assert names(listed) == ["Bo"]
    assert names(shared.find_accounts([], 1, 9, set())) == []


def test_the_list_is_read_in_order_and_not_sorted(shared):
    statement = (
        "EXPLAIN QUERY PLAN SELECT account_id, kind, name, email FROM account "
        "WHERE instr(found_by, 'x') > 0 ORDER BY found_by, account_id LIMIT 100"
    )
    with shared._database.reading() as connection:
        steps = [row.detail for row in connection.exec_driver_sql(statement)]
    assert steps == ["SCAN account USING INDEX account_found_by"]


def test_whoever_writes_a_name_writes_by_what_it_is_found(control):
    control.import_people([person("ana@x.org", "Ana"), person("bo@x.org", "Bo")])
    control.import_people([person("ana@x.org", "ÄNNE")])
    control.ensure_account("Zoë@y.org")
    control.ensure_accounts({"installation:1": False, "Cy@x.org": True})
    control.believe(("y.org",))
    vouched = Vouched("https://id.x", "dee@x.org", "DEE", Federated("1", "", ()))
    control.open_vouched(vouched, new_accounts=True)
    before = control.ensure_account("eva@x.org")
    seen = Vouched("https://id.x", "eva@x.org", "ÉVA", Federated("2", "", ()))
    control.open_vouched(seen, new_accounts=True)
    made = control.add_user(provisioned("flo@x.org", "FLO"), {}, TODAY, OPERATOR)
    control.change_user(
        made.resource_id, provisioned("Øre@x.org", "ØRE"), {}, TODAY, OPERATOR
    )
    control.add_user(provisioned("bo@x.org", "Bodil"), {}, TODAY, OPERATOR)
    gone = control.account_of_email("cy@x.org").account_id
    control.erase_account(gone, OPERATOR)
    assert stale(control) == []
    assert control.find_accounts(["éva"], 1, 9).accounts[0].account_id == before
    for word, found in (("änne", 1), ("ana", 1), ("flo", 0), ("øre", 1), ("cy", 0)):
        assert control.find_accounts([word], 1, 9).found == found
    assert control.find_accounts([], 1, 99).found == len(control.accounts()) == 8


def test_a_stale_one_would_be_seen(control):
    control.ensure_account("ana@x.org")
    with control._database.writing() as connection:
        connection.execute(ACCOUNT.update().values(name="Bo"))
    assert len(stale(control)) == 1


def test_accounts_of_older_versions_are_found_too(path, clock):
    path.parent.mkdir()
    shutil.copy(VERSION_1, path)
    with sqlite3.connect(path) as older:
        older.execute("UPDATE account SET name = 'ŁUKASZ' WHERE email LIKE 'ana@%'")
    older.close()
    with open_control(path, clock=clock) as control:
        assert stale(control) == []
        assert names(control.find_accounts(["łukasz", "@x"], 1, 9)) == ["ŁUKASZ"]
        assert control.find_accounts([], 1, 9).accounts == control.accounts()
