"""LiteLLM's records as it sends and stores them: the fields that are read, no other.

A callback's ``StandardLoggingPayload`` and a row of ``LiteLLM_SpendLogs`` name most
things alike, so one struct reads both (recorded with LiteLLM 1.106.2). Messages,
answers, parameters and errors have no field here and are skipped undecoded.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from mileage.domain.tokens import MAX_COUNT

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)] | None
Loose = msgspec.Raw
"""Anything: read as a short text or not at all. Empty when it is not there."""
ABSENT = msgspec.Raw()


class CacheWrites(msgspec.Struct, gc=False):
    """How long what was written to the provider's cache lives."""

    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


class PromptDetails(msgspec.Struct, gc=False):
    """Parts of the prompt's tokens."""

    cached_tokens: Count = None
    cache_creation_tokens: Count = None
    cache_write_tokens: Count = None
    cache_creation_token_details: CacheWrites | None = None


class AnswerDetails(msgspec.Struct, gc=False):
    """Parts of the answer's tokens."""

    reasoning_tokens: Count = None


class Usage(msgspec.Struct, gc=False):
    """``usage_object``: what the provider answered, in LiteLLM's words."""

    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: AnswerDetails | None = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    service_tier: Loose = ABSENT
    speed: Loose = ABSENT
    inference_geo: Loose = ABSENT


class Requester(msgspec.Struct, gc=False):
    """``metadata`` of the request itself; agents put their session in it."""

    user_id: Loose = ABSENT


class Metadata(msgspec.Struct, gc=False):
    """Who asked, and what it used."""

    usage_object: Usage | None = None
    requester_metadata: Requester | None = None
    user_api_key_user_email: Loose = ABSENT
    user_api_key_user_id: Loose = ABSENT
    user_id: Loose = ABSENT
    session_id: Loose = ABSENT
    user_agent: Loose = ABSENT
    litellm_call_id: Loose = ABSENT


class Headers(msgspec.Struct, gc=False):
    """Ids that the provider gave in its answer's headers."""

    request_id: Loose = msgspec.field(default=ABSENT, name="request-id")
    x_request_id: Loose = msgspec.field(default=ABSENT, name="x-request-id")
    provider_request_id: Loose = msgspec.field(
        default=ABSENT, name="llm_provider-request-id"
    )
    provider_x_request_id: Loose = msgspec.field(
        default=ABSENT, name="llm_provider-x-request-id"
    )


class Hidden(msgspec.Struct, gc=False):
    """``hidden_params``."""

    additional_headers: Headers | None = None


class Entry(msgspec.Struct, gc=False):
    """One request through the proxy."""

    id: Loose = ABSENT
    request_id: Loose = ABSENT
    litellm_call_id: Loose = ABSENT
    trace_id: Loose = ABSENT
    session_id: Loose = ABSENT
    call_type: Loose = ABSENT
    status: Loose = ABSENT
    cache_hit: Loose = ABSENT
    startTime: Loose = ABSENT  # noqa: N815 - as LiteLLM spells it
    model: Loose = ABSENT
    custom_llm_provider: Loose = ABSENT
    end_user: Loose = ABSENT
    user: Loose = ABSENT
    user_agent: Loose = ABSENT
    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    response_cost: float | None = None
    spend: float | None = None
    metadata: Loose = ABSENT
    """An object, or its JSON as text in rows of the table."""
    hidden_params: Loose = ABSENT


# Rows of a CSV export bring numbers as text.
entries = msgspec.json.Decoder(Entry, strict=False)
metadata = msgspec.json.Decoder(Metadata, strict=False)
hidden = msgspec.json.Decoder(Hidden, strict=False)
