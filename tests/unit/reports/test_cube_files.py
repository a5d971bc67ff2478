"""The file of a cube: whole or not at all, one at a time, readable by nobody else."""

from __future__ import annotations

import stat
from dataclasses import replace

import pytest

from mileage.access.disclosure import Thresholds
from mileage.domain.errors import NewerData, NotFound, Unavailable
from mileage.reports.cube import Terms, make_cube
from mileage.reports.cube_files import HEAD, MAGIC, Cubes, read_cube
from tests.organisations import END, Organisation

TERMS = Terms(Thresholds(), every_days=7, top=0)


@pytest.fixture
def made() -> Organisation:
    organisation = Organisation()
    organisation.group("Engines", "Difference", users=20)
    return organisation


def later(made: Organisation, days: int):
    """A snapshot of which the days are some days on."""
    snapshot = made.snapshot(END + days)
    return replace(snapshot, days=(*snapshot.days[:-1], f"2025-12-{days:02}"))


def test_a_cube_comes_back_as_it_was(tmp_path, made) -> None:
    cubes = Cubes(tmp_path / "snapshots")
    assert cubes.renew(made.snapshot(), made.chart, TERMS)
    assert Cubes(tmp_path / "snapshots").latest() == make_cube(
        made.snapshot(), made.chart(), TERMS
    )
    (path,) = (tmp_path / "snapshots").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_stays_until_it_is_due_and_then_the_next_one_replaces_it(
    tmp_path, made
) -> None:
    cubes = Cubes(tmp_path)
    assert cubes.renew(made.snapshot(), made.chart, TERMS)
    first = cubes.latest()
    assert not cubes.renew(later(made, 6), pytest.fail, TERMS)
    assert cubes.latest() is first
    assert cubes.renew(later(made, 7), made.chart, TERMS)
    assert cubes.latest().day == "2025-12-07"
    assert len(list(tmp_path.iterdir())) == 1


def test_another_process_sees_the_next_one(tmp_path, made) -> None:
    owner, reader = Cubes(tmp_path), Cubes(tmp_path)
    owner.renew(made.snapshot(), made.chart, TERMS)
    assert reader.latest().day == "2025-11-30"
    owner.renew(later(made, 8), made.chart, TERMS)
    assert reader.latest().day == "2025-12-08"


def test_there_may_be_none(tmp_path) -> None:
    (tmp_path / "mine.cube").write_bytes(b"")
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotFound):
            Cubes(folder).latest()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", Unavailable),
        (b"something else entirely", Unavailable),
        (HEAD + b"not compressed", Unavailable),
        (HEAD, Unavailable),
        (MAGIC + b"\x09\0\0\0", NewerData),
    ],
)
def test_a_damaged_file_is_named(tmp_path, data, error) -> None:
    path = tmp_path / f"{1:020d}.cube"
    path.write_bytes(data)
    with pytest.raises(error, match=path.name):
        read_cube(path)
