"""Facts beside the calls of Copilot's command line: prompts, tool results, edits.

Only names of tools leave this module. Lines changed are told once for a whole run,
without saying whether resumed runs start again at zero: they are not taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.witness import Activity
from mileage.sources.jsonl import decode, instant, text, untimely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.sources.jsonl import Gathering

_EDITING = frozenset({"apply_patch", "create", "edit", "str_replace_editor"})
_REMEMBERED_TOOLS = 5_000


class _Event(msgspec.Struct, gc=False):
    type: Any = None
    id: Any = None
    timestamp: Any = None
    agent_id: Any = msgspec.field(default=None, name="agentId")
    data: Any = None


_EVENT = msgspec.json.Decoder(_Event)


class CopilotActivity:
    """Reads the lines of one session that hold no usage."""

    def __init__(self, gathered: Gathering) -> None:
        self._gathered = gathered
        self._tools: dict[str, str] = {}

    def take(self, line: bytes, session: str) -> bool:
        """Gather what a line says; tell whether it said anything."""
        event = decode(_EVENT, line)
        if isinstance(event, str) or not isinstance(event.data, dict):
            return False
        occurred_at = instant(event.timestamp)
        if occurred_at is None or untimely(occurred_at):
            return False
        found = False
        for kind, key, name in self._facts(event, event.data):
            traits = self._gathered.traits
            place = (traits.name, key, session, occurred_at, traits.client)
            if key:
                self._gathered.activity(Activity(*place, kind, name, 1, None, ""))
                found = True
        return found

    def _facts(
        self, event: _Event, data: dict[str, Any]
    ) -> Iterator[tuple[str, str, str]]:
        """Yield (kind, key, name)."""
        call = text(data.get("toolCallId"))
        if event.type == "tool.execution_start":
            self._tools[call] = text(data.get("toolName"))
            while len(self._tools) > _REMEMBERED_TOOLS:
                del self._tools[next(iter(self._tools))]
        elif event.type == "tool.execution_complete":
            name = self._tools.pop(call, "")
            yield "tool_result", call, name
            if data.get("success") is False:
                yield "tool_error", call, name
            elif name in _EDITING:
                yield "edit_accepted", call, name
        elif event.type == "user.message" and not event.agent_id:
            yield "prompt", text(data.get("messageId")) or text(event.id), ""
