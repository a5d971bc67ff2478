"""Hours of a simulated organisation, and the days that are added up from them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from mileage.domain.tokens import TOKEN_CLASSES
from mileage.store import queries
from tests.ledgers import ledger_in
from tests.witnesses import HOUR, NOON, SECOND

if TYPE_CHECKING:
    from pathlib import Path

FIRST = NOON // HOUR * HOUR // SECOND
SUNDAY, MONDAY = date(2026, 11, 22), date(2026, 11, 23)


def row(hour=0, calls=1, client="codex", model="m", account="acc_a", cost=5):
    return (FIRST + 3600 * hour, account, client, "openai", model, calls, cost)


def add(ledger, *rows, days=None):
    names = ("hour", "account", "client", "provider", "model", "calls", "cost")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns |= {name: [2] * len(rows) for name in TOKEN_CLASSES}
    queries.insert_simulated(ledger, columns, days or {one[0]: SUNDAY for one in rows})


def days_of(ledger):
    queries.add_up_simulated(ledger, hours=6, calls=40)
    return (
        ledger.cursor()
        .execute(
            "select day, account, client, sessions, calls, tokens, cost, "
            "unpriced_calls from rollup_day order by all"
        )
        .fetchall()
    )


def test_a_row_has_the_day_of_its_hour_and_says_that_it_is_simulated(tmp_path: Path):
    with ledger_in(tmp_path) as ledger:
        add(
            ledger,
            row(0, 9),
            row(1, 4, cost=None),
            days={FIRST: SUNDAY, FIRST + 3600: MONDAY},
        )
        found = (
            ledger.cursor()
            .execute(
                "select origin, hour, day, account, calls, cache_read, cost, "
                "unpriced_calls, attended_calls from rollup_hour order by hour"
            )
            .fetchall()
        )
    mark = queries.SIMULATED
    assert found == [
        (mark, FIRST, SUNDAY, "acc_a", 9, 2, 5, 0, 0),
        (mark, FIRST + 3600, MONDAY, "acc_a", 4, 2, None, 4, 0),
    ]


@pytest.mark.parametrize(
    ("hours", "calls", "expected"),
    [
        (1, 1, 1),
        (6, 1, 1),
        (7, 1, 2),
        (12, 1, 2),
        (13, 1, 3),
        (1, 59, 1),
        (1, 60, 2),
        (1, 61, 2),
        (1, 100, 2),
        (1, 400, 10),
        (7, 100, 18),
    ],
)
def test_how_many_sessions_a_day_had(tmp_path: Path, hours, calls, expected):
    with ledger_in(tmp_path) as ledger:
        add(ledger, *(row(hour, calls) for hour in range(hours)))
        ((_, _, _, sessions, counted, tokens, cost, unpriced),) = days_of(ledger)
    assert sessions == expected
    assert (counted, tokens) == (hours * calls, hours * 2 * len(TOKEN_CLASSES))
    assert (cost, unpriced) == (5 * hours, 0)


def test_an_hour_with_two_models_is_one_hour_of_work(tmp_path: Path):
    both = [row(hour, model=one) for hour in range(6) for one in "ab"]
    with ledger_in(tmp_path) as ledger:
        add(ledger, *both)
        assert [found[3] for found in days_of(ledger)] == [1]


def test_models_share_the_sessions_of_their_client(tmp_path: Path):
    with ledger_in(tmp_path) as ledger:
        add(ledger, row(3, 30), row(3, 30, model="n"), row(4, 60, "claude-code"))
        found = [(one[2], one[3]) for one in days_of(ledger)]
    assert found == [("claude-code", 2), ("codex", 2)]


def test_days_and_accounts_are_counted_apart(tmp_path: Path):
    rows = [row(1, 100), row(2), row(3), row(1, account="acc_b", cost=None)]
    days = {FIRST + 3600: SUNDAY, FIRST + 7200: MONDAY, FIRST + 10800: MONDAY}
    with ledger_in(tmp_path) as ledger:
        add(ledger, *rows, days=days)
        found = [(*one[:2], *one[3:5], *one[6:]) for one in days_of(ledger)]
    assert found == [
        (SUNDAY, "acc_a", 2, 100, 5, 0),
        (SUNDAY, "acc_b", 1, 1, None, 1),
        (MONDAY, "acc_a", 1, 2, 10, 0),
    ]
