"""Gemini CLI and Qwen Code on a running server: telemetry, chats and the outfile.

In both orders and twice: each call once, and nothing that was said on the disk.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.road.searching import every_row, found_in
from tests.road.station import CLASSES, JSON, PROTOBUF, counts, station_in

RECORDED = Path(__file__).parents[1] / "golden" / "gemini_qwen"
ALICE = "alice@example.com"
# What everything that people and models wrote was replaced by in the recordings.
CONTENT = "filler"


def billed():
    """Return what was billed and reached the client, by client."""
    sums = {"gemini-cli": Counter(), "qwen-code": Counter()}
    for path in RECORDED.glob("*/*/truth.json"):
        mine = sums[path.parts[-3]]
        for call in json.loads(path.read_text())["billed"]:
            mine.update({"calls": 1, **dict(zip(CLASSES, call["tokens"], strict=True))})
    return {
        client: {name: mine[name] for name in ("calls", *CLASSES)}
        for client, mine in sums.items()
    }


def home_in(folder):
    for home in RECORDED.glob("*/*/home"):
        shutil.copytree(home, folder, dirs_exist_ok=True)
    return folder


def outfile():
    (path,) = RECORDED.glob("*/*/outfile/telemetry.log")
    return path


class Road:
    """One person's server, and the three ways on which her calls come in."""

    def __init__(self, station, home):
        self.station, self.home = station, home
        self.token, self.key = station.token(email=ALICE), station.key(ALICE)
        self.operator = station.key("boss@example.com", "operator")

    def telemetry(self):
        for path in sorted(RECORDED.glob("*/*/otlp/*")):
            signal = path.stem.partition("-")[2]
            kind = JSON if path.suffix == ".json" else PROTOBUF
            answer = self.station.post(
                path.read_bytes(),
                self.token,
                path=f"/v1/{signal}",
                content_type=kind,
            )
            assert answer.status == 200, answer

    def chats(self):
        self.ran("collect", "--home", self.home)

    def outfile(self):
        self.ran("import", outfile(), "--source", "gemini_cli_outfile")

    def ran(self, *words):
        done = self.station.run(*words, "--account", ALICE)
        assert done.returncode == 0, done.stderr

    def shown(self):
        self.station.settled(self.operator)
        rows = self.station.usage(self.key)
        return {client: counts(row) for client, row in rows.items()}


@pytest.mark.parametrize("first", ["telemetry", "chats"])
def test_each_call_once_whatever_comes_first(tmp_path, first):
    ways = ["telemetry", "chats", "outfile"]
    ways.sort(key=lambda way: way != first)
    with station_in(tmp_path / "server") as station:
        road = Road(station, home_in(tmp_path / "home"))
        for way in ways * 2:
            getattr(road, way)()
        assert road.shown() == billed()
        status = station.settled(road.operator)
        assert status["rejected"] == 0
        done = station.run("verify", "--json")
        assert (done.returncode, json.loads(done.stdout)["problems"]) == (0, [])


def test_nothing_that_was_said_is_kept_anywhere(tmp_path):
    home = home_in(tmp_path / "home")
    assert any(CONTENT in path.read_text() for path in home.rglob("*.jsonl"))
    assert CONTENT in outfile().read_text()
    with station_in(tmp_path / "server") as station:
        road = Road(station, home)
        road.telemetry()
        # Cut off while the ledger is behind: the segments are all there is.
        station.kill()
        assert found_in(station.folder, CONTENT) == []
        station.start()
        road.chats()
        road.outfile()
        assert road.shown() == billed()
        assert station.stop() == 0
        assert found_in(station.folder, CONTENT) == []
        (ledger,) = station.folder.rglob("*.duckdb")
        rows = every_row(ledger)
        assert CONTENT not in rows
        assert "gemini_cli_outfile" in rows
