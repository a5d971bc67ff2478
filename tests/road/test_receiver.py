"""The receiver from outside, on a real server: exact through restarts and kills."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress

from prometheus_client.parser import text_string_to_metric_families

from tests.otlp_bodies import API_REQUEST, log, logs, packed_logs
from tests.road.station import assert_calm, station_in, until

CALLS = 20
COUNTS = ("accepted", "durable", "visible", "rejected", "ignored", "duplicates")
NEVER_FALL = ("visible", "rejected", "ignored", "duplicates")


def body(number, *, bad=0):
    """Calls of their own, one that came before, one that is no usage, and bad ones."""
    names = [(f"req_{number}_{n}", f"s{number}") for n in range(CALLS - 1)]
    records = [
        log({**API_REQUEST, "request_id": name, "session.id": session})
        for name, session in [*names, ("req_again", "s")]
    ]
    records.append(log({**API_REQUEST, "event.name": "something_else"}))
    unreadable = {**API_REQUEST, "input_tokens": "many", "service.version": "9.9.9"}
    records += [log({**unreadable, "request_id": f"bad_{n}"}) for n in range(bad)]
    return packed_logs(logs(*records))


def measured(station, key):
    answer = station.get("/metrics", key)
    assert answer.status == 200
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
        if not sample.labels
    }


class Watcher:
    """Looks at the status again and again, and remembers what was wrong."""

    def __init__(self, station, key):
        self.station, self.key = station, key
        self.acknowledged = 0
        self.wrong = []
        self.looks = 0
        self._before = dict.fromkeys(NEVER_FALL, 0)

    def look(self):
        acknowledged = self.acknowledged
        status = self.station.status(self.key)
        self.looks += 1
        taken = status["visible"] + status["duplicates"]
        if not taken <= status["durable"] <= status["accepted"]:
            self.wrong.append(("order", status))
        catching_up = "catching-up" in {one["kind"] for one in status["strains"]}
        if not catching_up and status["durable"] < acknowledged:
            self.wrong.append(("acknowledged", acknowledged, status))
        for name in NEVER_FALL:
            if status[name] < self._before[name]:
                self.wrong.append(("fell", name, self._before[name], status))
            self._before[name] = status[name]


@contextmanager
def under_load(watcher, token, first):
    """Send and look until the block is over; whatever kills the server is expected."""
    over = threading.Event()

    def send(number):
        while not over.is_set():
            with suppress(OSError):
                if watcher.station.post(body(number), token).status == 200:
                    watcher.acknowledged += CALLS
            number += 2

    def look():
        while not over.is_set():
            with suppress(OSError, AssertionError):
                watcher.look()

    threads = [
        threading.Thread(target=send, args=(first,)),
        threading.Thread(target=look),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_counts_are_exact_through_restarts_and_kills(tmp_path):
    with station_in(tmp_path) as station:
        token = station.token("alice@example.com")
        key = station.key(scope="operator")
        watcher = Watcher(station, key)
        for number, end in enumerate((station.kill, station.stop, station.kill)):
            reached = watcher.acknowledged + 6 * CALLS
            with under_load(watcher, token, 1_000_000 * number):
                until(lambda at=reached: watcher.acknowledged >= at, "some batches")
                end()
            station.start()
            status = station.settled(key)
            assert status["durable"] >= watcher.acknowledged
            assert status["state"] == "ok"
        assert watcher.wrong == []
        assert watcher.looks > 3
        found = measured(station, key)
        assert {name: found[f"mileage_{name}_total"] for name in COUNTS} == {
            name: status[name] for name in COUNTS
        }
        assert status["duplicates"] >= watcher.acknowledged // CALLS - 1
        assert status["ignored"] >= watcher.acknowledged // CALLS
        assert_calm(station.said)


def test_rejections_are_told_by_kind_without_content(tmp_path):
    with station_in(tmp_path) as station:
        token = station.token("alice@example.com")
        key = station.key(scope="operator")
        for number in range(3):
            assert station.post(body(number, bad=50), token).status == 200
        assert station.post(b"\xff" * 9, token).status == 400
        station.settled(key)
        until(lambda: station.status(key)["rejected"] == 151, "all rejections")
        told = station.get("/api/v1/ingest/rejected", key).json
        station.kill()
        station.start()
        again = station.get("/api/v1/ingest/rejected", key).json
        assert again == told
        assert (told["records"], told["kinds"]) == (151, 2)
        row = told["rows"][0]
        assert (row["source"], row["records"]) == ("claude_code_otlp", 150)
        assert (row["client_version"], row["accounts"]) == ("9.9.9", 1)
        assert "input_tokens: text" in row["sample"]
        assert "many" not in json.dumps(told)
        shown = station.run("doctor", "--rejected")
        assert shown.returncode == 1
        assert "150  claude_code_otlp 9.9.9" in shown.stdout
        assert "input_tokens: text" in shown.stdout


def test_ready_and_alive_and_measured(tmp_path):
    with station_in(tmp_path) as station:
        token = station.token("alice@example.com")
        key = station.key(scope="operator")
        assert station.get("/healthz").json["status"] == "ok"
        assert station.get("/readyz").status == 200
        assert station.post(body(1), token).status == 200
        assert station.post(b"", "tok_wrong").status == 401
        status = station.settled(key)
        assert status["load"]["last_append_seconds"] >= 0
        assert status["load"]["disk_free_bytes"] > 0
        found = measured(station, key)
        assert found["mileage_segment_sync_seconds_count"] >= 1
        assert found["mileage_ledger_append_seconds_count"] >= 1
        assert found["mileage_request_body_bytes_total"] >= len(body(1))
        assert found["mileage_requests_in_flight"] == 0
