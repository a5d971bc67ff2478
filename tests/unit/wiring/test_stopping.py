"""The first signal stops, the second hurries, and none turns a good end into a bad."""

from __future__ import annotations

import signal

import pytest

from mileage.wiring.stopping import STOPS, stopping


@pytest.fixture(autouse=True)
def handlers_as_before():
    before = [signal.getsignal(number) for number in STOPS]
    yield
    for number, handler in zip(STOPS, before, strict=True):
        signal.signal(number, handler)


def test_before_anything_is_served_a_signal_ends_at_once():
    with pytest.raises(SystemExit) as ended, stopping():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 0
    with pytest.raises(KeyboardInterrupt), stopping():
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("second", STOPS)
def test_the_first_signal_is_the_web_servers_and_the_next_hurries(second):
    hurried = []
    with stopping() as signals:
        signals.begin(lambda: hurried.append(second))
        signal.raise_signal(signal.SIGTERM)
        assert hurried == []
        signal.raise_signal(second)
        assert hurried == [second]


def test_afterwards_signals_are_ignored():
    with stopping():
        pass
    for number in STOPS:
        signal.raise_signal(number)
