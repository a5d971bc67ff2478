"""LiteLLM: what its proxy tells of each request, by callback or from its table.

Recorded with LiteLLM 1.106.2. ``prompt_tokens`` includes cache reads and writes,
``completion_tokens`` includes reasoning (of xAI's models older versions leave it out);
``metadata.usage_object`` splits both. A failed request reports no usage, and what
LiteLLM's own cache answers reaches no provider: both are ignored, and counted as such.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.errors import Invalid, TooLarge
from mileage.domain.service import served
from mileage.domain.witness import Reading, Rejected, Witness
from mileage.sources import litellm_wire as wire
from mileage.sources.json_records import records, word
from mileage.sources.jsonl import Gathering, decode, each, untimely
from mileage.sources.litellm_names import (
    Agent,
    agent_of,
    bare_model,
    instant_of,
    key_of,
    provider_ids,
    response_of,
    session_of,
)
from mileage.sources.table_files import entries_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = "litellm"
NAMELESS_NAME = "litellm_spend_log"
LARGEST = 10**15
"""Micro-dollars of one call; above is nonsense."""
MOST_RECORDS = 100_000
"""Of one callback; LiteLLM sends a hundred at a time."""

# A request of these kinds has tokens; one that shows none was not measured.
_MEASURABLE = frozenset(
    {"completion", "acompletion", "text_completion", "atext_completion"}
    | {"anthropic_messages", "responses", "aresponses", "generate_content"}
    | {"agenerate_content", "agenerate_content_stream", "embedding", "aembedding"}
)
# What a finished batch used is told again whenever somebody asks for its state.
_BATCHES = frozenset({"retrieve_batch", "aretrieve_batch"})
NO_COUNTS = "no token counts"
NO_ID = "neither litellm_call_id nor id"
TOO_MANY = f"a body may have {MOST_RECORDS} records; send smaller batches"
CONTRADICTION = "cached tokens above prompt tokens"


class LiteLLM:
    """Reads bodies of the ``generic_api`` callback and exports of spend logs."""

    def __init__(self, name: str, precedence: int) -> None:
        self.traits = SourceTraits(
            name=name,
            client=NAME,
            precedence=precedence,
            join="link",
            replayable=True,
            gateway=True,
        )

    def read_body(self, body: bytes) -> Reading:
        """Read one callback body; raises Invalid when it is no JSON at all."""
        gathering = Gathering(self.traits, "record")
        for number, record in enumerate(records(body), start=1):
            if number > MOST_RECORDS:
                raise TooLarge(TOO_MANY)
            _take(gathering, number, record)
        return gathering.reading()

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read an export: JSON, JSON lines, CSV or a page of the REST interface."""
        del activity
        try:
            yield from _readings(entries_of(path, key="data"), place)
        except (Invalid, TooLarge, OSError) as error:
            reason = str(getattr(error, "strerror", None) or error)
            yield Reading(rejected=(Rejected(NAME, place, reason),))


SOURCE = LiteLLM(NAME, 12)


def _readings(found: Iterable[bytes], place: str) -> Iterator[Reading]:
    """Turn the records of a file into readings of bounded size."""
    gathering = Gathering(SOURCE.traits, place)
    yield from each(found, partial(_take, gathering), gathering)
    yield gathering.reading()


def _take(gathering: Gathering, number: int, record: bytes) -> None:
    outcome = _outcome(record)
    if outcome is None:
        gathering.ignored += 1
    elif isinstance(outcome, str):
        gathering.reject(number, outcome)
    else:
        gathering.witness(outcome)


def _outcome(record: bytes) -> Witness | str | None:
    """Return the call, the reason why it cannot be read, or None for no usage."""
    entry = decode(wire.entries, record)
    if isinstance(entry, str):
        return entry
    if word(entry.status) == "failure" or _from_cache(entry.cache_hit):
        return None
    about = _metadata(entry.metadata)
    if isinstance(about, str):
        return about
    counts = _counts(entry, about.usage_object or wire.Usage())
    if isinstance(counts, str):
        return counts
    measured = any(counts)
    if not measured and word(entry.call_type) not in _MEASURABLE:
        return None
    return _witness(entry, about, counts, measure="" if measured else "unmeasured")


def _witness(
    entry: wire.Entry, about: wire.Metadata, counts: _Counts, measure: str
) -> Witness | str:
    number = word(entry.id) or word(entry.request_id)
    called = word(entry.litellm_call_id) or word(about.litellm_call_id)
    response = response_of(number)
    is_batch = word(entry.call_type) in _BATCHES
    key = (response if is_batch else key_of(called, response)) or called or number
    occurred_at = instant_of(entry.startTime)
    problem = untimely(occurred_at) or ("" if key else NO_ID)
    if problem or occurred_at is None:
        return problem
    agent = agent_of(word(entry.user_agent) or word(about.user_agent))
    provider = word(entry.custom_llm_provider)
    return Witness(
        source=NAME if called or not entry.request_id else NAMELESS_NAME,
        key=key,
        link=_link(response, entry.hidden_params),
        session=_session(entry, about, agent),
        occurred_at=occurred_at,
        client=agent.client or NAME,
        client_version=agent.version,
        provider=provider,
        model=bare_model(word(entry.model), provider),
        tier=_tier(about.usage_object or wire.Usage(), is_batch=is_batch),
        input=counts.input,
        cache_read=counts.cache_read,
        cache_write=counts.cache_write,
        cache_write_1h=counts.cache_write_1h,
        output=counts.output,
        reasoning=counts.reasoning,
        tool_input=0,
        reported_cost=_micro_dollars(entry),
        project="",
        agent="",
        copied=False,
        attended=None,
        identity=_identity(entry, about),
        measure=measure,
    )


class _Counts(NamedTuple):
    input: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    output: int
    reasoning: int


def _counts(entry: wire.Entry, usage: wire.Usage) -> _Counts | str:
    """Translate LiteLLM's convention, or say why that cannot be done."""
    prompt, answer = entry.prompt_tokens, entry.completion_tokens
    if prompt is None or answer is None:
        return NO_COUNTS
    details = usage.prompt_tokens_details or wire.PromptDetails()
    thought = usage.completion_tokens_details or wire.AnswerDetails()
    read = _known(details.cached_tokens, usage.cache_read_input_tokens)
    written = _known(
        details.cache_creation_tokens,
        details.cache_write_tokens,
        usage.cache_creation_input_tokens,
    )
    split = details.cache_creation_token_details or wire.CacheWrites()
    hour = min(split.ephemeral_1h_input_tokens or 0, written)
    reasoning = thought.reasoning_tokens or 0
    total = entry.total_tokens or usage.total_tokens or 0
    if not _is_beside(reasoning, prompt, answer, total):
        reasoning = min(reasoning, answer)
        answer -= reasoning
    if read + written > prompt:
        return CONTRADICTION
    fresh = prompt - read - written
    return _Counts(fresh, read, written - hour, hour, answer, reasoning)


def _is_beside(reasoning: int, prompt: int, answer: int, total: int) -> bool:
    """Tell whether an answer does not include its reasoning, as xAI counts it.

    The total decides: of Claude's thinking LiteLLM may only estimate how much it was.
    """
    return prompt + answer + reasoning <= total if total else reasoning > answer


def _known(*counts: int | None) -> int:
    """Return the largest: the same number stands in up to three places."""
    return max((count for count in counts if count is not None), default=0)


def _metadata(raw: wire.Loose) -> wire.Metadata | str:
    content = bytes(raw)
    if content[:1] == b'"':
        # Rows of the table hold JSON inside of a text.
        try:
            content = msgspec.json.decode(content, type=str).encode()
        except (msgspec.MsgspecError, ValueError):
            return "metadata is not JSON"
    if content.strip() in (b"", b"null"):
        return wire.Metadata()
    return decode(wire.metadata, content)


def _link(response: str, raw: wire.Loose) -> str:
    """Return the ids that an agent behind the proxy may know too."""
    headers = wire.Headers()
    read = decode(wire.hidden, bytes(raw) or b"{}")
    if not isinstance(read, str):
        headers = read.additional_headers or headers
    given = (
        headers.provider_request_id,
        headers.provider_x_request_id,
        headers.request_id,
        headers.x_request_id,
    )
    return provider_ids(response, [word(one) for one in given])


def _session(entry: wire.Entry, about: wire.Metadata, agent: Agent) -> str:
    """Return the agent's own session, so that both tell of the same one.

    LiteLLM makes ids up for requests without a session, so one that no agent sent
    is believed only where a callback carries it.
    """
    requester = about.requester_metadata or wire.Requester()
    claims = (entry.end_user, requester.user_id, about.user_id)
    agents_own = next((s for one in claims if (s := session_of(word(one)))), "")
    if agents_own:
        return agents_own
    sent = word(about.session_id)
    is_callback = not entry.request_id
    if is_callback:
        sent = word(entry.session_id) or sent
    if agent.names_session and not sent:
        sent = word(entry.trace_id) if is_callback else word(entry.session_id)
    return sent


def _identity(entry: wire.Entry, about: wire.Metadata) -> str:
    """Return whose key it was; a user id that is no e-mail is LiteLLM's own."""
    email = word(about.user_api_key_user_email)
    if email:
        return email
    user = word(about.user_api_key_user_id) or word(entry.user)
    if not user or user == "default_user_id":
        return ""
    return user if "@" in user else f"litellm:{user}"


def _from_cache(raw: wire.Loose) -> bool:
    return bytes(raw).strip(b'"').lower() == b"true"


def _tier(usage: wire.Usage, *, is_batch: bool) -> str:
    tier = "batch" if is_batch else word(usage.service_tier)
    return served(tier, word(usage.speed), word(usage.inference_geo))


def _micro_dollars(entry: wire.Entry) -> int | None:
    cost = entry.spend if entry.response_cost is None else entry.response_cost
    # Also false for what is not a number.
    if cost is None or not 0 <= cost * 1_000_000 <= LARGEST:
        return None
    return round(cost * 1_000_000)
