"""Files of standings: read whole or refused by name; half of one is never left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mileage.domain.errors import Unavailable
from mileage.domain.rights import ERASED, ERASED_NAME
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.store import standing_files as module
from mileage.store.standing_files import Among, StandingFiles
from tests.unit.reports.test_snapshots import STANDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mileage.domain.figures import Standing

PEOPLE = Among(0, ("person",))
QUESTIONS: dict[str, Callable[[StandingFiles, Path], object]] = {
    "everybody": lambda files, path: list(files.everybody(path)),
    "ranking": lambda files, path: files.ranking(path, PEOPLE),
    "rows": lambda files, path: files.rows(path, [0]),
    "row of": lambda files, path: files.row_of(path, "acc_a"),
    "hold": lambda files, path: files.hold(path),
    "texts": lambda files, path: files.texts(path),
    "first": lambda files, path: files.among_the_first([path], 1, [["person"]], ()),
    "total": lambda files, path: files.total(path),
    "rest": lambda files, path: files.rest(path, ["person"]),
    "departments": lambda files, path: files.departments(path),
    "bury": lambda files, path: files.bury(path, {"acc_a": "zzz"}),
}


def account(account_id: str, value: int = 1, **change: object) -> Standing:
    plain = replace(
        STANDING, account_id=account_id, name=account_id.title(), values=(value,)
    )
    return replace(plain, **change)


def written(folder: Path, *standings: Standing, name: str = "1.30d.parquet") -> Path:
    path = folder / name
    StandingFiles(folder).write(path, standings)
    return path


def test_no_question_is_answered_from_what_is_no_parquet(tmp_path: Path) -> None:
    path = tmp_path / "1.30d.parquet"
    path.write_bytes(b"PAR1" + bytes(40) + b"PAR1")
    files = StandingFiles(tmp_path)
    for question, ask in QUESTIONS.items():
        with pytest.raises(Unavailable, match="is damaged; remove it") as caught:
            ask(files, path)
        assert str(path) in str(caught.value), question
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_missing_file_is_missing_and_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "1.30d.parquet"
    files = StandingFiles(tmp_path)
    for question, ask in QUESTIONS.items():
        with pytest.raises(FileNotFoundError) as caught:
            ask(files, path)
        assert caught.value.args == (path,), question
    assert not list(tmp_path.iterdir())


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, STANDING)
    data = path.read_bytes()
    files = StandingFiles(tmp_path)
    for length in (0, 3, 4, 11, len(data) // 2, len(data) - 8, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(Unavailable, match="is damaged"):
            files.total(path)
    # The same reader reads it again once it is whole.
    path.write_bytes(data)
    assert files.total(path) == (STANDING.figures, 1)


def test_one_missing_of_several_is_named(tmp_path: Path) -> None:
    there = written(tmp_path, STANDING)
    gone = tmp_path / "1.7d.parquet"
    with pytest.raises(FileNotFoundError) as caught:
        StandingFiles(tmp_path).among_the_first([there, gone], 1, [["person"]], ())
    assert caught.value.args == (gone,)


def test_one_damaged_of_several_names_them_all(tmp_path: Path) -> None:
    good = written(tmp_path, STANDING)
    bad = tmp_path / "1.7d.parquet"
    bad.write_bytes(b"nothing")
    with pytest.raises(Unavailable) as caught:
        StandingFiles(tmp_path).among_the_first([good, bad], 1, [["person"]], ())
    assert f"{good} or {bad} is damaged" in str(caught.value)


def test_rows_of_a_file_without_anybody(tmp_path: Path) -> None:
    path = written(tmp_path)
    files = StandingFiles(tmp_path)
    assert files.total(path) == (Figures(0, Tokens(), None, 0), 0)
    assert not list(files.everybody(path))
    assert not files.ranking(path, PEOPLE).rows
    assert files.rest(path, ["person"]) == ((0, 0, 0, 0),) * 3
    assert files.departments(path) == frozenset()


def test_names_of_any_letters_and_open_fields_come_back(tmp_path: Path) -> None:
    odd = account(
        "acc_'\"--",
        name='Ünï "codé" \\ 名\n{}',
        models=(),
        values=(None, 2**62),
        before=(),
        daily=(0, 0, 2**40),
        figures=Figures(0, Tokens(), None, 0),
    )
    path = written(tmp_path, odd)
    files = StandingFiles(tmp_path)
    assert list(files.everybody(path)) == [odd]
    assert files.row_of(path, odd.account_id) == (0, odd)
    files.hold(path)
    assert files.row_of(path, odd.account_id) == (0, odd)
    assert files.rows(path, [0]) == [odd]


def test_rows_come_in_the_order_asked_for_whatever_order_they_were_written(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, *(account(name) for name in "dbca"))
    files = StandingFiles(tmp_path)
    assert [one.account_id for one in files.everybody(path)] == list("abcd")
    assert [one.account_id for one in files.rows(path, [3, 0, 2])] == ["d", "a", "c"]
    assert files.rows(path, []) == []


def test_a_writer_that_fails_leaves_the_file_of_before(tmp_path: Path) -> None:
    path = written(tmp_path, STANDING)
    before = path.read_bytes()

    def broken() -> Iterator[Standing]:
        yield account("b")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        StandingFiles(tmp_path).write(path, broken())
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out" / "1.30d.parquet"
    files = StandingFiles(inside)
    with pytest.raises(Unavailable, match="cannot be written"):
        files.write(outside, [STANDING])
    assert not list(outside.parent.iterdir())


def test_a_reader_sees_no_folder_but_its_own(tmp_path: Path) -> None:
    path = written(tmp_path / "theirs", STANDING)
    (tmp_path / "mine").mkdir()
    with pytest.raises(Unavailable):
        StandingFiles(tmp_path / "mine").total(path)


def test_burying_moves_a_row_and_keeps_every_figure(tmp_path: Path) -> None:
    path = written(tmp_path, *(account(name, at) for at, name in enumerate("abc", 1)))
    files = StandingFiles(tmp_path)
    total = files.total(path)
    graves = {"a": "zz", "c": "zy", "stranger": "zx"}
    assert files.named(path, graves) == 2
    files.bury(path, graves)
    assert files.named(path, graves) == 0
    kept = list(files.everybody(path))
    assert [one.account_id for one in kept] == ["b", "zy", "zz"]
    assert [one.kind for one in kept] == ["person", ERASED, ERASED]
    assert [one.name for one in kept] == ["B", ERASED_NAME, ERASED_NAME]
    assert [one.values for one in kept] == [(2,), (3,), (1,)]
    assert files.total(path) == total
    assert files.ranking(path, PEOPLE).rows.tolist() == [0]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_buried_name_is_nowhere_in_the_bytes(tmp_path: Path) -> None:
    gone = account("acc_zanzibar", name="Zanzibar Quixote")
    path = written(tmp_path, account("b"), gone)
    assert b"anzibar" in path.read_bytes()
    StandingFiles(tmp_path).bury(path, {"acc_zanzibar": "grave"})
    assert b"anzibar" not in path.read_bytes()


def test_nobody_is_named_by_an_empty_file_or_as_a_stranger(tmp_path: Path) -> None:
    path = written(tmp_path, STANDING)
    files = StandingFiles(tmp_path)
    assert files.named(path, ["stranger"]) == 0
    assert files.named(path, []) == 0
    assert files.named(path, [STANDING.account_id]) == 1
    empty = written(tmp_path / "empty")
    assert StandingFiles(tmp_path / "empty").named(empty, [STANDING.account_id]) == 0


def test_burying_strangers_does_not_touch_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, STANDING)
    before = path.stat()
    StandingFiles(tmp_path).bury(path, {"stranger": "zz"})
    StandingFiles(tmp_path).bury(path, {})
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_who_reads_while_a_file_is_replaced_gets_one_of_the_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    path = written(tmp_path, *map(account, "abcdefg"))
    reading = StandingFiles(tmp_path).everybody(path)
    first = next(reading)
    StandingFiles(tmp_path).bury(path, {"f": "zz"})
    assert "".join(one.account_id for one in (first, *reading)) == "abcdefg"
    assert StandingFiles(tmp_path).row_of(path, "f") is None


def test_the_rest_tells_the_two_largest_of_whoever_is_left(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        *(
            account(name, figures=Figures(calls, Tokens(input=calls * 10), cost, 0))
            for name, calls, cost in (("a", 9, 5), ("b", 4, None), ("c", 6, 0))
        ),
        account("bot", kind="service"),
    )
    files = StandingFiles(tmp_path)
    assert files.rest(path, ["person"]) == (
        (3, 19, 9, 6),
        (3, 190, 90, 60),
        (1, 5, 5, 0),
    )
    without = files.rest(path, ["person"], without=["a"])
    assert without == ((2, 10, 6, 4), (2, 100, 60, 40), (0, 0, 0, 0))
    assert files.rest(path, ["person"], some=["b", "bot"])[0] == (1, 4, 4, 0)
    assert files.rest(path, ["person"], some=[])[0] == (0, 0, 0, 0)
