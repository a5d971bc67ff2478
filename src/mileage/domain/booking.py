"""A reading whose rows have been booked to accounts: what the ledger takes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.witness import Activity, Batch, Rejected, Witness


class Position(NamedTuple):
    """A place in the write-ahead segments: everything before it is taken in."""

    segment: int
    record: int


class Done(NamedTuple):
    """An activity and the account it was booked to."""

    activity: Activity
    account: str
    asserted: bool


class Refusal(NamedTuple):
    """A rejected record and the account whose credential brought it ('' none)."""

    rejected: Rejected
    account: str


class Brought(NamedTuple):
    """How a run of witnesses came here."""

    witnesses: int
    """How many of ``Booking.seen``, in their order."""
    machine: str
    """Opaque id of the machine that pushed them, or ''."""
    received: int
    """When live telemetry came in, UTC microseconds; 0 for what was read later."""


class Run(NamedTuple):
    """Witnesses by column, booked to accounts, that came here together."""

    witnesses: Batch[Witness]
    accounts: list[str]
    """One a witness."""
    asserted: bool
    """The accounts come from the payload, not from the credential."""
    machine: str
    """Opaque id of the machine that pushed them, or ''."""
    received: int
    """When live telemetry came in, UTC microseconds; 0 for what was read later."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One append: all of it becomes visible, or none."""

    seen: tuple[Seen, ...] = ()
    done: tuple[Done, ...] = ()
    refused: tuple[Refusal, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()
    """(source, records) that were no usage."""
    brought: tuple[Brought, ...] = ()
    """Covers ``seen`` from its start; what it leaves out came from nowhere known."""
    runs: tuple[Run, ...] = ()
    """More witnesses, by column: that is many times as fast."""

    def rows(self) -> Iterator[Seen]:
        """Return every witness, those of runs first."""
        for run in self.runs:
            pairs = zip(run.witnesses.rows(), run.accounts, strict=True)
            yield from (Seen(witness, who, run.asserted) for witness, who in pairs)
        yield from self.seen


class Appended(NamedTuple):
    """What an append did."""

    visible: int
    """Witnesses stored."""
    duplicates: int
    """Witnesses that were stored already, to the last field."""
    calls: int
    """Calls that are new or changed."""
