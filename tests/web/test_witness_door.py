"""The door for machines: who asks, how large, what form; then rows, then a receipt."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mileage.domain.errors import Unauthorised, Unavailable
from mileage.domain.people import Credential
from mileage.domain.witness import ActivityBatch, Reading, WitnessBatch
from mileage.ingest.push_format import (
    CONTENT_TYPE,
    PATH,
    Push,
    Reason,
    Receipt,
    as_json,
    encode,
)
from mileage.web.api import ENDPOINTS, POSTS
from mileage.web.intake import MIB, DoorLimits, Intake
from mileage.web.openapi import document
from mileage.web.witness_door import Answers, routes
from tests.web.json_schema import problems
from tests.web.stage import Stage
from tests.witnesses import LOG, witness

CREDENTIAL = Credential("t1", "alice", "")
MACHINE = "mach_abcdefghijklmnop"
RECEIPT = Receipt(3, 0, 1, (Reason("why", 1),), "rcp_1", (LOG,), "0.1.0")
TOLD = json.loads(json.dumps(as_json(RECEIPT)))
DESCRIBED = document(ENDPOINTS, POSTS)
BODY = encode(
    Push(LOG, MACHINE, Reading(WitnessBatch.of([witness()]), ActivityBatch.of([])))
)


class FakeDoor:
    """Keeps pushes in memory; can be told to be full."""

    sources = ()

    def __init__(self):
        self.pushes, self.refusals = [], []
        self.full = self.closed = False

    async def credential(self, bearer):
        if self.closed:
            raise Unavailable("the directory is locked")
        if bearer != "good":
            raise Unauthorised("this token is unknown or was revoked")
        return CREDENTIAL

    async def take_push(self, credential, push):
        assert credential == CREDENTIAL
        if self.full:
            raise Unavailable("the disk is full")
        self.pushes.append(push)
        return RECEIPT

    def refuse(self, credential, source, reason):
        self.refusals.append((credential.token_id, source, reason))


@pytest.fixture
def door():
    return FakeDoor()


@pytest.fixture
def client(door):
    return opened(door)


def opened(door, limits=None):
    return TestClient(Starlette(routes=routes(door, Intake(door, limits))))


def post(client, body=BODY, **changed):
    headers = {
        "authorization": "Bearer good",
        "content-type": CONTENT_TYPE,
        "content-encoding": "gzip",
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    sent = {name: value for name, value in headers.items() if value is not None}
    return client.post(PATH, content=body, headers=sent)


def refused(response, status):
    """An error as all of the API words them, and marked as ours."""
    assert response.status_code == status
    assert response.headers["mileage-witnesses"] == "1"
    schema = {"$ref": "#/components/schemas/Error"}
    assert [*problems(response.json(), schema, DESCRIBED)] == []
    assert response.json()["error"]["status"] == status
    return response.json()["error"]["message"]


# --------------------------------------------------------------------------- taken


def test_rows_are_taken_and_answered_by_a_receipt(client, door):
    response = post(client)
    assert response.status_code == 200
    assert response.headers["mileage-witnesses"] == "1"
    assert response.json() == TOLD
    (push,) = door.pushes
    assert (push.source, push.machine) == (LOG, MACHINE)
    assert list(push.reading.witnesses.rows()) == [witness()]


def test_the_receipt_is_as_described(client):
    schema = DESCRIBED["paths"][PATH]["post"]["responses"]["200"]["content"]
    answer = post(client).json()
    assert [*problems(answer, schema["application/json"]["schema"], DESCRIBED)] == []
    without = {name: part for name, part in answer.items() if name != "sources"}
    assert [*problems(without, schema["application/json"]["schema"], DESCRIBED)]


def test_a_body_may_be_plain(client, door):
    plain = gzip.decompress(BODY)
    for encoding in (None, "identity", ""):
        assert post(client, plain, content_encoding=encoding).status_code == 200
    assert len(door.pushes) == 3


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_an_empty_body_asks_who_answers(client, door, encoding):
    response = post(client, b"", content_encoding=encoding)
    assert response.json() == TOLD
    assert door.pushes == [None]


def test_a_content_type_may_have_parameters(client):
    kind = f"{CONTENT_TYPE.upper()}; charset=binary"
    assert post(client, content_type=kind).status_code == 200


def test_a_body_may_come_in_chunks(client, door):
    parts = (BODY[at : at + 7] for at in range(0, len(BODY), 7))
    assert post(client, parts).status_code == 200
    assert len(door.pushes) == 1


# ------------------------------------------------------------------------- refused


@pytest.mark.parametrize("bearer", [None, "", "Bearer", "Bearer bad", "Basic good"])
def test_who_has_no_token_gets_nothing(client, door, bearer):
    response = post(client, authorization=bearer)
    assert "token" in refused(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert (door.pushes, door.refusals) == ([], [])


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "application/json",
        "application/x-ndjson",
        "application/vnd.mileage.witnesses.v2+msgpack",
        "text/html",
    ],
)
def test_another_form_or_version_is_named(client, door, kind):
    assert CONTENT_TYPE in refused(post(client, content_type=kind), 415)
    assert [one[:2] for one in door.refusals] == [("t1", "collect")]


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_another_encoding_is_refused(client, encoding):
    assert "gzip" in refused(post(client, content_encoding=encoding), 415)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"noise", "gzip"),
        (BODY[:-9], "gzip"),
        (BODY + b"x", "gzip"),
        (zlib.compress(gzip.decompress(BODY)), "gzip"),
        (b"noise", None),
        (BODY, None),
        (b"\x80", None),
        (json.dumps({"source": LOG}).encode(), None),
    ],
)
def test_a_body_of_something_else_is_refused_and_counted(client, door, body, encoding):
    refused(post(client, body, content_encoding=encoding), 400)
    assert door.pushes == []
    assert len(door.refusals) == 1


def test_a_refusal_never_quotes_the_body(client, door):
    plain = gzip.decompress(BODY).replace(b"claude_code_log", b"a secret  thing", 1)
    message = refused(post(client, plain, content_encoding=None), 400)
    assert "secret" not in message
    assert "secret" not in str(door.refusals)


def test_both_sizes_are_bounded(door):
    client = opened(door, DoorLimits(max_body_bytes=1000, max_inflated_bytes=5000))
    assert post(client).status_code == 200
    refused(post(client, b"x" * 1001), 413)
    bomb = gzip.compress(bytes(5001))
    assert len(bomb) < 1000
    assert "5000 bytes" in refused(post(client, bomb), 413)
    assert len(door.pushes) == 1


def test_a_bomb_costs_no_more_than_its_limit(door):
    bomb = gzip.compress(bytes(200 * MIB))
    client = opened(door, DoorLimits(max_inflated_bytes=2 * MIB))
    refused(post(client, bomb), 413)


def test_what_cannot_be_kept_is_asked_for_again(client, door):
    door.full = True
    response = post(client)
    assert refused(response, 503) == "the disk is full"
    assert response.headers["retry-after"] == "5"
    door.full, door.closed = False, True
    assert refused(post(client), 503) == "the directory is locked"
    assert door.pushes == []


def test_only_posts_are_taken(client):
    assert client.get(PATH).status_code == 405


def test_a_receipt_is_the_only_success():
    with pytest.raises(ValueError, match="receipt"):
        Answers().accepted(None)


# -------------------------------------------------------------- in the application


def test_keys_and_sessions_open_nothing_here():
    """Neither a browser nor an API key may push: the address has tokens of its own."""
    stage = Stage()
    for who in (stage.browser(), stage.program()):
        answer = who.post(PATH, content=BODY, headers={"content-type": CONTENT_TYPE})
        assert answer.status_code in {401, 403}


def test_the_application_routes_it():
    paths = [route.path for route in Stage().app.routes if route.path == PATH]
    assert paths == [PATH]
    assert PATH in DESCRIBED["paths"]
    assert DESCRIBED["paths"][PATH]["post"]["security"] == [{"ingest": []}]
