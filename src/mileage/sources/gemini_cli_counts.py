"""How Gemini counts: cached input lies inside the prompt, thoughts beside the answer.

As Gemini CLI 0.61.0 was recorded, a total is prompt + answer + thoughts + tool input.
Older files hold an input from which cached tokens are already taken out; only a total
that has them besides tells of it, or more cached tokens than input.
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
    taken_out = total not in (0, beside, inside) and total - cached in (beside, inside)
    return Tokens(
        input=prompt if taken_out or cached > prompt else prompt - cached,
        cache_read=cached,
        output=answer,
        reasoning=thoughts,
        tool_input=tool,
    )
