"""What fuzzing begins with: the golden files of the tests, and small inputs of our own.

A parser that begins with nothing never gets past what it looks at first: without seeds
an hour finds that most bytes are no document.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
SEED_BYTES = 256 * 1024
_GEMINI, _QWEN = "gemini_qwen/gemini-cli/*", "gemini_qwen/qwen-code/*"
FILES = {
    "gemini_cli_chat": f"{_GEMINI}/home/.gemini/tmp/*/chats/*",
    "gemini_cli_outfile": f"{_GEMINI}/outfile/*",
    "qwen_code_chat": f"{_QWEN}/home/.qwen/projects/*/chats/*",
    "litellm-callback": "litellm/*.body",
    "litellm-export": "litellm/json_array-*.body",
}
"""Golden files that do not lie in a folder of the parser's name."""
_CALL = {"model": "gpt-5.1", "input": 200, "cache_read": 1000, "output": 60}
_EVENT = {
    "specversion": "1.0",
    "type": "ai.usage.call",
    "source": "/robots/one",
    "id": "42",
    "time": "2026-11-20T12:00:00Z",
    "data": _CALL,
}
_BUCKET = {
    "date": "2026-11-20",
    "model": "openai/gpt-5.1",
    "provider_name": "Open AI",
    "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
    "usage": 0.015,
    "byok_usage_inference": 0.012,
    "requests": 5,
    "prompt_tokens": 50,
    "completion_tokens": 125,
    "reasoning_tokens": 25,
}
_MAPPING = b"""name = "robots"
[columns]
key = "request_id, attempt"
occurred_at = "started"
model = "model"
input = "usage.prompt_tokens"
cache_read = "usage.cached"
output = "usage.completion_tokens"
reported_cost = "price"
[fixed]
client = "our-robot"
provider = "openai"
[format]
time_unit = "iso"
cost_unit = "cents"
cache_in_input = "yes"
"""


def _json(value: Any) -> bytes:  # noqa: ANN401 - anything that JSON can say
    return json.dumps(value).encode()


OURS = {
    "cloudevents-batched": [_json([_EVENT, {**_EVENT, "id": "43"}])],
    "cloudevents-structured": [_json(_EVENT)],
    "cloudevents-binary": [
        _json({**_CALL, "occurred_at": "2026-11-20T12:00:00Z", "session": "s"})
    ],
    "openrouter-export": [_json({"data": [_BUCKET]}), _json([_BUCKET])],
    "mapping": [_MAPPING],
}


def seeds(name: str) -> Iterator[bytes]:
    """Yield inputs that a parser understands, the small ones."""
    for file in sorted(_golden(name)):
        if file.is_file() and file.stat().st_size <= SEED_BYTES:
            yield file.read_bytes()
    yield from OURS.get(name, ())
    if name == "pushed-witnesses":
        yield from _pushes()


def _golden(name: str) -> Iterator[Path]:
    if name in FILES:
        yield from GOLDEN.glob(FILES[name])
    elif name.startswith("otlp-"):
        signal, _, form = name.removeprefix("otlp-").partition("-")
        suffix = "json" if form == "json" else "pb"
        yield from GOLDEN.rglob(f"*{signal}*.{suffix}")
    else:
        for folder in GOLDEN.rglob(name.removesuffix("-tail")):
            yield from folder.rglob("*")


def _pushes() -> Iterator[bytes]:
    """Yield what machines push, inflated: rows of the golden transcripts."""
    # Only where it is wanted: fuzzing instruments what it imports itself.
    from mileage.ingest import push_format  # noqa: PLC0415
    from mileage.sources.claude_code_log import SOURCE  # noqa: PLC0415

    for log in seeds(SOURCE.traits.name):
        for reading in SOURCE.read(log.splitlines(keepends=True), "seed"):
            push = push_format.Push(SOURCE.traits.name, "mach_" + "a" * 16, reading)
            yield zlib.decompress(push_format.encode(push), 16 + zlib.MAX_WBITS)
