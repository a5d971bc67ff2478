"""Facts beside the calls of Gemini CLI: prompts, tool results, edits, lines.

Only names of tools and counts leave this module. Messages and tool calls have ids, so
what is appended again counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import Activity
from mileage.sources.gemini_cli_events import EDITING
from mileage.sources.jsonl import decode, instant, text, untimely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.sources.jsonl import Gathering

_OBJECT = msgspec.json.Decoder(dict[str, Any])
# What the client tells the model before the person has said anything.
_WRITTEN_BY_CLIENT = ("<session_context>",)
_DONE = {"success": False, "error": True, "cancelled": True}
"""Final states of a tool call, and whether it failed."""
_REFUSED = "cancelled"

Fact = tuple[str, str, str, int]
"""Kind, key within the session, name, amount."""


class GeminiCliActivity:
    """Reads lines and documents of one chat for what is no usage."""

    def __init__(self, gathered: Gathering) -> None:
        self._gathered = gathered

    def take(self, line: bytes, session: str, *, agent: bool) -> bool:
        """Gather what a line says; tell whether that was anything."""
        decoded = decode(_OBJECT, line)
        if isinstance(decoded, str):
            return False
        found = False
        for message, spoken in _messages(decoded):
            for fact in _facts(message, spoken=spoken and not agent):
                found = self._fact(message, session, fact) or found
        return found

    def _fact(self, message: dict[str, Any], session: str, fact: Fact) -> bool:
        kind, key, name, amount = fact
        occurred_at = instant(message.get("timestamp"))
        if occurred_at is None or untimely(occurred_at) or not key or amount <= 0:
            return False
        traits = self._gathered.traits
        place = (traits.name, f"{session}:{key}", session, occurred_at, traits.client)
        self._gathered.activity(Activity(*place, kind, name, amount, None, ""))
        return True


def _messages(line: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield messages, and whether a person may have written them just then.

    An update rewrites the conversation, with summaries that nobody typed.
    """
    yield line, True
    update = line.get("$set")
    for message in _dicts(line.get("messages")):
        yield message, True
    for message in _dicts(update.get("messages") if isinstance(update, dict) else None):
        yield message, False


def _facts(message: dict[str, Any], *, spoken: bool) -> Iterator[Fact]:
    kind = message.get("type")
    if kind == "user" and spoken and _typed(message.get("content")):
        yield "prompt", text(message.get("id")), "", 1
    elif kind == "gemini":
        for call in _dicts(message.get("toolCalls")):
            yield from _tool(call)


def _typed(content: object) -> bool:
    """Tell whether a person wrote it: no result of a tool, no note of the client."""
    if isinstance(content, str):
        return not content.startswith(_WRITTEN_BY_CLIENT)
    parts = _dicts(content)
    if any("functionResponse" in part for part in parts):
        return False
    said = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    return any(not one.startswith(_WRITTEN_BY_CLIENT) for one in said)


def _tool(call: dict[str, Any]) -> Iterator[Fact]:
    status, key = call.get("status"), text(call.get("id"))
    if not isinstance(status, str) or status not in _DONE:
        return
    name = text(call.get("name"))
    yield "tool_result", key, name, 1
    if _DONE[status]:
        yield "tool_error", key, name, 1
    if name not in EDITING:
        return
    if status == _REFUSED:
        yield "edit_rejected", key, name, 1
    elif not _DONE[status]:
        yield "edit_accepted", key, name, 1
        for kind, amount in lines_changed(call.get("resultDisplay")):
            yield kind, key, name, amount


def lines_changed(display: object) -> list[tuple[str, int]]:
    """Return the lines that the model added and removed, as results of edits say."""
    changed = display.get("diffStat") if isinstance(display, dict) else None
    if not isinstance(changed, dict):
        return []
    return [
        ("lines_added", _amount(changed.get("model_added_lines"))),
        ("lines_removed", _amount(changed.get("model_removed_lines"))),
    ]


def _amount(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value <= MAX_COUNT else 0


def _dicts(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        return []
    return [one for one in value if isinstance(one, dict)]
