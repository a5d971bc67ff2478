"""Sessions: their limits, the list of them, and ending them."""

from __future__ import annotations

import pytest

from mileage.domain.errors import NotFound, Unauthorised
from mileage.domain.people import OPERATOR, Viewer
from mileage.domain.sign_in import HOUR, MINUTE, SessionLimits
from mileage.store.control import open_control
from mileage.store.control.schema import ACCOUNT, SESSION


@pytest.fixture
def ana(control):
    return Viewer(control.ensure_account("ana@x.example"), "ana@x.example")


@pytest.fixture
def ben(control):
    return Viewer(control.ensure_account("ben@x.example"), "ben@x.example")


@pytest.fixture
def enter(control):
    def opened(viewer, device=""):
        return control.open_link(control.create_link(viewer), device)

    return opened


def disable(control, viewer, at=1):
    with control._database.writing() as connection:
        connection.execute(
            ACCOUNT.update()
            .where(ACCOUNT.c.account_id == viewer.account_id)
            .values(disabled_at=at)
        )


def actions(control):
    return [(row.action, row.subject, row.actor) for row in control.audit_rows()]


def test_the_list_says_what_opened_a_session_and_where(control, clock, ana, enter):
    key = control.create_key(ana.account_id, "read").secret
    enter(ana, "Firefox on Linux")
    clock.forward(minutes=5)
    control.open_key(key, "Safari on iOS")
    first, second = control.open_sessions(ana)
    assert (first.method, first.device) == ("link", "Firefox on Linux")
    assert (second.method, second.device) == ("key", "Safari on iOS")
    assert second.created_at - first.created_at == 5 * MINUTE
    assert first.name == ana.name


def test_the_list_shows_no_secret(control, ana, enter):
    secret = enter(ana)
    (listed,) = control.open_sessions(ana)
    assert secret not in str(listed)
    assert control.session_viewer(listed.session_id) is None
    with pytest.raises(Unauthorised):
        control.open_link(listed.session_id)


def test_each_sees_only_their_own(control, ana, ben, enter):
    enter(ana)
    enter(ben)
    enter(OPERATOR)
    assert [one.account_id for one in control.open_sessions(ana)] == [ana.account_id]
    assert [one.name for one in control.open_sessions(OPERATOR)] == ["operator"]
    assert len(control.open_sessions()) == 3


def test_the_list_leaves_out_what_is_over(control, clock, ana, enter):
    control.limit_sessions(SessionLimits(idle=HOUR, longest=2 * HOUR))
    idle, used = enter(ana), enter(ana)
    clock.forward(minutes=50)
    assert control.session_viewer(used)
    clock.forward(minutes=10)
    assert control.session_viewer(idle) is None
    (left,) = control.open_sessions(ana)
    assert left.session_id == control.session_id(used)
    assert left.ends_at == left.last_seen_at + HOUR


def test_a_session_says_when_it_ends_at_the_latest(control, clock, ana, enter):
    control.limit_sessions(SessionLimits(idle=2 * HOUR, longest=3 * HOUR))
    secret, began = enter(ana), clock.instant
    clock.forward(minutes=110)
    control.session_viewer(secret)
    assert control.open_sessions(ana)[0].ends_at == began + 3 * HOUR


def test_limits_hold_for_sessions_opened_after_them(control, clock, ana, enter):
    before = enter(ana)
    control.limit_sessions(SessionLimits(idle=MINUTE, longest=HOUR))
    after = enter(ana)
    clock.forward(minutes=2)
    assert control.session_viewer(before) == ana
    assert control.session_viewer(after) is None


def test_one_session_too_many_ends_the_one_unused_the_longest(
    control, clock, ana, ben, enter
):
    control.limit_sessions(SessionLimits(most=2))
    other = enter(ben)
    first, second = enter(ana), enter(ana)
    clock.forward(minutes=2)
    assert control.session_viewer(first)
    third = enter(ana)
    assert control.session_viewer(second) is None
    assert control.session_viewer(first) == control.session_viewer(third) == ana
    assert control.session_viewer(other) == ben


def test_a_person_ends_one_of_their_sessions(control, path, clock, ana, enter):
    keep, lost = enter(ana), enter(ana)
    with open_control(path, clock=clock) as another_process:
        another_process.end_session(control.session_id(lost), ana)
    assert control.session_viewer(lost) is None
    assert control.session_viewer(keep) == ana
    assert ("session ended", actions(control)[0][1], ana.account_id) in actions(control)


@pytest.mark.parametrize("whose", ["ben", "operator"])
def test_nobody_ends_what_is_not_theirs(control, ana, ben, enter, whose):
    theirs = enter(ben if whose == "ben" else OPERATOR)
    unknown = "ses_aaaaaaaaaaaaaaaa"
    messages = set()
    for wanted in (control.session_id(theirs), unknown, "", "ses_' or 1=1"):
        with pytest.raises(NotFound) as refused:
            control.end_session(wanted, ana)
        messages.add(str(refused.value))
    assert len(messages) == 1, "that it exists is told"
    assert control.session_viewer(theirs) is not None


def test_the_operator_ends_any(control, ana, enter):
    secret = enter(ana)
    control.end_session(control.session_id(secret), OPERATOR, own=False)
    assert control.session_viewer(secret) is None


def test_all_but_this_one(control, ana, ben, enter):
    mine, theirs = [enter(ana) for _ in range(3)], enter(ben)
    assert control.end_sessions(ana, ana, but=mine[1]) == 2
    assert [control.session_viewer(one) for one in mine] == [None, ana, None]
    assert control.end_sessions(ana, ana) == 1
    assert control.session_viewer(theirs) == ben


def test_everybody_everywhere(control, ana, enter):
    secrets = [enter(ana), enter(OPERATOR)]
    assert control.end_all_sessions(OPERATOR) == 2
    assert [control.session_viewer(one) for one in secrets] == [None, None]


def test_what_opens_and_ends_is_on_record_without_secrets(control, ana, enter):
    secret = enter(ana)
    session_id = control.session_id(secret)
    control.end_session(session_id, ana)
    rows = [row for row in control.audit_rows() if row.subject == session_id]
    assert [row.action for row in rows] == ["session ended", "session opened"]
    assert secret not in str(control.audit_rows())


def test_a_disabled_account_is_out_at_its_next_request(control, ana, ben, enter):
    key = control.create_key(ana.account_id, "read").secret
    token = control.create_token(account_id=ana.account_id).secret
    secret, other = enter(ana), enter(ben)
    assert control.credential(token).account_id == ana.account_id
    disable(control, ana)
    assert control.session_viewer(secret) is None
    assert control.key_viewer(key) is None
    with pytest.raises(Unauthorised, match="disabled"):
        control.credential(token)
    assert control.session_viewer(other) == ben


def test_a_disabled_account_gets_nothing_new(control, ana, enter):
    key = control.create_key(ana.account_id, "read").secret
    disable(control, ana)
    with pytest.raises(Unauthorised, match="disabled"):
        enter(ana)
    with pytest.raises(Unauthorised):
        control.open_key(key)
    with control._database.reading() as connection:
        assert connection.execute(SESSION.select()).all() == []


def test_what_is_no_session_has_no_id(control):
    assert control.session_id("mlg_s_" + "a" * 43) == ""
    assert control.session_id("x" * 10_000) == ""
