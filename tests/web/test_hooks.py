"""The webhooks: what is taken, what is refused, and that nothing crashes them."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mileage.domain.errors import Unauthorised, Unavailable
from mileage.domain.people import Credential
from mileage.web.hooks import CLOUDEVENTS, LITELLM, routes
from mileage.web.intake import DoorLimits, Intake

GOLDEN = Path(__file__).parent.parent / "golden" / "litellm"
CALLBACK = (GOLDEN / "json_array-02.body").read_bytes()
JSON = "application/json"
EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
CREDENTIAL = Credential("t1", "alice", "")
DATA = {
    "model": "gpt-5.1",
    "occurred_at": "2026-11-20T12:00:00Z",
    "input": 10,
    "cache_read": 20,
    "output": 3,
}
ENVELOPE = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/robots/one",
    "type": "ai.usage.call",
}
WHOLE = {**ENVELOPE, "data": DATA}
HEADERS = {f"ce-{name}": value for name, value in ENVELOPE.items()}


class FakeDoor:
    """Keeps readings in memory; can be told to be full."""

    def __init__(self):
        self.sources = ()
        self.readings = []
        self.refusals = []
        self.origins = []
        self.full = False

    async def credential(self, bearer):
        if bearer != "good":
            raise Unauthorised("this token is unknown or was revoked")
        return CREDENTIAL

    def prepare(self, credential, reading, origin):
        return credential, reading, origin

    async def accept(self, prepared):
        credential, reading, origin = prepared
        assert credential == CREDENTIAL
        if self.full:
            raise Unavailable("the disk is full")
        self.readings.append(reading)
        self.origins.append(origin)

    def refuse(self, credential, source, reason):
        self.refusals.append((credential.token_id, source, reason))

    @property
    def calls(self):
        return [row for reading in self.readings for row in reading.witnesses.rows()]


@pytest.fixture
def door():
    return FakeDoor()


def post(door, path, body, *, limits=None, token="good", **changed):  # noqa: S107 - made up
    client = TestClient(Starlette(routes=routes(Intake(door, limits))))
    headers = {"content-type": JSON, "authorization": f"Bearer {token}"}
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=content, headers=headers)


def event(door, body=WHOLE, content_type=EVENT, **changed):
    return post(door, CLOUDEVENTS, body, content_type=content_type, **changed)


class TestLiteLLM:
    def test_a_callback(self, door):
        answer = post(door, LITELLM, CALLBACK)
        assert answer.status_code == 200
        assert answer.json() == {
            "accepted": 1,
            "ignored": 1,
            "rejected": 0,
            "reasons": [],
        }
        assert [call.source for call in door.calls] == ["litellm"]
        assert door.origins == ["litellm"]

    @pytest.mark.parametrize("kind", ["application/x-ndjson", JSON])
    def test_lines(self, door, kind):
        lines = (GOLDEN / "ndjson-02.body").read_bytes()
        assert post(door, LITELLM, lines, content_type=kind).status_code == 200
        assert len(door.calls) == 3

    def test_gzip(self, door):
        body = gzip.compress(CALLBACK)
        answer = post(door, LITELLM, body, content_encoding="gzip")
        assert answer.status_code == 200
        assert len(door.calls) == 1

    def test_one_bad_record_leaves_the_others(self, door):
        good = json.loads(CALLBACK)
        bad = {**good[0], "prompt_tokens": -1}
        answer = post(door, LITELLM, [bad, *good, {**bad, "startTime": "soon"}])
        assert answer.status_code == 200
        said = answer.json()
        assert (said["accepted"], said["rejected"]) == (1, 2)
        assert sum(one["count"] for one in said["reasons"]) == 2
        assert [one.place for one in door.readings[0].rejected] == [
            "record:1",
            "record:4",
        ]

    def test_an_empty_batch_is_fine(self, door):
        assert post(door, LITELLM, []).json()["accepted"] == 0


class TestEvents:
    def test_structured(self, door):
        assert event(door).json()["accepted"] == 1
        (call,) = door.calls
        assert call.tokens == (10, 20, 0, 0, 3, 0, 0)
        assert door.origins == ["cloudevents"]

    def test_batched(self, door):
        other = {**WHOLE, "id": "e-2"}
        assert event(door, [WHOLE, other], BATCH).json()["accepted"] == 2
        assert len({call.key for call in door.calls}) == 2

    def test_binary(self, door):
        answer = post(door, CLOUDEVENTS, DATA, **HEADERS)
        assert answer.json()["accepted"] == 1
        event(door)
        one, two = door.calls
        assert one == two

    def test_binary_attributes_are_percent_encoded(self, door):
        headers = {**HEADERS, "ce-source": "/caf%C3%A9"}
        post(door, CLOUDEVENTS, DATA, **headers)
        event(door, {**WHOLE, "source": "/café"})
        one, two = door.calls
        assert one.key == two.key

    def test_data_in_base64(self, door):
        packed = base64.b64encode(json.dumps(DATA).encode()).decode()
        body = {**ENVELOPE, "data_base64": packed}
        assert event(door, body).json()["accepted"] == 1
        assert door.calls[0].tokens.input == 10

    def test_other_types_are_ignored(self, door):
        answer = event(door, {**WHOLE, "type": "com.example.other"})
        assert answer.json()["ignored"] == 1
        assert door.calls == []

    def test_json_without_the_headers_is_no_event(self, door):
        answer = post(door, CLOUDEVENTS, DATA)
        assert answer.status_code == 400
        assert "ce-" in answer.json()["error"]["message"]


HOSTILE = [
    b"",
    b"[",
    b"]",
    b"{",
    b"null",
    b"1e999",
    b'"',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'[{"id":"' + b"x" * 100_000,
    b"\x00" * 1000,
    b"[1,2,3]",
]


class TestRefused:
    @pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
    @pytest.mark.parametrize(
        ("path", "kind"),
        [(LITELLM, JSON), (CLOUDEVENTS, EVENT), (CLOUDEVENTS, BATCH)],
    )
    def test_hostile_bodies(self, door, path, kind, body):
        answer = post(door, path, body, content_type=kind)
        rejected = [one for reading in door.readings for one in reading.rejected]
        if answer.status_code == 200:
            assert rejected
        else:
            assert answer.status_code in (400, 413)
            error = answer.json()["error"]
            assert error["status"] == answer.status_code
            assert error["title"]
            assert error["message"]
            assert len(door.refusals) == 1
        assert door.calls == []

    @pytest.mark.parametrize("path", [LITELLM, CLOUDEVENTS])
    @pytest.mark.parametrize("kind", ["text/plain", "", "application/xml"])
    def test_content_types(self, door, path, kind):
        answer = post(door, path, b"[]", content_type=kind)
        assert answer.status_code == 415
        assert answer.json()["error"]["status"] == 415

    @pytest.mark.parametrize("path", [LITELLM, CLOUDEVENTS])
    def test_encodings(self, door, path):
        answer = post(door, path, b"[]", content_encoding="br")
        assert answer.status_code == 415

    @pytest.mark.parametrize("path", [LITELLM, CLOUDEVENTS])
    def test_too_large(self, door, path):
        limits = DoorLimits(max_body_bytes=100, max_inflated_bytes=200)
        answer = post(door, path, b"[" + b" " * 200 + b"]", limits=limits)
        assert answer.status_code == 413
        body = gzip.compress(b"[" + b" " * 5000 + b"]")
        answer = post(door, path, body, limits=limits, content_encoding="gzip")
        assert answer.status_code == 413
        assert len(door.refusals) == 2

    def test_too_many_records(self, door):
        answer = post(door, LITELLM, b"[" + b",".join([b"{}"] * 100_001) + b"]")
        assert answer.status_code == 413
        assert "smaller batches" in answer.json()["error"]["message"]
        assert door.readings == []

    @pytest.mark.parametrize("path", [LITELLM, CLOUDEVENTS])
    def test_without_a_good_token(self, door, path):
        answer = post(door, path, CALLBACK, token="bad")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (door.readings, door.refusals) == ([], [])

    @pytest.mark.parametrize(
        ("path", "body", "kind"),
        [(LITELLM, CALLBACK, JSON), (CLOUDEVENTS, WHOLE, EVENT)],
    )
    def test_what_cannot_be_written_is_not_acknowledged(self, door, path, body, kind):
        door.full = True
        answer = post(door, path, body, content_type=kind)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert door.readings == []

    @pytest.mark.parametrize("path", [LITELLM, CLOUDEVENTS])
    def test_reading_is_no_way_to_use_it(self, door, path):
        client = TestClient(Starlette(routes=routes(Intake(door))))
        assert client.get(path).status_code == 405
