from __future__ import annotations

import pytest

from mileage.domain.errors import Unauthorised
from mileage.domain.people import OPERATOR, Viewer
from mileage.domain.sign_in import MINUTE, SessionLimits
from mileage.store.control import open_control
from mileage.store.control.schema import SESSION, SIGN_IN_LINK
from mileage.store.control.sign_in import LINK_LIFE

IDLE_LIMIT, SESSION_LIFE, _ = SessionLimits()


@pytest.fixture
def ana(control):
    return Viewer(control.ensure_account("ana@x.example"), "ana@x.example")


@pytest.fixture
def operator_session(control):
    return control.open_link(control.create_link(OPERATOR))


def count(control, table):
    with control._database.reading() as connection:
        return len(connection.execute(table.select()).all())


def test_a_link_opens_a_session_of_the_operator(control):
    link = control.create_link(OPERATOR)
    session = control.open_link(link)
    assert link.startswith("mlg_l_")
    assert session.startswith("mlg_s_")
    assert control.session_viewer(session) == OPERATOR


def test_a_link_opens_a_session_of_a_person(control, ana):
    session = control.open_link(control.create_link(ana))
    assert control.session_viewer(session) == ana


def test_an_operator_with_an_account_keeps_both(control, ana):
    viewer = Viewer(ana.account_id, ana.name, operator=True)
    session = control.open_link(control.create_link(viewer))
    assert control.session_viewer(session) == viewer


def test_a_link_opens_once(control):
    link = control.create_link(OPERATOR)
    control.open_link(link)
    with pytest.raises(Unauthorised, match="ask for another"):
        control.open_link(link)
    assert count(control, SESSION) == 1


def test_a_link_opens_once_in_all_processes(control, path, clock):
    link = control.create_link(OPERATOR)
    with open_control(path, clock=clock) as other:
        other.open_link(link)
    with pytest.raises(Unauthorised):
        control.open_link(link)


@pytest.mark.parametrize("link", ["", "x", "mlg_l_" + "a" * 43, "\udcff\ud800"])
def test_what_is_no_link_opens_nothing(control, link):
    control.create_link(OPERATOR)
    with pytest.raises(Unauthorised):
        control.open_link(link)
    assert count(control, SESSION) == 0


def test_a_link_ends_by_itself(control, clock):
    early, late = control.create_link(OPERATOR), control.create_link(OPERATOR)
    clock.instant += LINK_LIFE - 1
    control.open_link(early)
    clock.instant += 1
    with pytest.raises(Unauthorised):
        control.open_link(late)


def test_a_link_may_live_longer(control, clock):
    link = control.create_link(OPERATOR, valid_for=10 * LINK_LIFE)
    clock.instant += 9 * LINK_LIFE
    assert control.open_link(link)


def test_a_link_is_no_session_and_a_session_no_link(control, operator_session):
    link = control.create_link(OPERATOR)
    assert control.session_viewer(link) is None
    with pytest.raises(Unauthorised):
        control.open_link(operator_session)


@pytest.mark.parametrize("session", ["", "mlg_s_", "mlg_s_" + "a" * 43, "a" * 10**6])
def test_an_unknown_session_has_no_viewer(control, operator_session, session):
    assert operator_session
    assert control.session_viewer(session) is None


def test_two_links_open_two_sessions(control, ana):
    sessions = {control.open_link(control.create_link(ana)) for _ in range(5)}
    assert len(sessions) == 5
    assert {control.session_viewer(one) for one in sessions} == {ana}


def test_a_session_that_is_used_goes_on(control, clock, operator_session):
    for _ in range(20):
        clock.instant += IDLE_LIMIT - MINUTE
        assert control.session_viewer(operator_session) == OPERATOR


def test_an_idle_session_ends(control, clock, operator_session):
    clock.instant += IDLE_LIMIT
    assert control.session_viewer(operator_session) is None


def test_the_last_idle_instant_still_counts(control, clock, operator_session):
    clock.instant += IDLE_LIMIT - 1
    assert control.session_viewer(operator_session) == OPERATOR


def test_even_a_busy_session_ends(control, clock, operator_session):
    end = clock.instant + SESSION_LIFE
    while clock.instant + IDLE_LIMIT // 2 < end:
        clock.instant += IDLE_LIMIT // 2
        assert control.session_viewer(operator_session) == OPERATOR
    clock.instant = end
    assert control.session_viewer(operator_session) is None


def test_looking_is_written_down_once_a_minute(control, clock, operator_session):
    def seen():
        with control._database.reading() as connection:
            return connection.execute(SESSION.select()).one().last_seen_at

    opened = clock.instant
    clock.instant += MINUTE - 1
    control.session_viewer(operator_session)
    assert seen() == opened
    clock.instant += 1
    control.session_viewer(operator_session)
    assert seen() == clock.instant == opened + MINUTE


def test_a_closed_session_is_over_everywhere(control, path, clock, operator_session):
    with open_control(path, clock=clock) as other:
        other.close(operator_session)
    assert control.session_viewer(operator_session) is None


def test_closing_one_session_leaves_the_others(control, operator_session):
    other = control.open_link(control.create_link(OPERATOR))
    control.close(operator_session)
    control.close("mlg_s_nothing")
    assert control.session_viewer(other) == OPERATOR


@pytest.mark.parametrize("scope", ["read", "operator"])
def test_a_key_opens_a_session_like_itself(control, ana, scope):
    key = control.create_key(ana.account_id, scope).secret
    session = control.open_key(key)
    assert control.session_viewer(session) == control.key_viewer(key)


def test_a_key_opens_as_often_as_wanted(control, ana):
    key = control.create_key(ana.account_id, "read").secret
    assert control.open_key(key) != control.open_key(key)


@pytest.mark.parametrize("key", ["", "mlg_k_" + "a" * 43])
def test_an_unknown_key_opens_nothing(control, key):
    with pytest.raises(Unauthorised, match="mileage key list"):
        control.open_key(key)


def test_a_revoked_key_takes_its_sessions_with_it(control, ana, operator_session):
    key = control.create_key(ana.account_id, "read")
    session = control.open_key(key.secret)
    control.revoke_key(key.credential_id)
    assert control.session_viewer(session) is None
    assert control.session_viewer(operator_session) == OPERATOR
    with pytest.raises(Unauthorised):
        control.open_key(key.secret)


def test_sessions_and_links_that_are_over_are_forgotten(control, clock):
    control.open_link(control.create_link(OPERATOR))
    control.create_link(OPERATOR)
    clock.instant += IDLE_LIMIT
    session = control.open_link(control.create_link(OPERATOR))
    assert count(control, SESSION) == 1
    assert count(control, SIGN_IN_LINK) == 1
    clock.instant += SESSION_LIFE
    control.open_link(control.create_link(OPERATOR))
    assert count(control, SESSION) == 1
    assert control.session_viewer(session) is None


def test_a_link_to_nobody_shows_nothing(control):
    session = control.open_link(control.create_link(Viewer("", "nobody")))
    assert control.session_viewer(session) is None
