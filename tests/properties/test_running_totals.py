"""Totals and deltas count once, whatever is sent again, late or started anew."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.booking import Booking
from mileage.domain.call import Seen
from mileage.domain.window import Window
from mileage.domain.witness import Activity
from mileage.sources import claude_code_metrics, claude_code_otlp
from mileage.sources.otlp import OtlpReader
from mileage.store import queries
from tests.drawing import examples
from tests.ledgers import ledger_in
from tests.otlp_bodies import (
    AT_MICROS,
    AT_NANOS,
    metric,
    metrics,
    packed_metrics,
    point,
)
from tests.witnesses import DAY

READER = OtlpReader([claude_code_metrics.SOURCE, claude_code_otlp.SOURCE])
USAGE, LINES = "claude_code.token.usage", "claude_code.lines_of_code.count"
HOUR = 3_600 * 10**9
SERVICE = {"service.name": "claude-code"}

# Lives of one series: the growth seen in each of some exports, an hour apart.
LIVES = st.lists(
    st.lists(st.integers(0, 1000), min_size=1, max_size=6), min_size=1, max_size=3
)


def label(name):
    kind = "input" if name == USAGE else "added"
    return {"type": kind, "session.id": "s", "model": "claude-opus-4-8"}


def running(name, lives):
    """Return a body for each export of totals that start anew with each life."""
    for number, growths in enumerate(lives):
        began = AT_NANOS + number * 10 * HOUR
        for export in range(len(growths)):
            yield body(
                name, sum(growths[: export + 1]), began, began + export * HOUR, 2
            )


def deltas(name, lives):
    """Return a body for each interval of the same growth."""
    for number, growths in enumerate(lives):
        began = AT_NANOS + number * 10 * HOUR
        for export, growth in enumerate(growths):
            since = began + export * HOUR
            yield body(name, growth, since, since + HOUR, 1)


def body(name, amount, began, ended, temporality):
    times = {"startTimeUnixNano": str(began), "timeUnixNano": str(ended)}
    made = point(amount, label(name), **times)
    return metrics(metric(name, made, temporality=temporality), **SERVICE)


def read(sent):
    reading = READER.read("metrics", "json", sent)
    assert reading == READER.read("metrics", "protobuf", packed_metrics(sent))
    assert not reading.rejected
    return reading


def total(lives):
    return sum(map(sum, lives))


@given(LIVES, st.sampled_from([running, deltas]), st.randoms(use_true_random=False))
@settings(max_examples=examples(4))
def test_tokens_in_a_ledger(lives, way, chance):
    bodies = list(way(USAGE, lives))
    sent = chance.sample(bodies * 2, 2 * len(bodies))
    with tempfile.TemporaryDirectory() as one, ledger_in(Path(one)) as ledger:
        said = [row for each in sent for row in read(each).witnesses.rows()]
        for part in (said[::3], said[1::3], said[2::3]):
            seen = tuple(Seen(row, "acc_a", asserted=False) for row in part)
            ledger.append(Booking(seen=seen))
        window = Window(AT_MICROS - DAY, AT_MICROS + 10 * DAY)
        rows = queries.usage(ledger, window, None, ("account",))
        assert sum(row.figures.tokens.input for row in rows) == total(lives)


@given(LIVES, st.sampled_from([running, deltas]), st.randoms(use_true_random=False))
@settings(max_examples=examples(20))
def test_lines_by_their_keys(lives, way, chance):
    bodies = list(way(LINES, lives))
    largest: dict[tuple[str, int], Activity] = {}
    for each in chance.sample(bodies * 2, 2 * len(bodies)):
        for row in read(each).activities.rows():
            # The ledger keeps the largest amount of a key, which keeps its hour too.
            known = largest.setdefault((row.key, row.occurred_at), row)
            largest[row.key, row.occurred_at] = max(known, row, key=amount)
    assert sum(map(amount, largest.values())) == total(lives)


def amount(row):
    return row.amount


def test_a_value_that_falls_within_one_life_is_late_and_not_added():
    sent = [body(USAGE, value, AT_NANOS, AT_NANOS + HOUR, 2) for value in (50, 20)]
    first, second = (next(read(each).witnesses.rows()) for each in sent)
    assert (first.key, first.occurred_at) == (second.key, second.occurred_at)


def test_a_running_total_that_does_not_say_when_it_began_is_rejected():
    for name in (USAGE, LINES):
        for began in (0, 1, AT_NANOS // 10):
            sent = body(name, 5, began, AT_NANOS, 2)
            reading = READER.read("metrics", "json", sent)
            (rejected,) = reading.rejected
            assert rejected.reason == "a running total that does not say when it began"
            assert not len(reading.witnesses)
            assert not len(reading.activities)


def test_a_delta_needs_no_start():
    sent = [body(USAGE, 5, 0, AT_NANOS + number, 1) for number in (0, 0, HOUR)]
    keys = {next(read(each).witnesses.rows()).key for each in sent}
    assert len(keys) == 2


def test_totals_of_two_labels_of_one_life_are_one_measurement():
    made = [
        point(value, {**label(USAGE), "type": kind})
        for kind, value in (("input", 3), ("output", 4), ("input", 7))
    ]
    sent = metrics(metric(USAGE, *made, temporality=2), **SERVICE)
    (row,) = json_and_protobuf(sent)
    assert (row.input, row.output) == (7, 4)
    assert row.occurred_at == AT_MICROS - 1_000_000


def json_and_protobuf(sent):
    assert json.loads(sent)
    return read(sent).witnesses.rows()
