"""The clients of ``soak/kill.py``, and what they have been told."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)

if TYPE_CHECKING:
    import random
    from pathlib import Path

BATCH = 20
REPEATED = 5
"""Acknowledged calls sent again in each batch, as exporters do."""
BEGIN = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass
class State:
    """What survives an interruption."""

    folder: Path
    rounds: int = 0
    made: int = 0
    token: str = ""
    begin: str = ""
    faults: dict[str, int] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)
    start_cpu: list[float] = field(default_factory=list)
    acked: bytearray = field(default_factory=bytearray)
    """A byte a call: 1 when a server has said that it has it."""

    @classmethod
    def load(cls, folder: Path) -> State:
        """Go on where an earlier run stopped."""
        file = folder / "state.json"
        if file.exists():
            acked = bytearray((folder / "acked").read_bytes())
            return cls(folder, **json.loads(file.read_text()), acked=acked)
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, begin=(BEGIN - timedelta(hours=5)).isoformat())

    def save(self) -> None:
        """Keep the state; one that is cut here sends some calls again."""
        names = ("rounds", "made", "token", "begin", "faults", "starts", "start_cpu")
        part = self.folder / "part"
        part.write_bytes(self.acked)
        part.replace(self.folder / "acked")
        part.write_text(json.dumps({name: getattr(self, name) for name in names}))
        part.replace(self.folder / "state.json")

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.folder / "disk" / "data"


def body(numbers: list[int], begin: float) -> bytes:
    """Encode api_request events whose session names the call's number."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    scope.scope.name = "com.anthropic.claude_code.events"
    for number in numbers:
        record = scope.log_records.add()
        at = begin + number * 0.01
        stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        texts = {
            "event.name": "api_request",
            "event.timestamp": stamp.replace("+00:00", "Z"),
            "session.id": f"call-{number}",
            "request_id": f"req_{number}",
            "model": "claude-sonnet-4-5",
            "user.id": "0" * 64,
        }
        record.body.string_value = "claude_code.api_request"
        for name, text in texts.items():
            attribute = record.attributes.add(key=name)
            attribute.value.string_value = text
        counts = {"input_tokens": 1 + number % 7, "output_tokens": 1 + number % 11}
        for name in ("cache_read_tokens", "cache_creation_tokens"):
            counts[name] = number % 13
        for name, count in counts.items():
            attribute = record.attributes.add(key=name)
            attribute.value.int_value = count
    return request.SerializeToString()


class Load:
    """Clients that send until they are told to stop."""

    def __init__(self, state: State, port: int, rng: random.Random) -> None:
        self.state, self.port, self.rng = state, port, rng
        self.lock = threading.Lock()
        self.over = threading.Event()
        state.acked.extend(bytes(state.made - len(state.acked)))
        self.waiting = [n for n, told in enumerate(state.acked) if not told]
        self.answers: Counter[int] = Counter()
        self.begin = datetime.fromisoformat(state.begin).timestamp()

    def batch(self) -> tuple[list[int], list[int]]:
        """Return (calls to be acknowledged, acknowledged ones sent again)."""
        state = self.state
        with self.lock:
            self.rng.shuffle(self.waiting)
            retried, self.waiting = self.waiting[:BATCH], self.waiting[BATCH:]
            new = list(range(state.made, state.made + BATCH - len(retried)))
            state.made += len(new)
            state.acked.extend(bytes(len(new)))
            drawn = [self.rng.randrange(state.made) for _ in range(REPEATED)]
            return [*retried, *new], [n for n in drawn if state.acked[n]]

    def send(self) -> None:
        """Send batches until it is over, over a new connection after every trouble."""
        while not self.over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
            while not self.over.is_set() and self.one(connection) == HTTPStatus.OK:
                pass
            connection.close()
            time.sleep(0.02)

    def one(self, connection: http.client.HTTPConnection) -> int:
        """Send one batch; return the status, 0 when there was no answer."""
        numbers, again = self.batch()
        mixed = [*numbers, *again]
        self.rng.shuffle(mixed)
        headers = {
            "authorization": f"Bearer {self.state.token}",
            "content-type": "application/x-protobuf",
        }
        status = 0
        try:
            connection.request("POST", "/v1/logs", body(mixed, self.begin), headers)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            pass
        with self.lock:
            self.answers[status] += 1
            if status == HTTPStatus.OK:
                for number in numbers:
                    self.state.acked[number] = 1
            else:
                self.waiting.extend(numbers)
        return status
