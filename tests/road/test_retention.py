"""Deleting by policy on a running server: sums stay, all is proved, nothing returns."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.otlp_bodies import API_REQUEST, log, logs
from tests.road.station import ALL_TIME, JSON, station_in

POLICY = """
[retention]
calls_days = 35
every_snapshot_days = 1
"""
NOW = datetime.now(UTC)
OLD, NEW = NOW - timedelta(days=50), NOW - timedelta(hours=3)


def body(name, at):
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"request_id": name, "session.id": name, "event.timestamp": stamp}
    return logs(log({**API_REQUEST, **told}))


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retention")
    with station_in(folder, POLICY) as made:
        made.operator = made.key("operator@example.com", "operator")
        made.alice = made.token(email="alice@example.com")
        for at, name in ((OLD, "old"), (NEW, "new")):
            for number in range(3):
                answer = made.post(
                    body(f"req_{name}_{number}", at), made.alice, content_type=JSON
                )
                assert answer.status == 200
        made.settled(made.operator)
        yield made


def said(station, *words):
    done = station.run(*words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_what_is_deleted_is_told_counted_and_gone(station):
    key = station.key("alice@example.com")
    before = station.usage(key, "day")
    assert sum(row["calls"] for row in before.values()) == 6
    (planned,) = said(station, "retention", "plan")
    assert (planned["kind"], planned["rows"]) == ("calls", 3)
    assert station.run("retention", "plan").stdout.startswith("3 calls would go")
    (done,) = said(station, "retention", "apply")
    assert (done["rows"], done["policy"]) == (3, "retention.calls_days = 35")
    assert station.run("retention", "apply").stdout == "Nothing was due.\n"
    assert station.usage(key, "day") == before
    assert set(station.usage(key, "session")) == {
        "",
        *(f"req_new_{n}" for n in range(3)),
    }
    told = station.get(f"/api/v1/usage?{ALL_TIME}", key).json["completeness"]
    assert "only sums are kept" in json.dumps(told)
    report = said(station, "verify")
    assert (report["problems"], report["checked"]["deletions"]) == ([], 1)
    what_is_older_than_that_is_refused(station, key, before)


def what_is_older_than_that_is_refused(station, key, before):
    """It may have been counted: now, and after a restart."""
    for _ in range(2):
        answer = station.post(body("req_old_1", OLD), station.alice, content_type=JSON)
        assert answer.status == 200
        station.settled(station.operator)
        assert station.usage(key, "day") == before
        station.stop()
        station.start()
    assert station.status(station.operator)["rejected"] == 2


def test_boards_are_thinned_and_that_is_recorded(station):
    snapshots = station.data / "snapshots"
    (newest, *_) = sorted(snapshots.glob("*.head"), reverse=True)
    long_ago = datetime(2026, 1, 5, 12, tzinfo=UTC)
    for minutes in (1, 2, 3, 70):
        at = long_ago + timedelta(minutes=minutes)
        path = snapshots / f"{int(at.timestamp() * 1e6):020d}.head"
        path.write_bytes(newest.read_bytes())
    (planned,) = said(station, "retention", "plan")
    assert (planned["kind"], planned["rows"]) == ("snapshots", 3)
    (done,) = said(station, "retention", "apply")
    assert done["number"] == 2
    kept = [path for path in snapshots.iterdir() if path.stem.startswith("00001767")]
    assert len(kept) == 1
    # They were copies for this test, and verify would say so.
    kept[0].unlink()
    assert said(station, "verify")["checked"]["deletions"] == 2
