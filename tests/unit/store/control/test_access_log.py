from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy
from sqlalchemy import select

from mileage.domain.directory import ORGANISATION, AccessRow, NamedRead
from mileage.domain.errors import Unavailable
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control import open_control
from mileage.store.control.schema import ACCESS_ROW
from mileage.store.control.trust_schema import ACCOUNT_SET, NAMED_ACCOUNT

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
            named="",
            through="page",
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


# Whom a read named


ANA, CY, DI = "acc_ana", "acc_cy", "acc_di"


def sets(path):
    with sqlite3.connect(path) as connection:
        (found,) = connection.execute("SELECT count(*) FROM named_account").fetchone()
    connection.close()
    return found


def test_a_board_says_whom_it_named(control):
    control.record_access(board(named=(ANA, CY)))
    (row,) = control.access_rows()
    assert control.named_accounts(row.named) == (ANA, CY)
    assert control.named_accounts("0" * 64) == ()


def test_one_set_is_kept_once_whatever_its_order(control, path):
    for named in ((ANA, CY), (CY, ANA), (CY, ANA, CY)):
        control.record_access(board(named=named))
    assert len({row.named for row in control.access_rows()}) == 1
    assert sets(path) == 2
    control.record_access(board(named=(ANA,)))
    assert sets(path) == 3


def test_ids_that_run_together_are_other_sets(control):
    control.record_access(board(named=("a", "b,c")))
    control.record_access(board(named=("a,b", "c")))
    control.record_access(board(named=('a","b', "c")))
    assert len({row.named for row in control.access_rows()}) == 3


def test_readers_are_those_who_saw_this_person(control):
    control.record_access(page(ANA))
    control.record_access(page(CY))
    control.record_access(board(named=(ANA, CY), detail="both"))
    control.record_access(board(named=(CY, DI), detail="others"))
    control.record_access(board(Viewer(ANA, "Ana"), named=(ANA, CY)))
    control.record_access(board(detail="anybody"))
    assert [row.row_id for row in control.readers_of(ANA)] == [6, 3, 1]
    assert [row.row_id for row in control.readers_of(CY)] == [6, 5, 4, 3, 2]
    assert [row.row_id for row in control.readers_of("acc_new")] == [6]


def test_readers_come_by_pages(control):
    for number in range(7):
        control.record_access(board(named=(ANA,), detail=str(number)))
    first = control.readers_of(ANA, limit=3)
    second = control.readers_of(ANA, limit=3, before=first[-1].row_id)
    assert [row.detail for row in first + second] == ["6", "5", "4", "3", "2", "1"]


def test_who_is_on_every_board_and_who_is_on_few_are_answered_alike(
    control, monkeypatch
):
    for number in range(8):
        named = (ANA, f"acc_{number}", *((CY,) if number == 3 else ()))
        control.record_access(board(named=named))
    control.record_access(board(named=(DI,)))
    before = [
        [row.row_id for row in control.readers_of(one)] for one in (ANA, CY, "acc_5")
    ]
    assert before == [[8, 7, 6, 5, 4, 3, 2, 1], [4], [6]]
    monkeypatch.setattr("mileage.store.control.named_sets.FEW_SETS", 0)
    assert before == [
        [row.row_id for row in control.readers_of(one)] for one in (ANA, CY, "acc_5")
    ]


def test_the_walk_sees_every_read_once_in_order(control, clock, monkeypatch):
    monkeypatch.setattr("mileage.store.control.access_log.PAGE", 3)
    for number in range(10):
        clock.forward(hours=1)
        control.record_access(board(detail=str(number)))
    assert [row.detail for row in control.accesses()] == list("0123456789")
    since = clock.instant - 3 * 3_600_000_000
    assert [row.detail for row in control.accesses(since=since)] == list("6789")


@pytest.mark.parametrize(
    "statement",
    [NAMED_ACCOUNT.update().values(account_id="acc_zoe"), NAMED_ACCOUNT.delete()],
)
def test_nobody_changes_whom_a_read_named(control, statement):
    control.record_access(board(named=(ANA, CY)))
    with (
        pytest.raises(sqlalchemy.exc.IntegrityError, match="append-only"),
        control._database.writing() as connection,
    ):
        connection.execute(statement)


def test_how_it_was_read_is_kept(control):
    control.record_access(page(ANA))
    control.record_access(board(Viewer("acc_bo", "Bo", through="api")))
    assert [row.through for row in control.access_rows()] == ["api", "shell"]


def test_reads_are_found_before_and_after_they_are_filed_by_account(control):
    control.record_access(board(named=(ANA, CY)))
    control.record_access(board(named=(CY, DI)))

    def seen():
        return [
            [row.row_id for row in control.readers_of(one)] for one in (ANA, CY, DI)
        ]

    control.file_by_account()
    assert seen() == [[1], [2, 1], [2]]
    control.record_access(board(named=(ANA, CY), detail="the set of before"))
    control.record_access(board(named=(ANA, DI), detail="another set"))
    assert seen() == [[4, 3, 1], [3, 2, 1], [4, 2]]
    control.file_by_account()
    assert seen() == [[4, 3, 1], [3, 2, 1], [4, 2]]
    assert control.misfiled() == 0


def test_sets_are_filed_some_rows_at_a_time(control, monkeypatch):
    monkeypatch.setattr("mileage.store.control.named_sets.ROWS_AT_ONCE", 2)
    for number in range(5):
        control.record_access(board(named=(ANA, f"acc_{number % 2}")))
    control.file_by_account()
    control.file_by_account()
    with control._database.reading() as connection:
        filed = connection.execute(select(ACCOUNT_SET)).all()
    assert len(filed) == 4
    assert [row.row_id for row in control.readers_of("acc_0")] == [5, 3, 1]


def test_two_processes_file_each_set_once(control, path, clock):
    control.record_access(board(named=(ANA, CY)))
    with open_control(path, clock=clock) as other:
        other.file_by_account()
        control.file_by_account()
        assert other.misfiled() == control.misfiled() == 0


def test_what_is_taken_out_of_the_file_by_account_is_counted(control):
    control.record_access(board(named=(ANA, CY)))
    control.file_by_account()
    with control._database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER account_set_kept")
        connection.execute(ACCOUNT_SET.delete().where(ACCOUNT_SET.c.account_id == CY))
    assert control.misfiled() == 1


def test_a_large_set_is_one_statement(control):
    named = tuple(f"acc_{number}" for number in range(2000))
    control.record_access(board(named=named))
    (row,) = control.access_rows()
    assert control.named_accounts(row.named) == tuple(sorted(named))
