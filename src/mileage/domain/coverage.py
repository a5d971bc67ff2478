"""How completely each source covers an account: pure functions of what was heard."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from statistics import median_high
from typing import TYPE_CHECKING, Literal, NamedTuple

from mileage.domain.window import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from mileage.domain.call import SourceTraits

SourceKind = Literal["log", "telemetry", "gateway", "filler"]

PATIENCE_DAYS = 2
"""How far a source may lag behind another before it counts as stopped: logs are
collected later than telemetry comes in, and a day can end in another zone."""
GONE_DAYS = 90
"""A source that has been silent for longer is not used any more."""
RECENT_DAYS = 30
"""Gaps before these are history."""
SKEW = 120 * SECOND
"""Clocks that differ by less are in step: it is how long telemetry may travel."""
LATE = 12 * 3600 * SECOND
"""What takes longer to come in was delivered late, whatever the clock says."""


class Presence(NamedTuple):
    """What one source told of one account on one machine, all in all."""

    account: str
    source: str
    client: str
    machine: str
    """Opaque; '' when nobody said."""
    first: int
    last: int
    """UTC microseconds of the earliest and the latest call."""
    heard: int
    """When the ledger last recorded something of it."""
    witnesses: int
    days: tuple[date, ...]
    """Local days with a call, in order."""
    client_version: str
    """Of the latest call that names one, else ''."""
    least_delay: int | None
    """Least time from call to receipt among the live ones that came in last, within a
    day, microseconds; None if that is long ago."""


class VersionSeen(NamedTuple):
    """A version of a client that an account used."""

    account: str
    source: str
    client: str
    client_version: str
    witnesses: int
    current: bool = True
    """Whether it is the latest on a machine; else something newer came from there."""


@dataclass(frozen=True, slots=True)
class MachineCoverage:
    """What one machine of an account told through one source."""

    machine: str
    last_day: date
    witnesses: int
    active_days: int
    gap_days: tuple[date, ...]
    """Recent days on which the account used the client, and not from here."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How completely one source covers one client of one account."""

    account: str
    client: str
    source: str
    kind: SourceKind
    first: int
    last: int
    """UTC microseconds of the earliest and the latest call."""
    heard: int
    """When the ledger last recorded something of it."""
    witnesses: int
    last_day: date
    active_days: int
    cadence_days: int | None
    """Typical distance between two active days; None with fewer than two."""
    gap_days: tuple[date, ...]
    """Recent days on which another source saw this client at work, and it did not."""
    stopped: bool
    """It fell silent while another source of the client went on, and is missed: it
    counts calls, and was used in the last ``GONE_DAYS``."""
    silent_days: int
    """Whole days since its last one."""
    version: str
    """The client's latest version, '' when the source does not say."""
    clock_ahead: int | None
    """Microseconds by which the client's clock is ahead (below zero: behind, or its
    telemetry travels that long); None when nothing live came in lately."""
    machines: tuple[MachineCoverage, ...]


def kind_of(traits: SourceTraits | None) -> SourceKind:
    """Tell what a source is to completeness; one that is gone was read from files."""
    if traits is None:
        return "log"
    if traits.gap:
        return "filler"
    if traits.gateway:
        return "gateway"
    return "log" if traits.replayable else "telemetry"


def coverages(
    rows: Iterable[Presence], traits: Mapping[str, SourceTraits], today: date
) -> list[Coverage]:
    """Return how completely each source covers each client of each account."""
    clients: dict[tuple[str, str], dict[str, list[Presence]]] = {}
    for row in rows:
        sources = clients.setdefault((row.account, row.client), {})
        sources.setdefault(row.source, []).append(row)
    return [
        _coverage(parts, kind_of(traits.get(source)), _Beside(sources, source, today))
        for sources in clients.values()
        for source, parts in sources.items()
    ]


class _Beside:
    """What the other sources of the same client and account saw."""

    def __init__(
        self, sources: Mapping[str, Sequence[Presence]], source: str, today: date
    ) -> None:
        self.today = today
        everything = [row for parts in sources.values() for row in parts]
        self.all_days = {day for row in everything for day in row.days}
        self.others = {
            day for row in everything if row.source != source for day in row.days
        }

    def gaps(self, own: set[date], seen: set[date]) -> tuple[date, ...]:
        """Return recent, finished days that were seen, since the own first one."""
        first = max(min(own), self.today - timedelta(days=RECENT_DAYS))
        return tuple(sorted(d for d in seen - own if first <= d < self.today))


def _coverage(parts: Sequence[Presence], kind: SourceKind, beside: _Beside) -> Coverage:
    days = {day for row in parts for day in row.days}
    last_day = max(days)
    silent_days = max(0, (beside.today - last_day).days)
    latest = max(parts, key=lambda row: (row.client_version != "", row.last))
    delays = [row.least_delay for row in parts if row.least_delay is not None]
    return Coverage(
        account=latest.account,
        client=latest.client,
        source=latest.source,
        kind=kind,
        first=min(row.first for row in parts),
        last=max(row.last for row in parts),
        heard=max(row.heard for row in parts),
        witnesses=sum(row.witnesses for row in parts),
        last_day=last_day,
        active_days=len(days),
        cadence_days=_cadence(days),
        gap_days=beside.gaps(days, beside.others),
        stopped=kind != "filler"
        and silent_days <= GONE_DAYS
        and max(beside.others, default=last_day)
        > last_day + timedelta(days=PATIENCE_DAYS),
        silent_days=silent_days,
        version=latest.client_version,
        clock_ahead=-min(delays) if delays else None,
        machines=_machines(parts, beside),
    )


def _cadence(days: set[date]) -> int | None:
    ordered = sorted(days)
    distances = [
        (later - earlier).days for earlier, later in itertools.pairwise(ordered)
    ]
    return median_high(distances) if distances else None


def _machines(
    parts: Sequence[Presence], beside: _Beside
) -> tuple[MachineCoverage, ...]:
    by_machine: dict[str, list[Presence]] = defaultdict(list)
    for row in parts:
        if row.machine:
            by_machine[row.machine].append(row)
    found = []
    for machine, rows in sorted(by_machine.items()):
        days = {day for row in rows for day in row.days}
        found.append(
            MachineCoverage(
                machine,
                max(days),
                sum(row.witnesses for row in rows),
                len(days),
                beside.gaps(days, beside.all_days),
            )
        )
    return tuple(found)
