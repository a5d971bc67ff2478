"""Sums of deleted calls go with a claim, and come back when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.window import Window
from mileage.store import queries
from mileage.store.erasing import Tombstone, erase
from mileage.store.ledger import Ledger
from mileage.store.past import lay
from mileage.store.retention import check_deletions, delete, due, scrub
from mileage.store.verify import verify
from tests.drawing import examples
from tests.ledgers import Turning, booking, in_columns, ledger_in, rules
from tests.properties.test_past import STORED
from tests.unit.store.test_promoting import Prices
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.domain.call import Seen

UNKNOWN, ANA = "acc_u", "acc_p"
ALL = Window(NOON - 100 * DAY, NOON + DAY)
DAYS = 40


def call(
    number: int, days_ago: int, account: str = UNKNOWN, source: str = OTLP
) -> Seen:
    return seen(
        source,
        account=account,
        asserted=account == UNKNOWN,
        key=f"{source}_{number}",
        link=f"req_{number}",
        session=f"s{number % 3}",
        occurred_at=NOON - days_ago * DAY + number % 4 * HOUR,
        input=number,
    )


def used(ledger: Ledger) -> dict[str, list[Any]]:
    """Return what each account used on each day, by hours, days and copies of hours."""
    rows = queries.usage(ledger, ALL, None, ("account", "day", "client"))
    found = {
        account: [
            (row.keys["day"], row.figures)
            for row in rows
            if row.keys["account"] == account
        ]
        for account in {row.keys["account"] for row in rows}
    }
    for account, days in found.items():
        own = queries.usage(ledger, ALL, account, ("account", "day", "client"))
        assert [(row.keys["day"], row.figures) for row in own] == days
        kept = ledger.cursor().execute(
            "select sum(sessions), sum(calls), sum(tokens) from rollup_day"
            " where account = ? group by day order by day",
            [account],
        )
        found[account] = [*days, *kept.fetchall()]
    return found


def calls(ledger: Ledger) -> dict[str, int]:
    rows = queries.usage(ledger, ALL, None, ("account",))
    return {row.keys["account"]: row.figures.calls for row in rows}


def expire(ledger: Ledger, days: int = DAYS) -> None:
    found = due(ledger, "calls", days)
    if found is not None:
        delete(ledger, found, days)


def told(ledger: Ledger) -> None:
    """Three old calls and two new ones of somebody unknown, and as many of Ana."""
    for first, account in ((0, UNKNOWN), (10, ANA)):
        days = (60, 50, 45, 5, 4)
        said = [call(first + n, ago, account) for n, ago in enumerate(days)]
        ledger.append(booking(said))


def test_a_claim_takes_the_sums_of_deleted_calls_and_gives_them_back(
    tmp_path: Path,
) -> None:
    with ledger_in(tmp_path) as ledger:
        told(ledger)
        before = used(ledger)
        expire(ledger)
        lay(ledger, least=1)
        assert ledger.claim(UNKNOWN, ANA) == 5
        assert calls(ledger) == {ANA: 10}
        assert verify(ledger) == []
        assert ledger.claim(UNKNOWN, ANA) == 0
        assert ledger.claim(UNKNOWN, "") == 5
        assert used(ledger) == before
        assert verify(ledger) == []


def test_sums_of_calls_that_went_while_claimed_come_back_as_well(
    tmp_path: Path,
) -> None:
    with ledger_in(tmp_path) as ledger:
        told(ledger)
        before = used(ledger)
        ledger.claim(UNKNOWN, ANA)
        claimed = used(ledger)
        expire(ledger)
        assert used(ledger) == claimed
        assert verify(ledger) == []
        assert ledger.claim(UNKNOWN, "") == 5
        assert used(ledger) == before
        assert verify(ledger) == []


def test_what_the_person_told_of_too_stays_the_persons(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([call(1, 60), call(5, 60), call(1, 60, ANA, LOG)]))
        ledger.claim(UNKNOWN, ANA)
        expire(ledger)
        ((sessions,),) = (
            ledger.cursor().execute("select sum(sessions) from rollup_day").fetchall()
        )
        assert sessions == 2
        assert ledger.claim(UNKNOWN, "") == 1
        assert calls(ledger) == {ANA: 1, UNKNOWN: 1}
        assert verify(ledger) == []


def test_a_session_of_both_counts_once(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([call(1, 60), call(4, 60), call(4, 60, ANA, LOG)]))
        ledger.claim(UNKNOWN, ANA)
        before = used(ledger)
        expire(ledger)
        assert used(ledger) == before


def test_whoever_is_erased_is_named_by_no_origin(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        told(ledger)
        expire(ledger)
        ledger.claim(UNKNOWN, ANA)
        dead = [Tombstone(UNKNOWN, "gone_u", ()), Tombstone(ANA, "gone_p", ())]
        erase(ledger, dead)
        for table in ("rollup_hour", "rollup_day"):
            rows = str(ledger.cursor().table(table).fetchall())
            assert UNKNOWN not in rows
            assert ANA not in rows
        scrub(ledger)
        assert check_deletions(ledger) == (3, [])
        assert ledger.claim("gone_u", "") == 5
        assert calls(ledger) == {"gone_u": 5, "gone_p": 5}


@pytest.mark.parametrize("table", ["rollup_hour", "rollup_day"])
def test_an_origin_that_names_somebody_erased_is_found(
    tmp_path: Path, table: str
) -> None:
    with ledger_in(tmp_path) as ledger:
        told(ledger)
        expire(ledger)
        erase(ledger, [Tombstone(UNKNOWN, "gone_u", ())])
        scrub(ledger)
        ledger.cursor().execute(
            f"update {table} set origin = 'retained:acc_u'"  # noqa: S608
            f" where day = (select min(day) from {table}) and account = 'acc_p'"
        )
        assert check_deletions(ledger)[1] == [
            "1 rows still name people who were erased"
        ]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    path = tmp_path_factory.mktemp("claimed") / "ledger.duckdb"
    ledger = Ledger(path, rules()._replace(tariffs=Prices()), Turning())
    yield ledger
    ledger.close()


NUMBERS = st.lists(st.integers(0, 11), min_size=1, max_size=6)
SAID = NUMBERS.map(
    lambda some: [
        call(
            n,
            (60, 50, 45, 5)[n // 3],
            (UNKNOWN, ANA, "acc_v")[n % 3],
            (OTLP, LOG)[n % 2],
        )
        for n in some
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.sampled_from([UNKNOWN, "acc_v"])),
        st.tuples(st.just("end"), st.sampled_from([UNKNOWN, "acc_v"])),
        st.tuples(st.just("expire"), st.sampled_from([55, 47, 40, 4])),
        st.tuples(st.just("lay"), st.none()),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=examples(7), deadline=None)
@given(said=SAID, book=st.sampled_from([booking, in_columns]), steps=STEPS)
def test_claims_that_end_leave_nothing_behind(
    opened: Ledger, said: Any, book: Any, steps: Any
) -> None:
    for table in STORED:
        opened.cursor().execute(f"delete from {table}")  # noqa: S608 - tables of ours
    opened.cursor().execute("update past_until set hour = 0")
    opened.append(book(said))
    before = used(opened)
    for step, what in steps:
        if step == "expire":
            expire(opened, what)
        elif step == "lay":
            lay(opened, least=1)
        else:
            opened.claim(what, ANA if step == "claim" else "")
    assert verify(opened) == []
    for account in (UNKNOWN, "acc_v"):
        opened.claim(account, "")
    assert used(opened) == before
    assert verify(opened) == []
