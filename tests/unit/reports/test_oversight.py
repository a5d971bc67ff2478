"""Who sees what of how people's figures are read, and that this is a read as well."""

from __future__ import annotations

from datetime import date

import pytest

from mileage.access.roles import shipped_roles
from mileage.cli.options import control_in
from mileage.domain.audit_policy import Brakes
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import Dark, PurposeMissing, Refused, TooMany
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.reports.gate import Gate
from mileage.reports.oversight import Oversight

BO = Viewer("acc_bo", "Bo")


def holding(role):
    return Viewer(f"acc_{role}", role, roles=(HeldRole(role),))


@pytest.fixture
def control(tmp_path):
    with control_in(tmp_path) as opened:
        opened.brake(Brakes(people=2, exports=0))
        opened.record_access(
            NamedRead(BO, "board", "board", ORGANISATION, 2, "", ("acc_1", "acc_2"))
        )
        with pytest.raises(TooMany):
            opened.record_access(
                NamedRead(BO, "board", "board", ORGANISATION, 1, "", ("acc_3",))
            )
        opened.brake(Brakes(people=0, exports=0))
        yield opened


@pytest.fixture
def oversight(control):
    gate = Gate(control, shipped_roles, lambda: date(2026, 11, 22))
    return Oversight(gate, control, Brakes())


@pytest.mark.parametrize(
    ("role", "parts"),
    [
        ("steward", (True, True, False)),
        ("auditor", (True, True, True)),
        ("works-council", (False, False, False)),
    ],
)
def test_each_role_sees_its_parts(oversight, role, parts):
    page = oversight.page(holding(role), "oversight")
    shown = (page.stopped, page.readers, page.changes)
    assert tuple(one is not None for one in shown) == parts
    assert page.stopped_people == 1
    assert [(one.report, one.reads, one.readers) for one in page.counted] == [
        ("board", 1, 1)
    ]
    assert [one.log for one in page.logs] == ["access", "changes"]


def test_the_operator_sees_all_and_is_recorded(oversight, control):
    page = oversight.page(OPERATOR)
    assert page.purpose == "operations"
    assert page.stopped[0].account_id == page.readers[0].account_id == "acc_bo"
    assert page.changes
    assert control.access_rows()[0].report == "oversight"


def test_others_are_refused_and_a_purpose_is_asked_for(oversight, control):
    before = control.access_rows()
    for role in ("finance", "executive", "administrator", "member"):
        with pytest.raises(Refused, match="/access"):
            oversight.page(holding(role), "oversight")
    with pytest.raises(PurposeMissing):
        oversight.page(holding("auditor"))
    assert control.access_rows() == before


def test_whom_it_names_can_see_that_it_was_opened(oversight, control):
    oversight.page(holding("steward"), "oversight")
    (row,) = control.readers_of("acc_bo")
    assert (row.report, row.viewer, row.purpose) == (
        "oversight",
        "acc_steward",
        "oversight",
    )


def test_what_names_nobody_leaves_no_row_that_may_mean_anybody(oversight, control):
    before = control.access_rows()
    oversight.page(holding("works-council"), "oversight")
    assert control.access_rows() == before


def test_in_the_dark_nobody_is_named(oversight, control):
    control.darken(OPERATOR, "a leak")
    with pytest.raises(Dark):
        oversight.page(holding("auditor"), "oversight")
