"""The plain lane: calls of one witness, taken in by column.

Most calls are seen by one source, once, and nothing could belong to them. What comes in
is sorted by set operations in the database: what is stored already, to the last field,
is dropped; what may touch anything stored, or anything else that comes in, goes the
ordinary way (``store.appending``), row by row; all others become calls at once.

A witness may touch another one if they have a name in common (a key, an id), if they
are of a session that must be read as a whole, or if a gateway sees the account's calls.
``docs/explanation/once-and-only-once.md`` tells why the ledger says the same then.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.window import QUARTER, SECOND
from mileage.store import past
from mileage.store.arrived import arrived
from mileage.store.owners import claims_in_force, owned
from mileage.store.profiles import Profiles
from mileage.store.relatives import Scope, reach
from mileage.store.statements import insert_with, run

if TYPE_CHECKING:
    import duckdb

    from mileage.domain.joining import Joining
    from mileage.store.arrivals import Arrivals
    from mileage.store.rules import Rules, Tariffs

MOST = 2**63 - 1
"""No prompt is above it."""
_EPOCH = date(1970, 1, 1)
_RATES = ("provider", "model", "tier", "utc_day", "above", "up_to", "rates")


class Sorted(NamedTuple):
    """What came of the witnesses of one booking."""

    others: list[int]
    """The places of those that have to go the ordinary way."""
    scope: Scope
    """How far these have to be followed."""
    calls: dict[str, int]
    """How many plain calls there are, by source."""


class PlainLane:
    """Takes in the plain calls of one append."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        rules: Rules,
        joining: Joining,
        stamp: tuple[int, int],
    ) -> None:
        self._cursor = cursor
        self._rules = rules
        self._joining = joining
        self._seq, self._recorded_at = stamp

    def take(self, arrivals: Arrivals, tariffs: Tariffs) -> Sorted:
        """Store the plain calls and add them up; tell what is left to do."""
        sources = set(arrivals.columns["source"])
        self._build(arrivals, sources)
        times = arrivals.columns["occurred_at"]
        hours = reach(
            (min(times), max(times)),
            replayable=any(self._joining.traits(one).replayable for one in sources),
        )
        self._drop_known(hours)
        profiles, others = self._sort(arrivals)
        calls = dict(run(self._cursor, "arriving.counts"))
        if calls:
            self._insert(tariffs)
            before = past.late_before(self._recorded_at)
            if min(times) < before * SECOND:
                run(self._cursor, "past_changed.add", seq=self._seq, before=before)
        return Sorted(others, Scope(hours, profiles), calls)

    def _build(self, arrivals: Arrivals, sources: set[str]) -> None:
        clock = self._rules.clock
        step = QUARTER * SECOND
        quarters = sorted({time // step for time in arrivals.columns["occurred_at"]})
        traits = [self._joining.traits(name) for name in sorted(sources)]
        with arrived(self._cursor, arrivals.columns):
            run(
                self._cursor,
                "arriving.build",
                quarters=quarters,
                hours=[clock.hour(quarter * step) for quarter in quarters],
                days=[clock.day(quarter * step).isoformat() for quarter in quarters],
                sources=[one.name for one in traits],
                replayable=[one.replayable for one in traits],
                eligible=[not (one.gap or one.gateway or one.sums) for one in traits],
            )

    def _drop_known(self, hours: tuple[int, int]) -> None:
        """Leave out what arrived twice or is stored; note what may be met again."""
        within = {"first_hour": hours[0], "last_hour": hours[1]}
        if not _count(run(self._cursor, "arriving.met", **within)):
            return
        dropped = _count(run(self._cursor, "arriving.drop_stored", **within))
        dropped += _count(run(self._cursor, "arriving.drop_repeated"))
        if dropped:
            run(self._cursor, "arriving.met", **within)

    def _sort(self, arrivals: Arrivals) -> tuple[Profiles, list[int]]:
        """Take out what may belong to something else; return its places."""
        claims = claims_in_force(self._cursor)
        places = [place for (place,) in run(self._cursor, "arriving.samples")]
        samples = [owned(one, claims) for one in arrivals.seen(places)]
        profiles = Profiles(self._cursor, self._joining, samples)
        sessions = {one.witness.session for one in samples} - {""}
        accounts = {one.account for one in samples}
        profiles.look_up(sessions, accounts)
        kept_back = {
            "sessions": list(filter(profiles.is_wanted, sessions)),
            "accounts": [*claims, *filter(profiles.has_gateway, accounts)],
        }
        others = [
            place for (place,) in run(self._cursor, "arriving.others", **kept_back)
        ]
        if others:
            run(self._cursor, "arriving.drop", places=others)
        return profiles, others

    def _insert(self, tariffs: Tariffs) -> None:
        stamp = {"seq": self._seq, "recorded_at": self._recorded_at}
        rates = self._rates(tariffs)
        insert_with(
            self._cursor,
            "plain_call.insert",
            rates,
            version=tariffs.version,
            **stamp,
        )
        run(self._cursor, "presence.add", **stamp)
        for name in ("rollup_hour", "rollup_day", "rollup_session"):
            run(self._cursor, f"{name}.merge", seq=self._seq)

    def _rates(self, tariffs: Tariffs) -> dict[str, list[Any]]:
        """Return the brackets of everything that has a price, by column."""
        rows = []
        for provider, model, tier, number in run(self._cursor, "arriving.tariffs"):
            day = _EPOCH + timedelta(days=number)
            found = tariffs.price(provider, model, day, tier)
            brackets = found.brackets if found else ()
            ends = [*(above for above, _ in brackets[1:]), MOST]
            rows += [
                (provider, model, tier, number, above, up_to, list(rates))
                for (above, rates), up_to in zip(brackets, ends, strict=False)
            ]
        columns = zip(*rows, strict=True) if rows else repeat((), len(_RATES))
        return dict(zip(_RATES, map(list, columns), strict=False))


def _count(rows: list[tuple[Any, ...]]) -> int:
    """Return how many rows a table was made of."""
    return int(rows[0][0])
