"""What can wait goes behind: in its own thread only, and whatever becomes of it."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mileage.wiring import waiting
from mileage.wiring.organisation import open_organisation
from mileage.wiring.waiting import LAST, STEPS, behind_others, stand_back

of_threads = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a priority is the whole process's"
)


def priority():
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@of_threads
def test_it_is_done_behind_others_and_the_rest_stays_where_it_was():
    before = priority()
    assert behind_others(priority) == min(LAST, before + STEPS) > before
    assert priority() == before


@of_threads
def test_threads_that_it_starts_are_behind_as_well():
    def beside():
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(priority).result()

    assert behind_others(beside) == min(LAST, priority() + STEPS)


@of_threads
def test_twice_behind_is_as_far_behind_as_there_is():
    def twice():
        stand_back()
        stand_back()
        return priority()

    assert behind_others(twice) == min(LAST, priority() + 3 * STEPS) == LAST


def test_what_goes_wrong_there_goes_wrong_here():
    def fails():
        raise InterruptedError("no room")

    with pytest.raises(InterruptedError, match="no room"):
        behind_others(fails)


def test_where_it_would_be_the_whole_process_nothing_stands_back(monkeypatch):
    def refused(*_):
        pytest.fail("the whole process would stand back")

    monkeypatch.setattr(waiting.sys, "platform", "darwin")
    monkeypatch.setattr(os, "setpriority", refused)
    assert behind_others(threading.get_ident) != threading.get_ident()


@of_threads
def test_a_publication_stands_back_and_its_server_does_not(tmp_path, monkeypatch):
    found = []
    real = waiting.stand_back

    def standing_back():
        real()
        found.append(priority())

    before = priority()
    with open_organisation(tmp_path) as one:
        monkeypatch.setattr(waiting, "stand_back", standing_back)
        one.publish()
        assert one.snapshots.count() == 1
    assert found == [min(LAST, before + STEPS)]
    assert priority() == before


def test_where_it_is_forbidden_the_work_is_done_all_the_same(monkeypatch):
    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", refused)
    assert behind_others(lambda: "published") == "published"
