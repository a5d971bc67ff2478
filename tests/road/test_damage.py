"""A disk that alters a segment: the rest is taken in, and everybody is told."""

from __future__ import annotations

import json

from tests.otlp_bodies import API_REQUEST, log, logs
from tests.road.station import JSON, Station, assert_calm

CALLS = 6


def test_an_altered_segment_is_kept_aside_and_told(tmp_path):
    station = Station(tmp_path).start()
    token = station.token(email="alice@example.com")
    key = station.key("alice@example.com")
    # The ledger stands still, so that all is in segments when the power goes.
    for number in range(CALLS):
        told = {"request_id": f"req_{number}", "session.id": f"s{number}"}
        body = logs(log({**API_REQUEST, **told}))
        assert station.post(body, token, content_type=JSON).status == 200
    station.kill()
    for name in ("ledger.duckdb", "ledger.duckdb.wal"):
        (station.data / name).unlink(missing_ok=True)
    (segment,) = sorted(station.data.glob("segments/*.seg"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)
    station.start()
    verified = station.run("verify", "--json")
    assert verified.returncode == 1
    (problem, *_) = json.loads(verified.stdout)["problems"]
    assert problem.startswith("segment 1: ")
    assert len(station.usage(key, "session")) == CALLS - 1
    (piece,) = (station.data / "quarantine").iterdir()
    assert piece.suffix == ".altered"
    doctor = station.run("doctor", "--json")
    assert "has to be sent again" in " ".join(json.loads(doctor.stdout)["findings"])
    assert station.stop() == 0
    assert "kept aside as" in station.said
    assert_calm(station.said)
