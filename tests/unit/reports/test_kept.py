"""A quick answer is that of now; a long one is the last, and made anew beside."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from mileage.reports.kept import AT_ONCE_SECONDS, PART, Kept


@dataclass
class Work:
    """Something that can be computed, in as much time as it is told."""

    state: int = 0
    takes: float = 0.0
    time: float = 0.0
    worked: float = 0.0
    done: list[int] = field(default_factory=list)

    def compute(self) -> int:
        self.done.append(self.state)
        self.time += self.takes
        self.worked += self.takes
        return self.state

    def kept(self) -> Kept[int]:
        return Kept(
            self.compute, lambda: self.state, lambda: self.time, lambda: self.worked
        )


def test_nothing_is_computed_before_it_is_asked_for() -> None:
    work = Work()
    kept = work.kept()
    assert work.done == []
    assert (kept.value(), kept.value()) == (0, 0)
    assert work.done == [0]


def test_a_quick_answer_is_always_that_of_now() -> None:
    work = Work(takes=AT_ONCE_SECONDS / 2)
    kept = work.kept()
    for state in range(5):
        work.state = state
        assert kept.value() == state
        assert kept.age == 0.0


def test_a_long_answer_is_the_last_one_until_it_is_made_anew() -> None:
    work = Work(takes=1.0)
    kept = work.kept()
    assert kept.value() == 0
    work.state = 1
    work.time += 100.0
    assert kept.value() == 0
    assert kept.age == 100.0
    kept.refresh()
    assert kept.value() == 1
    assert kept.age == 0.0


def test_a_long_answer_takes_a_small_part_of_all_time() -> None:
    work = Work(takes=1.0)
    kept = work.kept()
    for second in range(1000):
        work.state = second
        kept.refresh()
        work.time += 1.0
    assert len(work.done) <= 1 + work.time * PART
    assert len(work.done) >= 20


def test_what_has_not_changed_is_not_made_anew() -> None:
    work = Work(takes=1.0)
    kept = work.kept()
    for _ in range(3):
        work.time += 1000.0
        kept.refresh()
    assert work.done == [0]
    assert kept.age == 0.0


def test_a_long_answer_that_has_become_quick_is_noticed() -> None:
    work = Work(takes=1.0)
    kept = work.kept()
    kept.value()
    work.takes, work.state, work.time = 0.0, 1, 100.0
    kept.refresh()
    work.state = 2
    assert kept.value() == 2


def test_many_who_ask_at_once_have_it_computed_once() -> None:
    began, go = threading.Event(), threading.Event()
    done: list[int] = []

    def compute() -> int:
        began.set()
        go.wait(60)
        done.append(1)
        return 7

    kept = Kept(compute, lambda: 0)
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda: told.append(kept.value())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    began.wait(60)
    go.set()
    for thread in threads:
        thread.join(60)
    assert told == [7] * 4
    assert done == [1]
