"""Retention: what is old goes, sums stay, the proof holds, the bytes are gone."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.booking import Booking, Done, Refusal
from mileage.domain.deletion import Due, broken, following, sealed
from mileage.domain.errors import Unavailable
from mileage.domain.join_policy import JoinPolicy
from mileage.domain.window import Window, micros
from mileage.domain.witness import Activity, Rejected
from mileage.store import queries
from mileage.store.retention import (
    check_deletions,
    delete,
    deletions,
    due,
    horizon,
    record,
    scrub,
)
from mileage.store.verify import verify
from tests.ledgers import Turning, booking, in_columns, ledger_in
from tests.unit.store.test_promoting import Prices
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, SECOND, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.call import Seen
    from mileage.store.ledger import Ledger

DAYS = 40
ALL = Window(NOON - 100 * DAY, NOON + DAY)
BORDER = micros(datetime(2026, 10, 11, tzinfo=UTC))
"""The first day that is kept, 40 days before the clock's."""
OLD, NEW = BORDER - 5 * DAY + HOUR, BORDER + 5 * DAY


def secret(number: int) -> str:
    """A text that is found in a file only if this call is there."""
    return f"session-{sha256(str(number).encode()).hexdigest()[:23]}g"


def said(number: int, at: int, source: str = OTLP) -> Seen:
    return seen(
        source,
        key=f"key-{source}-{number}",
        link=f"link-{number}",
        session=secret(number),
        occurred_at=at,
    )


def both(number: int, at: int) -> list[Seen]:
    """A call of two witnesses."""
    return [said(number, at), said(number, at + SECOND, LOG)]


def filled(ledger: Ledger) -> None:
    """Ten calls of each kind on both sides of the border."""
    ledger.rules = ledger.rules._replace(tariffs=Prices())
    for first, at in ((0, OLD), (100, NEW)):
        ledger.append(in_columns(said(first + n, at + n * HOUR) for n in range(10)))
        joined = [both(first + n, at + n % 50 * HOUR) for n in range(50, 60)]
        ledger.append(booking([one for pair in joined for one in pair]))


def calls(ledger: Ledger) -> int:
    rows = queries.usage(ledger, ALL, None, ())
    return rows[0].figures.calls if rows else 0


def expire(ledger: Ledger, kind: str = "calls") -> int:
    found = due(ledger, kind, DAYS)
    assert found is not None
    return delete(ledger, found, DAYS).rows


def test_old_calls_go_and_their_sums_stay(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        filled(ledger)
        before = queries.usage(ledger, ALL, None, ("client", "day"))
        assert (calls(ledger), horizon(ledger)) == (40, 0)
        assert ledger.cursor().table("plain_call").count("*").fetchall() == [(20,)]
        assert expire(ledger) == 20
        assert horizon(ledger) == BORDER
        assert queries.usage(ledger, ALL, None, ("client", "day")) == before
        counted = ledger.cursor().table("current_call").count("*").fetchall()
        assert counted == [(20,)]
        assert ledger.cursor().table("witness").count("*").fetchall() == [(30,)]
        assert queries.span(ledger).simulated_calls == 0
        assert verify(ledger) == []
        assert due(ledger, "calls", DAYS) is None


def test_what_comes_later_joins_what_was_kept(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        filled(ledger)
        expire(ledger)
        ledger.append(booking([said(101, NEW + HOUR, LOG), *both(155, NEW + 5 * HOUR)]))
        assert calls(ledger) == 40
        assert verify(ledger) == []


@pytest.mark.parametrize("first", [-20 * SECOND, -SECOND, 0, 20 * SECOND])
def test_a_call_on_the_border_goes_or_stays_as_a_whole(
    tmp_path: Path, first: int
) -> None:
    with ledger_in(tmp_path) as ledger:
        told = [said(1, BORDER + first), said(1, BORDER - first, LOG)]
        ledger.append(booking(told))
        ledger.append(booking(both(2, OLD)))
        expire(ledger)
        assert calls(ledger) == 2
        assert verify(ledger) == []
        witnesses = ledger.cursor().table("witness").count("*").fetchall()[0][0]
        kept = ledger.cursor().table("current_call").count("*").fetchall()[0][0]
        assert (kept, witnesses) in ((0, 0), (1, 2))


def test_a_call_that_was_first_told_after_the_border_goes(tmp_path: Path) -> None:
    """Telemetry tells when a request ended, the log when it began."""
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([said(1, BORDER + 3 * SECOND)]))
        ledger.append(booking([said(1, BORDER - 5 * SECOND, LOG)]))
        assert expire(ledger) == 1
        assert (calls(ledger), verify(ledger)) == (1, [])
        assert ledger.cursor().table("joined_call").count("*").fetchall() == [(0,)]
        assert due(ledger, "calls", DAYS) is None
        scrub(ledger)
        assert check_deletions(ledger) == (1, [])


@pytest.mark.parametrize("later", [SECOND, 5 * HOUR, 3 * DAY])
def test_a_witness_behind_the_border_is_known_after_its_call_went(
    tmp_path: Path, later: int
) -> None:
    """It is not refused when a file is read again."""
    again = said(1, BORDER + later, LOG)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([said(1, BORDER - 5 * HOUR, LOG), again]))
        ledger.append(booking(both(2, OLD)))
        expire(ledger)
        for told in (booking([again]), in_columns([again])):
            done = ledger.append(told)
            assert (done.visible, done.duplicates) == (0, 1)
        assert (calls(ledger), verify(ledger)) == (2, [])
        ledger.append(booking([said(3, BORDER + 4 * DAY)]))
        # Once the border has passed it, nothing of it is kept.
        delete(ledger, Due("calls", 0, 0, ""), 35)
        kept = ledger.cursor().table("witness_id").aggregate("count(*)").fetchall()
        assert kept == [(0,)]


def test_what_stays_is_told_without_what_went_beside_it(tmp_path: Path) -> None:
    """Of two answers to one request the first is named by it, while it is there."""
    with ledger_in(tmp_path) as ledger:
        told = [
            said(1, BORDER - SECOND, LOG),
            seen(LOG, key="msg_2", link="link-1", occurred_at=BORDER + SECOND),
        ]
        ledger.append(booking(told))
        before = queries.usage(ledger, ALL, None, ("day", "session"))
        assert expire(ledger) == 1
        after = queries.usage(ledger, ALL, None, ("day", "session"))
        assert [row.figures for row in after] == [row.figures for row in before]
        assert verify(ledger) == []
        assert ledger.append(booking(told[1:])).visible == 0


def test_what_is_known_to_be_gone_outlives_other_rules_of_joining(
    tmp_path: Path,
) -> None:
    again = said(1, BORDER + SECOND, LOG)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([said(1, BORDER - SECOND), again, said(2, NEW)]))
        expire(ledger)
    with ledger_in(tmp_path, join=JoinPolicy(window=7 * SECOND)) as ledger:
        assert ledger.append(booking([again])).visible == 0
        assert (calls(ledger), verify(ledger)) == (2, [])


def test_nothing_is_due_for_ever_or_when_all_is_young(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        filled(ledger)
        assert due(ledger, "calls", 0) is None
        assert due(ledger, "calls", 50) is None
        assert due(ledger, "activities", DAYS) is None
        assert check_deletions(ledger) == (0, [])
        assert scrub(ledger) is False


def other_things(ledger: Ledger, at: int) -> None:
    fact = Activity(
        source=OTLP, key=f"a{at}", session=secret(at), occurred_at=at,
        client="claude-code", kind="prompt", name="", amount=1, attended=None,
        identity="",
    )  # fmt: skip
    refused = Rejected(OTLP, "record 1", "no such model")
    ledger.append(
        Booking(
            done=(Done(fact, "acc_a", asserted=False),),
            refused=(Refusal(refused, "acc_a"),),
        )
    )


def test_activities_and_rejections_have_days_of_their_own(tmp_path: Path) -> None:
    clock = Turning(OLD)
    with ledger_in(tmp_path, now=clock) as ledger:
        other_things(ledger, OLD)
        clock.at = NOON
        other_things(ledger, NOON)
        for kind in ("activities", "rejections"):
            assert expire(ledger, kind) == 1
            assert due(ledger, kind, DAYS) is None
        assert horizon(ledger) == 0
        assert [row.kind for row in deletions(ledger)] == ["activities", "rejections"]
        scrub(ledger)
        assert check_deletions(ledger) == (2, [])


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("ledger.duckdb*"))


def test_the_bytes_are_gone_from_the_files(tmp_path: Path) -> None:
    old = [secret(number).encode() for number in (*range(10), *range(50, 60))]
    new = [secret(number + 100).encode() for number in (*range(10), *range(50, 60))]
    with ledger_in(tmp_path) as ledger:
        # Compressed text cannot be looked for.
        ledger.cursor().execute("pragma force_compression = 'uncompressed'")
        filled(ledger)
        other_things(ledger, OLD)
        ledger.cursor().execute("checkpoint")
        assert all(text in bytes_of(tmp_path) for text in [*old, *new])
        expire(ledger)
        expire(ledger, "activities")
        (problem,) = check_deletions(ledger)[1]
        assert "may still be in the ledger's file" in problem
        assert scrub(ledger) is True
        assert scrub(ledger) is False
        assert check_deletions(ledger) == (2, [])
    after = bytes_of(tmp_path)
    assert not any(text in after for text in [*old, secret(OLD).encode()])
    assert all(text in after for text in new)


def test_whoever_writes_beside_is_waited_for(tmp_path: Path) -> None:
    """Copies and roll-ups are made beside appends, and have to commit meanwhile."""
    with ledger_in(tmp_path) as ledger:
        filled(ledger)
        expire(ledger)
        written, ended = threading.Event(), []

        def beside() -> None:
            with ledger.transaction() as cursor:
                cursor.execute("create table beside as select 1 as one")
                written.set()
                time.sleep(0.5)
            ended.append(time.monotonic())

        thread = threading.Thread(target=beside)
        thread.start()
        written.wait()
        assert scrub(ledger) is True
        assert ended
        thread.join()
        assert ledger.cursor().execute("from beside").fetchall() == [(1,)]
        assert check_deletions(ledger) == (1, [])


def test_whoever_never_ends_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mileage.store.ledger.BUSY_SECONDS", 0.2)
    with ledger_in(tmp_path) as ledger:
        filled(ledger)
        expire(ledger)
        other = ledger.cursor().cursor()
        other.begin()
        other.execute("create table beside as select 1 as one")
        with pytest.raises(Unavailable, match="other write transactions"):
            scrub(ledger)
        other.rollback()
        assert scrub(ledger) is True


def test_the_record_says_what_how_many_when_and_by_which_policy(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        filled(ledger)
        expire(ledger)
        record(
            ledger, Due("snapshots", NEW, 7, "retention.every_snapshot_days = 2"), "x"
        )
        scrub(ledger)
        first, second = deletions(ledger)
        assert first[:5] == (1, NOON, "calls", BORDER, 20)
        assert first.policy == "retention.calls_days = 40"
        assert len(first.ids) == 64
        assert (second.number, second.rows, second.before) == (2, 7, first.hash)
        assert check_deletions(ledger) == (2, [])


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "update deletion set row_count = 3 where number = 1",
            "deletion 1 was altered",
        ),
        ("update deletion set until = 0 where number = 2", "deletion 2 was altered"),
        ("delete from deletion where number = 1", "deletion 1 is missing"),
        ("update deletion set hash = 'x' where number = 1", "deletion 2 was altered"),
    ],
)
def test_a_changed_record_is_found(
    tmp_path: Path, statement: str, problem: str
) -> None:
    with ledger_in(tmp_path) as ledger:
        for number in range(3):
            record(ledger, Due("snapshots", number, number, "policy"), "ids")
        scrub(ledger)
        ledger.cursor().execute(statement)
        assert problem in "\n".join(check_deletions(ledger)[1])


def test_what_came_back_is_found(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        filled(ledger)
        expire(ledger)
        scrub(ledger)
        ledger.append(booking([said(999, OLD)]))
        assert check_deletions(ledger)[1] == ["1 calls are there that were deleted"]


@given(
    kinds=st.lists(st.sampled_from(["calls", "snapshots"]), min_size=2, max_size=6),
    data=st.data(),
)
def test_no_row_of_a_chain_can_be_changed_or_left_out(kinds, data):
    rows = []
    for at, kind in enumerate(kinds):
        before = rows[-1] if rows else None
        rows.append(following(before, at, Due(kind, at, at, "policy"), "ids"))
    assert broken(rows) == []
    place = data.draw(st.integers(0, len(rows) - 2))
    without = [*rows[:place], *rows[place + 1 :]]
    assert broken(without)
    changed = rows[place]._replace(rows=999)
    assert broken([*rows[:place], changed, *rows[place + 1 :]])
    assert broken([*rows[:place], sealed(changed), *rows[place + 1 :]])
