"""One append to the ledger, inside its transaction."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mileage.domain.booking import Appended
from mileage.domain.call import Call, Seen
from mileage.domain.join import resolve
from mileage.domain.witness import Witness
from mileage.store import presence
from mileage.store.statements import insert, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from mileage.domain.booking import Booking, Done, Refusal
    from mileage.store.rules import Rules

HOUR = 3_600_000_000
ALL_TIME = (-(2**31), 2**31 - 1)


def stable_id(*parts: str) -> int:
    """Return 64 bits that are the same on every machine and in every version."""
    digest = blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


class Append:
    """Takes one booking in; ``seq`` and ``recorded_at`` stamp every row."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        rules: Rules,
        seq: int,
        recorded_at: int,
    ) -> None:
        self._cursor = cursor
        self._rules = rules
        self.seq = seq
        self.recorded_at = recorded_at

    def take(self, booking: Booking) -> Appended:
        """Store what is new, re-derive the calls it touches, and their roll-ups."""
        related = self._related(booking.seen)
        fresh = _unknown(booking.seen, set(related))
        before = resolve(related, self._rules.traits) if fresh else []
        after = resolve([*related, *fresh], self._rules.traits) if fresh else []
        changed, ended = _difference(before, after)
        self._insert_witnesses(fresh)
        stamp = (self.seq, self.recorded_at)
        presence.record(self._cursor, self._rules, stamp, booking, fresh)
        self._insert_calls(changed, ended)
        self._insert_activities(booking.done)
        self._insert_rejections(booking.refused)
        self._insert_tallies(booking, fresh)
        self._refresh([*changed, *ended])
        duplicates = len(booking.seen) - len(fresh)
        return Appended(len(fresh), duplicates, len(changed))

    # Which stored witnesses can touch the calls of these?

    def _ids(self, witness: Witness) -> tuple[int, int]:
        """Return (its own id, the id of the group it is joined in)."""
        own = stable_id("key", witness.source, witness.key)
        by_counts = self._rules.traits[witness.source].join == "counts"
        if witness.link and not by_counts:
            return own, stable_id("link", witness.client, witness.link)
        if witness.session or by_counts:
            return own, stable_id("session", witness.client, witness.session)
        return own, own

    def _related(self, seen: Sequence[Seen]) -> list[Seen]:
        """Return the stored witnesses that any of these could be joined with.

        Follows keys and links until nothing new turns up, so that the set is
        closed in the sense of ``domain.call.resolve``.
        """
        witnesses = [one.witness for one in seen]
        ids = {number for witness in witnesses for number in self._ids(witness)}
        first_hour, last_hour = self._reach(witnesses)
        found: list[Seen] = []
        searched = 0
        while len(ids) > searched:
            searched = len(ids)
            listed = list(ids)
            hours = run(
                self._cursor,
                "related_hours",
                ids=listed,
                first_hour=first_hour,
                last_hour=last_hour,
            )
            if not hours:
                return []
            rows = run(
                self._cursor,
                "related_witnesses",
                ids=listed,
                hours=[hour for (hour,) in hours],
            )
            found = [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]
            for one in found:
                ids.update(self._ids(one.witness))
        return found

    def _reach(self, witnesses: Iterable[Witness]) -> tuple[int, int]:
        """Return the hours to search for ids whose time cannot be trusted less.

        A log can be read again at any time and may carry other times for one
        call, so its ids are looked up over the whole retention.
        """
        hours = []
        for witness in witnesses:
            if self._rules.traits[witness.source].replayable:
                return ALL_TIME
            hours.append(witness.occurred_at // HOUR)
        return (min(hours) - 1, max(hours) + 1) if hours else (0, 0)

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
        hours = [witness.occurred_at // HOUR for witness in witnesses]
        ids = [self._ids(witness) for witness in witnesses]
        columns["utc_hour"] = hours
        columns["own_id"] = [own for own, _ in ids]
        columns["group_id"] = [group for _, group in ids]
        insert(self._cursor, "witness.insert", columns)
        traits = self._rules.traits
        known = {
            (number, hour, traits[witness.source].replayable)
            for pair, hour, witness in zip(ids, hours, witnesses, strict=True)
            for number in pair
        }
        names = ("id", "utc_hour", "replayable")
        insert(self._cursor, "witness_hour.insert", _columns(names, sorted(known)))

    def _insert_calls(self, changed: Sequence[Call], ended: Sequence[Call]) -> None:
        if changed:
            insert(self._cursor, "call.insert", self._call_columns(changed))
        if ended:
            columns = self._stamp(len(ended))
            columns["call_id"] = [call.call_id for call in ended]
            insert(self._cursor, "superseded.insert", columns)

    def _call_columns(self, calls: Sequence[Call]) -> dict[str, list[Any]]:
        clock = self._rules.clock
        columns = self._stamp(len(calls))
        columns.update(_columns(Call._fields, calls))
        tokens = columns.pop("tokens")
        columns.update(_columns(tokens[0]._fields, tokens))
        del columns["keys"]
        priced = [self._rules.priced(call) for call in calls]
        columns["cost"] = [price.cost for price in priced]
        columns["price_version"] = [price.version for price in priced]
        columns["hour"] = [clock.hour(call.occurred_at) for call in calls]
        columns["day"] = [clock.day(call.occurred_at).isoformat() for call in calls]
        columns["sources"] = [" ".join(call.sources) for call in calls]
        columns["differs"] = [" ".join(call.differs) for call in calls]
        columns["inflated"] = [" ".join(call.inflated) for call in calls]
        columns["own_ids"] = [_own_ids(call) for call in calls]
        return columns

    def _insert_activities(self, done: Sequence[Done]) -> None:
        ids = [_activity_id(one) for one in done]
        if not ids:
            return
        rows = run(self._cursor, "known_activities", ids=list(set(ids)))
        largest = {(source, kind, key): amount for source, kind, key, amount in rows}
        news = []
        for one, number in zip(done, ids, strict=True):
            fact = (one.activity.source, one.activity.kind, one.activity.key)
            if one.activity.amount > largest.get(fact, -1):
                largest[fact] = one.activity.amount
                news.append((one, number))
        if news:
            insert(self._cursor, "activity.insert", self._activity_columns(news))

    def _activity_columns(
        self, news: Sequence[tuple[Done, int]]
    ) -> dict[str, list[Any]]:
        clock = self._rules.clock
        facts = [one.activity for one, _ in news]
        columns = self._stamp(len(news))
        columns.update(_columns(facts[0]._fields, facts))
        del columns["identity"]
        columns["account"] = [one.account for one, _ in news]
        columns["asserted"] = [one.asserted for one, _ in news]
        columns["own_id"] = [number for _, number in news]
        traits = self._rules.traits
        columns["precedence"] = [traits[fact.source].precedence for fact in facts]
        columns["hour"] = [clock.hour(fact.occurred_at) for fact in facts]
        columns["day"] = [clock.day(fact.occurred_at).isoformat() for fact in facts]
        return columns

    def _insert_rejections(self, refused: Sequence[Refusal]) -> None:
        if not refused:
            return
        columns = self._stamp(len(refused))
        rows = [one.rejected for one in refused]
        columns.update(_columns(rows[0]._fields, rows))
        columns["account"] = [one.account for one in refused]
        insert(self._cursor, "rejection.insert", columns)

    def _insert_tallies(self, booking: Booking, fresh: Sequence[Seen]) -> None:
        accepted = Counter(one.witness.source for one in booking.seen)
        visible = Counter(one.witness.source for one in fresh)
        rejected = Counter(one.rejected.source for one in booking.refused)
        ignored = Counter(dict(booking.ignored))
        # The row of '' is written by every append: it carries seq and recorded_at.
        sources = ["", *sorted({*accepted, *rejected, *ignored} - {""})]
        columns = self._stamp(len(sources))
        columns["source"] = list(sources)
        columns["visible"] = [visible[name] for name in sources]
        columns["duplicates"] = [accepted[name] - visible[name] for name in sources]
        columns["rejected"] = [rejected[name] for name in sources]
        columns["ignored"] = [ignored[name] for name in sources]
        insert(self._cursor, "tally.insert", columns)

    def _refresh(self, calls: Sequence[Call]) -> None:
        """Recompute the roll-ups of the hours and days that these calls touch."""
        if not calls:
            return
        clock = self._rules.clock
        hours = {(clock.hour(call.occurred_at), call.account) for call in calls}
        days = {
            (clock.day(call.occurred_at).isoformat(), call.account) for call in calls
        }
        by_hour = _columns(("hours", "accounts"), sorted(hours))
        by_day = _columns(("days", "accounts"), sorted(days))
        for name, parameters in (("rollup_hour", by_hour), ("rollup_day", by_day)):
            run(self._cursor, f"{name}.clear", **parameters)
            run(self._cursor, f"{name}.build", **parameters)


def _columns(
    names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _activity_id(one: Done) -> int:
    return stable_id(one.activity.source, one.activity.kind, one.activity.key)


def _own_ids(call: Call) -> str:
    """Return where the witnesses of a call are found, if they disagree."""
    if not call.differs and not call.inflated:
        return ""
    named = zip(call.sources, call.keys, strict=True)
    return " ".join(str(stable_id("key", source, key)) for source, key in named)


def _unknown(seen: Iterable[Seen], known: set[Seen]) -> list[Seen]:
    """Return each witness that is not stored yet, once."""
    fresh = []
    for one in seen:
        if one not in known:
            known.add(one)
            fresh.append(one)
    return fresh


def _difference(
    before: Sequence[Call], after: Sequence[Call]
) -> tuple[list[Call], list[Call]]:
    """Return (calls to write, calls whose earlier versions end)."""
    old = {call.call_id: call for call in before}
    new = {call.call_id: call for call in after}
    changed = [call for key, call in new.items() if old.get(key) != call]
    ended = [call for key, call in old.items() if new.get(key) != call]
    return changed, ended
