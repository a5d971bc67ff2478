"""Deleting by policy: what is due, and doing it, in the ledger and in files."""

from __future__ import annotations

import logging
import threading
import time
from hashlib import sha256
from typing import TYPE_CHECKING

from mileage.domain.deletion import Due
from mileage.domain.errors import MileageError
from mileage.reports.snapshot_files import superfluous
from mileage.store import retention
from mileage.wiring.erasing import finish_erasures

if TYPE_CHECKING:
    from mileage.domain.deletion import Deletion
    from mileage.wiring.organisation import Organisation

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400
SETTLING_SECONDS = 1.0
"""What was let in before the horizon moved is submitted by then."""


def plan(organisation: Organisation) -> list[Due]:
    """Return what the policy would delete now."""
    found = [
        retention.due(organisation.ledger, kind, _days(organisation, kind))
        for kind in retention.KINDS
    ]
    return [one for one in (*found, _snapshots_due(organisation)) if one is not None]


def apply(organisation: Organisation) -> list[Deletion]:
    """Delete what is due, record it, and overwrite what the files still hold of it."""
    done = finish_erasures(organisation)
    for found in plan(organisation):
        if found.kind == "snapshots":
            done.append(_thin_snapshots(organisation, found))
            continue
        if found.kind == "calls":
            organisation.horizon.move(found.until)
            time.sleep(SETTLING_SECONDS)
            organisation.pipeline.drain()
        days = _days(organisation, found.kind)
        done.append(retention.delete(organisation.ledger, found, days))
    retention.scrub(organisation.ledger)
    return done


def _days(organisation: Organisation, kind: str) -> int:
    settings = organisation.policy.settings
    return {
        "calls": settings.calls_days,
        "activities": settings.activities_days,
        "rejections": settings.rejections_days,
    }[kind]


def _superfluous(organisation: Organisation) -> list[int]:
    settings = organisation.policy.settings
    return superfluous(
        organisation.snapshots.instants(),
        organisation.ledger.now(),
        settings.every_snapshot_days,
        settings.hourly_snapshot_days,
    )


def _snapshots_due(organisation: Organisation) -> Due | None:
    instants = _superfluous(organisation)
    settings = organisation.policy.settings
    policy = (
        f"retention.every_snapshot_days = {settings.every_snapshot_days}, "
        f"retention.hourly_snapshot_days = {settings.hourly_snapshot_days}"
    )
    if not instants:
        return None
    return Due("snapshots", instants[-1] + 1, len(instants), policy)


def _thin_snapshots(organisation: Organisation, found: Due) -> Deletion:
    instants = _superfluous(organisation)
    names = "\n".join(f"{one:020d}" for one in instants)
    ids = sha256(names.encode()).hexdigest()
    rows = len(instants)
    made = retention.record(organisation.ledger, found._replace(rows=rows), ids)
    organisation.snapshots.remove(instants)
    return made


class Daily:
    """Deletes what is due once a day, and once a while after the start."""

    def __init__(self, organisation: Organisation, first: float = 300.0) -> None:
        self._have = organisation
        self._first = first
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="mileage-retention", daemon=True
        )

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Finish what is being deleted."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        pause = self._first
        while not self._stop.wait(pause):
            pause = DAY_SECONDS
            try:
                for one in apply(self._have):
                    log.warning("deleted %d %s (%s)", one.rows, one.kind, one.policy)
            except (MileageError, OSError) as error:
                log.warning("what is due for deletion stays today: %s", error)
