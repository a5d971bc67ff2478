"""From a span that stands for a model call to a witness of it."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.service import STANDARD
from mileage.domain.tokens import NO_TOKENS
from mileage.domain.witness import Activity, Rejected, Witness, tool_name
from mileage.sources.genai_usage import (
    INFERENCE_KEYS,
    KEYS,
    USAGE_OBJECT,
    Unusable,
    Usage,
    first,
    model,
)
from mileage.sources.otlp_record import as_micros
from mileage.sources.response_ids import unique

if TYPE_CHECKING:
    from mileage.sources.otlp_record import OtlpRecord

_ANSWER_IDS = ("gen_ai.response.id", "ai.response.id", "output.value#answer")
_REQUEST_IDS = ("anthropic.request.id", "hidden_params#request")
_SESSIONS = (
    "gen_ai.conversation.id",
    "session.id",
    "ai.telemetry.metadata.sessionId",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.conversation_id",
    "traceloop.association.properties.chat_id",
)
_PROVIDER_KEYS = (
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
    "ai.model.provider",
)
_TIERS = (
    "anthropic.response.service_tier",
    "gen_ai.openai.response.service_tier",
    "openai.response.service_tier",
)
_COSTS = ("gen_ai.cost.total_cost", "operation.cost", "llm.cost.total")
_AGENTS = ("gen_ai.agent.name", "gen_ai.agent.id")
CALL_KEYS = (
    frozenset(_ANSWER_IDS + _REQUEST_IDS + _SESSIONS + _PROVIDER_KEYS + _TIERS)
    | frozenset(_COSTS + _AGENTS)
    | {"user.email", "enduser.id", "service.name"}
    | INFERENCE_KEYS
    | KEYS
)
"""Attributes that a span of a call may be read for."""
TOOL_KEYS = frozenset({"gen_ai.tool.name", "gen_ai.tool.call.id", "error.type"})
DIGESTS = {
    **USAGE_OBJECT,
    # The answer as the instrumented library returned it begins with its id.
    "output.value": re.compile(
        r'^\{"id": ?"(?P<answer>(?:msg|resp|chatcmpl|gen)[-_][A-Za-z0-9_-]{4,128})"'
    ),
    "hidden_params": re.compile(
        r'"(?:llm_provider-)?request-id": "(?P<request>req_[A-Za-z0-9]{4,64})"'
    ),
}
"""What is taken out of attributes that are never kept: ids and counts."""

_ID = re.compile(r"[A-Za-z0-9_.:=+/-]{1,200}")
# LiteLLM wraps ids of Responses: ``litellm:...;response_id:resp_...`` in base 64.
_WRAPPED = re.compile(rb"^litellm:.*;response_id:([A-Za-z0-9_-]{4,128})$")
_PROVIDERS = {
    "aws.bedrock": "bedrock",
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "vertex_ai",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshot",
    "x_ai": "xai",
}


class Caller(NamedTuple):
    """Who made the calls, and who tells of them."""

    source: str
    client: str
    version: str = ""


def answer_id(record: OtlpRecord) -> str:
    """Return the id that the provider gave this answer and no other, or ''."""
    return unique(_answer(record))


def link(record: OtlpRecord) -> str:
    """Return every id that a provider gave this call, as witnesses write them."""
    requests = (unique(_id(first(record, (key,)))) for key in _REQUEST_IDS)
    return " ".join(sorted({answer_id(record), *requests} - {""}))


def key(record: OtlpRecord) -> str:
    """Name the call: by its answer, else by its span; '' when neither is known."""
    answer = answer_id(record)
    span = record.span
    if answer or span is None or not (span.trace_id and span.span_id):
        return answer
    return f"{span.trace_id}:{span.span_id}"


def witness(
    record: OtlpRecord, caller: Caller, read: Usage | Unusable | None
) -> Witness | Rejected:
    """Tell of a call; one that reports no tokens is unmeasured, and not nothing."""
    identity = key(record)
    problem = record.time_problem() or (
        "" if identity else "no response id and no span id"
    )
    if problem or record.occurred_at is None:
        return record.rejected(caller.source, problem)
    if isinstance(read, Unusable):
        return record.rejected(caller.source, "absurd token counts")
    tokens = read.tokens if read else NO_TOKENS
    return Witness(
        source=caller.source,
        key=identity,
        link=link(record),
        session=session(record),
        occurred_at=record.occurred_at,
        client=caller.client,
        client_version=caller.version,
        provider=_provider(record),
        model=model(record),
        tier=_tier(record),
        **tokens._asdict(),
        reported_cost=_cost(record) if read else None,
        project="",
        agent=first(record, _AGENTS),
        copied=False,
        attended=None,
        identity=record.text("user.email") or record.text("enduser.id"),
        measure="" if read else "unmeasured",
    )


def session(record: OtlpRecord) -> str:
    """Return the conversation that a span belongs to, or ''."""
    return first(record, _SESSIONS)


def answered(record: OtlpRecord) -> bool:
    """Tell an answer without counts from an attempt that failed and is not billed."""
    return bool(_answer(record)) or not (record.span and record.span.failed)


def tool_results(
    record: OtlpRecord, caller: Caller, name_key: str, id_key: str
) -> tuple[Activity | Rejected, ...]:
    """Tell of one run of a tool: that it was, and whether it failed."""
    name = tool_name(first(record, (name_key,)))
    result = _activity(record, caller, "tool_result", first(record, (id_key,)))
    if isinstance(result, Rejected):
        return (result,)
    result = result._replace(name=name)
    failed = record.span is not None and record.span.failed
    if failed or "error.type" in record.attributes:
        return (result, result._replace(kind="tool_error"))
    return (result,)


def prompted(record: OtlpRecord, caller: Caller) -> Activity | Rejected:
    """Tell that somebody asked for something: a span at the root of its trace."""
    return _activity(record, caller, "prompt", "")


def _activity(
    record: OtlpRecord, caller: Caller, kind: str, within: str
) -> Activity | Rejected:
    within = within or (record.span.span_id if record.span else "")
    problem = record.time_problem() or ("" if within else "no span id")
    if problem or record.occurred_at is None:
        return record.rejected(caller.source, problem)
    return Activity(
        source=caller.source,
        key=f"{session(record)}:{within}",
        session=session(record),
        occurred_at=record.occurred_at,
        client=caller.client,
        kind=kind,
        name="",
        amount=1,
        attended=None,
        identity=record.text("user.email") or record.text("enduser.id"),
    )


def _answer(record: OtlpRecord) -> str:
    return _unwrapped(_id(first(record, _ANSWER_IDS)))


def _id(text: str) -> str:
    return text if _ID.fullmatch(text) else ""


def _unwrapped(identity: str) -> str:
    prefix, _, packed = identity.partition("_")
    if prefix != "resp" or not packed.startswith("bGl0ZWxsbT"):
        return identity
    try:
        plain = binascii.a2b_base64(packed + "=" * (-len(packed) % 4))
    except binascii.Error:
        return identity
    wrapped = _WRAPPED.match(plain)
    return wrapped[1].decode() if wrapped else identity


def _provider(record: OtlpRecord) -> str:
    """Return the provider by the name that prices know it by."""
    name = first(record, _PROVIDER_KEYS).lower()
    if name in _PROVIDERS:
        return _PROVIDERS[name]
    # The AI SDK adds the interface: ``openai.responses``.
    return name.partition(".")[0]


def _tier(record: OtlpRecord) -> str:
    tier = first(record, _TIERS)
    return "" if tier in STANDARD else tier


def _cost(record: OtlpRecord) -> int | None:
    for name in _COSTS:
        if name in record.attributes:
            return as_micros(record.attributes[name])
    return None
