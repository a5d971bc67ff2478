"""Usage of any window: whole hours from roll-ups, the rest from calls, each once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.window import Clock, Window, micros
from mileage.store import queries
from tests.drawing import examples
from tests.ledgers import booking, ledger_in
from tests.witnesses import HOUR, LOG, NOON, OTLP, SECOND, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.store.ledger import Ledger

MINUTE = 60 * SECOND
ZONES = ("UTC", "Asia/Kathmandu", "Australia/Lord_Howe")
CHANGES = (
    # Lord Howe goes back and forward by half an hour.
    micros(datetime(2026, 4, 4, 15, tzinfo=UTC)),
    micros(datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    NOON,
)


@pytest.fixture(scope="module", params=ZONES)
def ledger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ledger]:
    times = [
        around + number * 7 * MINUTE + number
        for around in CHANGES
        for number in range(-30, 30)
    ]
    said = [
        seen(
            (LOG, OTLP)[at % 2],
            key=f"k{at}",
            link="",
            session=f"s{at // HOUR}",
            account=f"acc_{at % 3}",
            occurred_at=at,
        )
        for at in times
    ]
    with ledger_in(tmp_path_factory.mktemp("ledger"), zone=request.param) as opened:
        opened.append(booking(said))
        yield opened


def one_by_one(ledger: Ledger, window: Window) -> dict[str, tuple[int, int]]:
    """Sum what a window has by its calls alone."""
    found = ledger.cursor().execute(
        "select account, count(*), sum(output)::bigint from current_call "
        "where occurred_at >= $start and occurred_at < $end group by account",
        {"start": window.start, "end": window.end},
    )
    return {account: (calls, output) for account, calls, output in found.fetchall()}


def told(ledger: Ledger, window: Window, *by: str) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for keys, figures in queries.usage(ledger, window, None, ("account", *by)):
        calls, output = sums.get(keys["account"], (0, 0))
        more = figures.calls, figures.tokens.output
        sums[keys["account"]] = calls + more[0], output + more[1]
    return sums


@settings(max_examples=examples(40), deadline=None)
@given(
    around=st.sampled_from(CHANGES),
    start=st.integers(-4 * HOUR, 4 * HOUR),
    length=st.one_of(st.integers(0, 2 * HOUR), st.integers(0, 8 * HOUR)),
    fine=st.sampled_from([1, SECOND, 15 * MINUTE, HOUR]),
)
def test_every_call_of_a_window_counts_once(ledger, around, start, length, fine):
    first = (around + start) // fine * fine
    window = Window(first, first + length // fine * fine)
    alone = one_by_one(ledger, window)
    assert told(ledger, window) == alone
    assert told(ledger, window, "day", "model") == alone
    assert told(ledger, window, "session") == alone
    assert told(ledger, window, "project", "client") == alone


def test_one_account_of_a_window_is_told_as_among_all(ledger):
    window = Window(NOON - 2 * HOUR - 5, NOON + 2 * HOUR + 5)
    ((_, figures),) = queries.usage(ledger, window, "acc_1", ())
    assert told(ledger, window)["acc_1"] == (figures.calls, figures.tokens.output)


def test_whole_hours_are_not_told_by_looking_at_calls(tmp_path: Path) -> None:
    window = Window(NOON - HOUR, NOON + HOUR)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(LOG, key="k", link="", output=7)]))
        cursor = ledger.cursor()
        cursor.execute("delete from plain_call")
        cursor.execute("delete from joined_call")
        ((_, figures),) = queries.usage(ledger, window, None, ("client",))
        assert (figures.calls, figures.tokens.output) == (1, 7)
        assert queries.usage(ledger, window, None, ("session",)) == []


def test_marks_of_an_account_are_of_its_hours_and_of_calls_that_differ(
    tmp_path: Path,
) -> None:
    window = Window(NOON - HOUR, NOON + HOUR)
    said = [
        seen(LOG, key="a", link="", attended=True),
        seen(LOG, key="b", link="", attended=False),
        seen(LOG, key="c", link="", attended=None),
        seen(LOG, key="late", link="", attended=True, occurred_at=NOON + HOUR),
        seen(LOG, key="other", link="", attended=True, account="acc_b"),
        seen(LOG, key="twin", link="twin", attended=True, input=10),
        seen(OTLP, key="twin", link="twin", attended=True, input=11),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        marks = [row.marks for row in queries.personal_hours(ledger, "acc_a", window)]
        assert tuple(map(sum, zip(*marks, strict=True))) == (2, 1, 1)
        assert queries.personal_hours(ledger, "acc_c", window) == []


@settings(max_examples=examples(50), deadline=None)
@given(
    zone=st.sampled_from([*ZONES, "America/New_York", "Europe/Berlin"]),
    start=st.integers(NOON - 400 * 24 * HOUR, NOON + 400 * 24 * HOUR),
    length=st.integers(0, 30 * HOUR),
)
def test_whole_hours_are_those_of_which_nothing_lies_outside(zone, start, length):
    clock = Clock(ZoneInfo(zone))
    end = start + length
    first, last = clock.whole_hours(start, end)
    assert clock.hour(first * SECOND) == first
    assert clock.hour(last * SECOND) == last
    assert start <= first * SECOND < start + 2 * HOUR
    assert end - 2 * HOUR < last * SECOND <= end
    for instant in range(start, end, 11 * MINUTE):
        inside = first <= clock.hour(instant) < last
        assert inside == (first * SECOND <= instant < last * SECOND)
