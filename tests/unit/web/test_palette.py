"""The stylesheet's colours, measured: readable on their ground, told apart by all."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest

CSS = (
    Path(__file__).resolve().parents[3] / "src/mileage/web/static/app.css"
).read_text()
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS
    )
}
LIGHT, DARK = 0, 1
SCHEMES = pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])

# Full simulation of each deficiency (Machado, Oliveira, Fernandes 2009).
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour):
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def luminance(colour):
    weights = (0.2126, 0.7152, 0.0722)
    return sum(a * b for a, b in zip(weights, linear(colour), strict=True))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def oklab(colour, vision):
    seen = [min(1, max(0, c)) for c in times(VISION[vision], linear(colour))]
    cones = (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
    roots = [c ** (1 / 3) for c in times(cones, seen)]
    axes = (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
    return times(axes, roots)


def distance(one, other):
    return min(
        100 * math.dist(oklab(one, vision), oklab(other, vision)) for vision in VISION
    )


@SCHEMES
@pytest.mark.parametrize("name", ["ink", "muted", "accent"])
@pytest.mark.parametrize("ground", ["ground", "surface", "own"])
def test_text_is_readable(scheme, name, ground):
    assert contrast(COLOURS[name][scheme], COLOURS[ground][scheme]) >= 4.5


@SCHEMES
def test_the_simulated_banner_is_readable(scheme):
    assert contrast(COLOURS["notice-ink"][scheme], COLOURS["notice"][scheme]) >= 4.5


@SCHEMES
def test_series_stand_out_from_the_ground(scheme):
    for tone in (*(f"tone-{n}" for n in range(1, 6)), "series"):
        assert contrast(COLOURS[tone][scheme], COLOURS["ground"][scheme]) >= 3.05, tone


@SCHEMES
def test_everybody_can_tell_the_series_apart(scheme):
    tones = [COLOURS[f"tone-{n}"][scheme] for n in range(1, 6)]
    for one, other in itertools.combinations(tones, 2):
        assert distance(one, other) >= 15, (one, other)


@SCHEMES
def test_heat_goes_one_way(scheme):
    steps = [luminance(COLOURS[f"heat-{n}"][scheme]) for n in range(5)]
    assert steps == sorted(steps, reverse=scheme == LIGHT)


@SCHEMES
def test_neighbouring_heat_differs_for_everybody(scheme):
    steps = [COLOURS[f"heat-{n}"][scheme] for n in range(5)]
    for one, other in itertools.pairwise(steps):
        assert distance(one, other) >= 8, (one, other)
