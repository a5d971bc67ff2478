"""What boards keep is of one version of a file: nothing of an older one is shown."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.figures import Asked
from mileage.domain.rights import ERASED_NAME
from mileage.reports.boards import Boards
from mileage.reports.snapshots import Snapshots
from mileage.store.standing_files import StandingFiles
from tests.drawing import examples
from tests.unit.reports.test_boards import EVERYBODY, boards_of, one

if TYPE_CHECKING:
    import pytest

    from mileage.domain.figures import BoardRow, Standing
    from mileage.store.standing_files import Among, Ranking

THREE = (one("a", 9), one("b", 8), one("c", 7))
GRAVES = {"a": "zz"}


def shown(rows: tuple[BoardRow, ...]) -> list[tuple[int, int, str]]:
    return [(row.rank, row.value, row.standing.name) for row in rows]


def bury_elsewhere(folder: Path) -> None:
    """Erase somebody as another process does, of which these boards hear nothing."""
    Boards(Snapshots(folder)).bury(GRAVES, lambda head, _: head)


def test_an_erasure_by_another_process_is_seen_at_the_next_question(
    tmp_path: Path,
) -> None:
    boards = boards_of(tmp_path, THREE)
    head, publication = boards.head(), Snapshots(tmp_path).publication()
    boards.warm(head, EVERYBODY)
    assert shown(boards.search(head, EVERYBODY, "a")) == [(1, 9, "A")]
    assert boards.row_of(head, EVERYBODY, "a") is not None
    assert boards.among_the_first(publication, 1, frozenset()) == {"a"}
    bury_elsewhere(tmp_path)
    left = [(1, 8, "B"), (2, 7, "C")]
    assert shown(boards.rows(head, EVERYBODY).rows) == left
    assert boards.search(head, EVERYBODY, "a") == ()
    assert boards.row_of(head, EVERYBODY, "a") is None
    assert boards.standing(head, "a") is None
    assert boards.among_the_first(publication, 1, frozenset()) == {"b"}
    grave = boards.standing(head, "zz")
    assert grave is not None
    assert grave.name == ERASED_NAME
    boards.warm(head, EVERYBODY)
    assert shown(boards.rows(head, EVERYBODY).rows) == left


def test_rows_of_two_versions_are_not_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = boards_of(tmp_path, THREE)
    ranking = StandingFiles.ranking

    def ranked_then_buried(files: StandingFiles, path: Path, among: Among) -> Ranking:
        found = ranking(files, path, among)
        bury_elsewhere(tmp_path)
        return found

    monkeypatch.setattr(StandingFiles, "ranking", ranked_then_buried)
    # Of three rows the first is the last one now: numbers of rows mean others.
    left = [(1, 8, "B"), (2, 7, "C")]
    assert shown(boards.rows(boards.head(), EVERYBODY).rows) == left
    assert shown(boards.search(boards.head(), EVERYBODY, "b")) == [(1, 8, "B")]
    own = boards.row_of(boards.head(), EVERYBODY, "c")
    assert own is not None
    assert shown((own,)) == [(2, 7, "C")]


def test_what_a_slow_reader_brings_after_an_erasure_is_not_kept_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = boards_of(tmp_path, THREE)
    texts, read, erased = StandingFiles.texts, Event(), Event()

    def slowly(files: StandingFiles, path: Path, unnamed: frozenset[str]) -> list[str]:
        found = texts(files, path, unnamed)
        read.set()
        assert erased.wait(10)
        return found

    monkeypatch.setattr(StandingFiles, "texts", slowly)
    found: list[object] = []
    slow = Thread(
        target=lambda: found.append(boards.search(boards.head(), EVERYBODY, "a"))
    )
    slow.start()
    assert read.wait(10)
    boards.bury(GRAVES, lambda head, _: head)
    erased.set()
    slow.join()
    assert found == [()]
    assert boards.search(boards.head(), EVERYBODY, "a") == ()


people = st.builds(
    lambda number, value, words, kind: one(
        f"acc{number}", value, name=words[0], department=words[1], team="t", kind=kind
    ),
    st.integers(0, 30),
    st.none() | st.integers(-1, 4),
    st.tuples(*[st.text("ab Üü", max_size=4)] * 2),
    st.sampled_from(["person", "unclaimed", "service"]),
)
account_sets = st.frozensets(st.integers(0, 30).map("acc{}".format), max_size=4)


@settings(max_examples=examples(12), deadline=None)
@given(
    st.lists(people, max_size=9, unique_by=lambda each: each.account_id),
    st.text("ab Üt", min_size=1, max_size=5),
    account_sets,
    account_sets,
)
def test_held_or_not_a_board_shows_what_looking_at_everybody_shows(
    drawn: list[Standing], wanted: str, without: frozenset[str], unnamed: frozenset[str]
) -> None:
    with TemporaryDirectory() as folder:
        read = boards_of(Path(folder), drawn)
        held = Boards(Snapshots(Path(folder)))
        asked = Asked(count=99, without=without, unnamed=unnamed)
        held.warm(held.head(), asked)
        ranked = by_hand(drawn, without)
        found = [
            row for row in ranked if wanted.split() and matches(row, wanted, unnamed)
        ]
        for boards in (read, held):
            head = boards.head()
            rows = boards.rows(head, asked).rows
            assert [(row.rank, row.standing) for row in rows] == ranked
            searched = boards.search(head, asked, wanted)
            assert [(row.rank, row.standing) for row in searched] == found
            own = {row.standing.account_id: row for row in rows}
            for each in drawn:
                known = boards.row_of(head, asked, each.account_id)
                assert known == own.get(each.account_id)


def by_hand(
    drawn: list[Standing], without: frozenset[str]
) -> list[tuple[int, Standing]]:
    standing = [
        each
        for each in drawn
        if each.kind != "service" and each.account_id not in without
    ]
    valued = [(each.values[0] or 0, each) for each in standing]
    valued = [pair for pair in valued if pair[0] > 0]
    valued.sort(key=lambda pair: (-pair[0], pair[1].account_id))
    return [
        (1 + sum(other > value for other, _ in valued), each) for value, each in valued
    ]


def matches(row: tuple[int, Standing], wanted: str, unnamed: frozenset[str]) -> bool:
    one = row[1]
    name = "" if one.account_id in unnamed else one.name
    text = f"{name} {one.department} {one.team}".lower()
    return all(word in text for word in wanted.lower().split())
