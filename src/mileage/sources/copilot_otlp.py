"""GitHub Copilot's telemetry: ``chat`` spans are calls, tool spans are activity.

Recorded with Copilot CLI 1.0.102. The spans above (``invoke_agent``) and the metrics
repeat the same tokens. Copilot in VS Code sends, beside the same spans, an event per
inference and one per turn of an agent (its documentation, July 2026): the event of an
inference counts where no span of that response id arrived, the turn never does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Witness
from mileage.sources.genai_call import (
    CALL_KEYS,
    TOOL_KEYS,
    Caller,
    answer_id,
    answered,
    prompted,
    tool_results,
    witness,
)
from mileage.sources.genai_usage import inference, usage
from mileage.sources.otlp_record import gather

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from mileage.domain.witness import Reading, Rejected
    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "copilot_otlp"
CLIENT = "copilot"

_EVENT = "gen_ai.client.inference.operation.details"
# An event may leave the cached tokens in the input, so it is a source of its own.
_TOLD_BY_EVENT = "copilot_inference_events"
_CLI_SCOPE = "github.copilot"
_EDITOR = "copilot-chat"
_SERVICES = frozenset({"github-copilot", _EDITOR})
_OPERATION = "gen_ai.operation.name"
_SUB_AGENT = "sub-agent"


class CopilotOtlp:
    """Reads the spans and events of Copilot CLI and of Copilot in VS Code."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=20, join="link", replayable=False
    )
    names = frozenset({_EVENT})
    keys = CALL_KEYS | TOOL_KEYS | {"github.copilot.initiator", "service.version"}
    span_names: frozenset[str] = frozenset()
    span_marks = frozenset({_OPERATION})
    digests: Mapping[str, re.Pattern[str]] = {}

    def wants(self, record: OtlpRecord) -> bool:
        """Tell Copilot's records by scope or service."""
        if record.signal == "metrics":
            return False
        service = record.resource.get("service.name")
        return service in _SERVICES or record.scope.startswith((_CLI_SCOPE, _EDITOR))

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted records into witnesses and activity; never raises."""
        known = list(records)
        agents = {
            (record.span.trace_id, record.span.span_id): record.text(
                "gen_ai.agent.name"
            )
            for record in known
            if record.span
        }
        return gather(_facts(record, agents) for record in known)


SOURCE = CopilotOtlp()


def _facts(record: OtlpRecord, agents: dict[tuple[str, str], str]) -> Facts:
    operation = record.attributes.get(_OPERATION)
    if operation == "execute_tool":
        names = ("gen_ai.tool.name", "gen_ai.tool.call.id")
        return tool_results(record, _caller(record), *names)
    if operation == "invoke_agent" and record.span and not record.span.parent_id:
        return (prompted(record, _caller(record)),)
    if not inference(record):
        return ()
    if record.signal == "logs":
        return _event(record)
    read = usage(record)
    if read is None and not answered(record):
        return ()
    made = witness(record, _caller(record), read)
    return (_attended(_of_agent(made, record, agents), record),)


def _event(record: OtlpRecord) -> Facts:
    """Read an inference event; only its response id tells it from the span."""
    if not answer_id(record):
        return (record.rejected(_TOLD_BY_EVENT, "no response id of its own"),)
    read = usage(record)
    caller = _caller(record)._replace(source=_TOLD_BY_EVENT)
    return (_attended(witness(record, caller, read), record),) if read else ()


def _caller(record: OtlpRecord) -> Caller:
    return Caller(NAME, CLIENT, record.text("service.version"))


def _of_agent(
    made: Witness | Rejected, record: OtlpRecord, agents: dict[tuple[str, str], str]
) -> Witness | Rejected:
    """Name the sub-agent: the span above does, the call itself only says it is one."""
    sub = record.text("github.copilot.initiator") == _SUB_AGENT
    if not isinstance(made, Witness) or record.span is None or not sub:
        return made
    above = agents.get((record.span.trace_id, record.span.parent_id), "")
    return made._replace(agent=made.agent or above or _SUB_AGENT)


def _attended(made: Witness | Rejected, record: OtlpRecord) -> Witness | Rejected:
    """Know somebody before an editor; a command line may run alone."""
    editor = record.resource.get("service.name") == _EDITOR
    if isinstance(made, Witness) and editor:
        return made._replace(attended=True)
    return made
