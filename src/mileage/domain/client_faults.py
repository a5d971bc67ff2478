"""Versions of clients that are known to report wrong figures (``clients.toml``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mileage.domain.policy import PolicyFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.policy import Table

_NAME = r"[a-z0-9_-]{1,64}"
_VERSION = r"\d{1,9}(\.\d{1,9}){0,5}"
_NUMBERS = re.compile(_VERSION)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the figures of a client, and up to which version."""

    client: str
    source: str
    """The source whose figures are wrong, '' for all of the client's."""
    before: str
    """The first version that is right again, '' for none so far."""
    problem: str
    fix: str


def parse_clients(text: str, file: str) -> tuple[Fault, ...]:
    """Read ``clients.toml``; a file without a fault is right."""
    policy = PolicyFile.parse(text, file)
    found = tuple(_fault(table) for table in policy.root().tables("fault"))
    policy.close()
    return found


def _fault(table: Table) -> Fault:
    expected = "lower-case letters, digits, hyphens and underscores"
    return Fault(
        client=table.text("client", pattern=_NAME, expected=expected),
        source=table.text("source", "", pattern=_NAME, expected=expected),
        before=table.text(
            "before", "", pattern=_VERSION, expected="a version such as 2.1.214"
        ),
        problem=table.text("problem"),
        fix=table.text("fix"),
    )


def faults_of(
    faults: Iterable[Fault], client: str, source: str, version: str
) -> list[Fault]:
    """Return what is wrong with one version; one that cannot be read is not judged."""
    return [
        fault
        for fault in faults
        if fault.client == client
        and fault.source in {"", source}
        and _is_before(version, fault.before)
    ]


def _is_before(version: str, limit: str) -> bool:
    if not limit:
        return True
    read = _NUMBERS.match(version)
    return read is not None and _numbers(read[0]) < _numbers(limit)


def _numbers(version: str) -> tuple[int, ...]:
    """Return 2.1.0 as (2, 1), so that it equals 2.1."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
