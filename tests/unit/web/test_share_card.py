"""The picture to share: what stands on it, and what does not."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from unicodedata import category, normalize
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.web.share_card import DARK, FIELDS, LIGHT, USUAL, Card, drawn, unknown
from mileage.web.share_png import png

FIGURES = Figures(1_234, Tokens(10, 900_000, 90, 0, 5_000, 500, 0), 12_345_678, 0)
DAILY = [0, 5, 5, 0, 7, 9, 9, 0]
CARD = Card(FIGURES, 8, DAILY, ["opus", "haiku"], ["claude-code"])


def said(card, fields=USUAL, colours=LIGHT):
    picture = ET.fromstring(drawn(card, fields, colours))  # noqa: S314 - our own
    return [element.text for element in picture.iter() if element.text]


def test_the_usual_picture():
    assert said(CARD) == [
        "8 days with coding agents",
        "906K",
        "tokens in 8 days",
        *("1.23K", "calls"),
        *("5", "days with use"),
        *("3 days", "longest streak"),
        *(">99.9%", "from the cache"),
        "counted with Mileage",
    ]


def test_a_window_that_begins_within_a_day_is_as_long_as_it_is():
    """30 times 24 hours touch 31 local days, which are drawn; the sum is of 30."""
    text = said(CARD._replace(daily=[1] * 31, days=30))
    assert {"30 days with coding agents", "tokens in 30 days"} <= set(text)
    assert text[text.index("days with use") - 1] == "31"
    assert drawn(CARD._replace(daily=[1] * 31), ("chart",), LIGHT).count("<rect") == 32


def test_one_day_is_no_days():
    text = said(CARD._replace(daily=[0, 1], days=1))
    assert {"1 day with coding agents", "tokens in 1 day", "day with use"} <= set(text)


def test_it_names_nobody_and_nothing_and_no_money_unless_asked():
    text = " ".join(said(CARD._replace(name="")))
    assert not re.search(r"opus|haiku|claude|\$|20\d\d", text)


def test_what_is_asked_for_stands_on_it():
    text = said(CARD._replace(name="Alice"), ("cost", "models", "clients", "output"))
    assert text[0] == "Alice"
    assert {"$12.35", "opus", "haiku", "claude-code", "5.5K"} <= set(text)
    assert "calls" not in text


def boxes(card, fields):
    """Return (left, right, top, bottom) of texts, as wide as Inter's widest figures."""
    picture = ET.fromstring(drawn(card, fields, LIGHT))  # noqa: S314 - our own
    for one in picture.iter("{http://www.w3.org/2000/svg}text"):
        x, base, size = (float(one.get(key)) for key in ("x", "y", "font-size"))
        width = len(one.text) * size * (0.62 if one.get("font-weight") else 0.5)
        left = x - width if one.get("text-anchor") else x
        yield left, left + width, base - size, base


@given(
    calls=st.integers(1, 10**15),
    tokens=st.integers(0, 10**15),
    cost=st.none() | st.integers(0, 10**15),
    days=st.integers(1, 366),
    fields=st.sets(st.sampled_from(FIELDS)),
    names=st.lists(st.text("amw-4", max_size=90), max_size=5),
)
def test_nothing_stands_on_anything_else(calls, tokens, cost, days, fields, names):
    figures = Figures(calls, Tokens(1, tokens, 0, 0, tokens, 0, 0), cost, 1)
    title = "W" * 40
    card = Card(figures, days, [1] * days, names, names, title)
    placed = list(boxes(card, sorted(fields)))
    for number, (left, right, top, bottom) in enumerate(placed):
        assert left >= 0
        assert right <= 1200
        for other in placed[number + 1 :]:
            apart = right <= other[0] or other[1] <= left
            assert apart or bottom <= other[2] or other[3] <= top


def test_dollars_that_are_not_all_say_so():
    assert "$12.35" in said(CARD, ("cost",))
    some = CARD._replace(figures=FIGURES._replace(unpriced_calls=1))
    assert "$12.35+" in said(some, ("cost",))


def test_counts_have_three_digits_at_most():
    exact = CARD._replace(figures=FIGURES._replace(calls=123_456))
    assert "123K" in said(exact)
    assert not any(re.search(r"\d{4}", text) for text in said(exact))


@pytest.mark.parametrize(
    ("daily", "streak"),
    [
        ([1], "1 day"),
        ([0, 0], "0 days"),
        ([1, 1, 0, 1], "2 days"),
        ([0, 1, 1], "2 days"),
    ],
)
def test_the_longest_streak(daily, streak):
    assert streak in said(CARD._replace(daily=daily), ("streak",))


def test_bars_stand_for_days():
    bars = drawn(CARD, ("chart",), LIGHT).count("<rect")
    assert bars - 1 == len(CARD.daily)
    assert drawn(CARD, (), LIGHT).count("<rect") == 1
    idle = CARD._replace(daily=[0, 0])
    assert drawn(idle, ("chart",), LIGHT).count("<rect") == 1


def test_light_and_dark_differ_in_their_colours_alone():
    assert said(CARD, FIELDS, DARK) == said(CARD, FIELDS, LIGHT)
    assert drawn(CARD, FIELDS, DARK) != drawn(CARD, FIELDS, LIGHT)


@pytest.mark.parametrize("name", ["<script>", "a & b", "'\"", "]]>", "x" * 900])
def test_a_name_is_text_and_not_too_long(name):
    shown = name if len(name) <= 40 else "x" * 39 + "\u2026"
    assert said(CARD._replace(name=name))[0] == shown


@pytest.mark.parametrize(
    "name", ["José Łukasz", "Иван Ґалаґан", "Ελένη", "Đặng Ünal", "Jose\u0301"]
)
def test_names_in_many_scripts_have_their_letters(name):
    card = CARD._replace(name=name, models=[name])
    assert said(card)[0] == normalize("NFC", name)
    assert unknown(card, ("models",)) == []


def test_what_the_font_has_no_letter_for_is_told():
    card = CARD._replace(name="田中 Ana 中", models=["m\u05d0"])
    assert said(card)[0] == "?? Ana ?"
    assert unknown(card, ()) == ["田", "中"]
    assert unknown(card, ("models",)) == ["田", "中", "\u05d0"]


def test_every_letter_that_is_told_of_is_drawn():
    fonts = files("mileage.web").joinpath("fonts")
    told = fonts.joinpath("inter-400.letters.txt").read_text(encoding="utf-8")
    assert len(told) > 600

    def of(letter):
        text = f'<text x="4" y="18" font-size="16">{escape(letter)}</text>'
        head = '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="24" '
        return png(f'{head} font-family="Inter">{text}</svg>')

    missing, blank = of("田"), {" ", "\xa0", "\xad"}
    blank |= {one for one in told if category(one) in ("Zs", "Cf")}
    assert [one for one in told if one not in blank and of(one) == missing] == []


def test_one_call_is_no_calls():
    assert "call" in said(CARD._replace(figures=FIGURES._replace(calls=1)))


@given(st.text(max_size=50), st.lists(st.text(max_size=50), max_size=4))
def test_any_letters_make_a_picture(name, names):
    """Of logs, too: what XML does not know would end in no picture at all."""
    card = CARD._replace(name=name, models=names, clients=names)
    for text in said(card, ("models", "clients")):
        assert text.isprintable()


def test_a_sign_stands_for_what_cannot_be_seen():
    assert said(CARD._replace(name="a\x01b\tc\ud800"))[0] == "a?b?c?"


def test_unknown_figures_are_dashes():
    nothing = CARD._replace(figures=Figures(1, Tokens(), None, 1))
    assert said(nothing, ("cost", "cache")).count("\N{EN DASH}") == 2


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=366),
    st.sets(st.sampled_from(FIELDS)),
)
def test_any_days_can_be_drawn(daily, fields):
    assert said(CARD._replace(daily=daily), sorted(fields))
