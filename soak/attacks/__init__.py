"""Attacks on a server of our own, each until its time is over; only on loopback."""

from __future__ import annotations

import contextlib
import gzip
import os
import resource
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import grpc

from tests.road import hostile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + bytes(8)
ATTACKER_MIB = 6000
GIGABYTE = 10**9
DRIPPING = 1000
"""Connections to which bytes are sent one at a time."""


class Target(NamedTuple):
    """What an attacker knows."""

    port: int
    grpc_port: int
    token: str
    until: float

    @property
    def open(self) -> bool:
        """Tell whether there is time left."""
        return time.monotonic() < self.until


def head(target: Target, **fields: object) -> bytes:
    """Write a head with a good token."""
    text = hostile.head(target.token, **fields)
    return text.replace("PORT", str(target.port)).encode()


def held(target: Target, count: int, beginning: bytes, port: int) -> Iterator[None]:
    """Keep many connections open that have said so much, opening cut ones again."""
    sockets = []
    while target.open:
        with contextlib.suppress(OSError):
            while len(sockets) < count and target.open:
                sockets.append(hostile.connected(port, 2))
                sockets[-1].sendall(beginning)
        yield
        for sock in list(sockets):
            try:
                sock.sendall(b"")
            except OSError:
                sockets.remove(sock)
        time.sleep(0.5)


def idle_connections(target: Target) -> None:
    """10,000 connections that say nothing."""
    for _ in held(target, 10_000, b"", target.port):
        pass


def idle_rpc_connections(target: Target) -> None:
    """10,000 connections to the port of gRPC that greet and say nothing more."""
    for _ in held(target, 10_000, GREETING, target.grpc_port):
        pass


def drip(target: Target, beginning: bytes, byte: bytes) -> None:
    """Send to 1,000 connections a byte at a time."""
    sockets = []
    while target.open:
        with contextlib.suppress(OSError):
            while len(sockets) < DRIPPING:
                sockets.append(hostile.connected(target.port, 2))
                sockets[-1].sendall(beginning)
        for sock in list(sockets):
            try:
                sock.sendall(byte)
            except OSError:
                sockets.remove(sock)
        time.sleep(0.1)


def slow_heads(target: Target) -> None:
    """1,000 heads, a byte at a time."""
    drip(target, b"POST /v1/logs HTTP/1.1\r\nx: ", b"y")


def slow_bodies(target: Target) -> None:
    """1,000 bodies, a byte at a time."""
    drip(target, head(target, content_length=10_000), b"x")


def stalled_bodies(target: Target) -> None:
    """Bodies of almost 16 MiB that stop before their end."""
    size = 16 * hostile.MIB
    beginning = head(target, content_length=size) + bytes(size - 100_000)
    for _ in held(target, 20, beginning, target.port):
        pass


def repeated(target: Target, request: bytes) -> None:
    """Send the same request again and again."""
    while target.open:
        with contextlib.suppress(OSError):
            hostile.ask(target.port, request, 10)


def bodies(target: Target, body: bytes, **fields: object) -> None:
    """Send the same body to every door in turn."""
    while target.open:
        for signal in ("logs", "metrics", "traces"):
            said = {"content_length": len(body), "connection": "close", **fields}
            start = head(target, path=f"/v1/{signal}", **said)
            with contextlib.suppress(OSError):
                hostile.ask(target.port, start + body, 60)


def declared_gigabyte(target: Target) -> None:
    """Bodies that say they are a gigabyte long, and come."""
    with_length = head(target, content_length=GIGABYTE)
    endless(target, with_length, bytes(hostile.MIB))


def undeclared_gigabyte(target: Target) -> None:
    """Bodies in chunks, without an end."""
    chunk = b"100000\r\n" + bytes(hostile.MIB) + b"\r\n"
    endless(target, head(target, transfer_encoding="chunked"), chunk)


def endless(target: Target, beginning: bytes, piece: bytes) -> None:
    """Send up to a gigabyte, as long as somebody takes it."""
    while target.open:
        with contextlib.suppress(OSError), hostile.connected(target.port, 5) as sock:
            sock.sendall(beginning)
            for _ in range(GIGABYTE // len(piece)):
                sock.sendall(piece)


def gzip_bombs(target: Target) -> None:
    """Send a gigabyte of zeros in one megabyte."""
    bodies(target, hostile.bomb(1000), content_encoding="gzip")


def nested_gzip_bombs(target: Target) -> None:
    """Gzip in gzip: a gigabyte in a few kilobytes."""
    bodies(target, hostile.bomb(1000, 2), content_encoding="gzip")


def tiny_messages(target: Target) -> None:
    """Thirty million records of two bytes each, compressed."""
    packed = gzip.compress(hostile.tiny_messages(30_000_000), 1)
    bodies(target, packed, content_encoding="gzip")


def tiny_within_bounds(target: Target) -> None:
    """As many records of two bytes as a body may have."""
    bodies(target, hostile.tiny_messages(49_000))


def distinct_keys(target: Target) -> None:
    """Send a million attributes with a million keys."""
    body = hostile.distinct_keys(1_000_000)
    bodies(target, gzip.compress(body, 1), content_encoding="gzip")


def deep_nesting(target: Target) -> None:
    """Send lists in lists in lists."""
    bodies(target, hostile.nested(8000))


def many_fields(target: Target) -> None:
    """Heads with three million fields."""
    repeated(target, b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 3_000_000)


def pipelines(target: Target) -> None:
    """Twenty thousand requests at once on a connection."""
    one = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\n\r\n"
    repeated(target, one * 20_000)


def called(target: Target, body: bytes, many: int = 1) -> None:
    """Call over gRPC again and again, so many times at once."""
    metadata = (("authorization", f"Bearer {target.token}"),)
    with grpc.insecure_channel(f"127.0.0.1:{target.grpc_port}") as channel:
        export = channel.unary_unary(LOGS)
        while target.open:
            at_once = [
                export.future(body, metadata=metadata, timeout=20) for _ in range(many)
            ]
            for one in at_once:
                one.exception()


def rpc_gzip_bombs(target: Target) -> None:
    """Send a gigabyte of zeros in a message of one megabyte."""
    called(target, hostile.bomb(1000))


def rpc_large_messages(target: Target) -> None:
    """Send a hundred messages of almost 4 MiB at once."""
    called(target, os.urandom(hostile.MIB) * 3, many=100)


def rpc_silent_streams(target: Target) -> None:
    """Thousands of calls whose message never comes."""
    metadata = (("authorization", f"Bearer {target.token}"),)
    over = threading.Event()

    def silence() -> Iterator[bytes]:
        over.wait(60)
        yield from ()

    with contextlib.ExitStack() as channels:
        for number in range(20):
            address = f"127.0.0.1:{target.grpc_port}"
            own = [("grpc.use_local_subchannel_pool", 1), ("grpc.attack", number)]
            channel = channels.enter_context(grpc.insecure_channel(address, own))
            for _ in range(20):
                channel.stream_unary(LOGS).future(silence(), metadata=metadata)
        while target.open:
            time.sleep(0.2)
        over.set()


def rpc_pings(target: Target) -> None:
    """Pings, as many as go through."""
    while target.open:
        with (
            contextlib.suppress(OSError),
            hostile.connected(target.grpc_port, 2) as sock,
        ):
            sock.sendall(GREETING)
            while target.open:
                sock.sendall(PING * 1000)


ATTACKS: dict[str, Callable[[Target], None] | None] = {
    "none": None,
    **{
        attack.__name__: attack
        for attack in (
            slow_heads,
            slow_bodies,
            stalled_bodies,
            idle_connections,
            declared_gigabyte,
            undeclared_gigabyte,
            gzip_bombs,
            nested_gzip_bombs,
            tiny_messages,
            tiny_within_bounds,
            distinct_keys,
            deep_nesting,
            many_fields,
            pipelines,
            idle_rpc_connections,
            rpc_gzip_bombs,
            rpc_large_messages,
            rpc_silent_streams,
            rpc_pings,
        )
    },
}


def attack(name: str, target: Target) -> None:
    """Run in a process of its own, with bounded memory."""
    limit = ATTACKER_MIB * hostile.MIB
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    hostile.allow_files(12_000)
    work = ATTACKS[name]
    assert work is not None
    work(target)
