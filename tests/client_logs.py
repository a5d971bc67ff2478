"""Logs of clients for tests, as they write them, with made-up text."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mileage.domain.once import count_once
from mileage.sources.aider_analytics import SOURCE as AIDER
from mileage.sources.amp_thread import SOURCE as AMP
from mileage.sources.copilot_events import SOURCE as COPILOT
from mileage.sources.droid_session import SOURCE as DROID
from mileage.sources.files import LogFile, read_log
from mileage.sources.kilo_db import SOURCE as KILO
from mileage.sources.kimi_wire import SOURCE as KIMI
from mileage.sources.opencode_db import SOURCE as OPENCODE
from mileage.sources.pi_session import SOURCE as PI

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mileage.domain.witness import Activity, Reading, Witness

SOURCES = {
    source.traits.name: source
    for source in (AIDER, AMP, COPILOT, DROID, KILO, KIMI, OPENCODE, PI)
}
NAMES = {
    "aider_analytics": "analytics.jsonl",
    "amp_thread": "T-1.json",
    "copilot_events": "session-1/events.jsonl",
    "droid_session": "session-1.settings.json",
    "kilo_db": "kilo.db",
    "kimi_wire": "session-1/wire.jsonl",
    "opencode_db": "opencode.db",
    "pi_session": "session-1.jsonl",
}
MARKER = "content-that-must-not-leave"
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
START_MS = int(START.timestamp() * 1_000)
START_MICROS = START_MS * 1_000


def answer(number: int, kind: str = "msg_") -> str:
    """An id as long as providers' are; a shorter one names no call."""
    return f"{kind}{number:020}"


MESSAGE, COMPLETION = answer(1), answer(1, "chatcmpl-")


def line(**fields: Any) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def stamp(seconds: float = 0) -> str:
    """A time as most clients write it."""
    moment = datetime.fromtimestamp(START.timestamp() + seconds, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms(seconds: float = 0) -> int:
    return START_MS + round(seconds * 1_000)


def micros(seconds: float = 0) -> int:
    return ms(seconds) * 1_000


# --------------------------------------------------------------------- reading


def read(source: Any, path: Path, *, activity: bool = True) -> list[Reading]:
    size = path.stat().st_size if path.exists() else 0
    file = LogFile(source.traits.name, str(path), size)
    return list(read_log(source, file, activity=activity))


def rows(readings: Iterable[Reading]) -> list[Witness]:
    return [row for reading in readings for row in reading.witnesses.rows()]


def counted(readings: Iterable[Reading]) -> list[Witness]:
    return count_once(reading.witnesses for reading in readings)


def activities(readings: Iterable[Reading]) -> list[Activity]:
    return [one for reading in readings for one in reading.activities.rows()]


def facts(readings: Iterable[Reading]) -> set[tuple[str, str, str, int]]:
    return {
        (one.kind, one.key, one.name, one.amount)
        for reading in readings
        for one in reading.activities.rows()
    }


def reasons(readings: Iterable[Reading]) -> list[tuple[str, str]]:
    """Places without their folder, and reasons."""
    return [
        (one.place.rpartition("/")[2], one.reason)
        for reading in readings
        for one in reading.rejected
    ]


def ignored(readings: Iterable[Reading]) -> int:
    return sum(reading.ignored for reading in readings)


def only(readings: list[Reading]) -> Witness:
    assert reasons(readings) == []
    (row,) = counted(readings)
    return row


def written(path: Path, *lines: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


# -------------------------------------------------------------------- OpenCode

SCHEMA = """
CREATE TABLE session (
  id text PRIMARY KEY, parent_id text, directory text NOT NULL, title text NOT NULL,
  version text NOT NULL, tokens_input integer DEFAULT 0 NOT NULL
);
CREATE TABLE message (
  id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL
);
CREATE TABLE part (
  id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL
);
CREATE INDEX part_message_id_id_idx ON part (message_id, id);
CREATE TABLE session_message (
  id text PRIMARY KEY, session_id text NOT NULL, type text NOT NULL,
  seq integer NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL,
  data text NOT NULL
);
CREATE TABLE event (id text PRIMARY KEY, type text NOT NULL, data text NOT NULL);
"""
# The same names for the tables of both formats of messages.
Rows = dict[str, list[tuple[Any, ...]]]
INSERTS = {
    "session": "INSERT INTO session VALUES (?, ?, ?, ?, ?, 0)",
    "message": "INSERT INTO message VALUES (?, ?, 0, 0, ?)",
    "part": "INSERT INTO part VALUES (?, ?, ?, 0, 0, ?)",
    "session_message": "INSERT INTO session_message VALUES (?, ?, ?, ?, 0, 0, ?)",
}


def message_id(seconds: float = 0, number: int = 1) -> str:
    """An id as OpenCode makes it: the moment it was made, and a number."""
    return f"msg_{ms(seconds) % 16**9:09x}{number:03x}Filler"


def tokens(
    fresh: int = 3, out: int = 7, read: int = 1_000, write: int = 50, thought: int = 0
) -> dict[str, Any]:
    """Counts as OpenCode 1.18.33 writes them: reasoning stands beside output."""
    return {
        "total": fresh + out + read + write + thought,
        "input": fresh,
        "output": out,
        "reasoning": thought,
        "cache": {"write": write, "read": read},
    }


def assistant(
    seconds: float = 0, used: Any = None, *, took: float | None = 2, **fields: Any
) -> str:
    """An assistant's message of version 1; a field of None is left out."""
    times = {"created": ms(seconds)}
    if took is not None:
        times["completed"] = ms(seconds + took)
    plain = {
        "parentID": "msg_parent",
        "role": "assistant",
        "mode": "build",
        "agent": "build",
        "path": {"cwd": "/home/alice/code/repo", "root": "/"},
        "cost": 0.25,
        "tokens": tokens() if used is None else used,
        "modelID": "claude-sonnet-4-5",
        "providerID": "anthropic",
        "time": times,
        "finish": "stop",
        **fields,
    }
    return json.dumps({k: v for k, v in plain.items() if v is not None})


def assistant_2(seconds: float = 0, used: Any = None, **fields: Any) -> str:
    """An assistant's message of version 2: no role, the model in an object."""
    used = tokens() if used is None else used
    plain = {
        "agent": "build",
        "model": {"id": "claude-sonnet-4-5", "providerID": "anthropic"},
        "content": [{"type": "text", "id": "p1", "text": MARKER}],
        "cost": 0.25,
        "tokens": {k: v for k, v in used.items() if k != "total"},
        "time": {"created": ms(seconds), "completed": ms(seconds + 2)},
        **fields,
    }
    return json.dumps({k: v for k, v in plain.items() if v is not None})


def asked(seconds: float = 0, **fields: Any) -> str:
    return json.dumps({"role": "user", "time": {"created": ms(seconds)}, **fields})


def tool(name: str = "bash", call: str = "toolu_1", **state: Any) -> str:
    told = {
        "status": "completed",
        "input": {"command": MARKER},
        "output": MARKER,
        "time": {"start": ms(1), "end": ms(2)},
        **state,
    }
    return json.dumps({"type": "tool", "tool": name, "callID": call, "state": told})


def session(
    name: str = "ses_1", parent: str | None = None, version: str = "1.18.33"
) -> tuple[Any, ...]:
    return name, parent, "/home/alice/code/repo", MARKER, version


def fill(connection: sqlite3.Connection, **tables: Any) -> None:
    for table, several in tables.items():
        connection.executemany(INSERTS[table], several)
    connection.commit()


def database(path: Path, *, wal: bool = False, **tables: Any) -> Path:
    """Write a database of OpenCode; its client has closed it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        if wal:
            connection.execute("PRAGMA journal_mode = WAL").close()
        connection.executescript(SCHEMA)
        fill(connection, **{"session": [session()], **tables})
    return path


# --------------------------------------------------------------------- Copilot


def event(kind: str, seconds: float = 0, *, agent: str = "", **data: Any) -> bytes:
    named = {"agentId": agent} if agent else {}
    rest = {"id": f"{kind}-{seconds}", "timestamp": stamp(seconds)}
    return line(type=kind, data=data, **rest, **named)


def started(name: str = "session-1", seconds: float = 0) -> bytes:
    return event(
        "session.start",
        seconds,
        sessionId=name,
        copilotVersion="1.0.102",
        context={"cwd": "/home/alice/code/repo"},
    )


def inside(
    fresh: int = 3, out: int = 7, read: int = 1_000, write: int = 50, thought: int = 0
) -> dict[str, Any]:
    """Counts as Copilot writes them: everything inside input or output."""
    return {
        "inputTokens": fresh + read + write,
        "outputTokens": out + thought,
        "cacheReadTokens": read,
        "cacheWriteTokens": write,
        "reasoningTokens": thought,
    }


def recorded(
    response: str = MESSAGE, used: Any = None, seconds: float = 1, **fields: Any
) -> bytes:
    agent = fields.pop("agent", "")
    plain = {
        "model": "claude-sonnet-4-5",
        **(inside() if used is None else used),
        "modelProvider": "anthropic",
        "apiCallId": response,
        "providerCallId": response.replace("msg", "req"),
        "accounting": {"sourceSessionId": "session-1", "usageId": response},
        **fields,
    }
    usage = {key: value for key, value in plain.items() if value is not None}
    return event("session.usage_record", seconds, agent=agent, usage=usage)


def shut_down(seconds: float = 9, **models: Any) -> bytes:
    """Sums by model, whose names are written with underscores here."""
    sums = {
        name.replace("_", "-"): {"requests": {"count": 3}, "usage": used}
        for name, used in models.items()
    }
    return event("session.shutdown", seconds, modelMetrics=sums)


# -------------------------------------------------------------------------- pi


def begun(name: str = "session-1", seconds: float = 0, **fields: Any) -> bytes:
    return line(
        type="session",
        version=3,
        id=name,
        timestamp=stamp(seconds),
        cwd="/home/alice/code/repo",
        **fields,
    )


def entry(role: str, seconds: float = 1, **fields: Any) -> bytes:
    inner = {"role": role, "content": [{"type": "text", "text": MARKER}], **fields}
    message = {**inner, "timestamp": ms(seconds)}
    told = {key: value for key, value in message.items() if value is not None}
    name = f"{round(seconds):08x}"
    return line(type="message", id=name, timestamp=stamp(seconds + 0.2), message=told)


def spent(
    fresh: int = 3, out: int = 7, read: int = 1_000, write: int = 50
) -> dict[str, Any]:
    return {
        "input": fresh,
        "output": out,
        "cacheRead": read,
        "cacheWrite": write,
        "totalTokens": fresh + out + read + write,
        "cost": {"input": 0.1, "total": 0.25},
    }


def replied(
    response: str | None = MESSAGE, used: Any = None, seconds: float = 1, **fields: Any
) -> bytes:
    told = {
        "api": "anthropic-messages",
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "usage": spent() if used is None else used,
        "stopReason": "stop",
        "responseId": response,
        **fields,
    }
    return entry("assistant", seconds, **told)


# ------------------------------------------------------------------------ Kimi


def wired(kind: str, seconds: float = 1, **payload: Any) -> bytes:
    message = {"type": kind, "payload": payload}
    return line(timestamp=ms(seconds) / 1_000, message=message)


def kimi_used(
    fresh: int = 3, out: int = 7, read: int = 1_000, write: int = 50
) -> dict[str, int]:
    return {
        "input_other": fresh,
        "output": out,
        "input_cache_read": read,
        "input_cache_creation": write,
    }


def status(
    response: str | None = COMPLETION, used: Any = None, seconds: float = 1
) -> bytes:
    told = {"token_usage": kimi_used() if used is None else used}
    return wired("StatusUpdate", seconds, **told, message_id=response)


def usage_record(
    used: Any = None, seconds: float = 1, scope: str = "turn", **fields: Any
) -> bytes:
    usage = {
        "inputOther": 3,
        "output": 7,
        "inputCacheRead": 1_000,
        "inputCacheCreation": 50,
    }
    return line(
        **{
            "type": "usage.record",
            "model": "kimi-code/kimi-for-coding",
            "usage": usage if used is None else used,
            "usageScope": scope,
            "time": ms(seconds),
            **fields,
        }
    )


# ------------------------------------------------------------------ Amp, Droid


def ledger_event(
    name: str = "e1", seconds: float = 1, to: int | None = 1, **fields: Any
) -> dict[str, Any]:
    return {
        "id": name,
        "timestamp": stamp(seconds),
        "model": "claude-sonnet-4-5",
        "credits": 0.5,
        "tokens": {"input": 3, "output": 7},
        "operationType": "inference",
        "toMessageId": to,
        **fields,
    }


def amp_usage(seconds: float | None = None, **fields: Any) -> dict[str, Any]:
    timed = {} if seconds is None else {"timestamp": stamp(seconds)}
    return {
        "model": "claude-sonnet-4-5",
        "inputTokens": 3,
        "outputTokens": 7,
        "cacheReadInputTokens": 1_000,
        "cacheCreationInputTokens": 50,
        **timed,
        **fields,
    }


def amp_message(number: int = 1, usage: Any = None, **fields: Any) -> dict[str, Any]:
    plain = {"role": "assistant", "messageId": number, "content": [], "usage": usage}
    return {key: value for key, value in {**plain, **fields}.items() if value}


def thread(path: Path, *, events: Any = None, **fields: Any) -> Path:
    ledger = {} if events is None else {"usageLedger": {"events": events}}
    plain = {"v": 1, "id": "T-1", "created": ms(), "title": MARKER, **ledger, **fields}
    return written(path, json.dumps(plain).encode())


def settings(path: Path, used: Any = None, **fields: Any) -> Path:
    plain = {
        "model": "claude-sonnet-4-5",
        "providerLock": "anthropic",
        "providerLockTimestamp": stamp(),
        "tokenUsage": {
            "inputTokens": 3,
            "outputTokens": 7,
            "cacheCreationTokens": 50,
            "cacheReadTokens": 1_000,
            "thinkingTokens": 2,
            **(used or {}),
        },
        **fields,
    }
    told = {key: value for key, value in plain.items() if value is not None}
    return written(path, json.dumps(told).encode())


def sent(seconds: float = 0, prompt: int = 2_331, out: int = 11, **more: Any) -> bytes:
    told = {
        "main_model": "anthropic/claude-sonnet-4-5",
        "prompt_tokens": prompt,
        "completion_tokens": out,
        "total_tokens": prompt + out,
        "cost": 0.25,
        **more,
    }
    at = round(START.timestamp() + seconds)
    return line(event="message_send", properties=told, user_id="installation", time=at)
