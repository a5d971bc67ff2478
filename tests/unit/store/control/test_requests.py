"""What people ask for about their own data: filed, answered, withdrawn, heeded."""

from __future__ import annotations

import pytest

from mileage.domain.errors import Conflict, Invalid, NotFound
from mileage.domain.people import OPERATOR, Viewer
from mileage.domain.rights import LONGEST_TEXT, MOST_OPEN, REQUEST_KINDS, Answer
from mileage.store.control import open_control
from mileage.store.control.requests import checked_text


@pytest.fixture
def ana(control):
    return Viewer(control.ensure_account("ana@x.example"), "Ana")


@pytest.fixture
def bo(control):
    return Viewer(control.ensure_account("bo@x.example"), "Bo")


def ask(control, viewer, kind="objection", text="Please."):
    return control.file_request(viewer, viewer.account_id, kind, text)


def states(control, viewer):
    return [one.state for one in control.requests(account_id=viewer.account_id)]


def grant(control, request_id, text="Done."):
    control.answer_request(OPERATOR, Answer(request_id, granted=True, text=text))


def decline(control, request_id, text="It is right."):
    control.answer_request(OPERATOR, Answer(request_id, granted=False, text=text))


@pytest.mark.parametrize("kind", REQUEST_KINDS)
def test_a_request_is_as_it_was_asked(control, clock, ana, kind):
    request_id = ask(control, ana, kind, "  One.\r\nTwo.  ")
    (found,) = control.requests()
    assert (found.request_id, found.account_id) == (request_id, ana.account_id)
    assert (found.kind, found.text, found.state) == (kind, "One.\nTwo.", "open")
    assert (found.filed_at, found.answered_at) == (clock.instant, None)
    assert (found.answered_by, found.answer) == ("", "")
    assert found.holds == (kind == "objection")


def test_the_same_thing_may_be_asked_for_twice(control, ana):
    first, second = ask(control, ana), ask(control, ana)
    assert first != second
    assert states(control, ana) == ["open", "open"]
    # The objection is heeded until the last of them has ended.
    control.withdraw_request(ana, first)
    assert control.objectors() == {ana.account_id}
    decline(control, second)
    assert control.objectors() == frozenset()


def test_an_answer_is_final_but_for_an_objection_that_was_granted(control, clock, ana):
    granted, declined = ask(control, ana), ask(control, ana)
    clock.forward(days=1)
    grant(control, granted)
    decline(control, declined)
    for one in (granted, declined):
        with pytest.raises(NotFound):
            grant(control, one)
    with pytest.raises(NotFound):
        control.withdraw_request(ana, declined)
    (first, second) = control.requests()
    assert {first.answered_at, second.answered_at} == {clock.instant}
    assert {first.answered_by, second.answered_by} == {"operator"}
    control.withdraw_request(ana, granted)
    assert sorted(states(control, ana)) == ["declined", "withdrawn"]
    with pytest.raises(NotFound):
        control.withdraw_request(ana, granted)


def test_nobody_withdraws_what_another_asked_for(control, ana, bo):
    request_id = ask(control, ana)
    for stranger in (bo, OPERATOR, Viewer("", "nobody")):
        with pytest.raises(NotFound):
            control.withdraw_request(stranger, request_id)
    assert states(control, ana) == ["open"]


@pytest.mark.parametrize("request_id", ["", "ask_", "ask_nobody", "%", "' or 1=1 --"])
def test_there_is_no_such_request(control, ana, request_id):
    ask(control, ana)
    for end in (grant, decline):
        with pytest.raises(NotFound):
            end(control, request_id)
    with pytest.raises(NotFound):
        control.withdraw_request(ana, request_id)
    assert states(control, ana) == ["open"]


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "x" * (LONGEST_TEXT + 1), "a\tb", "\0"]
)
def test_an_answer_that_cannot_be_read_answers_nothing(control, ana, text):
    request_id = ask(control, ana)
    with pytest.raises(Invalid):
        grant(control, request_id, text)
    assert states(control, ana) == ["open"]
    assert [row.action for row in control.audit_rows()] == ["objection asked for"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * LONGEST_TEXT, "x" * LONGEST_TEXT),
        (f" {'x' * LONGEST_TEXT}\n", "x" * LONGEST_TEXT),
        ("a\r\nb", "a\nb"),
        ("Zo\u00eb \u2764 \u4e2d", "Zo\u00eb \u2764 \u4e2d"),
        ("<script>", "<script>"),
        ("'; drop table account; --", "'; drop table account; --"),
    ],
)
def test_what_people_write_is_kept_as_it_is(text, kept):
    assert checked_text(text) == kept


@pytest.mark.parametrize("text", ["a\rb", "a\x1b[31mb", "a\u202eb", "\u2028", "\x7f"])
def test_what_could_deceive_in_a_terminal_is_refused(text):
    with pytest.raises(Invalid):
        checked_text(f"a{text}b")


def test_only_those_that_wait_count_against_the_limit(control, ana, bo):
    filed = [ask(control, ana, "correction") for _ in range(MOST_OPEN)]
    with pytest.raises(Conflict, match=f"{MOST_OPEN} requests"):
        ask(control, ana, "erasure")
    ask(control, bo)
    decline(control, filed[0])
    control.withdraw_request(ana, filed[1])
    ask(control, ana)
    ask(control, ana)
    with pytest.raises(Conflict):
        ask(control, ana)
    assert len(control.requests(waiting=True)) == MOST_OPEN + 1


def test_nobody_asks_for_somebody_who_is_not_there(control):
    with pytest.raises(NotFound):
        control.file_request(OPERATOR, "acc_nobody", "erasure", "Please.")
    assert control.requests() == ()
    assert control.audit_rows() == ()


def test_the_list_is_oldest_first_and_of_whom_one_asks_for(control, clock, ana, bo):
    filed = []
    for viewer in (ana, bo, ana):
        filed.append(ask(control, viewer, "correction"))
        clock.forward(minutes=1)
    assert [one.request_id for one in control.requests()] == filed
    own = control.requests(account_id=ana.account_id)
    assert [one.request_id for one in own] == [filed[0], filed[2]]
    grant(control, filed[0])
    waiting = control.requests(account_id=ana.account_id, waiting=True)
    assert [one.request_id for one in waiting] == [filed[2]]


def test_an_objection_is_in_force_in_another_process_at_once(control, path, clock, ana):
    with open_control(path, clock=clock) as other:
        assert other.objectors() == frozenset()
        request_id = ask(control, ana)
        assert other.objectors() == {ana.account_id}
        other.withdraw_request(ana, request_id)
        assert control.objectors() == frozenset()


@pytest.mark.parametrize("kind", ["correction", "erasure"])
def test_other_requests_take_nobody_off_the_boards(control, ana, kind):
    grant(control, ask(control, ana, kind))
    assert control.objectors() == frozenset()


def test_each_step_is_on_record_without_its_words(control, ana):
    request_id = ask(control, ana, text="Zoe bullies me.")
    grant(control, request_id, "We talk to Zoe.")
    control.withdraw_request(ana, request_id)
    rows = control.audit_rows()
    assert [row.action for row in rows] == [
        *("request withdrawn", "request granted", "objection asked for"),
    ]
    assert {row.subject for row in rows} == {request_id}
    assert "Zoe" not in str(rows)
