"""The shape of the lines in Claude Code's transcripts, and what they say of a call."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mileage.domain.service import served
from mileage.domain.witness import Witness
from mileage.sources.claude_code_activity import attended
from mileage.sources.jsonl import Classes, Count, Name, decode, text

# Four fifths of the bytes are prompts and tool results. Quotation marks inside
# strings are escaped, so these bytes can only be the start of such a message.
MESSAGE = b'"message":{'
BY_USER = b'"role":"user"'
HEAD_BYTES = 1_000
# Nor is a line an answer that is said to be something else before any object in it.
TYPE = b'"type":"'
ASSISTANT = b"assistant"
_OTHER_TYPE = re.compile(rb'(?!assistant")[a-z_-]+"')

NO_RESPONSE = "<synthetic>"
_LONG_CONTEXT = "[1m]"
_CLOUDS = {"msg_bdrk_": "bedrock", "msg_vrtx_": "vertex_ai"}
CLOUD_IDS = re.compile("|".join(_CLOUDS))
"""What ids of answers begin with that Claude gave on somebody else's cloud."""


class CacheWrites(msgspec.Struct, gc=False):
    """Cache writes by lifetime."""

    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


class OutputDetails(msgspec.Struct, gc=False):
    """The part of the output that nobody sees."""

    thinking_tokens: Count = None


class Usage(msgspec.Struct, gc=False):
    """``input_tokens`` excludes both cache classes; output includes thinking."""

    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation: CacheWrites | None = None
    output_tokens_details: OutputDetails | None = None
    service_tier: Any = None
    speed: Any = None
    inference_geo: Any = None
    iterations: Any = None


class Message(msgspec.Struct, gc=False):
    """A response; its content is passed over."""

    id: Name = None
    role: Any = None
    model: Name = None
    usage: Usage | None = None


class Line(msgspec.Struct, gc=False, rename="camel"):
    """One line of a transcript."""

    type: Any = None
    uuid: Name = None
    session_id: Name = None
    timestamp: Any = None
    version: Name = None
    cwd: Name = None
    request_id: Name = None
    is_sidechain: Any = None
    agent_id: Name = None
    entrypoint: Any = None
    cost_usd: Any = msgspec.field(default=None, name="costUSD")
    message: Message | None = None


LINE = msgspec.json.Decoder(Line)
NONE_WRITTEN, NO_DETAILS = CacheWrites(), OutputDetails()
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_NAMES = ("uuid", "sessionId", "version", "cwd", "requestId", "agentId")
_MESSAGE_NAMES = ("id", "model")


def is_other(chunk: bytes, begin: int, end: int) -> bool:
    """Tell whether a line says that it is of another kind, and so has no usage."""
    nested = chunk.find(b"{", begin + 1, end)
    at = chunk.find(TYPE, begin, end if nested < 0 else nested)
    return at >= 0 and _OTHER_TYPE.match(chunk, at + len(TYPE), end) is not None


def forgiven(line: bytes) -> Line | str | None:
    """Read a line again that does not fit, without names that are no names.

    Only usage must be right. None: it is no line of an assistant; a text: why not.
    """
    plain = decode(_OBJECT, line)
    if isinstance(plain, str):
        return plain
    if plain.get("type") not in ("assistant", None):
        return None
    plain.update({name: text(plain.get(name)) for name in _NAMES})
    message = plain.get("message")
    if isinstance(message, dict):
        message.update({name: text(message.get(name)) for name in _MESSAGE_NAMES})
    try:
        return msgspec.convert(plain, Line)
    except msgspec.ValidationError as error:
        return str(error)


def has_usage(line: Line) -> bool:
    """Tell whether a line is an assistant's and counts tokens."""
    message = line.message
    if message is None or message.usage is None or message.role == "user":
        return False
    # The oldest logs have no type; then the role tells.
    return line.type == "assistant" or (
        line.type is None and message.role == "assistant"
    )


def identity(line: Line, message: Message) -> str:
    """Name the call: copies keep the message id, but not always the request id."""
    if message.id:
        return message.id
    if line.request_id:
        return f"req:{line.request_id}"
    return f"uuid:{line.uuid}" if line.uuid else ""


def witness_of(
    line: Line, message: Message, usage: Usage, found: tuple[str, int, Classes]
) -> Witness:
    """Return what a line says of a call: its key, its time and its counts."""
    key, occurred_at, counts = found
    model = message.model or ""
    if usage.iterations:
        model = serving_model(usage.iterations) or model
    model = plain_model(model)
    return Witness(
        "claude_code_log",
        key,
        line.request_id or "",
        line.session_id or "",
        occurred_at,
        "claude-code",
        line.version or "",
        provider_of(cloud_of(key), model),
        model,
        tier_of(usage),
        *counts,
        None if line.cost_usd is None else micro_dollars(line.cost_usd),
        line.cwd or "",
        line.agent_id or "",
        line.is_sidechain is True,
        attended(line.entrypoint),
        "",
    )


def counts_of(usage: Usage) -> Classes | None:
    """Return the seven disjoint classes; None if no count is told, not even 0."""
    split = usage.cache_creation or NONE_WRITTEN
    details = usage.output_tokens_details or NO_DETAILS
    told = (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        split.ephemeral_5m_input_tokens,
        split.ephemeral_1h_input_tokens,
        details.thinking_tokens,
        usage.output_tokens,
    )
    if told.count(None) == len(told):
        return None
    return disjoint(*(count or 0 for count in told))


def disjoint(*told: int) -> Classes:
    """Make the seven classes of a usage's counts, in the order of ``counts_of``."""
    fresh, cache_read, written, five_minutes, hour, thought, output = told
    writes = max(written, hour + five_minutes)
    thought = min(thought, output)
    return fresh, cache_read, writes - hour, hour, output - thought, thought, 0


def tier_of(usage: Usage) -> str:
    """Name the tier of service; the standard one is none."""
    return served(usage.service_tier, usage.speed, usage.inference_geo)


def plain_model(model: str) -> str:
    """Drop the mark of the long context window: it is no part of the name."""
    return model.removesuffix(_LONG_CONTEXT)


def cloud_of(key: str) -> str:
    """Name the cloud that an answer came from, as LiteLLM names it, or ''."""
    found = CLOUD_IDS.match(key)
    return _CLOUDS[found[0]] if found else ""


def provider_of(cloud: str, model: str) -> str:
    """Name a cloud, else the vendor.

    Behind a gateway only the names of Claude's own models give that away.
    """
    return cloud or ("anthropic" if model.startswith("claude") else "")


def serving_model(iterations: object) -> str:
    """Return the model that took over when the chosen one fell out, or ''."""
    fallbacks = iterations_of(iterations, "fallback_message")
    return next((m for _, item in fallbacks if (m := text(item.get("model")))), "")


def iterations_of(iterations: object, kind: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the requests of one kind that a response consists of."""
    if not isinstance(iterations, list):
        return []
    return [
        (index, item)
        for index, item in enumerate(iterations)
        if isinstance(item, dict) and item.get("type") == kind
    ]


def micro_dollars(cost: object) -> int | None:
    """Return dollars as micro-dollars, if they make sense."""
    if not isinstance(cost, int | float) or isinstance(cost, bool):
        return None
    # Not above 10**6 dollars: that is noise, and excludes infinity as well.
    return round(cost * 1_000_000) if 0 <= cost <= 1_000_000 else None  # noqa: PLR2004
