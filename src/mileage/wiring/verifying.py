"""Checking a data directory part by part, so that a caller sees how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.checked import Checked
from mileage.domain.errors import Invalid
from mileage.ingest.checking import check_quarantine, check_segments
from mileage.reports.snapshot_files import check_snapshots
from mileage.store import verify
from mileage.store.retention import check_deletions

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.store.ledger import Ledger
    from mileage.wiring.organisation import Organisation


def _segments(organisation: Organisation) -> Checked:
    segments = organisation.pipeline.segments
    return check_segments(segments, segments.written)


def _quarantine(organisation: Organisation) -> Checked:
    return check_quarantine(organisation.pipeline.quarantine)


def _snapshots(organisation: Organisation) -> Checked:
    return check_snapshots(organisation.data / "snapshots")


def _of_ledger(
    part: str, check: Callable[[Ledger], tuple[int, list[str]]]
) -> Callable[[Organisation], Checked]:
    def checked(organisation: Organisation) -> Checked:
        organisation.pipeline.drain()
        looked_at, problems = check(organisation.ledger)
        return Checked(part, looked_at, tuple(problems))

    return checked


_CHECKS: dict[str, Callable[[Organisation], Checked]] = {
    "segments": _segments,
    "quarantine": _quarantine,
    "snapshots": _snapshots,
    "calls": _of_ledger("calls", verify.check_calls),
    "hours": _of_ledger("hours", verify.check_hours),
    "days": _of_ledger("days", verify.check_days),
    "sessions": _of_ledger("sessions", verify.check_sessions),
    "activities": _of_ledger("activities", verify.check_activities),
    "past": _of_ledger("past", verify.check_past),
    "deletions": _of_ledger("deletions", check_deletions),
}
PARTS = tuple(_CHECKS)


def check(organisation: Organisation, part: str) -> Checked:
    """Check one of ``PARTS``."""
    if part not in _CHECKS:
        message = f"the running server cannot check {part!r}; is it older?"
        raise Invalid(message)
    return _CHECKS[part](organisation)
