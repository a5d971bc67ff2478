"""kill -9 of either side at any instant: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import random
import shutil
import time

from tests.road.pushing import OUTPUT, calls_at, claude_log, codex_log, machine
from tests.road.station import Station, assert_calm, until

ROUNDS = 6
LONGEST_SECONDS = 1.2
CALLS = 150
"""A round; enough for several bodies, so that a kill falls between them too."""


def grow(where, number, chance):
    """Add logs, and calls to logs that are there, with copies of earlier ones."""
    first = number * CALLS
    fresh = list(range(first, first + CALLS))
    copies = [chance.randrange(first + 1) for _ in range(CALLS // 4)]
    claude_log(where.home, f"s{number}.jsonl", [*copies, *fresh])
    codex_log(where.home, f"{number}", fresh)


def whole(station, rounds):
    done = station.run("verify", "--json")
    assert json.loads(done.stdout)["problems"] == []
    calls = rounds * CALLS
    assert calls_at(station) == {
        "claude-code": (calls, calls * OUTPUT),
        "codex": (calls, calls * 10),
    }


def finish(where):
    """What was left behind is sent by the next one that is left alone."""
    done = where.push()
    assert done.returncode == 0, done
    assert not list((where.state / "servers").rglob("*.seg"))
    assert_calm(done.stderr)


def test_a_client_that_is_killed_again_and_again(tmp_path):
    chance = random.Random(11)  # noqa: S311
    station = Station(tmp_path).start()
    where = machine(station, "killed")
    cut = 0
    for number in range(ROUNDS):
        grow(where, number, chance)
        process = where.start("--watch")
        time.sleep(chance.uniform(0.2, LONGEST_SECONDS))
        cut += process.poll() is None
        process.kill()
        process.wait()
    assert cut == ROUNDS
    # Logs whose rows are in the spool may go; the state of the kill may not need them.
    finish(where)
    whole(station, ROUNDS)
    assert station.stop() == 0
    assert_calm(station.said + where.said)


def test_a_server_that_is_killed_again_and_again(tmp_path):
    chance = random.Random(12)  # noqa: S311
    station = Station(tmp_path).start()
    where = machine(station, "orphan")
    grow(where, 0, chance)
    where.start("--watch")
    for number in range(1, ROUNDS // 2):
        grow(where, number, chance)
        time.sleep(chance.uniform(0.05, LONGEST_SECONDS))
        station.kill()
        station.start()
    assert where.stop() == 0
    finish(where)
    whole(station, ROUNDS // 2)
    assert station.stop() == 0
    assert_calm(station.said + where.said)


def test_a_spool_outlives_kills_and_the_logs(tmp_path):
    """Rows are spooled while the server is away; then client and logs are gone."""
    station = Station(tmp_path).start()
    where = machine(station, "spooled")
    station.stop()
    grow(where, 0, random.Random(13))  # noqa: S311
    process = where.start("--watch")
    until(lambda: " waiting bytes=" in where.said, "rows in the spool")
    process.kill()
    process.wait()
    shutil.rmtree(where.home)
    station.start()
    finish(where)
    whole(station, 1)
    assert station.stop() == 0


def test_a_state_that_is_lost_only_sends_again(tmp_path):
    station = Station(tmp_path).start()
    where = machine(station, "forgetful")
    grow(where, 0, random.Random(14))  # noqa: S311
    finish(where)
    shutil.rmtree(where.state)
    finish(where)
    whole(station, 1)
    status = station.settled(station.key("boss@example.com", "operator"))
    assert status["accepted"] >= 4 * CALLS
    assert status["rejected"] == 0
    assert station.stop() == 0


def test_a_spool_that_is_cut_anywhere_sends_the_logs_again(tmp_path):
    """Bytes of the spool are damaged while nobody looks: its logs are read anew."""
    station = Station(tmp_path).start()
    where = machine(station, "damaged")
    station.stop()
    grow(where, 0, random.Random(15))  # noqa: S311
    assert where.push().returncode == 4
    (segment, *_) = sorted((where.state / "servers").rglob("*.seg"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)
    station.start()
    finish(where)
    whole(station, 1)
    assert station.stop() == 0
