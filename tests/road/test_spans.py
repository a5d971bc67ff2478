"""Spans and token metrics on a running server.

Each call once, whatever is repeated and in which order; what fills a gap makes room
when the events come after all; and nothing that was said is on the disk.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from pathlib import Path

from tests.road.recordings import OTLP, billed_by_telemetry
from tests.road.searching import every_row, found_in
from tests.road.station import CLASSES, JSON, PROTOBUF, counts, station_in

RECORDED = Path(__file__).parents[1] / "golden" / "spans"
EXPECTED = json.loads((RECORDED / "expected.json").read_text())
ALICE = "alice@example.com"
# What everything that people and models wrote was replaced by in the recordings.
CONTENT = "filler"


def sent_from(folder, scenarios="*"):
    found = []
    for path in sorted(folder.glob(f"{scenarios}/*")):
        kind = JSON if path.suffix == ".json" else PROTOBUF
        found.append((f"/v1/{path.stem.partition('-')[2]}", kind, path.read_bytes()))
    return found


class Road:
    """One person's server."""

    def __init__(self, station):
        self.station = station
        self.token, self.key = station.token(email=ALICE), station.key(ALICE)
        self.operator = station.key("boss@example.com", "operator")

    def send(self, bodies, **headers):
        for path, kind, body in bodies:
            data = gzip.compress(body) if headers else body
            answer = self.station.post(
                data, self.token, path=path, content_type=kind, **headers
            )
            assert answer.status == 200, answer

    def shown(self):
        status = self.station.settled(self.operator)
        assert status["rejected"] == 0
        rows = self.station.usage(self.key)
        return {client: counts(row) for client, row in rows.items()}


def tokens_of(row):
    """Return prompt and answer: the rest is not told alike by all."""
    prompt = sum(row[name] for name in CLASSES if name not in {"output", "reasoning"})
    return prompt, row["output"] + row["reasoning"]


def billed(prefix):
    total = Counter()
    for scenario, rows in EXPECTED.items():
        for row in rows:
            if scenario.startswith(prefix) and not row["cut"]:
                total["prompt"] += sum(row["tokens"][:4])
                total["answer"] += row["tokens"][4]
    return total["prompt"], total["answer"]


def test_spans_count_once_and_make_room_for_events(tmp_path):
    bodies = sent_from(RECORDED) * 2
    random.Random(7).shuffle(bodies)  # noqa: S311 - repeatable
    events = [one for one in sent_from(OTLP) if one[0] == "/v1/logs"]
    with station_in(tmp_path / "server") as station:
        road = Road(station)
        road.send(bodies)
        alone = road.shown()
        assert tokens_of(alone["copilot"]) == billed("cp-")
        assert alone["copilot"]["calls"] == 16
        assert alone["opencode"]["calls"] == 12
        # The metrics of a session that was killed never came.
        killed = next(r["tokens"] for r in EXPECTED["cc-kill"] if not r["cut"])
        prompt, answer = billed("cc-")
        found = tokens_of(alone["claude-code"])
        assert found == (prompt - sum(killed[:4]), answer - killed[4])
        assert tokens_of(alone["codex"]) == billed("cx-")
        # One of the streams is LiteLLM's, three are of other programs.
        assert alone["litellm"]["calls"] + alone["sdk"]["calls"] == 34

        road.send(bodies, **{"Content-Encoding": "gzip"})
        assert road.shown() == alone

        road.send(events)
        after = road.shown()
        known = billed_by_telemetry()
        for client in ("claude-code", "codex"):
            assert after[client] == {
                name: known[client][name] for name in ("calls", *CLASSES)
            }
        for client in ("copilot", "opencode", "sdk", "litellm"):
            assert after[client] == alone[client]
        done = station.run("verify", "--json")
        assert (done.returncode, json.loads(done.stdout)["problems"]) == (0, [])


def test_nothing_that_was_said_is_kept_anywhere(tmp_path):
    bodies = sent_from(RECORDED)
    assert any(CONTENT.encode() in body for _, _, body in bodies)
    with station_in(tmp_path / "server") as station:
        road = Road(station)
        road.send(bodies)
        # Cut off while the ledger is behind: the segments are all there is.
        station.kill()
        assert found_in(station.folder, CONTENT) == []
        station.start()
        road.shown()
        assert station.stop() == 0
        assert found_in(station.folder, CONTENT) == []
        (ledger,) = station.folder.rglob("*.duckdb")
        rows = every_row(ledger)
        assert CONTENT not in rows
        assert "anthropic_sdk_spans" in rows
