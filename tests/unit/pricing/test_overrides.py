"""Agreed prices: read strictly, and they win."""

from __future__ import annotations

from datetime import date

import pytest

from mileage.domain.policy import PolicyErrors
from mileage.domain.tokens import Tokens
from mileage.pricing.agreement import parse_overrides
from mileage.pricing.catalog import shipped
from mileage.pricing.overrides import fingerprint
from mileage.pricing.row import Rates

DAY = date(2026, 11, 1)
ONE = """
[[price]]
provider = "anthropic"
model = "claude-opus-4-5"
from = 2026-01-01
until = 2026-12-31
usd_per_million = { input = 4, output = 20.5 }
"""


def catalog(text):
    return shipped(parse_overrides(text, "prices.toml"))


def price(text="", *, provider="", model, tier="", day=DAY):
    row = catalog(text).price(provider, model, day, tier)
    return row and row.brackets[0].rates.input


def entry(**keys):
    keys = {"model": '"m"', "from": "2026-01-01", **keys}
    keys.setdefault("usd_per_million", "{ input = 1, output = 2 }")
    return "\n".join(
        ["[[price]]", *(f"{key} = {value}" for key, value in keys.items()), ""]
    )


def findings(text):
    with pytest.raises(PolicyErrors) as caught:
        parse_overrides(text, "prices.toml")
    return [(one.line, one.key, one.problem) for one in caught.value.findings]


def test_no_file_content_is_no_override():
    assert parse_overrides("", "prices.toml") == ()
    assert shipped(()).version == shipped().version


def test_what_is_written_is_what_is_read():
    (one,) = parse_overrides(ONE, "prices.toml")
    assert (one.provider, one.model, one.tier) == ("anthropic", "claude-opus-4-5", "")
    assert (one.since, one.until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert one.rates.output == 20_500_000


def test_a_class_without_a_price_costs_what_the_class_around_it_costs():
    (one,) = parse_overrides(ONE, "prices.toml")
    assert one.rates == Rates(
        4000000, 4000000, 4000000, 4000000, 20500000, 20500000, 4000000
    )
    stated = (
        "{ input = 4, output = 20, cache_write = 5, cache_read = 0.4, reasoning = 7 }"
    )
    (other,) = parse_overrides(entry(usd_per_million=stated), "prices.toml")
    assert other.rates == Rates(
        4000000, 400000, 5000000, 5000000, 20000000, 7000000, 4000000
    )


def test_an_agreed_price_wins_over_the_list():
    assert price(model="claude-opus-4-5") == 5_000_000
    assert price(ONE, model="claude-opus-4-5") == 4_000_000


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-4-5-20251101",
        "Claude-Opus-4-5[1m]",
        "openrouter/anthropic/claude-opus-4-5",
        "openai/claude-opus-4-5-20251101-v1:0",
    ],
)
def test_it_wins_however_the_model_is_written(model):
    assert price(ONE, model=model) == 4_000_000


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        ("claude-opus-4-8[1m]", "claude-opus-4-8[1m]"),
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("gemini-3-flash-preview", "gemini-3-flash-preview-09-2025"),
        ("magistral-small", "mistral/magistral-small-2509"),
        (
            "claude-sonnet-4-5-20250929",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
    ],
)
def test_what_is_written_down_is_read_as_what_is_reported(written, reported):
    assert price(entry(model=f'"{written}"'), model=reported) == 1_000_000


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        ("gemini-2.5-flash", "gemini-2.5-flash-preview-05-20"),
        ("deepseek", "deepseek-v3"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-fancy"),
    ],
)
def test_it_is_not_the_price_of_what_has_a_name_of_its_own(written, reported):
    text = entry(model=f'"{written}"')
    assert price(text, model=reported) == price(model=reported)


@pytest.mark.parametrize("model", ["claude-opus-4-55", "claude-opus-4-6"])
def test_it_is_not_the_price_of_another_model(model):
    assert price(ONE, model=model) == price(model=model)


def test_its_days_are_both_included():
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]
    found = [price(ONE, model="claude-opus-4-5", day=day) for day in days]
    assert found == [5_000_000, 4_000_000, 4_000_000, 5_000_000]


def test_it_may_hold_for_a_single_day():
    text = entry(**{"from": "2026-11-01", "until": "2026-11-01"})
    assert price(text, model="m", day=DAY) == 1_000_000
    assert price(text, model="m", day=date(2026, 11, 2)) is None


def test_without_an_end_it_holds_for_good():
    assert price(entry(), model="m", day=date(2099, 1, 1)) == 1_000_000


def test_it_prices_a_model_that_no_list_knows():
    text = entry(model='"kimi-k2-thinking"')
    assert price(model="kimi-k2-thinking") is None
    assert price(text, model="kimi-k2-thinking") == 1_000_000
    assert price(text, model="kimi-k2-thinking", provider="anyone") == 1_000_000


def test_a_provider_confines_it():
    text = entry(provider='"Vertex_AI"')
    assert price(text, model="m", provider="google") == 1_000_000
    assert price(text, model="m", provider="aws") is None


def test_a_price_of_one_provider_goes_before_one_of_all():
    text = entry() + entry(
        provider='"aws"', usd_per_million="{ input = 9, output = 9 }"
    )
    assert price(text, model="m", provider="aws") == 9_000_000
    assert price(text, model="m", provider="azure") == 1_000_000


def test_a_full_name_goes_before_one_without_its_date():
    dated = entry(model='"m-20260101"', usd_per_million="{ input = 9, output = 9 }")
    assert price(entry() + dated, model="m-20260101") == 9_000_000
    assert price(entry() + dated, model="m-20260102") == 1_000_000


def test_the_longer_of_two_names_goes_first():
    dated = entry(model='"m-20260101"', usd_per_million="{ input = 9, output = 9 }")
    for text in (entry() + dated, dated + entry()):
        assert price(text, model="m-20260101-v1:0") == 9_000_000


def test_a_router_can_be_named():
    text = entry(provider='"openrouter"', model='"claude-opus-4-5"')
    routed = "anthropic/claude-opus-4-5"
    assert price(text, provider="openrouter", model=routed) == 1_000_000
    assert price(text, model="openrouter/" + routed) == 1_000_000
    assert price(text, provider="anthropic", model=routed) == 5_000_000


def test_what_was_agreed_with_a_vendor_is_not_the_price_of_a_cloud():
    bare = "claude-opus-4-5-20251101"
    assert price(ONE, provider="bedrock", model=bare) == 5_000_000
    assert price(ONE, provider="anthropic", model=bare) == 4_000_000


def test_a_tier_has_a_price_of_its_own():
    text = entry(tier='"Fast"')
    assert price(text, model="m") is None
    assert price(text, model="m", tier="fast") == 1_000_000
    assert price(entry(tier='"standard"'), model="m", tier="default") == 1_000_000


def test_a_price_of_nothing_is_a_price():
    text = entry(usd_per_million="{ input = 0, output = 0 }")
    assert catalog(text).cost("", "m", DAY, "", Tokens(input=10**6)) == 0


def test_the_version_tells_the_overrides_apart():
    first, second = catalog(ONE), catalog(entry())
    assert first.version.startswith("genai-prices ")
    assert len({first.version, second.version, shipped().version}) == 3
    assert first.version == catalog("# a comment\n" + ONE).version
    assert first.price("", "gpt-5", DAY).version == first.version


def test_the_order_of_the_file_does_not_change_the_version():
    one = parse_overrides(ONE + entry(), "p")
    other = parse_overrides(entry() + ONE, "p")
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("keys", "line", "key", "problem"),
    [
        ({"model": '""'}, 2, "price[1].model", "expected a model's name"),
        ({"model": '"m*"'}, 2, "price[1].model", "is 'm*'; expected a model's name"),
        ({"model": '"gpt-?"'}, 2, "price[1].model", "without wildcards"),
        ({"provider": '"*"'}, 4, "price[1].provider", "without wildcards"),
        ({"model": "5"}, 2, "price[1].model", "a whole number; expected text"),
        ({"from": '"2026-01-01"'}, 3, "price[1].from", "is text; expected a date"),
        ({"from": "2026-01-01T10:00:00Z"}, 3, "price[1].from", "time of day"),
        ({"until": "2025-12-31"}, 4, "price[1].until", "is before 2026-01-01"),
        ({"mode": '"x"'}, 4, "price[1].mode", "unknown key; allowed"),
        ({"provider": '"a b"'}, 4, "price[1].provider", "expected"),
        ({"usd_per_million": "5"}, 4, "price[1].usd_per_million", "expected a table"),
        (
            {"usd_per_million": "{ output = 5 }"},
            4,
            "price[1].usd_per_million.input",
            "is missing; expected a number",
        ),
        (
            {"usd_per_million": "{ input = 5 }"},
            4,
            "price[1].usd_per_million.output",
            "is missing",
        ),
        (
            {"usd_per_million": "{ input = -1, output = 1 }"},
            4,
            "price[1].usd_per_million.input",
            "is -1; allowed: 0 to 100000",
        ),
        (
            {"usd_per_million": "{ input = 1, output = 0.0000001 }"},
            4,
            "price[1].usd_per_million.output",
            "at most 6 decimals",
        ),
        (
            {"usd_per_million": "{ input = nan, output = 1 }"},
            4,
            "price[1].usd_per_million.input",
            "allowed: 0 to 100000",
        ),
        (
            {"usd_per_million": "{ input = 1, output = 1, web = 1 }"},
            4,
            "price[1].usd_per_million.web",
            "unknown key; allowed: cache_read, cache_write, cache_write_1h, input",
        ),
    ],
)
def test_a_mistake_has_a_line_a_key_and_what_is_allowed(keys, line, key, problem):
    found = findings(entry(**keys))
    assert [(at, name) for at, name, _ in found if name == key] == [(line, key)]
    assert problem in next(text for _, name, text in found if name == key)


def test_a_missing_key_stands_at_its_table():
    found = findings("# prices\n\n[[price]]\nmodel = 'm'\n")
    assert (
        3,
        "price[1].from",
        "is missing; expected a date such as 2026-01-31",
    ) in found


def test_two_prices_for_one_call_are_a_mistake():
    ((line, key, problem),) = findings(
        ONE + entry(model='"claude-opus-4-5"', provider='"anthropic"')
    )
    assert (line, key) == (10, "price[2].from")
    assert "another [[price]]" in problem


def test_prices_that_follow_each_other_are_none():
    later = entry(
        **{"from": "2027-01-01"}, model='"claude-opus-4-5"', provider='"anthropic"'
    )
    assert len(parse_overrides(ONE + later, "p")) == 2
    assert len(parse_overrides(later + ONE, "p")) == 2


def test_all_mistakes_of_a_file_are_found_at_once():
    found = findings(entry(model="1") + entry(**{"from": "2"}) + "[extra]\n")
    assert [key for _, key, _ in found] == ["price[1].model", "price[2].from", "extra"]


def test_a_single_table_is_not_a_list_of_prices():
    ((line, key, problem),) = findings("[price]\nmodel = 'm'\n")
    assert (line, key) == (1, "price")
    assert "[[price]]" in problem
