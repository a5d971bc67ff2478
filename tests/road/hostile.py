"""Clients that mean no good, each bounded in count and time, and only on loopback."""

from __future__ import annotations

import contextlib
import resource
import select
import socket
import time
import zlib
from pathlib import Path

MIB = 1024 * 1024


def connected(port, seconds=30.0):
    sock = socket.create_connection(("127.0.0.1", port), timeout=seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def head(token="", *, path="/v1/logs", kind="application/x-protobuf", **fields):
    """Write the head of a request to the door."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1:PORT", f"content-type: {kind}"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""])


def ask(port, request, seconds=30.0):
    """Send bytes as they are, and return everything until the end; b'' if cut off."""
    with connected(port, seconds) as sock:
        with contextlib.suppress(OSError):
            sock.sendall(request.replace(b":PORT", b":%d" % port))
        return everything(sock)


def everything(sock):
    heard = b""
    with contextlib.suppress(OSError):
        while chunk := sock.recv(65536):
            heard += chunk
    return heard


def trickle(sock, data, pause, seconds):
    """Send a byte at a time; return after how long the other side hung up, or None."""
    began = time.monotonic()
    for byte in data:
        try:
            sock.sendall(bytes([byte]))
        except OSError:
            return time.monotonic() - began
        ready, _, _ = select.select([sock], [], [], pause)
        with contextlib.suppress(OSError):
            if ready and not sock.recv(65536):
                return time.monotonic() - began
        if time.monotonic() - began > seconds:
            return None
    return None


def bomb(megabytes, times=1):
    """Compress zeros, again and again."""
    pressed = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    zeros = bytes(MIB)
    parts = [pressed.compress(zeros) for _ in range(megabytes)]
    packed = b"".join([*parts, pressed.flush()])
    for _ in range(times - 1):
        again = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        packed = again.compress(packed) + again.flush()
    return packed


def nested(depth):
    """Encode an AnyValue of lists in lists, as the value of a log record's body."""
    value = b""
    for _ in range(depth):
        value = _field(1, value)
        value = _field(5, value)
    record = _field(5, value)
    return _field(1, _field(2, _field(2, record)))


def distinct_keys(count):
    """Encode one log record with as many attributes, each of another key."""
    pairs = b"".join(
        _field(6, _field(1, b"k%07d" % n) + _field(2, b"\x18\x01"))
        for n in range(count)
    )
    return _field(1, _field(2, _field(2, pairs)))


def tiny_messages(count):
    """Encode empty log records: two bytes each, and an object each in a decoder."""
    return _field(1, _field(2, b"\x12\x00" * count))


def _field(number, held):
    size, encoded = len(held), bytearray([number << 3 | 2])
    while size > 127:
        encoded.append(size & 127 | 128)
        size >>= 7
    return bytes([*encoded, size]) + held


def memory(pid):
    """Return the resident memory of a process in MiB, now and at its highest."""
    words = Path(f"/proc/{pid}/status").read_text().split()
    return tuple(int(words[words.index(f) + 1]) // 1024 for f in ("VmRSS:", "VmHWM:"))


def allow_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
