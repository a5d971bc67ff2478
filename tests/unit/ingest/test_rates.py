"""Limits of tokens, by a clock that the test turns."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.directory import AS_SET, Rate
from mileage.domain.errors import TooMany
from mileage.ingest.rates import LONGEST_WAIT, Rates


class Hand:
    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Hand()


@pytest.fixture
def rates(clock):
    return Rates(Rate(10, 1000), 3, clock)


def admitted(rates, name="t", own=AS_SET, most=10_000):
    """Count the requests that pass until one does not."""
    for number in range(most):
        try:
            rates.admit(name, own)
        except TooMany:
            return number
    return most


def refused(rates, name="t", own=AS_SET):
    with pytest.raises(TooMany) as told:
        rates.admit(name, own)
    return told.value


def test_a_quiet_token_has_a_burst_and_then_its_rate(rates, clock):
    assert admitted(rates) == 30
    for _ in range(5):
        clock.at += 1
        assert admitted(rates) == 10


def test_a_burst_is_saved_up_and_no_more(rates, clock):
    assert admitted(rates) == 30
    clock.at += 10_000
    assert admitted(rates) == 30


def test_whoever_waits_as_told_is_admitted(rates, clock):
    admitted(rates)
    clock.at += refused(rates).seconds
    rates.admit("t", AS_SET)


def test_a_batch_above_the_burst_passes_and_is_waited_for(rates, clock):
    rates.admit("t", AS_SET)
    rates.bring("t", 13_000)
    told = refused(rates)
    assert told.seconds == 11
    assert (told.status, told.exit_code) == (429, 4)
    clock.at += 10
    assert refused(rates).seconds == 1
    clock.at += 1
    rates.admit("t", AS_SET)


def test_no_wait_is_longer_than_an_hour(rates):
    rates.admit("t", AS_SET)
    rates.bring("t", 10**12)
    assert refused(rates).seconds == LONGEST_WAIT


def test_a_refusal_says_what_to_do(rates):
    rates.admit("tok_x", AS_SET)
    rates.bring("tok_x", 3000)
    told = str(refused(rates, "tok_x"))
    assert "tok_x may bring 1000 records a second" in told
    assert "send this again in 1 s" in told
    assert "mileage token change tok_x --rate records=N" in told


def test_a_refused_request_costs_nothing(rates, clock):
    admitted(rates)
    for _ in range(100):
        refused(rates)
    clock.at += 1
    assert admitted(rates) == 10


def test_tokens_do_not_pay_for_one_another(rates):
    assert admitted(rates, "a") == 30
    assert admitted(rates, "b") == 30


@pytest.mark.parametrize(
    ("own", "most"), [(Rate(1), 3), (Rate(100), 300), (Rate(0), 10_000)]
)
def test_a_token_may_have_limits_of_its_own(rates, own, most):
    assert admitted(rates, own=own) == most


def test_nothing_set_is_no_limit(clock):
    rates = Rates(Rate(0, 0), 1, clock)
    rates.admit("t", AS_SET)
    rates.bring("t", 10**15)
    assert admitted(rates) == 10_000


def test_another_limit_holds_from_the_next_request_on(rates):
    admitted(rates)
    rates.admit("t", Rate(50))
    rates.admit("t", AS_SET)


def test_a_clock_that_stands_still_or_goes_back_breaks_nothing(rates, clock):
    assert admitted(rates) == 30
    clock.at -= 500
    assert refused(rates).seconds == 1
    clock.at += 1
    assert admitted(rates) == 10


def test_what_is_remembered_is_bounded_and_the_busy_stay(clock):
    rates = Rates(Rate(10, 10), 1, clock, most=3)
    assert admitted(rates, "busy") == 10
    for number in range(50):
        refused(rates, "busy")
        rates.admit(f"other {number}", AS_SET)
        assert len(rates._accounts) <= 3
    refused(rates, "busy")


def test_records_of_a_token_forgotten_meanwhile_are_let_go(rates):
    rates.bring("nobody", 5)
    assert admitted(rates, "nobody") == 30


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 5), st.integers(0, 4000)), min_size=1, max_size=60
    )
)
def test_over_any_time_no_more_than_rate_and_burst_and_one_batch_passes(steps):
    clock = Hand()
    rates = Rates(Rate(0, 1000), 3, clock)
    passed = []
    for wait, records in steps:
        clock.at += wait
        try:
            rates.admit("t", AS_SET)
        except TooMany as told:
            clock.at += told.seconds
            rates.admit("t", AS_SET)
        rates.bring("t", records)
        passed.append((clock.at, records))
    begun = passed[0][0]
    total = 0
    for (at, records), (later, _) in pairwise([*passed, (clock.at, 0)]):
        allowed = 1000 * (at - begun) + 3000
        assert total <= allowed + 1e-6
        total += records
        assert later >= at
