"""The models of the demo: who serves them, how they are used, what they list for."""

from __future__ import annotations

from dataclasses import dataclass

from mileage.domain.tokens import Tokens

CLAUDE_CODE = "claude-code"
CODEX = "codex"


@dataclass(frozen=True, slots=True)
class Model:
    """One model behind one client."""

    client: str
    provider: str
    name: str
    context: tuple[int, int]
    """Tokens of a mean call, between these; below the limit of any price tier."""
    prices: tuple[float, ...] | None
    """Dollars per million tokens in the order of ``Tokens``, as clients list them.

    They only place people on the spend curve and fill the cost that a client
    reports; what counts is priced by the catalog. None: nobody lists a price.
    """

    def cost(self, tokens: Tokens) -> int:
        """Return micro-dollars at list prices; 0 for a model without any."""
        if self.prices is None:
            return 0
        return round(sum(a * b for a, b in zip(tokens, self.prices, strict=True)))


def _claude(name: str, context: tuple[int, int], base: float) -> Model:
    prices = (base, base / 10, base * 1.25, base * 2, base * 5, base * 5, base)
    return Model(CLAUDE_CODE, "anthropic", name, context, prices)


def _codex(name: str, context: tuple[int, int], base: float) -> Model:
    prices = (base, base / 10, base, base, base * 8, base * 8, base)
    return Model(CODEX, "openai", name, context, prices)


OPUS = _claude("claude-opus-4-8", (120_000, 220_000), 5.0)
SONNET = _claude("claude-sonnet-4-5", (60_000, 85_000), 3.0)
HAIKU = _claude("claude-haiku-4-5", (45_000, 80_000), 1.0)
UNLISTED = Model(CLAUDE_CODE, "", "northwind-coder-1", (50_000, 90_000), None)
"""A gateway's own model: no price list knows it, so it stays unpriced.

Claude Code does not say who serves it, so the provider is unknown too.
"""
GPT_CODEX = _codex("gpt-5.1-codex", (90_000, 150_000), 1.25)
GPT_CODEX_MINI = _codex("gpt-5.1-codex-mini", (70_000, 130_000), 0.25)

MODELS = {
    model.name: model
    for model in (OPUS, SONNET, HAIKU, UNLISTED, GPT_CODEX, GPT_CODEX_MINI)
}


@dataclass(frozen=True, slots=True)
class Style:
    """Which parts of all tokens of a person's calls fall into which class."""

    cache_share: float
    output_share: float
    reasoning_share: float
    """Of the output, where the source splits it."""
    hour_share: float
    """Of the cache writes, where the source splits them."""
    input_share: float
    """Of what is neither read from the cache nor written by the model."""

    def tokens(self, model: Model, total: int) -> Tokens:
        """Divide ``total`` into classes; their sum is ``total`` again."""
        read = int(total * self.cache_share)
        output = int(total * self.output_share)
        fresh = total - read - output
        reasoning = int(output * self.reasoning_share)
        # The Responses API reports no cache writes for these models.
        plain = fresh if model.client == CODEX else int(fresh * self.input_share)
        writes = fresh - plain
        hour = int(writes * self.hour_share)
        return Tokens(plain, read, writes - hour, hour, output - reasoning, reasoning)
