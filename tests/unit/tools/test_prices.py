"""What the table maker does with each kind of condition the library knows."""

from __future__ import annotations

import json
from datetime import UTC, date, time
from decimal import Decimal

import pytest
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from tools import prices

CHEAP = ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(2))
DEAR = ModelPrice(input_mtok=Decimal(3), output_mtok=Decimal(4))
CHEAP_RATES = [1000000] * 4 + [2000000] * 2 + [1000000]
DEAR_RATES = [3000000] * 4 + [4000000] * 2 + [3000000]


def model(price, variants=None, match=None):
    return ModelInfo(
        id="m",
        match=match or ClauseEquals("m"),
        prices=price,
        price_variants=variants,
    )


def since(year, price):
    return ConditionalPrice(StartDateConstraint(date(year, 1, 1)), prices=price)


def test_one_price_holds_for_all_time():
    assert prices.periods(model(CHEAP), "") == [["", [[-1, *CHEAP_RATES]]]]


def test_a_price_from_a_day_on():
    dated = model([ConditionalPrice(prices=CHEAP), since(2026, DEAR)])
    assert prices.periods(dated, "") == [
        ["", [[-1, *CHEAP_RATES]]],
        ["2026-01-01", [[-1, *DEAR_RATES]]],
    ]


def test_a_day_on_which_nothing_changes_is_no_period():
    dated = model(
        [ConditionalPrice(prices=CHEAP), since(2025, CHEAP), since(2026, DEAR)]
    )
    assert [start for start, _ in prices.periods(dated, "")] == ["", "2026-01-01"]


NIGHT = TimeOfDateConstraint(time(22, tzinfo=UTC), time(4, tzinfo=UTC))


def test_a_price_by_the_hour_is_no_price_of_a_day():
    by_night = model(
        [ConditionalPrice(prices=DEAR), ConditionalPrice(NIGHT, prices=CHEAP)]
    )
    assert prices.periods(by_night, "") == []
    assert prices.line(by_night, ["m"]) is None


def test_hours_that_a_later_price_has_ended():
    ended = model(
        [
            ConditionalPrice(prices=DEAR),
            ConditionalPrice(NIGHT, prices=CHEAP),
            since(2026, DEAR),
        ]
    )
    assert prices.periods(ended, "") == [
        ["", None],
        ["2026-01-01", [[-1, *DEAR_RATES]]],
    ]


def test_a_fee_per_request_is_no_price_of_tokens():
    fee = ModelPrice(
        input_mtok=Decimal(1), output_mtok=Decimal(1), requests_kcount=Decimal(5)
    )
    assert prices.periods(model(fee), "") == []


@pytest.mark.parametrize(
    ("comments", "kept"),
    [
        (None, True),
        ("See the seller's page.", True),
        (prices.IMPORTED + " against theirs.", False),
        (prices.IMPORTED + " against theirs. Verified against OpenAI.", True),
    ],
)
def test_a_price_of_a_marketplace_is_not_the_sellers(comments, kept):
    imported = ModelInfo(
        id="m", match=ClauseEquals("m"), prices=CHEAP, price_comments=comments
    )
    assert (prices.line(imported, ["m"]) is not None) is kept


LONG = (date(2025, 8, 12), 200, "3 3 3 3 4 4 3")
LONG_BRACKET = [200, *DEAR_RATES]


def test_a_correction_adds_a_bracket_from_its_day_on(monkeypatch):
    monkeypatch.setattr(prices, "CORRECTIONS", {("p", "m"): LONG})
    provider = Provider(id="p", name="P", api_pattern="p", models=[model(CHEAP)])
    (line,) = prices.table(provider)["models"]
    assert line["prices"][""] == [
        ["", [[-1, *CHEAP_RATES]]],
        ["2025-08-12", [[-1, *CHEAP_RATES], LONG_BRACKET]],
    ]


@pytest.mark.parametrize(
    "periods",
    [
        [["", [[-1, *CHEAP_RATES], LONG_BRACKET]]],
        [["", [[-1, *CHEAP_RATES]]], ["2026-01-01", [[-1, *CHEAP_RATES]]]],
    ],
)
def test_a_correction_that_the_library_has_overtaken_stops_the_build(periods):
    with pytest.raises(ValueError, match="look at the correction of 2025-08-12"):
        prices.correct(periods, *LONG)


@pytest.mark.parametrize("name", ["input_mtok", "output_mtok"])
def test_input_and_output_both_need_a_price(name):
    assert prices.periods(model(ModelPrice(**{name: Decimal(1)})), "") == []


def test_thresholds_of_all_classes_make_brackets():
    long = ModelPrice(
        input_mtok=TieredPrices(
            Decimal(1), [Tier(100, Decimal(2)), Tier(300, Decimal(3))]
        ),
        cache_read_mtok=TieredPrices(Decimal("0.1"), [Tier(200, Decimal("0.2"))]),
        output_mtok=Decimal(5),
    )
    ((_, brackets),) = prices.periods(model(long), "")
    assert [(above, read, write) for above, write, read, *_ in brackets] == [
        (-1, 100_000, 1_000_000),
        (100, 100_000, 2_000_000),
        (200, 200_000, 2_000_000),
        (300, 200_000, 3_000_000),
    ]


def test_a_tier_changes_what_it_names_and_keeps_the_rest():
    batch = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=Decimal("0.5")))
    assert prices.tiers(model(CHEAP, [batch])) == ["", "batch"]
    ((_, ((_, *rates),)),) = prices.periods(model(CHEAP, [batch]), "batch")
    assert rates == [500000] * 4 + [2000000] * 2 + [500000]


def test_a_tier_has_no_price_before_its_first_day():
    flex = PriceVariant(
        {"service_tier": "flex"}, DEAR, StartDateConstraint(date(2026, 5, 1))
    )
    assert prices.periods(model(CHEAP, [flex]), "flex") == [
        ["", None],
        ["2026-05-01", [[-1, *DEAR_RATES]]],
    ]


def test_the_default_tier_is_the_standard_one():
    default = PriceVariant({"service_tier": "default"}, ModelPrice())
    assert prices.tiers(model(CHEAP, [default])) == [""]


def test_texts_of_rules_and_whether_they_are_open():
    rule = ClauseOr(
        [
            ClauseEquals("Equal"),
            ClauseStartsWith("start"),
            ClauseAnd([ClauseContains("part"), ClauseRegex("^(?!x)")]),
            ClauseEndsWith("end"),
            ClauseRegex(r"^dot\.ted-\d{8}$"),
            ClauseRegex(r"^at[-@]\d{8}$"),
        ]
    )
    assert set(prices.literals(rule)) == {
        ("equal", False),
        ("start", True),
        ("part", True),
        ("end", False),
        ("dot.ted", True),
        ("at", True),
    }


def test_a_name_belongs_to_the_model_that_the_library_finds_first():
    first = model(CHEAP, match=ClauseStartsWith("mo"))
    second = ModelInfo(id="model", match=ClauseEquals("model"), prices=DEAR)
    provider = Provider(id="p", name="P", api_pattern="p", models=[first, second])
    table = prices.table(provider)
    assert [one["names"] for one in table["models"]] == [["mo", "model"], []]


def test_a_table_as_written_is_one_model_a_line():
    provider = Provider(id="p", name="P", api_pattern="p", models=[model(CHEAP)])
    table = prices.table(provider)
    text = prices.written(table)
    assert json.loads(text) == table
    assert len(text.splitlines()) == 3


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the tool on a directory of its own; return its exit code and words."""
    monkeypatch.setattr(prices, "TABLES", tmp_path / "tables")

    def run_with(*arguments):
        monkeypatch.setattr("sys.argv", ["prices.py", *arguments])
        return prices.main(), capsys.readouterr().out

    return run_with


def test_the_tool_writes_once_and_checks(run, tmp_path):
    assert run("--check")[0] == 1
    assert not (tmp_path / "tables").exists()
    code, words = run()
    assert code == 0
    assert "anthropic.json" in words
    assert run("--check") == (0, f"{prices.SOURCE}: 0 out of date: -\n")
    (tmp_path / "tables" / "openai.json").write_text("{}")
    assert run("--check") == (1, f"{prices.SOURCE}: 1 out of date: openai.json\n")
    assert run()[1] == f"{prices.SOURCE}: 1 written: openai.json\n"
