"""Every trap of telemetry, alone and with all others: exact to the token."""

from __future__ import annotations

import json
import random
from functools import cache

import pytest

from tests.conformance import telemetry_reference as slow
from tests.conformance.claude_home import ADVISOR, NO_REQUEST
from tests.conformance.homes import ALL_TRAPS, booked, calls, home
from tests.conformance.telemetry import (
    BATCH,
    DAMAGED,
    METERED,
    MIXED,
    REBATCHED,
    RETRIED,
    TELEMETRY_TRAPS,
    TEXTS,
    UNNAMED,
    Body,
    heard,
    received,
    telemetry,
)
from tests.conformance.truth import MILLISECOND, coarse, facts, summed
from tests.ledgers import booking, ledger_in
from tests.otlp_bodies import packed_logs
from tests.witnesses import CODEX_OTLP, OTLP

EVERY_TRAP = pytest.mark.parametrize("trap", TELEMETRY_TRAPS)
SEEDS = pytest.mark.parametrize("seed", range(4))
# An advisor's request is not known to telemetry by itself.
TOLD = [trap for trap in ALL_TRAPS if trap not in (ADVISOR, NO_REQUEST)]


def true_calls(seed):
    return home(seed, TOLD).calls


@cache
def all_sent(seed):
    return telemetry(seed, true_calls(seed), TELEMETRY_TRAPS)


def expected(real):
    return facts(map(coarse, real))


def simply(real):
    """What the slow reader says of calls, too."""
    return sorted(
        (call.client, call.model, call.at // MILLISECOND, call.tokens.total)
        for call in map(coarse, real)
    )


# ----------------------------------------------------------------- the data itself


def test_the_same_seed_writes_the_same_bodies():
    real = true_calls(3)
    assert telemetry(3, real, TELEMETRY_TRAPS) == telemetry(3, real, TELEMETRY_TRAPS)
    assert telemetry(3, real) != telemetry(4, real)


def test_each_trap_has_a_rule():
    assert slow.RULE_OF_TELEMETRY.keys() == set(TELEMETRY_TRAPS)


@EVERY_TRAP
def test_a_trap_is_really_there(trap):
    real = true_calls(5)
    sent = telemetry(5, real, [trap])
    assert slow.reread(sent.bodies) == simply(real)
    rule = slow.RULE_OF_TELEMETRY[trap]
    assert slow.reread(sent.bodies, slow.TELEMETRY_RULES - {rule}) != simply(real)


@pytest.mark.parametrize("rule", sorted(slow.TELEMETRY_RULES))
def test_among_all_traps_each_rule_is_needed(rule):
    real = true_calls(6)
    sent = all_sent(6)
    assert slow.reread(sent.bodies) == simply(real)
    assert slow.reread(sent.bodies, slow.TELEMETRY_RULES - {rule}) != simply(real)


def test_bodies_come_in_both_encodings():
    sent = all_sent(7)
    assert {(body.signal, body.form) for body in sent.bodies} == {
        ("logs", "json"),
        ("logs", "protobuf"),
        ("metrics", "protobuf"),
    }


# ------------------------------------------------------------ sources and the join


@EVERY_TRAP
def test_a_trap_alone(trap):
    real = true_calls(11)
    sent = telemetry(11, real, [trap])
    assert sum(len(one.rejected) for one in received(sent.bodies)) == sent.refused
    found = calls(heard(sent.bodies))
    assert facts(found) == expected(real)
    assert summed(found) == summed(map(coarse, real))
    sessions = {(call.at, call.session) for call in real}
    assert {(call.occurred_at, call.session) for call in found} == sessions


@SEEDS
def test_no_trap(seed):
    real = true_calls(seed)
    sent = telemetry(seed, real)
    readings = received(sent.bodies)
    rows = [row for one in readings for row in one.witnesses.rows()]
    assert facts(calls(rows)) == expected(real)
    assert len(rows) == len(real)
    assert all(one.rejected == () and one.ignored == 0 for one in readings)


@SEEDS
def test_all_traps_together(seed):
    real = true_calls(seed)
    sent = all_sent(seed)
    assert facts(calls(heard(sent.bodies))) == expected(real)


@pytest.mark.parametrize("seed", range(100, 108))
def test_any_traps_together(seed):
    chance = random.Random(seed)  # noqa: S311 - test data
    traps = chance.sample(TELEMETRY_TRAPS, chance.randint(2, 8))
    real = true_calls(seed)
    sent = telemetry(seed, real, traps)
    assert facts(calls(heard(sent.bodies))) == expected(real), traps


@SEEDS
def test_both_encodings_say_the_same(seed):
    sent = all_sent(seed)
    bodies = [body for body in sent.bodies if body.signal == "logs"]
    plain = [Body("logs", "json", one.json, one.json) for one in bodies]
    packed = [Body("logs", "protobuf", packed_logs(one.json), b"") for one in bodies]
    # Columns bring the events of one body in the order of their names.
    assert list(map(rows, received(plain))) == list(map(rows, received(packed)))


def rows(reading):
    return (
        sorted(reading.witnesses.rows()),
        sorted(reading.activities.rows(), key=str),
        sorted(reading.rejected),
        reading.ignored,
    )


@SEEDS
def test_every_damaged_record_is_reported(seed):
    sent = telemetry(seed, true_calls(seed), [DAMAGED])
    refused = [one for reading in received(sent.bodies) for one in reading.rejected]
    assert len(refused) == sent.refused > 0
    assert {one.reason for one in refused} == {"missing or absurd token counts"}
    assert {one.source for one in refused} == {OTLP, CODEX_OTLP}


def test_metrics_of_tokens_are_passed_over_and_counted_as_such():
    real = true_calls(8)
    sent = telemetry(8, real, [METERED])
    metered = [body for body in sent.bodies if body.signal == "metrics"]
    assert len(metered) == len(real)
    for reading in received(metered):
        assert len(reading.witnesses) == len(reading.activities) == 0
        assert (reading.rejected, reading.ignored) == ((), 1)


def test_each_client_reads_its_own_records_of_a_mixed_body():
    real = true_calls(9)
    sent = telemetry(9, real, [MIXED])
    both = 0
    for body in sent.bodies:
        groups = json.loads(body.json)["resourceLogs"]
        scopes = [group["scopeLogs"][0]["scope"]["name"] for group in groups]
        (reading,) = received([body])
        found = {row.source for row in reading.witnesses.rows()}
        assert (CODEX_OTLP in found) == ("codex_otel.log_only" in scopes)
        assert len(reading.witnesses) <= BATCH
        assert reading.ignored == 1
        both += len(found) == 2
    assert both > 3


def test_requests_without_any_id_are_told_apart_by_their_place():
    real = [call for call in true_calls(10) if call.client == "claude-code"]
    sent = telemetry(10, real, [UNNAMED, RETRIED, REBATCHED])
    rows = heard(sent.bodies)
    assert {row.link for row in rows} == {""}
    assert {row.key.partition(":")[0] for row in rows} == {"client", "seq"}
    assert len({row.key for row in rows}) == len(real) < len(rows)


def test_what_is_sent_again_is_the_same_to_the_last_field():
    real = true_calls(12)
    once = telemetry(12, real)
    again = telemetry(12, real, [RETRIED, REBATCHED])
    assert set(heard(again.bodies)) == set(heard(once.bodies))
    assert len(heard(again.bodies)) > len(heard(once.bodies))
    texts = telemetry(12, real, [TEXTS])
    assert set(heard(texts.bodies)) == set(heard(once.bodies))


# ---------------------------------------------------------------------- the ledger


def ledger_sums(ledger):
    rows = ledger.cursor().execute(
        "select client, count(*), sum(input), sum(cache_read), sum(cache_write),"
        " sum(cache_write_1h), sum(output), sum(reasoning), sum(tool_input)"
        " from current_call group by client order by client"
    )
    return {client: (number, counts) for client, number, *counts in rows.fetchall()}


@pytest.mark.parametrize("seed", [2])
def test_the_ledger_of_all_traps_in_any_order(seed, tmp_path):
    real = true_calls(seed)
    sent = all_sent(seed)
    chance = random.Random(seed)  # noqa: S311 - test data
    bodies = chance.sample(sent.bodies, len(sent.bodies))
    with ledger_in(tmp_path) as ledger:
        for start in range(0, len(bodies), 1 + len(bodies) // 3):
            rows = heard(bodies[start : start + 1 + len(bodies) // 3])
            ledger.append(booking(booked(rows)))
        true = summed(map(coarse, real))
        assert ledger_sums(ledger) == {
            client: (number, list(tokens)) for client, (number, tokens) in true.items()
        }
        again = ledger.append(booking(booked(heard(bodies))))
        assert (again.visible, again.calls) == (0, 0)
