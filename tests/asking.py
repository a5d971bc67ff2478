"""Asking what a home's logs say, as tests of the personal index do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.ingest import local_file
from mileage.wiring.personal import answer_of, finished

if TYPE_CHECKING:
    import pytest

    from mileage.domain.quarter import Usage
    from mileage.wiring.personal import Asking


def asked(asking: Asking) -> Usage:
    """Return an answer of which there is nothing to remark, and store it."""
    found = answer_of(asking)
    assert finished(found) == ()
    return found.usage


def calls(found: Usage) -> int:
    return sum(row.calls for row in found.rows)


def names_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the name of each file that is read from now on."""
    seen: list[str] = []
    before = local_file.Reader.read

    def noted(self: local_file.Reader, item: local_file.Item) -> object:
        seen.append(item.file.path.rpartition("/")[2])
        return before(self, item)

    monkeypatch.setattr(local_file.Reader, "read", noted)
    return seen
