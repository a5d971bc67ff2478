"""Local administrators: what is a password, how often one may guess."""

from __future__ import annotations

import threading

import pytest

from mileage.domain.errors import Invalid, NotFound, TooMany, Unauthorised
from mileage.store.control import passwords
from mileage.store.control.entry_schema import LOCAL_PASSWORD, PASSWORD_ATTEMPT
from mileage.store.control.passwords import ATTEMPTS, ATTEMPTS_OF_ALL, check_password

GOOD = "correct horse battery staple"
EMAIL = "ana@x.example"


@pytest.fixture
def cheap(monkeypatch):
    """Guessing dozens of times must not take seconds."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 8)
    monkeypatch.setattr(passwords, "PASSES", 1)
    monkeypatch.setattr(passwords, "NOBODYS", passwords._hasher().hash("x" * 99))


@pytest.fixture
def ana(control):
    account_id = control.ensure_account(EMAIL)
    control.set_password(account_id, GOOD)
    return account_id


def stored(control):
    with control._database.reading() as connection:
        return connection.execute(LOCAL_PASSWORD.select()).one()


def guess(control, times=1, email=EMAIL):
    for _ in range(times):
        with pytest.raises(Unauthorised):
            control.open_password(email, "wrong horse battery staple")


def test_a_password_opens_a_session(control, ana):
    session = control.open_password(f" {EMAIL.upper()}\n", GOOD, "Firefox on Linux")
    assert control.session_viewer(session).account_id == ana
    (listed,) = control.open_sessions()
    assert (listed.method, listed.device) == ("password", "Firefox on Linux")


def test_it_is_stored_as_argon2id_with_the_recommended_parameters(control, ana):
    assert stored(control).hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert GOOD not in str(stored(control))
    assert GOOD not in str(control.audit_rows())
    check = passwords._hasher()
    assert not check.check_needs_rehash(passwords.NOBODYS)


@pytest.mark.parametrize(
    "password", ["", GOOD[:-1], GOOD.upper(), f"{GOOD} ", "\x00", "a" * 100_000]
)
def test_another_one_opens_nothing(control, cheap, ana, password):
    with pytest.raises(Unauthorised, match="do not belong together"):
        control.open_password(EMAIL, password)
    assert control.open_sessions() == ()


@pytest.mark.parametrize("email", ["", "ben@x.example", "' or 1=1 --", "\udcff"])
def test_an_unknown_address_is_answered_alike(control, cheap, ana, email):
    with pytest.raises(Unauthorised, match="do not belong together"):
        control.open_password(email, GOOD)


def test_an_unknown_address_costs_a_comparison_too(control, monkeypatch):
    compared = []
    monkeypatch.setattr(passwords, "_fits", lambda *given: compared.append(given))
    guess(control, email="nobody@x.example")
    assert [one[0] for one in compared] == [passwords.NOBODYS]


def test_after_five_wrong_ones_even_the_right_one_waits(control, clock, cheap, ana):
    guess(control, ATTEMPTS)
    with pytest.raises(TooMany) as refused:
        control.open_password(EMAIL, GOOD)
    assert 0 < refused.value.seconds <= 15 * 60
    clock.forward(seconds=refused.value.seconds - 1)
    with pytest.raises(TooMany):
        control.open_password(EMAIL, GOOD)
    clock.forward(seconds=1)
    # Hashed with other parameters than those of the moment: it still fits.
    assert control.open_password(EMAIL, GOOD)


def test_an_unknown_address_waits_as_long(control, cheap):
    guess(control, ATTEMPTS, "nobody@x.example")
    with pytest.raises(TooMany):
        control.open_password("nobody@x.example", GOOD)


def test_guessing_at_one_address_does_not_lock_another(control, cheap, ana):
    guess(control, ATTEMPTS, "nobody@x.example")
    assert control.open_password(EMAIL, GOOD)


def test_signing_in_forgets_the_wrong_ones(control, cheap, ana):
    for _ in range(3):
        guess(control, ATTEMPTS - 1)
        assert control.open_password(EMAIL, GOOD)


def test_many_addresses_are_bounded_together(control, clock, cheap, monkeypatch):
    monkeypatch.setattr(passwords, "ATTEMPTS_OF_ALL", 7)
    for number in range(7):
        guess(control, email=f"p{number}@x.example")
    with pytest.raises(TooMany):
        control.open_password("p99@x.example", GOOD)
    clock.forward(minutes=1)
    guess(control, email="p99@x.example")


def test_attempts_are_forgotten(control, clock, cheap):
    for number in range(10):
        guess(control, email=f"p{number}@x.example")
    clock.forward(minutes=15)
    guess(control)
    with control._database.reading() as connection:
        (left,) = connection.execute(PASSWORD_ATTEMPT.select()).all()
    assert EMAIL.encode() not in left.name
    assert ATTEMPTS_OF_ALL < 100


def test_guessing_in_parallel_gains_nothing(control, cheap, ana):
    outcomes = []

    def attempt():
        try:
            control.open_password(EMAIL, "wrong horse battery staple")
        except (Unauthorised, TooMany) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(Unauthorised) == ATTEMPTS
    assert outcomes.count(TooMany) == 12 - ATTEMPTS


def test_a_refusal_is_on_record(control, cheap, ana):
    guess(control)
    guess(control, email="nobody@x.example")
    rows = [row for row in control.audit_rows() if row.action == "password refused"]
    assert [row.subject for row in rows] == ["unknown", ana]
    assert "nobody@" not in str(rows)


def test_a_new_password_ends_what_the_old_one_opened(control, cheap, ana):
    by_password = control.open_password(EMAIL, GOOD)
    by_key = control.open_key(control.create_key(ana, "read").secret)
    control.set_password(ana, f"{GOOD} again")
    assert control.session_viewer(by_password) is None
    assert control.session_viewer(by_key)
    guess(control)
    assert control.open_password(EMAIL, f"{GOOD} again")


def test_a_password_can_be_taken_away(control, cheap, ana):
    session = control.open_password(EMAIL, GOOD)
    assert control.has_passwords()
    assert control.remove_password(ana)
    assert control.session_viewer(session) is None
    assert not control.has_passwords()
    assert not control.remove_password(ana)
    with pytest.raises(Unauthorised):
        control.open_password(EMAIL, GOOD)


def test_the_list_has_addresses_only(control, clock, ana):
    assert control.local_administrators() == ((EMAIL, clock.instant),)


@pytest.mark.parametrize(
    "password", ["", "short", "a" * 15, "abcabcabcabcabcabc", "x" * 257, "1" * 100]
)
def test_what_is_easily_guessed_is_no_password(password):
    with pytest.raises(Invalid):
        check_password(password)


@pytest.mark.parametrize(
    "password",
    [GOOD, "pāṭala 山 ☂ wörds \U0001f511", "abcdefghijklmno", "0123456789abcde" * 17],
)
def test_any_character_may_be_in_one(control, cheap, password):
    account_id = control.ensure_account(EMAIL)
    control.set_password(account_id, password)
    assert control.open_password(EMAIL, password)


def test_nobody_has_no_password(control):
    with pytest.raises(NotFound):
        control.set_password("acc_nobody", GOOD)
