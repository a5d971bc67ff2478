"""Of every installed source: what stands around usage is nowhere on the disk.

The sources are asked for, not listed: one that comes without a marked recording in
`every_source.py` fails here.
"""

from __future__ import annotations

import duckdb
import pytest

from mileage.sources import installed
from tests.road.every_source import (
    marked_bodies,
    marked_home,
    marked_imports,
    marked_requests,
)
from tests.road.markers import STEM
from tests.road.pushing import machine
from tests.road.searching import every_row, found_in
from tests.road.station import mileage, station_in

ALICE = "alice@example.com"
WAYS = ("telemetry", "requests", "exports", "logs", "pushes")


def post(station, bodies, token):
    for body in bodies:
        assert STEM.encode() in body.data, body.path
        answer = station.post(
            body.data, token, path=body.path, content_type=body.content_type
        )
        assert STEM.encode() not in answer.body.lower()
        yield answer.status


class Fed:
    """A server, and all that is fed to it, by kind."""

    def __init__(self, station, folder):
        self.station, self.folder = station, folder
        self.token = station.token(email=ALICE)
        self.operator = station.key("boss@example.com", "operator")

    def telemetry(self):
        assert set(post(self.station, marked_bodies(), self.token)) == {200}

    def requests(self):
        gateway = self.station.token(collector="gateway")
        assert 200 in set(post(self.station, marked_requests(), gateway))

    def exports(self):
        for words in marked_imports(self.folder):
            self.run(*words, "--account", ALICE)

    def logs(self):
        home = marked_home(self.folder / "home")
        chosen = {"HOME": str(home), "AIDER_ANALYTICS_LOG": str(home / "aider")}
        self.run("collect", "--account", ALICE, environ=chosen)
        quiet(mileage("me", "--json", environ=chosen))

    def pushes(self):
        where = machine(self.station, "machine")
        marked_home(where.home)
        quiet(where.push())
        assert list(where.state.rglob("*"))
        assert found_in(where.state, STEM) == []

    def run(self, *words, **options):
        quiet(self.station.run(*words, **options))


def quiet(done):
    assert done.returncode == 0, done.stderr
    assert STEM not in (done.stdout + done.stderr).lower()


@pytest.fixture(scope="module")
def fed(tmp_path_factory):
    """Everything was fed; the power was cut after each way in."""
    folder = tmp_path_factory.mktemp("every-source")
    with station_in(folder / "server") as station:
        all_ways = Fed(station, folder)
        for way in WAYS:
            getattr(all_ways, way)()
            # Cut off while the ledger is behind: the segments are all there is.
            station.kill()
            assert left_by(station) == [], way
            station.start()
        status = station.settled(all_ways.operator)
        assert station.stop() == 0
    return station, status


def left_by(station):
    """What is found in its data and its output; a machine's home stands beside."""
    said = ["output"] if STEM in station.said.lower() else []
    return found_in(station.data, STEM) + said


def kept_by_source(data):
    with duckdb.connect(str(data / "ledger.duckdb"), read_only=True) as ledger:
        return {
            name: count
            for table in ("witness", "bucket")
            for name, count in ledger.execute(
                f"select source, count(*) from {table} group by 1"  # noqa: S608 - ours
            ).fetchall()
        }


def test_every_installed_source_has_read_something_marked(fed):
    station, status = fed
    kept = kept_by_source(station.data)
    assert set(kept) == set(installed.traits())
    assert sum(kept.values()) > 300
    assert status["rejected"] > 50


def test_nothing_that_was_said_is_kept_anywhere(fed):
    station, _ = fed
    assert left_by(station) == []
    assert STEM not in every_row(station.data / "ledger.duckdb").lower()


def test_the_search_can_find(fed):
    """The positive control: what may be kept is found, and the input was marked."""
    station, _ = fed
    rows = every_row(station.data / "ledger.duckdb")
    for kept in (
        "msg_of_an_answer_in_an_editor",
        "session-of-a-robot",
        "claude-sonnet-4-5",
        ALICE,
    ):
        assert (kept in rows) or found_in(station.data, kept), kept
    for source in ("home", "rows.ndjson", "gemini_cli_outfile.json"):
        place = station.folder.parent
        assert any(source in hit or STEM in hit for hit in found_in(place, STEM))
