"""OTLP over gRPC at a real server: what a client of it is told, and what is counted."""

from __future__ import annotations

import gzip
import os
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)

from tests.otlp_bodies import (
    API_REQUEST,
    log,
    logs,
    metric,
    metrics,
    packed_logs,
    packed_metrics,
    packed_spans,
    point,
    span,
    spans,
)
from tests.road.station import (
    PATIENCE,
    Station,
    assert_calm,
    free_port,
    mileage,
    station_in,
    until,
)

PACKAGE = "/opentelemetry.proto.collector"
LOGS = f"{PACKAGE}.logs.v1.LogsService/Export"
METRICS = f"{PACKAGE}.metrics.v1.MetricsService/Export"
TRACES = f"{PACKAGE}.trace.v1.TraceService/Export"
POLICY = "[limits]\nmax_body_bytes = 262144\nmax_inflated_bytes = 1048576\n"
CODE = grpc.StatusCode


def packed(*numbers, **changed):
    events = [{**API_REQUEST, "request_id": f"req_{n}", **changed} for n in numbers]
    return packed_logs(logs(*map(log, events)))


class Client:
    """What an exporter does, without any of its patience."""

    def __init__(self, port, token="", **options):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", **options)
        self.metadata = (("authorization", f"Bearer {token}"),) if token else ()

    def send(self, body, method=LOGS, metadata=None):
        sent = self.metadata if metadata is None else metadata
        export = self.channel.unary_unary(method)
        return export(body, metadata=sent, timeout=PATIENCE)

    def refused(self, body, method=LOGS, metadata=None):
        """Return the code and the words of an answer that is no success."""
        with pytest.raises(grpc.RpcError) as refusal:
            self.send(body, method, metadata)
        return refusal.value

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()


def status_of(error):
    """Read the google.rpc.Status of the details: (code, message, seconds to wait)."""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    status = Status.FromString(details)
    seconds = 0
    for detail in status.details:
        info = RetryInfo()
        assert detail.Unpack(info)
        seconds = info.retry_delay.seconds
    return status.code, status.message, seconds


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grpc")
    with station_in(folder, POLICY, grpc_port=free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def key(station):
    return station.key(scope="operator")


@pytest.fixture(scope="module")
def token(station):
    return station.token("alice@example.com")


@pytest.fixture
def client(station, token):
    with Client(station.grpc_port, token) as one:
        yield one


class TestTaken:
    def test_logs_metrics_and_traces(self, client, station, key):
        before = station.settled(key)
        body = packed_metrics(metrics(metric("claude_code.commit.count", point(1, {}))))
        assert client.send(body, METRICS) == b""
        assert client.send(packed_spans(spans(span({}))), TRACES) == b""
        # Nobody waits for what is no call: these stand behind it.
        assert client.send(packed(1, 2)) == b""
        after = station.settled(key)
        assert after["accepted"] - before["accepted"] == 2
        assert after["ignored"] - before["ignored"] == 1

    def test_the_same_call_over_both_transports_counts_once(
        self, client, station, token, key
    ):
        body = packed(11, 12, 13)
        before = station.settled(key)
        assert client.send(body) == b""
        assert station.post(body, token).status == 200
        after = station.settled(key)
        assert after["visible"] - before["visible"] == 3
        assert after["duplicates"] - before["duplicates"] == 3

    def test_gzip(self, station, token, key):
        before = station.settled(key)
        pressed = {"compression": grpc.Compression.Gzip}
        with Client(station.grpc_port, token, **pressed) as client:
            assert client.send(packed(*range(20, 70))) == b""
        after = station.settled(key)
        assert after["visible"] - before["visible"] == 50

    @pytest.mark.parametrize("method", [LOGS, METRICS, TRACES])
    def test_an_empty_message_is_fine(self, client, method):
        assert client.send(b"", method) == b""

    def test_unknown_fields_are_ignored(self, client, station, key):
        before = station.settled(key)
        # Field 100, a text; and field 101, a number.
        unknown = b"\xa2\x06\x03abc\xa8\x06\x05"
        assert client.send(packed(80) + unknown) == b""
        assert station.settled(key)["visible"] - before["visible"] == 1

    def test_what_cannot_be_used_is_counted_and_said(self, client):
        answer = client.send(packed(90, input_tokens=-1))
        partial = ExportLogsServiceResponse.FromString(answer).partial_success
        assert partial.rejected_log_records == 1
        assert "absurd token counts" in partial.error_message
        body = packed_metrics(
            metrics(metric("claude_code.commit.count", point(-1, {})))
        )
        answer = client.send(body, METRICS)
        partial = ExportMetricsServiceResponse.FromString(answer).partial_success
        assert partial.rejected_data_points == 1

    def test_is_seen_from_outside(self, client, station, key):
        assert client.send(packed(95)) == b""
        assert client.refused(b"\xff").code() is CODE.INVALID_ARGUMENT
        figures = station.get("/metrics", key).body.decode()
        counted = [line for line in figures.splitlines() if 'transport="grpc"' in line]
        assert any('status="200"' in line for line in counted), figures
        assert any('status="400"' in line for line in counted), figures

    def test_many_calls_on_one_connection(self, client, station, key):
        before = station.settled(key)
        # One token may hold half of the room, which is small here: four at once.
        with ThreadPoolExecutor(3) as pool:
            bodies = [packed(*range(n, n + 5)) for n in range(1000, 1500, 5)]
            assert set(pool.map(client.send, bodies)) == {b""}
        assert station.settled(key)["visible"] - before["visible"] == 500


class TestRefused:
    @pytest.mark.parametrize(
        "metadata",
        [
            (),
            (("authorization", "Basic Z29vZA=="),),
            (("authorization", "Bearer nobody"),),
            (("authorization-bin", b"Bearer nobody"),),
        ],
    )
    def test_without_a_good_token(self, client, metadata):
        error = client.refused(packed(1), metadata=metadata)
        assert error.code() is CODE.UNAUTHENTICATED
        assert status_of(error) == (16, error.details(), 0)

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff" * 50,
            packed(1)[:-5],
            b"\x1f\x8b",
            gzip.compress(b"x", mtime=0)[:-4],
            b"{}",
        ],
    )
    @pytest.mark.parametrize("method", [LOGS, METRICS, TRACES])
    def test_what_is_no_otlp(self, client, station, key, body, method):
        before = station.settled(key)
        error = client.refused(body, method)
        assert error.code() is CODE.INVALID_ARGUMENT
        assert status_of(error) == (3, error.details(), 0)
        until(
            lambda: station.status(key)["rejected"] > before["rejected"],
            "the refusal to be counted",
        )

    def test_above_the_limit_is_not_to_be_repeated(self, client, station, key):
        before = station.settled(key)
        error = client.refused(os.urandom(262145))
        assert error.code() is CODE.RESOURCE_EXHAUSTED
        assert status_of(error)[2] == 0
        assert "262144" in error.details()
        # gRPC refuses it by itself: that is to be seen from here, too.
        until(
            lambda: station.status(key)["rejected"] > before["rejected"],
            "the refusal to be counted",
        )
        counted = re.compile(r'requests_total{status="413",transport="grpc"} [1-9]')
        until(
            lambda: counted.search(station.get("/metrics", key).body.decode()),
            "it to be counted as too large",
        )

    def test_inflating_beyond_the_limit(self, client, station, key):
        before = station.settled(key)
        bomb = gzip.compress(bytes(20_000_000))
        error = client.refused(bomb)
        assert error.code() is CODE.RESOURCE_EXHAUSTED
        assert status_of(error) == (8, error.details(), 0)
        assert "1048576" in error.details()
        until(
            lambda: station.status(key)["rejected"] > before["rejected"],
            "the refusal to be counted",
        )

    def test_the_limit_itself_is_taken(self, client):
        body = packed(110)
        # Field 100 of any length is ignored; its tag and length take five bytes.
        room = 262144 - len(body) - 5
        filled = body + b"\xa2\x06" + _varint(room) + bytes(room)
        assert len(filled) == 262144
        assert client.send(filled) == b""

    @pytest.mark.parametrize("algorithm", [grpc.Compression.Deflate])
    def test_other_compression_names_what_is_read(self, station, token, algorithm):
        with Client(station.grpc_port, token, compression=algorithm) as client:
            error = client.refused(packed(1))
        assert error.code() is CODE.UNIMPLEMENTED
        assert "deflate" in error.details()

    def test_another_service(self, client):
        method = f"{PACKAGE}.profiles.v1development.ProfilesService/Export"
        assert client.refused(b"", method).code() is CODE.UNIMPLEMENTED

    def test_nothing_of_a_message_is_quoted(self, client):
        error = client.refused(b"\xff s3cr3t")
        assert "s3cr3t" not in error.details()


def _varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(station, token, key):
    before = station.settled(key)
    with Client(station.grpc_port, token) as client:
        ended = threading.Event()

        def never():
            ended.wait(PATIENCE)
            yield from ()

        export = client.channel.stream_unary(LOGS)
        held = export.future(never(), metadata=client.metadata)
        time.sleep(0.1)
        held.cancel()
        ended.set()
    assert station.settled(key)["accepted"] == before["accepted"]


class TestPort:
    def test_is_free_at_once_after_the_end_and_nothing_is_lost(self, tmp_path):
        station = Station(tmp_path, grpc_port=free_port()).start()
        token = station.token("alice@example.com")
        key = station.key(scope="operator")
        with Client(station.grpc_port, token) as client:
            for number in range(20):
                assert client.send(packed(number)) == b""
            assert station.stop() == 0
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", station.grpc_port))
                probe.listen()
            assert client.refused(packed(99)).code() is CODE.UNAVAILABLE
        station.start()
        try:
            assert station.settled(key)["visible"] == 20
            with Client(station.grpc_port, token) as again:
                assert again.send(packed(99)) == b""
        finally:
            station.stop()
        assert_calm(station.said)

    def test_in_use_is_said_when_it_was_asked_for(self, tmp_path):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            words = ("serve", "--data", tmp_path / "d", "--port", 0, "--grpc-port")
            done = mileage(*words, port)
        assert done.returncode == 4
        assert done.stderr.count("\n") == 1
        assert f"port {port} on 127.0.0.1 cannot be used" in done.stderr
        assert "--grpc-port" in done.stderr

    def test_beyond_this_machine_is_refused(self, tmp_path):
        words = ("--data", tmp_path / "d", "--host", "192.0.2.1", "--grpc-port", 0)
        done = mileage("serve", *words)
        assert done.returncode == 2
        assert "loopback" in done.stderr

    def test_none_is_opened_unasked(self, tmp_path):
        with station_in(tmp_path) as station:
            assert "gRPC" not in station.said

    def test_is_announced(self, station):
        assert f"OTLP over gRPC: 127.0.0.1:{station.grpc_port}\n" in station.said
