"""Several processes on one file, as ``serve`` and commands beside it are."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from mileage.domain.directory import NamedRead, PersonRow
from mileage.domain.errors import Unauthorised
from mileage.domain.people import OPERATOR
from mileage.store.control import open_control

PROCESSES = 2
LINKS = 20
READS = 20


class Outcome(NamedTuple):
    """What one process got."""

    account_ids: list
    project_key: bytes
    opened: list


def clock():
    return time.time_ns() // 1000


def work(path, links, start, outcomes):
    """Open a file that may not exist yet and fight over what is in it."""
    start.wait(60)
    with open_control(path, clock=clock) as control:
        account_ids = [control.ensure_account(f"p{n}@x.example") for n in range(LINKS)]
        project_key = control.project_key()
        for _ in range(READS):
            control.record_access(NamedRead(OPERATOR, "board", "board", "org", 1))
        start.wait(60)
        opened = [link for link in links if opens(control, link)]
    outcomes.put(Outcome(account_ids, project_key, opened))


def opens(control, link):
    try:
        control.open_link(link)
    except Unauthorised:
        return False
    return True


def race(path, links):
    spawn = multiprocessing.get_context("spawn")
    start, outcomes = spawn.Barrier(PROCESSES), spawn.Queue()
    workers = [
        spawn.Process(target=work, args=(path, links, start, outcomes))
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    results = [outcomes.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    return results


@pytest.fixture(scope="module")
def raced(tmp_path_factory):
    """Two races: for a file that is not there yet, then for links in one that is."""
    fresh = tmp_path_factory.mktemp("race") / "data" / "control.sqlite"
    first = race(fresh, [])
    with open_control(fresh, clock=clock) as control:
        links = [control.create_link(OPERATOR) for _ in range(LINKS)]
    second = race(fresh, links)
    return fresh, links, first, second


def test_processes_that_create_the_file_together_agree(raced):
    _path, _links, first, second = raced
    assert len({outcome.project_key for outcome in first + second}) == 1
    assert len({tuple(outcome.account_ids) for outcome in first + second}) == 1


def test_nobody_is_created_twice(raced):
    path, _links, first, _second = raced
    with open_control(path, clock=clock) as control:
        assert len(control.accounts()) == LINKS == len(set(first[0].account_ids))


def test_every_read_of_every_process_is_recorded(raced):
    path, *_ = raced
    with open_control(path, clock=clock) as control:
        assert len(control.access_rows()) == 2 * PROCESSES * READS


def test_of_two_processes_one_gets_the_link(raced):
    _path, links, _first, second = raced
    opened = [link for outcome in second for link in outcome.opened]
    assert sorted(opened) == sorted(links)


def test_threads_share_one_control(control):
    names = [f"p{number}@x.example" for number in range(40)] * 4
    with ThreadPoolExecutor(16) as pool:
        account_ids = list(pool.map(control.ensure_account, names))
    assert len(set(account_ids)) == 40
    assert account_ids == account_ids[:40] * 4
    assert len(control.accounts()) == 40


def test_of_many_threads_one_gets_the_link(control):
    link = control.create_link(OPERATOR)
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda _: opens(control, link), range(12)))
    assert outcomes.count(True) == 1


def test_reading_goes_on_while_somebody_writes(control, path):
    token = control.create_token(collector="gate")
    row = PersonRow("ana@x.example", "Ana", "person", "", "", "", "", None, None)
    holding, release = threading.Event(), threading.Event()

    def hold():
        with open_control(path, clock=clock) as other, other._database.writing():
            holding.set()
            release.wait(60)

    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(hold)
        assert holding.wait(60)
        assert control.credential(token.secret).collector == "gate"
        waiting = pool.submit(control.import_people, [row])
        assert control.accounts() == ()
        assert not waiting.done()
        release.set()
        assert waiting.result(60).added == 1
        held.result(60)
    assert [account.name for account in control.accounts()] == ["Ana"]
