"""A provider on loopback that answers every question with a few made-up words.

Speaks as much of four APIs as coding agents need: Anthropic Messages, OpenAI
Responses, OpenAI Chat and Gemini; streamed and whole. Every answer costs drawn
tokens, and is kept in a list: what a ledger has to find again.
"""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from mock_llm import anthropic, gemini, openai_chat, openai_responses
from mock_llm.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

CLASSES = ("input", "cache_read", "cache_write", "output", "reasoning")


@dataclass(frozen=True)
class Answered:
    """One answer: what a provider would bill."""

    api: str
    path: str
    model: str
    usage: dict[str, int]
    """Disjoint: the sum of the classes is the total."""


class MockLLM:
    """Listens on a free port of loopback until it is closed."""

    def __init__(self, seed: int, answer: str) -> None:
        self.answer = answer
        self.answered: list[Answered] = []
        self.other: list[str] = []
        """Questions that are no call, such as lists of models."""
        self._rng = random.Random(seed)  # noqa: S311 - repeatable
        self._lock = threading.Lock()
        mock = self

        class Handler(_Handler):
            owner = mock

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def draw(self, api: str, path: str, model: str) -> tuple[dict[str, int], str]:
        """Draw what an answer costs, keep it, and return it with an id."""
        with self._lock:
            draw = self._rng.randint
            writes = draw(0, 9_000) if api in ("messages", "responses") else 0
            usage = {
                "input": draw(20, 4_000),
                "cache_read": draw(0, 60_000),
                "cache_write": writes,
                "output": draw(5, 900),
                "reasoning": draw(0, 400) if api != "messages" else 0,
            }
            self.answered.append(Answered(api, path, model, usage))
            return usage, f"{self._rng.getrandbits(96):024x}"


class _Handler(BaseHTTPRequestHandler):
    owner: MockLLM
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        """Answer lists of models and the like with nothing."""
        self.owner.other.append(f"GET {self.path}")
        self._whole({"data": [], "models": []})

    def do_POST(self) -> None:
        """Answer a call, streamed when that was asked for."""
        body = self._body()
        path = self.path.partition("?")[0]
        for api, module in APIS.items():
            if module.is_call(path):
                self._call(api, module, path, body)
                return
        self.owner.other.append(f"POST {path}")
        self._whole({"totalTokens": 7, "input_tokens": 7})

    def _call(
        self, api: str, module: ModuleType, path: str, body: dict[str, Any]
    ) -> None:
        model = module.model(path, body)
        usage, number = self.owner.draw(api, path, model)
        answer = Answer(model, number, self.owner.answer, usage)
        if module.is_streamed(path, body):
            self._stream(module.stream(answer, body))
        else:
            self._whole(module.whole(answer), {"request-id": f"req_{number}"})

    def _body(self) -> dict[str, Any]:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            data = b"".join(self._chunks())
        else:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            read = json.loads(data)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _whole(self, body: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events: Iterator[str]) -> None:
        text = list(events)
        request_id = text.pop(0)
        data = "".join(text).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("request-id", request_id)
        self.send_header("x-request-id", request_id)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


APIS: dict[str, ModuleType] = {
    "messages": anthropic,
    "responses": openai_responses,
    "chat": openai_chat,
    "gemini": gemini,
}
