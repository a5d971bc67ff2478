"""Prices by reported names: right, or unpriced; never guessed, never 0."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mileage.domain.tokens import Tokens
from mileage.pricing import catalog as catalog_module
from mileage.pricing import table as table_module
from mileage.pricing.catalog import Catalog, shipped
from mileage.pricing.names import PROVIDERS
from mileage.pricing.overrides import Override
from mileage.pricing.row import Rates
from mileage.pricing.table import ProviderTable
from mileage.sources import codex_thread, genai_call
from tests.unit.pricing import library

DAY = date(2026, 11, 1)
CATALOG = shipped()
EVERY_NAME = [
    (provider, name)
    for provider in PROVIDERS
    for name in ProviderTable.parse(catalog_module._shipped_table(provider)).names
]
# What the library takes for a regional profile; ours is the worldwide one.
BARE_ON_BEDROCK = [
    one for one in EVERY_NAME if one[0] == "aws" and one[1].startswith("claude-")
]
counts = st.integers(0, 10**7)
token_sets = st.builds(Tokens, *([counts] * 7))
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


def usd(provider, model, tier="", day=DAY):
    row = CATALOG.price(provider, model, day, tier)
    return row and tuple(rate / 1_000_000 for rate in row.brackets[0].rates[:5])


@given(st.sampled_from(EVERY_NAME), days, token_sets)
@example(("anthropic", "claude-sonnet-4"), date(2025, 8, 11), Tokens(input=200_001))
def test_costs_equal_the_library_to_the_micro_dollar(name, day, tokens):
    ours = CATALOG.cost(*name, day, "", tokens)
    ours_alone = name in BARE_ON_BEDROCK or library.is_corrected(*name, day, tokens)
    if ours is not None and not ours_alone:
        provider, model = name
        assert ours == library.cost(provider, model, day, tokens)


def test_every_name_has_a_price_today():
    unpriced = [name for name in EVERY_NAME if CATALOG.price(*name, DAY) is None]
    assert unpriced == []


@pytest.mark.parametrize(
    ("model", "prices"),
    [
        ("claude-opus-4-5-20251101", (5, 0.5, 6.25, 10, 25)),
        ("claude-sonnet-4-5-20250929", (3, 0.3, 3.75, 6, 15)),
        ("claude-haiku-4-5-20251001", (1, 0.1, 1.25, 2, 5)),
        ("claude-sonnet-4-20250514", (3, 0.3, 3.75, 6, 15)),
        ("claude-opus-4-8[1m]", (5, 0.5, 6.25, 10, 25)),
        ("gpt-5.1-codex", (1.25, 0.125, 1.25, 1.25, 10)),
        ("gpt-5-codex", (1.25, 0.125, 1.25, 1.25, 10)),
        ("gpt-5-nano", (0.05, 0.005, 0.05, 0.05, 0.4)),
        ("gpt-5-nano-2025-08-07", (0.05, 0.005, 0.05, 0.05, 0.4)),
        ("gemini-3-flash-preview-09-2025", (0.5, 0.05, 0.5, 0.5, 3)),
        ("grok-4", (3, 0.75, 3, 3, 15)),
    ],
)
def test_prices_of_models_in_use(model, prices):
    assert usd("", model) == prices
    assert usd("mock", model) == prices


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("", "kimi-k2-thinking"),
        ("anthropic", "kimi-k2-thinking"),
        ("anthropic", "<synthetic>"),
        ("openai", "codex-auto-review"),
        ("anthropic", "claude-opus-4-55"),
        ("anthropic", "claude-opus-4-9"),
        ("anthropic", "claude-sonnet-4-5-fancy"),
        ("openai", "gpt-5.1-codex-ultra"),
        ("google", "gemini-2.5-pro-ultra"),
        ("google", "gemini-3.5-flash-8b"),
        ("", "__proto__"),
        ("", ""),
        ("no-such-provider", "no-such-model"),
        ("deepseek", "deepseek-v4-flash"),
        ("aws", "claude-opus-9"),
        ("openai", "gpt-5-nano-high"),
        ("aws", "claude-sonnet-4-5"),
        ("lmstudio", "openai/gpt-oss-20b"),
        ("", "openai/gpt-oss-20b"),
        ("openai", "gpt-oss-20b"),
        ("vllm-prod", "openai/gpt-oss-120b"),
        ("bedrock", "openai/gpt-oss-120b"),
        ("together", "moonshotai/Kimi-K2-Thinking"),
        ("groq", "moonshotai/kimi-k2-thinking"),
        ("", "groq/moonshotai/kimi-k2-thinking"),
        ("minimax", "minimax-m1"),
        ("ollama", "gpt-5.1-codex"),
        ("vllm", "gpt-oss-120b"),
        ("", "gpt-oss-120b"),
    ],
)
def test_what_is_not_known_is_unpriced(provider, model):
    assert CATALOG.price(provider, model, DAY) is None
    assert CATALOG.cost(provider, model, DAY, "", Tokens(input=5)) is None


def test_routers_pass_the_price_of_the_vendor_on():
    list_price = usd("anthropic", "claude-opus-4-5")
    assert usd("openrouter", "anthropic/claude-opus-4.5") == list_price
    assert usd("", "litellm/anthropic/claude-opus-4-5-20251101") == list_price


def test_a_regional_profile_costs_what_the_cloud_asks_and_not_the_list_price():
    regional = usd("", "bedrock/us.anthropic.claude-opus-4-5-20251101-v1:0")
    assert regional == (5.5, 0.55, 6.875, 11, 27.5)
    worldwide = usd("", "global.anthropic.claude-opus-4-5-20251101-v1:0")
    assert worldwide == (5, 0.5, 6.25, 10, 25)


def test_a_name_that_is_litellms_says_who_sells():
    sold = usd("", "mistral/magistral-small-2509")
    assert sold == (0.5, 0.5, 0.5, 0.5, 1.5)
    assert usd("litellm", "mistral/magistral-small-2509") == sold
    assert usd("novita", "mistral/magistral-small-2509") is None


def test_a_seller_of_open_weights_has_prices_of_its_own():
    assert usd("groq", "openai/gpt-oss-120b") == (0.15, 0.075, 0.15, 0.15, 0.6)
    assert usd("", "groq/openai/gpt-oss-120b") == usd("groq", "openai/gpt-oss-120b")
    assert usd("openrouter", "moonshotai/kimi-k2") == usd("moonshotai", "kimi-k2")


@pytest.mark.parametrize(
    "model", ["claude-sonnet-4-5-20250929", "claude-opus-4-8", "claude-sonnet-5-5"]
)
def test_a_bare_claude_of_a_cloud_costs_the_least_it_can_have_cost(model):
    for cloud in ("bedrock", "vertex"):
        assert usd(cloud, model)[:3] == usd("anthropic", model)[:3]
    assert usd("bedrock", model) == usd("bedrock", f"global.anthropic.{model}")
    assert usd("bedrock", f"us.anthropic.{model}")[0] > usd("bedrock", model)[0]


@pytest.mark.parametrize(
    "model", ["claude-opus-4-1-20250805", "claude-3-5-haiku-20241022"]
)
def test_a_bare_claude_without_a_worldwide_profile_costs_the_list_price(model):
    assert usd("bedrock", model)[:3] == usd("anthropic", model)[:3]


@pytest.mark.parametrize("provider", ["github", "github_copilot", "copilot"])
def test_copilot_has_prices_of_its_own(provider):
    assert usd(provider, "mai-code-1.1-flash") is not None
    row = CATALOG.price(provider, "gpt-5.6-luna", DAY)
    assert [one.above for one in row.brackets] == [-1, 200_000]


def test_openai_models_on_bedrock():
    model = "openai.gpt-5.6-sol"
    assert usd("amazon-bedrock", model)[0] == 4.4
    assert usd("amazon-bedrock-runtime", model) == usd("bedrock", model)
    # Only Bedrock writes a name so, whatever Codex's telemetry calls the provider.
    assert usd("openai", model) == usd("bedrock", model)


def test_clouds_that_adopt_the_price_of_a_vendor():
    assert usd("azure", "gpt-5.1-codex") == usd("openai", "gpt-5.1-codex")
    assert usd("vertex_ai", "claude-opus-4-5@20251101") == (5, 0.5, 6.25, 10, 25)


@pytest.mark.parametrize(
    "tier", ["", "standard", "default", "Standard", "auto", "on_demand"]
)
def test_the_ordinary_tier_has_several_names(tier):
    assert usd("openai", "gpt-5.1-codex", tier) == usd("openai", "gpt-5.1-codex")


def test_sources_call_the_same_tiers_ordinary():
    """They may not import pricing; a tier of theirs stands on pages too."""
    ordinary = table_module.STANDARD
    assert codex_thread.STANDARD == genai_call.STANDARD == ordinary


def test_tiers_with_a_known_price():
    assert usd("anthropic", "claude-opus-4-8", "fast") == (10, 1, 12.5, 20, 50)
    assert usd("anthropic", "claude-opus-4-5", "batch") == (2.5, 0.25, 3.125, 5, 12.5)
    assert usd("openai", "gpt-5.1-codex", "priority")[4] == 20
    assert usd("openai", "gpt-5.1-codex", "flex")[4] == 5


@pytest.mark.parametrize("tier", ["fast", "flex", "priority", "turbo"])
def test_a_tier_without_a_known_price_is_unpriced(tier):
    assert usd("anthropic", "claude-opus-4-6", tier) is None


def test_a_tier_has_no_price_before_its_price_is_known():
    assert usd("anthropic", "claude-opus-4-5", "batch", date(2026, 10, 13)) is None
    assert usd("anthropic", "claude-opus-4-5", "batch", date(2026, 10, 14)) is not None


def test_prices_change_with_the_day():
    before = CATALOG.price("anthropic", "claude-opus-4-6", date(2026, 3, 12))
    after = CATALOG.price("anthropic", "claude-opus-4-6", date(2026, 3, 13))
    assert [one.above for one in before.brackets] == [-1, 200_000]
    assert [one.above for one in after.brackets] == [-1]


def test_a_price_that_the_library_lacks():
    name = ("anthropic", "claude-sonnet-4-20250514")
    short, long = Tokens(input=200_000), Tokens(input=250_000, output=2000)
    assert CATALOG.cost(*name, date(2025, 8, 12), "", short) == 600_000
    assert CATALOG.cost(*name, date(2025, 8, 12), "", long) == 1_545_000
    assert CATALOG.cost(*name, date(2025, 8, 11), "", long) == 780_000


def test_the_tier_cliff_is_that_of_one_request():
    cost = CATALOG.cost
    name = ("anthropic", "claude-sonnet-4-5", DAY, "")
    assert cost(*name, Tokens(input=200_000)) == 600_000
    assert cost(*name, Tokens(input=200_001)) == 1_200_006
    assert sum(cost(*name, Tokens(input=100_000)) for _ in range(10)) == 3_000_000
    assert cost(*name, Tokens(input=1_000_000)) == 6_000_000


def test_rows_carry_the_version_of_the_price_list():
    assert CATALOG.price("", "gpt-5", DAY).version == CATALOG.version


def test_a_question_is_asked_once():
    asked = []

    def load(provider):
        asked.append(provider)
        return catalog_module._shipped_table(provider)

    catalog = Catalog(load)
    for _ in range(3):
        assert catalog.price("", "gpt-5", DAY) is catalog.price("", "gpt-5", DAY)
        assert catalog.price("", "unknown", DAY) is None
    assert asked == ["openai"]


def test_a_table_that_is_not_there_prices_nothing():
    catalog = Catalog(lambda _: None)
    assert catalog.price("openai", "gpt-5", DAY) is None
    azure = catalog_module._shipped_table("azure")
    lonely = Catalog({"azure": azure}.get)
    assert lonely.price("azure", "gpt-5.1-codex", DAY) is None


def test_what_is_remembered_of_clients_names_is_bounded(monkeypatch):
    monkeypatch.setattr(catalog_module, "REMEMBERED", 10)
    catalog = shipped()
    rows = [catalog.price("", f"gpt-{n}", DAY) for n in range(50)]
    assert catalog.price("", "gpt-5", DAY) == rows[5] is not None
    assert len(catalog._known) <= 10


@given(st.text(max_size=30), st.text(max_size=60), days, st.text(max_size=10))
def test_no_name_breaks_the_catalog(provider, model, day, tier):
    row = CATALOG.price(provider, model, day, tier)
    assert row is None or row.cost(Tokens(input=1_000_000)) > 0


class TestMadeInTheUS:
    """Anthropic asks a tenth more of every class (its documentation of prices)."""

    @pytest.mark.parametrize(
        ("tier", "prices"),
        [
            ("us", (5.5, 0.55, 6.875, 11, 27.5)),
            ("fast+us", (11, 1.1, 13.75, 22, 55)),
            ("batch+us", (2.75, 0.275, 3.4375, 5.5, 13.75)),
        ],
    )
    def test_a_tenth_more_in_every_tier(self, tier, prices):
        assert usd("anthropic", "claude-opus-4-8", tier) == prices

    def test_no_rate_of_anthropic_is_rounded_by_it(self):
        for model in ProviderTable.parse(
            catalog_module._shipped_table("anthropic")
        ).names:
            plain = CATALOG.price("anthropic", model, DAY).brackets
            dearer = CATALOG.price("anthropic", model, DAY, "us").brackets
            for (above, rates), (also_above, more) in zip(plain, dearer, strict=True):
                assert above == also_above
                assert [rate * 11 for rate in rates] == [rate * 10 for rate in more]

    @pytest.mark.parametrize(
        "name", [("openai", "gpt-5.1"), ("aws", "claude-opus-4-8")]
    )
    def test_what_others_ask_is_not_known(self, name):
        assert CATALOG.price(*name, DAY, "us") is None

    def test_what_was_agreed_for_it_comes_first(self):
        rates = Rates(*range(1, 8))
        agreed = Override("anthropic", "claude-opus-4-8", "us", DAY, None, rates)
        row = shipped([agreed]).price("anthropic", "claude-opus-4-8", DAY, "us")
        assert row.brackets[0].rates == rates
