"""How far back oversight looks, how much it lists, and who learns of it."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from mileage.access.roles import shipped_roles
from mileage.domain.audit_policy import Brakes
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import TooMany
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.reports import oversight
from mileage.reports.gate import Gate
from mileage.reports.oversight import DAY, DAYS, Oversight
from mileage.store.control import open_control

MIDNIGHT = 20_780 * DAY
BO, CY = Viewer("acc_bo", "Bo"), Viewer("acc_cy", "Cy")
STEWARD = Viewer("acc_steward", "Sam", roles=(HeldRole("steward"),))
COUNCIL = Viewer("acc_council", "Kim", roles=(HeldRole("works-council"),))
AUDITOR = Viewer("acc_auditor", "Ida", roles=(HeldRole("auditor"),))


class Watched:
    """An access log at an hour that the test sets, and the page about it."""

    def __init__(self, control, clock):
        self.control, self._clock = control, clock
        gate = Gate(control, shipped_roles, lambda: date(2026, 11, 22))
        self._desk = Oversight(gate, control, Brakes(people=7, exports=5))

    def at(self, instant):
        self._clock[0] = instant
        return self

    def read(self, viewer, *named, report="board", purpose="board"):
        of = (report, ORGANISATION, len(named), "", named)
        self.control.record_access(NamedRead(viewer, purpose, *of))

    def stop(self, *viewers):
        self.control.brake(Brakes(people=1, exports=0))
        for one in viewers:
            with pytest.raises(TooMany):
                self.read(one, "acc_1", "acc_2")
        self.control.brake(Brakes(people=0, exports=0))

    def page(self, viewer=OPERATOR):
        return self._desk.page(viewer, None if viewer.operator else "oversight")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A new control plane to copy: running the migrations each time is slow."""
    path = tmp_path_factory.mktemp("template") / "control.sqlite"
    open_control(path, clock=lambda: MIDNIGHT).dispose()
    return path


@pytest.fixture
def watched(tmp_path, template):
    clock = [MIDNIGHT]
    shutil.copy(template, tmp_path / "control.sqlite")
    with open_control(tmp_path / "control.sqlite", clock=lambda: clock[0]) as control:
        yield Watched(control, clock)


def test_today_begins_at_midnight_and_yesterday_is_only_counted(watched):
    watched.at(MIDNIGHT - 1).read(BO, "acc_1")
    watched.at(MIDNIGHT).read(CY, "acc_1")
    page = watched.at(MIDNIGHT + DAY - 1).page()
    assert [(one.name, one.last) for one in page.readers] == [("Cy", MIDNIGHT)]
    assert [(one.reads, one.readers) for one in page.counted] == [(2, 2)]


def test_what_is_thirty_days_old_is_in_and_the_instant_before_is_not(watched):
    watched.at(MIDNIGHT - 1).stop(BO)
    watched.read(BO, "acc_1")
    watched.at(MIDNIGHT).stop(CY)
    watched.read(CY, "acc_1", report="personal", purpose="support")
    page = watched.at(MIDNIGHT + DAYS * DAY).page()
    assert page.since == MIDNIGHT
    assert [one.account_id for one in page.stopped] == ["acc_cy"]
    assert [(one.report, one.purpose) for one in page.counted] == [
        ("personal", "support")
    ]


def test_lists_end_and_the_last_ones_stay(watched, monkeypatch):
    monkeypatch.setattr(oversight, "SHOWN", 3)
    many = [Viewer(f"acc_p{n}", f"P{n}") for n in range(4)]
    watched.stop(*many)
    for one in many:
        watched.read(one, "acc_1")
    watched.read(many[-1], "acc_1")
    page = watched.page()
    assert len(page.stopped) == len(page.readers) == len(page.changes) == 3
    assert page.stopped[0].account_id == many[-1].account_id
    assert many[0].account_id not in {one.account_id for one in page.stopped}
    assert [one.account_id for one in page.readers[:2]] == [
        many[-1].account_id,
        many[0].account_id,
    ]


def test_a_council_counts_people_and_not_how_often_each_was_stopped(watched):
    watched.stop(BO, CY)
    watched.at(MIDNIGHT + DAY).stop(BO)
    council = watched.page(COUNCIL)
    assert (council.stopped, council.stopped_people) == (None, 2)
    assert [one.account_id for one in watched.page(STEWARD).stopped] == [
        "acc_bo",
        "acc_cy",
        "acc_bo",
    ]


def test_the_limits_shown_are_those_in_force_and_signatures_of_each_log(watched):
    watched.read(BO, "acc_1")
    page = watched.page(COUNCIL)
    assert (page.brakes.people, page.brakes.exports) == (7, 5)
    assert [(one.entries, one.signed, one.signed_at) for one in page.logs] == [
        (1, 0, None),
        (0, 0, None),
    ]


def test_each_opening_counts_from_the_next_one_on(watched):
    watched.read(BO, "acc_1")
    first, second = watched.page(AUDITOR), watched.page(AUDITOR)
    assert [one.report for one in first.counted] == ["board"]
    assert {(one.report, one.purpose, one.reads) for one in second.counted} == {
        ("board", "board", 1),
        ("oversight", "oversight", 1),
    }
    assert "acc_auditor" in {one.account_id for one in second.readers}


def test_of_whom_it_names_each_learns_of_it_once_and_nobody_else(watched):
    watched.stop(BO, CY)
    watched.read(BO, "acc_1", "acc_2")
    watched.page(STEWARD)
    row = watched.control.access_rows(limit=1)[0]
    assert (row.viewer, row.report, row.subjects) == ("acc_steward", "oversight", 2)
    for name in ("acc_bo", "acc_cy"):
        (seen,) = watched.control.readers_of(name)
        assert (seen.viewer, seen.report) == ("acc_steward", "oversight")
    assert [one.report for one in watched.control.readers_of("acc_1")] == ["board"]


def test_whoever_made_a_change_is_named_to_the_auditor_alone(watched):
    someone = watched.control.ensure_account("ana@x.example")
    who = Viewer(someone, "Ana")
    watched.control.take_part(who, someone, "hidden", stated=False)
    watched.page(STEWARD)
    assert watched.control.readers_of(someone) == ()
    assert {one.actor for one in watched.page(AUDITOR).changes} == {someone}
    (row,) = watched.control.readers_of(someone)
    assert row.viewer == "acc_auditor"
