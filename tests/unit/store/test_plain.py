"""Plain calls: one row each, until something may belong to them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mileage import native
from mileage.domain.booking import Booking, Position, Run
from mileage.domain.join_policy import JoinPolicy, PairRule
from mileage.domain.window import Window, moment
from mileage.domain.witness import WitnessBatch
from mileage.pricing.catalog import shipped
from mileage.store.disagreements import disagreements
from mileage.store.ledger import Ledger
from mileage.store.rules import Priced
from mileage.store.verify import verify
from tests.ledgers import Turning, booking, rules
from tests.old_ledgers import step_back
from tests.witnesses import (
    CODEX_OTLP,
    DAY,
    HOUR,
    LOG,
    NOON,
    OTLP,
    ROLLOUT,
    SECOND,
    seen,
    witness,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from mileage.domain.call import Call, Seen

ALL = Window(NOON - 10 * DAY, NOON + 10 * DAY)
HEX = "req_0123456789abcdef01234567"


class Flat:
    """A micro-dollar a token."""

    brackets = ((-1, (1_000_000,) * 7),)


class Prices:
    """Everything costs the same, except what is unknown."""

    version = "test prices"

    def price(self, provider: str, model: str, day: date, tier: str) -> Flat | None:
        return None if model == "unknown" else Flat()


@pytest.fixture(params=["arrow", "json"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With the extension and without it."""
    if request.param == "json":
        monkeypatch.setattr(native, "scan", None)
    return str(request.param)


@contextmanager
def ledger_in(
    folder: Path, now: Turning | None = None, join: JoinPolicy | None = None
) -> Iterator[Ledger]:
    by_column = rules(join=join)._replace(tariffs=Prices())
    ledger = Ledger(folder / "ledger.duckdb", by_column, now or Turning())
    try:
        yield ledger
    finally:
        ledger.close()


def count(ledger: Ledger, table: str) -> int:
    rows = ledger.cursor().execute(f"select count(*) from {table}")  # noqa: S608
    found = rows.fetchone()
    assert found is not None
    return int(found[0])


def kinds(ledger: Ledger) -> tuple[int, int, int]:
    """Return how many plain calls, joined witnesses and current calls there are."""
    tables = ("plain_call", "joined_witness", "current_call")
    plain, joined, calls = (count(ledger, table) for table in tables)
    return plain, joined, calls


def name(number: int) -> str:
    """Return an id that is as random as the provider's."""
    return f"req_{(number + 1) * 0x9E3779B97F4A7C15F39CC061 % 2**96:024x}"


def some(number: int, **fields: object) -> list[Seen]:
    return [seen(OTLP, key=name(n), link=name(n), **fields) for n in range(number)]


def test_calls_of_one_witness_are_plain(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        done = ledger.append(booking(some(5)))
        assert (done.visible, done.duplicates, done.calls) == (5, 0, 5)
        assert kinds(ledger) == (5, 0, 5)
        assert verify(ledger) == []


WORDED = "req_011CSHoEeqs5C35K2UUqR7Fy"
NAMES = [
    (HEX, HEX),
    (HEX[::-1], ""),
    ("req_" + "1" * 24, "req_other"),
    ("msg_1", "req_" + "2" * 24),
    ("ABCDEF" * 4, "ABCDEF" * 4),
    ("0" * 24, "f" * 24),
    ("prefix\0" + "a" * 40, ""),
    ("schlüssel", "schlüssel"),
    ("", ""),
    (WORDED, WORDED),
    (WORDED[::-1], f"msg_{WORDED[:-1]}x"),
    ("550e8400-e29b-41d4-a716-446655440000", ""),
    ("-_" * 10, "_-" * 10),
    ("é" + "0" * 20, ""),
    ("z" * 20, "z" * 19),
    ("a" * 19 + "\n", ""),
    ("\n" + "Q" * 20, "\0" + "B" * 20),
]


def test_names_come_back_as_they_were(tmp_path: Path, way: str) -> None:
    said = [seen(OTLP, key=key, link=link) for key, link in NAMES]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        cursor = ledger.cursor().execute("select key, link from witness")
        assert sorted(cursor.fetchall()) == sorted(NAMES)
        assert kinds(ledger)[0] == len(NAMES)
        assert verify(ledger) == []
        assert ledger.append(booking(said)).duplicates == len(NAMES)


@pytest.mark.parametrize(("turned", "key"), list(enumerate([HEX, WORDED, "msg_1"])))
def test_a_name_is_met_again_wherever_it_stands(
    tmp_path: Path, turned: int, key: str
) -> None:
    """As the key of a plain call, as a link, as one of two links, and elsewhere.

    Each comes first with some keys and second with others: a ledger each takes long.
    """
    others = [
        [seen(LOG, key="m1", link=key)],
        [seen(LOG, key="m2", link=f"{key} msg_x")],
        [seen(OTLP, key=key, link=key, output=9)],
        [seen(LOG, key=key, link="")],
    ]
    for number, other in enumerate(others):
        both = [some_of(key), other]
        if (number + turned) % 2:
            both.reverse()
        folder = tmp_path / str(number)
        folder.mkdir()
        with ledger_in(folder) as ledger:
            for said in both:
                ledger.append(booking(said))
            assert kinds(ledger)[0] == 0, number


def some_of(key: str) -> list[Seen]:
    return [seen(OTLP, key=key, link=key)]


def test_keys_of_an_older_ledger_are_taken_apart(tmp_path: Path) -> None:
    said = [seen(OTLP, key=key, link=link) for key, link in NAMES]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
    step_back(tmp_path / "ledger.duckdb", 11)
    with ledger_in(tmp_path) as ledger:
        cursor = ledger.cursor().execute("select key, link from witness")
        assert sorted(cursor.fetchall()) == sorted(NAMES)
        rows = ledger.cursor().execute(
            "select count(*) from plain_call where key_more is not null"
        )
        assert rows.fetchall() == [(9,)]
        assert ledger.append(booking(said)).duplicates == len(NAMES)
        assert verify(ledger) == []


def test_repetitions_are_counted_and_change_nothing(tmp_path: Path) -> None:
    said = some(4)
    with ledger_in(tmp_path) as ledger:
        first = ledger.append(booking([*said, *said[:2]]))
        again = ledger.append(booking(said * 3))
        assert (first.visible, first.duplicates) == (4, 2)
        assert (again.visible, again.duplicates, again.calls) == (0, 12, 0)
        assert kinds(ledger) == (4, 0, 4)


def test_another_account_is_no_repetition(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(some(1)))
        other = ledger.append(booking(some(1, account="acc_b")))
        assert (other.visible, other.duplicates) == (1, 0)
        assert kinds(ledger) == (0, 2, 1)
        assert verify(ledger) == []


def test_what_belongs_to_a_plain_call_takes_it_out(tmp_path: Path) -> None:
    now = Turning()
    with ledger_in(tmp_path, now) as ledger:
        ledger.append(booking(some(3)))
        before = (
            ledger.cursor().execute("select * from call order by call_id").fetchall()
        )
        now.at += HOUR
        log = seen(LOG, key="msg_1", link=name(1))
        ledger.append(booking([log]))
        assert kinds(ledger) == (2, 2, 3)
        # What was written before still stands there, of the same append.
        after = ledger.cursor().execute(
            "select * from call where seq = 1 order by call_id"
        )
        assert after.fetchall() == before
        assert count(ledger, "superseded") == 1
        assert verify(ledger) == []


def test_sessions_that_could_be_matched_are_read_as_a_whole(tmp_path: Path) -> None:
    thread = {"link": "", "session": "thread", "input": 7}
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(CODEX_OTLP, key="o1", **thread)]))
        assert kinds(ledger) == (1, 0, 1)
        ledger.append(booking([seen(ROLLOUT, key="r1", **thread)]))
        assert kinds(ledger) == (0, 2, 1)
        assert verify(ledger) == []


def test_sources_that_share_ids_may_share_a_session(tmp_path: Path) -> None:
    log = seen(LOG, key="msg_9", link="req_9")
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([log]))
        ledger.append(booking(some(2)))
        assert kinds(ledger) == (3, 0, 3)


def test_an_id_is_met_wherever_it_is_said(tmp_path: Path) -> None:
    """A link may be a key elsewhere, or one of two links, in one append or later."""
    two = seen(LOG, key="msg_1", link=f"msg_x {name(0)}")
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([*some(2), two]))
        assert kinds(ledger) == (1, 2, 2)
        ledger.append(booking([seen(LOG, key="msg_2", link=f"aaa {name(1)}")]))
        assert kinds(ledger) == (0, 4, 2)
        assert verify(ledger) == []


def test_the_same_id_hours_later_is_looked_for_only_where_logs_are_read(
    tmp_path: Path,
) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(OTLP, key=HEX, link=HEX)]))
        late = seen(LOG, key="msg_1", link=HEX, occurred_at=NOON + 9 * HOUR)
        ledger.append(booking([late]))
        assert kinds(ledger) == (0, 2, 1)


def test_a_contradiction_is_kept_and_shown(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for output in (50, 70, 50):
            ledger.append(booking([seen(OTLP, key=HEX, link=HEX, output=output)]))
        (one,) = disagreements(ledger, ALL)
        assert [told.tokens.output for told in one.testimonies] == [50, 70]
        assert verify(ledger) == []


def test_estimates_and_unmeasured_calls_go_the_ordinary_way(tmp_path: Path) -> None:
    said = [
        seen(OTLP, key=f"req_{measure}", link="", measure=measure)
        for measure in ("estimate", "unmeasured", "")
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        assert kinds(ledger) == (1, 2, 2)
        assert verify(ledger) == []


def test_costs_are_those_of_the_catalog(tmp_path: Path) -> None:
    """Real prices with brackets, rounded half to even, by either way."""
    catalog = shipped()
    models = ("claude-opus-4-8", "claude-sonnet-4-5", "gemini-2.5-pro", "gpt-5.1", "?")
    said = [
        seen(
            OTLP,
            key=f"req_{number}",
            link="",
            model=models[number % len(models)],
            provider=("anthropic", "anthropic", "google", "openai", "")[number % 5],
            tier=("", "priority", "batch")[number % 3],
            input=number * 7919 % 300_000,
            cache_read=number * 104_729 % 1000,
            output=number,
            occurred_at=NOON - number * DAY * 5,
        )
        for number in range(120)
    ]

    def price(call: Call) -> Priced:
        day = moment(call.occurred_at).date()
        cost = catalog.cost(call.provider, call.model, day, call.tier, call.tokens)
        return Priced(cost, catalog.version)

    found = []
    for name, tariffs in (("rows", None), ("columns", catalog)):
        (tmp_path / name).mkdir()
        own = rules()._replace(price=price, tariffs=tariffs)
        ledger = Ledger(tmp_path / name / "ledger.duckdb", own, Turning())
        ledger.append(booking(said))
        cursor = ledger.cursor().execute(
            "select call_id, cost, price_version from current_call order by call_id"
        )
        found.append(cursor.fetchall())
        ledger.close()
    assert found[0] == found[1]
    costs = {cost for _, cost, _ in found[0]}
    assert None in costs
    assert len(costs) > 30


def test_columns_and_rows_can_come_in_one_booking(tmp_path: Path) -> None:
    batch = WitnessBatch.of(
        [witness(OTLP, key="a", link=""), witness(OTLP, key="b", link="")]
    )
    run = Run(batch, ["acc_a", "acc_b"], asserted=True, machine="mach_1", received=NOON)
    both = Booking(seen=(seen(OTLP, key="c", link=""),), runs=(run,))
    assert [one.account for one in both.rows()] == ["acc_a", "acc_b", "acc_a"]
    with ledger_in(tmp_path) as ledger:
        assert ledger.append(both, Position(3, 7)).visible == 3
        rows = ledger.cursor().execute(
            "select key, account, asserted from witness order by key"
        )
        assert rows.fetchall() == [
            ("a", "acc_a", True),
            ("b", "acc_b", True),
            ("c", "acc_a", False),
        ]
        heard = ledger.cursor().execute("select distinct machine from presence")
        assert sorted(heard.fetchall()) == [("",), ("mach_1",)]
        assert ledger.position() == Position(3, 7)


def test_roll_ups_grow_by_what_comes(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for at in range(3):
            said = [
                seen(
                    OTLP,
                    key=f"req_{at}_{n}",
                    link="",
                    session=f"s{n % 2}",
                    model="unknown" if n == 3 else "claude-opus-4-8",
                    occurred_at=NOON + at * HOUR // 2,
                )
                for n in range(4)
            ]
            ledger.append(booking(said))
        rows = ledger.cursor().execute(
            "select sessions, calls, unpriced_calls from rollup_day"
        )
        assert rows.fetchall() == [(2, 12, 3)]
        assert count(ledger, "rollup_session") == 4
        assert verify(ledger) == []


def test_other_rules_of_joining_reach_plain_calls(tmp_path: Path) -> None:
    apart = JoinPolicy(pairs=(PairRule(ROLLOUT, CODEX_OTLP, keys="nothing"),))
    thread = {"link": "", "session": "thread", "input": 7}
    said = [
        seen(CODEX_OTLP, key="o1", **thread),
        seen(ROLLOUT, key="r1", occurred_at=NOON + SECOND, **thread),
        *some(3),
    ]
    with ledger_in(tmp_path, join=apart) as ledger:
        ledger.append(booking(said))
        assert kinds(ledger) == (5, 0, 5)
    with ledger_in(tmp_path) as ledger:
        assert kinds(ledger)[2] == 4
        assert verify(ledger) == []


def test_a_failing_append_leaves_nothing(tmp_path: Path) -> None:
    class Broken(Prices):
        def price(self, *_: object) -> Flat | None:
            raise RuntimeError("no prices today")

    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(some(2)))
        whole, ledger.rules = ledger.rules, ledger.rules._replace(tariffs=Broken())
        with pytest.raises(RuntimeError):
            ledger.append(booking(some(4)))
        ledger.rules = whole
        assert kinds(ledger) == (2, 0, 2)
        assert ledger.append(booking(some(4))).visible == 2
        assert verify(ledger) == []
