"""The shipped tables say what genai-prices says, and nothing else."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from decimal import Decimal

import genai_prices
import pytest

from mileage.domain.tokens import Tokens
from mileage.pricing.catalog import REVISION, SOURCE, shipped
from mileage.pricing.names import PROVIDERS, candidates
from mileage.pricing.row import PriceRow
from mileage.pricing.table import ProviderTable, brackets_on
from tests.unit.pricing import library
from tools import prices

# Primes: a rate in the wrong place cannot hide in the sum.
COUNTS = Tokens(10007, 20011, 3001, 4001, 5003, 6007, 7001)
DAYS = (date(2024, 6, 1), date(2025, 11, 1), date(2026, 10, 13), date(2027, 6, 1))


def table_of(provider):
    return ProviderTable.parse(
        pkgutil.get_data("mileage.pricing", f"tables/{provider}.json")
    )


def days_of(model):
    changes = {
        day + timedelta(days=shift)
        for tier in model["prices"].values()
        for start, _ in tier
        if start
        for day in [date.fromisoformat(start)]
        for shift in (-1, 0, 1)
    }
    return sorted(changes | set(DAYS))


def sizes_of(brackets):
    """Counts whose prompt lies in each bracket, on its edge, and just above it."""
    small = COUNTS.total - COUNTS.output - COUNTS.reasoning
    yield COUNTS
    for above in (one.above for one in brackets[1:]):
        yield COUNTS._replace(cache_read=COUNTS.cache_read + above - small)
        yield COUNTS._replace(cache_read=COUNTS.cache_read + above - small + 1)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_price_equals_the_library_on_every_day_and_tier(provider):
    for model in table_of(provider).models:
        source = next(
            one for one in library.PROVIDERS[provider].models if one.id == model["id"]
        )
        for tier in model["prices"]:
            context = library.tier_context(source, tier) if tier else None
            for day in days_of(model):
                brackets = brackets_on(model, day, tier)
                row = PriceRow("", brackets)
                for tokens in sizes_of(brackets) if brackets else ():
                    if not tier and library.is_corrected(
                        provider, model["id"], day, tokens
                    ):
                        continue
                    expected = source.calc_price(
                        library.usage(tokens),
                        library.PROVIDERS[provider],
                        genai_request_timestamp=datetime.combine(day, library.NOON),
                        price_context=context,
                    )
                    known = library.micro_dollars(expected.total_price)
                    assert row.cost(tokens) == known, (model["id"], day, tier, tokens)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_name_is_the_model_that_the_library_finds(provider):
    for model in table_of(provider).models:
        for name in model["names"]:
            found = library.PROVIDERS[provider].find_model(name)
            assert found is not None
            assert found.id == model["id"], name


VERSIONS = ("-20260131", "-2026-01-31", "@20260131", "-latest", "-001", "-v1:0")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_name_with_a_version_is_no_other_model_of_the_library(provider):
    """The library may not know it; if it does, it knows it as the same model."""
    table = table_of(provider)
    for model in table.models:
        for name in {*model["names"], *model["stems"]}:
            for version in VERSIONS:
                ours = table.knows(name + version)
                theirs = library.PROVIDERS[provider].find_model(name + version)
                if ours is not None and theirs is not None:
                    assert ours["id"] == theirs.id, name + version


@pytest.mark.parametrize("region", ["us.", "eu.", "apac.", "jp.", "us-gov.", "global."])
def test_a_region_of_bedrock_is_what_the_library_finds_for_it(region):
    """Regional and worldwide profiles differ in price: neither stands for the other."""
    table = table_of("aws")
    names = [name for one in table.models for name in one["names"]]
    for name in names:
        readings = [one.model for one in candidates("aws", region + name)]
        ours = next(filter(None, map(table.knows, readings)), None)
        theirs = library.PROVIDERS["aws"].find_model(region + name)
        if ours is not None and theirs is not None:
            assert ours["id"] == theirs.id, region + name


IMPORTED = {
    ("google", "gemma-2-27b-it"),
    ("minimax", "minimax-01"),
    ("minimax", "minimax-m1"),
    ("mistral", "mistral-small-3.1-24b-instruct"),
    ("openai", "gpt-5.4-image-2"),
    ("openai", "gpt-oss-120b"),
    ("openai", "gpt-oss-20b"),
    ("openai", "gpt-oss-safeguard-20b"),
    ("perplexity", "sonar-pro-search"),
}
"""What the library says it took from OpenRouter and nobody has verified."""


@pytest.mark.parametrize("provider", ["anthropic", "openai", "google"])
def test_only_what_tokens_and_a_day_cannot_price_is_left_out(provider):
    known = {model["id"] for model in table_of(provider).models}
    for model in library.PROVIDERS[provider].models:
        price = model.get_prices(datetime.combine(DAYS[-1], library.NOON))
        sold_by_token = price.input_mtok is not None and price.output_mtok is not None
        its_own = (provider, model.id) not in IMPORTED
        assert (model.id in known) == (sold_by_token and its_own), model.id


def test_the_price_of_a_marketplace_is_left_out():
    known = {(name, one["id"]) for name in PROVIDERS for one in table_of(name).models}
    assert not IMPORTED & known
    assert ("openai", "gpt-chat-latest") in known  # since verified, says the library


def test_the_library_still_lacks_what_is_corrected():
    assert set(prices.CORRECTIONS) == {("anthropic", "claude-sonnet-4-0")}
    for (provider, name), (since, above, _) in prices.CORRECTIONS.items():
        model = library.PROVIDERS[provider].find_model(name)
        theirs = prices.brackets_on(model, "", since)
        ours = table_of(provider).knows(name)
        assert above not in [one for one, *_ in theirs]
        assert [one.above for one in brackets_on(ours, since, "")] == [-1, above]
        before = brackets_on(ours, since - timedelta(days=1), "")
        assert [one.above for one in before] == [-1]


def test_a_price_that_changes_within_a_day_is_left_out():
    known = {model["id"] for model in table_of("deepseek").models}
    assert "deepseek-v4-flash" in {
        one.id for one in library.PROVIDERS["deepseek"].models
    }
    assert "deepseek-v4-flash" not in known


def test_a_fee_per_request_is_left_out():
    known = {model["id"] for model in table_of("perplexity").models}
    fees = {
        model.id
        for model in library.PROVIDERS["perplexity"].models
        if model.get_prices(datetime.combine(DAYS[0], library.NOON)).requests_kcount
    }
    assert fees
    assert not fees & known


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_tables_are_up_to_date(provider):
    shipped_text = pkgutil.get_data("mileage.pricing", f"tables/{provider}.json")
    fresh = prices.written(prices.table(library.PROVIDERS[provider]))
    assert shipped_text.decode() == fresh, "run: python tools/prices.py"


def test_the_version_is_that_of_the_library_and_of_every_table():
    assert f"genai-prices {genai_prices.__version__}" == SOURCE
    assert {table_of(provider).source for provider in PROVIDERS} == {SOURCE}
    assert shipped().version == f"{SOURCE}+{REVISION}"


def test_one_model_a_line_so_that_a_change_can_be_read():
    text = pkgutil.get_data("mileage.pricing", "tables/anthropic.json").decode()
    assert len(text.splitlines()) == len(json.loads(text)["models"]) + 2


def test_pricing_never_imports_the_library():
    code = (
        "import sys, datetime\n"
        "from mileage.pricing.catalog import shipped\n"
        "catalog = shipped()\n"
        "day = datetime.date(2026, 11, 1)\n"
        "names = 'claude-opus-4-5', 'codex-auto-review', 'gpt-5', 'nobody-knows'\n"
        "rows = [catalog.price('', name, day) for name in names]\n"
        "assert [row is None for row in rows] == [False, True, False, True]\n"
        "assert not {'genai_prices', 'pydantic', 'httpx'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_table_loads_in_less_than_ten_milliseconds():
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        assert shipped().price("openai", "gpt-5.1-codex", DAYS[1]) is not None
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.010


def test_a_price_that_is_no_whole_number_of_micro_dollars_stops_the_build():
    with pytest.raises(ValueError, match="micro-dollars"):
        prices.exact(Decimal("0.08333333"))
