"""Hostile clients at a real server, for a few seconds each; soak/hostile.py has all."""

from __future__ import annotations

import contextlib
import gzip
import time

import grpc
import pytest

from tests.otlp_bodies import API_REQUEST, log, logs, packed_logs
from tests.road import hostile
from tests.road.station import PROTOBUF, assert_calm, free_port, station_in, until

PATIENCE_SECONDS = 1
BUSY_SECONDS = 20
"""After which a slow machine has surely done what it does at once when idle."""
CONNECTIONS = 64
MIB = hostile.MIB
MOST_MEMORY = 500
"""MiB that the server may take in any of these tests; the bar is 700."""
POLICY = f"""[limits]
patience_seconds = {PATIENCE_SECONDS}
max_connections = {CONNECTIONS}
max_body_bytes = {2 * MIB}
max_inflated_bytes = {16 * MIB}
"""
HEALTH = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\n\r\n"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with station_in(folder, POLICY, grpc_port=free_port()) as running:
        yield running
        assert hostile.memory(running.pid)[1] < MOST_MEMORY


@pytest.fixture(scope="module")
def token(station):
    return station.token("mallory@example.com")


@pytest.fixture(scope="module")
def good(station):
    """Return a good client: it sends a call and must be answered soon."""
    token = station.token("alice@example.com")
    numbers = iter(range(10**6))

    def send():
        call = {**API_REQUEST, "request_id": f"req_{next(numbers)}"}
        began = time.monotonic()
        assert station.post(packed_logs(logs(log(call))), token).status == 200
        return time.monotonic() - began

    return send


@pytest.fixture(autouse=True)
def _good_clients_are_served_after_it(good, station):
    yield
    assert good() < BUSY_SECONDS
    assert_calm(station.said)


def wire(text, station):
    return text.replace("PORT", str(station.port)).encode()


class TestSlow:
    def cut_off_after(self, station, beginning, rest):
        with hostile.connected(station.port) as sock:
            sock.sendall(beginning)
            return hostile.trickle(sock, rest, 0.05, 2 * BUSY_SECONDS)

    def test_nothing_said(self, station):
        with hostile.connected(station.port) as sock:
            began = time.monotonic()
            assert hostile.everything(sock) == b""
            assert time.monotonic() - began < BUSY_SECONDS

    def test_head(self, station, token):
        endless = wire(hostile.head(token), station)[:-4] + b"\r\nx: " + b"y" * 10_000
        after = self.cut_off_after(station, b"", endless)
        assert PATIENCE_SECONDS * 0.9 < after < BUSY_SECONDS

    def test_empty_lines(self, station):
        after = self.cut_off_after(station, b"", b"\r\n" * 10_000)
        assert after < BUSY_SECONDS

    @pytest.mark.parametrize("by", [{"content_length": 1000}, {}])
    def test_body(self, station, token, by):
        fields = by or {"transfer_encoding": "chunked"}
        beginning = wire(hostile.head(token, **fields), station)
        rest = b"x" * 1000 if by else b"1\r\nx\r\n" * 1000
        after = self.cut_off_after(station, beginning, rest)
        assert PATIENCE_SECONDS * 0.9 < after < BUSY_SECONDS

    def test_body_that_is_refused_already(self, station):
        beginning = wire(hostile.head("nobody", content_length=1000), station)
        with hostile.connected(station.port) as sock:
            sock.sendall(beginning)
            heard = hostile.everything(sock)
        assert heard.startswith(b"HTTP/1.1 401 ")

    def test_second_request_of_a_connection(self, station):
        with hostile.connected(station.port) as sock:
            sock.sendall(wire(HEALTH.decode(), station))
            assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
            endless = b"GET / HTTP/1.1\r\nx: " + b"y" * 10_000
            after = hostile.trickle(sock, endless, 0.05, 2 * BUSY_SECONDS)
        assert after < BUSY_SECONDS

    def test_a_body_that_takes_its_time_but_comes_is_taken(self, station, token):
        """Above the least rate, for longer than the patience."""
        # Field 100 is nobody's: the body is a message of ignored bytes.
        body = b"\xa2\x06" + _varint(3 * MIB // 2) + bytes(3 * MIB // 2)
        head = wire(hostile.head(token, content_length=len(body)), station)
        # Where the machine itself stands still for a second, it is cut off rightly.
        heard = (self.in_forty_steps(station, head, body) for _ in range(5))
        assert any(one.startswith(b"HTTP/1.1 200 ") for one in heard)

    def in_forty_steps(self, station, head, body):
        step = len(body) // 40
        with hostile.connected(station.port) as sock, contextlib.suppress(OSError):
            sock.sendall(head)
            for at in range(0, len(body), step):
                sock.sendall(body[at : at + step])
                time.sleep(2.5 * PATIENCE_SECONDS / 40)
            return sock.recv(65536)
        return b""


def _varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


class TestFloods:
    @pytest.mark.parametrize(
        "flood",
        [
            b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 300 + b"\r\n",
            b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 500_000,
            b"GET / HTTP/1.1\r\na: " + b"b" * 10_000_000,
            b"GET / HTTP/1.1\r\n" + b"b" * 10_000_000,
            b"GET /" + b"b" * 10_000_000,
        ],
        ids=["fields", "many fields", "a value", "a name", "an address"],
    )
    def test_of_the_head(self, station, flood):
        assert hostile.ask(station.port, flood)[:13] in {
            b"HTTP/1.1 431 ",
            b"HTTP/1.1 400 ",
            b"",
        }

    def test_of_trailers(self, station, token):
        chunked = wire(hostile.head(token, transfer_encoding="chunked"), station)
        flood = chunked + b"1\r\n\n\r\n0\r\n" + b"a: b\r\n" * 500_000
        assert hostile.ask(station.port, flood) == b""

    def test_pipelined_requests_are_answered_in_turn(self, station):
        asked = HEALTH * 29 + HEALTH.replace(
            b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"
        )
        heard = hostile.ask(station.port, asked)
        assert heard.count(b"HTTP/1.1 200 OK") == 30

    def test_of_pipelined_requests(self, station):
        heard = hostile.ask(station.port, HEALTH * 20_000)
        assert heard.count(b"HTTP/1.1") <= 65

    def test_of_idle_connections(self, station, good):
        with contextlib.ExitStack() as held:
            idle = [
                held.enter_context(hostile.connected(station.port))
                for _ in range(5 * CONNECTIONS)
            ]
            assert max(good() for _ in range(20)) < BUSY_SECONDS
            until(
                lambda: sum(not _is_cut(sock) for sock in idle) <= CONNECTIONS,
                "the idle ones to be cut off",
            )

    def test_of_half_closed_connections(self, station, token):
        for _ in range(3 * CONNECTIONS):
            with hostile.connected(station.port) as sock:
                sock.sendall(wire(hostile.head(token, content_length=10), station))
                sock.shutdown(1)

    def test_of_answers_that_nobody_reads(self, station):
        with hostile.connected(station.port) as sock:
            sock.setsockopt(1, 8, 4096)
            with contextlib.suppress(OSError):
                for _ in range(200):
                    sock.sendall(wire(HEALTH.decode(), station) * 50)


def _is_cut(sock):
    sock.settimeout(0.001)
    try:
        return sock.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


class TestBodies:
    @pytest.mark.parametrize("length", ["12x", "-1", "5, 6", "9" * 40])
    def test_of_a_wrong_length(self, station, token, length):
        asked = wire(hostile.head(token, content_length=length), station)
        heard = hostile.ask(station.port, asked + b"x")
        assert heard[:13] in {b"HTTP/1.1 400 ", b"HTTP/1.1 413 "}

    def test_of_two_lengths(self, station, token):
        two = hostile.head(token, content_length="5\r\ncontent-length: 6")
        heard = hostile.ask(station.port, wire(two, station) + b"abcdef")
        assert heard.startswith(b"HTTP/1.1 400 ")

    def test_of_a_length_and_chunks(self, station, token):
        both = hostile.head(token, content_length=5, transfer_encoding="chunked")
        heard = hostile.ask(station.port, wire(both, station) + b"0\r\n\r\nabcde")
        assert heard.startswith(b"HTTP/1.1 400 ")

    def test_shorter_than_said(self, station, token):
        with hostile.connected(station.port) as sock:
            sock.sendall(wire(hostile.head(token, content_length=100), station))
            sock.sendall(b"short")

    def test_of_a_gigabyte_by_its_length(self, station, token):
        asked = wire(hostile.head(token, content_length=10**9), station)
        heard = hostile.ask(station.port, asked + bytes(10 * MIB))
        assert heard.startswith(b"HTTP/1.1 413 ")

    def test_without_an_end(self, station, token):
        chunked = wire(hostile.head(token, transfer_encoding="chunked"), station)
        chunk = b"100000\r\n" + bytes(MIB) + b"\r\n"
        before = hostile.memory(station.pid)[0]
        heard = hostile.ask(station.port, chunked + chunk * 40)
        assert heard[:13] in {b"HTTP/1.1 413 ", b""}
        assert hostile.memory(station.pid)[0] - before < 50

    @pytest.mark.parametrize("times", [1, 2])
    def test_zip_bomb(self, station, token, times):
        body = hostile.bomb(30, times)
        answer = station.post(body, token, content_encoding="gzip")
        assert answer.status == (413 if times == 1 else 400)

    @pytest.mark.parametrize("signal", ["logs", "metrics", "traces"])
    @pytest.mark.parametrize(
        ("made", "size"),
        [
            (hostile.nested, 90),
            (hostile.nested, 3000),
            (hostile.distinct_keys, 50_000),
            (hostile.tiny_messages, MIB - 20),
        ],
        ids=["nested", "nested deeply", "keys", "tiny messages"],
    )
    def test_strange_messages(self, station, signal, made, size):
        body = made(size)
        token = station.token(f"{signal}-{len(body)}@example.com")
        answer = station.post(body, token, path=f"/v1/{signal}")
        assert answer.status in {200, 400, 413, 429}

    def test_many_tiny_messages_pressed_together(self, station):
        body = gzip.compress(hostile.tiny_messages(8 * MIB - 20), 1)
        for signal in ("logs", "metrics", "traces"):
            token = station.token(f"tiny-{signal}@example.com")
            options = {"content_type": PROTOBUF, "content_encoding": "gzip"}
            answer = station.post(body, token, path=f"/v1/{signal}", **options)
            assert answer.status in {200, 400, 413, 429}


class TestGrpc:
    @pytest.fixture
    def channel(self, station):
        with grpc.insecure_channel(f"127.0.0.1:{station.grpc_port}") as channel:
            yield channel

    def send(self, channel, body, *metadata):
        try:
            export = channel.unary_unary(LOGS)
            return export(body, metadata=metadata, timeout=30)
        except grpc.RpcError as error:
            return error.code()

    def bearer(self, token):
        return ("authorization", f"Bearer {token}")

    @pytest.mark.parametrize("times", [1, 2])
    def test_zip_bomb(self, channel, token, times):
        codes = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT
        body = hostile.bomb(30, times)
        assert self.send(channel, body, self.bearer(token)) is codes[times - 1]

    def test_giant_metadata(self, channel, token):
        huge = ("x", "y" * 200_000)
        answer = self.send(channel, b"", self.bearer(token), huge)
        assert answer is grpc.StatusCode.RESOURCE_EXHAUSTED

    def test_calls_that_say_nothing(self, channel, station, token, good):
        never = [
            channel.stream_unary(LOGS).future(
                _silence(), metadata=(self.bearer(token),)
            )
            for _ in range(150)
        ]
        assert max(good() for _ in range(10)) < BUSY_SECONDS
        codes = {call.code() for call in never[:10]}
        assert codes == {grpc.StatusCode.UNAVAILABLE}
        for call in never:
            call.cancel()

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"GET / HTTP/1.1\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9) + b"\xff" * 1000,
        ],
        ids=["nothing", "HTTP/1.1", "half a greeting", "garbage"],
    )
    def test_strange_greetings(self, station, said):
        with hostile.connected(station.grpc_port) as sock:
            sock.sendall(said)
            began = time.monotonic()
            hostile.everything(sock)
            assert time.monotonic() - began < BUSY_SECONDS

    def test_a_flood_of_pings(self, station, good):
        ping = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + bytes(8)
        settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
        with hostile.connected(station.grpc_port) as sock:
            sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings)
            with contextlib.suppress(OSError):
                for _ in range(100):
                    sock.sendall(ping * 1000)
            assert good() < BUSY_SECONDS
            assert _told_off(sock)

    def test_a_flood_of_idle_rpc_connections(self, station, token):
        with contextlib.ExitStack() as held:
            for _ in range(3 * CONNECTIONS):
                with contextlib.suppress(OSError):
                    held.enter_context(hostile.connected(station.grpc_port))
            began = time.monotonic()
            while time.monotonic() - began < 2 * BUSY_SECONDS:
                with grpc.insecure_channel(f"127.0.0.1:{station.grpc_port}") as fresh:
                    if self.send(fresh, b"", self.bearer(token)) == b"":
                        break
            else:
                pytest.fail("nobody else got in")


def _told_off(sock):
    """Tell whether the other side complains, or has hung up."""
    heard, end = b"", time.monotonic() + 2 * BUSY_SECONDS
    sock.settimeout(1)
    while time.monotonic() < end and b"too_many_pings" not in heard:
        try:
            chunk = sock.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return True
        if not chunk:
            return True
        heard += chunk
    return b"too_many_pings" in heard


def _silence():
    time.sleep(30)
    yield b""
