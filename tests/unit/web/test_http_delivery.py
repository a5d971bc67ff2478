"""What a request says of its body, and how much of it is read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from mileage.domain.errors import TooLarge, Unauthorised, Unavailable
from mileage.web.http_delivery import (
    HttpDelivery,
    bearer_token,
    content_type,
    receive,
)
from mileage.web.intake import UnsupportedMedia

KINDS = ("application/json", "application/x-protobuf")
MOST = 100


class Lease:
    """Counts bytes, and may have no room."""

    def __init__(self, room: int = 10**9) -> None:
        self.taken: list[int] = []
        self._room = room

    def take(self, size: int) -> None:
        self.taken.append(size)
        if sum(self.taken) > self._room:
            message = "no room"
            raise Unavailable(message)


class Sender:
    """A client that sends a body in pieces; None is its going away."""

    def __init__(self, *pieces: bytes | None) -> None:
        self._pieces = list(pieces)
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        piece = self._pieces.pop(0)
        if piece is None:
            return {"type": "http.disconnect"}
        return {
            "type": "http.request",
            "body": piece,
            "more_body": bool(self._pieces),
        }


def request(sender: Sender | None = None, **headers: str) -> Request:
    told = {"content_type": KINDS[0], **headers}
    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in told.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": raw}
    return Request(scope, sender or Sender(b""))


def body(asked: Request, lease: Lease | None = None, most: int = MOST) -> Any:
    return asyncio.run(HttpDelivery(asked, KINDS).body(lease or Lease(), most))  # type: ignore[arg-type]


def test_pieces_become_one_body_and_each_is_paid_for() -> None:
    lease = Lease()
    found = body(request(Sender(b"ab", b"", b"cde")), lease)
    assert (bytes(found.packed), found.gzip) == (b"abcde", False)
    assert [size for size in lease.taken if size] == [2, 3]


@pytest.mark.parametrize("size", [0, 1, MOST])
def test_up_to_the_limit_it_is_read(size: int) -> None:
    assert len(body(request(Sender(b"x" * size))).packed) == size


def test_one_byte_more_is_refused_and_the_rest_is_left() -> None:
    sender = Sender(b"x" * MOST, b"x", *[b"x"] * 50)
    with pytest.raises(TooLarge, match=f"may have {MOST} bytes; send smaller batches"):
        body(request(sender))
    assert sender.asked == 2


@pytest.mark.parametrize("declared", [str(MOST + 1), "9" * 5000, "000" + str(MOST + 1)])
def test_what_says_that_it_is_too_large_is_not_read_at_all(declared: str) -> None:
    sender = Sender(b"x")
    with pytest.raises(TooLarge):
        body(request(sender, content_length=declared))
    assert sender.asked == 0


@pytest.mark.parametrize("declared", ["", "abc", "-1", "1e9", "٣" * 9, "0", "0" * 5000])
def test_a_length_that_says_nothing_is_passed_over(declared: str) -> None:
    asked = request(Sender(b"abc"))
    raw = asked.scope["headers"]
    raw.append((b"content-length", declared.encode("latin-1", "replace")))
    assert len(body(asked).packed) == 3


def test_without_room_no_more_is_read() -> None:
    sender = Sender(b"x" * 10, b"x" * 10, b"x" * 10)
    with pytest.raises(Unavailable):
        body(request(sender), Lease(room=15))
    assert sender.asked == 2


def test_a_client_that_goes_away_leaves_nothing() -> None:
    with pytest.raises(ClientDisconnect):
        body(request(Sender(b"half", None)))


@pytest.mark.parametrize(
    ("encoding", "gzip"),
    [("", False), ("identity", False), ("gzip", True), (" GZIP ", True)],
)
def test_the_encoding_is_told(encoding: str, *, gzip: bool) -> None:
    assert body(request(content_encoding=encoding)).gzip is gzip


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate", "x-gzip"])
def test_another_encoding_is_refused_before_the_body(encoding: str) -> None:
    sender = Sender(b"x")
    with pytest.raises(UnsupportedMedia, match="must be gzip or identity"):
        body(request(sender, content_encoding=encoding))
    assert sender.asked == 0


@pytest.mark.parametrize("kind", ["", "text/plain", "application/jsonx", "json"])
def test_another_kind_is_refused_with_those_that_are_read(kind: str) -> None:
    sender = Sender(b"x")
    with pytest.raises(UnsupportedMedia) as told:
        body(request(sender, content_type=kind))
    assert all(one in str(told.value) for one in KINDS)
    assert sender.asked == 0


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON",
        " application/json ; charset=utf-8",
        "application/json;charset=utf-8;x=y",
    ],
)
def test_a_kind_may_have_parameters_and_capitals(kind: str) -> None:
    assert content_type(request(content_type=kind)) == "application/json"
    assert body(request(Sender(b"{}"), content_type=kind)).packed == b"{}"


@pytest.mark.parametrize(
    "text", ["Bearer abc", "bearer abc", "BEARER   abc  ", "Bearer \tabc"]
)
def test_a_token_is_what_stands_behind_bearer(text: str) -> None:
    assert bearer_token(text) == "abc"


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer ", "Basic abc", "Bearerabc"])
def test_anything_else_is_no_token_and_says_how_to_get_one(text: str) -> None:
    with pytest.raises(Unauthorised, match="mileage token create") as told:
        bearer_token(text)
    assert "abc" not in str(told.value)


@given(st.text(max_size=30))
def test_no_header_makes_it_fail_otherwise(text: str) -> None:
    try:
        found = bearer_token(text)
    except Unauthorised:
        return
    assert found
    assert found == found.strip()


def test_the_token_of_a_delivery_is_that_of_its_request() -> None:
    delivery = HttpDelivery(request(authorization="Bearer mlg_p_x"), KINDS)
    assert delivery.token() == "mlg_p_x"
    with pytest.raises(Unauthorised):
        HttpDelivery(request(), KINDS).token()


def test_who_went_away_gets_an_answer_that_nobody_hears() -> None:
    class Gone:
        async def receive(self, delivery: HttpDelivery, entrance: Any) -> Any:
            del entrance
            await delivery.body(Lease(), MOST)  # type: ignore[arg-type]

    class Entrance:
        kinds = KINDS

    async def asked() -> Any:
        return await receive(Gone(), request(Sender(b"x", None)), Entrance())  # type: ignore[arg-type]

    assert asyncio.run(asked()).status_code == 400
