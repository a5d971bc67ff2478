"""What genai-prices itself says, as the yardstick."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from genai_prices import Usage, data_snapshot

from tools import prices

if TYPE_CHECKING:
    from datetime import date

    from genai_prices.types import ModelInfo, Provider

    from mileage.domain.tokens import Tokens

SNAPSHOT = data_snapshot.get_snapshot()
PROVIDERS: dict[str, Provider] = {one.id: one for one in SNAPSHOT.providers}


def usage(tokens: Tokens) -> Usage:
    """Return our disjoint classes in the library's overlapping ones."""
    writes = tokens.cache_write + tokens.cache_write_1h
    return Usage(
        input_tokens=tokens.input + tokens.cache_read + writes + tokens.tool_input,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=writes,
        cache_write_1h_tokens=tokens.cache_write_1h,
        output_tokens=tokens.output + tokens.reasoning,
        output_reasoning_tokens=tokens.reasoning,
        input_tool_tokens=tokens.tool_input,
    )


def micro_dollars(usd: Decimal) -> int:
    """Round as Mileage does: once, half to even."""
    return int((usd * 1_000_000).quantize(Decimal(1), ROUND_HALF_EVEN))


def cost(provider: str, model: str, day: date, tokens: Tokens) -> int:
    """Return the cost by the library's front door."""
    price = SNAPSHOT.calc(
        usage(tokens), model, provider, None, datetime.combine(day, NOON)
    )
    return micro_dollars(price.total_price)


def is_corrected(provider: str, model: str, day: date, tokens: Tokens) -> bool:
    """Tell whether our price of a call is one that the library lacks."""
    found = PROVIDERS[provider].find_model(model)
    if found is None or (provider, found.id) not in prices.CORRECTIONS:
        return False
    since, above, _ = prices.CORRECTIONS[provider, found.id]
    return day >= since and tokens.total - tokens.output - tokens.reasoning > above


def tier_context(model: ModelInfo, tier: str) -> dict[str, str] | None:
    """Return the context that selects a tier of service."""
    return next(
        (one.when for one in model.price_variants or () if tier in one.when.values()),
        None,
    )


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timetz()
