"""Facts beside the calls of Qwen Code: prompts, tool results, edits, lines.

Only names of tools and counts leave this module. Every line has an id that copies of
a branched session keep, so what was copied counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.witness import Activity
from mileage.sources.gemini_cli_activity import lines_changed
from mileage.sources.jsonl import decode, instant, text, untimely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.sources.jsonl import Gathering

_OBJECT = msgspec.json.Decoder(dict[str, Any])
_EDITING = frozenset({"edit", "replace", "write_file"})
_REFUSED = "cancelled"
_FAILED = ("error", _REFUSED)

Fact = tuple[str, str, str, int]
"""Kind, key, name, amount."""


class QwenCodeActivity:
    """Reads the lines of one chat for what is no usage."""

    def __init__(self, gathered: Gathering) -> None:
        self._gathered = gathered

    def take(self, line: bytes) -> bool:
        """Gather what a line says; tell whether that was anything."""
        decoded = decode(_OBJECT, line)
        if isinstance(decoded, str):
            return False
        found = False
        for fact in _facts(decoded):
            found = self._fact(decoded, fact) or found
        return found

    def _fact(self, line: dict[str, Any], fact: Fact) -> bool:
        kind, key, name, amount = fact
        occurred_at = instant(line.get("timestamp"))
        if occurred_at is None or untimely(occurred_at) or not key or amount <= 0:
            return False
        traits, session = self._gathered.traits, text(line.get("sessionId"))
        place = (traits.name, key, session, occurred_at, traits.client)
        self._gathered.activity(Activity(*place, kind, name, amount, None, ""))
        return True


def _facts(line: dict[str, Any]) -> Iterator[Fact]:
    kind = line.get("type")
    if kind == "user" and _typed(line):
        yield "prompt", text(line.get("uuid")), "", 1
    elif kind == "tool_result":
        yield from _tool(line)


def _typed(line: dict[str, Any]) -> bool:
    """Tell whether a person wrote it: notifications and schedules have a subtype."""
    if line.get("isSidechain") is True:
        return False
    if line.get("subtype") not in (None, "mid_turn_user_message"):
        return False
    return line.get("provenance") in (None, "real_user")


def _tool(line: dict[str, Any]) -> Iterator[Fact]:
    outcome = line.get("toolCallResult")
    outcome = outcome if isinstance(outcome, dict) else {}
    key, name = text(line.get("uuid")), _name(line)
    status = outcome.get("status")
    yield "tool_result", key, name, 1
    if status in _FAILED:
        yield "tool_error", key, name, 1
    if name not in _EDITING:
        return
    if status == _REFUSED:
        yield "edit_rejected", key, name, 1
    elif status == "success":
        yield "edit_accepted", key, name, 1
        for kind, amount in lines_changed(outcome.get("resultDisplay")):
            yield kind, key, name, amount


def _name(line: dict[str, Any]) -> str:
    """Return the tool's name, which stands in the answer to the model."""
    message = line.get("message")
    parts = message.get("parts") if isinstance(message, dict) else None
    for part in parts if isinstance(parts, list) else ():
        response = part.get("functionResponse") if isinstance(part, dict) else None
        if isinstance(response, dict):
            return text(response.get("name"))
    return ""
