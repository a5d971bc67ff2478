"""What was deleted by policy: rows of which each holds the hash of the one before."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Due(NamedTuple):
    """What a policy would delete now."""

    kind: str
    """``calls`` (and witnesses), ``activities``, ``rejections``, ``snapshots``."""
    until: int
    """Everything before this goes, UTC microseconds."""
    rows: int
    policy: str
    """The setting that asks for it, as it is written."""


class Deletion(NamedTuple):
    """One deletion, proved."""

    number: int
    at: int
    """UTC microseconds."""
    kind: str
    until: int
    rows: int
    ids: str
    """SHA-256 of the ids of what was deleted."""
    policy: str
    before: str
    """The hash of the row before, or ''."""
    hash: str = ""


def sealed(row: Deletion) -> Deletion:
    """Return a row with the hash of all that it says."""
    said = "\n".join(str(part) for part in row._replace(hash=""))
    return row._replace(hash=sha256(said.encode()).hexdigest())


def following(before: Deletion | None, at: int, due: Due, ids: str) -> Deletion:
    """Return the row that comes after another."""
    number, known = (before.number + 1, before.hash) if before else (1, "")
    return sealed(
        Deletion(number, at, due.kind, due.until, due.rows, ids, due.policy, known)
    )


def broken(rows: Iterable[Deletion]) -> list[str]:
    """Return a sentence for each row that is not what was written, or not in place."""
    problems, number, before = [], 0, ""
    for row in rows:
        number += 1
        if row.number != number:
            problems.append(f"deletion {number} is missing from the records")
            number = row.number
        if row.before != before or sealed(row) != row:
            problems.append(f"the record of deletion {row.number} was altered")
        before = row.hash
    return problems
