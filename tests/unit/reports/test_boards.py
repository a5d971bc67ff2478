"""Boards over published files: ranks, pages, scopes, search, and what is kept."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from mileage.domain.cube import department_id
from mileage.domain.errors import NotFound
from mileage.domain.figures import Asked, PublishedLens
from mileage.domain.rights import ERASED, ERASED_NAME
from mileage.reports import boards as module
from mileage.reports.boards import Boards, Lately
from mileage.reports.snapshots import Snapshots
from mileage.store.standing_files import StandingFiles
from tests.ranking import publish
from tests.unit.reports.test_snapshots import SNAPSHOT, STANDING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mileage.domain.figures import Standing

LENSES = tuple(PublishedLens(name, name, "tokens") for name in ("tokens", "cost"))
EVERYBODY = Asked(count=1000)


def one(account: str, value: int | None, **change: object) -> Standing:
    plain = replace(
        STANDING,
        account_id=account,
        name=account.title(),
        values=(value, None if value is None else -value),
        before=(),
    )
    return replace(plain, **change)


def boards_of(folder: Path, standings: Iterable[Standing]) -> Boards:
    ordered = sorted(standings, key=lambda each: each.account_id)
    snapshots = Snapshots(folder)
    publish(snapshots, replace(SNAPSHOT, standings=tuple(ordered), lenses=LENSES))
    return Boards(snapshots)


def ranks(boards: Boards, asked: Asked = EVERYBODY) -> list[tuple[int, str]]:
    page = boards.rows(boards.head(), asked)
    return [(row.rank, row.standing.account_id) for row in page.rows]


def test_equal_values_share_a_rank_and_the_account_decides(tmp_path: Path) -> None:
    boards = boards_of(
        tmp_path, [one("d", 5), one("a", 7), one("c", 7), one("b", 9), one("e", 5)]
    )
    assert ranks(boards) == [(1, "b"), (2, "a"), (2, "c"), (4, "d"), (4, "e")]


def test_nothing_below_zero_or_unknown_has_a_rank(tmp_path: Path) -> None:
    boards = boards_of(tmp_path, [one("a", 0), one("b", None), one("c", 1)])
    assert ranks(boards) == [(1, "c")]
    head = boards.head()
    assert boards.row_of(head, EVERYBODY, "b") is None
    assert boards.row_of(head, EVERYBODY, "nobody") is None
    assert boards.row_of(head, EVERYBODY, "") is None
    assert boards.rows(head, Asked("cost")).ranked == 0


def test_pages_are_parts_of_one_ranking(tmp_path: Path) -> None:
    random = Random(7)  # noqa: S311 (values that repeat)
    everyone = [one(f"p{number:03}", random.randrange(40)) for number in range(300)]
    boards = boards_of(tmp_path, everyone)
    whole = ranks(boards)
    pages = [
        boards.rows(boards.head(), Asked(first=first, count=64))
        for first in range(0, 384, 64)
    ]
    assert [
        (row.rank, row.standing.account_id) for page in pages for row in page.rows
    ] == whole
    assert {page.ranked for page in pages} == {len(whole)}
    assert [page.first for page in pages[:2]] == [0, 64]
    for rank, account in whole[::37]:
        found = boards.row_of(boards.head(), Asked(count=0), account)
        assert found is not None
        assert (found.rank, found.standing.account_id) == (rank, account)


def test_the_rank_of_before_is_among_those_who_had_one(tmp_path: Path) -> None:
    boards = boards_of(
        tmp_path,
        [
            one("a", 9, before=(3, None)),
            one("b", 8, before=(7, None)),
            one("c", 7, before=(None, None)),
            one("d", None, before=(5, None)),
        ],
    )
    page = boards.rows(boards.head(), EVERYBODY)
    told = {row.standing.account_id: row.before_rank for row in page.rows}
    assert told == {"a": 3, "b": 1, "c": None}


def test_a_choice_holds_from_the_next_question_on(tmp_path: Path) -> None:
    boards = boards_of(tmp_path, [one("a", 3), one("b", 2), one("c", 1)])
    assert ranks(boards) == [(1, "a"), (2, "b"), (3, "c")]
    hidden = replace(EVERYBODY, without=frozenset({"a"}))
    assert ranks(boards, hidden) == [(1, "b"), (2, "c")]
    assert boards.row_of(boards.head(), hidden, "a") is None
    assert ranks(boards) == [(1, "a"), (2, "b"), (3, "c")]


def test_each_scope_ranks_its_own(tmp_path: Path) -> None:
    mills = {"department": "Mills", "team": "Grain/Flour"}
    boards = boards_of(
        tmp_path,
        [
            one("person", 5),
            one("parked", 4, kind="unclaimed", department="", team=""),
            one("bot", 9, kind="service"),
            one("hired", 8, kind="contractor", **mills),
            one("miller", 7, **mills),
            one("gone", 99, kind=ERASED),
        ],
    )
    mill = department_id("Mills")
    told = {
        scope: [
            account for _, account in ranks(boards, replace(EVERYBODY, scope=scope))
        ]
        for scope in (
            *("org", "services", "contractors", f"dept:{mill}"),
            *(f"team:{mill}/Grain/Flour", f"team:{mill}/Nobody"),
        )
    }
    assert list(told.values()) == [
        ["miller", "person", "parked"],
        ["bot"],
        ["hired"],
        ["hired", "miller"],
        ["hired", "miller"],
        [],
    ]


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("dept:0000", "of which somebody used anything"),
        ("dept:0000/Team", "there is no board"),
        ("team:0000", "there is no board"),
        ("everything", "there is no board of 'everything'"),
        ("", "there is no board"),
    ],
)
def test_other_scopes_are_not_found(tmp_path: Path, scope: str, words: str) -> None:
    boards = boards_of(tmp_path, [one("a", 1)])
    with pytest.raises(NotFound, match=words):
        ranks(boards, Asked(scope=scope))


def test_an_unknown_lens_is_not_found_and_says_which_there_are(tmp_path: Path) -> None:
    boards = boards_of(tmp_path, [one("a", 1)])
    with pytest.raises(NotFound, match="there are tokens, cost"):
        ranks(boards, Asked("calls"))


def test_search_finds_every_word_in_names_and_places(tmp_path: Path) -> None:
    boards = boards_of(
        tmp_path,
        [
            one("a", 3, name="Ada Byron", department="Engines", team="Difference"),
            one("b", 2, name="Byron Gray", department="Mills", team="Grain"),
            one("c", 1, name="100% Müller", department="", team=""),
        ],
    )

    def found(text: str, **change: object) -> list[tuple[int, str]]:
        rows = boards.search(boards.head(), Asked(**change), text)
        return [(row.rank, row.standing.account_id) for row in rows]

    assert found("byron") == [(1, "a"), (2, "b")]
    assert found("GRAIN byron") == [(2, "b")]
    assert found("MÜLLER 0%") == [(3, "c")]
    assert found("nobody") == []
    assert found("byron", without=frozenset({"a"})) == [(1, "b")]
    assert found("byron", unnamed=frozenset({"b"})) == [(1, "a")]
    assert found("mills", unnamed=frozenset({"b"})) == []


def test_names_are_read_once_and_anew_after_an_erasure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = boards_of(tmp_path, [one("a", 3, name="Ada"), one("b", 2, name="Bob")])
    read: list[frozenset[str]] = []
    texts = StandingFiles.texts

    def noted(files: StandingFiles, path: Path, unnamed: frozenset[str]) -> list[str]:
        read.append(unnamed)
        return texts(files, path, unnamed)

    monkeypatch.setattr(StandingFiles, "texts", noted)
    boards.warm(boards.head(), EVERYBODY)
    assert len(boards.search(boards.head(), EVERYBODY, "ada")) == 1
    assert boards.search(boards.head(), EVERYBODY, " ") == ()
    assert read == [frozenset()]
    hidden = frozenset({"a"})
    assert boards.search(boards.head(), replace(EVERYBODY, unnamed=hidden), "ada") == ()
    assert read == [frozenset(), hidden]
    boards.bury({"a": "zzz"}, lambda head, _: head)
    assert boards.search(boards.head(), EVERYBODY, "ada") == ()
    assert len(boards.search(boards.head(), EVERYBODY, "bob")) == 1


def test_search_returns_no_more_than_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOUND", 3)
    boards = boards_of(tmp_path, [one(f"a{number}", number) for number in range(1, 9)])
    rows = boards.search(boards.head(), EVERYBODY, "a")
    assert [row.standing.account_id for row in rows] == ["a8", "a7", "a6"]


def test_everybody_comes_back_with_and_without_a_rank(tmp_path: Path) -> None:
    everyone = (one("a", 1), one("b", None), one("c", 3, kind=ERASED))
    boards = boards_of(tmp_path, everyone)
    assert tuple(boards.everybody(boards.head())) == everyone
    assert boards.standing(boards.head(), "b") == everyone[1]
    assert boards.standing(boards.head(), "d") is None


def test_a_page_is_read_once(tmp_path: Path) -> None:
    boards = boards_of(tmp_path, [one("a", 1)])
    head = boards.head()
    first = boards.rows(head, EVERYBODY)
    assert boards.rows(head, EVERYBODY).rows is first.rows
    own = boards.row_of(head, EVERYBODY, "a")
    assert boards.row_of(head, EVERYBODY, "a") is own
    assert boards.row_beside(first, head, EVERYBODY, "a") is None


def test_who_is_among_the_first_of_any_lens(tmp_path: Path) -> None:
    boards = boards_of(
        tmp_path,
        [
            one("a", 9, values=(9, 1)),
            one("b", 8, values=(8, 5)),
            one("c", 7, values=(7, 4)),
            one("hired", 1, kind="contractor", values=(1, None)),
        ],
    )
    publication = Snapshots(tmp_path).publication()
    assert boards.among_the_first(publication, 1, frozenset()) == {"a", "b", "hired"}
    assert boards.among_the_first(publication, 1, frozenset("b")) == {
        *("a", "c", "hired")
    }
    assert boards.among_the_first(publication, 0, frozenset()) == frozenset()


def test_who_is_buried_keeps_figures_and_loses_name_and_rank(tmp_path: Path) -> None:
    boards = boards_of(tmp_path, [one("a", 9), one("b", 8)])
    assert ranks(boards) == [(1, "a"), (2, "b")]
    told: list[int] = []

    def noted(head, named):
        told.append(named)
        return replace(head, organisation="Noted")

    boards.bury({"a": "zzz_grave", "stranger": "x"}, noted)
    assert ranks(boards) == [(1, "b")]
    grave = boards.standing(boards.head(), "zzz_grave")
    assert grave is not None
    assert (grave.name, grave.kind) == (ERASED_NAME, ERASED)
    assert grave.figures == STANDING.figures
    assert boards.head().organisation == "Noted"
    boards.bury({"a": "zzz_grave"}, noted)
    assert told == [1]


def test_only_the_last_values_are_kept() -> None:
    made: list[int] = []
    kept: Lately[int] = Lately(2)

    def of(key: int) -> int:
        return kept.of(key, lambda: made.append(key) or key)

    assert [of(key) for key in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert made == [1, 2, 3, 2]
    kept.forget()
    of(1)
    assert made[-1] == 1
