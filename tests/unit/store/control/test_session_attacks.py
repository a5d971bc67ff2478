"""Attacks on sessions, links, passwords and vouching: ends to the instant, replays."""

from __future__ import annotations

from contextlib import suppress

import pytest

from mileage.domain.directory import PersonRow
from mileage.domain.errors import Invalid, NotFound, TooMany, Unauthorised, Unavailable
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.domain.sign_in import HOUR, MINUTE, Federated, SessionLimits
from mileage.store.control import open_control, passwords
from mileage.store.control.entry_schema import PASSWORD_ATTEMPT
from mileage.store.control.federation import SECOND, Vouched
from mileage.store.control.minting import SECRET_LENGTH, hashed
from mileage.store.control.passwords import (
    ATTEMPTS,
    ATTEMPTS_OF_ALL,
    FEWEST_LETTERS,
    LONGEST,
    SHORTEST,
    WITHIN,
    WITHIN_OF_ALL,
    check_password,
)
from mileage.store.control.schema import SESSION
from mileage.store.control.sign_in import LINK_LIFE

ISSUER = "https://id.x.example"
GOOD = "correct horse battery staple"
EMAIL = "ana@x.example"
WRONG = "wrong horse battery staple"


@pytest.fixture
def ana(control):
    row = PersonRow(EMAIL, "Ana", "person", "Eng", "", "", "", None, None)
    control.import_people([row])
    return Viewer(control.account_of_email(EMAIL).account_id, "Ana")


@pytest.fixture
def enter(control):
    def opened(viewer, device=""):
        return control.open_link(control.create_link(viewer), device)

    return opened


class Plain:
    """Hashes nothing."""

    def hash(self, password):
        return password


@pytest.fixture
def matching(monkeypatch):
    """Compare passwords as they are: what is counted is under test, not Argon2."""
    monkeypatch.setattr(passwords, "_fits", lambda known, given: known == given)
    monkeypatch.setattr(passwords, "_hasher", Plain)


def rows(control, table):
    with control._database.reading() as connection:
        return connection.execute(table.select()).all()


def guess(control, email=EMAIL, password=WRONG):
    with pytest.raises(Unauthorised):
        control.open_password(email, password)


# Secrets


def test_no_secret_is_stored_nor_made_twice(control, path, ana, enter):
    secrets = [enter(ana) for _ in range(10)]
    assert len(set(secrets)) == 10
    assert {len(one) for one in secrets} == {SECRET_LENGTH}
    kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for one in secrets:
        assert one.encode() not in kept
        assert hashed(one) in kept


def test_a_session_is_made_here_never_taken_from_outside(control, ana, enter):
    """Fixation: whatever an attacker plants opens nothing, before or after."""
    planted = "mlg_s_" + "A" * 43
    assert control.session_viewer(planted) is None
    assert enter(ana) != planted
    assert control.session_viewer(planted) is None


@pytest.mark.parametrize(
    "change", [str.upper, str.swapcase, lambda one: one[:-1] + "!"]
)
def test_a_secret_counts_letter_by_letter(control, ana, enter, change):
    assert control.session_viewer(change(enter(ana))) is None


def test_what_is_stored_opens_nothing(control, ana, enter):
    enter(ana)
    (row,) = rows(control, SESSION)
    for stolen in (row.hash.hex(), row.session_id, row.account_id):
        assert control.session_viewer(stolen) is None
        assert control.key_viewer(stolen) is None


def test_a_secret_of_one_kind_opens_no_other_door(control, ana, enter):
    session, link = enter(ana), control.create_link(ana)
    key = control.create_key(ana.account_id, "read").secret
    token = control.create_token(account_id=ana.account_id).secret
    assert [control.session_viewer(one) for one in (link, key, token)] == [None] * 3
    assert [control.key_viewer(one) for one in (link, session, token)] == [None] * 3
    assert [control.provisioner(one) for one in (link, session, key)] == [None] * 3
    for one in (session, key, token):
        with pytest.raises(Unauthorised):
            control.open_link(one)


# To the very instant


def test_a_session_is_over_at_the_instant_of_its_limits(control, clock, ana, enter):
    control.limit_sessions(SessionLimits(idle=HOUR, longest=3 * HOUR))
    secret, began = enter(ana), clock.instant
    for part in (1, 2):
        clock.instant = began + part * HOUR - part
        assert control.session_viewer(secret) == ana
    clock.instant = began + 3 * HOUR - 3
    assert control.session_viewer(secret) == ana
    clock.instant = began + 3 * HOUR - 1
    assert control.open_sessions(ana)
    clock.instant += 1
    assert control.session_viewer(secret) is None
    assert control.open_sessions(ana) == ()
    assert control.session_id(secret) == ""


def test_an_idle_session_cannot_be_woken(control, clock, ana, enter):
    control.limit_sessions(SessionLimits(idle=HOUR))
    secret = enter(ana)
    clock.instant += HOUR
    assert control.session_viewer(secret) is None
    clock.instant -= 1
    assert control.session_viewer(secret) == ana, "nobody had used it"
    clock.instant += HOUR
    assert control.session_viewer(secret) is None


def test_a_link_is_over_at_the_instant(control, clock, ana):
    links = [control.create_link(ana) for _ in range(2)]
    clock.instant += LINK_LIFE - 1
    assert control.open_link(links[0])
    clock.instant += 1
    with pytest.raises(Unauthorised, match="ask for another"):
        control.open_link(links[1])


def test_a_key_that_ends_takes_its_sessions_along(control, clock, ana):
    ends = clock.instant + HOUR
    key = control.create_key(ana.account_id, "read", expires_at=ends).secret
    session = control.open_key(key)
    clock.instant = ends - 1
    assert control.session_viewer(session) == ana
    clock.instant = ends
    assert control.session_viewer(session) is None
    assert control.key_viewer(key) is None
    with pytest.raises(Unauthorised):
        control.open_key(key)


def test_a_role_is_over_at_the_instant(control, clock, ana, enter):
    secret = enter(ana)
    control.grant_role(
        ana.account_id, HeldRole("steward"), expires_at=clock.instant + MINUTE
    )
    clock.instant += MINUTE - 1
    assert control.session_viewer(secret).holds("steward")
    clock.instant += 1
    assert not control.session_viewer(secret).holds("steward")


def test_a_clock_that_goes_back_opens_nothing_new(control, clock, ana, enter):
    secret = enter(ana)
    control.end_session(control.session_id(secret), ana)
    clock.instant -= 10 * HOUR
    assert control.session_viewer(secret) is None


# How many, and whose


def test_signing_in_again_and_again_is_bounded(control, ana, enter):
    control.limit_sessions(SessionLimits(most=3))
    for _ in range(7):
        last = enter(ana)
    assert len(control.open_sessions(ana)) == 3
    assert control.session_viewer(last) == ana


def test_a_flood_of_sessions_of_one_ends_nobody_elses(control, ana, enter):
    control.limit_sessions(SessionLimits(most=1))
    operator = enter(OPERATOR)
    for _ in range(3):
        enter(ana)
    assert control.session_viewer(operator) == OPERATOR
    assert len(control.open_sessions()) == 2


@pytest.mark.parametrize("own", [True, False])
def test_a_session_that_ended_ends_no_second_time(control, ana, enter, own):
    session_id = control.session_id(enter(ana))
    control.end_session(session_id, ana, own=own)
    with pytest.raises(NotFound, match="look at the list again"):
        control.end_session(session_id, ana, own=own)


def test_all_but_this_one_with_a_wrong_secret_ends_all(control, ana, enter):
    enter(ana)
    assert control.end_sessions(ana, ana, but="mlg_s_" + "x" * 43) == 1


def test_a_full_disk_keeps_nobody_from_reading(control, clock, monkeypatch, ana, enter):
    secret = enter(ana)

    def full(*_):
        raise Unavailable("no room")

    monkeypatch.setattr(control, "_touch", full)
    clock.instant += 2 * MINUTE
    assert control.session_viewer(secret) == ana


# Guessing passwords


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "has 15 to 256 characters, this one has 0"),
        ("a1b2c3d4e5f6g7", "this one has 14: take several words"),
        ("ab" * 200, "this one has 400"),
        ("a" * SHORTEST, "fewer than 6 different characters"),
        ("aAbBcCdDeE" * 2, "fewer than 6 different characters"),
        ("correct horse battery\udcff", "characters that are none"),
    ],
)
def test_what_is_no_password_is_told(control, ana, password, said):
    with pytest.raises(Invalid, match=said) as refused:
        control.set_password(ana.account_id, password)
    assert not password or password not in str(refused.value)
    assert not control.has_passwords()


@pytest.mark.parametrize("length", [SHORTEST, LONGEST])
def test_every_length_between_is_one(length):
    check_password(("correct horse " * 30)[:length])
    assert len(set("correct horse ")) >= FEWEST_LETTERS


def test_a_password_that_is_none_fits_nothing(control):
    for half in ("\udcff", "\ud800" * 20):
        guess(control, "nobody@x.example", half)


def test_waiting_ends_at_the_instant(control, clock, matching, ana):
    control.set_password(ana.account_id, GOOD)
    began = clock.instant
    for _ in range(ATTEMPTS):
        guess(control)
        clock.forward(seconds=10)
    clock.instant = began + WITHIN - 1
    with pytest.raises(TooMany) as refused:
        control.open_password(EMAIL, GOOD)
    assert refused.value.seconds == 1
    clock.instant += 1
    assert control.open_password(EMAIL, GOOD)


def test_asking_while_waiting_makes_the_wait_no_longer(control, clock, matching, ana):
    for _ in range(ATTEMPTS):
        guess(control)
    for _ in range(50):
        with pytest.raises(TooMany):
            control.open_password(EMAIL, GOOD)
    assert len(rows(control, PASSWORD_ATTEMPT)) == ATTEMPTS


def test_the_wait_is_told_in_minutes_and_alike_for_all(control, matching, ana):
    control.set_password(ana.account_id, GOOD)
    told = set()
    for email in (EMAIL, "nobody@x.example"):
        for _ in range(ATTEMPTS):
            guess(control, email)
        with pytest.raises(TooMany) as refused:
            control.open_password(email, GOOD)
        told.add((str(refused.value), refused.value.seconds))
    ((said, seconds),) = told
    assert said.startswith("Too many passwords were tried. Wait 15 minutes, or ask")
    assert seconds == WITHIN // SECOND


def test_spellings_of_an_address_share_their_attempts(control, matching, ana):
    spelled = [EMAIL, EMAIL.upper(), f" {EMAIL}", f"{EMAIL}\n", EMAIL.title()]
    assert len(spelled) == ATTEMPTS
    for email in spelled:
        guess(control, email)
    with pytest.raises(TooMany):
        control.open_password(EMAIL, GOOD)


def test_another_process_counts_along(control, path, clock, matching, ana):
    for _ in range(ATTEMPTS - 1):
        guess(control)
    with open_control(path, clock=clock) as other:
        guess(other)
        with pytest.raises(TooMany):
            other.open_password(EMAIL, GOOD)
    with pytest.raises(TooMany):
        control.open_password(EMAIL, GOOD)


def test_spraying_over_addresses_stops_for_everybody_for_a_minute(
    control, clock, matching, ana
):
    control.set_password(ana.account_id, GOOD)
    for number in range(ATTEMPTS_OF_ALL):
        guess(control, f"p{number}@x.example")
    with pytest.raises(TooMany) as refused:
        control.open_password(EMAIL, GOOD)
    assert refused.value.seconds == WITHIN_OF_ALL // SECOND
    assert "Wait 1 minutes" in str(refused.value)
    clock.instant += WITHIN_OF_ALL
    assert control.open_password(EMAIL, GOOD)


def test_no_comparison_is_made_for_whoever_has_to_wait(control, monkeypatch, ana):
    compared = []
    monkeypatch.setattr(passwords, "_fits", lambda *given: compared.append(given))
    for _ in range(ATTEMPTS + 4):
        with suppress(Unauthorised, TooMany):
            control.open_password(EMAIL, GOOD)
    assert len(compared) == ATTEMPTS


def test_an_endless_password_is_cut_before_it_is_hashed(control, monkeypatch):
    lengths = []
    monkeypatch.setattr(
        passwords, "_fits", lambda known, given: lengths.append(len(given))
    )
    guess(control, password="x" * 10**6)
    assert lengths == [LONGEST + 1]


def test_who_has_no_password_is_answered_like_nobody(control, matching, ana):
    reasons = set()
    for email in (EMAIL, "nobody@x.example", "", "installation:x"):
        with pytest.raises(Unauthorised) as refused:
            control.open_password(email, GOOD)
        reasons.add(str(refused.value))
    assert reasons == {passwords.WRONG}


# Whom a provider vouches for


def vouched(subject="user-1", email=EMAIL, session="s-1", issuer=ISSUER):
    return Vouched(issuer, email, "Ana", Federated(subject, session))


@pytest.mark.parametrize("email", ["a@b\nc", "x" * 400 + "@x.example", "\x00@"])
def test_what_is_no_address_is_refused_and_not_a_fault(control, email):
    with pytest.raises(Unauthorised, match="no address"):
        control.open_vouched(vouched(email=email), new_accounts=True)
    assert control.open_sessions() == ()


@pytest.mark.parametrize("subject", ["USER-1", "user-1 ", "user-2"])
def test_a_subject_counts_letter_by_letter(control, ana, subject):
    control.open_vouched(vouched())
    with pytest.raises(Unauthorised, match="mileage admin unlink"):
        control.open_vouched(vouched(subject))
    assert len(control.open_sessions()) == 1


def test_nobody_becomes_the_operator_by_an_address(control):
    for email in ("operator", "", "root@x.example"):
        with pytest.raises(Unauthorised):
            control.open_vouched(vouched(email=email))


def test_a_logout_counts_to_its_second(control, clock, ana):
    secret = control.open_vouched(vouched())
    before = clock.instant // SECOND - 1
    assert control.end_vouched(ISSUER, "user-1", "", before) == 0
    assert control.session_viewer(secret) == ana
    assert control.end_vouched(ISSUER, "user-1", "", before + 1) == 1
    assert control.session_viewer(secret) is None


def test_a_logout_leaves_links_keys_and_passwords_alone(control, clock, matching, ana):
    control.set_password(ana.account_id, GOOD)
    others = [
        control.open_link(control.create_link(ana)),
        control.open_password(EMAIL, GOOD),
    ]
    control.open_vouched(vouched())
    assert control.end_vouched(ISSUER, "user-1", "", clock.instant // SECOND) == 1
    assert [control.session_viewer(one) for one in others] == [ana, ana]


def test_unlinking_ends_what_single_sign_on_opened_and_no_more(control, ana, enter):
    by_link, by_provider = enter(ana), control.open_vouched(vouched())
    assert control.unlink(ana.account_id) == 1
    assert control.session_viewer(by_provider) is None
    assert control.session_viewer(by_link) == ana
    assert control.unlink(ana.account_id) == 0
