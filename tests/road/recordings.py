"""The recorded bodies and session logs of tests/golden, ready to be sent."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)

from tests.road.station import JSON, PROTOBUF

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORDED_ON = b"2026-11-22"
GOLDEN = Path(__file__).parents[1] / "golden"
OTLP, LOGS = GOLDEN / "otlp", GOLDEN / "logs"
CLIENTS = {"cc": "claude-code", "cx": "codex"}
BILLED = ("input", "cache_read", "cache_write", "output", "reasoning")
SCENARIOS_WITH_LOGS = ("cc-agent", "cc-basic", "cc-resume", "cx-agent", "cx-basic")


class Body(NamedTuple):
    """One request, as a client would send it."""

    path: str
    content_type: str
    data: bytes
    headers: dict[str, str]
    chunked: bool = False

    @property
    def payload(self) -> Any:
        """The bytes, or in pieces when they are to go without a length."""
        if not self.chunked:
            return self.data
        return iter([self.data[:100], self.data[100:]])


def recorded_bodies() -> list[Body]:
    """Every body as it was recorded, in the order of the recording."""
    bodies = []
    for path in sorted(OTLP.glob("*/*")):
        signal = path.stem.partition("-")[2]
        kind = JSON if path.suffix == ".json" else PROTOBUF
        bodies.append(Body(f"/v1/{signal}", kind, path.read_bytes(), {}))
    return bodies


class Said(NamedTuple):
    """One log record with what stands around it."""

    resource: dict[str, Any]
    scope: dict[str, Any]
    record: dict[str, Any]


def recorded_records() -> list[Said]:
    """Take all log bodies apart."""
    found = []
    for body in recorded_bodies():
        if body.path != "/v1/logs":
            continue
        for group in _plain(body)["resourceLogs"]:
            for scoped in group["scopeLogs"]:
                for record in scoped["logRecords"]:
                    # Hex in JSON, base64 in the library's JSON: nobody needs them.
                    for name in ("traceId", "spanId"):
                        record.pop(name, None)
                    found.append(Said(group["resource"], scoped["scope"], record))
    return found


def _plain(body: Body) -> Any:
    if body.content_type == JSON:
        return json.loads(body.data)
    request = ExportLogsServiceRequest.FromString(body.data)
    return json_format.MessageToDict(request)


def batches(records: list[Said], seed: int) -> list[Body]:
    """Shuffle records of all clients and sessions into new requests of any form."""
    rng = random.Random(seed)  # noqa: S311 - repeatable
    rest = list(records)
    rng.shuffle(rest)
    made = []
    while rest:
        size = rng.randint(1, 40)
        made.append(_batch(rest[:size], rng))
        rest = rest[size:]
    return made


def _batch(records: list[Said], rng: random.Random) -> Body:
    groups = [
        {
            "resource": said.resource,
            "scopeLogs": [{"scope": said.scope, "logRecords": [said.record]}],
        }
        for said in records
    ]
    plain = {"resourceLogs": groups}
    kind = rng.choice([JSON, PROTOBUF])
    if kind == JSON:
        data = json.dumps(plain).encode()
    else:
        message = json_format.ParseDict(plain, ExportLogsServiceRequest())
        data = message.SerializeToString()
    headers = {}
    if rng.random() < 0.5:
        data, headers = gzip.compress(data), {"content_encoding": "gzip"}
    return Body("/v1/logs", kind, data, headers, chunked=rng.random() < 0.3)


def home_in(folder: Path) -> Path:
    """Lay the session logs out as the clients leave them in a home folder."""
    projects = folder / ".claude" / "projects" / "-home-alice-code-repo"
    sessions = folder / ".codex" / "sessions" / "2026" / "11" / "22"
    for case in sorted((LOGS / "claude_code_log").glob("cc-*")):
        shutil.copytree(case / "in", projects, dirs_exist_ok=True)
    for case in sorted((LOGS / "codex_rollout").glob("cx-*")):
        shutil.copytree(case / "in", sessions, dirs_exist_ok=True)
    return folder


def redate(files: Iterable[Path]) -> None:
    """Move what was recorded to yesterday, so that a rolling board always has it.

    Dates are of one length, so telemetry in protobuf stays well-formed.
    """
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    for file in files:
        data = file.read_bytes()
        file.write_bytes(data.replace(RECORDED_ON, yesterday.encode()))


def logs_of(source: str) -> list[Path]:
    """List the copied session logs of a source."""
    return sorted((LOGS / source).glob("c[cx]-*/in/**/*.jsonl"))


def billed_by_telemetry() -> dict[str, Counter[str]]:
    """Return what the mock provider billed, per client."""
    billed = {client: Counter() for client in CLIENTS.values()}
    for scenario, calls in json.loads((OTLP / "expected.json").read_text()).items():
        for call in calls:
            mine = billed[CLIENTS[scenario[:2]]]
            mine["calls"] += 1
            mine.update(dict(zip(BILLED, call, strict=True)))
    return billed


def billed_by_logs() -> dict[str, Counter[str]]:
    """Return the truth of the session logs, per client; visible output is a rest."""
    billed = {client: Counter() for client in CLIENTS.values()}
    for path in sorted(LOGS.glob("*/c[cx]-*/truth.json")):
        truth = json.loads(path.read_text())
        mine = billed[CLIENTS[path.parent.name[:2]]]
        output, thought = truth["output_and_reasoning"], truth["reasoning"]
        if path.parent.name.startswith("cc"):
            thought = 0  # this version of Claude Code does not tell it apart
        mine.update({"output": output - thought, "reasoning": thought})
        for name in ("calls", "input", "cache_read", "cache_write", "cache_write_1h"):
            mine[name] += truth[name]
    return billed


def hour_writes() -> int:
    """Return the tokens that only logs know to be one-hour cache writes."""
    return billed_by_logs()["claude-code"]["cache_write_1h"]
