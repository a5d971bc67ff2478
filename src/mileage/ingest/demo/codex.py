"""Codex's log events, in the shape that version 0.169.0 sends."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mileage.ingest.demo.claude import ABSURD, fixed, timestamp
from mileage.ingest.demo.shape import happens
from mileage.ingest.demo.wire import (
    Scope,
    Value,
    attributes,
    event_name_field,
    observed_field,
    record_attribute,
    resource,
    severity_field,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from mileage.ingest.demo.door_call import DoorCall

VERSION = "0.169.0"
EVENTS = Scope("codex_otel.log_only")
INFO = severity_field(9, "INFO")
TOOLS = ("exec_command", "exec_command", "exec_command", "apply_patch", "update_plan")
DECISIONS = ("approved",) * 12 + ("approved_for_session", "denied")

# Codex names its log events after the line of its source that wrote them.
_TELEMETRY = "event otel/src/events/session_telemetry.rs:"
_PROMPTED = f"{_TELEMETRY}1200"
_STREAMED = f"{_TELEMETRY}1089"
_COUNTED = f"{_TELEMETRY}1153"
_DECIDED = f"{_TELEMETRY}1225"
_RAN = "event otel/src/tool_result.rs:54"


def origin(email: str) -> bytes:
    """Return the resource; with an e-mail if a collector has to know whose it is."""
    pairs: list[tuple[str, Value]] = [
        ("env", "prod"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.version", "0.31.0"),
        ("telemetry.sdk.language", "rust"),
        ("service.version", VERSION),
        ("service.name", "codex_exec"),
    ]
    if email:
        pairs.append(("user.email", email))
    return resource(pairs)


class CodexEvents:
    """Writes the events of one person."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._key: tuple[str, str] = ("", "")
        self._common = b""

    def around(self, call: DoorCall) -> Iterator[bytes]:
        """Yield the events that come with a call."""
        rng = self._rng
        if call.turn.position == 0 or happens(rng, 0.12):
            size = str(rng.randint(8, 900))
            pairs = (("prompt_length", size), ("prompt", "[REDACTED]"))
            name = "codex.user_prompt"
            yield self._event(name, _PROMPTED, call, -400, attributes(pairs))
        bare = fixed("event.kind", "response.completed") + fixed("duration_ms", "0")
        yield self._event("codex.sse_event", _STREAMED, call, 0, bare)
        counts = self._counts(call, str(call.tokens.output + call.tokens.reasoning))
        yield self._event("codex.sse_event", _COUNTED, call, 0, counts)
        if happens(rng, 0.6):
            yield from self._tool(call)

    def broken(self, call: DoorCall) -> bytes:
        """Return a completed response with an impossible count."""
        counts = self._counts(call, str(ABSURD))
        return self._event("codex.sse_event", _COUNTED, call, 0, counts)

    def _counts(self, call: DoorCall, output: str) -> bytes:
        tokens = call.tokens
        prompt = tokens.input + tokens.cache_read + tokens.cache_write
        return b"".join(
            (
                fixed("event.kind", "response.completed"),
                record_attribute("input_token_count", str(prompt)),
                record_attribute("output_token_count", output),
                record_attribute("cached_token_count", tokens.cache_read),
                record_attribute("cache_write_token_count", tokens.cache_write),
                record_attribute("reasoning_token_count", tokens.reasoning),
                record_attribute("tool_token_count", str(prompt + int(output))),
                record_attribute("ttft_ms", self._rng.randint(80, 4000)),
            )
        )

    def _tool(self, call: DoorCall) -> Iterator[bytes]:
        rng = self._rng
        about = fixed("tool_name", rng.choice(TOOLS)) + record_attribute(
            "call_id", f"call_{rng.getrandbits(96):024x}"
        )
        decision = rng.choice(DECISIONS)
        asked = "User" if call.turn.attended else "Config"
        decided = about + fixed("decision", decision) + fixed("source", asked)
        yield self._event("codex.tool_decision", _DECIDED, call, 700, decided)
        if decision == "denied":
            return
        outcome = b"".join(
            (
                about,
                record_attribute("duration_ms", str(rng.randint(3, 20_000))),
                fixed("success", "false" if happens(rng, 0.06) else "true"),
                fixed("output_truncated", False),  # noqa: FBT003
                fixed("mcp_server", ""),
                fixed("mcp_server_origin", ""),
            )
        )
        yield self._event("codex.tool_result", _RAN, call, 900, outcome)

    def _event(
        self, name: str, place: str, call: DoorCall, after: int, specific: bytes
    ) -> bytes:
        """Put an event together, ``after`` the call by so many milliseconds."""
        at = call.at + after * 1000
        return b"".join(
            (
                INFO,
                fixed("event.name", name),
                specific,
                record_attribute("event.timestamp", timestamp(at)),
                self._of_session(call),
                observed_field(at * 1000),
                _event_name(place),
            )
        )

    def _of_session(self, call: DoorCall) -> bytes:
        key = (call.turn.session, call.model)
        if key != self._key:
            self._key = key
            program = "codex_cli_rs" if call.turn.attended else "codex_exec"
            self._common = attributes(
                (
                    ("conversation.id", call.turn.session),
                    ("app.version", VERSION),
                    ("originator", program),
                    ("terminal.type", "xterm-256color"),
                    ("model", call.model),
                    ("slug", call.model),
                )
            )
        return self._common


@lru_cache(maxsize=16)
def _event_name(place: str) -> bytes:
    return event_name_field(place)
