"""What accounts used by day, as it was when a board was published."""

from __future__ import annotations

from collections import defaultdict

import pytest

from mileage.domain.settings import Settings
from mileage.domain.sums import Figures
from mileage.domain.window import Window
from mileage.reports.snapshots import Snapshots
from mileage.reports.standings import Making, publish
from mileage.store import retention
from mileage.store.use_by_day import use_by_day
from tests.ledgers import FewPeople, booking, in_columns, ledger_in
from tests.ranking import whole
from tests.unit.reports.test_standings import LENSES
from tests.unit.reports.test_status import simulate
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, seen

WINDOW = Window(NOON - 30 * DAY, NOON + HOUR)


def call(number: int, account: str = "acc_a", source: str = LOG, **fields: object):
    names = {"key": f"k{number}", "link": f"r{number}"}
    return seen(source, account=account, **{**names, **fields})


@pytest.fixture
def ledger(tmp_path):
    with ledger_in(tmp_path, "Europe/Berlin") as opened:
        yield opened


def test_days_are_of_the_zone_and_of_whom_is_asked(ledger) -> None:
    # Half past eleven at night in London is half past midnight in Berlin.
    late = NOON - 12 * HOUR - HOUR // 2
    ledger.append(
        booking(
            [
                call(1, occurred_at=late - HOUR),
                call(2, occurred_at=late),
                call(3, "acc_b"),
                call(4, "acc_c"),
            ]
        )
    )
    found = use_by_day(ledger, WINDOW, 1, ["acc_a", "acc_c"])
    days = [(account, f"{day:%d}", used.calls) for account, day, used in found]
    assert days == [("acc_a", "19", 1), ("acc_a", "20", 1), ("acc_c", "20", 1)]
    assert use_by_day(ledger, WINDOW, 1, []) == []


def test_the_window_cuts_hours(ledger) -> None:
    at = (WINDOW.start - 1, WINDOW.start, WINDOW.end - 1, WINDOW.end)
    said = [call(number, occurred_at=when, input=1) for number, when in enumerate(at)]
    ledger.append(booking(said))
    found = use_by_day(ledger, WINDOW, 1, ["acc_a"])
    assert sum(one.figures.calls for one in found) == 2


def test_what_came_in_later_is_left_out(ledger) -> None:
    ledger.append(booking([call(1, input=5, model="unknown")]))
    first = use_by_day(ledger, WINDOW, 1, ["acc_a"])
    ledger.append(booking([call(2, input=50)]))
    # The same call again, from a source that knows better, and a plain one.
    ledger.append(booking([call(1, source=OTLP, input=6, model="unknown")]))
    ledger.append(in_columns([call(3, input=500)]))
    assert use_by_day(ledger, WINDOW, 1, ["acc_a"]) == first
    assert (first[0].figures.cost, first[0].figures.unpriced_calls) == (None, 1)
    assert use_by_day(ledger, WINDOW, 4, ["acc_a"]) != first


def test_what_was_deleted_or_made_up_stands_as_it_is(ledger) -> None:
    ledger.append(booking([call(1, occurred_at=NOON - 20 * DAY, input=5)]))
    ledger.append(booking([call(2, input=7)]))
    simulate(ledger)
    before = use_by_day(ledger, WINDOW, 2, ["acc_a", "acc_b"])
    assert [one.figures.calls for one in before] == [1, 1, 40]
    due = retention.due(ledger, "calls", 10)
    assert due is not None
    retention.delete(ledger, due, 10)
    assert use_by_day(ledger, WINDOW, 2, ["acc_a", "acc_b"]) == before


def test_days_add_up_to_what_was_published(ledger, tmp_path) -> None:
    said = [
        call(
            n,
            f"acc_{'abc'[n % 3]}",
            occurred_at=NOON - n * 7 * HOUR,
            input=n,
            output=3 * n,
        )
        for n in range(1, 120)
    ]
    ledger.append(booking(said[:60]))
    ledger.append(in_columns(said[60:]))
    snapshots = Snapshots(tmp_path / "snapshots")
    making = Making(Settings(), {}, NOON, LENSES)
    made = publish(ledger, FewPeople(), making, snapshots)
    ledger.append(booking([call(999, input=10**6)]))
    head = whole(snapshots, "", NOON)
    sums: dict[str, Figures] = defaultdict(Figures)
    daily: dict[str, dict[str, int]] = defaultdict(dict)
    names = ["acc_a", "acc_b", "acc_c"]
    for one in use_by_day(ledger, head.window, made.seq, names):
        sums[one.account_id] = sums[one.account_id].plus(one.figures)
        daily[one.account_id][one.day.isoformat()] = one.figures.tokens.total
    for standing in head.standings:
        assert sums[standing.account_id] == standing.figures
        told = [daily[standing.account_id].get(day, 0) for day in head.days]
        assert told == list(standing.daily)
