"""Fuzzing begins with inputs that its parsers understand, each of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from mileage.domain.errors import MileageError
from soak import fuzz
from soak.fuzz_seeds import seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mileage.domain.witness import Reading
    from mileage.sources.base import BucketSource

PARSERS = fuzz.parsers()
FEW = 12


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[object]:
    """Everything that was read without a refusal."""
    found: list[object] = []

    def check(readings: Iterable[Reading]) -> None:
        for one in readings:
            found.extend([*one.witnesses.rows(), *one.activities.rows()])

    def refusing(parse: Callable[[bytes], object], data: bytes) -> None:
        try:
            found.append(parse(data))
        except MileageError:
            return

    def read_buckets(source: BucketSource, data: bytes) -> None:
        path = tmp_path / "activity.json"
        path.write_bytes(data)
        found.extend(source.read_buckets(str(path), "seed").buckets)

    monkeypatch.setattr(fuzz, "_check", check)
    monkeypatch.setattr(fuzz, "_refusing", refusing)
    monkeypatch.setattr(fuzz, "_read_buckets", read_buckets)
    return found


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_begins_with_something_that_it_understands(
    name: str, understood: list[object]
) -> None:
    parse = fuzz.parsers()[name]
    some = list(islice(seeds(name), FEW))
    assert some
    for seed in some:
        parse(seed)
    # Two scanners are compared with each other there, and nothing is handed on.
    assert understood or name.endswith("-tail")
