"""What is told of an error that nobody expected."""

from __future__ import annotations

import json
import re

from mileage.domain.surprises import places_of

SECRET = "what somebody asked"


def failing() -> None:
    try:
        dict.fromkeys("")[SECRET]
    except KeyError as error:
        raise RuntimeError(SECRET) from error


def test_errors_and_places_are_told_and_no_values() -> None:
    try:
        failing()
    except RuntimeError as error:
        told = places_of(error)
    here = r"test_surprises\.py:\d+"
    pattern = rf"RuntimeError at {here} {here} <- KeyError at {here}"
    assert re.fullmatch(pattern, told)
    assert SECRET not in told


def test_a_file_that_says_nothing_by_its_name_is_told_with_its_folder() -> None:
    try:
        json.loads(SECRET)
    except ValueError as error:
        told = places_of(error)
    assert " json/__init__.py:" in told
    assert " decoder.py:" in told


def test_an_error_that_was_not_raised_has_no_place() -> None:
    assert places_of(ValueError(SECRET)) == "ValueError at "
