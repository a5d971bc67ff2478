"""Many logs at once, on several processors: nothing lost, nothing twice."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from mileage.sources import harvest
from mileage.sources.files import LogFile
from mileage.sources.harvest import Harvesting
from tests.session_logs import SOURCES, answer, meta, record, tokens, write_log

FILES = 40


@pytest.fixture
def logs(tmp_path):
    found = []
    for number in range(FILES):
        path = write_log(
            tmp_path,
            f"claude-{number}.jsonl",
            *(answer(f"msg_{number}_{n}") for n in range(number + 1)),
            b"{\n" if number % 10 == 0 else b"",
        )
        found.append(LogFile("claude_code_log", str(path), path.stat().st_size))
    rollout = write_log(tmp_path, "rollout.jsonl", meta(), record("r", tokens()))
    found.append(LogFile("codex_rollout", str(rollout), rollout.stat().st_size))
    return found


def summary(read):
    keys = sorted(key for batch in read.batches for key in batch.column("key"))
    return keys, sorted(read.rejected)


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch):
    monkeypatch.setattr(harvest, "_TASK_BYTES", 2_000)


@pytest.mark.parametrize("processors", [1, 2, 3])
def test_the_number_of_processors_does_not_matter(logs, processors):
    keys, rejected = summary(Harvesting(SOURCES, logs, processors=processors).finish())
    assert len(keys) == FILES * (FILES + 1) // 2 + 1
    assert len(set(keys)) == len(keys)
    assert [one.reason for one in rejected] == ["not JSON"] * 4
    assert type(rejected[0]).__name__ == "Rejected"


def test_no_files_at_all():
    assert summary(Harvesting(SOURCES, [], processors=2).finish()) == ([], [])


def test_a_child_that_dies_takes_nothing_with_it(logs, monkeypatch):
    whole = summary(Harvesting(SOURCES, logs, processors=1).finish())
    parent, packed = os.getpid(), harvest._packed

    def die(*result):
        if os.getpid() != parent:
            os._exit(9)
        return packed(*result)

    monkeypatch.setattr(harvest, "_packed", die)
    assert summary(Harvesting(SOURCES, logs, processors=3).finish()) == whole


def test_a_child_that_fails_leaves_without_a_word(logs, monkeypatch, capfd):
    def fail(*result):
        message = "broken"
        raise OSError(message)

    whole = summary(Harvesting(SOURCES, logs, processors=1).finish())
    monkeypatch.setattr(harvest, "_packed", fail)
    assert summary(Harvesting(SOURCES, logs, processors=2).finish()) == whole
    assert "Traceback" not in capfd.readouterr().out


def test_where_no_process_can_be_started_this_one_does_it(logs, monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    whole = summary(Harvesting(SOURCES, logs, processors=1).finish())
    monkeypatch.setattr(harvest.os, "fork", refuse)
    assert summary(Harvesting(SOURCES, logs, processors=4).finish()) == whole


def test_no_descriptor_is_left_open(logs):
    def opened():
        return {path.name for path in Path("/dev/fd").iterdir()}

    before = opened()
    Harvesting(SOURCES, logs, processors=3).finish()
    assert opened() == before


def test_small_homes_need_no_second_process(logs):
    assert harvest._processors(logs) == 1


def test_large_homes_use_what_there_is(monkeypatch):
    large = [LogFile("claude_code_log", "x", 10**9)]
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(harvest.os, "sched_getaffinity", lambda _: set(range(64)))
    assert harvest._processors(large) == harvest.MOST_PROCESSES
    monkeypatch.setattr(harvest.os, "sched_getaffinity", lambda _: {0, 1})
    assert harvest._processors(large) == 2


def test_a_process_with_threads_is_never_forked(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert harvest._processors([LogFile("claude_code_log", "x", 10**9)]) == 1


def test_tasks_are_even_and_hold_every_file_once():
    files = [
        LogFile("s", str(n), size) for n, size in enumerate([5, 9_000, 700, 1_500])
    ]
    tasks = harvest._tasks(files)
    assert [[file.size for file in task] for task in tasks] == [
        [9_000],
        [1_500, 700],
        [5],
    ]


def test_however_many_files_their_tasks_fit_into_a_pipe():
    files = [LogFile("s", str(n), 4_000) for n in range(20_000)]
    tasks = harvest._tasks(files)
    assert len(tasks) <= harvest._MOST_TASKS
    assert sum(map(len, tasks)) == 20_000
