"""By column or row by row: the ledger says the same, whatever comes in and how."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage import native
from mileage.domain.booking import Booking, Brought, Run
from mileage.domain.call import ESTIMATE, UNMEASURED, Call, Seen, SourceTraits
from mileage.domain.witness import WitnessBatch
from mileage.store.ledger import Ledger
from mileage.store.rules import Priced
from mileage.store.verify import verify
from tests.drawing import examples
from tests.ledgers import Turning, rules
from tests.witnesses import CODEX_OTLP, HOUR, LOG, NOON, OTLP, ROLLOUT, TRAITS, seen

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from datetime import date

GATEWAY, FILLER = "a_gateway", "a_filler"
MORE = {
    GATEWAY: SourceTraits(GATEWAY, "", 5, "link", replayable=True, gateway=True),
    FILLER: SourceTraits(FILLER, "codex", 3, "counts", replayable=False, gap=True),
}
REREAD = {LOG, ROLLOUT, GATEWAY}
# Ids of telemetry are looked up in the hours around their own, others always.
HOURS = {True: st.integers(0, 3), False: st.integers(1, 2)}
TABLES = (
    *("witness", "call", "current_call", "superseded", "session_profile", "tally"),
    *("rollup_hour", "rollup_day", "rollup_session"),
)
STORED = (
    *("joined_witness", "joined_call", "plain_call", "witness_id", "session_profile"),
    *("superseded", "tally", "presence", "claim"),
    *("rollup_hour", "rollup_day", "rollup_session"),
)
PRESENCE = """
    select
        seq, recorded_at, account, source, client, machine, day, client_version,
        min(first), max(last), sum(witnesses), min(least_delay)
    from presence group by all order by all
"""


class Whole:
    """A micro-dollar a token; from a prompt of 500 tokens on, two and a bit."""

    brackets = ((-1, (1_000_000,) * 7), (500, (2_300_001,) * 7))


class Prices:
    version = "test prices"

    def price(self, provider: str, model: str, day: date, tier: str) -> Whole | None:
        return None if model == "unknown" else Whole()


def cost(tokens: tuple[int, ...]) -> int:
    prompt = sum(tokens) - tokens[4] - tokens[5]
    rates = Whole.brackets[prompt > 500][1]
    whole, rest = divmod(sum(a * b for a, b in zip(tokens, rates, strict=True)), 10**6)
    return whole + (2 * rest > 10**6 - whole % 2)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Ledger]]:
    """One that takes rows only, and one that takes columns where it can."""
    folder = tmp_path_factory.mktemp("ledgers")
    by_row = rules()._replace(traits={**TRAITS, **MORE}, price=priced)
    rows = Ledger(folder / "rows.duckdb", by_row, Turning())
    by_column = by_row._replace(tariffs=Prices())
    columns = Ledger(folder / "columns.duckdb", by_column, Turning())
    yield rows, columns
    rows.close()
    columns.close()


@contextmanager
def empty(opened: tuple[Ledger, Ledger]) -> Iterator[tuple[Ledger, Ledger]]:
    """Empty both: opening new ones takes longer than a whole example."""
    for ledger in opened:
        cursor = ledger.cursor()
        for table in STORED:
            cursor.execute(f"delete from {table}")  # noqa: S608
    yield opened


def priced(call: Call) -> Priced:
    known = call.model != "unknown"
    return Priced(cost(call.tokens) if known else None, Prices.version)


HEX = st.one_of(
    st.integers(0, 9).map(
        lambda n: f"req_{n * 0x9E3779B97F4A7C15F39CC061 % 2**96:024x}"
    ),
    # All but the last digits are alike.
    st.integers(0, 3).map(lambda n: f"req_{n:024x}"),
)
LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz-_"
WORDED = st.one_of(
    st.integers(1, 9).map(
        lambda n: "req_011C" + "".join(LETTERS[n * at * 7 % 60] for at in range(1, 21))
    ),
    # All but the first, or but the last, of the taken apart are alike.
    st.sampled_from(
        [f"{a}{b * 18}{c}" for a in "xy" for b in "Zz" for c in ("-", "_", "é")]
    ),
)
NAMES = st.one_of(
    HEX,
    WORDED,
    st.integers(0, 12).map(lambda n: f"req_{n}"),
    st.sampled_from(["msg_1", "msg_2", "REQ_" + "A" * 24, "x\0y", "f" * 24, "ü" * 30]),
)
LINKS = st.one_of(
    st.just(""), NAMES, st.tuples(st.one_of(HEX, WORDED), NAMES).map(" ".join)
)


@st.composite
def told(draw: st.DrawFn) -> Seen:
    source = draw(
        st.sampled_from([OTLP, OTLP, OTLP, LOG, CODEX_OTLP, ROLLOUT, GATEWAY, FILLER])
    )
    key = draw(NAMES)
    fields = {
        "link": key if source == OTLP and draw(st.booleans()) else draw(LINKS),
        "session": draw(st.sampled_from(["", *(f"s{n}" for n in range(8))])),
        "client": "codex" if source == GATEWAY else (MORE | TRAITS)[source].client,
        "occurred_at": NOON
        + draw(HOURS[source in REREAD]) * HOUR
        + draw(st.sampled_from([0, 1, 999_999])),
        "output": draw(st.sampled_from([0, 1, 50])),
        "cache_read": draw(st.sampled_from([0, 400, 10**12])),
        "reported_cost": draw(st.sampled_from([None, 0, 7])),
        "attended": draw(st.sampled_from([None, False, True])),
        "model": draw(st.sampled_from(["claude-opus-4-8", "unknown"])),
        "measure": draw(st.sampled_from(["", "", "", "", ESTIMATE, UNMEASURED])),
        "copied": draw(st.booleans()),
    }
    plain = seen(OTLP, key=key, **fields)
    account = draw(st.sampled_from(["acc_a", "acc_a", "acc_b"]))
    witness = plain.witness._replace(source=source)
    return Seen(witness, account, draw(st.booleans()))


@st.composite
def appends(draw: st.DrawFn) -> list[list[Seen]]:
    """Draw some appends; much is said again, in the same append and later on."""
    pool = draw(st.lists(told(), min_size=1, max_size=20))
    one = st.lists(st.sampled_from(pool), min_size=1, max_size=10)
    return draw(st.lists(one, min_size=1, max_size=5))


def by_row(said: list[Seen]) -> Booking:
    half = len(said) // 2
    brought = (Brought(half, "mach_1", NOON + 5 * HOUR),)
    return Booking(seen=tuple(said), brought=brought)


def by_column(said: list[Seen]) -> Booking:
    """Book the same by column, one run for each that came together."""
    half = len(said) // 2
    runs = []
    for at, one in enumerate(said):
        origin = ("mach_1", NOON + 5 * HOUR) if at < half else ("", 0)
        batch = WitnessBatch.of([one.witness])
        runs.append(Run(batch, [one.account], one.asserted, *origin))
    return Booking(runs=tuple(runs))


def contents(ledger: Ledger, table: str) -> list[dict[str, object]]:
    cursor = ledger.cursor().execute(f"select * from {table} order by all")  # noqa: S608
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row.pop("own_id", None)  # only what may be joined has one
    return sorted(rows, key=repr)


def assert_alike(rows: Ledger, columns: Ledger) -> None:
    for table in TABLES:
        assert contents(columns, table) == contents(rows, table), table
    heard = [ledger.cursor().execute(PRESENCE).fetchall() for ledger in (rows, columns)]
    assert heard[0] == heard[1]


@pytest.mark.parametrize("way", ["arrow", "json"])
def test_columns_and_rows_give_the_same_ledger(
    way: str, opened: tuple[Ledger, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "json":
        monkeypatch.setattr(native, "scan", None)

    @settings(max_examples=examples(6 if way == "arrow" else 3))
    @given(appends())
    def check(history: list[list[Seen]]) -> None:
        with empty(opened) as (rows, columns):
            for said in history:
                expected = rows.append(by_row(said))
                assert columns.append(by_column(said)) == expected
            assert_alike(rows, columns)
            assert verify(rows) == verify(columns) == []

    check()


@settings(max_examples=examples(4))
@given(appends(), st.sampled_from(["acc_a", "acc_b"]))
def test_claims_move_plain_calls_as_well(
    opened: tuple[Ledger, Ledger], history: list[list[Seen]], who: str
) -> None:
    with empty(opened) as (rows, columns):
        for at, said in enumerate(history):
            assert columns.append(by_column(said)) == rows.append(by_row(said))
            if at == len(history) // 2:
                assert columns.claim(who, "acc_p") == rows.claim(who, "acc_p")
        assert_alike(rows, columns)
        assert columns.claim(who, "") == rows.claim(who, "")
        assert_alike(rows, columns)


@settings(max_examples=examples(4))
@given(appends(), st.randoms(use_true_random=False))
def test_other_batches_and_another_order_change_no_call(
    opened: tuple[Ledger, Ledger], history: list[list[Seen]], rng: random.Random
) -> None:
    flat = [one for said in history for one in said]
    again = rng.sample(flat * 2, len(flat) * 2)
    # A log's line: from now on everything is looked for over all time.
    anchor = seen(LOG, key="anchor", link="")
    with empty(opened) as (rows, columns):
        rows.append(by_row([*flat, anchor]))
        for start in range(0, len(again), 7):
            columns.append(by_column([*again[start : start + 7], anchor]))
        assert verify(columns) == verify(rows) == []
        assert calls_of(columns) == calls_of(rows)


def calls_of(ledger: Ledger) -> list[tuple[object, ...]]:
    cursor = ledger.cursor()
    cursor.execute("select * exclude (seq, recorded_at) from current_call order by all")
    return cursor.fetchall()
