"""What goes over the wire is rows: the bytes are caught on their way and searched."""

from __future__ import annotations

import gzip
import socket
import threading
from contextlib import contextmanager

import msgspec
import pytest

from mileage.domain.witness import Activity, Witness
from mileage.ingest.projects import is_digest
from tests.road.markers import STEM
from tests.road.pushing import machine
from tests.road.searching import found_in
from tests.road.station import station_in
from tests.road.test_no_content import marked_home

QUIET = "[board]\nsnapshot_seconds = 3600\n"


class Wire:
    """Stands between a machine and a server, and keeps every byte of both ways."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sent, self.answered = [], []
        self.names = [b"127.0.0.1:%d" % number for number in (self.here, port)]

    @property
    def here(self):
        return self.listener.getsockname()[1]

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self.port)) as server:
                back = threading.Thread(
                    target=self.pump, args=(server, client, self.answered)
                )
                back.start()
                self.pump(client, server, self.sent)
                back.join()

    def pump(self, giver, taker, kept):
        whole = bytearray()
        kept.append(whole)
        try:
            while part := giver.recv(65536):
                whole += part
                # The server answers to the name only under which it was started.
                taker.sendall(part.replace(self.names[0], self.names[1]))
            taker.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def requests(self):
        """Every request as (head, inflated body)."""
        parted = (bytes(one).partition(b"\r\n\r\n") for one in self.sent)
        return [
            (head, gzip.decompress(body) if body else b"") for head, _, body in parted
        ]


@contextmanager
def wire_to(port):
    wire = Wire(port)
    thread = threading.Thread(target=wire.run, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.listener.shutdown(socket.SHUT_RDWR)
        wire.listener.close()
        thread.join()


@pytest.fixture(scope="module")
def caught(tmp_path_factory):
    """A home full of markers was pushed through a wire that listens."""
    folder = tmp_path_factory.mktemp("content")
    with station_in(folder / "server", QUIET) as station:
        where = machine(station, "marked")
        marked_home(where.home)
        with wire_to(station.port) as wire:
            words = where.words()
            words[2] = f"http://127.0.0.1:{wire.here}"
            where.words = lambda: words
            done = where.push()
        yield done, wire, where, station


def through(caught):
    return caught[1].requests()


def test_rows_went_over_the_wire(caught):
    done, *_ = caught
    assert done.returncode == 0, done
    bodies = [body for _, body in through(caught) if body]
    rows = [msgspec.msgpack.decode(body) for body in bodies]
    assert {one["source"] for one in rows} == {"claude_code_log", "codex_rollout"}
    assert sum(len(one["witnesses"]) for one in rows) >= 4
    assert sum(len(one["activities"]) for one in rows) >= 4
    assert sum(len(one["rejected"]) for one in rows) >= 10


def test_nothing_that_was_said_is_on_the_wire(caught):
    for head, body in through(caught):
        for where in (head, body):
            assert STEM.encode() not in where.lower()


def test_no_name_of_a_file_folder_project_or_host_is_on_the_wire(caught):
    *_, where, _ = caught
    names = [b".jsonl", b"rollout-", b"/", str(where.home).encode()]
    names += [socket.gethostname().encode(), b"host/"]
    for head, body in through(caught):
        for name in names:
            assert name not in body.replace(b"/v1", b""), name
        assert str(where.home).encode() not in head


def test_the_search_can_find(caught):
    """The positive control: what is sent is found by the same search."""
    heads = b"".join(head for head, _ in through(caught))
    bodies = b"".join(body for _, body in through(caught))
    assert b"msg_kept_1" in bodies
    assert b"claude-opus-4-8" in bodies
    assert b"Bearer mlg_p_" in heads
    *_, where, _ = caught
    assert found_in(where.home, STEM)


def test_rows_are_of_the_two_kinds_and_no_other(caught):
    for _, body in through(caught):
        if not body:
            continue
        plain = msgspec.msgpack.decode(body)
        assert set(plain) == {
            *("source", "machine", "witness_fields", "witnesses"),
            *("activity_fields", "activities", "rejected", "ignored"),
        }
        for row in plain["witnesses"]:
            assert len(row) == len(Witness._fields)
        for row in plain["activities"]:
            assert len(row) == len(Activity._fields)
        for _, place, _ in plain["rejected"]:
            assert place.startswith("log-")


def test_projects_are_digests(caught):
    for _, body in through(caught):
        if body:
            rows = msgspec.convert(
                msgspec.msgpack.decode(body)["witnesses"], list[Witness]
            )
            projects = {row.project for row in rows} - {""}
            assert all(map(is_digest, projects))


def test_the_state_and_the_server_hold_nothing_either(caught):
    *_, where, station = caught
    assert found_in(where.state, STEM) == []
    assert found_in(station.data, STEM) == []
    assert STEM not in station.said
