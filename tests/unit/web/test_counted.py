"""Requests that bring usage are counted, whatever becomes of them; no others are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mileage.ingest.meters import DoorMeter
from mileage.web.counted import _PATHS, GONE, TRANSPORT, Counted

LOGS = "/v1/logs"


class App:
    """Reads what it is told to and answers, or fails."""

    def __init__(self, status: int = 200, failure: Exception | None = None) -> None:
        self.status, self.failure = status, failure
        self.meter = DoorMeter()
        self.during: list[Any] = []
        self.read = b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope
        message: dict[str, Any] = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            self.read += message.get("body", b"")
            self.during.append(self.meter.read())
        if self.failure:
            raise self.failure
        if self.status:
            await send({"type": "http.response.start", "status": self.status})
            await send({"type": "http.response.body", "body": b"ok"})


def ask(app: App, path: str, *pieces: bytes, kind: str = "http") -> list[Any]:
    messages = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ] or [{"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Counted(app, app.meter)({"type": kind, "path": path}, receive, send))
    return sent


@pytest.mark.parametrize("path", sorted(_PATHS))
def test_every_way_for_usage_is_counted(path: str) -> None:
    app = App()
    ask(app, path, b"abc", b"de")
    found = app.meter.read()
    assert found.answered == {(TRANSPORT, 200): 1}
    assert (found.body_bytes, found.room_taken, found.in_flight) == (5, 0, 0)


@pytest.mark.parametrize("path", ["/", "/me", "/v1/logs/", "/metrics", "/V1/logs"])
def test_no_other_page_is(path: str) -> None:
    app = App()
    ask(app, path, b"abc")
    assert app.meter.read() == DoorMeter().read()
    assert app.read == b"abc"


def test_other_protocols_pass_by() -> None:
    app = App()
    ask(app, LOGS, b"", kind="websocket")
    assert app.meter.read().answered == {}


def test_the_application_sees_and_says_the_same_as_without() -> None:
    app = App(202)
    sent = ask(app, LOGS, b"ab", b"", b"c")
    assert app.read == b"abc"
    assert sent == [
        {"type": "http.response.start", "status": 202},
        {"type": "http.response.body", "body": b"ok"},
    ]


def test_bytes_are_held_from_their_arrival_to_the_end() -> None:
    app = App()
    ask(app, LOGS, b"abcd", b"ef")
    assert [(one.room_taken, one.in_flight) for one in app.during] == [(4, 1), (6, 1)]
    assert app.meter.read().room_taken == 0


@pytest.mark.parametrize("status", [200, 400, 401, 413, 429, 503])
def test_answers_are_told_apart_by_their_status(status: int) -> None:
    app = App(status)
    for _ in range(3):
        ask(app, LOGS, b"x")
    assert app.meter.read().answered == {(TRANSPORT, status): 3}


def test_a_client_that_went_away_before_its_answer_is_told_apart() -> None:
    app = App(status=0)
    ask(app, LOGS)
    assert app.meter.read().answered == {(TRANSPORT, GONE): 1}


def test_an_application_that_fails_gives_everything_back() -> None:
    app = App(failure=RuntimeError("a fault"))
    with pytest.raises(RuntimeError, match="a fault"):
        ask(app, LOGS, b"abc")
    found = app.meter.read()
    assert (found.in_flight, found.room_taken, found.body_bytes) == (0, 0, 3)
    assert sum(found.answered.values()) == 1
