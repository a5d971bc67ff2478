"""Every trap of Gemini CLI and Qwen Code, alone and with all others: exact.

As for the other clients: read by the sources, joined with telemetry of the same
calls, booked in a ledger; and a reader that knows one rule less gets it wrong.
"""

from __future__ import annotations

import random
from functools import cache

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.once import count_once
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.sources import gemini_cli_otlp, qwen_code_otlp
from mileage.sources.files import discover, read_log
from mileage.sources.gemini_cli_chat import SOURCE as GEMINI
from mileage.sources.otlp import OtlpReader
from mileage.sources.qwen_code_chat import SOURCE as QWEN
from mileage.store import queries
from mileage.store.verify import verify
from tests.conformance import gemini_qwen_reference as reference
from tests.conformance.gemini_home import (
    GEMINI_HALF,
    GEMINI_ODD,
    GEMINI_TRAPS,
    NET,
    counted,
    gemini_home,
)
from tests.conformance.qwen_home import (
    QWEN_HALF,
    QWEN_ODD,
    QWEN_TRAPS,
    qwen_home,
    told,
)
from tests.conformance.truth import facts, stamp, summed
from tests.ledgers import booking, ledger_in
from tests.otlp_bodies import log, logs
from tests.witnesses import DAY, NOON

OTLP = (gemini_cli_otlp.SOURCE, qwen_code_otlp.SOURCE)
TRAITS = {one.traits.name: one.traits for one in (*OTLP, GEMINI, QWEN)}
READER = OtlpReader(OTLP)
# The two readings of a total exclude each other.
ALL_TRAPS = (*(one for one in GEMINI_TRAPS if one != NET), *QWEN_TRAPS)
EVERY_TRAP = pytest.mark.parametrize(
    "trap",
    [
        *((gemini_home, one) for one in GEMINI_TRAPS),
        *((qwen_home, one) for one in QWEN_TRAPS),
    ],
    ids=lambda pair: f"{pair[0].__name__} {pair[1]}",
)
SEEDS = pytest.mark.parametrize("seed", range(4))


@cache
def written(write, seed, traps=frozenset(), start=NOON):
    return write(seed, traps, start)


def home(seed, traps=(), start=NOON):
    """Write a home with the traps of both clients."""
    chosen = frozenset(traps)
    one = written(gemini_home, seed, chosen, start)
    return one.plus(written(qwen_home, seed + 1, chosen, start))


def trapped(trap, seed):
    write, label = trap
    return written(write, seed, frozenset({label}))


def readings(made, *, activity=True):
    found = []
    for name, lines in made.files.items():
        source = GEMINI if name.startswith(".gemini/") else QWEN
        found += source.read(lines, f"/home/alice/{name}", activity=activity)
    return found


def witnesses(made, *, activity=True):
    found = readings(made, activity=activity)
    return [row for reading in found for row in reading.witnesses.rows()]


def booked(rows):
    return [Seen(row, "acc_a", asserted=False) for row in rows]


def calls(rows):
    return resolve(booked(rows), TRAITS)


def naive(files, rule):
    """Return what a reader makes of files who knows all rules but one."""
    found = reference.read(files, reference.RULES - {rule})
    sums = [sum(counts) for counts in zip(*(one[-1] for one in found), strict=True)]
    return len(found), Tokens(*sums) if sums else Tokens()


def true_sums(made):
    total = Tokens()
    for call in made.calls:
        total = total.plus(call.tokens)
    return len(made.calls), total


# ----------------------------------------------------------------- the data itself


def test_the_same_seed_writes_the_same_home():
    one, other = gemini_home(7, GEMINI_TRAPS), gemini_home(8, GEMINI_TRAPS)
    assert one == gemini_home(7, GEMINI_TRAPS)
    assert one.calls != other.calls
    assert qwen_home(7, QWEN_TRAPS) == qwen_home(7, QWEN_TRAPS)


def test_every_rule_of_the_reference_belongs_to_a_trap():
    assert reference.RULE_OF.keys() == {*GEMINI_TRAPS, *QWEN_TRAPS}
    assert len(reference.RULES) == 23


@SEEDS
def test_without_traps_even_a_naive_reader_is_right(seed):
    made = home(seed)
    assert reference.read(made.files) == facts(made.calls)
    for rule in reference.RULES - {reference.TOLD_ALONE}:
        assert naive(made.files, rule) == true_sums(made), rule


@EVERY_TRAP
def test_a_trap_is_really_there(trap):
    made = trapped(trap, 11)
    assert reference.read(made.files) == facts(made.calls)
    for rule in reference.RULE_OF[trap[1]]:
        assert naive(made.files, rule) != true_sums(made), rule


# ------------------------------------------------------------ sources and the join


@EVERY_TRAP
@pytest.mark.parametrize("activity", [True, False])
def test_a_trap_alone(trap, activity):
    made = trapped(trap, 21)
    found = calls(witnesses(made, activity=activity))
    assert facts(found) == facts(made.calls)
    assert summed(found) == summed(made.calls)


@SEEDS
@pytest.mark.parametrize("activity", [True, False])
def test_all_traps_together(seed, activity):
    made = home(seed, ALL_TRAPS)
    assert facts(calls(witnesses(made, activity=activity))) == facts(made.calls)
    assert reference.read(made.files) == facts(made.calls)


@pytest.mark.parametrize("seed", range(100, 112))
def test_any_traps_together(seed):
    chance = random.Random(seed)  # noqa: S311 - test data
    traps = chance.sample(ALL_TRAPS, chance.randint(2, len(ALL_TRAPS) - 1))
    made = home(seed, traps)
    found = calls(witnesses(made, activity=False))
    assert facts(found) == facts(made.calls), traps


@EVERY_TRAP
def test_every_bad_line_is_reported_and_no_other(trap):
    made = trapped(trap, 31)
    refused = [one for reading in readings(made) for one in reading.rejected]
    assert len(refused) == made.refused
    assert len({one.place for one in refused}) == len(refused)
    assert bool(refused) == (trap[1] in (GEMINI_HALF, GEMINI_ODD, QWEN_HALF, QWEN_ODD))


@SEEDS
def test_the_order_of_files_and_their_repetition_do_not_matter(seed):
    made = home(seed, ALL_TRAPS)
    rows = witnesses(made, activity=False)
    chance = random.Random(seed)  # noqa: S311 - test data
    shuffled = chance.sample(rows * 3, len(rows) * 3)
    assert sorted(calls(shuffled)) == sorted(calls(rows))


@SEEDS
def test_what_is_found_on_a_disk_is_the_same(seed, tmp_path):
    made = home(seed, ALL_TRAPS)
    made.write(tmp_path)
    batches = [
        reading.witnesses
        for source in (GEMINI, QWEN)
        for file in discover(tmp_path, {}, source)
        for reading in read_log(source, file, activity=False)
    ]
    assert facts(count_once(batches)) == facts(made.calls)


# ----------------------------------------------------------------------- telemetry


def event_of(call):
    """Return what telemetry says of a call: always of the person's session."""
    plain = {
        "session.id": call.session,
        "event.timestamp": stamp(call.at),
        "model": call.model,
        "prompt_id": "p",
    }
    if call.client == "qwen-code":
        return {
            **plain,
            **told(call.tokens),
            "event.name": "qwen-code.api_response",
            "response_id": call.name,
            "subagent_name": call.agent,
        }
    used = counted(call.tokens)
    return {
        **plain,
        "event.name": "gemini_cli.api_response",
        "role": call.agent or "main",
        "input_token_count": used["input"],
        "output_token_count": used["output"],
        "cached_content_token_count": used["cached"],
        "thoughts_token_count": used["thoughts"],
        "tool_token_count": used["tool"],
        "total_token_count": used["total"],
    }


def heard(made):
    body = logs(*(log(event_of(call)) for call in made.calls))
    return list(READER.read("logs", "json", body).witnesses.rows())


@EVERY_TRAP
def test_telemetry_of_the_same_calls_adds_nothing(trap):
    made = trapped(trap, 41)
    rows = [*witnesses(made), *heard(made)] * 3
    random.Random(41).shuffle(rows)  # noqa: S311 - repeatable
    found = calls(rows)
    assert summed(found) == summed(made.calls)


@SEEDS
def test_telemetry_of_the_same_calls_adds_nothing_to_all_traps(seed):
    made = home(seed, ALL_TRAPS)
    rows = [*witnesses(made), *heard(made)] * 3
    random.Random(seed).shuffle(rows)  # noqa: S311 - repeatable
    assert summed(calls(rows)) == summed(made.calls)


# ---------------------------------------------------------------------- the ledger


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_of_all_traps_in_any_order(seed, tmp_path):
    made = home(seed, ALL_TRAPS)
    rows = witnesses(made, activity=False)
    chance = random.Random(seed)  # noqa: S311 - test data
    shuffled = chance.sample(rows, len(rows))
    with ledger_in(tmp_path) as ledger:
        for part in (shuffled[::2], shuffled[1::2], shuffled[::3]):
            ledger.append(booking(booked(part)))
        window = Window(NOON - DAY, NOON + 20 * DAY)
        sums = {
            row.keys["client"]: (row.figures.calls, row.figures.tokens)
            for row in queries.usage(ledger, window, None, ("client",))
        }
        assert sums == summed(made.calls)
        assert verify(ledger) == []
