"""LiteLLM's records of calls that a client saw too, for tests of joining."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.witness import Witness


def litellm_record(
    call: Witness, number: int, *, ids: str, **changed: Any
) -> dict[str, Any]:
    """Say what a LiteLLM proxy in front of the provider says of a client's call.

    ``ids`` are those of the provider that reach the proxy: separated by spaces, or ''.
    It dates a call by its start, some seconds before the client logs its end.
    """
    prompt = call.input + call.cache_read + call.cache_write + call.cache_write_1h
    answer = call.output + call.reasoning
    named = ids.split()
    response = next((one for one in named if not one.startswith("req_")), "")
    request = next((one for one in named if one.startswith("req_")), "")
    headers = {"llm_provider-request-id": request} if request else {}
    agent = {
        "claude-code": "claude-cli/2.1.197 (external, cli)",
        "codex": "codex_exec/0.169.0",
    }
    user = f"user_0_account__session_{call.session}"
    return {
        "id": response or f"chatcmpl-made-up-by-the-proxy-{number}",
        "litellm_call_id": f"call-{number}",
        "trace_id": call.session,
        "call_type": "anthropic_messages"
        if call.client == "claude-code"
        else "aresponses",
        "status": "success",
        "cache_hit": None,
        "startTime": call.occurred_at / 1_000_000 - 2.5,
        "model": f"{call.provider}/{call.model}" if call.provider else call.model,
        "custom_llm_provider": call.provider,
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "response_cost": 0.01,
        "user_agent": agent.get(call.client, ""),
        "end_user": user if call.client == "claude-code" else None,
        "messages": [{"role": "user", "content": "filler"}],
        "metadata": {
            "usage_object": {
                "prompt_tokens_details": {
                    "cached_tokens": call.cache_read,
                    "cache_creation_tokens": call.cache_write + call.cache_write_1h,
                    "cache_creation_token_details": {
                        "ephemeral_1h_input_tokens": call.cache_write_1h
                    },
                },
                "completion_tokens_details": {"reasoning_tokens": call.reasoning},
            },
        },
        "hidden_params": {"additional_headers": headers},
        **changed,
    }


def body(records: Iterable[dict[str, Any]]) -> bytes:
    """Put records into one callback."""
    return json.dumps(list(records)).encode()
