from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from mileage.domain.figures import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.web import markup


def test_small_counts_stand_alone():
    assert markup.num(0) == "0"
    assert markup.num(999) == "999"


def test_rounded_counts_carry_the_exact_one():
    assert markup.num(281_400_000_001) == (
        '<data value="281400000001" title="281,400,000,001">281B</data>'
    )


@given(st.integers(0, 10**15))
def test_no_digit_of_a_count_is_ever_lost(count):
    assert str(count) in markup.num(count)


def test_cells_are_counts_in_a_row():
    row = '<td class="n">0</td><td class="n"><data value="1500" title="1,500">1.5K'
    assert markup.cells((0, 1500)) == row + "</data></td>"
    assert markup.cells(()) == ""


def test_money_carries_micro_dollars():
    assert markup.usd(8_410_000_250_000) == (
        '<data value="8410000.250000" title="$8,410,000.250000">$8.41M</data>'
    )
    assert "&lt;$0.01" in markup.usd(1)
    assert markup.usd(0).endswith(">$0</data>")


def test_unknown_money_is_a_dash_with_a_reason_and_never_zero():
    shown = markup.usd(None)
    assert "\N{EN DASH}" in shown
    assert "no call has a known price" in shown
    assert "0" not in shown


def test_shares():
    assert markup.share(0.913) == "91.3%"
    assert markup.share(0.00001) == "&lt;0.1%"
    assert "no prompt tokens" in markup.share(None)


def test_reasons_and_names_cannot_become_markup():
    assert "<script>" not in markup.unknown("<script>")
    assert isinstance(markup.unknown("x"), Markup)


def test_the_reason_is_there_for_a_screen_reader_too():
    assert markup.unknown("why").count("why") == 2


def test_instants():
    assert markup.instant(0, "UTC") == (
        '<time datetime="1970-01-01T00:00:00+00:00">1 Jan 1970, 00:00</time>'
    )
    assert markup.minute(0, "UTC").endswith(">1970-01-01 00:00</time>")
    assert "nothing yet" in markup.instant(None, "UTC")
    assert "nothing yet" in markup.minute(None, "UTC")
    assert markup.day("2026-11-03") == '<time datetime="2026-11-03">2026-11-03</time>'


def test_what_models_wrote_is_output_and_reasoning():
    assert markup.written(Figures(1, Tokens(1, 2, 4, 8, 16, 32, 64))) == 48


def test_price_per_million_only_when_every_call_is_priced():
    tokens = Tokens(input=2_000_000)
    assert markup.per_million(Figures(3, tokens, 5_000_000)) == 2_500_000
    assert markup.per_million(Figures(3, tokens, 5_000_000, 1)) is None
    assert markup.per_million(Figures(3, tokens, None, 3)) is None
    assert markup.per_million(Figures()) is None


def test_the_longest_bar_is_the_largest_line():
    lines = tuple(Share(n, Figures(1, Tokens(k))) for n, k in (("a", 3), ("b", 9)))
    assert markup.largest(lines) == 9
    assert markup.largest(()) == 0


@pytest.mark.parametrize(
    ("sentence", "html"),
    [
        ("", ""),
        ("run it", "run it"),
        ("run `a b`", "run <code>a b</code>"),
        ("`a`, then `b`.", "<code>a</code>, then <code>b</code>."),
        ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
        ("one ` alone <b>", "one ` alone &lt;b&gt;"),
    ],
)
def test_what_stands_in_backticks_is_code(sentence, html):
    assert markup.ticks(sentence) == html


def test_the_local_day_of_an_instant():
    late = 1_763_681_400_000_000  # 2025-11-20T23:30:00Z
    assert "2025-11-20" in markup.local_day(late, "UTC")
    assert ">2025-11-21<" in markup.local_day(late, "Asia/Kolkata")


def test_a_day_in_a_sentence():
    told = '<time datetime="2026-11-30">30 Nov 2026</time>'
    assert markup.date("2026-11-30") == told


def test_what_is_no_day_cannot_become_markup():
    assert markup.day('"><b>') == (
        '<time datetime="&#34;&gt;&lt;b&gt;">&#34;&gt;&lt;b&gt;</time>'
    )
