"""A page is compressed where it was made, just as the layer around it would do that."""

from __future__ import annotations

import gzip
import zlib

import pytest
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient

from mileage.web.compression import LEAST_BYTES, Compressed, compressed

SIZES = [0, LEAST_BYTES - 1, LEAST_BYTES, 300_000]
TAKEN = ["gzip", "br, gzip;q=0.5", "identity", "", "br"]


@pytest.mark.parametrize("takes", TAKEN)
@pytest.mark.parametrize("size", SIZES)
def test_the_answer_is_that_of_the_layer_that_sees_it_bare(
    size: int, takes: str
) -> None:
    html, asked = "é" * (size // 2) + "x" * (size % 2), {"Accept-Encoding": takes}
    bare = HTMLResponse(html, 201, {"X-Kept": "1"})
    made = compressed(
        HTMLResponse(html, 201, {"X-Kept": "1"}), {"accept-encoding": takes}
    )
    expected = TestClient(Compressed(bare)).get("/", headers=asked)
    answer = TestClient(Compressed(made)).get("/", headers=asked)
    assert (answer.status_code, answer.text) == (201, html)
    told = {"content-encoding", "vary", "content-type", "x-kept"}
    assert {name: answer.headers.get(name) for name in told} == {
        name: expected.headers.get(name) for name in told
    }
    packed = "gzip" in takes and size >= LEAST_BYTES
    assert (answer.headers.get("content-encoding") == "gzip") is packed


def test_equal_pages_are_equal_bytes() -> None:
    first, other = (
        compressed(HTMLResponse("x" * 1_000), {"accept-encoding": "gzip"})
        for _ in range(2)
    )
    assert first.body == other.body
    assert int(first.headers["content-length"]) == len(first.body)
    assert gzip.decompress(first.body) == b"x" * 1_000
    # No name and no time of a file in its head.
    assert zlib.decompressobj(31).decompress(first.body) == b"x" * 1_000
    assert first.body[3:8] == bytes(5)
