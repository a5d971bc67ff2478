"""Reading ``prices.toml``: the prices that an organisation has agreed itself.

Apart from the overrides themselves, so that pricing needs no parser of TOML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.policy import PolicyFile
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.pricing.names import MAX_NAME, model_name, provider_name
from mileage.pricing.overrides import Override
from mileage.pricing.row import Rates
from mileage.pricing.table import standard_tier

if TYPE_CHECKING:
    from mileage.domain.policy import Table

# A class without a price of its own costs what the class around it costs, as in
# the shipped lists.
_AROUND = {
    "cache_read": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "reasoning": "output",
    "tool_input": "input",
}
DEAREST = 100_000
"""US dollars per million tokens; more is a slip of the decimal point."""
MICRO_PLACES = 6
_NAME = rf"[^\s*?]{{1,{MAX_NAME}}}"
_NO_WILDCARD = "name in full, without wildcards"


def parse_overrides(text: str, file: str) -> tuple[Override, ...]:
    """Read ``prices.toml``."""
    policy = PolicyFile.parse(text, file)
    found: list[Override] = []
    for table in policy.root().tables("price"):
        one = _override(table)
        if any(one.overlaps(other) for other in found):
            table.note("from", "another [[price]] covers the same calls on these days")
        found.append(one)
    policy.close()
    return tuple(found)


def _override(table: Table) -> Override:
    since = table.day("from")
    until = table.day("until") if "until" in table else None
    if until is not None and until < since:
        table.note("until", f"is before {since}, the day of `from`")
    return Override(
        provider=provider_name(
            table.text("provider", "", pattern=_NAME, expected=f"its {_NO_WILDCARD}")
        ),
        model=model_name(
            table.text("model", pattern=_NAME, expected=f"a model's {_NO_WILDCARD}")
        ),
        tier=standard_tier(table.text("tier", "", pattern=_NAME)),
        since=since,
        until=until,
        rates=_rates(table.table("usd_per_million")),
    )


def _rates(table: Table) -> Rates:
    """Read prices; input and output are required, the others follow from them."""
    rates: dict[str, int] = {}
    for name in TOKEN_CLASSES:
        around = rates.get(_AROUND.get(name, ""))
        rates[name] = table.scaled(name, around, places=MICRO_PLACES, most=DEAREST)
    return Rates(**rates)
