"""Claude Code's telemetry: ``api_request`` events are calls, the rest is activity.

Metrics, events and spans of Claude Code describe the same tokens; only the events
are counted (they carry the request id). Metrics serve for what no event tells:
lines, commits, pull requests and active time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Activity, Reading, Rejected, Witness
from mileage.sources import claude_code_telemetry as telemetry
from mileage.sources.otlp_record import as_amount, as_count, as_micros, gather

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "claude_code_otlp"
CLIENT = "claude-code"

_EVENTS = ("api_request", "user_prompt", "tool_result", "tool_decision")
_PREFIX = "claude_code."
_SCOPE = "com.anthropic.claude_code"
_LINES = "claude_code.lines_of_code.count"
_ACTIVE = "claude_code.active_time.total"
_COUNTERS = {
    "claude_code.commit.count": "commit",
    "claude_code.pull_request.count": "pull_request",
}
_EDIT_TOOLS = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
_DECISIONS = {"accept": "edit_accepted", "reject": "edit_rejected"}
_LINE_KINDS = {"added": "lines_added", "removed": "lines_removed"}
_ACTIVE_KINDS = {"user": True, "cli": False}


class ClaudeCodeOtlp:
    """Reads the events and metrics of scope ``com.anthropic.claude_code``."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=20, join="link", replayable=False
    )
    # ``event.name`` has no prefix; the body, where the attribute is missing, has.
    names = frozenset(
        {*_EVENTS, *(_PREFIX + event for event in _EVENTS), _LINES, _ACTIVE}
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
        if record.scope.startswith(_SCOPE) or record.name.startswith(_PREFIX):
            return True
        service = record.resource.get("service.name")
        return isinstance(service, str) and service.startswith(CLIENT)

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted records into witnesses and activity; never raises."""
        return gather(map(_facts, records))


SOURCE = ClaudeCodeOtlp()


def _facts(record: OtlpRecord) -> Facts:
    if record.signal == "metrics":
        return _measured(record)
    event = record.name.removeprefix(_PREFIX)
    if event == "api_request":
        return (_call(record),)
    if event == "user_prompt":
        return (_event(record, "prompt"),)
    if event == "tool_result":
        failed = record.truth("success") is False
        kinds = ("tool_result", "tool_error") if failed else ("tool_result",)
        return tuple(_event(record, kind) for kind in kinds)
    if event == "tool_decision" and record.tool() in _EDIT_TOOLS:
        kind = _DECISIONS.get(record.text("decision"))
        return (_event(record, kind) if kind else _reject(record, "unknown decision"),)
    return ()


def _reject(record: OtlpRecord, reason: str) -> Rejected:
    return record.rejected(NAME, reason)


def _call(record: OtlpRecord) -> Witness | Rejected:
    fresh, output = record.tally("input_tokens"), record.tally("output_tokens")
    reads = record.tally("cache_read_tokens", 0)
    writes = record.tally("cache_creation_tokens", 0)
    key = _key(record)
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
        link=record.text("request_id"),
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
        reported_cost=_cost(record),
        project="",
        agent=telemetry.agent(record),
        copied=False,
        attended=telemetry.attended(record),
        identity=telemetry.identity(record),
    )


def _key(record: OtlpRecord) -> str:
    """Name the request: by the provider, by the client, or by its place in time.

    A session is not asked for where there is a request id: administrators can
    switch session ids off, and the call is billed all the same.
    """
    request = record.text("request_id")
    if request:
        return request
    client = record.text("client_request_id")
    return f"client:{client}" if client else _sequence(record)


def _sequence(record: OtlpRecord) -> str:
    session = record.text("session.id")
    order = record.attributes.get("event.sequence")
    # A resumed session counts from 0 again, so the time belongs to the identity.
    return f"seq:{session}:{order}:{record.occurred_at}" if session else ""


def _cost(record: OtlpRecord) -> int | None:
    micros = as_count(record.attributes.get("cost_usd_micros"))
    return as_micros(record.attributes.get("cost_usd")) if micros is None else micros


def _event(record: OtlpRecord, kind: str) -> Activity | Rejected:
    key = record.text("tool_use_id") or _sequence(record)
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
    """Book a data point; deltas each, running totals by their series.

    A running total keeps one key for the life of its process, so that the ledger
    keeps the largest.
    """
    point = record.point
    if point is None or not point.temporality or point.kind == "histogram":
        return (_reject(record, "a metric that is no sum of known temporality"),)
    kind, attended = _kind(record)
    amount = as_amount(point.value)
    problem = record.time_problem() or ("" if kind else "unknown type of metric")
    if problem or amount is None or record.occurred_at is None:
        return (_reject(record, problem or "missing or absurd amount"),)
    if amount == 0:
        return ()
    life = f"{point.series}:{point.started_at}"
    total = Activity(
        source=NAME,
        key=life if point.temporality == "cumulative" else f"{life}:{point.ended_at}",
        session=record.text("session.id"),
        occurred_at=record.occurred_at,
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
