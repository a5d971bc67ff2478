"""Qwen Code's telemetry: ``qwen-code.api_response`` events are calls.

Each carries the provider's response id, which the chats have too. Prompts and answers
are in ``request_text`` and ``response_text`` even where logging them is switched off
(as recorded with version 0.15.10): no such key is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Activity, Reading, Rejected, Witness, tool_name
from mileage.sources.otlp_record import gather
from mileage.sources.qwen_code_counts import QwenUsage, disjoint, provider
from mileage.sources.response_ids import unique

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "qwen_code_otlp"
CLIENT = "qwen-code"

_RESPONSE = "qwen-code.api_response"
_PROMPT = "qwen-code.user_prompt"
_TOOL_CALL = "qwen-code.tool_call"
_EDITING = frozenset({"edit", "replace", "write_file"})
_REFUSED = "reject"


class QwenCodeOtlp:
    """Reads the log events that are named ``qwen-code.…``."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=20, join="link", replayable=False
    )
    names = frozenset({_RESPONSE, _PROMPT, _TOOL_CALL})
    keys = frozenset(
        {
            "auth_type",
            "cached_content_token_count",
            "decision",
            "duration_ms",
            "enduser.id",
            "function_name",
            "input_token_count",
            "model",
            "output_token_count",
            "prompt_id",
            "response_id",
            "service.version",
            "session.id",
            "subagent_name",
            "success",
            "thoughts_token_count",
            "total_token_count",
            "user.email",
            "user.id",
        }
    )

    def wants(self, record: OtlpRecord) -> bool:
        """Tell Qwen Code's log records by name; its metrics tell nothing more."""
        return record.signal == "logs" and record.name in self.names

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted records into witnesses and activity; never raises."""
        return gather(map(_facts, records))


SOURCE = QwenCodeOtlp()


def _facts(record: OtlpRecord) -> Facts:
    if record.name == _RESPONSE:
        return (_call(record),)
    if record.name == _PROMPT:
        return (_event(record, "prompt"),)
    return tuple(_event(record, kind) for kind in _tool_kinds(record))


def _call(record: OtlpRecord) -> Witness | Rejected:
    link, session = unique(record.text("response_id")), record.text("session.id")
    named = link or session
    problem = record.time_problem() or ("" if named else "no response id, no session")
    usage = _usage(record)
    if problem or record.occurred_at is None:
        return record.rejected(NAME, problem)
    if usage is None:
        return record.rejected(NAME, "missing or absurd token counts")
    within = f"{record.text('response_id')}:{record.occurred_at}"
    return Witness(
        source=NAME,
        key=link or f"{session}:{within}:{':'.join(map(str, usage))}",
        link=link,
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        client_version=record.text("service.version"),
        provider=provider(record.text("auth_type")),
        model=record.text("model"),
        tier="",
        **disjoint(usage)._asdict(),
        reported_cost=None,
        project="",
        agent=record.text("subagent_name"),
        copied=False,
        attended=None,
        identity=record.identity(),
        measure="" if any(usage) else "unmeasured",
    )


def _usage(record: OtlpRecord) -> QwenUsage | None:
    counts = (
        record.tally("input_token_count"),
        record.tally("output_token_count", 0),
        record.tally("cached_content_token_count", 0),
        record.tally("thoughts_token_count", 0),
        record.tally("total_token_count", 0),
    )
    known = [count for count in counts if count is not None]
    return QwenUsage(*known) if len(known) == len(counts) else None


def _tool(record: OtlpRecord) -> str:
    return tool_name(record.text("function_name"))


def _tool_kinds(record: OtlpRecord) -> list[str]:
    failed = record.truth("success") is False
    kinds = ["tool_result", "tool_error"] if failed else ["tool_result"]
    if _tool(record) not in _EDITING:
        return kinds
    if record.text("decision") == _REFUSED:
        kinds.append("edit_rejected")
    elif not failed:
        kinds.append("edit_accepted")
    return kinds


def _event(record: OtlpRecord, kind: str) -> Activity | Rejected:
    session, name = record.text("session.id"), _tool(record)
    problem = record.time_problem() or ("" if session else "no session id")
    if problem or record.occurred_at is None:
        return record.rejected(NAME, problem)
    # Tools that ran side by side may end in the same millisecond.
    ran = f"{record.occurred_at}:{name}:{record.tally('duration_ms', 0)}"
    return Activity(
        source=NAME,
        key=f"{session}:{record.text('prompt_id')}:{ran}",
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        kind=kind,
        name=name,
        amount=1,
        attended=None,
        identity=record.identity(),
    )
