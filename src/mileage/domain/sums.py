"""What a set of calls adds up to.

Apart from ``figures``, because the command that reads local logs needs only this
and must start quickly.
"""

from __future__ import annotations

from typing import NamedTuple

from mileage.domain.tokens import NO_TOKENS, Tokens


class Figures(NamedTuple):
    """What a set of calls adds up to."""

    calls: int = 0
    tokens: Tokens = NO_TOKENS
    cost: int | None = None
    """Micro-dollars of the priced calls; None when none is priced."""
    unpriced_calls: int = 0
    unmeasured_calls: int = 0
    """Calls that happened, of which no source reports usage."""

    def plus(self, other: Figures) -> Figures:
        """Sum; an unknown cost adds nothing and stays counted as unpriced."""
        known = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Figures(
            self.calls + other.calls,
            self.tokens.plus(other.tokens),
            sum(known) if known else None,
            self.unpriced_calls + other.unpriced_calls,
            self.unmeasured_calls + other.unmeasured_calls,
        )

    @property
    def cache_share(self) -> float | None:
        """Part of all prompt tokens that came from the cache; None without any."""
        tokens = self.tokens
        prompt = tokens.total - tokens.output - tokens.reasoning
        return tokens.cache_read / prompt if prompt else None


class Share(NamedTuple):
    """One line of a breakdown: a client, a model, a session, a day."""

    name: str
    figures: Figures
    note: str = ""
    """Beside the name: the client of a session or when it began, a block's start."""
