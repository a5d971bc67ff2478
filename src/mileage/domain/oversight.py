"""How people's figures are read, as those see it who watch over that; as values.

Instants are UTC microseconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mileage.domain.audit_policy import Brakes
    from mileage.domain.directory import AuditRow


class Stopped(NamedTuple):
    """Somebody who wanted to read more of others than a day allows."""

    at: int
    account_id: str
    name: str
    what: str
    """``people`` or ``exports``."""
    detail: str


class DaysReader(NamedTuple):
    """What one person has read of others today (UTC)."""

    account_id: str
    name: str
    reads: int
    exports: int
    most: int
    """People named by the read that named most."""
    last: int


class Counted(NamedTuple):
    """Reads of one report for one purpose; names nobody."""

    report: str
    purpose: str
    reads: int
    readers: int


class LogState(NamedTuple):
    """How far a log is vouched for."""

    log: str
    entries: int
    signed: int
    """Entries up to the last checkpoint."""
    signed_at: int | None


@dataclass(frozen=True, slots=True)
class OversightPage:
    """Everything, or the parts of it that a role may see: None is left out."""

    since: int
    """From when on reads are counted and those stopped are listed."""
    brakes: Brakes
    counted: tuple[Counted, ...]
    logs: tuple[LogState, ...]
    stopped: tuple[Stopped, ...] | None
    stopped_people: int
    """How many different people were stopped."""
    readers: tuple[DaysReader, ...] | None
    changes: tuple[AuditRow, ...] | None
    purpose: str
