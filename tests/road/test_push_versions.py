"""Clients and servers of other versions, proxies and sources understand one another."""

from __future__ import annotations

import gzip
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest

from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Witness,
    WitnessBatch,
)
from mileage.ingest.push_format import CONTENT_TYPE, PATH, Push, encode
from tests.road.pushing import OUTPUT, calls_at, claude_log, machine
from tests.road.station import assert_calm, station_in
from tests.witnesses import LOG, witness

QUIET = "[board]\nsnapshot_seconds = 3600\n"
MACHINE = "mach_abcdefghijklmnop"


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with station_in(tmp_path_factory.mktemp("versions"), QUIET) as started:
        yield started


def plain(*witnesses, **changed):
    reading = Reading(WitnessBatch.of(witnesses), ActivityBatch.of([]))
    body = msgspec.msgpack.decode(gzip.decompress(encode(Push(LOG, MACHINE, reading))))
    return msgspec.msgpack.encode({**body, **changed})


def post(station, body, email, kind=CONTENT_TYPE):
    token = station.token(email=email)
    return station.post(body, token, path=PATH, content_type=kind)


def test_an_older_client_is_served(station):
    names = list(Witness._fields)[:-1]
    row = list(witness(key="older", link="req_older"))[:-1]
    answer = post(
        station, plain(witness_fields=names, witnesses=[row]), "older@example.com"
    )
    assert (answer.status, answer.json["witnesses"]) == (200, 1)
    assert calls_at(station, "older@example.com")["claude-code"][0] == 1


def test_a_newer_client_is_told_to_wait_for_its_server(station):
    names = [*Witness._fields, "mood"]
    row = [*witness(key="newer"), "good"]
    answer = post(
        station, plain(witness_fields=names, witnesses=[row]), "newer@example.com"
    )
    assert answer.status == 400
    assert "Upgrade the server" in answer.json["error"]["message"]
    assert answer.headers["mileage-witnesses"] == "1"


def test_another_format_is_named(station):
    kind = CONTENT_TYPE.replace("v1", "v2")
    answer = post(station, plain(witness()), "format@example.com", kind)
    assert answer.status == 415
    assert CONTENT_TYPE in answer.json["error"]["message"]


def test_a_source_that_is_not_installed_is_named(station):
    row = witness()._replace(source="other_log")
    body = plain(row, source="other_log")
    answer = post(station, body, "source@example.com")
    assert (answer.status, answer.json["witnesses"], answer.json["rejected"]) == (
        200,
        0,
        1,
    )
    assert answer.json["reasons"][0]["reason"] == "source not installed on the server"
    assert "other_log" not in answer.json["sources"]


def test_an_api_key_is_no_ingest_token(station):
    key = station.key("key@example.com", "operator")
    assert (
        station.post(plain(), key, path=PATH, content_type=CONTENT_TYPE).status == 401
    )


def test_a_bad_row_is_counted_where_the_operator_looks(station):
    good = list(witness(key="beside", link="req_beside"))
    fields = list(Activity._fields)
    answer = post(
        station,
        plain(witnesses=[good, [1, 2]], activity_fields=fields),
        "bad@example.com",
    )
    assert (answer.json["witnesses"], answer.json["rejected"]) == (1, 1)
    operator = station.key("boss@example.com", "operator")
    assert station.settled(operator)["rejected"] >= 1


class Older(BaseHTTPRequestHandler):
    """A Mileage that knows the address for keys only."""

    def do_POST(self):
        self.send_response(401)
        self.end_headers()
        self.wfile.write(b'{"error": {"message": "This API key is unknown."}}')

    def log_message(self, *_):
        pass


class LoginPage(Older):
    """A proxy that wants people to sign in first."""

    def do_POST(self):
        self.send_response(302)
        self.send_header("Location", "https://login.example.org/")
        self.end_headers()


@contextmanager
def serving(handler):
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("handler", "words"),
    [(Older, "not older than"), (LoginPage, "https://login.example.org/")],
)
def test_what_is_no_server_of_this_version_is_said(station, handler, words):
    where = machine(station, handler.__name__)
    claude_log(where.home, "a.jsonl", [1])
    with serving(handler) as port:
        words_typed = where.words()
        words_typed[2] = f"http://127.0.0.1:{port}"
        where.words = lambda: words_typed
        done = where.push()
    assert done.returncode == 2
    assert words in done.stderr
    assert_calm(done.stderr)


@pytest.mark.parametrize("jump", [-40 * 365 * 86_400, 40 * 365 * 86_400])
def test_logs_with_times_of_a_clock_that_jumped_are_read_all_the_same(station, jump):
    """Signatures are compared for being the same, never for being later."""
    email = f"jump{jump}@example.com"
    where = machine(station, f"jump{jump}", email)
    first = 1_000_000 if jump < 0 else 2_000_000
    path = claude_log(where.home, "a.jsonl", [first, first + 1])
    assert where.push().returncode == 0
    claude_log(where.home, "a.jsonl", [first, first + 1, first + 2])
    of = path.stat()
    os.utime(path, (of.st_atime, max(0, of.st_mtime + jump)))
    done = where.push()
    assert "1 log had changed; 1 witness" in done.stdout
    assert calls_at(station, email)["claude-code"] == (3, 3 * OUTPUT)
