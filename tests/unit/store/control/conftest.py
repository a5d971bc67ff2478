from __future__ import annotations

import itertools

import pytest

from mileage.store.control import open_control

START = 1_780_000_000_000_000


class HandClock:
    """A clock that the test moves."""

    def __init__(self):
        self.instant = START

    def __call__(self):
        return self.instant

    def forward(self, *, seconds=0, minutes=0, hours=0, days=0):
        self.instant += ((days * 24 + hours) * 60 + minutes) * 60_000_000
        self.instant += seconds * 1_000_000


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "control.sqlite"


@pytest.fixture
def control(path, clock):
    with open_control(path, clock=clock) as opened:
        yield opened


@pytest.fixture
def counted_bytes():
    """Randomness that repeats from run to run and never within one."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")
