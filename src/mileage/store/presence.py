"""Who was heard of where: rows in, beside the witnesses; ``heard`` gives them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.window import QUARTER, SECOND
from mileage.store.heard import Missed, hearing
from mileage.store.statements import insert, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import duckdb

    from mileage.domain.call import Seen
    from mileage.domain.coverage import Presence, VersionSeen
    from mileage.domain.window import Clock
    from mileage.store.heard import Heard, Readable, SourceRow
    from mileage.store.rules import Rules


Stamp = tuple[int, int]
"""(number of the append, when it was recorded)"""


class _Place(NamedTuple):
    """What one row is about."""

    account: str
    source: str
    client: str
    machine: str
    day: str
    client_version: str


class _Heard(NamedTuple):
    """What one row says."""

    first: int
    last: int
    witnesses: int
    least_delay: int | None

    def with_(self, other: _Heard) -> _Heard:
        """Return both together."""
        delays = [d for d in (self.least_delay, other.least_delay) if d is not None]
        return _Heard(
            min(self.first, other.first),
            max(self.last, other.last),
            self.witnesses + other.witnesses,
            min(delays, default=None),
        )


def record(
    cursor: duckdb.DuckDBPyConnection,
    rules: Rules,
    stamp: Stamp,
    fresh: Iterable[tuple[Seen, str, int]],
) -> None:
    """Note what new witnesses tell about being heard.

    Each comes with the machine that pushed it and with when it was received.
    """
    found: dict[_Place, _Heard] = {}
    for one, machine, received in fresh:
        witness = one.witness
        at = witness.occurred_at
        live = received and not rules.traits[witness.source].replayable
        place = _Place(
            one.account,
            witness.source,
            witness.client,
            machine,
            rules.clock.day(at).isoformat(),
            witness.client_version,
        )
        heard = _Heard(at, at, 1, received - at if live else None)
        found[place] = found[place].with_(heard) if place in found else heard
    _insert(cursor, {place: (stamp, heard) for place, heard in found.items()})


def fill(cursor: duckdb.DuckDBPyConnection, clock: Clock) -> None:
    """Tell the presence of an older ledger from its witnesses."""
    found: dict[_Place, tuple[Stamp, _Heard]] = {}
    for row in run(cursor, "presence_backlog"):
        account, source, client, version, quarter, seq, recorded_at = row[:7]
        first, last, witnesses = row[7:]
        day = clock.day(quarter * QUARTER * SECOND).isoformat()
        place = _Place(account, source, client, "", day, version)
        new = _Heard(first, last, witnesses, None)
        if place in found:
            stamp, old = found[place]
            found[place] = max(stamp, (seq, recorded_at)), old.with_(new)
        else:
            found[place] = (seq, recorded_at), new
    _insert(cursor, found)


def _insert(
    cursor: duckdb.DuckDBPyConnection, rows: dict[_Place, tuple[Stamp, _Heard]]
) -> None:
    if not rows:
        return
    names = ("seq", "recorded_at", *_Place._fields, *_Heard._fields)
    flat: list[tuple[Any, ...]] = [
        (*stamp, *place, *heard) for place, (stamp, heard) in rows.items()
    ]
    columns = map(list, zip(*flat, strict=True))
    insert(cursor, "presence.insert", dict(zip(names, columns, strict=True)))


def presence(ledger: Readable, account: str | None, recent: int) -> list[Presence]:
    """Return every presence; delays are those recorded from ``recent`` on."""
    with hearing(ledger) as heard:
        return heard.presence(_booked(heard, account), recent)


def versions(ledger: Readable, account: str | None, since: date) -> list[VersionSeen]:
    """Return the versions of clients in use since a local day."""
    with hearing(ledger) as heard:
        return heard.versions(_booked(heard, account), since)


def sources(
    ledger: Readable, account: str | None, missed: Missed | None = None
) -> list[SourceRow]:
    """Return each source of one account or of all, and how many miss it."""
    with hearing(ledger) as heard:
        return heard.sources(account, missed or Missed())


def _booked(heard: Heard, account: str | None) -> list[str]:
    if account is not None:
        return heard.booked(account)
    return [one for several in heard.accounts().values() for one in several]
