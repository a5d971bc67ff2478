"""Publications after kills, damage and thinning, for one reader and for two."""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import pytest

from mileage.domain.errors import NewerData, NotFound, Unavailable
from mileage.domain.figures import Asked
from mileage.reports.boards import Boards
from mileage.reports.snapshot_files import DAY, HOUR, check_snapshots, superfluous
from mileage.reports.snapshots import HEAD, MAGIC, Snapshots, read_head
from mileage.reports.snapshots_of_before import bring_forward
from mileage.store.standing_files import StandingFiles
from tests.organisations import ALL_TOKENS, COST, END, Organisation
from tests.ranking import publish, valued, whole
from tests.unit.reports.test_snapshots_of_before import written as written_before

if TYPE_CHECKING:
    from mileage.domain.figures import Publication, Snapshot
    from tests.ranking import Whole

LENSES = (ALL_TOKENS, COST)
PEOPLE = ("ada", "bob", "cyd")
EVERYBODY = Asked(count=100)


def windows(as_of: int, *names: str) -> tuple[Whole, Whole]:
    made = Organisation()
    for number, name in enumerate(names, 1):
        made.add(name, number * 100, "Mills", "Grain")
    frozen = valued(made.snapshot(as_of), LENSES)
    frozen = replace(frozen, accounts=len(names))
    return frozen, replace(frozen, name="7d")


@cache
def template(*names: str) -> tuple[Publication, bytes]:
    """Make a publication once: what is told, and the file of its standings."""
    with TemporaryDirectory() as folder:
        kept = Snapshots(Path(folder))
        made = publish(kept, *windows(END, *names))
        return made, kept.standings(END, "7d").read_bytes()


def published(folder: Path, as_of: int = END, *names: str) -> Path:
    told, content = template(*(names or PEOPLE))
    kept = Snapshots(folder)
    for one in told.snapshots:
        kept.standings(as_of, one.name).write_bytes(content)
    heads = tuple(replace(one, as_of=as_of) for one in told.snapshots)
    return kept.publish(replace(told, as_of=as_of, snapshots=heads))


def parquet(head: Path, window: str = "30d") -> Path:
    return head.with_name(f"{head.stem}.{window}.parquet")


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def accounts(boards: Boards, window: str = "", as_of: int | None = None) -> list[str]:
    page = boards.rows(boards.head(window, as_of), EVERYBODY)
    return [row.standing.account_id for row in page.rows]


def test_a_head_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = published(tmp_path)
    data = path.read_bytes()
    for length in range(0, len(data), 29):
        path.write_bytes(data[:length])
        with pytest.raises(Unavailable, match="publish again"):
            read_head(path)


def test_a_head_with_one_bit_turned_is_refused(tmp_path: Path) -> None:
    path = published(tmp_path)
    data = path.read_bytes()
    # All that is compressed lies under its check sum; what stands before is the head.
    for at in range(len(HEAD) + 2, len(data), 37):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        with pytest.raises(Unavailable, match="is damaged"):
            read_head(path)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"as_of": "soon", "snapshots": []},
        {"as_of": 1, "snapshots": [{"window": None}]},
        [],
        None,
    ],
)
def test_a_head_of_other_fields_is_damaged(tmp_path: Path, told: object) -> None:
    path = tmp_path / f"{1:020d}.head"
    path.write_bytes(HEAD + zlib.compress(msgspec.msgpack.encode(told)))
    with pytest.raises(Unavailable, match="is damaged"):
        Snapshots(tmp_path).latest()


def test_fields_that_are_not_known_yet_are_passed_over(tmp_path: Path) -> None:
    path = published(tmp_path)
    told = msgspec.msgpack.decode(zlib.decompress(path.read_bytes()[len(HEAD) :]))
    before = read_head(path)
    told["mood"] = told["snapshots"][0]["mood"] = "fine"
    path.write_bytes(HEAD + zlib.compress(msgspec.msgpack.encode(told)))
    assert read_head(path) == before


def test_the_format_of_before_under_todays_name_is_no_newer_one(tmp_path: Path) -> None:
    path = published(tmp_path)
    body = path.read_bytes()[len(HEAD) :]
    path.write_bytes(MAGIC + struct.pack("<I", 1) + body)
    with pytest.raises(Unavailable, match="is no snapshot") as caught:
        read_head(path)
    assert not isinstance(caught.value, NewerData)


def test_a_damaged_last_head_hides_none_of_before(tmp_path: Path) -> None:
    published(tmp_path, END - HOUR)
    last = published(tmp_path)
    last.write_bytes(last.read_bytes()[:-3])
    boards = Boards(Snapshots(tmp_path))
    with pytest.raises(Unavailable, match=last.name):
        boards.head()
    assert accounts(boards, as_of=END - 1) == ["cyd", "bob", "ada"]
    # Once it is published again, the same reader has it.
    published(tmp_path)
    assert boards.head().as_of == END


def test_one_damaged_window_leaves_the_others(tmp_path: Path) -> None:
    head = published(tmp_path)
    parquet(head, "7d").write_bytes(b"PAR1")
    boards = Boards(Snapshots(tmp_path))
    assert accounts(boards) == ["cyd", "bob", "ada"]
    for _ in range(2):
        # What failed is not remembered as an empty board.
        with pytest.raises(Unavailable, match=parquet(head, "7d").name):
            accounts(boards, "7d")
    (problem,) = check_snapshots(tmp_path).problems
    assert parquet(head, "7d").name in problem
    published(tmp_path)
    assert accounts(boards, "7d") == ["cyd", "bob", "ada"]


def test_verify_tells_of_each_file_that_is_wrong_and_of_no_other(
    tmp_path: Path,
) -> None:
    heads = [published(tmp_path, END + at * HOUR) for at in range(5)]
    heads[0].write_bytes(HEAD[:-4] + struct.pack("<I", 3) + b"later")
    parquet(heads[1], "7d").unlink()
    parquet(heads[2]).write_bytes(parquet(heads[2]).read_bytes()[:-9])
    fewer = list(StandingFiles(tmp_path).everybody(parquet(heads[3])))[1:]
    StandingFiles(tmp_path).write(parquet(heads[3]), fewer)
    (tmp_path / f"{7:020d}.snap").write_bytes(b"old")
    found = check_snapshots(tmp_path)
    assert found.looked_at == 6
    told = (
        (heads[0], "written by a newer version"),
        (parquet(heads[1], "7d"), "is missing"),
        (parquet(heads[2]), "is damaged"),
        (parquet(heads[3]), "does not add up"),
        (tmp_path / f"{7:020d}.snap", "of an older version"),
    )
    for problem, (path, word) in zip(found.problems, told, strict=True):
        assert path.name in problem
        assert word in problem


class Killed(BaseException):
    """What no handler may take for an error."""


@pytest.mark.parametrize(("done", "left"), [(0, 0), (1, 1), (2, 3)])
def test_a_kill_at_any_step_of_publishing_changes_no_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int, left: int
) -> None:
    published(tmp_path)
    before, steps = names(tmp_path), [None] * done
    synced = os.fsync

    def killed(descriptor: int) -> None:
        if not steps:
            raise Killed
        steps.pop()
        synced(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(Killed):
            publish(Snapshots(tmp_path), *windows(END + HOUR, "ada"))
    assert len(names(tmp_path) - before) == left
    kept = Snapshots(tmp_path)
    assert kept.instants() == [END]
    assert check_snapshots(tmp_path) == ("snapshots", 1, (), ())
    kept.sweep()
    assert names(tmp_path) == before


def test_sweeping_keeps_whatever_bears_no_instant(tmp_path: Path) -> None:
    published(tmp_path)
    for name in ("notes.part", "x1.parquet", f"{9:020d}.txt", f"{9:020d}.snap"):
        (tmp_path / name).write_bytes(b"somebody's own")
    before = names(tmp_path)
    (tmp_path / f"{9:020d}.part").write_bytes(HEAD)
    kept = Snapshots(tmp_path)
    kept.sweep()
    kept.sweep()
    assert names(tmp_path) == before
    Snapshots(tmp_path / "none").sweep()
    assert not (tmp_path / "none").exists()


def test_a_file_of_before_is_brought_forward_after_a_kill_before_its_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written_before(tmp_path)
    snapshots = Snapshots(tmp_path)

    def killed(_self: Snapshots, _publication: Publication) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Snapshots, "publish", killed)
        with pytest.raises(Killed):
            bring_forward(snapshots, LENSES)
    assert path.exists()
    assert snapshots.count() == 0
    snapshots.sweep()
    assert names(tmp_path) == {path.name}
    assert bring_forward(snapshots, LENSES) == 1
    assert len(whole(snapshots).standings) == 2
    assert check_snapshots(tmp_path).problems == ()


def test_a_kill_before_the_file_of_before_goes_tells_nothing_twice(
    tmp_path: Path,
) -> None:
    path = written_before(tmp_path)
    content = path.read_bytes()
    snapshots = Snapshots(tmp_path)
    bring_forward(snapshots, LENSES)
    first = whole(snapshots)
    path.write_bytes(content)
    assert bring_forward(snapshots, LENSES) == 1
    snapshots.forget()
    assert whole(snapshots) == first
    assert snapshots.count() == 1
    assert not path.exists()


@pytest.mark.parametrize("damage", ["cut", "newer", "empty"])
def test_a_file_of_before_that_cannot_be_read_stays_to_the_byte(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = written_before(tmp_path)
    whole_file = path.read_bytes()
    newer = HEAD + whole_file[len(HEAD) :]
    content = {"cut": whole_file[:-5], "newer": newer, "empty": b""}[damage]
    path.write_bytes(content)
    assert bring_forward(Snapshots(tmp_path), LENSES) == 0
    assert path.read_bytes() == content
    assert names(tmp_path) == {path.name}
    assert "stays as it is" in caplog.text


def test_thinning_leaves_whole_publications_and_their_boards(tmp_path: Path) -> None:
    start = END - END % DAY
    instants = [start + minutes * HOUR // 60 for minutes in (5, 35, 59, 60, 150)]
    for one in instants:
        published(tmp_path, one)
    kept = Snapshots(tmp_path)
    assert superfluous(kept.instants(), start + DAY, 0, 0) == []
    # A day and more old: of each hour its last one stays.
    now = start + 2 * DAY
    gone = superfluous(kept.instants(), now, 1, 0)
    assert gone == instants[:2]
    kept.remove(gone)
    assert kept.instants() == instants[:1:-1]
    assert check_snapshots(tmp_path) == ("snapshots", 3, (), ())
    assert len(names(tmp_path)) == 9
    with pytest.raises(NotFound, match="at that time"):
        kept.latest(instants[1])
    assert kept.latest(instants[3] - 1).as_of == instants[2]
    # Then of each day, in which the last of all is one of its own.
    kept.remove(superfluous(kept.instants(), now, 1, 1))
    assert kept.instants() == instants[-1:]
    assert superfluous(kept.instants(), now + 9000 * DAY, 1, 1) == []


def test_a_reader_sees_at_once_what_another_process_changed(tmp_path: Path) -> None:
    published(tmp_path)
    ours, theirs = Snapshots(tmp_path), Snapshots(tmp_path)
    # A folder that settled long ago is not listed again, until it says that it changed.
    os.utime(tmp_path, ns=(10**18, 10**18))
    assert (ours.instants(), theirs.instants()) == ([END], [END])
    published(tmp_path, END + HOUR)
    assert ours.latest().as_of == theirs.latest().as_of == END + HOUR
    os.utime(tmp_path, ns=(2 * 10**18, 2 * 10**18))
    assert ours.count() == 2
    theirs.remove([END + HOUR])
    assert (ours.count(), ours.latest().as_of) == (1, END)


def test_who_is_erased_is_so_in_every_window_of_every_publication(
    tmp_path: Path,
) -> None:
    heads = [published(tmp_path, END + at * DAY) for at in range(2)]
    untouched = published(tmp_path, END + 2 * DAY, "ada", "cyd")
    content = {one: one.read_bytes() for one in (untouched, parquet(untouched))}
    boards, other = (Boards(Snapshots(tmp_path)) for _ in range(2))
    told: list[tuple[int, str, int]] = []

    def noted(head: Snapshot, named: int) -> Snapshot:
        told.append((head.as_of, head.name, named))
        return replace(head, organisation=f"without {named}")

    assert accounts(boards, as_of=END) == ["cyd", "bob", "ada"]
    boards.bury({"bob": "grave"}, noted)
    each = [(END + at * DAY, name, 1) for at in (1, 0) for name in ("30d", "7d")]
    assert told == each
    for as_of, name, _ in each:
        for reader in (boards, other):
            assert accounts(reader, name, as_of) == ["cyd", "ada"]
            assert reader.head(name, as_of).organisation == "without 1"
    assert check_snapshots(tmp_path) == ("snapshots", 3, (), ())
    assert {one: one.read_bytes() for one in content} == content
    assert not list(tmp_path.glob("*.part"))
    for head in heads:
        assert b"bob" not in parquet(head).read_bytes()


@pytest.mark.parametrize("steps", range(4))
def test_an_erasure_that_is_killed_says_so_in_every_window_when_it_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    head = published(tmp_path)
    left = [None] * steps
    synced = os.fsync

    def killed(descriptor: int) -> None:
        if not left:
            raise Killed
        left.pop()
        synced(descriptor)

    def noted(one: Snapshot, named: int) -> Snapshot:
        return replace(one, organisation=f"without {named}")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with suppress(Killed):
            Boards(Snapshots(tmp_path)).bury({"bob": "grave"}, noted)
    again = Snapshots(tmp_path)
    again.sweep()
    assert not list(tmp_path.glob("*.part"))
    boards = Boards(again)
    boards.bury({"bob": "grave"}, noted)
    for name in ("30d", "7d"):
        assert accounts(boards, name, END) == ["cyd", "ada"]
        assert boards.head(name, END).organisation == "without 1"
        assert b"bob" not in parquet(head, name).read_bytes()
    assert check_snapshots(tmp_path).problems == ()


def test_an_erasure_that_meets_damage_is_finished_when_it_is_gone(
    tmp_path: Path,
) -> None:
    older = published(tmp_path, END - DAY)
    published(tmp_path)
    whole_file = older.read_bytes()
    older.write_bytes(whole_file[:40])
    boards = Boards(Snapshots(tmp_path))

    def noted(head: Snapshot, _named: int) -> Snapshot:
        return replace(head, organisation="noted")

    with pytest.raises(Unavailable, match=older.name):
        boards.bury({"ada": "grave"}, noted)
    older.write_bytes(whole_file)
    boards.bury({"ada": "grave"}, noted)
    for as_of in (END, END - DAY):
        assert accounts(boards, as_of=as_of) == ["cyd", "bob"]
        assert boards.head("7d", as_of).organisation == "noted"


def test_standings_that_are_missing_are_said(tmp_path):
    published(tmp_path)
    kept = Snapshots(tmp_path)
    kept.standings(END, "7d").unlink()
    boards = Boards(kept)
    head = boards.head("7d")
    for read in (
        lambda: boards.rows(head, EVERYBODY),
        lambda: boards.search(head, EVERYBODY, "ada"),
        lambda: boards.bury({"ada": "tomb"}, lambda one, _: one),
    ):
        with pytest.raises(Unavailable, match="is missing; restore it"):
            read()
    assert boards.rows(boards.head("30d"), EVERYBODY).rows
