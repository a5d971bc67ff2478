"""Many files at once, on several processors: nothing lost, nothing twice."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from mileage.sources import harvest
from mileage.sources.harvest import Harvesting

FILES = 40


class Thing(NamedTuple):
    name: str
    work: int


def looked_at(thing):
    return (thing.name, [thing.work, b"bytes", None])


@pytest.fixture
def things():
    return [Thing(f"file-{number}", 700 * (number % 7 + 1)) for number in range(FILES)]


def done(things, **options):
    return Harvesting(things, looked_at, **options).finish()


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch):
    monkeypatch.setattr(harvest, "_TASK_BYTES", 2_000)


@pytest.mark.parametrize("processors", [1, 2, 3])
def test_results_stand_in_order_however_many_processors_there_are(things, processors):
    assert done(things, processors=processors) == [looked_at(one) for one in things]


def test_answers_larger_than_a_pipe_come_whole(things):
    def much(thing):
        return thing.name, thing.name * 20_000

    found = Harvesting(things, much, processors=3).finish()
    assert found == [much(one) for one in things]


def test_a_pipe_that_cannot_be_widened_does_as_it_is(things, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "above the limit of this user")

    monkeypatch.setattr(harvest.fcntl, "fcntl", refuse)
    assert done(things, processors=3) == [looked_at(one) for one in things]


def test_no_files_at_all():
    assert done([], processors=2) == []


def test_a_child_that_dies_takes_nothing_with_it(things, monkeypatch):
    parent, packed = os.getpid(), harvest._packed

    def die(result):
        if os.getpid() != parent:
            os._exit(9)
        return packed(result)

    monkeypatch.setattr(harvest, "_packed", die)
    assert done(things, processors=3) == done(things, processors=1)


def test_a_child_that_dies_while_it_answers_takes_nothing_with_it(things, monkeypatch):
    written = harvest.os.fdopen

    class Cut:
        """Hands half of an answer over, and dies."""

        def __init__(self, number, mode):
            self.number = number

        def __enter__(self):
            return self

        def write(self, packed):
            os.write(self.number, packed[: len(packed) // 2])
            os._exit(9)

    def cut(number, mode):
        wrapped = Cut if mode == "wb" and os.getpid() != parent else written
        return wrapped(number, mode)

    parent = os.getpid()
    monkeypatch.setattr(harvest.os, "fdopen", cut)
    assert done(things, processors=3) == [looked_at(one) for one in things]


def test_no_child_is_left_behind(things, monkeypatch):
    children, fork = [], os.fork

    def noted():
        child = fork()
        children.append(child)
        return child

    monkeypatch.setattr(harvest.os, "fork", noted)
    done(things, processors=3)
    assert len(children) == 2
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def test_a_child_that_fails_leaves_without_a_word(things, monkeypatch, capfd):
    def fail(result):
        message = "broken"
        raise OSError(message)

    monkeypatch.setattr(harvest, "_packed", fail)
    assert done(things, processors=2) == [looked_at(one) for one in things]
    assert "Traceback" not in capfd.readouterr().out


def test_where_no_process_can_be_started_this_one_does_it(things, monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(harvest.os, "fork", refuse)
    assert done(things, processors=4) == [looked_at(one) for one in things]


def test_no_descriptor_is_left_open(things):
    def opened():
        return {path.name for path in Path("/dev/fd").iterdir()}

    before = opened()
    done(things, processors=3)
    assert opened() == before


def test_small_homes_need_no_second_process(things):
    assert harvest._processors(things) == 1


def test_large_homes_use_what_there_is(monkeypatch):
    large = [Thing("x", 10**9)]
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(harvest.os, "sched_getaffinity", lambda _: set(range(64)))
    assert harvest._processors(large) == harvest.MOST_PROCESSES
    monkeypatch.setattr(harvest.os, "sched_getaffinity", lambda _: {0, 1})
    assert harvest._processors(large) == 2


def test_a_process_with_threads_is_never_forked(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert harvest._processors([Thing("x", 10**9)]) == 1


def test_where_nobody_loaded_threads_there_are_none(monkeypatch):
    monkeypatch.delitem(harvest.sys.modules, "threading")
    assert not harvest._has_threads()


def test_tasks_are_even_and_hold_every_file_once():
    things = [Thing(str(n), size) for n, size in enumerate([5, 9_000, 700, 1_500])]
    assert harvest._tasks(things) == [[1], [3, 2], [0]]


def test_however_many_files_their_tasks_fit_into_a_pipe():
    tasks = harvest._tasks([Thing(str(n), 4_000) for n in range(20_000)])
    assert len(tasks) <= harvest._MOST_TASKS
    assert sum(map(len, tasks)) == 20_000
