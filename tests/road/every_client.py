"""Everything recorded of every client, ready to be fed, and what was billed for it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.golden.test_client_recordings import opencode_database
from tests.golden.test_span_recordings import NEVER_TOLD, TOLD
from tests.road.recordings import GOLDEN, Body
from tests.road.recordings import home_in as claude_and_codex
from tests.road.station import JSON, PROTOBUF

if TYPE_CHECKING:
    from collections.abc import Iterator

SPANS, CHATS, LOGS = GOLDEN / "spans", GOLDEN / "gemini_qwen", GOLDEN / "clients"
TELEMETRY = ("otlp/*/*", "spans/*/*", "gemini_qwen/*/*/otlp/*")
CLIENTS = {"cc": "claude-code", "cx": "codex", "cp": "copilot", "oc": "opencode"}
SPLIT = ("thought", "an_hour")
SUMMED = ("calls", "input", "cache_read", "writes", "answer", "tool_input", *SPLIT)


class Call(NamedTuple):
    """One billed call: its sums in the classes that every source can tell."""

    client: str
    input: int
    cache_read: int
    writes: int
    answer: int
    tool_input: int = 0
    thought: int = 0
    """At most so much of ``answer`` may be called reasoning."""
    an_hour: int = 0
    """Likewise, of ``writes``, those that are kept for an hour."""


def bodies() -> list[Body]:
    """Return every recorded request of every client that sends telemetry."""
    return [
        Body(
            f"/v1/{path.stem.partition('-')[2]}",
            JSON if path.suffix == ".json" else PROTOBUF,
            path.read_bytes(),
            {},
        )
        for pattern in TELEMETRY
        for path in sorted(GOLDEN.glob(pattern))
    ]


def outfile() -> Path:
    """Return the telemetry that Gemini CLI wrote to a file instead of sending it."""
    (path,) = CHATS.glob("*/*/outfile/telemetry.log")
    return path


def home_in(folder: Path) -> Path:
    """Lay out the logs of all clients as they leave them in a home folder."""
    claude_and_codex(folder)
    for home in CHATS.glob("*/*/home"):
        shutil.copytree(home, folder, dirs_exist_ok=True)
    shutil.copytree(LOGS / "copilot_events/in", folder / ".copilot/session-state")
    shutil.copytree(LOGS / "pi_session/in", folder / ".pi/agent/sessions/--repo--")
    data = folder / ".local/share/opencode"
    data.mkdir(parents=True)
    opencode_database(data)
    shutil.copytree(LOGS / "aider_analytics/in", folder / "aider")
    return folder


@cache
def billed() -> tuple[Call, ...]:
    """Return what was billed and told by at least one source, as it can be told."""
    return (*_of_spans(), *_of_chats(), *_of_logs())


def by_client(calls: tuple[Call, ...]) -> dict[str, dict[str, int]]:
    """Sum calls by client; those that nobody measured are calls without tokens."""
    sums: dict[str, Counter[str]] = {}
    for call in calls:
        mine = sums.setdefault(call.client, Counter())
        mine.update(dict(zip(SUMMED, (1, *call[1:]), strict=True)))
    return {
        client: {name: mine[name] for name in SUMMED} for client, mine in sums.items()
    }


def _truth(path: Path) -> Any:
    return json.loads(path.read_text())


def _of_spans() -> Iterator[Call]:
    """Calls of the clients that send telemetry.

    OpenCode loses spans when it exits and writes no titles into its database: there,
    those that one of both tells.
    """
    told = b"".join(body.data for body in bodies())
    stored = _truth(LOGS / "opencode_db" / "truth.json").values()
    read = {call["response"] for calls in stored for call in calls["seen"]}
    for scenario, rows in _truth(SPANS / "expected.json").items():
        for row in rows:
            known = row["id"].encode() in told or row["id"] in read
            if not row["cut"] and (known or scenario[:3] != "oc-"):
                yield from _told(scenario, row)


def _told(scenario: str, row: Any) -> Iterator[Call]:
    fresh, read, write, hour, answer, thought = row["tokens"]
    most = (0, thought, hour)
    if scenario not in TOLD:
        yield Call(CLIENTS[scenario[:2]], fresh, read, write + hour, answer, *most)
        return
    client = "litellm" if scenario == "sdk-litellm" else "sdk"
    tell, unseen = TOLD[scenario]
    if row["id"] in NEVER_TOLD:
        yield Call(client, 0, 0, 0, 0)
    elif not unseen(row):
        fresh, read, write, hour, answer = tell(row)
        yield Call(client, fresh, read, write + hour, answer, *most)


def _of_chats() -> Iterator[Call]:
    for path in CHATS.glob("*/*/truth.json"):
        for call in _truth(path)["billed"]:
            fresh, read, write, hour, answer, thought, tool = call["tokens"]
            most = (tool, thought, hour)
            yield Call(
                path.parts[-3], fresh, read, write + hour, answer + thought, *most
            )


def _of_logs() -> Iterator[Call]:
    """Calls of pi; Aider only estimates, and an estimate is added to nothing."""
    for calls in _truth(LOGS / "pi_session" / "truth.json").values():
        for call in calls["seen"]:
            fresh, written = call["input"], call["cache_write"]
            if call["response"].startswith("resp_"):
                # Of this API pi's file holds cache writes as input.
                fresh, written = fresh + written, 0
            yield Call("pi", fresh, call["cache_read"], written, call["output"])
