"""Every trap of the further logs, alone and with all others: exact to the token.

Each is read by its source from a disk, summed for a person, and booked in a ledger in
any order; and a reader that adds up whatever usage it finds gets it wrong.
"""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from functools import cache

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.once import count_once
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.sources import copilot_shutdowns
from mileage.sources.files import discover, read_log
from mileage.store import queries
from mileage.store.verify import verify
from tests.client_logs import SOURCES
from tests.conformance import clients_home as clients
from tests.conformance import opencode_home as opencode
from tests.conformance.truth import facts, summed
from tests.ledgers import booking, ledger_in
from tests.witnesses import DAY, NOON

WRITERS = {
    "opencode_db": (opencode.opencode_home, opencode.OPENCODE_TRAPS),
    "copilot_events": (clients.copilot_home, clients.COPILOT_TRAPS),
    "pi_session": (clients.pi_home, clients.PI_TRAPS),
    "kimi_wire": (clients.kimi_home, clients.KIMI_TRAPS),
    "amp_thread": (clients.amp_home, clients.AMP_TRAPS),
    "droid_session": (clients.droid_home, clients.DROID_TRAPS),
}
TRAITS = {
    source.traits.name: source.traits
    for source in (*SOURCES.values(), copilot_shutdowns.SOURCE)
}
PAIRS = [(name, trap) for name, (_, traps) in WRITERS.items() for trap in traps]
EVERY_TRAP = pytest.mark.parametrize(("name", "trap"), PAIRS)
EVERY_CLIENT = pytest.mark.parametrize("name", WRITERS)
SEEDS = pytest.mark.parametrize("seed", range(3))


@cache
def home(name, seed, traps=frozenset(), start=NOON):
    write, known = WRITERS[name]
    assert traps <= set(known)
    return write(seed, traps, start)


def all_traps(name, seed, start=NOON):
    """All that can be together, with one of those that exclude each other."""
    chosen = set(WRITERS[name][1])
    if chosen & opencode.EXCLUSIVE:
        chosen -= {sorted(opencode.EXCLUSIVE)[seed % 2]}
    return home(name, seed, frozenset(chosen), start)


def readings(name, made, folder, *, activity=True):
    made.write(folder)
    return [
        reading
        for file in discover(folder, {}, SOURCES[name])
        for reading in read_log(SOURCES[name], file, activity=activity)
    ]


def rows(found):
    return [row for reading in found for row in reading.witnesses.rows()]


def calls(found):
    return resolve([Seen(row, "acc_a", asserted=False) for row in rows(found)], TRAITS)


# ----------------------------------------------------------------- the data itself


@EVERY_CLIENT
def test_the_same_seed_writes_the_same_home(name):
    write, traps = WRITERS[name]
    one, same, other = (write(seed, traps) for seed in (7, 7, 8))
    assert one == same
    assert one.calls != other.calls


def test_labels_are_told_apart():
    labels = [trap for _, trap in PAIRS]
    assert len(set(labels)) == len(labels) == 32


# What no sum can show: these traps are about lines and rows, or about names of calls.
OF_ANOTHER_KIND = {
    opencode.ONLY_FILES,
    opencode.NOT_YET,
    opencode.SUB_AGENTS,
    opencode.BESIDE_OUTPUT,
    opencode.OC_ODD,
    clients.CP_AGENTS,
    clients.CP_ODD,
    clients.PI_NAMELESS,
    clients.PI_FAILED,
    clients.PI_ODD,
    clients.KIMI_SCOPES,
    clients.KIMI_AGENTS,
    clients.AMP_ALONE,
}


@EVERY_TRAP
def test_adding_up_whatever_is_found_is_wrong(name, trap):
    if trap in OF_ANOTHER_KIND:
        return
    made = home(name, 11, frozenset({trap}))
    true = sum(call.tokens.total for call in made.calls)
    assert naive(made) > true


def naive(made):
    """Add every usage in every line, row and document up."""
    found = 0
    for path, lines in made.files.items():
        if path.endswith(".db"):
            found += sum(naive_sum(text) for text in texts_of(b"".join(lines)))
        elif path.endswith(".json"):
            found += naive_sum(b"".join(lines))
        else:
            # Half a line may still hold all of its usage.
            found += sum(naive_sum(line) or naive_torn(line) for line in lines)
    return found


def texts_of(database):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(database)
        for table in ("message", "session_message", "part"):
            yield from (
                data.encode()
                for (data,) in connection.execute(f"SELECT data FROM {table}")  # noqa: S608
            )


def naive_sum(text):
    try:
        return usage_in(json.loads(text))
    except ValueError:
        return 0


def naive_torn(line):
    for ending in (b"}", b"}}", b"}}}", b'"}}', b'"}', b'"}}}', b"0}", b"1}}"):
        for end in range(len(line), max(0, len(line) - 40), -1):
            found = naive_sum(line[:end] + ending)
            if found:
                return found
    return 0


NAMES = (
    *("input", "output", "reasoning", "cacheRead", "cacheWrite", "inputTokens"),
    *("outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens"),
    *("cacheReadInputTokens", "cacheCreationInputTokens", "cacheCreationTokens"),
    *("thinkingTokens", "input_other", "input_cache_read", "input_cache_creation"),
    *("inputOther", "inputCacheRead", "inputCacheCreation", "read", "write"),
)


def usage_in(plain):
    if isinstance(plain, list):
        return sum(map(usage_in, plain))
    if not isinstance(plain, dict):
        return 0
    own = sum(
        value
        for name, value in plain.items()
        if name in NAMES and isinstance(value, int)
    )
    return own + sum(map(usage_in, plain.values()))


# ------------------------------------------------------------ sources and the join


@EVERY_TRAP
@pytest.mark.parametrize("activity", [True, False])
def test_a_trap_alone(name, trap, activity, tmp_path):
    made = home(name, 21, frozenset({trap}))
    found = readings(name, made, tmp_path, activity=activity)
    assert facts(calls(found)) == facts(made.calls)
    assert summed(calls(found)) == summed(made.calls)
    assert sum(len(one.rejected) for one in found) == made.refused


@EVERY_CLIENT
@SEEDS
def test_no_trap(name, seed, tmp_path):
    made = home(name, seed)
    found = readings(name, made, tmp_path)
    assert facts(calls(found)) == facts(made.calls)
    assert all(one.rejected == () for one in found)


@EVERY_CLIENT
@SEEDS
def test_all_traps_together(name, seed, tmp_path):
    made = all_traps(name, seed)
    found = readings(name, made, tmp_path)
    assert facts(calls(found)) == facts(made.calls)
    assert facts(count_once(one.witnesses for one in found)) == facts(made.calls)
    assert sum(len(one.rejected) for one in found) == made.refused


@EVERY_CLIENT
@SEEDS
def test_order_and_repetition_do_not_matter(name, seed, tmp_path):
    made = all_traps(name, seed)
    found = rows(readings(name, made, tmp_path, activity=False))
    chance = random.Random(seed)  # noqa: S311 - test data
    shuffled = chance.sample(found * 2, len(found) * 2)
    booked = [Seen(row, "acc_a", asserted=False) for row in shuffled]
    straight = [Seen(row, "acc_a", asserted=False) for row in found]
    assert sorted(resolve(booked, TRAITS)) == sorted(resolve(straight, TRAITS))


def test_copies_are_booked_under_the_session_that_made_them(tmp_path):
    for name, trap in (
        ("opencode_db", opencode.FORKED),
        ("pi_session", clients.PI_FORKED),
    ):
        made = home(name, 5, frozenset({trap}))
        found = calls(readings(name, made, tmp_path / name))
        told = {(call.occurred_at, call.session) for call in found}
        assert told == {(call.at, call.session) for call in made.calls}


# ---------------------------------------------------------------------- the ledger


def test_the_ledger_of_all_clients_in_any_order(tmp_path):
    """In parts that mix clients and repeat rows, each in a month of its own."""
    chance = random.Random(50)  # noqa: S311 - test data
    found, true = [], {}
    for number, name in enumerate(WRITERS):
        start = NOON - 30 * number * DAY
        made = all_traps(name, number, start)
        found += rows(readings(name, made, tmp_path / name, activity=False))
        true[name] = start, summed(made.calls)
    found = chance.sample(found, len(found))
    (tmp_path / "ledger").mkdir()
    with ledger_in(tmp_path / "ledger") as ledger:
        for part in (found[0::3], found[1::3] + found[:9], found[2::3]):
            booked = [Seen(row, "acc_a", asserted=False) for row in part]
            ledger.append(booking(booked))
        for start, sums in true.values():
            window = Window(start - DAY, start + 20 * DAY)
            told = queries.usage(ledger, window, None, ("client",))
            assert {
                row.keys["client"]: (row.figures.calls, row.figures.tokens)
                for row in told
            } == sums
        assert verify(ledger) == []
        again = [Seen(row, "acc_a", asserted=False) for row in found]
        taken = ledger.append(booking(again))
        assert (taken.visible, taken.calls) == (0, 0)


def test_a_wrong_sum_would_be_seen():
    made = home("pi_session", 9)
    more = made.calls[0]._replace(tokens=Tokens(input=1))
    assert facts([more, *made.calls[1:]]) != facts(made.calls)
