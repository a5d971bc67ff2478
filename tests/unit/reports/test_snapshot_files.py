"""Which snapshots a policy keeps, and which files are no snapshots."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mileage.reports.snapshot_files import DAY, HOUR, check_snapshots, superfluous
from mileage.reports.snapshots import Snapshots
from mileage.store.standing_files import StandingFiles
from tests.ranking import publish
from tests.unit.reports.test_snapshots import SNAPSHOT, STANDING
from tests.witnesses import NOON

if TYPE_CHECKING:
    from pathlib import Path

MINUTE = HOUR // 60
INSTANTS = st.lists(
    st.integers(0, 60 * 24 * 60).map(lambda minutes: NOON - minutes * MINUTE),
    unique=True,
    max_size=60,
)


def published(folder: Path, hours: int) -> Path:
    at = SNAPSHOT.as_of + hours * HOUR
    publish(Snapshots(folder), dataclasses.replace(SNAPSHOT, as_of=at))
    return folder / f"{at:020d}.head"


def test_whole_files_have_no_problem(tmp_path: Path) -> None:
    assert check_snapshots(tmp_path / "none") == ("snapshots", 0, (), ())
    published(tmp_path, 0)
    published(tmp_path, 1)
    assert check_snapshots(tmp_path) == ("snapshots", 2, (), ())


def test_a_damaged_a_foreign_and_a_renamed_file_are_problems(tmp_path: Path) -> None:
    damaged, renamed = published(tmp_path, 0), published(tmp_path, 1)
    content = bytearray(damaged.read_bytes())
    content[-9] ^= 0xFF
    damaged.write_bytes(content)
    renamed.rename(renamed.with_name(f"{7:020d}.head"))
    (tmp_path / f"{8:020d}.head").write_bytes(b"something else")
    found = check_snapshots(tmp_path)
    assert found.looked_at == 3
    text = "\n".join(found.problems)
    assert len(found.problems) == 3
    for word in ("is damaged", "is no snapshot", "is of"):
        assert word in text


def test_standings_that_are_damaged_others_or_missing_are_problems(
    tmp_path: Path,
) -> None:
    for hours, word in ((0, "is damaged"), (1, "does not add up"), (2, "is missing")):
        path = published(tmp_path, hours)
        standings = path.with_name(f"{path.stem}.30d.parquet")
        if hours == 0:
            standings.write_bytes(b"PAR1 and nothing more")
        elif hours == 1:
            StandingFiles(tmp_path).write(standings, [STANDING, STANDING])
        else:
            standings.unlink()
        (problem,) = check_snapshots(tmp_path).problems
        assert word in problem
        path.unlink()


@given(instants=INSTANTS, every=st.integers(0, 9), hourly=st.integers(0, 30))
def test_the_last_one_of_its_time_stays(instants, every, hourly):
    dropped = set(superfluous(instants, NOON, every, hourly))
    kept = sorted(set(instants) - dropped)
    assert dropped <= set(instants)
    for one in instants:
        age = NOON - one
        if hourly and age > hourly * DAY:
            unit = DAY
        elif every and age > every * DAY:
            unit = HOUR
        else:
            assert one in kept
            continue
        last = max(other for other in instants if other // unit == one // unit)
        assert last in kept
        assert (one in kept) == (one == last)
    # Doing it again changes nothing.
    assert superfluous(kept, NOON, every, hourly) == []


def test_for_ever_is_for_ever():
    instants = [NOON - minutes * MINUTE for minutes in range(0, 9000, 7)]
    assert superfluous(instants, NOON + 9000 * DAY, 0, 0) == []
