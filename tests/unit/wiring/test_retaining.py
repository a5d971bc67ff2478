"""Deleting by policy: planned, done, recorded, and nothing older let in again."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Unavailable
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, Rejected, WitnessBatch
from mileage.ingest.record import Record
from mileage.store import retention
from mileage.wiring import retaining
from mileage.wiring.horizon import Horizon
from mileage.wiring.organisation import now, open_organisation
from mileage.wiring.retaining import Daily, apply, plan
from tests.witnesses import DAY, HOUR, OTLP, witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.wiring.organisation import Organisation

GATE = Credential("tok_gate", "", "gate")
POLICY = """
[retention]
calls_days = 35
rejections_days = 3
every_snapshot_days = 1
"""


@pytest.fixture(autouse=True)
def no_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes in beside these tests."""
    monkeypatch.setattr(retaining, "SETTLING_SECONDS", 0)


@pytest.fixture
def organisation(tmp_path: Path) -> Iterator[Organisation]:
    data = tmp_path / "data"
    (data / "policy").mkdir(parents=True)
    (data / "policy" / "mileage.toml").write_text(POLICY)
    with open_organisation(data) as opened:
        yield opened


def bring(organisation: Organisation, **ages: int) -> None:
    """Bring a call of each key, so many days old."""
    rows = [
        witness(OTLP, key=key, link=key, session=key, occurred_at=now() - days * DAY)
        for key, days in ages.items()
    ]
    reading = Reading(WitnessBatch.of(rows))
    organisation.pipeline.submit(Record(GATE, "otlp", reading)).result()
    organisation.pipeline.drain()


def keys(organisation: Organisation) -> set[str]:
    found = organisation.ledger.cursor().execute("select key from witness").fetchall()
    return {key for (key,) in found}


def test_nothing_is_due_in_a_new_organisation(organisation: Organisation) -> None:
    assert plan(organisation) == []
    assert apply(organisation) == []
    assert retention.deletions(organisation.ledger) == []


def test_planning_deletes_nothing(organisation: Organisation) -> None:
    bring(organisation, old=50, new=1)
    (found,) = plan(organisation)
    assert (found.kind, found.rows, found.policy) == (
        "calls",
        1,
        "retention.calls_days = 35",
    )
    assert plan(organisation) == [found]
    assert keys(organisation) == {"old", "new"}
    assert retention.deletions(organisation.ledger) == []


def test_what_is_old_goes_is_recorded_and_does_not_come_back(
    organisation: Organisation,
) -> None:
    bring(organisation, old=50, older=80, new=1)
    (done,) = apply(organisation)
    assert (done.number, done.kind, done.rows) == (1, "calls", 2)
    assert keys(organisation) == {"new"}
    assert organisation.horizon() == done.until
    assert plan(organisation) == []
    # Somebody reads the same logs again.
    bring(organisation, old=50, newer=2)
    assert keys(organisation) == {"new", "newer"}
    assert retention.check_deletions(organisation.ledger) == (1, [])


def test_the_border_holds_after_a_restart(tmp_path: Path, organisation: Any) -> None:
    del organisation  # it has written the policy
    data = tmp_path / "again"
    (data / "policy").mkdir(parents=True)
    (data / "policy" / "mileage.toml").write_text(POLICY)
    with open_organisation(data) as first:
        bring(first, old=50, new=1)
        apply(first)
        until = first.horizon()
    with open_organisation(data) as second:
        assert second.horizon() == until
        bring(second, old=50)
        assert keys(second) == {"new"}


def snapshots(organisation: Organisation, *hours: int) -> Path:
    folder = organisation.data / "snapshots"
    folder.mkdir(exist_ok=True)
    hour = now() // HOUR * HOUR
    for ago in hours:
        for minute in (1, 2):
            at = hour - ago * HOUR + minute * 60_000_000
            (folder / f"{at:020d}.head").write_bytes(b"")
    return folder


def test_snapshots_are_thinned_to_one_an_hour(organisation: Organisation) -> None:
    folder = snapshots(organisation, 1, 49, 50, 51)
    (found,) = plan(organisation)
    assert (found.kind, found.rows) == ("snapshots", 3)
    (done,) = apply(organisation)
    assert (done.kind, done.rows) == ("snapshots", 3)
    assert "retention.every_snapshot_days = 1" in done.policy
    left = sorted(int(path.stem) for path in folder.glob("*.head"))
    assert len(left) == 5
    # Of an hour the last one stays.
    assert len({at // HOUR for at in left}) == 4
    assert all(at % HOUR == 120_000_000 for at in left if at < now() - 2 * DAY)
    assert apply(organisation) == []


def test_files_that_are_no_snapshots_are_nobodys_business(
    organisation: Organisation,
) -> None:
    folder = snapshots(organisation, 49, 50)
    for name in ("mine.head", "00000000000000000001.part", "readme.txt"):
        (folder / name).write_text("mine")
    apply(organisation)
    for name in ("mine.head", "00000000000000000001.part", "readme.txt"):
        assert (folder / name).read_text() == "mine"


def test_each_kind_has_its_days_and_its_link_in_one_chain(
    organisation: Organisation,
) -> None:
    bring(organisation, old=50)
    bad = Reading(rejected=(Rejected("otlp", "record 1", "no time"),))
    organisation.pipeline.submit(Record(GATE, "otlp", bad)).result()
    organisation.pipeline.drain()
    cursor = organisation.ledger.cursor()
    cursor.execute("update rejection set day = day - 10")
    snapshots(organisation, 49)
    assert [one.kind for one in plan(organisation)] == [
        "calls",
        "rejections",
        "snapshots",
    ]
    done = apply(organisation)
    assert [one.number for one in done] == [1, 2, 3]
    assert [one.before for one in done] == ["", done[0].hash, done[1].hash]
    assert retention.deletions(organisation.ledger) == done


class Things:
    """As much of an organisation as the daily round needs."""


def test_the_daily_round_begins_a_while_after_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = threading.Event()
    monkeypatch.setattr(retaining, "apply", lambda _: begun.set() or [])
    with Daily(Things(), first=30):  # type: ignore[arg-type]
        assert not begun.wait(0.02)
    with Daily(Things(), first=0):  # type: ignore[arg-type]
        assert begun.wait(60)


@pytest.mark.parametrize(
    "failure", [Unavailable("the disk is full"), OSError("Input/output error")]
)
def test_a_day_on_which_it_fails_is_not_the_last(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
) -> None:
    tried: list[int] = []
    done = threading.Event()

    def fails_once(_: object) -> list[Any]:
        tried.append(1)
        if len(tried) == 1:
            raise failure
        done.set()
        return [SimpleNamespace(rows=7, kind="calls", policy="calls_days = 30")]

    monkeypatch.setattr(retaining, "DAY_SECONDS", 0.001)
    monkeypatch.setattr(retaining, "apply", fails_once)
    with Daily(Things(), first=0):  # type: ignore[arg-type]
        assert done.wait(60)
    assert f"stays today: {failure}" in caplog.text
    assert "deleted 7 calls (calls_days = 30)" in caplog.text


@given(st.lists(st.integers(0, 100)), st.integers(0, 100))
def test_the_horizon_only_moves_forward(moves: list[int], first: int) -> None:
    horizon = Horizon(first)
    reached = first
    for at in moves:
        horizon.move(at)
        reached = max(reached, at)
        assert horizon() == reached
