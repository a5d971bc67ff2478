"""A price row, and the cost of one call by it, in exact integers."""

from __future__ import annotations

from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.rounding import half_even
from mileage.domain.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

MILLION = 1_000_000
_OUTPUT = Tokens._fields.index("output")
_REASONING = Tokens._fields.index("reasoning")


class Rates(NamedTuple):
    """Micro-dollars per million tokens; the fields are those of ``Tokens``.

    Micro-dollars per million tokens are millionths of a micro-dollar per token,
    so every product with a count is exact.
    """

    input: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    output: int
    reasoning: int
    tool_input: int


class Bracket(NamedTuple):
    """Rates for requests whose prompt is longer than ``above`` tokens."""

    above: int
    rates: Rates


class PriceRow(NamedTuple):
    """What one model cost on one day, in one tier of service."""

    version: str
    """Which price list it comes from; kept in the ledger beside the cost."""
    brackets: tuple[Bracket, ...]
    """By rising ``above``. The first one starts at -1 and covers every request.

    A request above a threshold pays the higher rates for *all* its tokens, which
    is why an aggregate must never be priced: its sum crosses thresholds that no
    request of it has crossed.
    """

    def of_sums(self) -> PriceRow:
        """Return what sums of requests cost at least: at the rates of short prompts."""
        return self._replace(brackets=self.brackets[:1])

    def rates(self, tokens: Tokens) -> Rates:
        """Return the rates that a request of this size pays."""
        brackets = self.brackets
        if len(brackets) == 1:
            return brackets[0].rates
        prompt = tokens.total - tokens.output - tokens.reasoning
        return next(b.rates for b in reversed(brackets) if prompt > b.above)

    def cost(self, tokens: Tokens) -> int:
        """Return the cost of one call in micro-dollars, rounded half to even."""
        return half_even(sum(map(mul, tokens, self.rates(tokens))), MILLION)

    def costs(self, calls: Iterable[tuple[int, ...]]) -> int:
        """Return the sum of what calls cost, each of them rounded by itself."""
        first, *dearer = self.brackets
        total = 0
        for call in calls:
            rates = first.rates
            if dearer:
                prompt = sum(call) - call[_OUTPUT] - call[_REASONING]
                for above, higher in dearer:
                    rates = higher if prompt > above else rates
            # As ``half_even`` does it, without a call for each: half of the time.
            whole, rest = divmod(sum(map(mul, call, rates)), MILLION)
            total += whole + (2 * rest > MILLION - (whole & 1))
        return total
