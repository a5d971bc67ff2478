"""Boards against a second ranking, written out over lists: pages, scopes, searches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.cube import department_id
from mileage.domain.errors import NotFound
from mileage.domain.figures import Asked, PublishedLens, Standing
from mileage.domain.rights import ERASED
from mileage.reports.boards import Boards
from mileage.reports.snapshots import Snapshots
from tests.ranking import publish
from tests.unit.reports.test_snapshots import SNAPSHOT, STANDING

LENSES = ("first", "second", "third")
KINDS = ("person", "unclaimed", "service", "contractor", ERASED)
DEPARTMENTS = ("", "Engineering", "Sales and Straße", "ÖL")
TEAMS = ("", "Core", "Straße", "engineering")
NAMES = ("Ada Lovelace", "ada", "Çelik Öz", "O'Neil", "100% Bot", "Engin Eering", "%")
WORDS = (
    "ada",
    "ADA love",
    "öz",
    "straße",
    "core eng",
    "%",
    "o'n",
    "nobody",
    "eering",
)
VALUES = st.one_of(st.none(), st.integers(-2, 4), st.just(2**62))
EACH = st.lists(VALUES, min_size=len(LENSES), max_size=len(LENSES)).map(tuple)
ROWS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "kind": st.sampled_from(KINDS),
        "department": st.sampled_from(DEPARTMENTS),
        "team": st.sampled_from(TEAMS),
        "values": EACH,
        "before": st.one_of(st.just(()), EACH),
    }
)
ACCOUNTS = st.sampled_from([f"acc_{n:02}" for n in range(40)])


@dataclass
class Firm:
    """Everybody, in the order of accounts."""

    standings: tuple[Standing, ...]

    def among(self, scope: str, without: frozenset[str]) -> list[Standing]:
        return [
            one
            for one in self.standings
            if one.account_id not in without and stands_in(one, scope)
        ]

    def ranked(
        self, lens: int, scope: str, without: frozenset[str]
    ) -> list[tuple[str, int, int, int | None]]:
        """Return (account, rank, value, rank before): one more than are better."""
        among = self.among(scope, without)
        valued = [
            (one, value)
            for one in among
            if (value := one.values[lens]) is not None and value > 0
        ]
        before = [
            value
            for one in among
            if one.before and (value := one.before[lens]) is not None and value > 0
        ]
        rows = []
        for one, value in sorted(valued, key=lambda row: (-row[1], row[0].account_id)):
            rank = 1 + sum(other > value for _, other in valued)
            then = one.before[lens] if one.before else None
            was = None
            if then is not None and then > 0:
                was = 1 + sum(other > then for other in before)
            rows.append((one.account_id, rank, value, was))
        return rows


def stands_in(one: Standing, scope: str) -> bool:
    if scope == "org":
        return one.kind in {"person", "unclaimed"}
    if scope in {"services", "contractors"}:
        return one.kind + "s" == scope
    if one.kind not in {"person", "contractor"} or not one.department:
        return False
    place = department_id(one.department)
    return scope in {f"dept:{place}", f"team:{place}/{one.team}"}


@st.composite
def firms(draw: st.DrawFn) -> Firm:
    drawn = draw(st.dictionaries(ACCOUNTS, ROWS, min_size=4, max_size=25))
    return Firm(
        tuple(
            replace(STANDING, account_id=account, **fields)
            for account, fields in sorted(drawn.items())
        )
    )


def opened(folder: str, firm: Firm) -> Boards:
    snapshots = Snapshots(Path(folder))
    lenses = tuple(PublishedLens(name, name, "tokens") for name in LENSES)
    publish(snapshots, replace(SNAPSHOT, lenses=lenses, standings=firm.standings))
    return Boards(snapshots)


def scopes_of(firm: Firm) -> list[str]:
    places = {(one.department, one.team) for one in firm.standings if one.department}
    found = {f"dept:{department_id(department)}" for department, _ in places}
    teams = {f"team:{department_id(name)}/{team}" for name, team in places if team}
    return ["org", "services", "contractors", *sorted(found), *sorted(teams)]


def told(rows) -> list[tuple[str, int, int, int | None]]:
    return [
        (row.standing.account_id, row.rank, row.value, row.before_rank) for row in rows
    ]


@settings(max_examples=6)
@given(firms(), st.frozensets(ACCOUNTS, max_size=6), st.integers(4, 9))
def test_pages_of_every_scope_are_one_ranking(
    firm: Firm, without: frozenset[str], size: int
) -> None:
    with TemporaryDirectory() as folder:
        boards = opened(folder, firm)
        head = boards.head()
        for at, scope in enumerate(scopes_of(firm)[:5]):
            lens = at % len(LENSES)
            asked = Asked(LENSES[lens], 0, size, scope, without)
            expected = firm.ranked(lens, scope, without)
            leafed = []
            for first in range(0, len(expected) + size, size):
                page = boards.rows(head, replace(asked, first=first))
                assert page.ranked == len(expected)
                assert page.first == min(first, len(expected))
                assert len(page.rows) <= size
                leafed += told(page.rows)
            assert leafed == expected


@settings(max_examples=6)
@given(firms(), st.frozensets(ACCOUNTS, max_size=6))
def test_ones_own_row_is_that_of_the_ranking(
    firm: Firm, without: frozenset[str]
) -> None:
    with TemporaryDirectory() as folder:
        boards = opened(folder, firm)
        head = boards.head()
        expected = {row[0]: row for row in firm.ranked(0, "org", without)}
        asked = Asked(count=2, without=without)
        page = boards.rows(head, asked)
        shown = {row.standing.account_id for row in page.rows}
        for one in (*firm.standings[:6], STANDING):
            account = one.account_id
            own = boards.row_of(head, asked, account)
            assert told([own] if own else []) == (
                [expected[account]] if account in expected else []
            )
            beside = boards.row_beside(page, head, asked, account)
            assert (beside is not None) == (
                account in expected and account not in shown
            )
        assert boards.row_of(head, asked, "") is None


@settings(max_examples=6)
@given(
    firms(), st.frozensets(ACCOUNTS, max_size=6), st.frozensets(ACCOUNTS, max_size=9)
)
def test_a_search_finds_what_reading_everybody_finds(
    firm: Firm, without: frozenset[str], unnamed: frozenset[str]
) -> None:
    with TemporaryDirectory() as folder:
        boards = opened(folder, firm)
        head = boards.head()
        by_account = {one.account_id: one for one in firm.standings}
        expected = firm.ranked(1, "org", without)
        asked = Asked("second", without=without, unnamed=unnamed)
        for text in WORDS:
            found = boards.search(head, asked, text)
            assert told(found) == [
                row for row in expected if says(by_account[row[0]], text, unnamed)
            ]


def says(one: Standing, text: str, unnamed: frozenset[str]) -> bool:
    # Whoever stands under another name stands in no department either.
    named = one.account_id not in unnamed
    whole = f"{one.name} {one.department} {one.team}".lower() if named else ""
    return all(word in whole for word in text.lower().split())


@settings(max_examples=6)
@given(firms())
def test_what_is_written_is_what_is_read(firm: Firm) -> None:
    with TemporaryDirectory() as folder:
        boards = opened(folder, firm)
        head = boards.head()
        assert tuple(boards.everybody(head)) == firm.standings
        for one in firm.standings[:3]:
            assert boards.standing(head, one.account_id) == one
        assert boards.standing(head, "nobody") is None
        for scope in ("dept:", "dept:00", "team:00", "team:00/Core", "everybody"):
            try:
                boards.rows(head, Asked(scope=scope))
            except NotFound:
                continue
            raise AssertionError(scope)
