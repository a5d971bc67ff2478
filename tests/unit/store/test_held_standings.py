"""Rows held in memory say what the file says, for as long as it says it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.figures import Standing
from mileage.domain.rights import ERASED_NAME
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.store import standing_files as module
from mileage.store.packed_rows import version_of
from mileage.store.standing_files import Among, Ranking, StandingFiles
from tests.drawing import examples
from tests.unit.store.test_standing_files import account, written

if TYPE_CHECKING:
    from mileage.store.packed_rows import FileVersion

texts = st.text(st.characters(exclude_categories=["Cs"]))
counts = st.integers(0, 2**62)
some_values = st.lists(st.none() | st.integers(-(2**62), 2**62), max_size=3).map(tuple)
standings = st.builds(
    Standing,
    account_id=texts,
    name=texts,
    kind=st.sampled_from(["person", "service", "erased"]),
    department=texts,
    team=texts,
    figures=st.builds(
        Figures, counts, st.builds(Tokens, counts, counts), st.none() | counts, counts
    ),
    sessions=counts,
    models=st.lists(texts, max_size=2).map(tuple),
    clients=st.lists(texts, max_size=2).map(tuple),
    active_days=counts,
    daily=st.lists(st.just(0) | counts, max_size=9).map(tuple),
    simulated=st.booleans(),
    role=texts,
    attended_calls=counts,
    unattended_calls=counts,
    values=some_values,
    before=some_values,
    titles=st.lists(texts, max_size=2).map(tuple),
    tier=texts,
)
many = st.lists(standings, max_size=6, unique_by=lambda one: one.account_id)


@settings(max_examples=examples(12), deadline=None)
@given(many, texts)
def test_a_held_file_answers_as_one_that_is_read(
    drawn: list[Standing], stranger: str
) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), *drawn)
        read, held = StandingFiles(path.parent), StandingFiles(path.parent)
        held.hold(path)
        numbers = [*reversed(range(len(drawn))), *range(len(drawn))]
        assert held.rows(path, numbers) == read.rows(path, numbers)
        for asked in (*(one.account_id for one in drawn), stranger):
            assert held.row_of(path, asked) == read.row_of(path, asked)
        everybody = list(read.everybody(path))
        assert held.rows(path, range(len(drawn))) == everybody


def test_nothing_is_read_for_what_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, *map(account, "abc"))
    files = StandingFiles(tmp_path)
    files.hold(path)
    # A file of the same version is not taken in again either.
    monkeypatch.setattr(files, "_cursor", lambda: pytest.fail("it was read"))
    files.hold(path)
    assert [one.account_id for one in files.rows(path, [2, 0])] == ["c", "a"]
    found = files.row_of(path, "b")
    assert found is not None
    assert found[0] == 1


def test_other_files_are_read_while_one_is_held(tmp_path: Path) -> None:
    held = written(tmp_path, account("a", 1))
    other = written(tmp_path, account("a", 2), account("b", 3), name="1.7d.parquet")
    files = StandingFiles(tmp_path)
    files.hold(held)
    assert [one.values for one in files.rows(other, [1, 0])] == [(3,), (2,)]
    assert files.row_of(other, "b") == (1, account("b", 3))
    files.hold(other)
    assert files.row_of(other, "b") == (1, account("b", 3))
    assert files.row_of(held, "b") is None


def test_who_was_erased_by_anybody_is_gone_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, *map(account, "abc"))
    files = StandingFiles(tmp_path)
    files.hold(path)
    # Another process does this: nobody tells these files.
    StandingFiles(tmp_path).bury(path, {"a": "zz"})
    assert files.row_of(path, "a") is None
    names = [one.name for one in files.rows(path, [0, 1, 2])]
    assert names == ["B", "C", ERASED_NAME]
    files.hold(path)
    assert [one.name for one in files.rows(path, [0, 1, 2])] == names
    files.release()
    assert [one.name for one in files.rows(path, [0, 1, 2])] == names


def test_a_removed_file_is_missing_though_it_was_held(tmp_path: Path) -> None:
    path = written(tmp_path, account("a"))
    files = StandingFiles(tmp_path)
    files.hold(path)
    path.unlink()
    with pytest.raises(FileNotFoundError) as caught:
        files.rows(path, [0])
    assert caught.value.args == (path,)


def test_a_file_that_is_replaced_while_it_is_taken_in_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, *map(account, "abc"))
    files = StandingFiles(tmp_path)

    def stated_then_buried(of: Path) -> FileVersion:
        version = version_of(of)
        StandingFiles(tmp_path).bury(path, {"a": "zz"})
        return version

    monkeypatch.setattr(module, "version_of", stated_then_buried)
    files.hold(path)
    monkeypatch.undo()
    assert files._held is None
    assert files.row_of(path, "a") is None
    files.hold(path)
    assert [one.name for one in files.rows(path, [2])] == [ERASED_NAME]


def test_threads_read_what_is_held_and_given_up_meanwhile(tmp_path: Path) -> None:
    path = written(tmp_path, *(account(f"a{number:03}") for number in range(200)))
    files, start = StandingFiles(tmp_path), Barrier(4)
    seen: list[bool] = []

    def read() -> None:
        start.wait()
        for number in range(0, 200, 7):
            (one,) = files.rows(path, [number])
            seen.append(files.row_of(path, one.account_id) == (number, one))

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    start.wait()
    for _ in range(10):
        files.hold(path)
        files.release()
    for reader in readers:
        reader.join()
    assert len(seen) == 3 * 29
    assert all(seen)


@settings(max_examples=examples(12), deadline=None)
@given(st.lists(st.none() | st.integers(-2, 4), max_size=12))
def test_the_place_of_a_row_follows_from_its_value(drawn: list[int | None]) -> None:
    with TemporaryDirectory() as folder:
        accounts = [
            account(f"a{number:02}", kind="service" if number % 4 == 3 else "person")
            for number in range(len(drawn))
        ]
        ranked = [
            replace(one, values=(value,))
            for one, value in zip(accounts, drawn, strict=True)
        ]
        path = written(Path(folder), *ranked)
        ranking = StandingFiles(path.parent).ranking(path, Among(0, ("person",)))
        assert_ordered(ranking)
        for number, value in enumerate(drawn):
            index = ranking.index_of(number, value)
            there = number in ranking.rows
            assert (index is not None) == there
            assert index is None or ranking.rows[index] == number


def assert_ordered(ranking: Ranking) -> None:
    pairs = list(zip(ranking.values, ranking.rows, strict=True))
    assert all(one < other for one, other in pairwise(pairs))
