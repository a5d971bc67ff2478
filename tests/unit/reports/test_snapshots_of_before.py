"""Files of format 1 become publications of today, with all that they told."""

from __future__ import annotations

import struct
import zlib
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import msgspec

from mileage.domain.figures import Asked
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens
from mileage.reports.boards import Boards
from mileage.reports.snapshot_files import check_snapshots
from mileage.reports.snapshots import Snapshots
from mileage.reports.snapshots_of_before import bring_forward
from tests.ranking import whole
from tests.unit.reports.test_snapshots import SNAPSHOT, STANDING
from tests.witnesses import NOON

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"MILEAGE-SNAPSHOT" + struct.pack("<I", 1)
TOKENS = Lens("tokens", "Tokens", "tokens", Tokens(*[100] * 7), "", "")
COST = Lens("cost", "Cost", "micro_usd", Tokens(), "", "", "Spending is no merit.")
LENSES = (replace(TOKENS, name="capped", daily_cap=5), TOKENS, COST)
OF_STANDING = (
    *("account_id", "name", "kind", "department", "team", "figures", "sessions"),
    *("models", "clients", "active_days", "daily", "simulated"),
)
OF_SNAPSHOT = (
    *("window", "zone", "as_of", "days", "total", "daily", "completeness"),
    *("versions", "input_hash", "organisation", "simulated"),
)


def written(folder: Path, as_of: int = NOON) -> Path:
    """Write a file as version 1 did: names of fields, all standings in it."""
    told = {name: getattr(SNAPSHOT, name) for name in OF_SNAPSHOT}
    one = {name: getattr(STANDING, name) for name in OF_STANDING}
    idle = {"figures": Figures(), "kind": "service", "name": "ci"}
    other = {**one, **idle, "account_id": "acc_0"}
    content = {**told, "as_of": as_of, "standings": [one, other]}
    path = folder / f"{as_of:020d}.snap"
    path.write_bytes(HEAD + zlib.compress(msgspec.msgpack.encode(content)))
    return path


def test_everything_that_was_told_is_told_still(tmp_path: Path) -> None:
    path = written(tmp_path)
    snapshots = Snapshots(tmp_path)
    assert bring_forward(snapshots, LENSES) == 1
    assert not path.exists()
    found = whole(snapshots)
    for name in OF_SNAPSHOT:
        assert getattr(found, name) == getattr(SNAPSHOT, name), name
    service, person = found.standings
    assert (service.account_id, person.account_id) == ("acc_0", STANDING.account_id)
    for name in OF_STANDING:
        assert getattr(person, name) == getattr(STANDING, name), name
    assert (found.name, found.previous, found.accounts) == ("30d", None, 2)
    assert found.active == {"person": 1}
    left = {field.name for field in fields(found)} - {*OF_SNAPSHOT, "standings"}
    assert left == {"name", "previous", "lenses", "accounts", "active"}


def test_it_is_ranked_by_the_lenses_that_need_no_more(tmp_path: Path) -> None:
    written(tmp_path)
    snapshots = Snapshots(tmp_path)
    bring_forward(snapshots, LENSES)
    boards = Boards(snapshots)
    head = boards.head()
    assert [one.name for one in head.lenses] == ["tokens", "cost"]
    assert head.lenses[1].warning == "Spending is no merit."
    (row,) = boards.rows(head, Asked("cost")).rows
    assert (row.rank, row.value, row.before_rank) == (1, 1234, None)


def test_a_damaged_one_stays_and_is_told_of(tmp_path: Path) -> None:
    good, bad = written(tmp_path), written(tmp_path, NOON + 1)
    bad.write_bytes(HEAD + b"damage")
    (tmp_path / "mine.snap").write_bytes(b"somebody's own")
    snapshots = Snapshots(tmp_path)
    assert bring_forward(snapshots, LENSES) == 1
    assert (good.exists(), bad.exists()) == (False, True)
    (problem,) = check_snapshots(tmp_path).problems
    assert bad.name in problem
    assert bring_forward(snapshots, LENSES) == 0
    assert snapshots.instants() == [NOON]
