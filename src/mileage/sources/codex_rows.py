"""The running totals in a rollout as rows, all other lines that matter as they stand.

Without the extension in C no line becomes a row; the ordinary reader reads them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mileage.native import scan
from mileage.sources.codex_lines import (
    BESIDE,
    EVENT,
    EVENTS,
    HEAD_BYTES,
    NO_USAGE,
    TYPE,
)

if TYPE_CHECKING:
    from collections.abc import Callable

USED_COLUMNS: Final = 5


class Row(NamedTuple):
    """A ``token_count`` event; each usage has five columns, as ``CodexUsage``."""

    occurred_at: int | None
    ordinal: int | None
    has_info: bool
    model: str | None
    has_total: bool
    has_last: bool
    total_input: int
    total_cached: int
    total_written: int
    total_output: int
    total_reasoning: int
    last_input: int
    last_cached: int
    last_written: int
    last_output: int
    last_reasoning: int
    begin: int
    end: int


_INFO = "payload.info"
_USED = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
)
_FIELDS = (
    ("timestamp", "stamp"),
    ("ordinal", "integer"),
    (_INFO, "object"),
    (f"{_INFO}.model", "text"),
    (f"{_INFO}.total_token_usage", "object"),
    (f"{_INFO}.last_token_usage", "object"),
    *((f"{_INFO}.total_token_usage.{name}", "count") for name in _USED),
    *((f"{_INFO}.last_token_usage.{name}", "count") for name in _USED),
    ("type", "is", "event_msg"),
    ("payload.type", "is", "token_count"),
    ("payload.usage", "nothing"),
    ("payload.thread_token_usage", "nothing"),
)

Scanned = tuple[int, list[Any]]
"""The number of lines; plain tuples in the order of ``Row``, and whole lines."""


def lines_of(chunk: bytes) -> Scanned:
    """Return the lines that cannot be skipped."""
    find, is_beside = chunk.find, BESIDE.match
    size, position, lines = len(chunk), 0, 0
    found: list[bytes] = []
    while position < size:
        end = find(b"\n", position) + 1 or size
        if not is_beside(chunk, position):
            found.append(chunk[position:end])
        position = end
        lines += 1
    return lines, found


def _scanner() -> Callable[[bytes], Scanned]:
    if scan is None:
        return lines_of
    skip = (*NO_USAGE, EVENT)
    keep = tuple(EVENT + name for name in EVENTS)
    return scan.LineScanner(TYPE, HEAD_BYTES, skip, keep, _FIELDS).scan  # type: ignore[no-any-return]


scanned = _scanner()
"""Scan whole lines; the last one may lack its end."""
