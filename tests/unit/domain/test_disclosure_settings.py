"""The thresholds of disclosure control in ``mileage.toml``: bounds, and mistakes."""

from __future__ import annotations

import dataclasses

import pytest

from mileage.access.disclosure import Thresholds
from mileage.domain.policy import PolicyErrors
from mileage.domain.settings import Settings, parse_settings

FILE = "/data/policy/mileage.toml"
KEYS = {
    "group_people": (5, 10_000),
    "group_people_managers": (5, 10_000),
    "sum_people": (5, 10_000),
    "sum_percent": (10, 100),
    "renew_days": (1, 31),
}
KNOWN = "group_people, group_people_managers, renew_days, sum_people, sum_percent"


def parsed(**keys: object) -> Settings:
    text = "[disclosure]\n" + "".join(f"{key} = {one}\n" for key, one in keys.items())
    return parse_settings(text, FILE)


def complaint(text: str) -> str:
    with pytest.raises(PolicyErrors) as caught:
        parse_settings(text, FILE)
    return str(caught.value)


def test_the_defaults_are_those_of_disclosure_control() -> None:
    settings = Settings()
    assert Thresholds() == Thresholds(
        people=settings.group_people,
        managers=settings.group_people_managers,
        sums=settings.sum_people,
        percent=settings.sum_percent,
    )


@pytest.mark.parametrize("key", KEYS)
def test_a_key_may_be_anything_within_its_bounds(key: str) -> None:
    least, most = KEYS[key]
    others = {"group_people_managers": 10_000, "sum_people": 10_000}
    for value in (least, least + 1, most):
        settings = parsed(**{**others, key: value})
        assert getattr(settings, key) == value
        assert settings == dataclasses.replace(Settings(), **{**others, key: value})


@pytest.mark.parametrize("key", KEYS)
def test_beyond_its_bounds_it_is_refused_with_file_line_and_key(key: str) -> None:
    least, most = KEYS[key]
    for value in (least - 1, most + 1, -1, 0):
        told = complaint(f"# ours\n\n[disclosure]\n{key} = {value}\n")
        problem = f"is {value}; allowed: {least} to {most}"
        assert f"{FILE}:4: disclosure.{key}: {problem}" in told.splitlines()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("'7'", "text"),
        ("7.5", "a decimal number"),
        ("true", "true or false"),
        ("[7]", "a list"),
        ("{ a = 7 }", "a table"),
        ("2026-01-31", "a date or time"),
    ],
)
def test_what_is_no_whole_number_is_told_so(key: str, value: str, what: str) -> None:
    told = complaint(f"[disclosure]\n{key} = {value}")
    assert told.startswith(f"{FILE}:2: disclosure.{key}")
    assert f"is {what}; expected a whole number" in told


@pytest.mark.parametrize("key", ["people", "k", "Group_people", "sum-percent", "top"])
def test_an_unknown_key_is_told_with_those_that_are_known(key: str) -> None:
    told = complaint(f"[disclosure]\n{key} = 5")
    assert told.startswith(f"{FILE}:2: disclosure.{key}")
    assert f"unknown key; allowed: {KNOWN}" in told


@pytest.mark.parametrize("key", ["group_people_managers", "sum_people"])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_no_other_threshold_may_be_below_the_one_of_all_groups(
    key: str, more: int
) -> None:
    keys = {"group_people": 30, "group_people_managers": 40, "sum_people": 40}
    keys[key] = 30 + more
    if more >= 0:
        assert getattr(parsed(**keys), key) == 30 + more
        return
    with pytest.raises(PolicyErrors) as caught:
        parsed(**keys)
    (finding,) = caught.value.findings
    assert (finding.key, finding.problem) == (
        f"disclosure.{key}",
        "is less than group_people, 30",
    )


def test_every_mistake_is_told_at_once_in_order_of_lines() -> None:
    told = complaint(
        "[disclosure]\ngroup_people = 4\nsum_percent = 101\nrenew_days = 'a week'\n"
        "smallest = 3\n"
    )
    assert [line.split(": ")[0] for line in told.splitlines()] == [
        f"{FILE}:{line}" for line in (2, 3, 4, 5)
    ]


@pytest.mark.parametrize("text", ["disclosure = 5", "[[disclosure]]\ngroup_people = 5"])
def test_the_table_must_be_a_table(text: str) -> None:
    told = complaint(text)
    assert f"{FILE}:1: disclosure" in told
    assert "expected a table [disclosure]" in told


def test_a_key_given_twice_is_no_toml() -> None:
    told = complaint("[disclosure]\nrenew_days = 1\nrenew_days = 2\n")
    assert told.startswith(f"{FILE}:3: renew_days")
    assert "is not TOML" in told
