"""Lines of session logs for tests, as the clients write them, with made-up text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mileage.domain.call import SourceTraits
from mileage.domain.once import count_once
from mileage.domain.tokens import Tokens
from mileage.sources.claude_code_log import SOURCE as CLAUDE
from mileage.sources.codex_rollout import SOURCE as CODEX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mileage.domain.witness import Activity, Reading, Rejected, Witness
    from mileage.sources.base import LogSource

SOURCES = {CLAUDE.traits.name: CLAUDE, CODEX.traits.name: CODEX}
TRAITS: dict[str, SourceTraits] = {
    name: source.traits for name, source in SOURCES.items()
}
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
MARKER = "content-that-must-not-leave"


def at(seconds: float) -> str:
    moment = START + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(**fields: Any) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


# ------------------------------------------------------------------ Claude Code


def usage(
    fresh: int = 3, read: int = 1000, write: int = 50, out: int = 7, **more: Any
) -> dict[str, Any]:
    return {
        "input_tokens": fresh,
        "cache_creation_input_tokens": write,
        "cache_read_input_tokens": read,
        "output_tokens": out,
        "service_tier": "standard",
        **more,
    }


def answer(
    message: str | None = "msg_1",
    used: Any = None,
    *,
    seconds: float = 0,
    model: Any = "claude-opus-4-8",
    **fields: Any,
) -> bytes:
    """One line of an assistant's message; a field of None is left out."""
    inner = {
        "model": model,
        "id": message,
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": MARKER}],
        "usage": usage() if used is None else used,
    }
    outer: dict[str, Any] = {
        "parentUuid": None,
        "isSidechain": False,
        "cwd": "/home/alice/code/repo",
        "sessionId": "session-1",
        "version": "2.1.197",
        "message": {key: value for key, value in inner.items() if value is not None},
        "requestId": "req_1",
        "type": "assistant",
        "uuid": f"uuid-{seconds}",
        "timestamp": at(seconds),
        **fields,
    }
    return line(**{key: value for key, value in outer.items() if value is not None})


def said(content: Any, *, seconds: float = 0, **fields: Any) -> bytes:
    """One line of a user's message or of a tool's result."""
    return line(
        **{
            "isSidechain": False,
            "sessionId": "session-1",
            "entrypoint": "cli",
            "type": "user",
            "message": {"role": "user", "content": content},
            "uuid": f"user-{seconds}",
            "timestamp": at(seconds),
            **fields,
        }
    )


def uses_tool(name: str, tool_id: str = "toolu_1", message: str = "msg_1") -> bytes:
    plain = json.loads(answer(message))
    plain["message"]["content"] = [
        {"type": "tool_use", "id": tool_id, "name": name, "input": {"x": MARKER}}
    ]
    return line(**plain)


def result(tool_id: str = "toolu_1", *, error: bool = False, **fields: Any) -> bytes:
    block = {"type": "tool_result", "tool_use_id": tool_id, "content": MARKER}
    content = [{**block, "is_error": True} if error else block]
    return said(content, seconds=1, **fields)


# ------------------------------------------------------------------------ Codex


def tokens(
    fresh: int = 100, cached: int = 0, out: int = 10, thought: int = 0, written: int = 0
) -> dict[str, int]:
    """A usage as Codex writes it: everything inside input or output."""
    inside = fresh + cached + written
    return {
        "input_tokens": inside,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "output_tokens": out,
        "reasoning_output_tokens": thought,
        "total_tokens": inside + out,
    }


def added(*usages: dict[str, int]) -> dict[str, int]:
    return {key: sum(one[key] for one in usages) for key in usages[0]}


def entry(kind: str, seconds: float = 0, **payload: Any) -> bytes:
    ordinal = payload.pop("ordinal", None)
    numbered = {} if ordinal is None else {"ordinal": ordinal}
    return line(timestamp=at(seconds), **numbered, type=kind, payload=payload)


def event(kind: str, seconds: float = 0, **payload: Any) -> bytes:
    return entry("event_msg", seconds, type=kind, **payload)


def meta(thread: str = "thread-1", seconds: float = 0, **fields: Any) -> bytes:
    plain = {"cwd": "/home/alice/code/repo", "cli_version": "0.128.0", "source": "cli"}
    return entry("session_meta", seconds, **{"id": thread, **plain, **fields})


def turn(model: str = "gpt-5.1-codex", seconds: float = 0) -> bytes:
    return entry("turn_context", seconds, model=model, cwd="/home/alice/code/repo")


def count(
    total: dict[str, int] | None,
    last: dict[str, int] | None = None,
    seconds: float = 10,
    **fields: Any,
) -> bytes:
    info = {
        "total_token_usage": total,
        "last_token_usage": total if last is None else last,
        "model_context_window": 272_000,
    }
    return event("token_count", seconds, info=info if total else None, **fields)


def record(
    response: str,
    used: dict[str, int],
    thread_total: dict[str, int] | None = None,
    seconds: float = 10,
    thread: str = "thread-1",
) -> bytes:
    return entry(
        "token_usage_record",
        seconds,
        thread_id=thread,
        response_id=response,
        usage=used,
        thread_token_usage=thread_total or used,
    )


# --------------------------------------------------------------------- reading


def read(
    source: LogSource, *lines: bytes, place: str = "log.jsonl", activity: bool = True
) -> list[Reading]:
    return list(source.read(lines, place, activity=activity))


def witnesses(readings: Iterable[Reading]) -> list[Witness]:
    return count_once(reading.witnesses for reading in readings)


def activities(readings: Iterable[Reading]) -> list[Activity]:
    return [one for reading in readings for one in reading.activities.rows()]


def rejections(readings: Iterable[Reading]) -> list[Rejected]:
    return [one for reading in readings for one in reading.rejected]


def ignored(readings: Iterable[Reading]) -> int:
    return sum(reading.ignored for reading in readings)


def total(rows: Iterable[Witness]) -> Tokens:
    result = Tokens()
    for row in rows:
        result = result.plus(row.tokens)
    return result


def only(readings: list[Reading]) -> Witness:
    assert rejections(readings) == []
    (row,) = witnesses(readings)
    return row


def write_log(folder: Path, name: str, *lines: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path
