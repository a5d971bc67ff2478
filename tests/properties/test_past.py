"""Sums and their copies: one person is told what calls and activities say."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.booking import Booking, Done
from mileage.domain.sums import Figures
from mileage.domain.window import Window
from mileage.domain.witness import Activity
from mileage.store import past, queries
from mileage.store.held import held_rows
from mileage.store.ledger import Ledger
from mileage.store.owners import claims_in_force
from mileage.store.past import lay
from mileage.store.retention import delete, due
from mileage.store.verify import verify
from tests.drawing import examples
from tests.ledgers import Turning, booking, in_columns, rules
from tests.unit.store.test_promoting import Prices
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.call import Seen
    from mileage.store.queries import UsageRow

ACCOUNTS = ("acc_a", "acc_b", "acc_c")
NOW = NOON + 4 * DAY
"""Most of what is told is past, so that copies have it."""
ALL = Window(NOON - 3 * DAY, NOW + DAY)
STORED = (
    *("joined_witness", "joined_call", "plain_call", "witness_id", "session_profile"),
    *("superseded", "tally", "presence", "claim", "activity", "deletion", "scrubbed"),
    *("rollup_hour", "rollup_day", "rollup_session", "rollup_activity"),
    *("past_hour", "past_session", "past_activity", "past_total", "past_changed"),
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    by_column = rules("Asia/Kolkata")._replace(tariffs=Prices())
    path = tmp_path_factory.mktemp("past") / "ledger.duckdb"
    ledger = Ledger(path, by_column, Turning(NOW))
    yield ledger
    ledger.close()


OWNED = {
    "calls": "current_call",
    "witnesses": "witness_owned",
    "activities": "activity_owned",
}
"""Where rows of somebody lie among everybody's."""


@contextmanager
def empty(ledger: Ledger) -> Iterator[Ledger]:
    for table in STORED:
        ledger.cursor().execute(f"delete from {table}")  # noqa: S608 - tables of ours
    ledger.cursor().execute("update past_until set hour = 0")
    yield ledger


@st.composite
def calls(draw: st.DrawFn) -> list[Seen]:
    """Calls of few names, so that some are told again, otherwise or by another."""
    return [draw(one_call(number)) for number in draw(NUMBERS)]


NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=6)
OFFSETS = (-30, -1, 0, 1, 5, 24, 71, 72, 73, 94)
"""Hours from noon on; the last ones are not past yet."""


@st.composite
def one_call(draw: st.DrawFn, number: int) -> Seen:
    source = draw(st.sampled_from([OTLP, LOG]))
    # Telemetry tells a call at one time only, logs may say another.
    late = draw(st.integers(0, 1)) if source == LOG else 0
    return seen(
        source,
        key=f"req_{number}",
        link=f"req_{number}",
        account=draw(st.sampled_from(ACCOUNTS)),
        asserted=draw(st.booleans()),
        session=f"s{number % 3}",
        occurred_at=NOON + (OFFSETS[number % len(OFFSETS)] + late) * HOUR + number,
        input=draw(st.integers(0, 3)),
        model=draw(st.sampled_from(["claude-opus-4-8", "unknown"])),
    )


@st.composite
def facts(draw: st.DrawFn) -> tuple[Done, ...]:
    numbers = draw(st.lists(st.integers(0, 5), min_size=1, max_size=6))
    return tuple(
        Done(
            Activity(
                source=draw(st.sampled_from([OTLP, LOG])),
                key=f"fact_{number}",
                session=draw(st.sampled_from(["s0", "s1"])),
                occurred_at=NOON + draw(st.sampled_from(OFFSETS)) * HOUR + number,
                client="claude-code",
                kind=("prompt", "tool")[number % 2],
                name=draw(st.sampled_from(["", "Read"])),
                amount=draw(st.integers(0, 9)),
                attended=None,
                identity="",
            ),
            draw(st.sampled_from(ACCOUNTS)),
            asserted=draw(st.booleans()),
        )
        for number in numbers
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), calls()),
        st.tuples(st.just("columns"), calls()),
        st.tuples(st.just("facts"), facts()),
        st.tuples(st.just("lay"), st.none()),
        st.tuples(st.just("claim"), st.sampled_from(["acc_a", ""])),
        st.tuples(st.just("calls"), st.integers(2, 5)),
        st.tuples(st.just("activities"), st.integers(2, 5)),
    ),
    min_size=2,
    max_size=9,
)


def take(ledger: Ledger, step: str, told: Any) -> None:
    if step == "rows":
        ledger.append(booking(told))
    elif step == "columns":
        ledger.append(in_columns(told))
    elif step == "facts":
        ledger.append(Booking(done=told))
    elif step == "lay":
        lay(ledger, least=1)
    elif step == "claim":
        ledger.claim("acc_c", told)
    elif found := due(ledger, step, told):
        delete(ledger, found, told)


def sums_of_calls(ledger: Ledger, account: str) -> dict[str, list[int]]:
    """Add up the calls in force, session by session."""
    rows = ledger.cursor().execute(
        "select session, input + cache_read + cache_write + cache_write_1h + output"
        " + reasoning + tool_input, cost, differs from current_call where account = ?",
        [account],
    )
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for session, tokens, cost, _ in rows.fetchall():
        part = found[session]
        part[0] += 1
        part[1] += tokens
        part[2] += cost or 0
        part[3] += cost is None
    return dict(found)


def sums_of_facts(ledger: Ledger, account: str) -> dict[tuple[str, str], int]:
    """Add activities up as they are in force, one by one."""
    rows = ledger.cursor().execute(
        "select source, kind, key, account, asserted, client, session, name,"
        " precedence, amount from activity order by seq, amount"
    )
    versions: dict[Any, list[Any]] = defaultdict(list)
    for source, kind, key, *told in rows.fetchall():
        versions[source, kind, key].append(told)
    claims = claims_in_force(ledger.cursor())
    best: dict[Any, int] = {}
    owned = []
    for (_, kind, _), told in versions.items():
        by = min(told, key=lambda one: one[1])[0]
        if claims.get(by, by) == account:
            group = (told[0][2], told[0][3], kind)
            rank, name = told[0][5], told[0][4]
            best[group] = max(best.get(group, rank), rank)
            owned.append((group, rank, kind, name, told[-1][6]))
    found: Counter[tuple[str, str]] = Counter()
    for group, rank, kind, name, amount in owned:
        if rank == best[group]:
            found[kind, name] += amount
    return dict(found)


def owned(ledger: Ledger, view: str, account: str) -> list[str]:
    found = ledger.cursor().execute(
        f"select * from {view} where account = ?",  # noqa: S608
        [account],
    )
    columns = [column[0] for column in found.description or ()]
    return sorted(str(dict(zip(columns, row, strict=True))) for row in found.fetchall())


def used_together(ledger: Ledger) -> dict[str, Figures]:
    rows = queries.usage(ledger, ALL, None, ("model",))
    return {row.keys["model"]: row.figures for row in rows}


def added_up(rows: list[UsageRow]) -> dict[str, Figures]:
    """Leave accounts out."""
    found: dict[str, Figures] = defaultdict(Figures)
    for row in rows:
        model = row.keys["model"]
        found[model] = found[model].plus(row.figures)
    return dict(found)


@settings(max_examples=examples(15), deadline=None)
@given(steps=STEPS)
def test_whatever_comes_whenever_copies_are_made(opened: Ledger, steps: Any) -> None:
    with empty(opened) as ledger:
        for step, told in steps:
            take(ledger, step, told)
        assert verify(ledger) == []
        everybody = queries.usage(ledger, ALL, None, ("account", "model"))
        assert used_together(ledger) == added_up(everybody)
        for account in ACCOUNTS:
            own = queries.usage(ledger, ALL, account, ("account", "model"))
            assert own == [one for one in everybody if one.keys["account"] == account]
            count, shares = queries.personal_sessions(ledger, account, ALL, 100)
            kept = {
                one.name: [
                    one.figures.calls,
                    one.figures.tokens.total,
                    one.figures.cost or 0,
                    one.figures.unpriced_calls,
                ]
                for one in shares
            }
            assert (count, kept) == (len(kept), sums_of_calls(ledger, account))
            done = queries.personal_activity(ledger, account, ALL)
            told_of = {(one.kind, one.name): one.amount for one in done}
            assert told_of == sums_of_facts(ledger, account)
            for what, view in OWNED.items():
                rows = list(held_rows(ledger, account, what))
                assert sorted(map(str, rows)) == owned(ledger, view, account)


@settings(max_examples=examples(10), deadline=None)
@given(steps=STEPS)
def test_pages_say_the_same_with_copies_and_without(opened: Ledger, steps: Any) -> None:
    with empty(opened) as ledger:
        for step, told in steps:
            take(ledger, step, told)
        with_copies = [pages(ledger, account) for account in ACCOUNTS]
        with ledger.writing() as cursor:
            past.forget(cursor)
        assert [pages(ledger, account) for account in ACCOUNTS] == with_copies
        assert verify(ledger) == []


def pages(ledger: Ledger, account: str) -> tuple[Any, ...]:
    return (
        queries.personal_hours(ledger, account, ALL),
        queries.personal_attendance(ledger, account, ALL),
        queries.personal_sessions(ledger, account, ALL, 2),
        queries.personal_activity(ledger, account, ALL),
        queries.usage(ledger, ALL, account, ("day", "model")),
        queries.usage(ledger, ALL, None, ("day", "model")),
    )
