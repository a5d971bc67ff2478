"""The shape of the lines in a Codex rollout that matter, and how to skip the rest."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mileage.sources.codex_counts import CodexUsage
from mileage.sources.jsonl import Count

HEAD_BYTES = 200
TYPE = b'"type":"'
NO_USAGE = (
    b'response_item"',
    b'compacted"',
    b'world_state"',
    b'inter_agent_communication"',
)
EVENT = b'event_msg","payload":{"type":"'
EVENTS = (
    b'token_count"',
    b'task_started"',
    b'user_message"',
    b'thread_settings_applied"',
)


BESIDE = re.compile(
    rb'\{"timestamp":"[^"\n]{1,40}",(?:"ordinal":\d{1,40},)?"type":"(?:'
    + b"|".join(NO_USAGE)
    + b"|"
    + re.escape(EVENT)
    + b"(?!"
    + b"|".join(EVENTS)
    + b"))"
)
"""The start of nearly every line that ``can_be_skipped``, without cutting it out."""


class Usage(msgspec.Struct, gc=False):
    """Cached and written tokens lie inside input, reasoning inside output."""

    input_tokens: Count = 0
    cached_input_tokens: Count = 0
    cache_write_input_tokens: Count = 0
    output_tokens: Count = 0
    reasoning_output_tokens: Count = 0

    def counts(self) -> CodexUsage:
        """Return plain counts; null is none."""
        return CodexUsage(
            self.input_tokens or 0,
            self.cached_input_tokens or 0,
            self.cache_write_input_tokens or 0,
            self.output_tokens or 0,
            self.reasoning_output_tokens or 0,
        )


class Info(msgspec.Struct, gc=False):
    """What a ``token_count`` event counts; null when only limits changed."""

    total_token_usage: Usage | None = None
    last_token_usage: Usage | None = None
    model: Any = None


class Payload(msgspec.Struct, gc=False):
    """The fields of all kinds of lines that carry or explain usage."""

    type: Any = None
    # session_meta
    id: Any = None
    forked_from_id: Any = None
    parent_thread_id: Any = None
    cwd: Any = None
    cli_version: Any = None
    source: Any = None
    model_provider: Any = None
    subagent_history_start_ordinal: Any = None
    # turn_context, thread_settings_applied
    model: Any = None
    thread_settings: Any = None
    # token_count
    info: Info | None = None
    # token_usage_record
    thread_id: Any = None
    response_id: Any = None
    usage: Usage | None = None
    thread_token_usage: Usage | None = None


class Line(msgspec.Struct, gc=False):
    """The envelope of every line."""

    timestamp: Any = None
    ordinal: Any = None
    type: Any = None
    payload: Payload | None = None


class _LooseLine(msgspec.Struct, gc=False):
    type: Any = None
    payload: Any = None


LINE = msgspec.json.Decoder(Line)
_LOOSE = msgspec.json.Decoder(_LooseLine)


def can_be_skipped(line: bytes) -> bool:
    """Tell by its first bytes that a line neither holds nor explains usage.

    Only when it looks exactly as Codex writes it; anything else is decoded.
    """
    at = line.find(TYPE, 0, HEAD_BYTES)
    if at < 0:
        return False
    at += len(TYPE)
    if line.startswith(NO_USAGE, at):
        return True
    return line.startswith(EVENT, at) and not line.startswith(EVENTS, at + len(EVENT))


def kind_of(line: Line) -> str:
    """Name the kind of a line; an event's is the kind of its payload."""
    if line.type == "event_msg" and line.payload is not None:
        return line.payload.type if isinstance(line.payload.type, str) else ""
    return line.type if isinstance(line.type, str) else ""


def should_be_usage(line: bytes) -> bool:
    """Tell whether a line that does not fit its shape was meant to count tokens."""
    try:
        loose = _LOOSE.decode(line)
    except (ValueError, RecursionError):
        return True
    if loose.type == "token_usage_record":
        return True
    payload = loose.payload if isinstance(loose.payload, dict) else {}
    return loose.type == "event_msg" and payload.get("type") == "token_count"
