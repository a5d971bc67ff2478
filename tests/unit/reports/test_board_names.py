"""What a board calls accounts that nobody vouches for, and to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.domain.figures import Board, BoardRow, Snapshot, Standing
from mileage.domain.people import OPERATOR, Viewer
from mileage.domain.sums import Figures
from mileage.domain.window import Window
from mileage.reports.board import NAMELESS, without_claimants

KINDS = {
    "acc_ana": ("person", "Ana"),
    "acc_con": ("contractor", "Con"),
    "acc_ci": ("service", "ci (unattributed)"),
    "acc_zoe": ("unclaimed", "zoe@private.example"),
    "acc_u": ("unclaimed", "installation 0123456789ab"),
}
MEMBER = Viewer("acc_ana", "Ana")


def standing(account: str) -> Standing:
    kind, name = KINDS[account]
    return Standing(account, name, kind, "", "", Figures(), 1, (), (), 1, (5,))


def board(own: BoardRow | None = None) -> Board:
    standings = tuple(map(standing, KINDS))
    rows = tuple(
        BoardRow(place, 100 - place, one)
        for place, one in enumerate(standings, start=1)
    )
    snapshot = Snapshot(
        window=Window(0, 3_600_000_000),
        zone="UTC",
        as_of=1,
        days=("1970-01-01",),
        total=Figures(),
        daily=(25,),
        completeness=None,  # type: ignore[arg-type]
        versions={},
        input_hash="",
        organisation="Test",
        simulated=False,
    )
    return Board("tokens", "tokens", snapshot, rows, own, len(rows))


def names(shown: Board) -> list[str]:
    return [row.standing.name for row in shown.rows]


def test_a_member_reads_no_address_and_no_installation() -> None:
    assert names(without_claimants(board(), MEMBER)) == [
        *("Ana", "Con", "ci (unattributed)", NAMELESS, NAMELESS)
    ]
    assert NAMELESS == "Unclaimed"


@pytest.mark.parametrize("viewer", [OPERATOR, replace(MEMBER, operator=True)])
def test_the_operator_reads_them(viewer: Viewer) -> None:
    assert without_claimants(board(), viewer) == board()


@pytest.mark.parametrize("account", ["acc_zoe", "acc_u"])
def test_whoever_it_is_reads_the_own_name_only(account: str) -> None:
    shown = names(without_claimants(board(), Viewer(account, "x")))
    assert shown.count(NAMELESS) == 1
    assert KINDS[account][1] in shown


def test_the_own_row_below_the_cut_keeps_its_name() -> None:
    own = BoardRow(9, 1, standing("acc_zoe"))
    shown = without_claimants(board(own), Viewer("acc_zoe", "x"))
    assert shown.own == own


def test_nothing_else_changes() -> None:
    before, after = board(), without_claimants(board(), MEMBER)
    assert after.snapshot == before.snapshot
    for old, new in zip(before.rows, after.rows, strict=True):
        assert (new.rank, new.value) == (old.rank, old.value)
        assert replace(new.standing, name="") == replace(old.standing, name="")
