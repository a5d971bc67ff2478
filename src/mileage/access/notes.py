"""Checkpoints of a log as signed notes: C2SP ``signed-note`` and ``tlog-checkpoint``.

Whoever holds one outside can tell later whether the log is still the one it was.
Signing itself comes in as a function: the core has no keys.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

ED25519 = b"\x01"
KEY_BYTES, ID_BYTES, ROOT_BYTES = 32, 4, 32
LONGEST_NOTE = 10_000
LINES = 3
DIGITS = 18
"""Of the size of a log: more entries than anybody will ever read."""


class VerifierKey(NamedTuple):
    """Who signs; the name and the 32 bytes of an Ed25519 key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes by which a signature names its key."""
        told = self.name.encode() + b"\n" + ED25519 + self.public
        return sha256(told).digest()[:ID_BYTES]

    def __str__(self) -> str:
        """Write it as ``NAME+ID+KEY``, as others read it."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(ED25519 + self.public)}"


class Head(NamedTuple):
    """A log's state: the root of the tree over its first ``size`` entries."""

    origin: str
    size: int
    root: bytes


def name_of_key(public: bytes) -> str:
    """Return a name that another installation does not have."""
    return f"mileage-{sha256(public).hexdigest()[:12]}"


def origin_of(key: VerifierKey, log: str) -> str:
    """Return the first line of a log's checkpoints."""
    return f"{key.name}/{log}"


def signed_note(head: Head, key: VerifierKey, sign: Callable[[bytes], bytes]) -> str:
    """Return a checkpoint as it is sent outside."""
    text = f"{head.origin}\n{head.size}\n{_b64(head.root)}\n"
    signature = _b64(key.key_id + sign(text.encode()))
    return f"{text}\n\N{EM DASH} {key.name} {signature}\n"


def parse_key(text: str) -> VerifierKey:
    """Read ``NAME+ID+KEY``; raises Invalid."""
    name, _, rest = text.strip().partition("+")
    key_id, _, coded = rest.partition("+")
    public = _decoded(coded)
    key = VerifierKey(name, public[1:])
    fits = len(public) == KEY_BYTES + 1 and public[:1] == ED25519
    if not fits or key.key_id.hex() != key_id:
        raise Invalid("this is no verification key: copy the line of `audit key`")
    return key


def open_note(
    note: str, key: VerifierKey, fits: Callable[[bytes, bytes], bool]
) -> Head:
    """Return what a note vouches for; raises Invalid for a wrong or foreign one.

    ``fits`` tells whether a signature is the key's over some bytes.
    """
    text, _, signatures = note[:LONGEST_NOTE].partition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        if dash != "\N{EM DASH}" or name != key.name:
            continue
        signature = _decoded(coded)
        ours = signature[:ID_BYTES] == key.key_id
        if ours and fits(signature[ID_BYTES:], text.encode()):
            return _head(text)
    raise Invalid(f"this checkpoint is not signed by {key.name}, or was changed")


def _head(text: str) -> Head:
    lines = text.split("\n")
    size, root = "".join(lines[1:2]), _decoded("".join(lines[2:3]))
    counted = size.isascii() and size.isdecimal() and len(size) <= DIGITS
    if len(lines) != LINES + 1 or not counted or len(root) != ROOT_BYTES:
        raise Invalid("this note is no checkpoint of a log")
    return Head(lines[0], int(size), root)


def _b64(data: bytes) -> str:
    return b64encode(data).decode()


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
