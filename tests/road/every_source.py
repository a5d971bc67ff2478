"""Recordings of every source with markers wherever something unknown can stand.

Whatever people and models wrote was replaced by one word in the recordings; here that
word becomes a marker, every object gets a key that nobody knows, and lines are cut.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from tests.otlp_bodies import log, logs
from tests.road.every_client import LOGS, bodies, home_in
from tests.road.markers import CLAUDE_CONTENT, CODEX_CONTENT, mark, plain
from tests.road.recordings import GOLDEN, Body
from tests.road.station import JSON

if TYPE_CHECKING:
    from collections.abc import Iterator

FILLER = "filler"
REQUESTS = {
    "/v1/logs": logs_service_pb2.ExportLogsServiceRequest,
    "/v1/metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "/v1/traces": trace_service_pb2.ExportTraceServiceRequest,
}
# What content is called by one client or another; ids are read out of some others.
CONTENT = {
    *(*CLAUDE_CONTENT, *CODEX_CONTENT, "request_text", "response_text"),
    *("function_args", "gen_ai.prompt", "gen_ai.completion", "ai.prompt"),
    *("gen_ai.input.messages", "gen_ai.system_instructions", "ai.response.text"),
    *("gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "input.value"),
    *("llm.input_messages.0.message.content", "exception.message", "url.full"),
}
TEXTS = {".json", ".jsonl", ".log", ".body"}


# ----------------------------------------------------------------- JSON and databases


def marked(value: Any) -> Any:
    """Put a key that nobody knows into every object; fillers become markers."""
    if isinstance(value, dict):
        return {**{key: marked(one) for key, one in value.items()}, **plain("key")}
    if isinstance(value, list):
        return [marked(one) for one in value]
    if isinstance(value, str):
        return value.replace(FILLER, mark("said"))
    return value


def marked_text(text: str) -> str:
    """Mark a document, or lines: each is told again, cut off."""
    try:
        return json.dumps(marked(json.loads(text)))
    except ValueError:
        pass
    lines = []
    for line in text.splitlines():
        try:
            found = json.loads(line) if line.startswith("{") else None
        except ValueError:
            found = None
        if found is None:
            # Objects over several lines: only their texts are marked.
            lines.append(line.replace(FILLER, mark("said")))
        else:
            whole = json.dumps(marked(found))
            lines += [whole, whole[: len(whole) * 2 // 3]]
    return "\n".join([*lines, ""])


def _mark_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        for (table,) in connection.execute(query).fetchall():
            for column in ("data", "title"):
                names = [
                    row[1] for row in connection.execute(f"PRAGMA table_info({table})")
                ]
                if column in names:
                    _mark_column(connection, table, column)
        connection.commit()


def _mark_column(connection: sqlite3.Connection, table: str, column: str) -> None:
    rows = connection.execute(f"SELECT id, {column} FROM {table}").fetchall()  # noqa: S608 - ours
    for name, text in rows:
        new = marked_text(text) if text.startswith("{") else mark("title")
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE id = ?",  # noqa: S608 - ours
            (new, name),
        )


def marked_home(folder: Path) -> Path:
    """Lay out the logs of every client, marked."""
    home_in(folder)
    data = folder / ".local/share"
    for source, place in (
        ("amp_thread", data / "amp/threads"),
        ("droid_session", folder / ".factory/sessions/-repo"),
        ("kilo_db", data / "kilo"),
        ("kimi_wire/sessions", folder / ".kimi/sessions"),
    ):
        shutil.copytree(LOGS / source, place)
    for path in sorted(folder.rglob("*")):
        if path.suffix in TEXTS:
            path.write_text(marked_text(path.read_text()))
        elif path.suffix == ".db":
            _mark_database(path)
    _of_an_older_copilot(folder / ".copilot/session-state")
    return folder


def _of_an_older_copilot(sessions: Path) -> None:
    """Write a session as versions did that tell no response, but sums at the end."""
    told = [
        {"type": "session.start", "data": {"copilotVersion": "1.0.75"}},
        {"type": "user.message", "data": {"messageId": "m1", "content": FILLER}},
        {"type": "session.shutdown", "data": {}},
    ]
    lines = [{**marked(one), "timestamp": "2026-11-20T12:00:00.000Z"} for one in told]
    sums = {"gpt-5.1": marked({"usage": {"inputTokens": 900, "outputTokens": 7}})}
    lines[-1]["data"]["modelMetrics"] = sums
    older = sessions / "an-older-session" / "events.jsonl"
    older.parent.mkdir()
    older.write_text("".join(json.dumps(one) + "\n" for one in lines))


# --------------------------------------------------------------------------- telemetry


def marked_bodies() -> Iterator[Body]:
    """Yield every recorded request, marked, and an event that nobody recorded."""
    for body in bodies():
        if body.content_type == JSON:
            yield body._replace(data=_marked_otlp(json.loads(body.data)))
            continue
        message = REQUESTS[body.path].FromString(body.data)
        _mark_message(message)
        yield body._replace(data=message.SerializeToString())
    yield Body("/v1/logs", JSON, _marked_otlp(json.loads(_inference())), {})


def _inference() -> bytes:
    """What Copilot's extension of an editor tells of a call."""
    told = {
        "event.name": "gen_ai.client.inference.operation.details",
        "event.timestamp": "2026-11-20T12:00:00.000Z",
        "gen_ai.operation.name": "chat",
        "gen_ai.response.id": "msg_of_an_answer_in_an_editor",
        "gen_ai.response.model": "claude-sonnet-4-5",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 7,
    }
    return logs(
        log(told), scope="copilot-chat", resource={"service.name": "copilot-chat"}
    )


def _marked_otlp(value: Any) -> bytes:
    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            found = {key: walk(one) for key, one in value.items()}
            if isinstance(found.get("attributes"), list):
                known = {one.get("key") for one in found["attributes"]}
                found["attributes"] += [
                    {"key": name, "value": {"stringValue": mark("attribute")}}
                    for name in (*sorted(CONTENT - known), mark("name"))
                ]
            return found
        if isinstance(value, list):
            return [walk(one) for one in value]
        return value.replace(FILLER, mark("said")) if isinstance(value, str) else value

    return json.dumps(walk(value)).encode()


def _mark_message(message: Any) -> None:
    for field, value in message.ListFields():
        if isinstance(value, Message):
            _mark_message(value)
        elif isinstance(value, str):
            setattr(message, field.name, value.replace(FILLER, mark("said")))
        elif field.message_type is not None:
            for one in value:
                _mark_message(one)
    if "attributes" in message.DESCRIPTOR.fields_by_name:
        known = {one.key for one in message.attributes}
        for name in (*sorted(CONTENT - known), mark("name")):
            attribute = message.attributes.add(key=name)
            attribute.value.string_value = mark("attribute")


# ------------------------------------------------------------- gateways and other files

EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/robots/one",
    "type": "ai.usage.call",
    "data": {
        "model": "gpt-5.1",
        "occurred_at": "2026-11-20T12:00:00Z",
        "input": 10,
        "output": 3,
        "session": "session-of-a-robot",
    },
}
BUCKET = {
    "date": "2026-11-20",
    "model": "openai/gpt-5.1",
    "endpoint_id": "e-1",
    "usage": 0.5,
    "requests": 2,
    "prompt_tokens": 40,
    "completion_tokens": 6,
}
MAPPING = """\
name = "robots"
[columns]
key = "id"
occurred_at = "at"
model = "model"
input = "in"
[fixed]
client = "robot"
"""


def marked_requests() -> Iterator[Body]:
    """Yield what gateways and programs post, marked."""
    for path in sorted((GOLDEN / "litellm").glob("*.body")):
        text = path.read_text()
        kind = (
            JSON if path.name.startswith(("single", "json")) else "application/x-ndjson"
        )
        yield Body("/ingest/litellm", kind, marked_text(text).encode(), {})
    kind = "application/cloudevents+json"
    event = {**EVENT, mark("extension"): mark("extension")}
    yield Body("/ingest/cloudevents", kind, json.dumps(event).encode(), {})
    yield Body("/ingest/cloudevents", kind, json.dumps(marked(EVENT)).encode(), {})


def _of_an_old_version(text: str) -> str:
    """Spend logs that do not name their calls."""
    rows = []
    for line in text.splitlines():
        row = json.loads(line)
        about = json.loads(row["metadata"])
        del row["litellm_call_id"], about["litellm_call_id"]
        rows.append(json.dumps({**row, "metadata": json.dumps(about)}))
    return "\n".join(rows)


def marked_imports(folder: Path) -> Iterator[tuple[str, ...]]:
    """Write files of other programs; yield the words that import each."""
    (outfile,) = GOLDEN.glob("gemini_qwen/*/*/outfile/telemetry.log")
    spent = GOLDEN / "litellm" / "spend_logs.ndjson"
    for source, text in (
        ("gemini_cli_outfile", outfile.read_text()),
        ("litellm", spent.read_text()),
        ("litellm_spend_log", _of_an_old_version(spent.read_text())),
        ("openrouter_activity", json.dumps({"data": [BUCKET]})),
    ):
        path = folder / f"{source}.json"
        path.write_text(marked_text(text))
        yield "import", str(path), "--source", source
    row = {"id": 1, "at": "2026-11-20T12:00:00Z", "model": "gpt-5.1", "in": 5}
    (folder / "rows.ndjson").write_text(marked_text(json.dumps(row)) + "\n")
    (folder / "map.toml").write_text(MAPPING)
    named = ("--mapping", str(folder / "map.toml"))
    yield "import", str(folder / "rows.ndjson"), "--source", "rows", *named
