"""Facts beside the calls of Claude Code: prompts, tool results, edits, lines.

Only names of tools and counts leave this module. Everything has the id that the
client gave it, so that history copied by a resumed session counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.witness import Activity
from mileage.sources.jsonl import decode, instant, text, untimely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.sources.jsonl import Gathering

_EDITING = frozenset({"Edit", "MultiEdit", "NotebookEdit", "Write"})
_REFUSED = ("The user doesn't want to", "User rejected")
# Lines of type "user" that the client writes itself.
_WRITTEN_BY_CLIENT = (
    "<system-reminder>",
    "<local-command-",
    "<bash-stdout>",
    "<bash-stderr>",
    "<task-notification>",
    "[Request interrupted",
    "Caveat: The messages below",
    "This session is being continued from a previous",
)
_NOT_TYPED = (
    "isMeta",
    "isSidechain",
    "isCompactSummary",
    "isVisibleInTranscriptOnly",
)
# Results follow their calls closely; what never got one must not pile up.
_REMEMBERED_TOOLS = 5_000
_MILLISECONDS = 1_000

_OBJECT = msgspec.json.Decoder(dict[str, Any])


class ClaudeCodeActivity:
    """Reads the lines of one transcript that hold no usage."""

    def __init__(self, gathered: Gathering) -> None:
        self._gathered = gathered
        self._tools: dict[str, str] = {}

    def learn_tools(self, line: bytes) -> None:
        """Remember which tool each id in an assistant's line stands for."""
        decoded = decode(_OBJECT, line)
        if isinstance(decoded, str):
            return
        for block in _blocks(decoded):
            if block.get("type") == "tool_use" and (found := text(block.get("id"))):
                self._tools[found] = text(block.get("name"))
        while len(self._tools) > _REMEMBERED_TOOLS:
            del self._tools[next(iter(self._tools))]

    def take(self, line: bytes) -> str:
        """Gather what a line says; return the reason if it cannot be read, or ''."""
        if not line.strip():
            return ""
        decoded = decode(_OBJECT, line)
        if isinstance(decoded, str):
            return decoded
        found = False
        for kind, key, name, amount in self._facts(decoded):
            found = self._fact(decoded, (kind, key, name), amount) or found
        self._gathered.ignored += not found
        return ""

    def _fact(
        self, line: dict[str, Any], fact: tuple[str, str, str], amount: int
    ) -> bool:
        kind, key, name = fact
        occurred_at = instant(line.get("timestamp"))
        if occurred_at is None or untimely(occurred_at) or not key or amount <= 0:
            return False
        traits = self._gathered.traits
        session, seated = text(line.get("sessionId")), attended(line.get("entrypoint"))
        place = (traits.name, key, session, occurred_at, traits.client)
        self._gathered.activity(Activity(*place, kind, name, amount, seated, ""))
        return True

    def _facts(self, line: dict[str, Any]) -> Iterator[tuple[str, str, str, int]]:
        """Yield (kind, key, name, amount)."""
        if line.get("type") == "system" and line.get("subtype") == "turn_duration":
            seconds = _seconds(line.get("durationMs"))
            yield "active_seconds", text(line.get("uuid")), "", seconds
        if line.get("type") != "user":
            return
        results = [b for b in _blocks(line) if b.get("type") == "tool_result"]
        for result in results:
            yield from self._tool(line, result)
        if not results and _typed_by_a_person(line):
            yield "prompt", text(line.get("uuid")), "", 1

    def _tool(
        self, line: dict[str, Any], result: dict[str, Any]
    ) -> Iterator[tuple[str, str, str, int]]:
        key = text(result.get("tool_use_id"))
        name = self._tools.pop(key, "")
        outcome = line.get("toolUseResult")
        yield "tool_result", key, name, 1
        if result.get("is_error") is True:
            yield "tool_error", key, name, 1
            if name in _EDITING and (_refused(outcome) or _refused(_said(result))):
                yield "edit_rejected", key, name, 1
        elif name in _EDITING and isinstance(outcome, dict) and "filePath" in outcome:
            added, removed = _lines_changed(outcome)
            yield "edit_accepted", key, name, 1
            yield "lines_added", key, name, added
            yield "lines_removed", key, name, removed


def attended(entrypoint: object) -> bool | None:
    """Tell whether somebody sat before it: a terminal, or a program's own call."""
    if entrypoint == "cli":
        return True
    return False if text(entrypoint).startswith("sdk") else None


def _blocks(line: dict[str, Any]) -> list[dict[str, Any]]:
    message = line.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        return []
    return [block for block in content if isinstance(block, dict)]


def _typed_by_a_person(line: dict[str, Any]) -> bool:
    if any(line.get(mark) is True for mark in _NOT_TYPED):
        return False
    message = line.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    said = [content] if isinstance(content, str) else []
    said += [b["text"] for b in _blocks(line) if isinstance(b.get("text"), str)]
    return any(not part.startswith(_WRITTEN_BY_CLIENT) for part in said)


def _said(result: dict[str, Any]) -> object:
    """Return the first text of a result, to look for the mark of a refusal."""
    content = result.get("content")
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return content[0].get("text")
    return content


def _refused(value: object) -> bool:
    return isinstance(value, str) and any(
        mark in value[:200]  # the mark stands at the start, the rest is the user's
        for mark in _REFUSED
    )


def _lines_changed(outcome: dict[str, Any]) -> tuple[int, int]:
    if outcome.get("type") == "create" and isinstance(outcome.get("content"), str):
        return len(outcome["content"].splitlines()), 0
    hunks = outcome.get("structuredPatch")
    added = removed = 0
    for hunk in hunks if isinstance(hunks, list) else []:
        lines = hunk.get("lines") if isinstance(hunk, dict) else None
        for line in lines if isinstance(lines, list) else []:
            added += isinstance(line, str) and line.startswith("+")
            removed += isinstance(line, str) and line.startswith("-")
    return added, removed


def _seconds(milliseconds: object) -> int:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return 0
    day = 86_400 * _MILLISECONDS
    return round(milliseconds / _MILLISECONDS) if 0 <= milliseconds <= day else 0
