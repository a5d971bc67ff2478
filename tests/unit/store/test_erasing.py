"""Tombstones in the ledger: in every kind of place, and no sum is another one."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

import pytest

from mileage.domain.booking import Booking, Brought, Done, Refusal
from mileage.domain.witness import Activity, Rejected
from mileage.store import retention
from mileage.store.erasing import TABLES, Tombstone, count_held, erase, hashed
from mileage.store.held import ROWS, SUMMED, held, held_rows
from mileage.store.ledger import Ledger
from mileage.store.verify import verify
from tests.ledgers import Turning, booking, in_columns, rules
from tests.unit.store.test_promoting import Prices
from tests.witnesses import HOUR, LOG, NOON, OTLP, ROLLOUT, seen

ANA, BO, LAPTOP = "acc_ana", "acc_bo", "acc_laptop"
MAIL = "Ana@X.Example"
OPAQUE = {ANA: "one", BO: "two", LAPTOP: "three"}
"""In ids of sessions and calls, which stay."""
DEAD = Tombstone(ANA, "acc_dead", (MAIL.lower(),))
DEAD_LAPTOP = Tombstone(LAPTOP, "acc_dead2", ())
SUMS = {
    "calls": "select day, client, model, count(*), sum(output), sum(cost) "
    "from current_call group by all order by all",
    "hours": "select hour, client, model, sum(calls), sum(output), sum(cost) "
    "from rollup_hour group by all order by all",
    "days": "select day, client, sum(sessions), sum(calls), sum(tokens) "
    "from rollup_day group by all order by all",
    "people": "select day, count(distinct account) from rollup_day group by all "
    "order by all",
    "activity": "select kind, count(*), sum(amount) from activity group by all "
    "order by all",
    "rejected": "select source, reason, sum(records) from rejection group by all "
    "order by all",
    "heard": "select source, sum(witnesses) from presence group by all order by all",
}


def fact(account, key):
    told = Activity(
        source=OTLP, key=key, session=f"s-{OPAQUE[account]}", occurred_at=NOON,
        client="claude-code", kind="prompt", name="", amount=3, attended=None,
        identity="",
    )  # fmt: skip
    return Done(told, account, asserted=False)


def said(account, number, source=OTLP, **fields):
    plain = {
        "key": f"k-{OPAQUE[account]}-{number}",
        "link": "" if source == ROLLOUT else f"r-{OPAQUE[account]}-{number}",
        "session": f"s-{OPAQUE[account]}",
        "occurred_at": NOON + number * HOUR,
        "project": f"project-of-{account}",
    }
    return seen(source, account=account, **{**plain, **fields})


def fill(ledger):
    """Something of everybody in every kind of place."""
    people = (ANA, BO, LAPTOP)
    alone = [
        said(who, n, session=f"plain-{OPAQUE[who]}") for who in people for n in (30, 31)
    ]
    ledger.append(in_columns(alone))
    ledger.append(in_columns([said(who, n) for who in people for n in range(3)]))
    # The same calls by the log, so that two are joined; and one of Codex.
    beside = Booking(
        seen=tuple(
            said(who, number, source)
            for who in people
            for number, source in ((2, LOG), (5, LOG), (7, ROLLOUT))
        ),
        brought=tuple(Brought(3, f"machine-{who}", NOON) for who in people),
        done=tuple(fact(who, f"a-{OPAQUE[who]}") for who in people),
        refused=tuple(
            Refusal(Rejected(OTLP, "record 1", f"no such {who[-3:]}"), who)
            for who in people
        ),
    )
    ledger.append(beside)
    # What a gateway said of Ana, under a credential that is nobody's.
    ledger.append(in_columns([said(BO, 33, identity=MAIL, session="g")]))
    ledger.append(booking([said(BO, 12, LOG, identity=MAIL.upper())]))
    ledger.claim(LAPTOP, ANA)


@contextmanager
def ledger_in(folder):
    """One that takes calls of a single witness in by column."""
    by_column = rules()._replace(tariffs=Prices())
    opened = Ledger(folder / "ledger.duckdb", by_column, Turning())
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A filled ledger to copy: filling it each time takes longest."""
    folder = tmp_path_factory.mktemp("template")
    with ledger_in(folder) as opened:
        fill(opened)
    return folder / "ledger.duckdb"


@pytest.fixture
def ledger(template, tmp_path):
    shutil.copy(template, tmp_path)
    with ledger_in(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def kept(template, tmp_path_factory):
    """One that nobody is erased from."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copy(template, folder)
    with ledger_in(folder) as opened:
        yield opened


def sums(ledger):
    return {
        name: ledger.cursor().execute(asked).fetchall() for name, asked in SUMS.items()
    }


def texts(ledger):
    """Every value of every table, by the table's name."""
    cursor = ledger.cursor()
    tables = cursor.execute("select table_name from duckdb_tables()").fetchall()
    for (name,) in tables:
        for row in cursor.execute(f'select * from "{name}"').fetchall():  # noqa: S608
            yield name, " ".join(map(str, row)).lower()


def naming(ledger, *words):
    return {name for name, text in texts(ledger) if any(word in text for word in words)}


def test_there_is_something_of_everybody_in_every_table(kept):
    found = naming(kept, ANA, "project-of-acc_ana", MAIL.lower())
    missing = set(TABLES) - found
    # These hold days that were added up long ago.
    assert missing <= {"presence_day"}, missing


class Told(NamedTuple):
    """A ledger before Ana was erased from it, and after."""

    ledger: Any
    done: Any
    sums: Any
    counted: Any
    of_bo: Any


def of_bo(ledger):
    rows = {what: list(held_rows(ledger, BO, what)) for what in ROWS}
    # Only the address of the one who went is gone from what others have.
    return held(ledger, BO), {
        what: [{**one, "identity": ""} for one in rows[what]] for what in ROWS
    }


@pytest.fixture(scope="module")
def erased(template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("erased")
    shutil.copy(template, folder)
    with ledger_in(folder) as opened:
        assert verify(opened) == []
        before = sums(opened), count_held(opened, ANA), of_bo(opened)
        # As in wiring: what somebody claimed goes first, then their own.
        done = erase(opened, [DEAD_LAPTOP, DEAD])[1]
        yield Told(opened, done, *before)


def test_every_sum_stays_and_the_name_goes(erased):
    assert all(erased.sums.values())
    assert sums(erased.ledger) == erased.sums
    assert verify(erased.ledger) == []
    traces = (ANA, LAPTOP, MAIL.lower(), "project-of-acc_ana")
    assert naming(erased.ledger, *traces) == set()


def test_all_of_it_is_the_tombstones(erased):
    assert min(erased.counted) > 0
    assert count_held(erased.ledger, ANA) == (0, 0, 0, 0)
    assert count_held(erased.ledger, DEAD.tombstone) == erased.counted
    assert erased.done.rows == sum(erased.counted)


def test_nothing_of_anybody_else_is_touched(erased):
    assert of_bo(erased.ledger) == erased.of_bo


def test_the_proof_does_not_hold_the_id_itself(erased):
    assert erased.done.kind == retention.ERASURE
    told = [text for name, text in texts(erased.ledger) if name == "deletion"]
    assert len(told) == 2
    assert any(hashed(ANA) in one for one in told)
    assert hashed(ANA) == sha256(ANA.encode()).hexdigest()


def test_several_at_once_are_several_records_and_one_chain(ledger):
    before = sums(ledger)
    done = erase(ledger, [DEAD_LAPTOP, DEAD])
    assert [one.rows for one in done] == [
        sum(count_held(ledger, one.tombstone)) for one in (DEAD_LAPTOP, DEAD)
    ]
    assert len({one.hash for one in done}) == 2
    assert retention.check_deletions(ledger)[0] == 2
    assert sums(ledger) == before
    assert naming(ledger, ANA, LAPTOP) == set()
    # To be erased twice changes nothing more, and is recorded.
    (again,) = erase(ledger, [DEAD])
    assert again.rows == 0
    assert sums(ledger) == before
    retention.scrub(ledger)
    assert retention.check_deletions(ledger) == (3, [])


def test_somebody_of_whom_nothing_is_kept_leaves_a_record_all_the_same(ledger):
    nobody = Tombstone("acc_nobody", "acc_dead", ())
    assert count_held(ledger, "acc_nobody") == (0, 0, 0, 0)
    before = sorted(texts(ledger))
    (done,) = erase(ledger, [nobody])
    assert done.rows == 0
    assert retention.check_deletions(ledger)[0] == 1
    after = sorted(one for one in texts(ledger) if one[0] != "deletion")
    assert after == before


def test_nobody_at_all(ledger):
    before = sorted(texts(ledger))
    assert erase(ledger, []) == []
    assert sorted(texts(ledger)) == before


def test_without_an_address_no_row_of_others_loses_one(ledger):
    """An account that never had an address must not empty everybody's."""
    cursor = ledger.cursor()
    asked = "select count(*) from plain_call where identity <> ''"
    (before,) = cursor.execute(asked).fetchone()
    erase(ledger, [Tombstone(ANA, "acc_dead", ())])
    assert before
    assert cursor.execute(asked).fetchone() == (before,)


def test_a_failure_in_the_middle_leaves_everything_as_it_was(ledger, monkeypatch):
    before, told = sums(ledger), sorted(texts(ledger))

    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(retention, "write_anew", broken)
    with pytest.raises(RuntimeError):
        erase(ledger, [DEAD])
    assert sums(ledger) == before
    assert sorted(texts(ledger)) == told


# What is kept of somebody


def test_what_is_kept_adds_up(kept):
    found = held(kept, ANA)
    assert set(found) == set(SUMMED)
    assert sum(one["calls"] for one in found["days"]) == 14
    by_source = {one["source"]: one["witnesses"] for one in found["sources"]}
    assert by_source == {OTLP: 10, LOG: 4, ROLLOUT: 2}
    assert [(one["kind"], one["amount"]) for one in found["activities"]] == [
        ("prompt", 6)
    ]
    assert [one["reason"] for one in found["rejections"]] == [
        "no such ana",
        "no such top",
    ]
    assert f"machine-{ANA}" in {one["machine"] for one in found["machines"]}


@pytest.mark.parametrize("what", ROWS)
def test_every_row_is_there_oldest_first(kept, what):
    rows = list(held_rows(kept, ANA, what))
    assert len(rows) == {"calls": 14, "witnesses": 16, "activities": 2}[what]
    times = [one["occurred_at"] for one in rows]
    assert times == sorted(times)
    assert BO not in str(rows)


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_rows_are_brought_in_pieces(kept, monkeypatch, at_once):
    whole = list(held_rows(kept, ANA, "witnesses"))
    monkeypatch.setattr("mileage.store.held.AT_ONCE", at_once)
    assert list(held_rows(kept, ANA, "witnesses")) == whole


def test_whoever_stops_reading_leaves_nothing_open(kept):
    rows = held_rows(kept, ANA, "witnesses")
    next(rows)
    rows.close()
    assert list(held_rows(kept, "acc_nobody", "witnesses")) == []


@pytest.mark.parametrize("account", ["acc_nobody", "", "' or 1=1 --", ANA.upper()])
def test_of_whom_nothing_is_kept(kept, account):
    assert held(kept, account) == {name: [] for name in SUMMED}
    assert all(list(held_rows(kept, account, what)) == [] for what in ROWS)
