"""The door of telemetry over one data directory: who may bring how much."""

from __future__ import annotations

import logging
import threading
import time
from asyncio import wrap_future
from typing import TYPE_CHECKING

from anyio import to_thread

from mileage.domain.directory import Rate
from mileage.domain.errors import Unavailable
from mileage.ingest.pipeline import FULL, refusal
from mileage.ingest.rates import Rates
from mileage.ingest.record import Record
from mileage.sources.installed import otlp_sources
from mileage.wiring.organisation import now
from mileage.wiring.pushes import Pushes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mileage.domain.people import Credential
    from mileage.domain.settings import Settings
    from mileage.domain.witness import Reading
    from mileage.ingest.pending import Waiting
    from mileage.ingest.push_format import Push, Receipt
    from mileage.wiring.organisation import Organisation

log = logging.getLogger(__name__)

NOTED_EVERY = 60.0
"""Seconds between two writes of when tokens were used last."""


class IngestDoor:
    """Implements ``web.services.Door`` over the pipeline."""

    def __init__(self, organisation: Organisation) -> None:
        self._have = organisation
        self.sources = otlp_sources()
        self._pushes = Pushes(organisation)
        self._rates = rates_of(organisation.policy.settings)
        self._uses = Uses(organisation.control.note_use, now)

    async def credential(self, bearer: str) -> Credential:
        """Return what a token stands for; raises Unauthorised and TooMany."""
        control = self._have.control
        known = control.recalled(bearer)
        if known is None:
            known = await to_thread.run_sync(control.admitted, bearer)
        credential, rate = known
        if self._have.pipeline.is_full:
            raise Unavailable(FULL)
        self._rates.admit(credential.token_id, rate)
        self._uses.note(credential.token_id)
        return credential

    def prepare(self, credential: Credential, reading: Reading, origin: str) -> Waiting:
        """Return what is to be written, as it will be written."""
        self._count(credential, reading)
        record = Record(credential, origin, reading, received=now())
        return self._have.pipeline.prepared(record)

    async def accept(self, prepared: Waiting) -> None:
        """Return once it is on disk."""
        await wrap_future(self._have.pipeline.submit_prepared(prepared))

    async def take_push(self, credential: Credential, push: Push | None) -> Receipt:
        """Return once a machine's rows are on disk."""
        if push is not None:
            self._count(credential, push.reading)
        return await self._pushes.take(credential, push)

    def _count(self, credential: Credential, reading: Reading) -> None:
        rows = len(reading.witnesses) + len(reading.activities)
        others = len(reading.rejected) + reading.ignored
        self._rates.bring(credential.token_id, rows + others)

    def refuse(self, credential: Credential, source: str, reason: str) -> None:
        """Keep count of a body that was answered 4xx."""
        reading = refusal(source, "request body", reason)
        try:
            self._have.pipeline.submit(Record(credential, source, reading))
        except Unavailable:
            log.warning("a refused body could not be counted: %s", reason)

    def close(self) -> None:
        """Write down what is known of tokens."""
        self._uses.close()


def rates_of(settings: Settings) -> Rates:
    """Return the limits of tokens that these settings set."""
    usual = Rate(settings.requests_per_second, settings.records_per_second)
    return Rates(usual, settings.burst_seconds, time.monotonic)


class Uses:
    """When tokens were used last: kept in memory, written down now and then."""

    def __init__(
        self, write: Callable[[Mapping[str, int]], None], now: Callable[[], int]
    ) -> None:
        self._write = write
        self._now = now
        self._lock = threading.Lock()
        self._used: dict[str, int] = {}
        self._timer: threading.Timer | None = None

    def note(self, token_id: str) -> None:
        """Remember a use; the first after a quiet time sets the clock."""
        with self._lock:
            self._used[token_id] = self._now()
            if self._timer is None:
                self._timer = threading.Timer(NOTED_EVERY, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """Write down what was noted; what the disk refuses is tried again later."""
        with self._lock:
            used, self._used, self._timer = self._used, {}, None
        try:
            self._write(used)
        except Unavailable as refusal:
            log.warning("when tokens were used could not be noted: %s", refusal)
            with self._lock:
                self._used = {**used, **self._used}

    def close(self) -> None:
        """Write down what is left."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
        self.write()
