"""Claude Code's telemetry: ``api_request`` events are calls, the rest is activity.

Metrics, events and spans of Claude Code describe the same tokens; only the events
are counted (they carry the request id). Metrics serve for what no event tells:
lines, commits, pull requests and active time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Activity, Reading, Rejected, Witness
from mileage.sources import claude_code_events as events
from mileage.sources import claude_code_telemetry as telemetry
from mileage.sources.claude_code_events import NAME, PREFIX, read_columns
from mileage.sources.claude_code_telemetry import CLIENT
from mileage.sources.otlp_measurement import NO_TOTAL, placed
from mileage.sources.otlp_record import as_amount, gather

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.otlp_columns import LogTable
    from mileage.sources.otlp_record import Facts, OtlpRecord

_EVENTS = ("api_request", "user_prompt", "tool_result", "tool_decision")
_SCOPE = "com.anthropic.claude_code"
_LINES = "claude_code.lines_of_code.count"
_ACTIVE = "claude_code.active_time.total"
_COUNTERS = {
    "claude_code.commit.count": "commit",
    "claude_code.pull_request.count": "pull_request",
}
_COSTS = ("cost_usd_micros", "cost_usd")
_LINE_KINDS = {"added": "lines_added", "removed": "lines_removed"}
_ACTIVE_KINDS = {"user": True, "cli": False}


class ClaudeCodeOtlp:
    """Reads the events and metrics of scope ``com.anthropic.claude_code``."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=20, join="link", replayable=False
    )
    # ``event.name`` has no prefix; the body, where the attribute is missing, has.
    names = frozenset(
        {*_EVENTS, *(PREFIX + event for event in _EVENTS), _LINES, _ACTIVE}
    ) | frozenset(_COUNTERS)
    keys = telemetry.KEYS | {
        "cache_creation_tokens",
        "cache_read_tokens",
        "client_request_id",
        "cost_usd",
        "cost_usd_micros",
        "decision",
        "event.sequence",
        "input_tokens",
        "output_tokens",
        "request_id",
        "success",
        "tool_name",
        "tool_use_id",
        "type",
    }

    def wants(self, record: OtlpRecord) -> bool:
        """Tell Claude Code's records by name, and by scope, prefix or service."""
        if record.name not in self.names:
            return False
        if record.scope.startswith(_SCOPE) or record.name.startswith(PREFIX):
            return True
        service = record.resource.get("service.name")
        return isinstance(service, str) and service.startswith(CLIENT)

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted records into witnesses and activity; never raises."""
        return gather(map(_facts, records))

    def read_columns(self, table: LogTable) -> Reading | None:
        """Turn events of one name into the same at once, or return None."""
        return read_columns(table)


SOURCE = ClaudeCodeOtlp()


def _facts(record: OtlpRecord) -> Facts:
    if record.signal == "metrics":
        return _measured(record)
    event = record.name.removeprefix(PREFIX)
    if event == "api_request":
        return (_call(record),)
    if event == "user_prompt":
        return (_event(record, "prompt"),)
    if event == "tool_result":
        failed = record.truth("success") is False
        kinds = ("tool_result", "tool_error") if failed else ("tool_result",)
        return tuple(_event(record, kind) for kind in kinds)
    if event == "tool_decision" and record.tool() in events.EDIT_TOOLS:
        kind = events.DECISIONS.get(record.text("decision"))
        return (_event(record, kind) if kind else _reject(record, "unknown decision"),)
    return ()


def _reject(record: OtlpRecord, reason: str) -> Rejected:
    return record.rejected(NAME, reason)


def _call(record: OtlpRecord) -> Witness | Rejected:
    fresh, output = record.tally("input_tokens"), record.tally("output_tokens")
    reads = record.tally("cache_read_tokens", 0)
    writes = record.tally("cache_creation_tokens", 0)
    request = record.text("request_id")
    client = record.text("client_request_id")
    key = events.request_key(request, client, _place(record))
    instant = record.occurred_at
    problem = record.time_problem() or ("" if key else "no request id and no session")
    if problem or instant is None:
        return _reject(record, problem)
    if fresh is None or output is None or reads is None or writes is None:
        return _reject(record, "missing or absurd token counts")
    model = telemetry.model_name(record.text("model"))
    return Witness(
        source=NAME,
        key=key,
        link=request,
        session=record.text("session.id"),
        occurred_at=instant,
        client=CLIENT,
        client_version=telemetry.version(record),
        provider=telemetry.provider(model),
        model=model,
        tier=telemetry.tier(record),
        input=fresh,
        cache_read=reads,
        cache_write=writes,
        cache_write_1h=0,
        output=output,
        reasoning=0,
        tool_input=0,
        reported_cost=events.cost(*map(record.attributes.get, _COSTS)),
        project="",
        agent=telemetry.agent(record),
        copied=False,
        attended=telemetry.attended(record),
        identity=telemetry.identity(record),
    )


def _place(record: OtlpRecord) -> events.Place:
    order = record.attributes.get("event.sequence")
    return events.Place(record.text("session.id"), order, record.occurred_at)


def _event(record: OtlpRecord, kind: str) -> Activity | Rejected:
    key = record.text("tool_use_id") or _place(record).key()
    problem = record.time_problem() or ("" if key else "no session")
    if problem or record.occurred_at is None:
        return _reject(record, problem)
    return Activity(
        source=NAME,
        key=key,
        session=record.text("session.id"),
        occurred_at=record.occurred_at,
        client=CLIENT,
        kind=kind,
        name=record.tool(),
        amount=1,
        attended=telemetry.attended(record),
        identity=telemetry.identity(record),
    )


def _measured(record: OtlpRecord) -> Facts:
    """Book a data point."""
    at = placed(record)
    if record.point is None or record.point.kind == "histogram":
        at = NO_TOTAL
    if isinstance(at, str):
        return (_reject(record, at),)
    kind, attended = _kind(record)
    amount = as_amount(record.point.value) if record.point else None
    if not kind or amount is None:
        problem = "missing or absurd amount" if kind else "unknown type of metric"
        return (_reject(record, problem),)
    if amount == 0:
        return ()
    total = Activity(
        source=NAME,
        key=at.key,
        session=record.text("session.id"),
        occurred_at=at.instant,
        client=CLIENT,
        kind=kind,
        name="",
        amount=amount,
        attended=telemetry.attended(record) if attended is None else attended,
        identity=telemetry.identity(record),
    )
    return (total,)


def _kind(record: OtlpRecord) -> tuple[str, bool | None]:
    """Return the kind of activity ('' if unknown) and whether it was attended."""
    label = record.text("type")
    if record.name == _LINES:
        return _LINE_KINDS.get(label, ""), None
    if record.name == _ACTIVE:
        attended = _ACTIVE_KINDS.get(label)
        return "" if attended is None else "active_seconds", attended
    return _COUNTERS.get(record.name, ""), None
