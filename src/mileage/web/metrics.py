"""The receiver's figures for Prometheus: names, units, and what they mean.

Names are stable: people's alerts rest on them. ``docs/reference/metrics.md`` has them
all, and a test holds it to that.
"""

from __future__ import annotations

import time
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from mileage import __version__
from mileage.domain.load import KINDS, STATES, strains
from mileage.ingest.meters import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric

    from mileage.domain.figures import IngestStatus, SourceStatus
    from mileage.domain.load import Load
    from mileage.ingest.meters import Distribution
    from mileage.web.services import Receiver

PREFIX = "mileage_"
OTHER = "other"
"""Source of everything that no installed source is named like: labels stay few."""

# Only grow, and keep what they counted over restarts: the ledger remembers.
COUNTED = {
    "accepted": "Witnesses taken in since the data directory began.",
    "durable": "Witnesses that are on disk.",
    "visible": "Witnesses that the ledger holds.",
    "rejected": "Records that should be usage and could not be read.",
    "ignored": "Records that are no usage.",
    "duplicates": "Witnesses that the ledger held already.",
}


class ReceiverFigures(Collector):
    """Reads the receiver at the moment of asking; keeps nothing."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def describe(self) -> list[Metric]:
        """Declare nothing: registering must not ask the ledger."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every family, also those that are still 0."""
        yield InfoMetricFamily(
            PREFIX + "build", "Version that runs.", {"version": __version__}
        )
        status = self._receiver.counts()
        yield from _counts(status)
        yield from _sources(status.sources, self._receiver.sources)
        yield from self._door()
        yield from _load(status.load)
        yield from _state(status.load)
        yield from self._disk_work()

    def _door(self) -> Iterator[Metric]:
        requests = self._receiver.meters.door.read()
        answered = CounterMetricFamily(
            PREFIX + "requests",
            "Requests that brought usage, by how they were answered.",
            labels=("transport", "status"),
        )
        for (transport, status), count in sorted(requests.answered.items()):
            answered.add_metric((transport, str(status)), count)
        yield answered
        yield _gauge("requests_in_flight", "Being answered.", requests.in_flight)
        yield CounterMetricFamily(
            PREFIX + "request_body_bytes",
            "Bytes of bodies, as they were sent.",
            requests.body_bytes,
        )
        about = "Memory that bodies take, and may take at once."
        room = GaugeMetricFamily(PREFIX + "body_room_bytes", about, labels=("kind",))
        room.add_metric(("taken",), requests.room_taken)
        room.add_metric(("most",), requests.room)
        yield room

    def _disk_work(self) -> Iterator[Metric]:
        syncs = self._receiver.meters.syncs.read()
        appends = self._receiver.meters.appends.read()
        yield _histogram(
            "segment_sync_seconds",
            "Writing records to a segment until they are on disk.",
            syncs,
        )
        yield CounterMetricFamily(
            PREFIX + "segment_sync_failures",
            "Writes to a segment that the disk refused.",
            syncs.failures,
        )
        yield _histogram(
            "ledger_append_seconds", "One transaction of the ledger.", appends
        )
        yield CounterMetricFamily(
            PREFIX + "ledger_append_failures",
            "Transactions that the ledger refused; each is tried again.",
            appends.failures,
        )
        yield _gauge(
            "ledger_last_append_timestamp_seconds",
            "When the ledger last took something in (Unix time); 0 not since start.",
            _unix(appends.last_success),
        )


def _counts(status: IngestStatus) -> Iterator[Metric]:
    for name, about in COUNTED.items():
        yield CounterMetricFamily(PREFIX + name, about, getattr(status, name))
    yield _gauge(
        "lag_seconds",
        "Age of the oldest witness that is not yet visible.",
        status.lag_seconds,
    )
    waiting = GaugeMetricFamily(
        PREFIX + "pending_witnesses",
        "Accepted witnesses that are not yet visible, by where they are.",
        labels=("place",),
    )
    taken = status.visible + status.duplicates
    waiting.add_metric(("memory",), status.accepted - status.durable)
    waiting.add_metric(("disk",), status.durable - taken)
    yield waiting


def _sources(
    sources: Iterable[SourceStatus], known: frozenset[str]
) -> Iterator[Metric]:
    labels = ("source", "outcome")
    witnesses = CounterMetricFamily(
        PREFIX + "source_witnesses",
        "Witnesses by source: visible, or a duplicate.",
        labels=labels,
    )
    records = CounterMetricFamily(
        PREFIX + "source_records",
        "Records that are no witness, by source: rejected, or ignored.",
        labels=labels,
    )
    sums: dict[str, list[int]] = {}
    for one in sources:
        name = one.source if one.source in known else OTHER
        counts = (one.witnesses, one.duplicates, one.rejected, one.ignored)
        before = sums.get(name, [0] * len(counts))
        sums[name] = [a + b for a, b in zip(before, counts, strict=True)]
    for name, (visible, duplicates, rejected, ignored) in sorted(sums.items()):
        witnesses.add_metric((name, "visible"), visible)
        witnesses.add_metric((name, "duplicate"), duplicates)
        records.add_metric((name, "rejected"), rejected)
        records.add_metric((name, "ignored"), ignored)
    yield witnesses
    yield records


def _load(load: Load) -> Iterator[Metric]:
    about = "Records that wait, and may wait, for a segment or for the ledger."
    queues = GaugeMetricFamily(
        PREFIX + "queue_records", about, labels=("queue", "kind")
    )
    for queue, waiting in (("write", load.to_write), ("append", load.to_append)):
        queues.add_metric((queue, "waiting"), waiting)
        queues.add_metric((queue, "most"), load.queue_most)
    yield queues
    yield _gauge("segment_bytes", "Write-ahead segments on disk.", load.segment_bytes)
    about = "The disk of the data directory."
    disk = GaugeMetricFamily(PREFIX + "data_disk_bytes", about, labels=("kind",))
    for kind, count in (("free", load.disk_free), ("size", load.disk_size)):
        if count is not None:
            disk.add_metric((kind,), count)
    yield disk
    age = GaugeMetricFamily(
        PREFIX + "snapshot_age_seconds", "Since the standings were published."
    )
    if load.snapshot_age is not None:
        age.add_metric((), load.snapshot_age)
    yield age


def _state(load: Load) -> Iterator[Metric]:
    found = strains(load)
    worst = max((STATES.index(one.severity) for one in found), default=0)
    state = GaugeMetricFamily(
        PREFIX + "state", "1 for the state that the receiver is in.", labels=("state",)
    )
    for number, name in enumerate(STATES):
        state.add_metric((name,), number == worst)
    yield state
    strain = GaugeMetricFamily(
        PREFIX + "strain", "1 for every limit that is near.", labels=("kind",)
    )
    kinds = {one.kind for one in found}
    for kind in KINDS:
        strain.add_metric((kind,), kind in kinds)
    yield strain


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, about, value)


def _histogram(name: str, about: str, found: Distribution) -> HistogramMetricFamily:
    bounds = [*map(str, BOUNDS), "+Inf"]
    buckets = list(zip(bounds, accumulate(found.counts), strict=True))
    return HistogramMetricFamily(PREFIX + name, about, buckets, found.seconds)


def _unix(monotonic: float | None) -> float:
    if monotonic is None:
        return 0.0
    return time.time() - (time.monotonic() - monotonic)
