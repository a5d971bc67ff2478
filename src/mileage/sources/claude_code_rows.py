"""The plain lines of a transcript as rows, and all others as they stand.

Most bytes are prompts and tool results, which their first bytes give away. The lines
of answers are read by the extension in C where there is one, else by the decoder; a
line that is a row is one that both read alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mileage.native import scan
from mileage.sources.claude_code_lines import (
    ASSISTANT,
    BY_USER,
    HEAD_BYTES,
    LINE,
    MESSAGE,
    NO_DETAILS,
    NONE_WRITTEN,
    TYPE,
    disjoint,
    is_other,
)
from mileage.sources.jsonl import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.domain.packed import Numbers
    from mileage.sources.claude_code_lines import Line, Message, Usage
    from mileage.sources.jsonl import Classes

_decode = LINE.decode
_UNFIT = (msgspec.ValidationError, ValueError, RecursionError)
_MESSAGE_BYTES = len(MESSAGE)


class Row(NamedTuple):
    """A line of an answer that is known by its message's id alone."""

    key: str
    occurred_at: int
    model: str | None
    tier: object
    speed: object
    geography: object
    session: str | None
    project: str | None
    agent: str | None
    copied: bool
    input: int
    cache_read: int
    written: int
    five_minutes: int
    hour: int
    thought: int
    output: int
    begin: int
    end: int
    """Where the line stands in its chunk; with the lines that only repeat it."""


_USAGE = "message.usage."
_WRITES = f"{_USAGE}cache_creation.ephemeral_"
_FIELDS = (
    ("message.id", "name"),
    ("timestamp", "time"),
    ("message.model", "text"),
    (f"{_USAGE}service_tier", "text"),
    (f"{_USAGE}speed", "text"),
    (f"{_USAGE}inference_geo", "text"),
    ("sessionId", "text"),
    ("cwd", "text"),
    ("agentId", "text"),
    ("isSidechain", "flag"),
    (f"{_USAGE}input_tokens", "count"),
    (f"{_USAGE}cache_read_input_tokens", "count"),
    (f"{_USAGE}cache_creation_input_tokens", "count"),
    (f"{_WRITES}5m_input_tokens", "count"),
    (f"{_WRITES}1h_input_tokens", "count"),
    (f"{_USAGE}output_tokens_details.thinking_tokens", "count"),
    (f"{_USAGE}output_tokens", "count"),
    ("message.usage", "needed"),
    ("type", "is", "assistant"),
    ("message.role", "may be", "assistant"),
    (f"{_USAGE}iterations", "nothing"),
    ("costUSD", "nothing"),
)

Scanned = tuple[int, list["Row | bytes"]]
"""The number of lines; plain tuples in the order of ``Row``, and whole lines."""


def decoded(chunk: bytes) -> Scanned:
    """Scan whole lines with the decoder; the last one may lack its end."""
    find, startswith = chunk.find, chunk.startswith
    size, position, lines = len(chunk), 0, 0
    found: list[Row | bytes] = []
    while position < size:
        end = find(b"\n", position) + 1 or size
        at = find(MESSAGE, position, min(end, position + HEAD_BYTES))
        by_user = at >= 0 and startswith(BY_USER, at + _MESSAGE_BYTES)
        if not by_user and not is_other(chunk, position, end):
            found.append(_row(chunk, position, end) or chunk[position:end])
        position = end
        lines += 1
    return lines, found


def _row(chunk: bytes, begin: int, end: int) -> Row | None:
    try:
        line = _decode(memoryview(chunk)[begin:end])
    except _UNFIT:
        return None
    message = line.message
    if message is None or (usage := message.usage) is None or not message.id:
        return None
    at = instant(line.timestamp)
    if at is None or not _is_plain(line, message, usage):
        return None
    split = usage.cache_creation or NONE_WRITTEN
    details = usage.output_tokens_details or NO_DETAILS
    return Row(
        *(message.id, at, message.model, usage.service_tier, usage.speed),
        usage.inference_geo,
        *(line.session_id, line.cwd, line.agent_id, line.is_sidechain is True),
        usage.input_tokens or 0,
        usage.cache_read_input_tokens or 0,
        usage.cache_creation_input_tokens or 0,
        split.ephemeral_5m_input_tokens or 0,
        split.ephemeral_1h_input_tokens or 0,
        details.thinking_tokens or 0,
        usage.output_tokens or 0,
        *(begin, end),
    )


def _is_plain(line: Line, message: Message, usage: Usage) -> bool:
    return (
        line.type == "assistant"
        and message.role in ("assistant", None)
        and isinstance(usage.service_tier, str | None)
        and isinstance(usage.speed, str | None)
        and isinstance(usage.inference_geo, str | None)
        and usage.iterations is None
        and line.cost_usd is None
    )


def _scanner() -> Callable[[bytes], Scanned]:
    if scan is None:
        return decoded
    scanner = scan.LineScanner(
        *(MESSAGE, HEAD_BYTES, (BY_USER,), (), _FIELDS, True),
        (TYPE, ASSISTANT),
    )
    found: Callable[[bytes], Scanned] = scanner.scan
    return found


scanned = _scanner()
"""Scan whole lines; the last one may lack its end."""


def classes(row: tuple[Any, ...]) -> Classes:
    """Return the seven disjoint classes of a ``Row``."""
    return disjoint(*row[10:17])


def packed(rows: list[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], list[Numbers]]:
    """Return what rows are like from model to copy, each once, and their numbers."""
    if scan is not None:
        found: tuple[list[tuple[Any, ...]], list[Numbers]] = scan.answer_rows(rows)
        return found
    places: dict[tuple[Any, ...], int] = {}
    numbers: list[Numbers] = [
        (places.setdefault(row[2:10], len(places)), row[1], *classes(row))
        for row in rows
    ]
    return list(places), numbers
