"""The rhythm of watching, and its end."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from mileage.ingest.push_collector import Outcome, Pauses
from mileage.ingest.push_watch import LONGEST, SHORTEST, Bell, Rhythm, watch


class Clock:
    def __init__(self, at=0.0):
        self.at = at

    def __call__(self):
        return self.at


IDLE, BUSY = Outcome(), Outcome(logs=1)


def test_it_looks_more_seldom_while_nothing_changes():
    rhythm = Rhythm(Clock(), Clock())
    waits = [rhythm.after(IDLE, 0) for _ in range(6)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (2 * SHORTEST, LONGEST)
    assert rhythm.after(BUSY, 0) == SHORTEST
    assert rhythm.after(IDLE, 0) == 2 * SHORTEST


@pytest.mark.parametrize(
    ("pause", "wait"),
    [(0.2, 1.0), (3.0, 3.0), (SHORTEST, SHORTEST), (10_000.0, LONGEST)],
)
def test_it_wakes_when_a_server_may_be_tried_again(pause, wait):
    rhythm = Rhythm(Clock(), Clock())
    for _ in range(9):
        rhythm.after(IDLE, 0)
    assert rhythm.after(IDLE, pause) == wait


def test_it_does_not_wait_when_everything_is_to_be_read_anew():
    assert Rhythm(Clock(), Clock()).after(Outcome(again=True), 100) == 0


@pytest.mark.parametrize(
    ("wall", "clock", "slept"),
    [
        (60, 60, False),
        (3600, 60, True),
        (60 + 29, 60, False),
        (60 + 31, 60, True),
        (-86_400, 60, False),
        (86_400 * 365, 60, True),
    ],
)
def test_sleep_is_what_only_the_wall_clock_counts(wall, clock, slept):
    walls, clocks = Clock(10**9), Clock(500)
    rhythm = Rhythm(walls, clocks)
    walls.at += wall
    clocks.at += clock
    assert rhythm.slept() is slept
    assert rhythm.slept() is False


class Passes:
    """Counts passes; rings the bell at one of them."""

    def __init__(self, bell, ring_at=3):
        self.pauses = Pauses(lambda: 0.0, lambda: 1.0)
        self.bell, self.ring_at = bell, ring_at
        self.made, self.stopped = [], []

    def run(self, progress=None, stopping=lambda: False, *, at_once=False):
        self.made.append(at_once)
        if len(self.made) == self.ring_at:
            self.bell.ring()
        self.stopped.append(stopping())
        return Outcome(logs=len(self.made))


class Instant(Rhythm):
    """Does not wait; says that the machine slept when it is told to."""

    def __init__(self, sleeps=()):
        super().__init__(Clock(), Clock())
        self.sleeps = list(sleeps)

    def after(self, outcome, pause):
        return 0.0

    def slept(self):
        return bool(self.sleeps) and self.sleeps.pop(0)


def test_it_ends_with_a_last_pass_that_sends_at_once():
    bell, told = Bell(), []
    passes = Passes(bell)
    watch(passes, bell, told.append, Instant())
    assert passes.made == [False, False, False, True]
    # The pass in which the bell rang was told to stop; the last one has time.
    assert passes.stopped == [False, False, True, False]
    assert [one.logs for one in told] == [1, 2, 3, 4]


def test_a_bell_that_rang_before_it_began_leaves_the_last_pass():
    bell = Bell()
    bell.ring()
    passes = Passes(bell)
    watch(passes, bell, lambda _: None, Instant())
    assert passes.made == [True]


def test_after_sleep_the_server_is_tried_at_once():
    bell = Bell()
    passes = Passes(bell)
    passes.pauses.failed(3600)
    watch(passes, bell, lambda _: None, Instant([False, True, False]))
    assert passes.pauses.left == 0


def test_without_sleep_it_is_not():
    bell = Bell()
    passes = Passes(bell)
    passes.pauses.failed(3600)
    watch(passes, bell, lambda _: None, Instant())
    assert passes.pauses.left == 3600


def test_waiting_ends_with_the_bell():
    bell = Bell()
    threading.Timer(0.05, bell.ring).start()
    begun = time.monotonic()
    bell.wait(30)
    bell.wait(30)
    assert time.monotonic() - begun < 30
    assert bell.rung


def test_waiting_ends_by_itself():
    bell = Bell()
    bell.wait(0.01)
    bell.wait(-1)
    assert not bell.rung


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_ring_and_go_back_to_what_they_were(number):
    before = signal.getsignal(number)
    bell = Bell()
    with bell.on_signals():
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        bell.wait(30)
        assert bell.rung
        # Impatient people press twice.
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_many_signals_block_nothing():
    bell = Bell()
    for _ in range(200_000):
        bell.ring()
    bell.wait(30)
