"""What the events of Gemini CLI mean, over OTLP and in its outfile alike.

``gemini_cli.api_response`` is a call; ``gen_ai.client.inference.operation.details``
tells of the same response without its thoughts and is not read. No event carries an
id of the provider, so a call is known by its session, prompt, time and counts (as
recorded with version 0.61.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.witness import Activity, Rejected, Witness, tool_name
from mileage.sources.gemini_cli_counts import GeminiUsage, disjoint
from mileage.sources.otlp_record import as_amount

if TYPE_CHECKING:
    from mileage.sources.otlp_record import Facts, OtlpRecord

CLIENT = "gemini-cli"
PROVIDER = "google"
RESPONSE = "gemini_cli.api_response"
PROMPT = "gemini_cli.user_prompt"
TOOL_CALL = "gemini_cli.tool_call"
LINES = "gemini_cli.lines.changed"
EVENTS = frozenset({RESPONSE, PROMPT, TOOL_CALL})
KEYS = frozenset(
    {
        "cached_content_token_count",
        "decision",
        "duration_ms",
        "enduser.id",
        "function_name",
        "input_token_count",
        "installation.id",
        "interactive",
        "model",
        "output_token_count",
        "prompt_id",
        "role",
        "session.id",
        "success",
        "thoughts_token_count",
        "tool_token_count",
        "total_token_count",
        "type",
        "user.email",
    }
)

EDITING = frozenset({"edit", "replace", "write_file"})
_MAIN = "main"
_REFUSED = "reject"
_LINE_KINDS = {"added": "lines_added", "removed": "lines_removed"}


def facts(record: OtlpRecord, source: str) -> Facts:
    """Turn one record into what it tells, in the name of a source."""
    if record.signal == "metrics":
        return _measured(record, source)
    if record.name == RESPONSE:
        return (_call(record, source),)
    if record.name == PROMPT:
        return (_event(record, source, "prompt"),)
    if record.name == TOOL_CALL:
        return tuple(_event(record, source, kind) for kind in _tool_kinds(record))
    return ()


def _call(record: OtlpRecord, source: str) -> Witness | Rejected:
    problem, usage = _problem(record), _usage(record)
    if problem or record.occurred_at is None:
        return record.rejected(source, problem)
    if usage is None:
        return record.rejected(source, "missing or absurd token counts")
    session, model = record.text("session.id"), record.text("model")
    within = f"{record.text('prompt_id')}:{record.occurred_at}:{model}"
    role = record.text("role")
    return Witness(
        source=source,
        key=f"{session}:{within}:{':'.join(map(str, usage))}",
        link="",
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        # ``service.version`` is that of Node.js.
        client_version="",
        provider=PROVIDER,
        model=model,
        tier="",
        **disjoint(usage)._asdict(),
        reported_cost=None,
        project="",
        agent="" if role == _MAIN else role,
        copied=False,
        attended=record.truth("interactive"),
        identity=_identity(record),
        measure="" if any(usage) else "unmeasured",
    )


def _usage(record: OtlpRecord) -> GeminiUsage | None:
    counts = (
        record.tally("input_token_count"),
        record.tally("output_token_count", 0),
        record.tally("cached_content_token_count", 0),
        record.tally("thoughts_token_count", 0),
        record.tally("tool_token_count", 0),
        record.tally("total_token_count", 0),
    )
    known = [count for count in counts if count is not None]
    return GeminiUsage(*known) if len(known) == len(counts) else None


def _problem(record: OtlpRecord) -> str:
    session = record.text("session.id")
    return record.time_problem() or ("" if session else "no session id")


def _identity(record: OtlpRecord) -> str:
    person = record.identity()
    installation = record.text("installation.id")
    if person or not installation:
        return person
    return f"installation:{installation}"


def _tool(record: OtlpRecord) -> str:
    return tool_name(record.text("function_name"))


def _tool_kinds(record: OtlpRecord) -> list[str]:
    failed = record.truth("success") is False
    kinds = ["tool_result", "tool_error"] if failed else ["tool_result"]
    if _tool(record) not in EDITING:
        return kinds
    if record.text("decision") == _REFUSED:
        kinds.append("edit_rejected")
    elif not failed:
        kinds.append("edit_accepted")
    return kinds


def _event(record: OtlpRecord, source: str, kind: str) -> Activity | Rejected:
    problem = _problem(record)
    if problem or record.occurred_at is None:
        return record.rejected(source, problem)
    session, name = record.text("session.id"), _tool(record)
    # Tools that ran side by side may end in the same millisecond.
    ran = f"{record.occurred_at}:{name}:{record.tally('duration_ms', 0)}"
    return Activity(
        source=source,
        key=f"{session}:{record.text('prompt_id')}:{ran}",
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        kind=kind,
        name=name,
        amount=1,
        attended=record.truth("interactive"),
        identity=_identity(record),
    )


def _measured(record: OtlpRecord, source: str) -> Facts:
    """Book lines changed; a running total keeps one key, so the largest remains."""
    point = record.point
    if point is None or not point.temporality:
        problem = "a metric that is no sum of known temporality"
        return (record.rejected(source, problem),)
    kind = _LINE_KINDS.get(record.text("type"), "")
    amount = as_amount(point.value)
    problem = record.time_problem() or ("" if kind else "unknown type of metric")
    if problem or amount is None or record.occurred_at is None:
        return (record.rejected(source, problem or "missing or absurd amount"),)
    if amount == 0:
        return ()
    life = f"{point.series}:{point.started_at}"
    changed = Activity(
        source=source,
        key=life if point.temporality == "cumulative" else f"{life}:{point.ended_at}",
        session=record.text("session.id"),
        occurred_at=record.occurred_at,
        client=CLIENT,
        kind=kind,
        name=_tool(record),
        amount=amount,
        attended=record.truth("interactive"),
        identity=_identity(record),
    )
    return (changed,)
