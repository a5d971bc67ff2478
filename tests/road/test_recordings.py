"""Recorded usage in at one end of a running server, equal figures out at the other.

Every step adds witnesses of calls that are known already, so after each the figures
must be the same to the token; the one-hour split appears when logs come to it.
"""

from __future__ import annotations

import json
import shutil

import duckdb

from tests.otlp_bodies import API_REQUEST, log, logs
from tests.road.recordings import (
    CLIENTS,
    OTLP,
    batches,
    billed_by_logs,
    billed_by_telemetry,
    home_in,
    hour_writes,
    logs_of,
    recorded_bodies,
    recorded_records,
    redate,
)
from tests.road.station import CLASSES, JSON, counts, mileage, station_in

ALICE = "alice@example.com"


def send(station, bodies, token):
    for body in bodies:
        kind = {"content_type": body.content_type, **body.headers}
        answer = station.post(body.payload, token, path=body.path, **kind)
        assert answer.status == 200, answer


def full(billed):
    return {name: billed.get(name, 0) for name in ("calls", *CLASSES)}


def expected(*, with_logs):
    """What was billed; telemetry alone cannot tell one-hour writes."""
    billed = billed_by_telemetry()
    if with_logs:
        billed["claude-code"]["cache_write"] -= hour_writes()
        billed["claude-code"]["cache_write_1h"] += hour_writes()
    return {client: full(row) for client, row in billed.items()}


def shown(station, key):
    return {client: counts(row) for client, row in station.usage(key).items()}


def test_me_equals_the_ledger_of_the_recordings(tmp_path):
    home = home_in(tmp_path)
    done = mileage("me", "--home", home, "--by", "client", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    found = {row["client"]: counts(row) for row in report["rows"]}
    assert found == {client: full(row) for client, row in billed_by_logs().items()}
    assert sum(one["rejected"] for one in report["sources"]) == 0


class Alice:
    """One person's usage on one server, checked after every step."""

    def __init__(self, station):
        self.station = station
        self.token, self.key = station.token(email=ALICE), station.key(ALICE)
        self.operator = station.key("boss@example.com", "operator")

    def sent(self, bodies, token=""):
        before = self.station.settled(self.operator)
        send(self.station, bodies, token or self.token)
        after = self.station.settled(self.operator)
        return {name: after[name] - before[name] for name in before if name in COUNTED}

    def ran(self, *words):
        before = self.station.settled(self.operator)
        done = self.station.run(*words, "--account", ALICE)
        assert done.returncode == 0, done.stderr
        after = self.station.settled(self.operator)
        grown = {name: after[name] - before[name] for name in COUNTED}
        return done.stdout, grown

    def has(self, billed):
        rows = self.station.usage(self.key)
        assert {client: counts(row) for client, row in rows.items()} == billed


COUNTED = ("accepted", "durable", "visible", "duplicates", "rejected", "ignored")


def test_once_whatever_comes_how_often_and_in_which_batches(tmp_path):
    with station_in(tmp_path / "server") as station:
        alice = Alice(station)
        telemetry_only(alice)
        logs_join_it(alice, home_in(tmp_path / "home"))
        a_collector_says_it_too(alice)
        done = station.run("verify", "--json")
        assert (done.returncode, json.loads(done.stdout)["problems"]) == (0, [])


def telemetry_only(alice):
    billed = expected(with_logs=False)
    calls = sum(row["calls"] for row in billed.values())
    grown = alice.sent(recorded_bodies())
    alice.has(billed)
    # Metrics of sessions whose events are there are witnesses, but fill no gap.
    assert grown["accepted"] == grown["durable"] == grown["visible"] > calls
    assert grown["duplicates"] == grown["rejected"] == 0
    assert grown["ignored"] > 0
    for seed in (1, 2, 3):
        grown = alice.sent(batches(recorded_records(), seed))
        alice.has(billed)
        assert (grown["visible"], grown["duplicates"]) == (0, calls)
        assert grown["rejected"] == 0


def logs_join_it(alice, home):
    billed = expected(with_logs=True)
    assert hour_writes() > 0
    said, grown = alice.ran("collect", "--home", home)
    assert "0 rejected" in said
    assert (grown["visible"] > 0, grown["rejected"]) == (True, 0)
    alice.has(billed)
    said, grown = alice.ran("collect", "--home", home)
    assert "0 new witnesses" in said
    assert grown["visible"] == 0
    for source in ("claude_code_log", "codex_rollout"):
        _, grown = alice.ran("import", *logs_of(source), "--source", source)
        assert grown["visible"] == 0
        assert grown["duplicates"] > 0
        alice.has(billed)
    assert alice.sent(batches(recorded_records(), 4))["visible"] == 0
    alice.has(billed)


def a_collector_says_it_too(alice):
    """What a gateway asserts of calls that are hers stays hers, and counts once."""
    alice.sent(recorded_bodies(), alice.station.token(collector="gateway"))
    billed = expected(with_logs=True)
    alice.has(billed)
    rows = alice.station.usage(alice.operator, scope="org", purpose="operations")
    assert {client: counts(row) for client, row in rows.items()} == billed


def test_kept_bodies_can_be_imported(tmp_path):
    """Without a server: the command becomes the owner while it runs."""
    for client, source in (("cc", "claude_code_otlp"), ("cx", "codex_otlp")):
        copied = shutil.copytree(OTLP, tmp_path / client)
        files = sorted(copied.glob(f"{client}-*/*-logs.*"))
        redate(files)
        words = ("import", *files, "--source", source, "--account", ALICE)
        done = mileage(*words, "--data", tmp_path / "data")
        assert done.returncode == 0, done.stderr
        calls = expected(with_logs=False)[CLIENTS[client]]["calls"]
        assert f"{calls} new witnesses, 0 rejected" in done.stdout
    board = json.loads(mileage("board", "--json", "--data", tmp_path / "data").stdout)
    both = expected(with_logs=False).values()
    for name in CLASSES:
        assert board["total"][name] == sum(row[name] for row in both)


def asserted_body(request: str, resource: dict[str, str], **attributes: str) -> bytes:
    plain = {**API_REQUEST, "request_id": request, "session.id": request}
    del plain["user.email"]
    return logs(log({**plain, **attributes}), resource=resource)


def test_whose_a_call_is(tmp_path):
    """A personal token fixes the account, a collector's asserts it."""
    with station_in(tmp_path) as station:
        operator = station.key("boss@example.com", "operator")
        personal = station.token(email=ALICE)
        gateway = station.token(collector="gateway")
        claims = [
            (personal, "req_mallory", {}, {"user.email": "mallory@example.com"}, ALICE),
            (gateway, "req_bob", {"enduser.id": "bob@example.com"}, {}, "bob"),
            (gateway, "req_eve", {"user.email": "eve@example.com"}, {}, "eve"),
            (gateway, "req_nobody", {}, {}, "collector"),
        ]
        for token, request, resource, attributes, _ in claims:
            body = asserted_body(request, resource, **attributes)
            assert station.post(body, token, content_type=JSON).status == 200
        station.settled(operator)
        rows = station.usage(operator, "account", scope="org", purpose="operations")
        assert {row["calls"] for row in rows.values()} == {1}
        assert len(rows) == 4
        assert station.stop() == 0
    marked = dict(_asserted(station.data / "ledger.duckdb"))
    assert marked == {
        "req_mallory": False,
        "req_bob": True,
        "req_eve": True,
        "req_nobody": True,
    }


def _asserted(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute('select session, asserted from "call"').fetchall()
