"""Writes the OTLP bodies that the same calls send, with every trap of telemetry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.sources.claude_code_otlp import SOURCE as CLAUDE
from mileage.sources.codex_otlp import SOURCE as CODEX
from mileage.sources.otlp import OtlpReader
from tests.conformance.codex_home import written
from tests.conformance.truth import MILLISECOND, Real, Writer, stamp
from tests.otlp_bodies import (
    log,
    logs,
    metric,
    metrics,
    packed_logs,
    packed_metrics,
    point,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.domain.witness import Reading, Witness

RETRIED = "bodies sent again"
REBATCHED = "records sent again in other batches"
TEXTS = "counts as texts and doubles"
NO_TIME = "records whose own time is 0"
METERED = "metrics of the same tokens"
MIXED = "clients mixed in one body"
NO_TOKENS = "second events without tokens"
UNNAMED = "requests without a provider's id"
SUMMARIES = "summaries of sub-agents"
CONTEXT = "names of models with a mark"
DAMAGED = "records that cannot be read"
TELEMETRY_TRAPS = (
    *(RETRIED, REBATCHED, TEXTS, NO_TIME, METERED, MIXED, NO_TOKENS, UNNAMED),
    *(SUMMARIES, CONTEXT, DAMAGED),
)

CLAUDE_RESOURCE = {"service.name": "claude-code", "service.version": "2.1.197"}
CODEX_RESOURCE = {"service.name": "codex_exec", "env": "prod"}
CLAUDE_SCOPE = "com.anthropic.claude_code.events"
CODEX_SCOPE = "codex_otel.log_only"
READER = OtlpReader([CLAUDE, CODEX])
BATCH = 5


class Body(NamedTuple):
    """One request's body; JSON is kept beside protobuf for slow readers."""

    signal: Any
    form: Any
    content: bytes
    json: bytes


class Sent(NamedTuple):
    """All bodies of some calls, and how many records are beyond reading."""

    bodies: list[Body]
    refused: int


def telemetry(seed: int, calls: Iterable[Real], traps: Iterable[str] = ()) -> Sent:
    """Write the telemetry of some calls; the same for the same seed."""
    writer = _Telemetry(seed, traps)
    told = sorted(calls, key=lambda call: call.at)
    records = [(call.client, record) for call in told for record in writer.told(call)]
    bodies = list(writer.batches(records))
    if REBATCHED in writer.traps:
        shuffled = writer.chance.sample(records, len(records))
        bodies += writer.batches(shuffled[: len(shuffled) * 2 // 3])
    if METERED in writer.traps:
        bodies += [writer.metered(call) for call in told]
    if RETRIED in writer.traps:
        bodies += writer.chance.sample(bodies, len(bodies) // 2)
    return Sent(bodies, writer.damaged)


class _Telemetry(Writer):
    """Turns calls into records, and records into bodies."""

    def __init__(self, seed: int, traps: Iterable[str]) -> None:
        super().__init__(seed, traps)
        self.sequence = 0
        self.damaged = 0

    def told(self, call: Real) -> list[dict[str, Any]]:
        """Return the records that one call leaves."""
        claude = call.client == "claude-code"
        attributes = self.claude(call) if claude else self.codex(call)
        records = [self.record(attributes, call.at)]
        if NO_TOKENS in self.traps and not claude:
            uncounted = {k: v for k, v in attributes.items() if "token" not in k}
            records.insert(0, self.record(uncounted, call.at))
        if SUMMARIES in self.traps and claude:
            summary = {
                "event.name": "subagent_completed",
                "event.timestamp": stamp(call.at),
                "session.id": call.session,
                "total_tokens": call.tokens.total,
            }
            records.append(self.record(summary, call.at))
        if DAMAGED in self.traps and self.chance.random() < 0.3:
            name = "input_tokens" if claude else "input_token_count"
            records.append(self.record({**attributes, name: "many"}, call.at))
            self.damaged += 1
        return records

    def claude(self, call: Real) -> dict[str, Any]:
        self.sequence += 1
        sent = call.tokens
        source = f"agent:builtin:{call.agent}" if call.agent else "sdk"
        return {
            "event.name": "api_request",
            "event.timestamp": stamp(call.at),
            # A resumed session counts from 0 again.
            "event.sequence": self.sequence % 4,
            "session.id": call.session,
            **self.named(call),
            "model": f"{call.model}[1m]" if CONTEXT in self.traps else call.model,
            "input_tokens": self.number(sent.input),
            "output_tokens": self.number(sent.output + sent.reasoning),
            "cache_read_tokens": self.number(sent.cache_read),
            "cache_creation_tokens": self.number(
                sent.cache_write + sent.cache_write_1h
            ),
            "cost_usd": 0.25,
            "query_source": source,
            "speed": "normal",
        }

    def named(self, call: Real) -> dict[str, str]:
        """Name the request; third-party backends do not, older clients not at all."""
        if UNNAMED not in self.traps and call.request:
            return {"request_id": call.request}
        if self.sequence % 2:
            return {"client_request_id": f"client-{call.name}{call.request}"}
        return {}

    def codex(self, call: Real) -> dict[str, Any]:
        sent = written(call.tokens)
        return {
            "event.name": "codex.sse_event",
            "event.kind": "response.completed",
            "event.timestamp": stamp(call.at),
            "conversation.id": call.session,
            "model": call.model,
            "originator": "codex_exec",
            "input_token_count": self.number(sent["input_tokens"]),
            "cached_token_count": self.number(sent["cached_input_tokens"]),
            "cache_write_token_count": self.number(sent["cache_write_input_tokens"]),
            "output_token_count": self.number(sent["output_tokens"]),
            "reasoning_token_count": self.number(sent["reasoning_output_tokens"]),
            "tool_token_count": self.number(sent["total_tokens"]),
        }

    def number(self, count: int) -> Any:
        """Write a count; clients send integers, texts and doubles."""
        if TEXTS not in self.traps:
            return count
        return self.chance.choice([str(count), float(count)])

    def record(self, attributes: dict[str, Any], at: int) -> dict[str, Any]:
        """Some records have no time but the event's, others only another one."""
        sent = 0 if NO_TIME in self.traps else (at + 7 * MILLISECOND) * 1_000
        return log(attributes, timeUnixNano=str(sent))

    def metered(self, call: Real) -> Body:
        """Tell the tokens of a call once more, as metrics do."""
        labels = {"session.id": call.session, "model": call.model, "type": "input"}
        count = point(call.tokens.input, labels)
        if call.client == "claude-code":
            made = metric("claude_code.token.usage", count)
        else:
            made = metric("codex.turn.token_usage", count)
        plain = metrics(made)
        return Body("metrics", "protobuf", packed_metrics(plain), plain)

    # ----------------------------------------------------------------------- bodies

    def batches(self, records: Sequence[tuple[str, Any]]) -> Iterable[Body]:
        """Put records into bodies of a few: of one client each, unless mixed."""
        clients = ("claude-code", "codex")
        if MIXED in self.traps:
            parts = [self.chance.sample(records, len(records))]
        else:
            parts = [[one for one in records if one[0] == name] for name in clients]
        for part in parts:
            for start in range(0, len(part), BATCH):
                yield self.body(part[start : start + BATCH])

    def body(self, records: Sequence[tuple[str, Any]]) -> Body:
        groups = [
            self.group(client, [record for name, record in records if name == client])
            for client in sorted({name for name, _ in records})
        ]
        if MIXED in self.traps:
            foreign = log({"event.name": "api_request", "input_tokens": 9})
            groups.insert(0, grouped([foreign], "other", {"service.name": "other"}))
        plain = json.dumps({"resourceLogs": groups}).encode()
        if self.chance.random() < 0.5:
            return Body("logs", "json", plain, plain)
        return Body("logs", "protobuf", packed_logs(plain), plain)

    def group(self, client: str, records: list[Any]) -> Any:
        if client == "codex":
            return grouped(records, CODEX_SCOPE, CODEX_RESOURCE)
        return grouped(records, CLAUDE_SCOPE, CLAUDE_RESOURCE)


def grouped(records: list[Any], scope: str, resource: dict[str, Any]) -> Any:
    """Return the records of one resource as a part of a body."""
    body = json.loads(logs(*records, scope=scope, resource=resource))
    return body["resourceLogs"][0]


def received(bodies: Iterable[Body]) -> list[Reading]:
    return [READER.read(body.signal, body.form, body.content) for body in bodies]


def heard(bodies: Iterable[Body]) -> list[Witness]:
    return [row for one in received(bodies) for row in one.witnesses.rows()]
