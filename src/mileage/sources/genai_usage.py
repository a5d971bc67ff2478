"""Token counts in the attributes of spans: many dialects, one reading.

The dialects are OpenTelemetry's GenAI conventions (before and after 1.37), the names
that OpenLLMetry, pydantic-ai, LiteLLM and the Anthropic SDK add to them, OpenInference
and the AI SDK, as recorded in November 2026. All of them SHOULD count cached tokens
inside the input and reasoning inside the output; not all do, so the sums decide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.tokens import Tokens
from mileage.sources.otlp_record import as_count

if TYPE_CHECKING:
    from mileage.sources.otlp_record import OtlpRecord

_USAGE = "gen_ai.usage."
_OPENINFERENCE = "llm.token_count."
_AI = "ai.usage."
_LITELLM = "metadata.usage_object"

PROMPT = (
    f"{_USAGE}input_tokens",
    f"{_USAGE}prompt_tokens",
    f"{_OPENINFERENCE}prompt",
    f"{_AI}inputTokens",
    f"{_AI}promptTokens",
    "llm.usage.prompt_tokens",
)
ANSWER = (
    f"{_USAGE}output_tokens",
    f"{_USAGE}completion_tokens",
    f"{_OPENINFERENCE}completion",
    f"{_AI}outputTokens",
    f"{_AI}completionTokens",
    "llm.usage.completion_tokens",
)
TOTAL = (
    f"{_USAGE}total_tokens",
    f"{_OPENINFERENCE}total",
    f"{_AI}totalTokens",
    "llm.usage.total_tokens",
)
CACHE_READ = (
    f"{_USAGE}cache_read.input_tokens",
    f"{_USAGE}cache_read_input_tokens",
    f"{_USAGE}input_tokens.cached",
    f"{_USAGE}details.cache_read_tokens",
    f"{_USAGE}details.cache_read_input_tokens",
    f"{_USAGE}details.cached_tokens",
    f"{_OPENINFERENCE}prompt_details.cache_read",
    f"{_OPENINFERENCE}prompt_details.cache_input",
    f"{_AI}inputTokenDetails.cacheReadTokens",
    f"{_AI}cachedInputTokens",
    f"{_LITELLM}#cache_read",
)
CACHE_WRITE = (
    f"{_USAGE}cache_creation.input_tokens",
    f"{_USAGE}cache_write.input_tokens",
    f"{_USAGE}cache_creation_input_tokens",
    f"{_USAGE}cache_write_input_tokens",
    f"{_USAGE}details.cache_write_tokens",
    f"{_USAGE}details.cache_creation_input_tokens",
    f"{_OPENINFERENCE}prompt_details.cache_write",
    f"{_AI}inputTokenDetails.cacheWriteTokens",
    f"{_LITELLM}#cache_write",
)
CACHE_WRITE_1H = (
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
    f"{_USAGE}details.ephemeral_1h_input_tokens",
    f"{_LITELLM}#cache_write_1h",
)
REASONING = (
    f"{_USAGE}reasoning.output_tokens",
    f"{_USAGE}reasoning_tokens",
    f"{_USAGE}details.reasoning_tokens",
    f"{_OPENINFERENCE}completion_details.reasoning",
    f"{_AI}outputTokenDetails.reasoningTokens",
    f"{_AI}reasoningTokens",
    "llm.usage.reasoning_tokens",
    f"{_LITELLM}#reasoning",
)
KEYS = frozenset(
    PROMPT + ANSWER + TOTAL + CACHE_READ + CACHE_WRITE + CACHE_WRITE_1H + REASONING
)
MARKS = frozenset(PROMPT + ANSWER + TOTAL)
# LiteLLM writes all it knows of the usage as the text of a Python dictionary, and
# only some of it (as recorded in 1.84) as attributes.
USAGE_OBJECT = {
    _LITELLM: re.compile(
        r"'cached_tokens': (?P<cache_read>\d{1,13})\b"
        r"|'cache_creation_tokens': (?P<cache_write>\d{1,13})\b"
        r"|'ephemeral_1h_input_tokens': (?P<cache_write_1h>\d{1,13})\b"
        r"|'reasoning_tokens': (?P<reasoning>\d{1,13})\b"
    )
}

_OPERATIONS = frozenset(
    {"chat", "generate_content", "text_completion", "embeddings"}
    | {"completion", "embedding", "responses", "messages"}
)
_KINDS = frozenset({"LLM", "EMBEDDING"})
# OpenLLMetry's, and LiteLLM's names of its own functions (``a…`` is asynchronous).
_REQUESTS = frozenset(
    {"chat", "completion", "text_completion", "embedding", "responses"}
    | {"acompletion", "atext_completion", "aembedding", "aresponses"}
    | {"anthropic_messages", "generate_content", "agenerate_content"}
)
_STEPS = (".doStream", ".doGenerate", ".doEmbed")
MODELS = (
    "gen_ai.response.model",
    "ai.response.model",
    "llm.response.model_name",
    "llm.model_name",
    "gen_ai.request.model",
    "llm.request.model_name",
    "ai.model.id",
)
"""The model that answered before the one that was asked: the answer is billed."""
INFERENCE_MARKS = frozenset(
    {
        "gen_ai.operation.name",
        "openinference.span.kind",
        "gen_ai.span.kind",
        "llm.request.type",
        "ai.operationId",
    }
)
INFERENCE_KEYS = INFERENCE_MARKS | {"traceloop.span.kind"} | frozenset(MODELS)


class Usage(NamedTuple):
    """What a span says of its tokens."""

    tokens: Tokens
    detail: int
    """How many of the two cache classes it tells: the rest is inside ``input``."""


class Unusable(NamedTuple):
    """A span that has counts which cannot be any."""


def inference(record: OtlpRecord) -> bool:
    """Tell whether a span stands for one model call.

    Spans of agents, workflows, chains and tools repeat the usage of what they called.
    Whatever says of a span what it is has to agree; where nothing does (conventions
    before 1.26), a model with token counts is a call.
    """
    said = _said(record)
    if said:
        return all(said)
    return bool(model(record)) and not MARKS.isdisjoint(record.attributes)


def _said(record: OtlpRecord) -> list[bool]:
    said: list[bool] = []
    kinds = ("openinference.span.kind", "gen_ai.span.kind")
    said += [
        record.attributes[key] in _KINDS for key in kinds if key in record.attributes
    ]
    # Both name the operation; where they differ the conventions' own name counts.
    for key, known in (
        ("gen_ai.operation.name", _OPERATIONS),
        ("llm.request.type", _REQUESTS),
    ):
        if key in record.attributes:
            said.append(record.attributes[key] in known)
            break
    step = record.attributes.get("ai.operationId")
    if step is not None:
        said.append(isinstance(step, str) and step.endswith(_STEPS))
    if "traceloop.span.kind" in record.attributes:
        said.append(False)
    return said


def model(record: OtlpRecord) -> str:
    """Return the model's name, or ''."""
    return first(record, MODELS)


def first(record: OtlpRecord, keys: tuple[str, ...]) -> str:
    """Return the first text among a span's own attributes, or ''."""
    for key in keys:
        held = record.attributes.get(key)
        if held and isinstance(held, str):
            return held
    return ""


def usage(record: OtlpRecord) -> Usage | Unusable | None:
    """Read the counts of a span; None when it reports no tokens at all.

    An answer takes tokens and a prompt does, so counts of nothing but 0 are what a
    program writes that was never told (LiteLLM, of streams). A total alone belongs to
    no class.
    """
    groups = (PROMPT, ANSWER, TOTAL, CACHE_READ, CACHE_WRITE, CACHE_WRITE_1H, REASONING)
    counts = [_largest(record, keys) for keys in groups]
    if any(isinstance(count, Unusable) for count in counts):
        return Unusable()
    told = [count if isinstance(count, int) else None for count in counts]
    if not any(told[:2]):
        return None
    detail = sum(count is not None for count in told[3:5])
    prompt, answer = _two_of_three(told[0], told[1], told[2])
    overlap = _Overlap(prompt, answer, told[2], *(count or 0 for count in told[3:]))
    return Usage(_disjoint(overlap), detail)


def _largest(record: OtlpRecord, keys: tuple[str, ...]) -> int | Unusable | None:
    """Return the largest count under synonymous keys: some write 0 for unknown."""
    largest: int | None = None
    for key in keys:
        if key in record.attributes:
            count = as_count(record.attributes[key])
            if count is None:
                return Unusable()
            largest = max(largest or 0, count)
    return largest


def _two_of_three(
    prompt: int | None, answer: int | None, total: int | None
) -> tuple[int, int]:
    """Work out what was not sent."""
    if prompt is None:
        prompt = max((total or 0) - (answer or 0), 0)
    if answer is None:
        answer = max((total or 0) - prompt, 0)
    return prompt, answer


class _Overlap(NamedTuple):
    """Counts that may lie inside one another."""

    prompt: int
    answer: int
    total: int | None
    cache_read: int
    cache_write: int
    cache_write_1h: int
    reasoning: int


def _disjoint(sent: _Overlap) -> Tokens:
    """Take apart what lies inside something else.

    A part stands beside the whole when it is larger, or when the reported total is
    only reached with it.
    """
    cached = sent.cache_read + sent.cache_write
    answers = sent.answer + sent.reasoning
    sums = {sent.prompt + answers, sent.prompt + cached + answers}
    beside = sent.reasoning > sent.answer or (sent.reasoning > 0 and sent.total in sums)
    output = sent.answer if beside else sent.answer - sent.reasoning
    everything = sent.prompt + cached + output + sent.reasoning
    exclusive = cached > sent.prompt or (cached > 0 and sent.total == everything)
    hour = min(sent.cache_write_1h, sent.cache_write)
    return Tokens(
        input=sent.prompt if exclusive else sent.prompt - cached,
        cache_read=sent.cache_read,
        cache_write=sent.cache_write - hour,
        cache_write_1h=hour,
        output=output,
        reasoning=sent.reasoning,
    )
