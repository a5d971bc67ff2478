from __future__ import annotations

import pytest

from mileage.domain.audit_policy import Brakes
from mileage.domain.directory import ORGANISATION, NamedRead, PersonRow
from mileage.domain.errors import TooMany
from mileage.domain.oversight import Counted, DaysReader, LogState
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control.checkpoints import StoredCheckpoint

BO, CY = Viewer("acc_bo", "Bo"), Viewer("acc_cy", "Cy", through="api")


def read(viewer, *named, report="board", purpose="board"):
    return NamedRead(viewer, purpose, report, ORGANISATION, len(named), "", named)


def test_nothing_is_said_of_empty_logs(control):
    assert control.stopped(0, 9) == control.readers_since(0, 9) == ()
    assert control.counted_since(0) == ()
    assert control.logs() == (
        LogState("access", 0, 0, None),
        LogState("changes", 0, 0, None),
    )


def test_whoever_was_stopped_is_listed_once_a_day_by_the_name_of_today(control, clock):
    row = PersonRow("ana@x.example", "Ana", "person", "", "", "", "", None, None)
    control.import_people([row])
    ana = Viewer(control.account_of_email("ana@x.example").account_id, "Ana")
    control.brake(Brakes(people=1, exports=1))
    for viewer in (ana, ana, BO):
        with pytest.raises(TooMany):
            control.record_access(read(viewer, "acc_1", "acc_2"))
    control.record_access(read(CY, "acc_1"))
    with pytest.raises(TooMany):
        control.record_access(read(CY, "acc_1"))
    control.create_token(collector="gate")
    found = control.stopped(0, 9)
    assert [(one.name, one.what) for one in found] == [
        ("acc_cy", "exports"),
        ("acc_bo", "people"),
        ("Ana", "people"),
    ]
    assert {one.detail for one in found} == {"limit 1 a day"}
    assert control.stopped(0, 1) == found[:1]
    clock.forward(hours=1)
    assert control.stopped(clock.instant, 9) == ()


def test_who_reads_most_comes_first_and_operators_are_left_out(control, clock):
    control.record_access(read(BO, "acc_old"))
    clock.forward(hours=1)
    since = clock.instant
    control.record_access(read(BO, "acc_1"))
    for named in (("acc_1",), ("acc_1", "acc_2", "acc_3")):
        control.record_access(read(CY, *named))
        control.record_access(read(OPERATOR, *named))
    assert control.readers_since(since, 9) == (
        DaysReader("acc_cy", "Cy", 2, 2, 3, since),
        DaysReader("acc_bo", "Bo", 1, 0, 1, since),
    )
    assert len(control.readers_since(0, 1)) == 1


def test_reads_are_counted_by_report_and_purpose(control):
    for viewer in (BO, CY, CY):
        control.record_access(read(viewer, "acc_1"))
    control.record_access(read(BO, "acc_1", report="personal", purpose="support"))
    assert control.counted_since(0) == (
        Counted("board", "board", 3, 2),
        Counted("personal", "support", 1, 1),
    )
    assert control.counted_since(control.now() + 1) == ()


def test_logs_say_how_far_they_are_signed(control):
    for _ in range(3):
        control.record_access(read(BO, "acc_1"))
    for size in (1, 2):
        control.add_checkpoint("access", StoredCheckpoint(size, size * 10, b"", "note"))
    assert control.logs() == (
        LogState("access", 3, 2, 20),
        LogState("changes", 0, 0, None),
    )
