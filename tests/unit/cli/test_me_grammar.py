"""Odd spellings of ``mileage me``: understood as click does, or left to click."""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from mileage.cli import me
from mileage.cli.me_arguments import plain

FLAGS = ("--no-index", "--rebuild-index", "--json")
VALUED = ("--since", "--until", "--by", "--tz")
FITTING = {
    "--since": "2026-11-01",
    "--until": "2026-11-30",
    "--by": "model",
    "--tz": "Asia/Kolkata",
    "--home": "/nowhere",
}


@pytest.fixture
def by_click(monkeypatch):
    """What the ordinary way reports, or None where it has something to say."""
    reported = []
    monkeypatch.setattr(me, "report", lambda *told: reported.append(told))

    def run(arguments):
        reported.clear()
        result = CliRunner().invoke(me.command, arguments)
        return reported[0] if reported and not result.output else None

    return run


def agree(arguments, by_click):
    told = plain(arguments)
    assert told is not None, arguments
    assert told == by_click(arguments)
    return told


@pytest.mark.parametrize("name", FITTING)
def test_a_value_stands_behind_a_space_or_an_equals_sign(name, by_click):
    value = FITTING[name]
    spaced = agree([name, value], by_click)
    assert spaced == agree([f"{name}={value}"], by_click)


@pytest.mark.parametrize("flags", [*product((0, 1, 2), repeat=3)], ids=str)
def test_flags_in_any_number_are_flags(flags, by_click):
    words = [
        flag for flag, times in zip(FLAGS, flags, strict=True) for _ in "12"[:times]
    ]
    wanted = agree(words, by_click)[1]
    assert (wanted.no_index, wanted.rebuild_index, wanted.as_json) == tuple(
        bool(times) for times in flags
    )


@pytest.mark.parametrize("name", [*VALUED, "--home", *FLAGS])
def test_no_abbreviation_is_understood(name, by_click):
    for length in range(3, len(name)):
        short = name[:length]
        for words in ([short, FITTING.get(name, "x")], [f"{short}=x"], [short]):
            assert plain(words) is None, words
            assert by_click(words) is None, words


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", ["", "1", "true", "false"])
def test_a_flag_takes_no_value(name, value, by_click):
    assert plain([f"{name}={value}"]) is None
    assert by_click([f"{name}={value}"]) is None


@pytest.mark.parametrize("name", [*VALUED, "--home"])
def test_a_value_that_is_missing(name, by_click):
    for words in ([name], ["--json", name], [f"{name}=", "--jsn"]):
        assert plain(words) is None, words
        assert by_click(words) is None, words


@pytest.mark.parametrize("name", [*VALUED, "--home"])
@pytest.mark.parametrize("value", ["", "-", "--", "--json", "-h", "-x", "--help"])
def test_a_value_that_may_be_an_option_is_left_to_click(name, value):
    assert plain([name, value]) is None
    assert plain([f"{name}={value}"]) is None


@pytest.mark.parametrize("name", VALUED)
def test_what_is_said_twice_is_left_to_click(name):
    value = FITTING[name]
    assert plain([name, value, name, value]) is None
    assert plain([name, value, "--json", f"{name}={value}"]) is None


def test_several_homes_are_several(by_click):
    words = ["--home", "/nowhere", "--home=/no", "--home=a=b", "--home", "~"]
    asked = agree(words, by_click)[0]
    assert asked.homes == tuple(map(Path, ("/nowhere", "/no", "a=b", "~")))
    assert asked.environ == {}


@pytest.mark.parametrize(
    "words",
    [
        ["--"],
        ["--", "--json"],
        ["--json", "--"],
        ["--=x"],
        ["-"],
        [""],
        ["="],
        ["x"],
        ["2026-11-01"],
        ["--JSON"],
        ["--Since", "2026-11-01"],
        ["---json"],
        ["-json"],
        ["\u2014json"],
        ["--json "],
        [" --json"],
        ["--by =day"],
        ["--json", "live"],
        ["picture", "--json"],
        ["--version"],
        ["--unknown"],
        ["--unknown=1", "--json"],
        ["--since2026-11-01"],
        ["--by", "day", "week"],
    ],
    ids=str,
)
def test_what_is_none_of_it_is_left_to_click(words):
    assert plain(words) is None


@pytest.mark.parametrize(
    "day",
    [
        *("2026-13-01", "2026-00-01", "2026-11-00", "2026-11-31", "2025-02-29"),
        *("2026-1-1", "26-11-01", "02026-11-1", "2026/11/01", "2026-11-01T", "today"),
        *("20261101", "2026-W47", "2026-W47-5", "2026-325", "+2026-11-1", "-026-11-01"),
        *("2026-11-01 ", " 2026-11-01", "2026-11-1 ", "2026\u201311\u201301"),
        "\uff12\uff10\uff12\uff16-11-01",
        "0000-01-01",
    ],
)
@pytest.mark.parametrize("name", ["--since", "--until"])
def test_what_is_no_day_is_left_to_click(name, day):
    assert plain([name, day]) is None
    assert plain([f"{name}={day}"]) is None


@pytest.mark.parametrize("day", ["0001-01-01", "2024-02-29", "9999-12-31"])
def test_days_of_every_year(day, by_click):
    assert agree(["--since", day, "--until", day], by_click)[1].since == (
        date.fromisoformat(day)
    )


@pytest.mark.parametrize("by", ["Day", "DAY", "days", "day ", "d", "day,week", "day=x"])
def test_groupings_are_written_as_they_are(by, by_click):
    assert plain([f"--by={by}"]) is None
    assert by_click([f"--by={by}"]) is None


@pytest.mark.parametrize(
    "zone",
    ["Nowhere", "Europe", "../etc/passwd", "/etc/passwd", "UTC/", "Europe/Berlin/x"],
)
def test_what_is_no_zone_is_left_to_click(zone, by_click):
    assert plain(["--tz", zone]) is None
    assert by_click(["--tz", zone]) is None


def test_a_home_that_is_a_file_or_closed_is_left_to_click(tmp_path, by_click):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("x")
    link.symlink_to(tmp_path / "gone")
    for path in (file, link):
        assert plain(["--home", str(path)]) is None
    assert by_click(["--home", str(file)]) is None
    # A link to a folder is one.
    link.unlink()
    link.symlink_to(tmp_path)
    agree(["--home", str(link)], by_click)


def test_the_order_of_words_does_not_matter(by_click):
    pairs = [[name, value] for name, value in FITTING.items()]
    words = [word for pair in pairs for word in pair]
    turned = [word for pair in reversed(pairs) for word in pair]
    assert agree([*words, "--json"], by_click) == agree(["--json", *turned], by_click)
