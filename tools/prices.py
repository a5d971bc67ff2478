"""Write src/mileage/pricing/tables/ from the installed genai-prices.

    python tools/prices.py            write the tables
    python tools/prices.py --check    exit 1 when they are not up to date

One file a provider, one model a line. Nothing is interpreted twice: names are
resolved and prices evaluated by the library itself, on each day on which any of
its conditions changes. A price that changes within a day cannot be known from a
day, and a model with a fee per request cannot be told by its tokens: both stay
out, so their calls are unpriced. So does what the library took from a marketplace
for want of the seller's own price.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import genai_prices
from genai_prices.data import providers
from genai_prices.types import (
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseRegex,
    ClauseStartsWith,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from mileage.pricing.names import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genai_prices.types import ModelInfo, Provider

TABLES = Path(__file__).parents[1] / "src" / "mileage" / "pricing" / "tables"
SOURCE = f"genai-prices {genai_prices.__version__}"
BEFORE_ALL = date(2000, 1, 1)
MICRO = 1_000_000
# What the library charges for a class that has no price of its own: the price of
# the narrowest class around it. In the order of Tokens.
FALLBACKS = (
    ("input_mtok",),
    ("cache_read_mtok", "input_mtok"),
    ("cache_write_mtok", "input_mtok"),
    ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    ("output_mtok",),
    ("output_reasoning_mtok", "output_mtok"),
    ("input_tool_mtok", "input_mtok"),
)
IMPORTED = "Imported from OpenRouter pricing; verify"
VERIFIED = "Verified against"
# Prices that held and that the library lacks: from a day on, for prompts above so
# many tokens, dollars per million of each class in the order of Tokens.
CORRECTIONS = {
    # https://www.anthropic.com/news/1m-context; caches by the usual ratios. What the
    # clouds asked for such prompts is not known.
    ("anthropic", "claude-sonnet-4-0"): (
        date(2025, 8, 12),
        200_000,
        "6 0.6 7.5 12 22.5 22.5 6",
    ),
}
# ^gpt-6-sol-\d{4}-\d{2}-\d{2}$ says: this name, dated.
DATED_RULE = re.compile(r"^\^(?P<text>[\w.\\/-]+?)(?:-|\[-@\])\\d")


def table(provider: Provider) -> dict[str, Any]:
    """Return the content of one provider's file."""
    names: dict[str, list[str]] = {}
    for model in provider.models:
        for text in {model.id.lower(), *(text for text, _ in literals(model.match))}:
            # The library decides: an earlier model may have taken this name.
            owner = provider.find_model(text)
            if owner is not None:
                names.setdefault(owner.id, []).append(text)
    lines = [line(model, names.get(model.id, [])) for model in provider.models]
    for one in filter(None, lines):
        if (provider.id, one["id"]) in CORRECTIONS:
            correct(one["prices"][""], *CORRECTIONS[provider.id, one["id"]])
    return {
        "provider": provider.id,
        "source": SOURCE,
        "falls_back_to": [
            other
            for other in provider.fallback_model_providers or ()
            if other in PROVIDERS
        ],
        "models": [one for one in lines if one is not None],
    }


def line(model: ModelInfo, names: list[str]) -> dict[str, Any] | None:
    """Return one model, or None when its seller's price by the token is not known."""
    comments = model.price_comments or ""
    if IMPORTED in comments and VERIFIED not in comments:
        return None
    prices = {tier: rows for tier in tiers(model) if (rows := periods(model, tier))}
    stems = {text for text, opens in literals(model.match) if opens}
    if not prices.get(""):
        return None
    return {
        "id": model.id,
        "names": sorted(set(names)),
        "stems": sorted(stems),
        "prices": prices,
    }


def correct(periods: list[list[Any]], since: date, above: int, usd: str) -> None:
    """Add a bracket to the last price of a model, from a day within that on."""
    start, brackets = periods[-1]
    if start >= since.isoformat() or brackets[-1][0] >= above:
        message = f"the library changed: look at the correction of {since} again"
        raise ValueError(message)
    bracket = [above, *(exact(Decimal(price)) for price in usd.split())]
    periods.append([since.isoformat(), [*brackets, bracket]])


def literals(clause: object) -> Iterator[tuple[str, bool]]:
    """Yield each text of a match rule, and whether more may stand behind it."""
    for part in getattr(clause, "or_", None) or getattr(clause, "and_", None) or ():
        yield from literals(part)
    match clause:
        case ClauseEquals(equals=text) | ClauseEndsWith(ends_with=text):
            yield text.lower(), False
        case ClauseStartsWith(starts_with=text) | ClauseContains(contains=text):
            yield text.lower(), True
        case ClauseRegex(regex=regex) if dated := DATED_RULE.match(regex):
            yield dated["text"].replace("\\", "").lower(), True


def tiers(model: ModelInfo) -> list[str]:
    """Return '' and every tier of service that the model has variants for."""
    variants = model.price_variants or ()
    named = {value for one in variants for value in one.when.values()} - {"default"}
    return ["", *sorted(named)]


def periods(model: ModelInfo, tier: str) -> list[list[Any]]:
    """Return ``[first day or '', brackets or null]`` for each change of price."""
    found: list[list[Any]] = []
    for day in [BEFORE_ALL, *sorted(changes(model))]:
        brackets = brackets_on(model, tier, day)
        if not found or found[-1][1] != brackets:
            found.append(["" if day == BEFORE_ALL else day.isoformat(), brackets])
    return found if any(brackets for _, brackets in found) else []


def changes(model: ModelInfo) -> set[date]:
    """Return the days on which any condition of the model starts to hold."""
    starts = (one for one in constraints(model) if isinstance(one, StartDateConstraint))
    return {one.start_date for one in starts}


def constraints(model: ModelInfo) -> list[object]:
    """Return the conditions of all prices of a model."""
    conditions = model.prices if isinstance(model.prices, list) else []
    return [one.constraint for one in (*conditions, *(model.price_variants or ()))]


def brackets_on(model: ModelInfo, tier: str, day: date) -> list[list[int]] | None:
    """Return the brackets of a day, None when there is no one price that day."""
    found = [brackets_at(model, tier, moment) for moment in moments(model, day)]
    return found[0] if all(one == found[0] for one in found) else None


def moments(model: ModelInfo, day: date) -> list[datetime]:
    """Return the instants of a day between which its prices cannot change."""
    times = {time(tzinfo=UTC)}
    for one in constraints(model):
        if isinstance(one, TimeOfDateConstraint):
            times |= {one.start_time, one.end_time}
    return [
        datetime.combine(day, one if one.tzinfo else one.replace(tzinfo=UTC))
        for one in sorted(times, key=str)
    ]


def brackets_at(model: ModelInfo, tier: str, at: datetime) -> list[list[int]] | None:
    """Return ``[above, rate of each class...]`` by rising threshold."""
    price = model.get_prices(at)
    if tier:
        context = active_variant(model, tier, at)
        if context is None:
            return None
        price = model.get_prices(at, context)
    if price.input_mtok is None or price.output_mtok is None or price.requests_kcount:
        return None
    starts = {tier.start for value in stated(price) for tier in value.tiers}
    return [[above, *rates(price, above)] for above in (-1, *sorted(starts))]


def active_variant(model: ModelInfo, tier: str, at: datetime) -> dict[str, str] | None:
    """Return the context that selects a tier, if it has prices at that time."""
    for one in model.price_variants or ():
        active = one.constraint is None or one.constraint.active(at)
        if active and list(one.when.values()) == [tier]:
            return one.when
    return None


def stated(price: ModelPrice) -> list[TieredPrices]:
    """Return the prices of a model that depend on the length of the prompt."""
    keys = {key for chain in FALLBACKS for key in chain}
    values = (getattr(price, key) for key in keys)
    return [value for value in values if isinstance(value, TieredPrices)]


def rates(price: ModelPrice, above: int) -> list[int]:
    """Return the integer rate of each class for prompts longer than ``above``."""
    found = []
    for chain in FALLBACKS:
        value = next(v for key in chain if (v := getattr(price, key)) is not None)
        if isinstance(value, TieredPrices):
            steps = [one.price for one in value.tiers if one.start <= above]
            value = steps[-1] if steps else value.base
        found.append(exact(value))
    return found


def exact(usd: Decimal) -> int:
    """Return micro-dollars; a price that is none exactly stops the build."""
    micro = usd * MICRO
    if micro != int(micro):
        message = f"{usd} is not a whole number of micro-dollars"
        raise ValueError(message)
    return int(micro)


def written(content: dict[str, Any]) -> str:
    """Return the text of a file: one model a line, so that changes can be read."""
    head = {key: value for key, value in content.items() if key != "models"}
    lines = [json.dumps(one, separators=(",", ":")) for one in content["models"]]
    opening = json.dumps(head, separators=(",", ":"))[:-1]
    return f'{opening},"models":[\n' + ",\n".join(lines) + "\n]}\n"


def main() -> int:
    """Write or check every table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for provider in providers:
        if provider.id not in PROVIDERS:
            continue
        path, text = TABLES / f"{provider.id}.json", written(table(provider))
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path.name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    verb = "out of date" if check else "written"
    sys.stdout.write(f"{SOURCE}: {len(stale)} {verb}: {' '.join(stale) or '-'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
