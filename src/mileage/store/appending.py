"""One append to the ledger, inside its transaction."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mileage.domain.booking import Appended
from mileage.domain.join import derive
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.domain.witness import Witness
from mileage.store import activities, past, presence, rejections
from mileage.store.arrivals import Arrivals
from mileage.store.identities import HOUR, id_rows, insert_identities, own_id
from mileage.store.owners import claims_in_force, owned
from mileage.store.plain import PlainLane, Sorted
from mileage.store.relatives import relatives, scope_of
from mileage.store.statements import insert, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from mileage.domain.booking import Booking
    from mileage.domain.call import Call, Seen
    from mileage.store.relatives import Relatives
    from mileage.store.rules import Rules


class Append:
    """Takes one booking in; ``seq`` and ``recorded_at`` stamp every row."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        rules: Rules,
        stamp: tuple[int, int],
    ) -> None:
        self._cursor = cursor
        self._rules = rules
        self._joining = rules.joining()
        self.seq, self.recorded_at = stamp

    def take(self, booking: Booking) -> Appended:
        """Store what is new, re-derive the calls it touches, and their roll-ups."""
        arrivals = Arrivals(booking)
        told = self._sort(arrivals)
        rows, changed = self._take_rows(arrivals, told)
        stamp = (self.seq, self.recorded_at)
        activities.take(self._cursor, self._rules, stamp, booking.done)
        rejections.record(self._cursor, self.recorded_at, booking.refused)
        visible = Counter(told.calls)
        visible.update(one.witness.source for one in rows)
        accepted = Counter(arrivals.columns["source"])
        self._insert_tallies(booking, accepted, visible)
        stored = visible.total()
        calls = sum(told.calls.values()) + changed
        return Appended(stored, len(arrivals) - stored, calls)

    def _sort(self, arrivals: Arrivals) -> Sorted:
        """Take in what can be by column; everything, row by row, where nothing can."""
        tariffs = self._rules.tariffs
        if tariffs is None or not len(arrivals):
            places = list(range(len(arrivals)))
            claims = claims_in_force(self._cursor)
            coming = [owned(one, claims) for one in arrivals.seen(places)]
            return Sorted(places, scope_of(self._cursor, self._joining, coming), {})
        stamp = (self.seq, self.recorded_at)
        lane = PlainLane(self._cursor, self._rules, self._joining, stamp)
        return lane.take(arrivals, tariffs)

    def _take_rows(self, arrivals: Arrivals, told: Sorted) -> tuple[list[Seen], int]:
        """Take in what may touch anything; return what is new, and how many calls."""
        if not told.others:
            news = told.scope.profiles.news()
            insert_identities(self._cursor, (), news)
            return [], 0
        seen = arrivals.seen(told.others)
        claims = claims_in_force(self._cursor)
        coming = [owned(one, claims) for one in seen]
        known = relatives(self._cursor, self._joining, coming, told.scope)
        # Stored as booked, and derived as owned.
        fresh = _unknown(coming, known)
        owners = [coming[place] for place in fresh]
        changed, ended = self._derive(known, owners) if fresh else ([], [])
        rows = [seen[place] for place in fresh]
        self._insert_witnesses(rows)
        insert_identities(self._cursor, (), known.profiles)
        origins = arrivals.origins(told.others)
        presence.record(
            self._cursor,
            self._rules,
            (self.seq, self.recorded_at),
            [(one, *origins[at]) for one, at in zip(rows, fresh, strict=True)],
        )
        self._insert_calls(changed)
        self._end([call.call_id for call in ended])
        self._refresh({(one.occurred_at, one.account) for one in (*changed, *ended)})
        return rows, len(changed)

    def _derive(
        self, known: Relatives, fresh: Sequence[Seen]
    ) -> tuple[list[Call], list[Call]]:
        """Return (calls to write, calls whose earlier versions end)."""
        before = derive(known.seen, self._joining, known.before)
        after = derive([*known.seen, *fresh], self._joining, known.after)
        return difference(before, after)

    # Rows in.

    def _stamp(self, count: int) -> dict[str, list[Any]]:
        return {"seq": [self.seq] * count, "recorded_at": [self.recorded_at] * count}

    def _insert_witnesses(self, fresh: Sequence[Seen]) -> None:
        if not fresh:
            return
        columns = self._stamp(len(fresh))
        witnesses = [one.witness for one in fresh]
        columns.update(_columns(Witness._fields, witnesses))
        columns["account"] = [one.account for one in fresh]
        columns["asserted"] = [one.asserted for one in fresh]
        columns["utc_hour"] = [one.occurred_at // HOUR for one in witnesses]
        columns["own_id"] = [own_id(one.source, one.key) for one in witnesses]
        insert(self._cursor, "witness.insert", columns)
        insert_identities(self._cursor, id_rows(witnesses, self._joining), ())

    def _insert_calls(self, changed: Sequence[Call]) -> None:
        if changed:
            insert(self._cursor, "call.insert", self._call_columns(changed))

    def _end(self, call_ids: Sequence[str]) -> None:
        """End every earlier version of these calls."""
        if call_ids:
            columns = self._stamp(len(call_ids))
            columns["call_id"] = list(call_ids)
            insert(self._cursor, "superseded.insert", columns)

    def _call_columns(self, calls: Sequence[Call]) -> dict[str, list[Any]]:
        clock = self._rules.clock
        columns = self._stamp(len(calls))
        columns.update(_columns(_CALL_COLUMNS, [call_row(call) for call in calls]))
        priced = [self._rules.priced(call) for call in calls]
        columns["cost"] = [price.cost for price in priced]
        columns["price_version"] = [price.version for price in priced]
        columns["hour"] = [clock.hour(call.occurred_at) for call in calls]
        columns["day"] = [clock.day(call.occurred_at).isoformat() for call in calls]
        return columns

    def _insert_tallies(
        self, booking: Booking, accepted: Mapping[str, int], visible: Mapping[str, int]
    ) -> None:
        rejected: Counter[str] = Counter()
        for one in booking.refused:
            rejected[one.rejected.source] += one.rejected.records
        ignored = Counter(dict(booking.ignored))
        # The row of '' is written by every append: it carries seq and recorded_at.
        sources = ["", *sorted({*accepted, *rejected, *ignored} - {""})]
        columns = self._stamp(len(sources))
        columns["source"] = list(sources)
        columns["visible"] = [visible.get(name, 0) for name in sources]
        columns["duplicates"] = [
            accepted.get(name, 0) - visible.get(name, 0) for name in sources
        ]
        columns["rejected"] = [rejected[name] for name in sources]
        columns["ignored"] = [ignored[name] for name in sources]
        insert(self._cursor, "tally.insert", columns)

    def _refresh(self, touched: Iterable[tuple[int, str]]) -> None:
        """Recompute the roll-ups of the hours and days of (instant, account)."""
        touched = list(touched)
        if not touched:
            return
        clock = self._rules.clock
        hours = {(clock.hour(instant), account) for instant, account in touched}
        past.note(self._cursor, self.recorded_at, hours)
        days = {(clock.day(at).isoformat(), account) for at, account in touched}
        by_hour = _columns(("hours", "accounts"), sorted(hours))
        by_day = _columns(("days", "accounts"), sorted(days))
        for name, parameters in (
            ("rollup_hour", by_hour),
            ("rollup_day", by_day),
            ("rollup_session", by_hour),
        ):
            run(self._cursor, f"{name}.clear", **parameters)
            run(self._cursor, f"{name}.build", **parameters)


def _columns(
    names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


_CALL_COLUMNS = (
    *("call_id", "account", "asserted", "session", "occurred_at", "client"),
    *("provider", "model", "tier", *TOKEN_CLASSES, "reported_cost", "project"),
    *("agent", "attended", "sources", "differs", "measure", "inflated", "own_ids"),
)


def call_row(call: Call) -> tuple[Any, ...]:
    """Return what is stored of a call, less what it costs and when it was told."""
    return (
        *call[:9],
        *call.tokens,
        *call[10:14],
        " ".join(call.sources),
        " ".join(call.differs),
        call.measure,
        " ".join(call.inflated),
        _own_ids(call),
    )


def _own_ids(call: Call) -> str:
    """Return where the witnesses of a call are found, if they disagree."""
    if not call.differs and not call.inflated:
        return ""
    named = zip(call.sources, call.keys, strict=True)
    return " ".join(str(own_id(source, key)) for source, key in named)


def _unknown(coming: Iterable[Seen], known: Relatives) -> list[int]:
    """Return the place of each witness that is not stored yet, nor deleted, once."""
    stored = set(known.seen)
    fresh = []
    for place, one in enumerate(coming):
        if one not in stored and own_id(*one.witness[:2]) not in known.gone:
            stored.add(one)
            fresh.append(place)
    return fresh


def difference(
    before: Sequence[Call], after: Sequence[Call]
) -> tuple[list[Call], list[Call]]:
    """Return (calls to write, calls whose earlier versions end)."""
    old = {call.call_id: call for call in before}
    new = {call.call_id: call for call in after}
    changed = [call for key, call in new.items() if old.get(key) != call]
    ended = [call for key, call in old.items() if new.get(key) != call]
    return changed, ended
