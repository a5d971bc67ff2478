"""Roll-ups tell how many calls somebody attended, and how many nobody did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mileage.domain.attendance import HourUse
from mileage.domain.window import Window
from mileage.store import queries
from mileage.store.ledger_schema import MIGRATIONS
from mileage.store.verify import verify
from tests.ledgers import booking, ledger_in
from tests.old_ledgers import step_back
from tests.unit.reports.test_status import simulate
from tests.witnesses import HOUR, LOG, NOON, SECOND, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.store.ledger import Ledger

BEFORE = MIGRATIONS.index("0013_attended")


def counted(ledger: Ledger) -> tuple[int, int, int]:
    cursor = ledger.cursor()
    cursor.execute(
        "select sum(calls)::bigint, sum(attended_calls)::bigint, "
        "sum(unattended_calls)::bigint from rollup_hour"
    )
    ((calls, attended, unattended),) = cursor.fetchall()
    return calls, attended, unattended


SAID = {"y": True, "n": False, "?": None}


def plain(marks: str, first: int = 0):
    """Return one call a letter: attended, not, or nobody knows."""
    return [
        seen(key=str(first + at), link="", attended=SAID[mark])
        for at, mark in enumerate(marks)
    ]


def test_hours_of_one_account_for_a_guess(tmp_path: Path) -> None:
    window = Window(NOON - 2 * HOUR, NOON + 2 * HOUR)
    said = [
        *plain("yn?"),
        seen(key="late", link="", occurred_at=NOON + HOUR, session="b"),
        seen(key="other", link="", occurred_at=NOON + HOUR, session="c"),
        seen(key="out", link="", occurred_at=NOON + 3 * HOUR),
        seen(key="else", link="", account="acc_b"),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        found = queries.personal_attendance(ledger, "acc_a", window)
        noon = NOON // SECOND
        assert found == [
            HourUse(noon, 3, attended=1, unsaid=1, sessions=1),
            HourUse(noon + 3600, 2, attended=0, unsaid=2, sessions=2),
        ]
        simulate(ledger)
        (one,) = queries.personal_attendance(ledger, "acc_b", window)
        assert (one.calls, one.unsaid, one.sessions) == (41, 41, 1)


def test_plain_calls_are_added_append_by_append(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(plain("yyn?")))
        assert counted(ledger) == (4, 2, 1)
        ledger.append(booking(plain("n", first=9)))
        assert counted(ledger) == (5, 2, 2)
        assert verify(ledger) == []


@pytest.mark.parametrize(
    ("mark", "expected"), [("y", (1, 1, 0)), ("n", (1, 0, 1)), ("?", (1, 0, 0))]
)
def test_of_a_joined_call_it_is_what_any_witness_knows(
    tmp_path: Path, mark: str, expected: tuple[int, int, int]
) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(link="req_1", attended=None)]))
        ledger.append(booking([seen(LOG, link="req_1", attended=SAID[mark])]))
        assert counted(ledger) == expected
        assert verify(ledger) == []


def test_an_older_ledger_is_told_anew(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(plain("ynn?")))
    step_back(tmp_path / "ledger.duckdb", BEFORE)
    with ledger_in(tmp_path) as ledger:
        assert counted(ledger) == (4, 1, 2)
        assert verify(ledger) == []


def test_a_roll_up_that_says_otherwise_is_found(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(plain("yn")))
        ledger.cursor().execute("update rollup_hour set attended_calls = 2")
        assert all("roll-up of hour" in finding for finding in verify(ledger))
        assert verify(ledger)
