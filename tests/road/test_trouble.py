"""The machine is in trouble: full disks, other owners, other versions, clocks."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest

from mileage.domain.booking import Position
from mileage.ingest import frames
from mileage.reports import snapshots
from mileage.store import queries
from mileage.store.statements import run
from mileage.store.verify import verify
from mileage.wiring.organisation import open_organisation
from tests.ledgers import Turning, booking, ledger_in
from tests.otlp_bodies import API_REQUEST, log, logs, packed_logs
from tests.road.station import (
    Station,
    assert_calm,
    free_port,
    mileage,
    station_in,
    until,
    write_policy,
)
from tests.witnesses import DAY, HOUR, NOON, seen

ALICE = "alice@example.com"
UNLIMITED = resource.RLIM_INFINITY
# Above what a fresh segment needs, below what the ledger's log has at any time.
SEGMENTS_ONLY = 40_000
QUIET = "[board]\nsnapshot_seconds = 3600\n"


def body(number):
    name = f"req_{number}"
    return packed_logs(
        logs(log({**API_REQUEST, "request_id": name, "session.id": name}))
    )


@contextmanager
def no_growth(pid, most=1):
    """Let no file of a process grow beyond ``most`` bytes: EFBIG instead of ENOSPC."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, UNLIMITED))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


@contextmanager
def no_space(folder):
    """Fill the file system of a folder to the last byte."""
    file = folder / "filler"
    with pytest.raises(OSError, match="No space left"):
        write_for_ever(file)
    try:
        yield
    finally:
        file.unlink()


def write_for_ever(file):
    handle = os.open(file, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(handle, bytes(4096))
    finally:
        os.close(handle)


@contextmanager
def small_disk(folder):
    """Mount a few megabytes of memory as a disk, which root may."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, check=False, capture_output=True)
    except OSError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip("only root mounts a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="limits another process, mounts a disk"
)


class Sender:
    """Sends calls of one person and keeps count of what was acknowledged."""

    def __init__(self, station):
        self.station = station
        self.token, self.key = station.token(email=ALICE), station.key(ALICE)
        self.operator = station.key("boss@example.com", "operator")
        self.acknowledged = 0
        self.tried = 0

    def send(self):
        self.tried += 1
        status = self.station.post(body(self.tried), self.token).status
        assert status in (200, 503)
        self.acknowledged += status == 200
        return status

    def all_there(self):
        self.station.settled(self.operator)
        rows = self.station.usage(self.key)
        assert rows["claude-code"]["calls"] == self.acknowledged

    def whole(self):
        self.all_there()
        done = self.station.run("verify", "--json")
        assert json.loads(done.stdout)["problems"] == []


def refuses_then_recovers(station, full):
    sender = Sender(station)
    assert sender.send() == 200
    sender.all_there()
    with full():
        # What fits into pages that are there already is written, and acknowledged.
        until(lambda: sender.send() == 503, "a refusal")
        assert [sender.send() for _ in range(3)] == [503] * 3
        assert station.get("/healthz").status == 200
    until(lambda: sender.send() == 200, "the first acknowledgement after")
    sender.whole()


def test_a_process_that_may_not_write(tmp_path):
    with station_in(tmp_path, QUIET) as station:
        refuses_then_recovers(station, lambda: no_growth(station.pid))


def test_a_disk_that_is_full(tmp_path):
    with small_disk(tmp_path / "disk") as disk, station_in(disk, QUIET) as station:
        refuses_then_recovers(station, lambda: no_space(disk))


def test_a_ledger_that_cannot_be_written_catches_up(tmp_path):
    """Acknowledged means in a segment; the ledger follows, here or after a crash."""
    with station_in(tmp_path, QUIET) as station:
        sender = Sender(station)
        # Something to grow beyond the limit: the ledger's own log.
        wal = station.data / "ledger.duckdb.wal"
        while size(wal) <= SEGMENTS_ONLY:
            assert sender.send() == 200
            sender.all_there()
        with no_growth(station.pid, SEGMENTS_ONLY):
            assert sender.send() == 200
            behind(station, sender)
        sender.all_there()
        assert sender.send() == 200
        sender.all_there()
        with no_growth(station.pid, SEGMENTS_ONLY):
            assert sender.send() == 200
            behind(station, sender)
            station.kill()
            station.start()
        sender.whole()


def size(path):
    return path.stat().st_size if path.exists() else 0


def behind(station, sender):
    """The delay is shown, and meanwhile nothing more is acknowledged."""
    until(lambda: sender.send() == 503, "a refusal")
    status = station.status(sender.operator)
    assert status["durable"] - status["visible"] - status["duplicates"] > 0
    assert status["lag_seconds"] > 0
    done = station.run("doctor", "--json")
    assert done.returncode == 1
    assert "takes nothing in just now" in " ".join(json.loads(done.stdout)["findings"])


# ---------------------------------------------------------------------- other owners


def sentence(done, code):
    """The command failed with one line that says what, where and what to do."""
    assert done.returncode == code, done
    assert done.stdout == ""
    assert done.stderr.startswith("mileage: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert_calm(done.stderr)
    return done.stderr


def test_a_second_server_and_a_taken_port(tmp_path):
    with station_in(tmp_path, QUIET) as station:
        sender = Sender(station)
        assert sender.send() == 200
        second = station.run("serve", "--port", free_port())
        assert "in use by another process" in sentence(second, 4)
        assert "mileage serve" in second.stderr
        elsewhere = ("--data", tmp_path / "other", "--port", station.port)
        assert f"port {station.port}" in sentence(mileage("serve", *elsewhere), 4)
        assert not (tmp_path / "other").exists()
        assert sender.send() == 200
        sender.whole()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
def test_a_host_beyond_this_machine_is_refused(tmp_path, host):
    data = tmp_path / "data"
    done = mileage("serve", "--data", data, "--host", host, "--port", free_port())
    assert "loopback" in sentence(done, 2)
    assert not data.exists()


def test_a_directory_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    for data in (tmp_path / "file" / "below", "/proc/nowhere"):
        done = mileage("token", "create", "--collector", "gate", "--data", data)
        assert "cannot be used" in sentence(done, 4)
        assert "no data directory" in sentence(mileage("verify", "--data", data), 2)


# --------------------------------------------------------------------- other versions


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data directory with a board, closed."""
    data = tmp_path_factory.mktemp("made") / "data"
    write_policy(data, QUIET)
    with open_organisation(data) as organisation:
        organisation.publish()
    return data


def newer_ledger(data):
    with open_organisation(data) as organisation:
        cursor = organisation.ledger.cursor()
        run(cursor, "setting.insert", name="schema_version", value="99")


def newer_control(data):
    with sqlite3.connect(data / "control.sqlite") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()


def newer_segment(data):
    head = frames.head(frames.VERSION + 1)
    (data / "segments" / "00000099.seg").write_bytes(head + b"whatever")


def newer_snapshot(data):
    head = snapshots.MAGIC + (snapshots.VERSION + 1).to_bytes(4, "little")
    name = f"{10**19:020d}.head"
    (data / "snapshots" / name).write_bytes(head + b"whatever")


def stored(data):
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in sorted(data.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (newer_ledger, ("serve", "--port", "0")),
        (newer_control, ("serve", "--port", "0")),
        (newer_segment, ("serve", "--port", "0")),
        (newer_snapshot, ("board",)),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_data_of_a_newer_version_is_left_alone(tmp_path, made, age, words):
    data = tmp_path / "data"
    shutil.copytree(made, data)
    age(data)
    before = stored(data)
    said = sentence(mileage(*words, "--data", data), 4)
    assert "newer" in said or "knows up to" in said
    assert "pgrade" in said or "update" in said
    after = stored(data)
    if age is newer_snapshot:  # the board publishes before it reads
        after = {name: after.get(name, before[name]) for name in before}
        before["ledger.duckdb"] = after["ledger.duckdb"]
    assert after == before


# ------------------------------------------------------------------------------ clocks


def test_a_clock_that_jumps_back_and_forth(tmp_path):
    """The order of records is the ledger's own; figures do not depend on the clock."""
    clock = Turning()
    with ledger_in(tmp_path, now=clock) as ledger:
        for number, turned in enumerate((0, 40 * DAY, -40 * DAY, HOUR, -1, 0)):
            clock.at = NOON + turned
            name = f"call-{number}"
            said = [seen(key=name, link=name), seen(key="first", link="first")]
            ledger.append(booking(said), Position(1, number + 1))
        appends = run(ledger.cursor(), "last_append")[0]
        tallies = queries.tallies(ledger)
        assert verify(ledger) == []
    assert appends[1] >= NOON + 40 * DAY
    assert sum(one.visible for one in tallies) == 7
    assert sum(one.duplicates for one in tallies) == 5
    with ledger_in(tmp_path, now=clock) as ledger:
        assert ledger.position() == Position(1, 6)
        ledger.append(booking([seen(key="late", link="late")]), Position(1, 7))
        assert run(ledger.cursor(), "last_append")[0] > appends


def test_a_server_that_was_killed_leaves_nothing_in_the_way(tmp_path):
    station = Station(tmp_path).start()
    operator = station.key("boss@example.com", "operator")
    token = station.token(email=ALICE)
    assert station.post(body(1), token).status == 200
    station.kill()
    # A command becomes the owner, takes in what the crash left, and lets go again.
    done = station.run("verify")
    assert done.returncode == 0
    assert all(line.startswith("checking ") for line in done.stderr.splitlines())
    station.start()
    assert station.settled(operator)["visible"] == 1
    assert station.stop() == 0
    assert_calm(station.said)
