"""Charts are text: compared with golden drawings, and checked for what they say.

``MILEAGE_GOLDEN=write pytest tests/web/test_charts.py`` writes the drawings anew;
look at them in a browser before you keep them.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.web import charts
from mileage.web.charts import Series, Slice

GOLDEN = Path(__file__).resolve().parents[1] / "golden/charts"
DAYS = [f"2026-11-{day:02}" for day in range(1, 31)]
VALUES = [(day * 7919) % 97 * 10**9 for day in range(30)]
HOURS = [
    [(d * 31 + h * 17) % 11 * (8 <= h <= 18) for h in range(24)] for d in range(30)
]
CLASSES = (
    Slice("Cache read", 953, 1),
    Slice("Cache write", 30, 2),
    Slice("Nothing", 0, 3),
    Slice("Output & reasoning", 17, 4),
)
DRAWINGS = {
    "area": charts.area(Series(DAYS, VALUES), title="Tokens per day"),
    "area-part-days": charts.area(
        Series(DAYS, VALUES, first_is_part=True, last_is_part=True), title="Tokens"
    ),
    "area-of-nothing": charts.area(Series(DAYS, [0] * 30), title="Tokens"),
    "sparkline": charts.sparkline(VALUES),
    "heat": charts.heat(DAYS, HOURS, title="Tokens by day and hour"),
    "share-bar": charts.share_bar(37, 100),
    "stacked-bar": charts.stacked_bar(CLASSES, title="Token classes"),
}
COUNTS = st.lists(st.integers(0, 10**14), min_size=1, max_size=40)


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 (our own drawing)


def series(values):
    return Series((DAYS * 2)[: len(values)], values)


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_is_the_golden_one(name):
    path = GOLDEN / f"{name}.svg"
    if os.environ.get("MILEAGE_GOLDEN") == "write":
        path.write_text(DRAWINGS[name] + "\n")
    assert path.read_text() == DRAWINGS[name] + "\n"


def test_no_golden_is_left_over():
    assert {path.stem for path in GOLDEN.iterdir()} == set(DRAWINGS)


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_needs_no_style_and_no_script(name):
    for element in parsed(DRAWINGS[name]).iter():
        assert element.tag in {
            "svg",
            "g",
            "path",
            "rect",
            "line",
            "circle",
            "text",
            "title",
        }
        assert not {a for a in element.attrib if a == "style" or a.startswith("on")}
        assert not re.search("#|rgb|url", str(element.attrib))


@pytest.mark.parametrize("name", ["area", "heat", "stacked-bar"])
def test_drawing_has_a_name(name):
    root = parsed(DRAWINGS[name])
    assert root.get("role") == "img"
    assert root.get("aria-label")


@pytest.mark.parametrize("name", ["sparkline", "share-bar"])
def test_ornament_is_hidden_from_screen_readers(name):
    assert parsed(DRAWINGS[name]).get("aria-hidden") == "true"


def test_names_are_escaped():
    assert "<b>" not in charts.area(series([1]), title='"><b>')
    assert "<b>" not in charts.stacked_bar((Slice("<b>", 1, 1),), title="<b>")


@given(st.floats(1, 1e15))
def test_ceiling_is_above_and_near(value):
    ceiling = charts.nice_ceiling(value)
    assert value <= ceiling <= value * 2


@pytest.mark.parametrize(
    ("value", "ceiling"),
    [(0, 1), (1, 1), (1.1, 2), (2.1, 2.5), (26, 40), (58, 60), (61, 80), (999, 1000)],
)
def test_ceilings_are_round(value, ceiling):
    assert charts.nice_ceiling(value) == ceiling


@given(COUNTS)
def test_every_day_says_its_exact_value(values):
    root = parsed(charts.area(series(values), title="t"))
    titles = [e.text for e in root.iter("title")]
    assert [int(t.split(": ")[1].replace(",", "")) for t in titles] == values


@given(COUNTS)
def test_the_curve_stays_between_zero_and_the_ceiling(values):
    root = parsed(charts.area(series(values), title="t"))
    plot = root.find("svg")
    height = float(plot.get("height"))
    path = next(e for e in plot if e.get("class") == "line")
    steps = re.findall(r"[ML]([\d.]+) ([\d.-]+)", path.get("d"))
    assert len(steps) == len(values)
    assert all(0 <= float(y) <= height for _, y in steps)
    for value, (_, y) in zip(values, steps, strict=True):
        assert (float(y) == height) or value > 0


def test_the_axis_begins_at_zero():
    ticks = [e.text for e in parsed(DRAWINGS["area"]).iter("text")]
    assert ticks[:3] == ["0", "50B", "100B"]


def test_the_last_day_is_named_and_stays_inside():
    names = [e for e in parsed(DRAWINGS["area"]).iter("text") if "Nov" in e.text]
    assert names[-1].text == "30 Nov"
    assert names[-1].get("x") == "100%"
    assert "end" in names[-1].get("class")


@pytest.mark.parametrize("count", [1, 2, 7, 30, 31, 90, 365])
def test_days_are_named_sparsely(count):
    days = [f"2026-{1 + i // 28 % 12:02}-{1 + i % 28:02}" for i in range(count)]
    svg = charts.area(Series(days, [1] * count), title="t")
    names = [e for e in parsed(svg).iter("text") if "mid" in e.get("class", "")]
    assert len(names) <= 8


def test_part_days_are_dashed():
    def dashed(**ends):
        svg = charts.area(Series(DAYS, VALUES, **ends), title="t")
        return svg.count('class="line part"')

    assert dashed() == 0
    assert dashed(last_is_part=True) == 1
    assert dashed(first_is_part=True, last_is_part=True) == 2


def test_part_days_say_so():
    root = parsed(DRAWINGS["area-part-days"])
    marked = ["part of the day" in e.text for e in root.iter("title")]
    assert marked == [True, *[False] * 28, True]


def test_a_line_of_one_part_day_can_be_drawn():
    svg = charts.area(Series(DAYS[:1], [5], last_is_part=True), title="t")
    assert parsed(svg) is not None


def test_the_largest_day_is_labelled_directly():
    peak = next(
        e for e in parsed(DRAWINGS["area"]).iter("text") if "peak" in e.get("class")
    )
    assert peak.text == charts.compact(max(VALUES))


def test_nothing_has_no_peak():
    assert "peak" not in DRAWINGS["area-of-nothing"]


@pytest.mark.parametrize(
    "empty",
    [
        charts.area(Series([], []), title="t"),
        charts.sparkline([]),
        charts.sparkline([0, 0, 0]),
        charts.heat([], [], title="t"),
        charts.stacked_bar((Slice("a", 0, 1),), title="t"),
    ],
)
def test_nothing_is_drawn_of_nothing(empty):
    assert empty == ""


@given(COUNTS)
def test_sparkline_is_relative_and_stays_in_its_box(values):
    svg = charts.sparkline(values)
    if not svg:
        assert not any(values)
        return
    root = parsed(svg)
    width = float(root.get("viewBox").split()[2])
    numbers = [int(n) for n in re.findall(r"-?\d+", root.find("path").get("d"))]
    x, y = numbers[0], numbers[1]
    heights = [y]
    for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
        x, y = x + dx, y + dy
        heights.append(y)
    assert x in (width, 0)
    assert len(heights) == len(values)
    assert min(heights) == 2
    assert max(heights) <= 22
    assert heights[values.index(max(values))] == 2
    assert all(h == 22 for h, v in zip(heights, values, strict=True) if v == 0)


@given(st.lists(st.lists(st.integers(0, 50), min_size=24, max_size=24), max_size=9))
def test_heat_levels_keep_order_and_zero_means_none(hours):
    levels = charts.heat_levels(hours)
    pairs = sorted(
        (value, level)
        for day, shades in zip(hours, levels, strict=True)
        for value, level in zip(day, shades, strict=True)
    )
    assert all((value == 0) == (level == 0) for value, level in pairs)
    assert all(0 <= level <= 4 for _, level in pairs)
    assert [level for _, level in pairs] == sorted(level for _, level in pairs)


def test_heat_uses_quarters_of_ones_own_hours():
    hours = [[*range(1, 13), *[0] * 12]]
    assert charts.heat_levels(hours)[0][:12] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]


def test_heat_has_a_cell_an_hour_and_names_what_was_used():
    root = parsed(DRAWINGS["heat"])
    cells = list(root.iter("rect"))
    assert len(cells) == 30 * 24
    named = [cell.find("title") for cell in cells if cell.find("title") is not None]
    assert len(named) == sum(value > 0 for day in HOURS for value in day)
    assert named[0].text == "1 Nov, 08:00: 4"


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_share_bar_is_in_proportion(some, whole):
    rail, full = parsed(charts.share_bar(some, whole))
    assert rail.get("width") == "100%"
    expected = min(100, 100 * some / whole) if whole else 0
    assert abs(float(full.get("width").rstrip("%")) - expected) <= 0.01


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=7).filter(any))
def test_stacked_bar_is_whole(amounts):
    slices = [Slice(f"s{i}", a, 1 + i % 5) for i, a in enumerate(amounts)]
    pieces = list(parsed(charts.stacked_bar(slices, title="t")))
    widths = [float(p.get("width").rstrip("%")) for p in pieces]
    assert abs(sum(widths) - 100) <= 0.01 * len(amounts)
    assert len(pieces) == sum(a > 0 for a in amounts)
    edge = 0.0
    for piece, width in zip(pieces, widths, strict=True):
        assert abs(float(piece.get("x").rstrip("%")) - edge) <= 0.02 * len(amounts)
        edge += width
