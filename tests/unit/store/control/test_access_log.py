from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy

from mileage.domain.directory import ORGANISATION, AccessRow, NamedRead
from mileage.domain.errors import Unavailable
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control import open_control
from mileage.store.control.schema import ACCESS_ROW

BO = Viewer("acc_bo", "Bo")


def board(viewer=BO, **other):
    stated = {"purpose": "board", "report": "board", "subject": ORGANISATION}
    return NamedRead(
        viewer, **{**stated, "subjects": 250, "detail": "lens=cost", **other}
    )


def page(subject, viewer=OPERATOR):
    return NamedRead(viewer, "operations", "personal", subject, 1)


def test_a_read_is_kept_as_it_was(control, clock):
    control.record_access(board())
    assert control.access_rows() == (
        AccessRow(
            row_id=1,
            at=clock.instant,
            viewer="acc_bo",
            viewer_name="Bo",
            purpose="board",
            report="board",
            subject="org",
            subjects=250,
            detail="lens=cost",
        ),
    )


def test_a_read_is_on_disk_before_the_call_returns(control, path):
    control.record_access(board())
    other = sqlite3.connect(path)
    assert other.execute("SELECT viewer_name FROM access_row").fetchall() == [("Bo",)]
    other.close()


def test_reads_are_listed_newest_first(control, clock):
    for report in ("one", "two", "three"):
        clock.forward(seconds=1)
        control.record_access(board(report=report))
    listed = control.access_rows()
    assert [row.report for row in listed] == ["three", "two", "one"]
    assert [row.at for row in listed] == sorted(
        (row.at for row in listed), reverse=True
    )
    assert [row.report for row in control.access_rows(limit=2)] == ["three", "two"]


def test_a_person_sees_who_looked_by_name(control):
    control.record_access(page("acc_ana"))
    control.record_access(page("acc_zoe"))
    control.record_access(board())
    seen = control.access_rows(subject="acc_ana")
    assert [(row.viewer_name, row.subject) for row in seen] == [
        ("Bo", "org"),
        ("operator", "acc_ana"),
    ]


def test_the_name_of_who_looked_stays_what_it_was(control):
    control.record_access(board(Viewer("acc_bo", "Bo")))
    control.record_access(board(Viewer("acc_bo", "Bo Married")))
    assert [row.viewer_name for row in control.access_rows()] == ["Bo Married", "Bo"]


def test_two_processes_write_one_log(control, path, clock):
    with open_control(path, clock=clock) as other:
        for _ in range(5):
            control.record_access(board())
            other.record_access(page("acc_ana"))
        assert len(other.access_rows()) == len(control.access_rows()) == 10


@pytest.mark.parametrize(
    "statement",
    [
        ACCESS_ROW.update().values(viewer_name="somebody else"),
        ACCESS_ROW.delete(),
        ACCESS_ROW.delete().where(ACCESS_ROW.c.row_id == 1),
    ],
)
def test_nobody_rewrites_the_log(control, statement):
    control.record_access(board())
    before = control.access_rows()
    with (
        pytest.raises(sqlalchemy.exc.IntegrityError, match="append-only"),
        control._database.writing() as connection,
    ):
        connection.execute(statement)
    assert control.access_rows() == before


def test_a_read_that_cannot_be_recorded_raises(control):
    def refuse_writes(connection, _record, _proxy):
        connection.execute("PRAGMA query_only = ON")

    sqlalchemy.event.listen(control._database._engine, "checkout", refuse_writes)
    with pytest.raises(Unavailable, match="try again"):
        control.record_access(board())
    assert control.access_rows() == ()


def test_hostile_text_is_text(control):
    hostile = "'); DROP TABLE access_row; --\x00\n"
    control.record_access(board(detail=hostile, report=hostile))
    (row,) = control.access_rows()
    assert (row.detail, row.report) == (hostile, hostile)
