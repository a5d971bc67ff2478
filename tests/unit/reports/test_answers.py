"""Answers: default deny, recorded before they are given, complete."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import pytest

from mileage.domain.attendance import Guess, Pattern
from mileage.domain.directory import PersonRow
from mileage.domain.errors import Invalid, NotFound, Refused
from mileage.domain.people import OPERATOR, Account, Viewer
from mileage.domain.settings import Settings
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens
from mileage.reports.answers import Answers, Holdings
from mileage.reports.board_reading import BoardOf
from mileage.reports.boards import Boards
from mileage.reports.parts import guessed_for
from mileage.reports.snapshots import Snapshots
from mileage.reports.standings import Making
from mileage.reports.standings import publish as make_publication
from mileage.reports.status import Receiving
from mileage.store.control import open_control
from mileage.web.services import UsageQuestion
from tests.ledgers import Turning, booking, ledger_in
from tests.witnesses import DAY, LOG, NOON, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.store.control import Control

ONES = Tokens(*[100] * 7)
LENSES = (
    Lens("tokens", "Tokens", "tokens", ONES, "less", "by waste"),
    Lens("cost", "Cost", "micro_usd", Tokens(), "thrift", "by splitting"),
)
FULL = "the disk is full"
NAMES = ("ada", "ben", "cy", "dee")


class Organisation:
    """A small organisation whose answers can be asked."""

    def __init__(self, answers: Answers, control: Control, viewers: dict[str, Viewer]):
        self.answers, self.control, self.viewers = answers, control, viewers

    def reads(self) -> list[tuple[str, str, str, int]]:
        rows = self.control.access_rows()
        return [
            (row.viewer_name, row.report, row.purpose, row.subjects) for row in rows
        ]


@contextmanager
def organisation(folder: Path, *, publish: bool = True) -> Iterator[Organisation]:
    settings = Settings(organisation="Test & Sons", top=2)
    clock = Turning(NOON + 60)
    with (
        ledger_in(folder, now=clock) as ledger,
        open_control(folder / "control.sqlite", clock=clock) as control,
    ):
        rows = [
            PersonRow(
                email=f"{name}@example.com",
                name=name.title(),
                kind="person",
                department="Engineering",
                team="Compilers",
                manager="",
                role="",
                since=date(2026, 1, 1),
                until=None,
            )
            for name in NAMES
        ]
        control.import_people(rows)
        accounts = {one.name: one for one in control.accounts()}
        viewers = {
            name: Viewer(accounts[name.title()].account_id, name.title())
            for name in NAMES
        }
        ledger.append(
            booking(
                seen(
                    LOG,
                    account=viewers[name].account_id,
                    key=name,
                    link="",
                    output=1000 - place,
                )
                for place, name in enumerate(NAMES[:3])
            )
        )
        snapshots = Snapshots(folder / "snapshots")
        if publish:
            making = Making(settings, {"prices": "test"}, NOON + 60, LENSES)
            make_publication(ledger, control, making, snapshots)
        holdings = Holdings(
            *(
                ledger,
                control,
                snapshots,
                Boards(snapshots),
                settings,
                lambda: LENSES,
                clock,
            ),
            Receiving(ledger),
            attendance=Pattern(sessions=1),
        )
        yield Organisation(Answers(holdings), control, viewers)


def question(**fields: object) -> UsageQuestion:
    plain = {"scope": None, "since": None, "until": None, "group_by": ()}
    return UsageQuestion(**{**plain, "purpose": None, **fields})


def test_only_oneself_is_told_what_looks_unattended(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        ada = org.viewers["ada"]
        page = org.answers.personal(ada, ada.account_id)
        assert page.by_pattern == Guess(Pattern(sessions=1))
        assert org.answers.personal(OPERATOR, ada.account_id).by_pattern is None


@pytest.mark.parametrize(
    ("viewer", "kind", "told"),
    [
        (Viewer("acc", "Ada"), "person", True),
        (Viewer("acc", "CI"), "service", True),
        (Viewer("boss", "Boss"), "person", False),
        (Viewer("boss", "Boss"), "service", False),
        (Viewer("op", "Op", operator=True), "person", False),
        (Viewer("op", "Op", operator=True), "contractor", False),
        (Viewer("op", "Op", operator=True), "service", True),
        (OPERATOR, "service", True),
        (OPERATOR, "person", False),
    ],
)
def test_for_whom_is_guessed(viewer: Viewer, kind: str, told: bool) -> None:  # noqa: FBT001
    assert guessed_for(viewer, Account("acc", kind, "Ada", "")) is told


def test_the_board_names_the_top_and_shows_the_viewer_below(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        board = org.answers.board(org.viewers["cy"], None)
        assert [row.standing.name for row in board.rows] == ["Ada", "Ben"]
        assert board.own is not None
        assert (board.own.rank, board.ranked) == (3, 3)
        assert org.answers.board(org.viewers["ada"], None).own is None
        assert org.answers.board(org.viewers["dee"], None).own is None
        # Whoever is below the top is one person: the total would be theirs.
        assert not board.told
        assert org.answers.board(OPERATOR, None).snapshot.total.calls == 3
        assert board.rows[0].standing.department == "Engineering"


def test_a_read_that_names_others_is_recorded(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        org.answers.board(org.viewers["ada"], "cost")
        org.answers.board(OPERATOR, None)
        assert sorted(org.reads()) == [
            ("Ada", "board", "board", 1),
            ("operator", "board", "operations", 2),
        ]


def test_the_record_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with organisation(tmp_path) as org:

        def full(_: object) -> None:
            raise OSError(FULL)

        monkeypatch.setattr(org.control, "record_access", full)
        with pytest.raises(OSError, match="full"):
            org.answers.board(OPERATOR, None)
        with pytest.raises(OSError, match="full"):
            org.answers.personal(OPERATOR, org.viewers["ada"].account_id)
        with pytest.raises(OSError, match="full"):
            org.answers.usage(OPERATOR, question(group_by=("account",)))


def test_nobody_gets_nothing(tmp_path: Path) -> None:
    nobody = Viewer("", "nobody")
    with organisation(tmp_path) as org:
        for ask in (
            lambda: org.answers.board(nobody, None),
            lambda: org.answers.personal(nobody, org.viewers["ada"].account_id),
            lambda: org.answers.usage(nobody, question()),
            lambda: org.answers.ingest_status(nobody),
            lambda: org.answers.people(nobody),
        ):
            with pytest.raises(Refused):
                ask()
        assert org.reads() == []


def test_the_directory_records_whom_a_page_of_it_names(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        ada = org.viewers["ada"].account_id
        found = org.answers.people(OPERATOR, " D ADA ")
        assert [one.account_id for one in found.accounts] == [ada]
        assert (found.found, found.known) == (1, 4)
        everybody = org.answers.people(OPERATOR)
        assert [one.name for one in everybody.accounts] == ["Ada", "Ben", "Cy", "Dee"]
        latest, first = org.control.access_rows()
        assert (latest.subjects, first.subjects) == (4, 1)
        assert org.control.named_accounts(first.named) == (ada,)
        dee = org.viewers["dee"].account_id
        assert [row.subjects for row in org.control.readers_of(dee)] == [4]


def test_a_page_of_the_directory_is_all_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mileage.reports.answers.PEOPLE_SHOWN", 3)
    with organisation(tmp_path) as org:
        second = org.answers.people(OPERATOR, page=2)
        assert ([one.name for one in second.accounts], second.first) == (["Dee"], 3)
        assert org.reads() == [("operator", "people", "operations", 1)]


def test_a_search_that_finds_nobody_is_a_read_of_nobody(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        assert org.answers.people(OPERATOR, "zz").accounts == ()
        assert org.answers.sources(OPERATOR, "org", "zz").named == frozenset()
        rows = org.control.access_rows()
        assert [(row.report, row.subject, row.subjects) for row in rows] == [
            ("sources", "", 0),
            ("people", "", 0),
        ]
        for viewer in org.viewers.values():
            assert org.control.readers_of(viewer.account_id) == ()


def test_contractors_have_a_place_on_their_own_board(tmp_path: Path) -> None:
    with organisation(tmp_path, publish=False) as org:
        have = org.answers._have
        row = PersonRow(
            *("ben@example.com", "Ben", "contractor", "Engineering", "Compilers"),
            *("", "", None, None),
        )
        org.control.import_people([row])
        making = Making(have.settings, {}, NOON + 60, LENSES)
        make_publication(have.ledger, org.control, making, have.snapshots)
        for name, place in (("ben", (1, 1)), ("cy", (2, 2))):
            page = org.answers.personal(org.viewers[name], org.viewers[name].account_id)
            assert (page.rank, page.ranked) == place
            why = org.answers.why(org.viewers[name], page.account_id, BoardOf())
            assert (why.placed.row.rank, why.placed.ranked) == place
            assert why.placed.scope == ("contractors" if name == "ben" else "org")


def test_people_see_themselves_and_not_each_other(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        ada, ben = org.viewers["ada"], org.viewers["ben"]
        page = org.answers.personal(ada, ada.account_id)
        assert (page.name, page.total.calls, page.rank, page.ranked) == ("Ada", 1, 1, 3)
        assert page.completeness.sources
        with pytest.raises(Refused):
            org.answers.personal(ada, ben.account_id)
        with pytest.raises(Refused):
            org.answers.usage(ada, question(scope="org"))
        with pytest.raises(Refused):
            org.answers.people(ada)
        assert org.reads() == []


def test_the_operator_may_open_a_page_and_leaves_a_row(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        org.answers.personal(OPERATOR, org.viewers["ben"].account_id)
        assert org.reads() == [("operator", "personal", "operations", 1)]


def test_usage_defaults_to_what_the_viewer_may(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        own = org.answers.usage(org.viewers["ben"], question())
        assert own["rows"][0]["calls"] == 1
        whole = org.answers.usage(OPERATOR, question(group_by=("account", "day")))
        assert sum(row["calls"] for row in whole["rows"]) == 3
        assert {"account", "day", "tokens", "cost_usd"} <= set(whole["rows"][0])
        assert whole["completeness"]["sources"][0]["source"] == LOG
        assert org.reads() == [("operator", "usage", "operations", 3)]


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": "team"},
        {"group_by": ("colour",)},
        {"since": NOON, "until": NOON - DAY},
    ],
)
def test_bad_questions_are_invalid(tmp_path: Path, fields: dict[str, object]) -> None:
    with organisation(tmp_path) as org, pytest.raises(Invalid):
        org.answers.usage(org.viewers["ada"], question(**fields))


def test_an_unknown_lens_names_the_known_ones(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        with pytest.raises(NotFound, match="tokens, cost"):
            org.answers.board(OPERATOR, "vibes")
        assert [name for name, *_ in org.answers.lenses()] == ["tokens", "cost"]


def test_before_the_first_snapshot_pages_say_so(tmp_path: Path) -> None:
    with organisation(tmp_path, publish=False) as org:
        with pytest.raises(NotFound, match="published"):
            org.answers.board(OPERATOR, None)
        ada = org.viewers["ada"]
        assert org.answers.personal(ada, ada.account_id).rank is None
        assert org.answers.organisation() == ("Test & Sons", False)


def test_the_heat_map_adds_up_to_the_total(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        ada = org.viewers["ada"]
        page = org.answers.personal(ada, ada.account_id)
        assert sum(map(sum, page.hours)) == page.total.tokens.total
        assert sum(day.figures.tokens.total for day in page.daily) == sum(
            one.figures.tokens.total for one in page.by_model
        )
        assert len(page.hours) == len(page.daily) == 31


def test_status_counts_witnesses(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        status = org.answers.ingest_status(OPERATOR)
        assert (status.accepted, status.durable, status.visible) == (3, 3, 3)
        assert status.durable == status.visible + status.duplicates
        assert status.lag_seconds == 0
