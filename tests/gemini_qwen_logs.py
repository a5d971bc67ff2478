"""Lines of chats and outfiles of Gemini CLI and Qwen Code, with made-up text."""

from __future__ import annotations

import json
from typing import Any

from mileage.sources.gemini_cli_chat import SOURCE as GEMINI
from mileage.sources.gemini_cli_outfile import SOURCE as OUTFILE
from mileage.sources.qwen_code_chat import SOURCE as QWEN
from tests.session_logs import MARKER, at, line

SESSION = "5a20d2ab-3b01-42cd-ae46-b6c362c8b410"
PLACE = f"/home/alice/.gemini/tmp/repo/chats/session-2026-11-20-{SESSION[:8]}.jsonl"
CHILD_PLACE = f"/home/alice/.gemini/tmp/repo/chats/{SESSION}/k3x9ab.jsonl"
RESPONSE_ID = "chatcmpl-9970eb0f3f628dc17230e9f5"


def without(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is None."""
    return {key: value for key, value in fields.items() if value is not None}


# ------------------------------------------------------------------- Gemini CLI


def gemini_tokens(
    fresh: int = 100,
    cached: int = 900,
    out: int = 20,
    thoughts: int = 5,
    tool: int = 3,
) -> dict[str, int]:
    """Tokens as chats hold them: cached inside input, the rest beside."""
    return {
        "input": fresh + cached,
        "output": out,
        "cached": cached,
        "thoughts": thoughts,
        "tool": tool,
        "total": fresh + cached + out + thoughts + tool,
    }


def opening(session: str = SESSION, **fields: Any) -> bytes:
    """Write the line that a chat starts with."""
    plain = {"sessionId": session, "projectHash": "f00d" * 16, "kind": "main"}
    return line(**{**plain, "startTime": at(0), "lastUpdated": at(0), **fields})


def message(
    identity: str | None = "m-1",
    used: Any = None,
    *,
    seconds: float = 0,
    **fields: Any,
) -> dict[str, Any]:
    """Return an answer of the model; a field of None is left out."""
    plain = {
        "id": identity,
        "timestamp": at(seconds),
        "type": "gemini",
        "content": MARKER,
        "thoughts": [{"subject": MARKER}],
        "tokens": gemini_tokens() if used is None else used,
        "model": "gemini-3.8-flash",
    }
    return without({**plain, **fields})


def spoke(*args: Any, **fields: Any) -> bytes:
    return line(**message(*args, **fields))


def asked(text: str = MARKER, identity: str = "u-1", **fields: Any) -> dict[str, Any]:
    content = [{"text": text}]
    plain = {"id": identity, "timestamp": at(0), "type": "user", "content": content}
    return {**plain, **fields}


def update(**fields: Any) -> bytes:
    return line(**{"$set": fields})


def tool_call(
    name: str = "run_shell_command", identity: str = "call-1", **fields: Any
) -> dict[str, Any]:
    plain = {"id": identity, "name": name, "args": {"x": MARKER}, "status": "success"}
    return {**plain, "timestamp": at(0), "result": [{"text": MARKER}], **fields}


def document(*messages: dict[str, Any], session: str = SESSION) -> bytes:
    """Write a chat of an older version: one indented document."""
    plain = {"sessionId": session, "projectHash": "f00d" * 16, "messages": messages}
    return json.dumps(plain, indent=2).encode()


def response(seconds: float = 0, **attributes: Any) -> dict[str, Any]:
    """Return the attributes of a response's event."""
    plain = {
        "session.id": SESSION,
        "installation.id": "installation-1",
        "interactive": True,
        "event.name": "gemini_cli.api_response",
        "event.timestamp": at(seconds),
        "model": "gemini-3.8-flash",
        "duration_ms": 57,
        "input_token_count": 1000,
        "output_token_count": 20,
        "cached_content_token_count": 900,
        "thoughts_token_count": 5,
        "tool_token_count": 3,
        "total_token_count": 1028,
        "prompt_id": f"{SESSION}########0",
        "role": "main",
        "finish_reasons": [MARKER],
        "response_text": MARKER,
    }
    return without({**plain, **attributes})


def exported(attributes: Any, indent: int | None = 2, **fields: Any) -> bytes:
    """Write one object of an outfile."""
    resource = [["user.email", "alice@example.com"], ["process.command_args", [MARKER]]]
    plain = {
        "hrTime": [1_795_310_337, 395_000_000],
        "resource": {"_rawAttributes": resource},
        "attributes": attributes,
        "_body": MARKER,
        **fields,
    }
    return json.dumps(plain, indent=indent).encode() + b"\n"


# -------------------------------------------------------------------- Qwen Code


def qwen_usage(
    fresh: int = 12, cached: int = 100, out: int = 459, thoughts: int = 58
) -> dict[str, int]:
    """Usage as chats hold it: cached inside the prompt, thoughts inside the answer."""
    return {
        "promptTokenCount": fresh + cached,
        "candidatesTokenCount": out,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": fresh + cached + out,
        "cachedContentTokenCount": cached,
    }


def chat_line(kind: str, uuid: str | None, seconds: float = 0, **fields: Any) -> bytes:
    plain = {
        "uuid": uuid,
        "parentUuid": None,
        "sessionId": SESSION,
        "timestamp": at(seconds),
        "type": kind,
        "cwd": "/home/alice/code/repo",
        "version": "0.15.10",
    }
    return line(**without({**plain, **fields}))


def qwen_answer(
    uuid: str | None = "a-1", used: Any = None, seconds: float = 0.02, **fields: Any
) -> bytes:
    parts = [{"text": MARKER}]
    used = qwen_usage() if used is None else used
    plain = {"model": "qwen3-coder-plus", "usageMetadata": used}
    said = {"role": "model", "parts": parts}
    return chat_line("assistant", uuid, seconds, message=said, **{**plain, **fields})


def ui_event(
    uuid: str | None, seconds: float, event: dict[str, Any], **fields: Any
) -> bytes:
    payload = {"uiEvent": event}
    named = {"subtype": "ui_telemetry", "systemPayload": payload}
    return chat_line("system", uuid, seconds, **named, **fields)


def qwen_told(
    response_id: str | None = RESPONSE_ID,
    used: dict[str, int] | None = None,
    seconds: float = 0,
    *,
    uuid: str | None = "",
    line_fields: Any = None,
    **fields: Any,
) -> bytes:
    """Write the telemetry line of a response."""
    counts = used or qwen_usage()
    event = {
        "event.name": "qwen-code.api_response",
        "event.timestamp": at(seconds),
        "response_id": response_id,
        "model": "qwen3-coder-plus",
        "input_token_count": counts["promptTokenCount"],
        "output_token_count": counts["candidatesTokenCount"],
        "cached_content_token_count": counts["cachedContentTokenCount"],
        "thoughts_token_count": counts["thoughtsTokenCount"],
        "total_token_count": counts["totalTokenCount"],
        "response_text": MARKER,
        "auth_type": "openai",
        **fields,
    }
    uuid = f"t-{response_id}" if uuid == "" else uuid
    return ui_event(uuid, seconds, without(event), **(line_fields or {}))


def qwen_tool(
    name: str = "run_shell_command", uuid: str = "r-1", **outcome: Any
) -> bytes:
    called = {"functionResponse": {"id": "c", "name": name, "response": {"x": MARKER}}}
    said = {"role": "user", "parts": [called]}
    outcome = {"callId": "c", "status": "success", "resultDisplay": MARKER, **outcome}
    return chat_line("tool_result", uuid, message=said, toolCallResult=outcome)


def qwen_asked(uuid: str | None = "u-1", **fields: Any) -> bytes:
    said = {"role": "user", "parts": [{"text": MARKER}]}
    return chat_line("user", uuid, message=said, **fields)


SOURCES = {one.traits.name: one for one in (GEMINI, OUTFILE, QWEN)}
LINES = [
    opening(),
    spoke(used=gemini_tokens(7)),
    spoke(toolCalls=[tool_call("replace")]),
    spoke("m-2", {**gemini_tokens(), "input": 100}, seconds=9),
    line(**asked()),
    update(messages=[message("m-3"), asked("<session_context>")]),
    line(**{"$rewindTo": "m-1"}),
    exported(response(), None),
    exported(response(3, total_token_count=None), None),
    exported({"event.name": "gemini_cli.user_prompt", "session.id": SESSION}, None),
    qwen_told(),
    qwen_answer(),
    qwen_told("chatcmpl-1", qwen_usage(5), 5),
    qwen_answer("a-2", qwen_usage(6), 5, isSidechain=True),
    qwen_tool("edit"),
    qwen_asked(),
]
