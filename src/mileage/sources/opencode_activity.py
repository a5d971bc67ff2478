"""Facts beside the calls of OpenCode: prompts, tool results, edits, lines.

Only names of tools and counts leave this module. Copies in forks get new ids, but keep
the ids of tool calls and the times of prompts. The shapes of edits are known from the
client's published source; the recordings (1.18.33) hold none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import Activity
from mileage.sources import epoch
from mileage.sources.jsonl import decode, text, untimely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.sources.jsonl import Gathering
    from mileage.sources.opencode_rows import Session

_EDITING = frozenset({"apply_patch", "edit", "multiedit", "patch", "write"})
_TOOL = b'"tool"'
_DONE = ("completed", "error")


class _Span(msgspec.Struct, gc=False):
    start: Any = None
    end: Any = None
    created: Any = None
    completed: Any = None


class _State(msgspec.Struct, gc=False):
    status: Any = None
    time: _Span | None = None
    metadata: Any = None
    structured: Any = None


class _Part(msgspec.Struct, gc=False):
    """A part of a message; version 2 names tool and call ``name`` and ``id``."""

    type: Any = None
    tool: Any = None
    name: Any = None
    call_id: Any = msgspec.field(default=None, name="callID")
    id: Any = None
    state: _State | None = None
    time: Any = None
    synthetic: Any = None
    ignored: Any = None


class _Content(msgspec.Struct, gc=False):
    content: list[_Part] | None = None


_PART = msgspec.json.Decoder(_Part)
_CONTENT = msgspec.json.Decoder(_Content)


def prompted(gathered: Gathering, session: Session, begun: int | None) -> None:
    """Count what a person asked; what a sub-agent is asked is no person's prompt."""
    if begun is not None and not session.is_child:
        _fact(gathered, session, begun, ("prompt", str(begun), "", 1))


def is_typed(part: bytes) -> bool:
    """Tell whether a part of a prompt comes from a person."""
    found = decode(_PART, part)
    if isinstance(found, str):
        return False
    written = found.type in ("text", "file", "agent")
    return written and found.synthetic is not True and found.ignored is not True


def used_tool(gathered: Gathering, session: Session, data: bytes) -> None:
    """Count what one row of parts says of a tool."""
    if _TOOL not in data:
        return
    part = decode(_PART, data)
    if not isinstance(part, str):
        _tool(gathered, session, part)


def used_tools(gathered: Gathering, session: Session, data: bytes) -> None:
    """Count the tools inside a message of version 2."""
    if _TOOL not in data:
        return
    message = decode(_CONTENT, data)
    if not isinstance(message, str):
        for part in message.content or ():
            _tool(gathered, session, part)


def _tool(gathered: Gathering, session: Session, part: _Part) -> None:
    state = part.state
    if part.type != "tool" or state is None or state.status not in _DONE:
        return
    key = text(part.call_id) or text(part.id)
    name = text(part.tool) or text(part.name)
    at = _time(part, state)
    for fact in _facts(key, name, state):
        _fact(gathered, session, at, fact)


def _facts(key: str, name: str, state: _State) -> Iterator[tuple[str, str, str, int]]:
    yield "tool_result", key, name, 1
    if state.status == "error":
        yield "tool_error", key, name, 1
    elif name in _EDITING:
        added, removed = _lines(state)
        yield "edit_accepted", key, name, 1
        yield "lines_added", key, name, added
        yield "lines_removed", key, name, removed


def _fact(
    gathered: Gathering,
    session: Session,
    at: int | None,
    fact: tuple[str, str, str, int],
) -> None:
    kind, key, name, amount = fact
    if at is None or untimely(at) or not key or amount <= 0:
        return
    traits = gathered.traits
    place = (traits.name, key, session.session_id, at, traits.client)
    gathered.activity(Activity(*place, kind, name, amount, None, ""))


def _time(part: _Part, state: _State) -> int | None:
    span = state.time
    times: list[object] = [span.end, span.start] if span else []
    if isinstance(part.time, dict):
        times += [part.time.get("completed"), part.time.get("created")]
    found = (epoch.of_milliseconds(one) for one in times)
    return next((one for one in found if one is not None), None)


def _lines(state: _State) -> tuple[int, int]:
    """Return lines added and removed, of one file or of several."""
    told = state.metadata if isinstance(state.metadata, dict) else state.structured
    if not isinstance(told, dict):
        return 0, 0
    several = told.get("files")
    changes = [told.get("filediff"), *(several if isinstance(several, list) else ())]
    known = [one for one in changes if isinstance(one, dict)]
    return (
        sum(_count(one.get("additions")) for one in known),
        sum(_count(one.get("deletions")) for one in known),
    )


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value <= MAX_COUNT else 0
