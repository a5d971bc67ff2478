"""What figures rest on: which sources, up to when, what is missing."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.coverage import (
    GONE_DAYS,
    PATIENCE_DAYS,
    RECENT_DAYS,
    coverages,
    kind_of,
)
from mileage.domain.figures import Completeness, SourceSeen
from mileage.domain.problems import problems_of
from mileage.domain.window import SECOND
from mileage.store import presence, queries
from mileage.store.heard import Missed
from mileage.store.retention import horizon

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mileage.domain.client_faults import Fault
    from mileage.domain.coverage import Coverage
    from mileage.domain.problems import Problem
    from mileage.store.ledger import Ledger

SIMULATED_NOTE = (
    "{accounts} accounts with {calls:,} calls are simulated-rollup: generated for "
    "this demonstration, no calls behind them"
)
SKEW_DAYS = 14
"""A clock is judged by what it sent in these."""
DAY = 86_400 * SECOND


def completeness(
    ledger: Ledger, account: str | None = None, faults: Sequence[Fault] = ()
) -> Completeness:
    """Return what the figures of one account, or of all, rest on."""
    span = queries.span(ledger)
    rejected = _rejected(ledger, account)
    if account is None:
        sources = _of_everybody(ledger, rejected)
        missing = [*_simulated(span), *_stopped(sources)]
    else:
        covered = coverage(ledger, account)
        sources = _of_one(covered, rejected)
        missing = [one.problem for one in problems(ledger, covered, account, faults)]
    missing = [*missing, *_unreadable(ledger, rejected), *_deleted(ledger)]
    return Completeness(sources, span.until, tuple(missing))


def _deleted(ledger: Ledger) -> list[str]:
    """Say from when on there is more than sums."""
    begin = horizon(ledger)
    if not begin:
        return []
    day = ledger.rules.clock.day(begin).isoformat()
    return [f"calls before {day} were deleted by policy: of them only sums are kept"]


def coverage(
    ledger: Ledger, account: str | None = None, now: int | None = None
) -> list[Coverage]:
    """Return how completely each source covers each client of one account, or all."""
    now = ledger.now() if now is None else now
    rows = presence.presence(ledger, account, now - SKEW_DAYS * DAY)
    return coverages(rows, ledger.rules.traits, ledger.rules.clock.day(now))


def problems(
    ledger: Ledger,
    covered: Iterable[Coverage],
    account: str | None = None,
    faults: Sequence[Fault] = (),
) -> list[Problem]:
    """Return what is missing or wrong in what was heard."""
    since = ledger.rules.clock.day(ledger.now()) - timedelta(days=RECENT_DAYS)
    versions = presence.versions(ledger, account, since) if faults else []
    return problems_of(covered, versions, faults)


def _of_everybody(
    ledger: Ledger, rejected: Mapping[str, _Refused]
) -> tuple[SourceSeen, ...]:
    rows = {one.source: one for one in presence.sources(ledger, None, _missed(ledger))}
    return tuple(
        SourceSeen(
            source=name,
            witnesses=rows[name].witnesses if name in rows else 0,
            first=rows[name].first if name in rows else None,
            last=rows[name].last if name in rows else None,
            rejected=rejected.get(name, _NONE).records,
            accounts=rows[name].accounts if name in rows else 0,
            stopped=rows[name].stopped if name in rows else 0,
        )
        for name in sorted({*rows, *rejected})
    )


def _missed(ledger: Ledger) -> Missed:
    today = ledger.rules.clock.day(ledger.now())
    traits = ledger.rules.traits
    fillers = [name for name, one in traits.items() if kind_of(one) == "filler"]
    return Missed(PATIENCE_DAYS, today - timedelta(days=GONE_DAYS), fillers)


def _of_one(
    covered: Iterable[Coverage], rejected: Mapping[str, _Refused]
) -> tuple[SourceSeen, ...]:
    """Sum one account's coverage by source: a source can see several clients."""
    by_source: dict[str, list[Coverage]] = defaultdict(list)
    for one in covered:
        by_source[one.source].append(one)
    return tuple(
        _source_seen(name, by_source[name], rejected.get(name, _NONE).records)
        if name in by_source
        else SourceSeen(name, 0, None, None, rejected[name].records)
        for name in sorted({*by_source, *rejected})
    )


def _source_seen(name: str, parts: Sequence[Coverage], rejected: int) -> SourceSeen:
    latest = max(parts, key=lambda one: one.last)
    return SourceSeen(
        source=name,
        witnesses=sum(one.witnesses for one in parts),
        first=min(one.first for one in parts),
        last=latest.last,
        rejected=rejected,
        accounts=1,
        stopped=int(any(one.stopped for one in parts)),
        clients=tuple(sorted(one.client for one in parts)),
        active_days=max(one.active_days for one in parts),
        cadence_days=latest.cadence_days,
        gap_days=len({day for one in parts for day in one.gap_days}),
        silent_days=latest.silent_days,
        machines=len({each.machine for one in parts for each in one.machines}),
        version=latest.version,
        clock_ahead=latest.clock_ahead,
    )


class _Refused(NamedTuple):
    """What one source could not read."""

    records: int
    last: int
    """UTC microseconds at which the ledger took in the latest."""


_NONE = _Refused(0, 0)


def _rejected(ledger: Ledger, account: str | None) -> dict[str, _Refused]:
    found: dict[str, _Refused] = {}
    for one in queries.rejections(ledger, account):
        before = found.get(one.source, _NONE)
        latest = max(before.last, one.last or 0)
        found[one.source] = _Refused(before.records + one.count, latest)
    return found


def _simulated(span: queries.Span) -> list[str]:
    if not span.simulated_accounts:
        return []
    return [
        SIMULATED_NOTE.format(
            accounts=span.simulated_accounts, calls=span.simulated_calls
        )
    ]


def _stopped(sources: Iterable[SourceSeen]) -> list[str]:
    return [
        f"{one.source} fell silent for {one.stopped:,} "
        f"{'account' if one.stopped == 1 else 'accounts'} while another source of the "
        "same client went on"
        for one in sources
        if one.stopped
    ]


def _unreadable(ledger: Ledger, rejected: Mapping[str, _Refused]) -> list[str]:
    """Say what could not be read when it came; it may have been read since."""
    day = ledger.rules.clock.day
    return [
        f"{one.records:,} {'record' if one.records == 1 else 'records'} of {source} "
        f"could not be read when {'it' if one.records == 1 else 'they'} came in, the "
        f"latest on {day(one.last)}"
        for source, one in sorted(rejected.items())
    ]
