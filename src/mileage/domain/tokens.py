"""Disjoint classes of tokens; their sum is the total, each is priced once."""

from __future__ import annotations

from typing import NamedTuple

# Above this, a count is a client's error and not a call (10**12 tokens would be
# hundreds of thousands of full context windows).
MAX_COUNT = 10**12


class Tokens(NamedTuple):
    """What one call, or a sum of calls, consumed.

    ``input`` is uncached input, ``cache_write`` has the 5-minute or an unknown
    lifetime, ``output`` is visible output; ``reasoning`` is 0 where a source
    cannot split it from output; ``tool_input`` is what tools added to a prompt.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    tool_input: int = 0

    @property
    def total(self) -> int:
        """Every token once."""
        return sum(self)

    def plus(self, other: Tokens) -> Tokens:
        """Sum, class by class."""
        return Tokens(*(a + b for a, b in zip(self, other, strict=True)))


TOKEN_CLASSES = Tokens._fields
NO_TOKENS = Tokens()
