"""Usage of the four formats with a marker in every place that can hold content."""

from __future__ import annotations

import itertools
import json
from typing import Any

from tests.otlp_bodies import API_REQUEST, SSE_EVENT, log, logs, metric, metrics, point

STEM = "zqxjmark"
"""Every marker begins with this; no test data else does."""

_numbers = itertools.count(1)


def mark(where: str) -> str:
    """Make a text that nobody else would write, and that says where it stood."""
    return f"{STEM}{next(_numbers)}x{where}"


def plain(where: str) -> dict[str, Any]:
    """Structured content: markers as keys, values and in lists."""
    return {mark(where): [mark(where), {mark(where): mark(where)}], "x": mark(where)}


def line(**fields: Any) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


# ------------------------------------------------------------------ Claude Code log

AT = "2026-11-20T12:00:{:02d}.000Z"
USAGE = {
    "input_tokens": 11,
    "cache_creation_input_tokens": 5,
    "cache_read_input_tokens": 7,
    "output_tokens": 3,
}


def _around(second: int, cwd: str) -> dict[str, Any]:
    return {
        "isSidechain": False,
        "sessionId": "session-kept",
        "timestamp": AT.format(second),
        "uuid": f"uuid-{second}",
        "version": "2.1.197",
        "cwd": cwd,
        "gitBranch": mark("branch"),
        "slug": mark("slug"),
        mark("unknown-key"): plain("unknown"),
    }


def _answer(second: int, cwd: str, **more: Any) -> dict[str, Any]:
    content = [
        {"type": "text", "text": mark("text")},
        {"type": "thinking", "thinking": mark("thought"), "signature": mark("sign")},
        {
            "type": "tool_use",
            "id": f"toolu_{second}",
            "name": "Edit",
            "input": {"file_path": f"/{mark('path')}", "command": mark("command")},
        },
        {"type": "server_tool_use", "id": "s", "name": "web", "input": plain("query")},
    ]
    message = {
        "id": f"msg_kept_{second}",
        "role": "assistant",
        "model": "claude-opus-4-8",
        "content": content,
        "stop_sequence": mark("stop"),
        "usage": {**USAGE, mark("usage-key"): mark("usage"), "inference_geo": "x"},
        "container": plain("container"),
    }
    base = {**_around(second, cwd), "type": "assistant", "message": message}
    return {**base, "requestId": f"req_kept_{second}", **more}


def _said(second: int, cwd: str, content: Any, **more: Any) -> dict[str, Any]:
    message = {"role": "user", "content": content}
    return {**_around(second, cwd), "type": "user", "message": message, **more}


def _result(second: int, cwd: str) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": "toolu_1", "content": mark("result")}
    outcome = {
        "filePath": f"/{mark('edited')}",
        "oldString": mark("old"),
        "newString": mark("new"),
        "stdout": mark("stdout"),
        "structuredPatch": [{"lines": [f"+{mark('patch')}", f"-{mark('patch')}"]}],
    }
    return _said(second, cwd, [block], toolUseResult=outcome)


def claude_lines(cwd: str) -> list[bytes]:
    """Whole lines: two calls and everything that can stand around them."""
    typed = [{"type": "text", "text": mark("prompt")}, {"type": "image", "source": "x"}]
    slash = f"<command-name>/{mark('slash')}</command-name>"
    whole = [
        {"type": "summary", "summary": mark("summary"), "leafUuid": mark("leaf")},
        _said(0, cwd, mark("prompt")),
        _said(3, cwd, typed),
        _said(4, cwd, slash, isMeta=True),
        _answer(1, cwd),
        _result(2, cwd),
        _answer(5, cwd, costUSD=mark("cost"), agentId=None),
        {"type": "last-prompt", "lastPrompt": mark("last")},
        {"type": "system", "subtype": mark("subtype"), "content": mark("system")},
        {"type": mark("type"), "message": plain("message")},
        {"type": "file-history-snapshot", "snapshot": plain("snapshot")},
        {"type": "queue-operation", "content": mark("queued")},
    ]
    return [line(**one) for one in whole]


def bad_claude_lines(cwd: str) -> list[bytes]:
    """Lines that are refused, each for a reason that could quote them."""
    worse = [_answer(10, cwd) for _ in range(12)]
    worse[0]["message"]["usage"]["input_tokens"] = mark("count")
    worse[1]["message"]["usage"] = mark("usage")
    worse[2]["timestamp"] = mark("time")
    worse[3]["sessionId"] = f"{mark('session')}\nof two lines"
    worse[4]["message"]["id"] = mark("id") + "x" * 300
    worse[5]["requestId"] = f"{mark('request')}\0"
    worse[6]["message"]["model"] = mark("model") * 100
    worse[7]["version"] = f"{mark('version')}\r\n"
    worse[8]["timestamp"] = "1999-01-01T00:00:00Z"
    worse[9]["message"]["usage"]["output_tokens"] = -5
    worse[10]["message"]["usage"]["iterations"] = [
        {"type": "advisor_message", "model": "m", "input_tokens": mark("advisor")}
    ]
    worse[10]["message"]["id"] = "msg_kept_advisor"
    worse[11]["cwd"] = worse[11]["sessionId"] = f"{mark('same')}\nas the project"
    lines = [line(**one) for one in worse]
    lines += [one[: len(one) * 2 // 3] + b"\n" for one in claude_lines(cwd)]
    lines += [
        b"\x00\xff\xfe" + mark("noise").encode() + b"\x80\n",
        json.dumps([mark("list")]).encode() + b"\n",
        json.dumps(mark("string")).encode() + b"\n",
        line(**_answer(11, cwd))[:-40],
    ]
    return lines


# -------------------------------------------------------------------- Codex rollout


def _entry(kind: str, second: int, **payload: Any) -> bytes:
    unknown = {mark("unknown-key"): plain("unknown")}
    return line(
        timestamp=AT.format(second),
        type=kind,
        payload={**payload, **unknown},
        **unknown,
    )


def _codex_usage(second: int, **more: Any) -> bytes:
    used = {"input_tokens": 20, "cached_input_tokens": 5, "output_tokens": 4}
    return _entry(
        "token_usage_record",
        second,
        **{
            "thread_id": "thread-kept",
            "response_id": f"resp_kept_{second}",
            "usage": used,
            "thread_token_usage": used,
            **more,
        },
    )


def codex_lines(cwd: str) -> list[bytes]:
    """Return a whole rollout with two calls."""
    item = {
        "type": "CommandExecution",
        "id": "call_kept",
        "command": [mark("command")],
        "parsed_cmd": [{"cmd": mark("command")}],
        "aggregated_output": mark("output"),
        "status": "completed",
    }
    message = [{"type": "input_text", "text": mark("message")}]
    call = {"type": "function_call", "name": "exec_command", "call_id": "c1"}
    patch = {"type": "patch_apply_end", "call_id": "c2", "success": True}
    git = {
        "repository_url": f"https://{mark('login')}:{mark('password')}@host/x",
        "branch": mark("branch"),
        "commit_hash": mark("commit"),
    }
    return [
        _entry(
            "session_meta",
            0,
            id="thread-kept",
            cwd=cwd,
            git=git,
            cli_version="0.169.0",
            source="cli",
            originator=mark("originator"),
            base_instructions={"text": mark("instructions")},
            instructions=mark("instructions"),
        ),
        _entry("turn_context", 1, model="gpt-5.1-codex", cwd=cwd, summary=mark("sum")),
        _entry("event_msg", 2, type="user_message", message=mark("prompt")),
        _entry("response_item", 3, type="message", role="user", content=message),
        _entry("response_item", 4, **call, arguments=mark("arguments")),
        _entry("response_item", 5, type="function_call_output", call_id="c1", output=9),
        _entry("response_item", 5, type="reasoning", summary=plain("reasoning")),
        _entry("event_msg", 6, type="item_completed", item=item),
        _entry("event_msg", 6, type="agent_message", message=mark("answer")),
        _entry("event_msg", 6, **patch, changes=plain("changes"), stdout=mark("out")),
        _entry("compacted", 7, message=mark("compacted")),
        _entry("world_state", 7, full=plain("world")),
        _codex_usage(8),
        _codex_usage(9),
    ]


def bad_codex_lines(cwd: str) -> list[bytes]:
    """Return what a rollout can be refused for."""
    bad = {"input_tokens": mark("count")}
    total = {"total_token_usage": {"input_tokens": mark("count")}}
    return [
        _codex_usage(10, usage=bad),
        _codex_usage(11, usage=mark("usage")),
        _codex_usage(12, thread_id=f"{mark('thread')}\nof two lines"),
        _codex_usage(13, response_id=mark("response") + "x" * 300),
        _entry("event_msg", 14, type="token_count", info=total),
        _entry(mark("kind"), 15, type=mark("kind")),
        *(one[: len(one) * 2 // 3] + b"\n" for one in codex_lines(cwd)),
        b"\xff\x00" + mark("noise").encode() + b"\n",
        _codex_usage(16)[:-30],
    ]


# ----------------------------------------------------------------------------- OTLP


def _resource() -> dict[str, Any]:
    return {
        "service.name": "claude-code",
        "process.command_args": [mark("args"), mark("args")],
        "process.command_line": mark("line"),
        "host.name": mark("host"),
        mark("resource-key"): plain("resource"),
    }


def _content(prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
    content: dict[str, Any] = {name: mark(f"{prefix}.{name}") for name in names}
    return {**content, mark("attribute"): plain("attribute")}


CLAUDE_CONTENT = (
    "prompt",
    "response",
    "tool_input",
    "tool_parameters",
    "body",
    "body_ref",
    "error",
    "full_command",
    "file_path",
    "user_prompt",
    "system_prompt",
    "prompt.id",
    "command_name",
)
CODEX_CONTENT = ("arguments", "output", "prompt", "error.message", "slug_text")


def _log(attributes: dict[str, Any], prefix: str) -> dict[str, Any]:
    body = {"stringValue": mark(f"{prefix}.log-body")}
    return log(attributes, body=body, eventName=mark("event-name"), severityText="I")


def claude_body() -> bytes:
    """One call and the events around it."""
    events = ("user_prompt", "assistant_response", "tool_result", "api_error")
    around = {"event.timestamp": API_REQUEST["event.timestamp"], "session.id": "kept"}
    records = [{**API_REQUEST, "request_id": "req_kept_otlp"}]
    records += [{**around, "event.name": name, "tool_name": "Bash"} for name in events]
    content = [{**one, **_content("cc", CLAUDE_CONTENT)} for one in records]
    return logs(*(_log(one, "cc") for one in content), resource=_resource())


def codex_body() -> bytes:
    """One call and the events around it."""
    events = ("codex.user_prompt", "codex.tool_result", "codex.api_request")
    around = {name: SSE_EVENT[name] for name in ("event.timestamp", "conversation.id")}
    records = [dict(SSE_EVENT)]
    records += [{**around, "event.name": name, "tool_name": "exec"} for name in events]
    content = [{**one, **_content("cx", CODEX_CONTENT)} for one in records]
    return logs(
        *(_log(one, "cx") for one in content), scope="codex", resource=_resource()
    )


def metrics_body() -> bytes:
    """Return points with labels that say too much."""
    labels = {"type": "user", "session.id": "kept", mark("label"): mark("label")}
    made = metric("claude_code.active_time.total", point(5, labels))
    made["description"] = mark("description")
    other = metric(mark("metric"), point(5, labels))
    return metrics(made, other, **{mark("resource-key"): mark("resource")})


def bad_bodies() -> list[bytes]:
    """Return JSON bodies with content in places for ids, counts and times."""
    wrong = [
        {"session.id": f"{mark('session')}\nof two lines", "request_id": "req_kept_a"},
        {"request_id": mark("request") + "x" * 300},
        {"model": mark("model") * 50, "request_id": "req_kept_b"},
        {"input_tokens": mark("count"), "request_id": "req_kept_c"},
        {"event.timestamp": mark("time"), "request_id": "req_kept_d"},
        {"user.email": mark("email") + "\n", "request_id": "req_kept_e"},
        {"event.name": mark("event")},
        {"tool_name": f"{mark('tool')} with words", "event.name": "tool_result"},
    ]
    bodies = [logs(log({**API_REQUEST, **one})) for one in wrong]
    whole = claude_body()
    bodies += [whole[: len(whole) * part // 5] for part in (1, 2, 3, 4)]
    nonsense = {"resourceLogs": [{"scopeLogs": mark("scope")}], mark("key"): 1}
    bodies += [json.dumps(nonsense).encode(), mark("text").encode(), b'["zqx' * 5000]
    return bodies
