"""How Gemini counts: cached input lies inside the prompt, thoughts beside the answer.

As Gemini CLI 0.61.0 was recorded, a total is prompt + answer + thoughts + tool input.
Older files hold an input from which cached tokens are already taken out; the total
beside the counts tells which it is.
"""

from __future__ import annotations

from typing import NamedTuple

from mileage.domain.tokens import Tokens


class GeminiUsage(NamedTuple):
    """Counts as Gemini CLI writes them: they may overlap."""

    prompt: int
    answer: int
    cached: int = 0
    thoughts: int = 0
    tool: int = 0
    total: int = 0
    """0 where none was written."""


def disjoint(usage: GeminiUsage) -> Tokens:
    """Split overlapping counts into classes whose sum is the total, if one was sent."""
    prompt, answer, cached, thoughts, tool, total = usage
    beside = prompt + answer + thoughts + tool
    inside = beside - thoughts
    if total in (inside, inside + cached) and total not in (beside, beside + cached):
        # No recorded version does this, but the total leaves no other reading.
        answer -= min(thoughts, answer)
    cache_is_inside = cached <= prompt and total in (0, beside, inside)
    return Tokens(
        input=prompt - cached if cache_is_inside else prompt,
        cache_read=cached,
        output=answer,
        reasoning=thoughts,
        tool_input=tool,
    )
