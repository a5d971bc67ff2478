"""Codex's telemetry: ``codex.sse_event`` records with token counts are calls.

Each response sends two ``response.completed`` events, one without counts. Its
histograms repeat the same tokens, its spans do too: neither is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import SourceTraits
from mileage.domain.tokens import Tokens
from mileage.domain.witness import Activity, Reading, Rejected, Witness
from mileage.sources.otlp_record import gather

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "codex_otlp"
CLIENT = "codex"

_ATTENDED = {"codex_exec": False, "codex_cli_rs": True, "codex-tui": True}
_EDIT_TOOL = "apply_patch"
_REFUSALS = ("denied", "abort", "timed_out")


class CodexOtlp:
    """Reads the log events that are named ``codex.…``."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=20, join="counts", replayable=False
    )
    names = frozenset(
        {
            "codex.sse_event",
            "codex.user_prompt",
            "codex.tool_result",
            "codex.tool_decision",
        }
    )
    keys = frozenset(
        {
            "app.version",
            "cache_write_token_count",
            "cached_token_count",
            "call_id",
            "conversation.id",
            "decision",
            "enduser.id",
            "event.kind",
            "input_token_count",
            "model",
            "originator",
            "output_token_count",
            "provider_name",
            "reasoning_token_count",
            "service.version",
            "slug",
            "success",
            "tool_name",
            "user.email",
        }
    )

    def wants(self, record: OtlpRecord) -> bool:
        """Tell Codex's log records by name; its metrics tell nothing more."""
        return record.signal == "logs" and record.name in self.names

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted records into witnesses and activity; never raises."""
        return gather(map(_facts, records))


SOURCE = CodexOtlp()


def _facts(record: OtlpRecord) -> Facts:
    if record.name == "codex.sse_event":
        completed = record.attributes.get("event.kind") == "response.completed"
        counted = "input_token_count" in record.attributes
        return (_call(record),) if completed and counted else ()
    if record.name == "codex.user_prompt":
        return (_event(record, "prompt"),)
    if record.name == "codex.tool_result":
        failed = record.truth("success") is False
        kinds = ("tool_result", "tool_error") if failed else ("tool_result",)
        return tuple(_event(record, kind) for kind in kinds)
    if record.name == "codex.tool_decision" and record.tool() == _EDIT_TOOL:
        return (_decided(record),)
    return ()


def _decided(record: OtlpRecord) -> Activity | Rejected:
    decision = record.text("decision")
    if decision.startswith("approved"):
        return _event(record, "edit_accepted")
    if decision.startswith(_REFUSALS):
        return _event(record, "edit_rejected")
    return record.rejected(NAME, "unknown decision")


class _Sent(NamedTuple):
    """The counts as Codex sends them: they overlap."""

    prompt: int
    cached: int
    written: int
    answer: int
    thought: int


def _sent(record: OtlpRecord) -> _Sent | None:
    prompt = record.tally("input_token_count")
    cached = record.tally("cached_token_count", 0)
    written = record.tally("cache_write_token_count", 0)
    answer = record.tally("output_token_count")
    thought = record.tally("reasoning_token_count", 0)
    if prompt is None or cached is None or written is None:
        return None
    if answer is None or thought is None:
        return None
    return _Sent(prompt, cached, written, answer, thought)


def _disjoint(sent: _Sent) -> Tokens:
    """Take cached and written tokens out of the input, reasoning out of the output."""
    reads = min(sent.cached, sent.prompt)
    writes = min(sent.written, sent.prompt - reads)
    reasoning = min(sent.thought, sent.answer)
    return Tokens(
        input=sent.prompt - reads - writes,
        cache_read=reads,
        cache_write=writes,
        output=sent.answer - reasoning,
        reasoning=reasoning,
    )


def _call(record: OtlpRecord) -> Witness | Rejected:
    problem = _problem(record)
    if problem or record.occurred_at is None:
        return record.rejected(NAME, problem)
    sent = _sent(record)
    if sent is None:
        return record.rejected(NAME, "missing or absurd token counts")
    session = record.text("conversation.id")
    model = record.text("model") or record.text("slug")
    counts = ":".join(map(str, sent))
    return Witness(
        source=NAME,
        key=f"{session}:{record.occurred_at}:{model}:{counts}",
        link="",
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        client_version=record.text("app.version") or record.text("service.version"),
        provider=record.text("provider_name") or "openai",
        model=model,
        tier="",
        **_disjoint(sent)._asdict(),
        reported_cost=None,
        project="",
        agent="",
        copied=False,
        attended=_ATTENDED.get(record.text("originator")),
        identity=record.identity(),
    )


def _problem(record: OtlpRecord) -> str:
    session = record.text("conversation.id")
    return record.time_problem() or ("" if session else "no conversation id")


def _event(record: OtlpRecord, kind: str) -> Activity | Rejected:
    problem = _problem(record)
    if problem or record.occurred_at is None:
        return record.rejected(NAME, problem)
    session = record.text("conversation.id")
    within = record.text("call_id") or f"{record.occurred_at}"
    return Activity(
        source=NAME,
        key=f"{session}:{within}",
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        kind=kind,
        name=record.tool(),
        amount=1,
        attended=_ATTENDED.get(record.text("originator")),
        identity=record.identity(),
    )
