from __future__ import annotations

import asyncio
import gzip
import json
import threading
import tracemalloc
import zlib
from functools import cache

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mileage.domain.errors import (
    Invalid,
    TooLarge,
    TooMany,
    Unauthorised,
    Unavailable,
)
from mileage.domain.people import Credential
from mileage.domain.witness import Rejected
from mileage.sources import claude_code_otlp, codex_otlp
from mileage.web.door import routes
from mileage.web.door_answers import pack_status, summary
from mileage.web.intake import MIB, DoorLimits, inflated
from tests.otlp_bodies import (
    API_REQUEST,
    CODEX_SCOPE,
    SSE_EVENT,
    log,
    logs,
    metric,
    metrics,
    packed_logs,
    packed_metrics,
    point,
)

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
TOKEN = "Bearer good"
CREDENTIAL = Credential("t1", "alice", "")
OTHER = Credential("t2", "bob", "")
CALL = logs(log(API_REQUEST))
BAD_CALL = logs(
    log(API_REQUEST),
    log({**API_REQUEST, "input_tokens": -1}),
    log({k: v for k, v in API_REQUEST.items() if k != "event.timestamp"}),
)


class FakeDoor:
    """Keeps readings in memory; can be told to be full, or slow."""

    def __init__(self):
        self.sources = (claude_code_otlp.SOURCE, codex_otlp.SOURCE)
        self.readings = []
        self.refusals = []
        self.asked = []
        self.full = False
        self.closed = False
        self.rate = 0
        self.durable = None

    async def credential(self, bearer):
        self.asked.append(bearer)
        if self.closed:
            raise Unavailable("the directory is locked")
        if self.rate:
            raise TooMany(self.rate, "more than 10 requests in a second")
        if bearer not in {"good", "other"}:
            raise Unauthorised("this token is unknown or was revoked")
        return CREDENTIAL if bearer == "good" else OTHER

    def prepare(self, credential, reading, origin):
        return credential, reading, origin

    async def accept(self, prepared):
        credential, reading, origin = prepared
        assert credential in {CREDENTIAL, OTHER}
        assert origin == "otlp"
        if self.full:
            raise Unavailable("the disk is full")
        if self.durable is not None:
            await self.durable.wait()
        self.readings.append(reading)

    def refuse(self, credential, source, reason):
        self.refusals.append((credential.token_id, source, reason))

    def counters(self):
        return {}

    @property
    def calls(self):
        return [row for reading in self.readings for row in reading.witnesses.rows()]


@pytest.fixture
def door():
    return FakeDoor()


@pytest.fixture
def client(door):
    return opened(door)


def opened(door, limits=None):
    return TestClient(Starlette(routes=routes(door, limits)))


def post(client, body=CALL, path="/v1/logs", **changed):
    headers = {"authorization": TOKEN, "content-type": JSON}
    headers |= {key.replace("_", "-"): value for key, value in changed.items()}
    sent = {key: value for key, value in headers.items() if value is not None}
    return client.post(path, content=body, headers=sent)


def status(response):
    """Read a google.rpc.Status in either encoding: (code, message)."""
    if response.headers["content-type"] == JSON:
        plain = response.json()
        assert set(plain) == {"code", "message"}
        return plain["code"], plain["message"]
    assert response.headers["content-type"] == PROTOBUF
    assert response.content[:1] == b"\x08"
    assert response.content[2:3] == b"\x12"
    length, size = 0, 3
    for shift in range(0, 64, 7):
        byte = response.content[size]
        length |= (byte & 127) << shift
        size += 1
        if byte < 128:
            break
    assert len(response.content) == size + length
    return response.content[1], response.content[size:].decode()


class TestAccepted:
    def test_json(self, client, door):
        response = post(client)
        assert response.status_code == 200
        assert response.headers["content-type"] == JSON
        assert response.json() == {}
        assert [call.key for call in door.calls] == ["req_1"]

    def test_protobuf(self, client, door):
        response = post(client, packed_logs(CALL), content_type=PROTOBUF)
        assert response.status_code == 200
        assert response.headers["content-type"] == PROTOBUF
        assert response.content == b""
        assert [call.key for call in door.calls] == ["req_1"]

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/json ;a=b",
        ],
    )
    def test_parameters_of_the_content_type(self, client, door, content_type):
        assert post(client, content_type=content_type).status_code == 200
        assert len(door.calls) == 1

    @pytest.mark.parametrize("encoding", ["gzip", "GZIP"])
    def test_gzip(self, client, door, encoding):
        response = post(client, gzip.compress(CALL), content_encoding=encoding)
        assert response.status_code == 200
        assert len(door.calls) == 1

    @pytest.mark.parametrize("encoding", ["identity", "", None])
    def test_no_encoding(self, client, door, encoding):
        assert post(client, content_encoding=encoding).status_code == 200
        assert len(door.calls) == 1

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_the_scheme_in_any_case(self, client, scheme):
        assert post(client, authorization=f"{scheme} good").status_code == 200

    def test_metrics(self, client, door):
        body = metrics(metric("claude_code.commit.count", point(1, {})))
        assert post(client, body, "/v1/metrics").status_code == 200
        packed = packed_metrics(body)
        response = post(client, packed, "/v1/metrics", content_type=PROTOBUF)
        assert response.status_code == 200
        assert [len(reading.activities) for reading in door.readings] == [1, 1]

    def test_traces_are_ignored_and_counted(self, client, door):
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [{}, {}]}]}]}
        response = post(client, json.dumps(body).encode(), "/v1/traces")
        assert (response.status_code, response.json()) == (200, {})
        assert [reading.ignored for reading in door.readings] == [2]

    def test_records_of_two_clients_in_one_body(self, client, door):
        both = json.loads(CALL)
        both["resourceLogs"] += json.loads(logs(log(SSE_EVENT), scope=CODEX_SCOPE))[
            "resourceLogs"
        ]
        assert post(client, json.dumps(both).encode()).status_code == 200
        assert [call.client for call in door.calls] == ["claude-code", "codex"]

    @pytest.mark.parametrize("path", ["/v1/logs", "/v1/metrics", "/v1/traces"])
    @pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
    def test_an_empty_body_is_fine(self, client, door, path, content_type):
        response = post(client, b"", path, content_type=content_type)
        assert response.status_code == 200
        assert response.headers["content-type"] == content_type
        assert door.readings == []

    @pytest.mark.parametrize("body", [b"", gzip.compress(b"", mtime=0)])
    def test_an_empty_body_said_to_be_gzip(self, client, door, body):
        assert post(client, body, content_encoding="gzip").status_code == 200
        assert door.readings == []
        assert door.refusals == []

    def test_chunks_without_a_length(self, door):
        sent = [CALL[i : i + 7] for i in range(0, len(CALL), 7)]
        answer = asyncio.run(converse(door, sent))
        assert answer.status == 200
        assert len(door.calls) == 1


class TestPartlyAccepted:
    def test_json(self, client, door):
        response = post(client, BAD_CALL)
        assert response.status_code == 200
        partial = response.json()["partialSuccess"]
        assert partial["rejectedLogRecords"] == "2"
        assert "no time (1)" in partial["errorMessage"]
        assert "missing or absurd token counts (1)" in partial["errorMessage"]
        assert len(door.calls) == 1
        assert [len(reading.rejected) for reading in door.readings] == [2]

    def test_protobuf(self, client):
        response = post(client, packed_logs(BAD_CALL), content_type=PROTOBUF)
        answer = ExportLogsServiceResponse.FromString(response.content)
        assert answer.partial_success.rejected_log_records == 2
        assert answer.partial_success.error_message.startswith("2 not usable: ")

    def test_data_points(self, client):
        body = metrics(metric("claude_code.commit.count", point(-1, {})))
        partial = post(client, body, "/v1/metrics").json()["partialSuccess"]
        assert partial["rejectedDataPoints"] == "1"
        packed = packed_metrics(body)
        response = post(client, packed, "/v1/metrics", content_type=PROTOBUF)
        answer = ExportMetricsServiceResponse.FromString(response.content)
        assert answer.partial_success.rejected_data_points == 1

    def test_a_summary_is_short_however_many_reasons_there_are(self):
        many = [Rejected("s", "p", f"reason {n % 50}") for n in range(1000)]
        assert len(summary(many)) < 200


class TestWhoIsAsking:
    @pytest.mark.parametrize(
        "authorization", [None, "", "Bearer", "Bearer ", "Basic Z29vZA==", "good"]
    )
    def test_without_a_token(self, client, door, authorization):
        response = post(client, authorization=authorization)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert status(response)[0] == 16
        assert door.asked == []
        assert door.readings == []

    @pytest.mark.parametrize("content_type", [JSON, PROTOBUF, "text/plain", None])
    def test_with_a_wrong_token(self, client, door, content_type):
        response = post(client, authorization="Bearer bad", content_type=content_type)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert status(response) == (16, "this token is unknown or was revoked")
        assert (door.readings, door.refusals) == ([], [])

    def test_the_body_is_not_read_before(self, door):
        answer = asyncio.run(converse(door, [CALL], token="bad"))
        assert answer.status == 401
        assert answer.taken == 0

    def test_when_nobody_can_tell(self, client, door):
        door.closed = True
        response = post(client)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert door.readings == []


class TestUnsupported:
    @pytest.mark.parametrize(
        "content_type",
        [
            None,
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/protobuf+x",
        ],
    )
    def test_content_types(self, client, door, content_type):
        response = post(client, content_type=content_type)
        assert response.status_code == 415
        code, message = status(response)
        assert code == 3
        assert "application/x-protobuf" in message
        assert len(door.refusals) == 1

    @pytest.mark.parametrize("encoding", ["zstd", "br", "deflate", "gzip, gzip", "x"])
    @pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
    def test_encodings(self, client, door, encoding, content_type):
        response = post(client, content_encoding=encoding, content_type=content_type)
        assert response.status_code == 415
        assert response.headers["content-type"] == content_type
        assert "gzip" in status(response)[1]
        assert door.readings == []

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_methods(self, client, method):
        assert client.request(method, "/v1/logs").status_code == 405


class TestUndecodable:
    @pytest.mark.parametrize("path", ["/v1/logs", "/v1/metrics", "/v1/traces"])
    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            (JSON, b"{"),
            (JSON, b"[]"),
            (JSON, packed_logs(CALL)),
            (JSON, b'{"a":' * 50_000),
            (PROTOBUF, packed_logs(CALL)[:-5]),
            (PROTOBUF, b"\xff" * 50),
            (PROTOBUF, CALL),
        ],
    )
    def test_is_refused_for_good_and_counted(
        self, client, door, path, content_type, body
    ):
        response = post(client, body, path, content_type=content_type)
        assert response.status_code == 400
        assert response.headers["content-type"] == content_type
        code, message = status(response)
        assert code == 3
        assert door.refusals == [("t1", "otlp", message)]
        assert door.readings == []

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (gzip.compress(CALL, mtime=0)[:-9], "cut off"),
            (gzip.compress(CALL, mtime=0)[:20], "cut off"),
            (gzip.compress(CALL, mtime=0)[:5], "cut off"),
            (CALL, "not valid gzip"),
            (zlib.compress(CALL), "not valid gzip"),
            (gzip.compress(CALL, mtime=0)[:-4] + b"\0\0\0\0", "not valid gzip"),
            (gzip.compress(CALL, mtime=0) + b"more", "after the gzip stream"),
            (gzip.compress(CALL, mtime=0) * 2, "after the gzip stream"),
        ],
    )
    def test_gzip(self, client, door, body, words):
        response = post(client, body, content_encoding="gzip")
        assert response.status_code == 400
        assert words in status(response)[1]
        assert len(door.refusals) == 1
        assert door.readings == []

    def test_nothing_of_the_body_is_quoted(self, client, door):
        response = post(client, b'{"resourceLogs": "s3cr3t"}')
        assert b"s3cr3t" not in response.content
        assert "s3cr3t" not in str(door.refusals)


class TestTooLarge:
    limits = DoorLimits(max_body_bytes=4096, max_inflated_bytes=8192)

    @pytest.mark.parametrize("declared", ["4097", "999999", "9" * 6000])
    def test_by_its_declared_length(self, door, declared):
        extra = {"content-length": declared}
        answer = asyncio.run(converse(door, [b"x"], self.limits, extra=extra))
        assert answer.status == 413
        assert answer.taken == 0

    @pytest.mark.parametrize("declared", ["-5", "many", "", "٣"])
    def test_a_length_that_is_none_is_not_believed(self, door, declared):
        extra = {"content-length": declared}
        sent = [b"x" * 1000] * 100
        answer = asyncio.run(converse(door, sent, self.limits, extra=extra))
        assert answer.status == 413

    def test_while_it_is_read(self, door):
        sent = [b"x" * 1000] * 1000
        answer = asyncio.run(converse(door, sent, self.limits))
        assert answer.status == 413
        assert answer.taken == 5

    def test_after_inflation(self, door):
        body = gzip.compress(b"{" + b" " * 9000 + b"}")
        assert len(body) < 4096
        response = post(opened(door, self.limits), body, content_encoding="gzip")
        assert response.status_code == 413
        code, message = status(response)
        assert code == 8
        assert "8192" in message
        assert door.refusals == [("t1", "otlp", message)]

    @pytest.mark.parametrize(
        ("size", "expected"), [(4095, 200), (4096, 200), (4097, 413)]
    )
    def test_the_limit_itself_is_allowed(self, door, size, expected):
        body = b"{" + b" " * (size - 2) + b"}"
        assert post(opened(door, self.limits), body).status_code == expected

    @pytest.mark.parametrize("size", [8192, 8193])
    def test_the_inflated_limit_itself_is_allowed(self, door, size):
        body = gzip.compress(b"{" + b" " * (size - 2) + b"}")
        response = post(opened(door, self.limits), body, content_encoding="gzip")
        assert response.status_code == (200 if size == 8192 else 413)

    def test_in_the_encoding_of_the_request(self, door):
        body, kind = b"x" * 5000, PROTOBUF
        response = post(opened(door, self.limits), body, content_type=kind)
        assert response.status_code == 413
        assert status(response)[0] == 8


@cache
def bomb(megabytes):
    pressed = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    zeros = bytes(MIB)
    parts = [pressed.compress(zeros) for _ in range(megabytes)]
    return b"".join([*parts, pressed.flush()])


class TestBomb:
    @pytest.fixture
    def body(self):
        return bomb(200)

    def peak(self, client, body):
        tracemalloc.start()
        try:
            response = post(client, body, content_encoding="gzip")
            return response, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def test_200_megabytes_are_refused_in_bounded_memory(self, client, door, body):
        assert len(body) < MIB
        response, peak = self.peak(client, body)
        assert response.status_code == 413
        # The permitted 64 MiB, once in pieces and once joined.
        assert peak < 150 * MIB
        assert door.readings == []
        assert len(door.refusals) == 1

    def test_the_bound_follows_the_limit(self, door, body):
        limits = DoorLimits(max_inflated_bytes=MIB)
        response, peak = self.peak(opened(door, limits), body)
        assert response.status_code == 413
        assert peak < 8 * MIB

    def test_inflating_stops_at_the_limit(self, body):
        with pytest.raises(TooLarge, match="1024"):
            inflated(body, 1024)
        assert inflated(gzip.compress(b"abc"), 3) == b"abc"
        with pytest.raises(TooLarge):
            inflated(gzip.compress(b"abc"), 2)
        with pytest.raises(Invalid):
            inflated(b"abc", 3)


class TestUnavailable:
    @pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
    def test_is_to_be_repeated(self, client, door, content_type):
        door.full = True
        body = CALL if content_type == JSON else packed_logs(CALL)
        response = post(client, body, content_type=content_type)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert status(response) == (14, "the disk is full")
        assert door.readings == []
        # The client will send it again, so it is not counted as refused.
        assert door.refusals == []

    def test_and_the_repetition_is_taken(self, client, door):
        door.full = True
        assert post(client).status_code == 503
        door.full = False
        assert post(client).status_code == 200
        assert len(door.calls) == 1

    def test_too_many_waiting_bodies(self, door):
        limits = DoorLimits(max_body_bytes=1000, max_inflated_bytes=1000)
        app = Starlette(routes=routes(door, limits))

        async def scene():
            both = ("good", "other")
            return [await crowd(app, 999, many, both) for many in (12, 12, 8)]

        first, second, third = asyncio.run(scene())
        assert sorted(first) == [200] * 8 + [503] * 4
        # Their room is free again afterwards.
        assert sorted(second) == sorted(first)
        assert third == [200] * 8

    def test_one_token_leaves_half_of_the_room_to_others(self, door):
        limits = DoorLimits(max_body_bytes=1000, max_inflated_bytes=1000)
        app = Starlette(routes=routes(door, limits))
        greedy = ("good",) * 12 + ("other",) * 4
        answers = asyncio.run(crowd(app, 999, 16, greedy))
        assert sorted(answers[:12]) == [200] * 4 + [503] * 8
        assert answers[12:] == [200] * 4

    @pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
    def test_a_client_over_its_rate_is_told_when_to_repeat(
        self, client, door, content_type
    ):
        door.rate = 7
        response = post(client, content_type=content_type)
        assert response.status_code == 429
        assert response.headers["retry-after"] == "7"
        assert status(response) == (8, "more than 10 requests in a second")
        assert (door.readings, door.refusals) == ([], [])


class TestAcknowledged:
    def test_only_after_the_write(self, door):
        async def scene():
            door.durable = asyncio.Event()
            exchange = asyncio.ensure_future(converse(door, [CALL]))
            await asyncio.sleep(0.1)
            waiting = not exchange.done()
            door.durable.set()
            return waiting, (await exchange).status

        assert asyncio.run(scene()) == (True, 200)

    def test_decoding_does_not_hold_the_loop(self, door):
        inside = threading.Event()
        onward = threading.Event()

        class Slow:
            traits = claude_code_otlp.SOURCE.traits
            names = claude_code_otlp.SOURCE.names
            keys = claude_code_otlp.SOURCE.keys

            def wants(self, _record):
                inside.set()
                return not onward.wait(60)

        door.sources = (Slow(),)

        async def scene():
            exchange = asyncio.ensure_future(converse(door, [CALL]))
            for _ in range(6000):
                await asyncio.sleep(0.01)
                if inside.is_set():
                    break
            free = inside.is_set() and not exchange.done()
            onward.set()
            return free, (await exchange).status

        assert asyncio.run(scene()) == (True, 200)

    def test_a_client_that_goes_away_leaves_nothing(self, door):
        answer = asyncio.run(converse(door, [CALL[:20], None]))
        assert answer.status == 400
        assert (door.readings, door.refusals) == ([], [])


@pytest.mark.parametrize("length", [0, 1, 127, 128, 300, 70_000])
def test_a_status_of_any_length(length):
    packed = pack_status(3, "x" * length)
    assert packed.endswith(b"x" * length)

    class Answer:
        headers = {"content-type": PROTOBUF}  # noqa: RUF012
        content = packed

    assert status(Answer) == (3, "x" * length)


class Answered:
    """What came back, and how much of the body was taken."""

    def __init__(self):
        self.status = 0
        self.taken = 0


async def converse(door, chunks, limits=None, **options):
    """Speak ASGI by hand: chunk by chunk; None means that the client goes away."""
    app = Starlette(routes=routes(door, limits))
    return await exchange(app, list(chunks), **options)


async def exchange(app, chunks, *, token="good", extra=None):  # noqa: S107
    answered = Answered()

    async def receive():
        chunk = chunks[answered.taken] if answered.taken < len(chunks) else b""
        answered.taken += 1
        if chunk is None:
            return {"type": "http.disconnect"}
        more = answered.taken < len(chunks)
        return {"type": "http.request", "body": chunk, "more_body": more}

    async def send(message):
        if message["type"] == "http.response.start":
            answered.status = message["status"]

    headers = {"authorization": f"Bearer {token}", "content-type": JSON}
    headers |= extra or {}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/logs",
        "raw_path": b"/v1/logs",
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    await app(scope, receive, send)
    return answered


async def crowd(app, size, many, tokens):
    """Let many clients send a whole body each, and finish all at the same time."""
    gate = asyncio.Event()
    arrived = []
    spaces = b" " * (size - 1)

    async def one(token):
        answered = Answered()
        parts = [b"{" + spaces, b"}"]

        async def receive():
            answered.taken += 1
            if answered.taken == 1:
                return {"type": "http.request", "body": parts[0], "more_body": True}
            arrived.append(1)
            await gate.wait()
            return {"type": "http.request", "body": parts[1], "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                answered.status = message["status"]

        headers = {"authorization": f"Bearer {token}", "content-type": JSON}
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/logs",
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
        await app(scope, receive, send)
        return answered.status

    tasks = [asyncio.ensure_future(one(tokens[n % len(tokens)])) for n in range(many)]
    for _ in range(6000):
        await asyncio.sleep(0.01)
        if len(arrived) + sum(task.done() for task in tasks) == many:
            break
    gate.set()
    return await asyncio.gather(*tasks)
