"""What the scanner of log records borrows it gives back."""

from __future__ import annotations

import sys
import tracemalloc

import pytest

from mileage import native
from tests.otlp_bodies import AT, log, logs, packed_logs

KEYS = ("event.name", "event.timestamp", "id", "size", *(f"k{n}" for n in range(99)))
NAME = "a name that is told apart from all others"


def body(*rows):
    stamped = {"event.name": NAME, "event.timestamp": AT}
    made = [log({**stamped, **row}) for row in rows]
    return packed_logs(logs(*made, resource={"id": "of the resource"}))


def bodies():
    """Yield bodies that are read, given up on the way, and given up at the end."""
    yield body({"id": "x" * 50, "size": 2**40}, {"id": "\u00e9"}, {}, {"size": 1.5})
    yield body({"id": "a\u200bb"}, {"id": ["no scalar"]})
    yield b"\x0a\x05"
    sparse = [{} for _ in range(2000)]
    yield body(*sparse, {f"k{n}": "x" for n in range(99)})


def scanner():
    return native.scan.LogScanner((NAME,), KEYS, 100_000)


SCANS = 200


@pytest.fixture
def built():
    if native.scan is None:
        pytest.fail("these tests need the extension")
    return scanner()


@pytest.mark.parametrize("sent", list(bodies()), ids=["read", "odd", "cut", "sparse"])
def test_nothing_is_kept_of_a_body(built, sent):
    built.scan(sent)
    singletons = [None, ..., NAME, KEYS[2], sent]
    before = [sys.getrefcount(one) for one in singletons]
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        for _ in range(SCANS):
            built.scan(sent)
        grown = tracemalloc.get_traced_memory()[0] - start
    finally:
        tracemalloc.stop()
    after = [sys.getrefcount(one) for one in singletons]
    # A hundred bytes a scan; other threads of the process may have made some as well.
    assert grown < 100 * SCANS
    assert all(abs(was - now) < SCANS for was, now in zip(before, after, strict=True))


def test_columns_that_hold_next_to_nothing_are_left_to_the_ordinary_walk(built):
    *_, sparse = bodies()
    assert built.scan(sparse) is None


def test_scanners_go_when_nobody_has_them(built):
    del built
    kind = native.scan.LogScanner
    before = sys.getrefcount(kind)
    for _ in range(50):
        scanner()
        with pytest.raises(ValueError, match="must be declared"):
            kind((NAME,), ("id",), 5)
    assert abs(sys.getrefcount(kind) - before) < 5
    sieve = native.scan.SpanSieve
    before = sys.getrefcount(sieve)
    for _ in range(50):
        assert sieve(("name",), ("mark",)).may_want(b"\x2a\x04name") is True
        assert sieve(("name",), ("mark",)).may_want(b"\x2a\x04same") is False
    assert abs(sys.getrefcount(sieve) - before) < 5
