"""Facts beside the calls of Codex: prompts, tool results, patches, active time.

Only names of tools and counts leave this module. History that is replayed into a
fork or a sub-agent keeps its ids, so it counts once; the old form of a prompt has
none, and is passed over there. What a sub-agent is asked is no person's prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.witness import Activity
from mileage.sources.jsonl import decode, instant, text, untimely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.sources.codex_thread import Thread
    from mileage.sources.jsonl import Gathering

    Fact = tuple[str, str, str, int]
    """(kind, key, name, amount)."""

_CALLS = frozenset({"function_call", "custom_tool_call"})
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output"})
_REMEMBERED_TOOLS = 5_000
# Both forms of one prompt are written in the same moment.
_SAME_PROMPT = 2_000_000
_LONGEST_TASK = 86_400_000
_PATCH = "apply_patch"

_OBJECT = msgspec.json.Decoder(dict[str, Any])


class CodexActivity:
    """Reads the lines of one rollout that hold no usage."""

    def __init__(self, gathered: Gathering, thread: Thread) -> None:
        self._gathered = gathered
        self._thread = thread
        self._tools: dict[str, str] = {}
        self._prompt: tuple[str, int] = ("", 0)

    def take(self, line: bytes) -> str:
        """Gather what a line says; return the reason if it cannot be read, or ''."""
        if not line.strip():
            return ""
        decoded = decode(_OBJECT, line)
        if isinstance(decoded, str):
            return decoded
        payload = decoded.get("payload")
        occurred_at = instant(decoded.get("timestamp"))
        found = False
        if isinstance(payload, dict) and occurred_at and not untimely(occurred_at):
            for fact in self._facts(decoded, payload, occurred_at):
                found = self._fact(fact, occurred_at) or found
        self._gathered.ignored += not found
        return ""

    def _fact(self, fact: Fact, occurred_at: int) -> bool:
        kind, key, name, amount = fact
        if not key or amount <= 0:
            return False
        traits, thread = self._gathered.traits, self._thread
        place = (traits.name, key, thread.thread_id, occurred_at, traits.client)
        row = Activity(*place, kind, name, amount, thread.attended, "")
        self._gathered.activity(row)
        return True

    def _facts(
        self, line: dict[str, Any], payload: dict[str, Any], occurred_at: int
    ) -> Iterator[Fact]:
        kind = text(payload.get("type"))
        if line.get("type") == "response_item":
            yield from self._item(kind, payload)
        elif line.get("type") != "event_msg":
            return
        elif kind == "user_message":
            if not self._thread.is_replaying(line.get("ordinal")):
                key = f"{self._thread.thread_id}:{occurred_at}"
                yield from self._asked(kind, key, occurred_at)
        elif kind == "item_completed":
            yield from self._completed(payload.get("item"), occurred_at)
        elif kind == "task_complete":
            duration = payload.get("duration_ms")
            yield "active_seconds", text(payload.get("turn_id")), "", _seconds(duration)
        elif kind == "patch_apply_end":
            status = "completed" if payload.get("success") is True else "failed"
            key = text(payload.get("call_id"))
            yield from _patch(key, status, payload.get("changes"))

    def _item(self, kind: str, payload: dict[str, Any]) -> Iterator[Fact]:
        call_id = text(payload.get("call_id"))
        if kind in _CALLS:
            self._tools[call_id] = text(payload.get("name"))
            while len(self._tools) > _REMEMBERED_TOOLS:
                del self._tools[next(iter(self._tools))]
        elif kind in _RESULTS:
            yield "tool_result", call_id, self._tools.get(call_id, ""), 1

    def _completed(self, item: object, occurred_at: int) -> Iterator[Fact]:
        if not isinstance(item, dict):
            return
        kind, key = item.get("type"), text(item.get("id"))
        if kind == "UserMessage":
            yield from self._asked(kind, key, occurred_at)
        elif kind == "CommandExecution" and item.get("exit_code") not in (0, None):
            yield "tool_error", key, self._tools.get(key, ""), 1
        elif kind == "FileChange":
            yield from _patch(key, text(item.get("status")), item.get("changes"))

    def _asked(self, form: str, key: str, occurred_at: int) -> Iterator[Fact]:
        """Count a prompt once although some versions write it in two forms."""
        if self._thread.agent:
            return
        before, at = self._prompt
        if before and before != form and abs(occurred_at - at) <= _SAME_PROMPT:
            self._prompt = ("", 0)
            return
        self._prompt = (form, occurred_at)
        yield "prompt", key, "", 1


def _patch(key: str, status: str, changes: object) -> Iterator[Fact]:
    if status == "completed":
        added, removed = _lines_changed(changes)
        yield "edit_accepted", key, _PATCH, 1
        yield "lines_added", key, _PATCH, added
        yield "lines_removed", key, _PATCH, removed
    elif status == "declined":
        yield "edit_rejected", key, _PATCH, 1
    elif status == "failed":
        yield "tool_error", key, _PATCH, 1


def _lines_changed(changes: object) -> tuple[int, int]:
    """Count lines in ``{path: {type, content | unified_diff}}``, old nesting too."""
    added = removed = 0
    for change in changes.values() if isinstance(changes, dict) else ():
        if not isinstance(change, dict):
            continue
        kind = change.get("type") or next(iter(change), "")
        inner = change.get(kind) if isinstance(kind, str) else None
        body = inner if isinstance(inner, dict) else change
        lines = len(_lines(body.get("content")))
        diff = _lines(body.get("unified_diff"))
        added += lines if kind == "add" else 0
        removed += lines if kind == "delete" else 0
        added += sum(_is_change(line, "+") for line in diff)
        removed += sum(_is_change(line, "-") for line in diff)
    return added, removed


def _is_change(line: str, sign: str) -> bool:
    return line.startswith(sign) and not line.startswith(f"{sign * 3} ")


def _lines(value: object) -> list[str]:
    """Return the lines of a text; anything that is no text has none."""
    return value.splitlines() if isinstance(value, str) else []


def _seconds(milliseconds: object) -> int:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return 0
    within = 0 <= milliseconds <= _LONGEST_TASK
    return round(milliseconds / 1_000) if within else 0
