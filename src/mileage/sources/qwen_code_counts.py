"""How Qwen Code counts: Gemini's names, but thoughts lie inside the answer.

So it was recorded with 0.15.10 over the OpenAI protocol. Where Google's own protocol
is behind it the thoughts stand beside; the total tells.
"""

from __future__ import annotations

from typing import NamedTuple

from mileage.domain.tokens import Tokens

# What ``auth_type`` says is the protocol; ``openai`` is spoken by everybody.
_PROVIDERS = {"qwen-oauth": "alibaba", "gemini": "google", "vertex-ai": "google"}


class QwenUsage(NamedTuple):
    """Counts as Qwen Code writes them: they overlap."""

    prompt: int
    answer: int
    cached: int = 0
    thoughts: int = 0
    total: int = 0
    """0 where none was written."""


def disjoint(usage: QwenUsage) -> Tokens:
    """Take cached tokens out of the input and thoughts out of the output."""
    prompt, answer, cached, thoughts, total = usage
    reads = min(cached, prompt)
    beside = thoughts > 0 and total == prompt + answer + thoughts
    reasoning = thoughts if beside else min(thoughts, answer)
    return Tokens(
        input=prompt - reads,
        cache_read=reads,
        output=answer if beside else answer - reasoning,
        reasoning=reasoning,
    )


def provider(auth_type: str) -> str:
    """Name the provider where the way of signing in gives it away."""
    return _PROVIDERS.get(auth_type, "")
