"""Facts beside the calls of pi: prompts, tool results, edits, lines.

Only names of tools and counts leave this module. Copies in forked sessions keep the
times of prompts and the ids of tool calls. How an edit tells its lines is known from
the client's published source; the recordings (0.73.1) hold none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.witness import Activity
from mileage.sources import epoch
from mileage.sources.jsonl import decode, text, untimely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.sources.jsonl import Gathering

_EDITING = frozenset({"edit", "write"})


class _Message(msgspec.Struct, gc=False, rename="camel"):
    role: Any = None
    timestamp: Any = None
    tool_call_id: Any = None
    tool_name: Any = None
    is_error: Any = None
    details: Any = None


class _Entry(msgspec.Struct, gc=False):
    type: Any = None
    message: _Message | None = None


_ENTRY = msgspec.json.Decoder(_Entry)


class PiActivity:
    """Reads the entries of one session that hold no usage."""

    def __init__(self, gathered: Gathering) -> None:
        self._gathered = gathered

    def take(self, line: bytes, session: str) -> bool:
        """Gather what an entry says; tell whether it said anything."""
        entry = decode(_ENTRY, line)
        if isinstance(entry, str) or entry.type != "message" or entry.message is None:
            return False
        occurred_at = epoch.of_milliseconds(entry.message.timestamp)
        if occurred_at is None or untimely(occurred_at):
            return False
        found = False
        for kind, key, name, amount in _facts(entry.message, occurred_at):
            traits = self._gathered.traits
            place = (traits.name, key, session, occurred_at, traits.client)
            if key and amount > 0:
                self._gathered.activity(Activity(*place, kind, name, amount, None, ""))
                found = True
        return found


def _facts(message: _Message, at: int) -> Iterator[tuple[str, str, str, int]]:
    """Yield (kind, key, name, amount)."""
    if message.role == "user":
        yield "prompt", str(at), "", 1
    if message.role != "toolResult":
        return
    key, name = text(message.tool_call_id), text(message.tool_name)
    yield "tool_result", key, name, 1
    if message.is_error is True:
        yield "tool_error", key, name, 1
    elif name in _EDITING:
        details = message.details if isinstance(message.details, dict) else {}
        diff = details.get("diff")
        lines = diff.splitlines() if isinstance(diff, str) else []
        yield "edit_accepted", key, name, 1
        yield "lines_added", key, name, sum(line.startswith("+") for line in lines)
        yield "lines_removed", key, name, sum(line.startswith("-") for line in lines)
