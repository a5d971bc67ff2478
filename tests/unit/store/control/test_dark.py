"""The dark switch: on by one, off by two, at once for everybody."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from sqlalchemy import event

from mileage.domain.darkness import ASK_HOLDS
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import Dark, Invalid, NotFound, Unavailable
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control import open_control

ANA = Viewer("acc_ana", "Ana")
BO = Viewer("acc_bo", "Bo")
READ = NamedRead(BO, "board", "board", ORGANISATION, 250)


def actions(control):
    return [row.action for row in control.audit_rows()]


def test_it_is_light_at_first(control):
    assert control.darkness() is None
    assert control.last_darkness() is None
    control.record_access(READ)


def test_one_person_turns_it_dark(control, clock):
    made = control.darken(ANA, "figures were in the press")
    assert control.darkness() == made == control.last_darkness()
    assert (made.incident, made.began.at) == (1, clock.instant)
    assert (made.began.actor, made.began.name) == ("acc_ana", "Ana")
    assert made.reason == "figures were in the press."
    assert actions(control) == ["dark on"]


def test_in_the_dark_no_named_read_is_recorded_and_so_none_is_answered(control):
    control.record_access(READ)
    control.darken(OPERATOR, "a leak")
    with pytest.raises(Dark, match="a leak"):
        control.record_access(READ)
    assert len(control.access_rows()) == 1


def test_dark_is_a_kind_of_not_available():
    """Whoever goes without names when a read cannot be recorded does so here, too."""
    assert issubclass(Dark, Unavailable)
    assert (Dark.status, Dark.exit_code) == (503, 4)


def test_another_process_is_dark_at_its_next_request(control, path, clock):
    with open_control(path, clock=clock) as other:
        assert other.darkness() is None
        control.darken(ANA, "a leak")
        assert other.darkness() is not None
        with pytest.raises(Dark):
            other.record_access(READ)
        control.lighten(ANA)
        control.lighten(BO)
        assert other.darkness() is None
        other.record_access(READ)


def test_nobody_ends_it_alone(control, clock):
    control.darken(ANA, "a leak")
    for _ in range(3):
        clock.forward(minutes=1)
        asked = control.lighten(ANA)
        assert asked.ended is None
        assert asked.asked.actor == "acc_ana"
        assert control.darkness() is not None
    assert actions(control) == ["dark off asked"] * 3 + ["dark on"]


def test_the_second_person_ends_it(control):
    control.darken(ANA, "a leak")
    control.lighten(ANA)
    over = control.lighten(BO)
    assert (over.asked.name, over.ended.name) == ("Ana", "Bo")
    assert control.darkness() is None
    assert control.last_darkness() == over
    assert actions(control) == ["dark off", "dark off asked", "dark on"]


def test_the_shell_is_one_person_however_often_it_asks(control):
    control.darken(OPERATOR, "a leak")
    control.lighten(OPERATOR)
    again = Viewer("", "operator of another name", operator=True)
    assert control.lighten(again).ended is None
    assert control.lighten(BO).ended.name == "Bo"


def test_a_request_waits_a_day_for_its_second_person(control, clock):
    control.darken(ANA, "a leak")
    control.lighten(ANA)
    clock.instant += ASK_HOLDS
    late = control.lighten(BO)
    assert late.ended is None
    assert late.asked.actor == "acc_bo"
    clock.instant += ASK_HOLDS - 1
    assert control.lighten(ANA).ended is not None


def test_ending_needs_darkness(control):
    with pytest.raises(NotFound, match="not dark"):
        control.lighten(ANA)
    assert actions(control) == []


@pytest.mark.parametrize("reason", ["", "  \n\t "])
def test_no_reason_no_darkness(control, reason):
    with pytest.raises(Invalid, match="say why"):
        control.darken(ANA, reason)
    assert control.darkness() is None


def test_who_comes_second_finds_it_dark(control):
    first = control.darken(ANA, "a leak")
    assert control.darken(BO, "another reason") == first
    assert actions(control) == ["dark on"]


def test_every_time_in_the_dark_is_an_incident_of_its_own(control):
    for number in (1, 2, 3):
        assert control.darken(ANA, "again").incident == number
        control.lighten(ANA)
        control.lighten(BO)
    assert control.last_darkness().incident == 3


def test_a_request_of_the_last_time_does_not_count_this_time(control):
    control.darken(ANA, "a leak")
    control.lighten(ANA)
    control.lighten(BO)
    control.darken(ANA, "again")
    assert control.lighten(BO).ended is None


def test_the_audit_trail_holds_no_reason(control):
    control.darken(ANA, "Zoe Tremblay sent it to the press")
    (row,) = control.audit_rows()
    assert (row.actor, row.subject, row.detail) == ("acc_ana", "incident 1", "")


def test_many_who_press_at_once_make_one_incident(control, path, clock):
    made = []

    def press(number):
        with open_control(path, clock=clock) as own:
            made.append(own.darken(Viewer(f"acc_{number}", "P"), "a leak"))

    threads = [threading.Thread(target=press, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert {one.incident for one in made} == {1}
    assert len(actions(control)) == 1


def test_the_question_of_every_request_reads_nothing_until_somebody_writes(
    control, path
):
    control.darken(ANA, "a leak")
    control.darkness()
    engine = control._database._engine
    seen = []
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    for _ in range(5):
        assert control.darkness().incident == 1
    assert seen == []
    outside = sqlite3.connect(path)
    outside.execute("UPDATE darkness SET ended_at = 1, ended_by = '', ended_name = ''")
    outside.commit()
    outside.close()
    assert control.darkness() is None
