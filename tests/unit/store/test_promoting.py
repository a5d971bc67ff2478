"""Plain calls that leave their table: the ledger says the same as before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.booking import Booking, Run
from mileage.domain.joining import Joining
from mileage.domain.witness import WitnessBatch
from mileage.store.ledger import Ledger
from mileage.store.promoting import (
    promote_accounts,
    promote_alike,
    promote_all,
    promote_named,
)
from mileage.store.verify import verify
from tests.drawing import examples
from tests.ledgers import Turning, rules
from tests.witnesses import HOUR, LOG, NOON, OTLP, TRAITS, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from mileage.domain.call import Seen

JOINING = Joining(TRAITS)
STORED = (
    *("joined_witness", "joined_call", "plain_call", "witness_id", "session_profile"),
    *("superseded", "tally", "presence", "rollup_hour", "rollup_day"),
    "rollup_session",
)


class Dollar:
    brackets = ((-1, (1_000_000,) * 7),)


class Prices:
    version = "test prices"

    def price(self, provider: str, model: str, day: date, tier: str) -> Dollar | None:
        return None if model == "unknown" else Dollar()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    by_column = rules()._replace(tariffs=Prices())
    path = tmp_path_factory.mktemp("ledger") / "ledger.duckdb"
    ledger = Ledger(path, by_column, Turning())
    yield ledger
    ledger.close()


def emptied(ledger: Ledger) -> Ledger:
    for table in STORED:
        ledger.cursor().execute(f"delete from {table}")  # noqa: S608 - tables of ours
    return ledger


@pytest.fixture
def ledger(opened: Ledger) -> Ledger:
    return emptied(opened)


def call(number: int, account: str = "acc_a", **fields: Any) -> Seen:
    told = {
        "key": f"req_{number}",
        "link": f"req_{number}",
        "session": f"s{number % 3}",
        "occurred_at": NOON + number * HOUR // 2,
        "input": number,
        **fields,
    }
    return seen(OTLP, account=account, **told)


def append(ledger: Ledger, *told: Seen) -> None:
    batch = WitnessBatch.of([one.witness for one in told])
    run = Run(batch, [one.account for one in told], False, "", 0)  # noqa: FBT003 - a row
    ledger.append(Booking(runs=(run,)))


def count(ledger: Ledger, table: str) -> int:
    asked = f"select count(*) from {table}"  # noqa: S608 - tables of ours
    ((found,),) = ledger.cursor().execute(asked).fetchall()
    return int(found)


def said(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    """All that is told of calls and witnesses, whatever table they are in."""
    found = {}
    for table in ("witness", "current_call", "rollup_hour", "rollup_day", "tally"):
        cursor = ledger.cursor().execute(f"select * from {table} order by all")  # noqa: S608 - ours
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for row in rows:
            row.pop("own_id", None)  # only what may be joined has one
        found[table] = sorted(rows, key=repr)
    return found


def in_one(ledger: Ledger, promote: Callable[..., None], *given: Any) -> None:
    with ledger.writing() as cursor:
        promote(cursor, JOINING, *given)


def test_calls_of_one_witness_are_plain_before_anything_touches_them(ledger) -> None:
    append(ledger, *map(call, range(6)))
    assert (count(ledger, "plain_call"), count(ledger, "joined_call")) == (6, 0)


def test_everything_may_leave_and_nothing_changes(ledger) -> None:
    append(ledger, *(call(number, asserted=number % 2 == 0) for number in range(7)))
    before = said(ledger)
    in_one(ledger, promote_all)
    assert said(ledger) == before
    assert (count(ledger, "plain_call"), count(ledger, "joined_call")) == (0, 7)
    assert verify(ledger) == []


def test_leaving_twice_is_leaving_once(ledger) -> None:
    append(ledger, *map(call, range(4)))
    in_one(ledger, promote_all)
    before = said(ledger)
    in_one(ledger, promote_all)
    assert said(ledger) == before
    assert count(ledger, "joined_witness") == 4


def test_an_empty_table_has_nothing_to_leave(ledger) -> None:
    in_one(ledger, promote_all)
    in_one(ledger, promote_accounts, ["acc_a"])
    assert count(ledger, "joined_call") == 0


def left(ledger: Ledger) -> set[str]:
    rows = ledger.cursor().execute("select key from joined_witness").fetchall()
    return {key for (key,) in rows}


def test_of_accounts_all_of_theirs_and_no_more(ledger) -> None:
    for number, account in enumerate(("acc_a", "acc_b", "acc_a", "acc_c")):
        append(ledger, call(number, account))
    in_one(ledger, promote_accounts, ["acc_a", "acc_c", "acc_nobody"])
    assert left(ledger) == {"req_0", "req_2", "req_3"}
    assert verify(ledger) == []


def test_by_session_or_by_name_within_the_hours(ledger) -> None:
    append(ledger, *map(call, range(6)))
    hour = NOON // HOUR
    named = {"sessions": ["s1"], "names": ["req_0", "req_5"]}
    in_one(ledger, promote_named, {**named, "first_hour": hour, "last_hour": hour + 1})
    # req_5 is of two hours and a half later; a session has no hours.
    assert left(ledger) == {"req_0", "req_1", "req_4"}


def test_alike_are_those_of_an_account_hour_and_totals(ledger) -> None:
    same = {"input": 5, "cache_read": 0, "cache_write": 0, "output": 9}
    append(
        ledger,
        call(0, **same),
        call(1, **{**same, "output": 10}),
        call(2, **same, session="elsewhere"),
        call(3, "acc_b", **same),
        call(0, **{**same, "input": 3, "cache_read": 2}, key="split", link="split"),
    )
    hour = NOON // HOUR
    alike = {"hours": [hour], "accounts": ["acc_a"], "prompts": [5], "outputs": [9]}
    in_one(ledger, promote_alike, alike)
    assert left(ledger) == {"req_0", "split"}


def test_what_left_can_be_joined(ledger) -> None:
    append(ledger, call(1, output=40))
    in_one(ledger, promote_all)
    append(ledger, seen(LOG, key="msg_1", link="req_1", session="s1", output=40))
    ((calls, witnesses),) = (
        ledger.cursor()
        .execute("select (select count(*) from current_call), count(*) from witness")
        .fetchall()
    )
    assert (calls, witnesses) == (1, 2)
    assert verify(ledger) == []


def test_what_left_is_still_known_when_it_comes_again(ledger) -> None:
    append(ledger, *map(call, range(4)))
    in_one(ledger, promote_all)
    before = said(ledger)
    append(ledger, *map(call, range(4)))
    after = said(ledger)
    assert after["current_call"] == before["current_call"]
    assert count(ledger, "witness") == 4


def test_an_append_that_fails_brings_everything_back(ledger) -> None:
    append(ledger, *map(call, range(3)))
    before = said(ledger)

    def fails() -> None:
        with ledger.writing() as cursor:
            promote_all(cursor, JOINING)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert said(ledger) == before
    assert count(ledger, "plain_call") == 3


@settings(max_examples=examples(2))
@given(
    numbers=st.lists(st.integers(0, 9), min_size=1, max_size=10, unique=True),
    who=st.sets(st.sampled_from(["acc_0", "acc_1", "acc_2"])),
)
def test_whoever_leaves_the_ledger_says_the_same(
    opened: Ledger, numbers: list[int], who: set[str]
) -> None:
    ledger = emptied(opened)
    append(ledger, *(call(one, f"acc_{one % 3}") for one in numbers))
    before = said(ledger)
    in_one(ledger, promote_accounts, sorted(who))
    assert said(ledger) == before
    assert left(ledger) == {f"req_{one}" for one in numbers if f"acc_{one % 3}" in who}
    assert verify(ledger) == []
