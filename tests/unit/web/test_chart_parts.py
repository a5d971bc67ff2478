"""Drawings of a few days, with every coordinate worked out on paper."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.web import charts
from mileage.web.charts import Series, Slice

DAYS = tuple(f"2026-11-{day:02}" for day in range(1, 31))


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 (our own drawing)


def area(*values, **ends):
    return parsed(charts.area(Series(DAYS[: len(values)], values, **ends), title="t"))


def paths(root, kind):
    return [one.get("d") for one in root.iter("path") if one.get("class") == kind]


def texts(root, kind):
    return [one for one in root.iter("text") if kind in one.get("class").split()]


@pytest.mark.parametrize(
    ("position", "whole", "text"),
    [
        (0, 7, "0%"),
        (1, 1, "100%"),
        (1, 2, "50%"),
        (1, 3, "33.33%"),
        (1, 8, "12.5%"),
        (1, 1000, "0.1%"),
        (2, 3, "66.67%"),
        (10, 100, "10%"),
    ],
)
def test_positions_are_short(position, whole, text):
    assert charts._share(position, whole) == text


@pytest.mark.parametrize(
    ("count", "labelled"),
    [
        (1, [0]),
        (2, [0, 1]),
        (5, [0, 1, 2, 3, 4]),
        (6, [1, 3, 5]),
        (10, [1, 3, 5, 7, 9]),
        (11, [1, 4, 7, 10]),
        (31, [2, 9, 16, 23, 30]),
    ],
)
def test_which_days_have_a_name(count, labelled):
    assert [*charts._labelled(count)] == labelled


@given(st.integers(1, 800))
def test_the_last_day_has_a_name_and_few_others(count):
    labelled = [*charts._labelled(count)]
    assert labelled[-1] == count - 1
    assert len(labelled) <= 5


def test_three_days_by_hand():
    root = area(0, 5, 10)
    plot = root.find("svg")
    assert plot.get("viewBox") == "0 0 30 160"
    assert (plot.get("y"), plot.get("height")) == ("24", "160")
    assert paths(root, "line") == ["M5 160L15 80L25 0"]
    assert paths(root, "fill") == ["M5 160L5 160L15 80L25 0L25 160Z"]
    assert paths(root, "line part") == []


@pytest.mark.parametrize(
    ("ends", "line", "dashes"),
    [
        ({}, "M5 160L15 80L25 0", []),
        ({"first_is_part": True}, "M15 80L25 0", ["M5 160L15 80"]),
        ({"last_is_part": True}, "M5 160L15 80", ["M15 80L25 0"]),
        (
            {"first_is_part": True, "last_is_part": True},
            "M15 80",
            ["M5 160L15 80", "M15 80L25 0"],
        ),
    ],
)
def test_days_that_are_parts_are_dashed(ends, line, dashes):
    root = area(0, 5, 10, **ends)
    assert paths(root, "line") == [line]
    assert paths(root, "line part") == dashes


def test_one_day_is_a_point_and_never_dashed():
    root = area(10, first_is_part=True, last_is_part=True)
    assert paths(root, "line") == ["M5 0"]
    assert paths(root, "line part") == []


def test_heights_are_written_without_a_needless_nought():
    assert charts._heights((0, 1, 3, 8), 8) == ["160", "140", "100", "0"]
    assert charts._heights((1,), 3) == ["106.7"]


@pytest.mark.parametrize(
    ("top", "names"),
    [
        (0, ["0", "0.5", "1"]),
        (1, ["0", "0.5", "1"]),
        (2, ["0", "1", "2"]),
        (9, ["0", "5", "10"]),
        (2_400, ["0", "1.25K", "2.5K"]),
        (41_000_000, ["0", "25M", "50M"]),
        (10**12, ["0", "500B", "1T"]),
    ],
)
def test_the_axis_names_nothing_the_half_and_all(top, names):
    root = area(top, 0)
    ticks = [one for one in texts(root, "end") if one.get("x") == "-8"]
    assert [one.text for one in ticks] == names
    assert [one.get("y") for one in ticks] == ["188", "108", "28"]
    lines = [one.get("y1") for one in root.iter("line")]
    assert lines == ["184", "104", "24"]


@pytest.mark.parametrize(
    ("place", "side"),
    [(0, ""), (2, ""), (3, "mid"), (15, "mid"), (27, "mid"), (28, "end"), (29, "end")],
)
def test_the_largest_day_is_named_on_the_side_with_room(place, side):
    values = [1] * 30
    values[place] = 5_000
    (peak,) = texts(area(*values), "peak")
    assert peak.text == "5K"
    assert {*peak.get("class").split()} - {"tick", "peak"} == ({side} - {""})
    assert peak.get("x") == charts._share(place + 0.5, 30)
    assert peak.get("y") == "14.0"


def test_of_equally_large_days_the_first_is_named():
    (dot,) = area(3, 8, 8, 2).iter("circle")
    assert (dot.get("cx"), dot.get("cy")) == ("37.5%", "24.0")


def test_columns_to_point_at_lie_side_by_side():
    hits = list(area(1, 2, 3, 4, last_is_part=True).iter("rect"))
    assert [one.get("x") for one in hits] == ["0%", "25%", "50%", "75%"]
    assert {one.get("width") for one in hits} == {"25%"}
    assert [one.find("title").text for one in hits] == [
        "1 Nov: 1",
        "2 Nov: 2",
        "3 Nov: 3",
        "4 Nov: 4 (part of the day)",
    ]


def test_names_of_days_stand_below_their_middle_and_the_last_at_the_edge():
    names = [one for one in area(1, 2, 3, 4).iter("text") if "Nov" in one.text]
    assert [(one.text, one.get("x"), one.get("class")) for one in names] == [
        ("1 Nov", "12.5%", "tick mid"),
        ("2 Nov", "37.5%", "tick mid"),
        ("3 Nov", "62.5%", "tick mid"),
        ("4 Nov", "100%", "tick end"),
    ]


@pytest.mark.parametrize(
    ("values", "path", "width"),
    [
        ((5,), "M0 2", 3),
        ((0, 10), "M0 22l3-20", 3),
        ((10, 0), "M0 2l3 20", 3),
        ((0, 5, 10), "M0 22l3-10 3-10", 6),
        ((7, 7, 7), "M0 2l3 0 3 0", 6),
        ((0, 0, 1), "M0 22l3 0 3-20", 6),
        ((1, 1_000_000), "M0 22l3-20", 3),
    ],
)
def test_sparklines_by_hand(values, path, width):
    svg = charts.sparkline(values)
    root = parsed(svg)
    assert root.find("path").get("d") == path
    assert root.get("viewBox") == f"0 0 {width} 24"


@pytest.mark.parametrize(
    ("hours", "levels"),
    [
        ([[]], [[]]),
        ([[0, 0]], [[0, 0]]),
        ([[7]], [[4]]),
        ([[1, 2]], [[2, 4]]),
        ([[1, 2, 3, 4]], [[1, 2, 3, 4]]),
        ([[4, 0], [1, 0]], [[4, 0], [2, 0]]),
        ([[5, 5, 5, 5]], [[4, 4, 4, 4]]),
        ([[1, 1, 1, 9]], [[3, 3, 3, 4]]),
    ],
)
def test_shades_by_hand(hours, levels):
    assert charts.heat_levels(hours) == levels


def test_a_heat_map_by_hand():
    root = parsed(charts.heat(DAYS[:2], [[0, 1200], [5, 0]], title="a & b"))
    assert root.get("aria-label") == "a & b"
    assert root.get("height") == str(4 + 240 + 24)
    boxes = [
        (one.get("class"), one.get("x"), one.get("y"), one.get("width"))
        for one in root.iter("rect")
    ]
    assert boxes == [
        ("q0", "0%", "4", "50%"),
        ("q4", "0%", "14", "50%"),
        ("q2", "50%", "4", "50%"),
        ("q0", "50%", "14", "50%"),
    ]
    assert [one.text for one in root.iter("title")] == [
        "1 Nov, 01:00: 1,200",
        "2 Nov, 00:00: 5",
    ]
    hours = [one.text for one in texts(root, "end") if ":" in one.text]
    assert hours == ["00:00", "06:00", "12:00", "18:00"]


@pytest.mark.parametrize(
    ("some", "whole", "width"),
    [(0, 0, "0%"), (5, 0, "0%"), (1, 4, "25%"), (4, 4, "100%"), (9, 4, "100%")],
)
def test_share_bars_by_hand(some, whole, width):
    assert parsed(charts.share_bar(some, whole))[1].get("width") == width


def test_a_stacked_bar_by_hand():
    slices = (Slice("a<", 10, 1), Slice("none", 0, 2), Slice("b", 30, 5))
    root = parsed(charts.stacked_bar(slices, title="t<"))
    assert root.get("aria-label") == "t<"
    assert [(one.get("class"), one.get("x"), one.get("width")) for one in root] == [
        ("s1", "0%", "25%"),
        ("s5", "25%", "75%"),
    ]
    assert [one.text for one in root.iter("title")] == ["a<: 10", "b: 30"]


@given(st.text(st.characters(categories=("L", "P", "S", "Zs")), max_size=20))
def test_any_title_is_an_attribute_and_nothing_else(title):
    for svg in (
        charts.area(Series(DAYS[:1], [1]), title=title),
        charts.heat(DAYS[:1], [[1]], title=title),
        charts.stacked_bar((Slice(title, 1, 1),), title=title),
    ):
        assert parsed(svg).get("aria-label") == title
    assert not re.search(r"\s(style|on\w+)=", charts.sparkline((1, 2)))
