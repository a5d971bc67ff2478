"""The receiving side of ``mileage collect --to``: the client is not trusted."""

from __future__ import annotations

import hmac
from asyncio import wrap_future
from typing import TYPE_CHECKING

from anyio import to_thread

from mileage import __version__
from mileage.domain.rejecting import less, records
from mileage.domain.witness import Reading, Rejected
from mileage.ingest.push_format import UNKNOWN_SOURCE, Receipt, reasons
from mileage.ingest.record import Record
from mileage.sources.installed import log_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.people import Credential
    from mileage.ingest.push_format import Push
    from mileage.wiring.organisation import Organisation


class Pushes:
    """Takes rows of people's machines in, after another look at each of them."""

    def __init__(self, organisation: Organisation) -> None:
        self._have = organisation
        self._key = organisation.control.project_key()
        self._epoch = organisation.control.epoch()
        self._sources = tuple(sorted(one.traits.name for one in log_sources()))

    async def take(self, credential: Credential, push: Push | None) -> Receipt:
        """Return once the rows are on disk; raises Unavailable if they cannot be."""
        if push is None:
            return self._receipt(credential, Reading(), ())
        reading = push.reading
        if push.source not in self._sources:
            reading = Reading(rejected=tuple(_refused(push)))
        given = Record(credential, push.source, reading, push.machine)
        waiting = await to_thread.run_sync(self._have.pipeline.prepared, given)
        await wrap_future(self._have.pipeline.submit_prepared(waiting))
        record = waiting.record
        # What the machine itself could not read, it knows.
        new = less(record.reading.rejected, push.reading.rejected)
        return self._receipt(credential, record.reading, (*push.refused, *new))

    def _receipt(
        self, credential: Credential, taken: Reading, rejected: tuple[Rejected, ...]
    ) -> Receipt:
        owner = credential.account_id or f"collector {credential.collector}"
        # After a restore it is another one, and machines send what they still have.
        whose = f"recipient {owner}".encode() + self._epoch
        recipient = hmac.digest(self._key, whose, "sha256")
        return Receipt(
            witnesses=len(taken.witnesses),
            activities=len(taken.activities),
            rejected=records(rejected),
            reasons=reasons(rejected),
            recipient=f"rcp_{recipient.hex()[:24]}",
            sources=self._sources,
            version=__version__,
        )


def _refused(push: Push) -> Iterator[Rejected]:
    """Count every row of a source that nobody here could join or explain."""
    rows = len(push.reading.witnesses) + len(push.reading.activities)
    for number in range(1, rows + 1):
        yield Rejected(push.source, f"row {number}", UNKNOWN_SOURCE)
    yield from push.reading.rejected
