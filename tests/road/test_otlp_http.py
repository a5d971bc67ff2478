"""OTLP over HTTP as its specification has it, at a real server and byte for byte."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceResponse,
)

from tests.otlp_bodies import API_REQUEST, log, logs, packed_logs
from tests.road import hostile
from tests.road.station import JSON, PATIENCE, PROTOBUF, station_in

POLICY = "[limits]\nmax_body_bytes = 65536\nmax_inflated_bytes = 262144\n"
SIGNALS = ("logs", "metrics", "traces")


def plain(*numbers, **changed):
    events = [{**API_REQUEST, "request_id": f"req_{n}", **changed} for n in numbers]
    return logs(*map(log, events))


def packed(*numbers, **changed):
    return packed_logs(plain(*numbers, **changed))


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with station_in(tmp_path_factory.mktemp("otlp_http"), POLICY) as running:
        yield running


@pytest.fixture(scope="module")
def token(station):
    return station.token("alice@example.com")


@pytest.fixture(scope="module")
def key(station):
    return station.key(scope="operator")


def kind(answer):
    return answer.headers["content-type"]


def status(answer):
    """Read the google.rpc.Status of a refusal, in the encoding of the request."""
    if kind(answer) == JSON:
        return answer.json["code"], answer.json["message"]
    assert kind(answer) == PROTOBUF
    read = Status.FromString(answer.body)
    return read.code, read.message


class TestTaken:
    @pytest.mark.parametrize("signal", SIGNALS)
    @pytest.mark.parametrize("asked", [JSON, PROTOBUF])
    def test_nothing_is_fine_and_answered_in_kind(self, station, token, signal, asked):
        answer = station.post(b"", token, path=f"/v1/{signal}", content_type=asked)
        assert (answer.status, kind(answer)) == (200, asked)
        assert answer.body == (b"{}" if asked == JSON else b"")

    @pytest.mark.parametrize(
        "asked",
        [f"{JSON}; charset=utf-8", f"{JSON};", "Application/JSON ; q=1", f" {JSON} "],
    )
    def test_parameters_of_the_content_type(self, station, token, asked):
        answer = station.post(plain(1), token, content_type=asked)
        assert (answer.status, kind(answer)) == (200, JSON)

    def test_unknown_fields_are_ignored(self, station, token, key):
        before = station.settled(key)
        message = json.loads(plain(2))
        message["resourceLogs"][0]["aNewField"] = {"deep": [1, {"deeper": None}]}
        message["anotherOne"] = 5
        assert station.post(json.dumps(message), token, content_type=JSON).status == 200
        assert station.post(packed(3) + b"\xa2\x06\x03abc", token).status == 200
        assert station.settled(key)["visible"] - before["visible"] == 2

    def test_chunks_and_gzip(self, station, token, key):
        before = station.settled(key)
        body = gzip.compress(packed(*range(10, 40)))
        pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
        answer = station.post(iter(pieces), token, content_encoding="gzip")
        assert answer.status == 200
        assert station.settled(key)["visible"] - before["visible"] == 30

    def test_many_requests_on_one_connection(self, station, token):
        connection = http.client.HTTPConnection(
            "127.0.0.1", station.port, timeout=PATIENCE
        )
        headers = {"authorization": f"Bearer {token}", "content-type": PROTOBUF}
        connection.connect()
        first = connection.sock
        for number in range(50, 60):
            connection.request("POST", "/v1/logs", packed(number), headers)
            assert connection.getresponse().read() == b""
        # Refusals keep it open as well, whether their body was read or not.
        for body in (b"\xff", bytes(70_000)):
            connection.request("POST", "/v1/logs", body, headers)
            assert connection.getresponse().read()
        connection.request("POST", "/v1/logs", packed(61), headers)
        assert connection.getresponse().status == 200
        assert connection.sock is first
        connection.close()

    def test_pipelined_requests_are_answered_in_turn(self, station, token):
        bodies = [packed(70), b"\xff", packed(71), b"", packed(72)]
        asked = b""
        for number, body in enumerate(bodies):
            fields = {"content_length": len(body)}
            if number == len(bodies) - 1:
                fields["connection"] = "close"
            asked += hostile.head(token, **fields).encode() + body
        heard = hostile.ask(station.port, asked)
        codes = [int(told[:3]) for told in heard.split(b"HTTP/1.1 ")[1:]]
        assert codes == [200, 400, 200, 200, 200]

    def test_expect_100_continue(self, station, token):
        body = packed(80)
        fields = {"content_length": len(body), "expect": "100-continue"}
        fields["connection"] = "close"
        with hostile.connected(station.port) as sock:
            head = hostile.head(token, **fields).replace("PORT", str(station.port))
            sock.sendall(head.encode())
            assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
            sock.sendall(body)
            assert hostile.everything(sock).startswith(b"HTTP/1.1 200 ")

    def test_expect_100_continue_of_nobody(self, station):
        """A body is not asked for when its token is not known."""
        fields = {"content_length": 100, "expect": "100-continue"}
        with hostile.connected(station.port) as sock:
            head = hostile.head("nobody", **fields).replace("PORT", str(station.port))
            sock.sendall(head.encode())
            assert sock.recv(100).startswith(b"HTTP/1.1 401 ")

    def test_what_cannot_be_used_is_counted_and_said(self, station, token):
        answer = station.post(packed(90, input_tokens=-1), token)
        partial = ExportLogsServiceResponse.FromString(answer.body).partial_success
        assert (answer.status, partial.rejected_log_records) == (200, 1)
        assert "absurd token counts" in partial.error_message
        body = plain(90, input_tokens=-1)
        answer = station.post(body, token, content_type=JSON)
        assert answer.json["partialSuccess"]["rejectedLogRecords"] == "1"


class TestRefused:
    @pytest.mark.parametrize("signal", SIGNALS)
    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
    def test_other_methods(self, station, token, signal, method):
        authorization = f"Bearer {token}"
        answer = station.ask(method, f"/v1/{signal}", authorization=authorization)
        assert answer.status == 405
        assert answer.headers["allow"] == "POST"

    @pytest.mark.parametrize("asked", [JSON, PROTOBUF])
    def test_undecodable(self, station, token, asked):
        answer = station.post(b"\xff{", token, content_type=asked)
        assert (answer.status, kind(answer)) == (400, asked)
        assert status(answer)[0] == 3

    @pytest.mark.parametrize("asked", ["text/plain", "application/grpc", ""])
    def test_other_content_types_name_what_is_read(self, station, token, asked):
        answer = station.post(packed(1), token, content_type=asked)
        assert answer.status == 415
        code, message = status(answer)
        assert code == 3
        assert JSON in message
        assert PROTOBUF in message

    @pytest.mark.parametrize(
        ("encoding", "pressed"),
        [
            ("deflate", zlib.compress(packed(1))),
            ("zstd", b"\x28\xb5\x2f\xfd" + bytes(20)),
            ("br", bytes(20)),
            ("gzip, gzip", gzip.compress(gzip.compress(packed(1), mtime=0), mtime=0)),
        ],
    )
    def test_other_compression_names_what_is_read(
        self, station, token, encoding, pressed
    ):
        answer = station.post(pressed, token, content_encoding=encoding)
        assert (answer.status, kind(answer)) == (415, PROTOBUF)
        assert "gzip or identity" in status(answer)[1]

    @pytest.mark.parametrize("asked", [JSON, PROTOBUF])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_above_the_limit(self, station, token, asked, chunked):
        body = iter([bytes(40000)] * 2) if chunked else bytes(65537)
        answer = station.post(body, token, content_type=asked)
        assert (answer.status, kind(answer)) == (413, asked)
        assert status(answer)[0] == 8
        assert "65536" in status(answer)[1]

    def test_above_the_limit_after_inflation(self, station, token):
        body = gzip.compress(bytes(300_000))
        answer = station.post(body, token, content_encoding="gzip")
        assert answer.status == 413
        assert "262144" in status(answer)[1]
        assert "retry-after" not in answer.headers

    @pytest.mark.parametrize("asked", [JSON, PROTOBUF])
    def test_without_a_token(self, station, asked):
        answer = station.post(packed(1), "", content_type=asked)
        assert (answer.status, kind(answer)) == (401, asked)
        assert status(answer)[0] == 16
        assert answer.headers["www-authenticate"].startswith("Bearer")
