"""The records of a JSON body, whichever of the usual three ways it holds them.

An array, one object, or an object a line. Records come one at a time and as bytes:
a hostile body of two-byte records then costs no memory, and what a record holds
beside the fields that are asked for is never built.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import msgspec

from mileage.domain.errors import Invalid, TooLarge
from mileage.sources.jsonl import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 200
"""Levels of nesting in one record; real ones have fewer than twenty."""
MOST_BRACKETS = 2_000_000
"""Of one body: bounds the seconds that a body full of brackets takes."""

NOT_JSON = "the body is not JSON: an array of objects, or objects line by line"
TOO_NESTED = "the body is nested too deeply or has too many parts"
CUT_OFF = "the body is cut off"

# Either a run in which no bracket counts (whole strings are such runs), or a bracket.
# Every branch takes what it can and never gives back, so time stays linear.
_RUN = rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"?)++'
_PART = re.compile(_RUN + rb"|[\[\]{}]", re.DOTALL)
_OPENING = (b"[", b"{")
_BRACKETS = frozenset(b"[]{}")
_INSIDE = 2
"""Depth of what opens inside of the array."""


def records(body: bytes) -> Iterator[bytes]:
    """Yield each record; raises Invalid when the whole is none of the three ways.

    Whether a record itself is JSON is left to whoever decodes it.
    """
    start = body.lstrip()[:1]
    if start == b"[":
        yield from elements(body)
    elif start == b"{" and not _is_one_object(body):
        yield from (line for line in io.BytesIO(body) if line.strip())
    elif start == b"{":
        yield body
    else:
        raise Invalid(NOT_JSON)


def elements(body: bytes) -> Iterator[bytes]:
    """Yield the objects of a top-level array, one after the other."""
    depth = start = end = 0
    first = True
    for number, part in enumerate(_brackets(body)):
        opens = body[part : part + 1] in _OPENING
        depth += 1 if opens else -1
        if number >= MOST_BRACKETS or depth > DEEPEST:
            raise TooLarge(TOO_NESTED)
        if depth == 0:
            _check_gap(body[end:part] + body[part + 1 :] + body[part : part + 1], b"]")
            return
        if opens and depth == _INSIDE:
            _check_gap(body[end:part], b"" if first else b",")
            start, first = part, False
        elif depth == 1:
            if not opens:
                yield body[start : part + 1]
            end = part + 1
    raise Invalid(CUT_OFF)


def _brackets(body: bytes) -> Iterator[int]:
    """Yield where brackets stand that are no part of a text."""
    for part in _PART.finditer(body):
        if body[part.start()] in _BRACKETS:
            yield part.start()


def _check_gap(gap: bytes, expected: bytes) -> None:
    """Between two objects stands a comma, and nothing else does."""
    if gap.strip() != expected:
        raise Invalid(NOT_JSON)


def _is_one_object(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True


def word(raw: msgspec.Raw) -> str:
    """Return a short text that stood in a field of any type, else ''.

    Fields that people fill as they like are declared ``msgspec.Raw``: what is no
    short text is neither built nor a reason to refuse the record.
    """
    content = bytes(raw)
    if content[:1] != b'"' or len(content) > 6 * LONGEST_TEXT:
        return ""
    try:
        value: str = msgspec.json.decode(content, type=str)
    except (msgspec.MsgspecError, ValueError):
        return ""
    return value[:LONGEST_TEXT]
