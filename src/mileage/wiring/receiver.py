"""The receiver seen from outside: how near it is to its limits just now."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mileage.domain.load import Load
from mileage.reports.status import lag_seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mileage.domain.figures import IngestStatus
    from mileage.ingest.meters import Meters
    from mileage.ingest.pipeline import Pipeline
    from mileage.reports.snapshots import Snapshots
    from mileage.reports.status import Receiving

MICROS = 1_000_000
ORIGINS = frozenset({"otlp", "cloudevents", "litellm", "collect"})
"""What bodies are counted under that nobody can say a source of."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """Measures the load; asks no database, so that it answers whatever happens."""

    data: Path
    pipeline: Pipeline
    meters: Meters
    snapshots: Snapshots
    cadence: float
    """Seconds between two snapshots."""
    now: Callable[[], int]
    opened: float = field(default_factory=time.monotonic)

    def load(self) -> Load:
        """Return the load of this moment."""
        at = time.monotonic()
        queues, requests = self.pipeline.queues(), self.meters.door.read()
        syncs, appends = self.meters.syncs.read(), self.meters.appends.read()
        free, size = _disk(self.data)
        failed = syncs.last_failure if syncs.failing_since is not None else None
        return Load(
            to_write=queues.to_write,
            to_append=queues.to_append,
            queue_most=queues.most,
            room_taken=requests.room_taken,
            room=requests.room,
            lag_seconds=lag_seconds(self.pipeline.backlog()),
            catching_up=self.pipeline.replaying is not None,
            segment_bytes=_segment_bytes(self.data / "segments"),
            disk_free=free,
            disk_size=size,
            write_refused=_since(failed, at),
            append_failing=self._failing(appends.failing_since, at),
            append_age=_since(appends.last_success, at),
            append_failures=appends.failures,
            snapshot_age=self._snapshot_age(),
            uptime=at - self.opened,
            snapshot_cadence=self.cadence,
        )

    def _failing(self, since: float | None, at: float) -> float | None:
        if since is None and self.pipeline.failure is not None:
            # What lies behind cannot be read: no append was tried.
            return 0.0
        return _since(since, at)

    def _snapshot_age(self) -> float | None:
        published = self.snapshots.published_at()
        return None if published is None else max(0, self.now() - published) / MICROS


@dataclass(frozen=True, slots=True)
class Receiver:
    """Implements ``web.services.Receiver``."""

    meters: Meters
    receiving: Receiving
    sources: frozenset[str]

    def counts(self) -> IngestStatus:
        """Return the counts since the data directory began."""
        return self.receiving.counts()

    def load(self) -> Load:
        """Return how near the receiver is to its limits."""
        return self.receiving.load()


def _since(then: float | None, at: float) -> float | None:
    return None if then is None else max(0.0, at - then)


def _disk(path: Path) -> tuple[int | None, int | None]:
    """Return (bytes that are left for us, bytes in all) of the disk of a folder."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return None, None
    return usage.free, usage.total


def _segment_bytes(folder: Path) -> int:
    total = 0
    for path in folder.glob("*.seg"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            # Taken in as a whole, and removed between the two looks.
            continue
    return total
