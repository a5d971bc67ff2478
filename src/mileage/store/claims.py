"""Booking the whole history of an account to somebody else, and back.

Nothing is rewritten: a claim is a row, and the calls that come out differently are new
rows beside the old ones, all of one append. What was published before can still be
recomputed, and an end of the claim brings back exactly what was there.

Of deleted calls only sums are left. They go with a claim as they are, and their origin
says of which account they are, so that they can come back.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mileage.domain.booking import Booking
from mileage.domain.call import Seen
from mileage.domain.errors import Conflict
from mileage.domain.join import derive
from mileage.domain.witness import Witness
from mileage.store import past
from mileage.store.appending import Append, difference
from mileage.store.identities import HOUR, insert_identities, own_id
from mileage.store.owners import claims_in_force
from mileage.store.promoting import promote_accounts
from mileage.store.relatives import ALL_TIME, relatives
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from mileage.domain.call import Call
    from mileage.store.rules import Rules

WITNESSES_AT_ONCE = 20_000
RETAINED = "retained"
"""Origin of the sums of deleted calls; behind a colon the account, if it is claimed."""


class Claiming(Append):
    """One append that brings no witness and books an account's to somebody else."""

    def claim(self, account: str, person: str) -> int:
        """Put a person behind an account; returns how many calls that changes.

        Raises Conflict when somebody else is behind either of them.
        """
        claims = claims_in_force(self._cursor)
        if claims.get(account) == person:
            return 0
        if account in claims or person in claims or account in claims.values():
            raise Conflict(
                "one of the two accounts is claimed already: end that claim first "
                "with 'mileage people unclaim'"
            )
        self._note(account, person)
        changed = self._move(account, person, (claims, {**claims, account: person}))
        return changed + self._move_sums(
            (account, RETAINED), (person, f"{RETAINED}:{account}")
        )

    def unclaim(self, account: str) -> int:
        """Put nobody behind an account; returns how many calls that changes."""
        claims = claims_in_force(self._cursor)
        person = claims.get(account)
        if person is None:
            return 0
        without = {one: who for one, who in claims.items() if one != account}
        changed = self._move(account, person, (claims, without))
        self._note(account, "")
        return changed + self._move_sums(
            (person, f"{RETAINED}:{account}"), (account, RETAINED)
        )

    def _note(self, account: str, person: str) -> None:
        stamp = {"seq": self.seq, "recorded_at": self.recorded_at}
        run(self._cursor, "claim.insert", account=account, person=person, **stamp)

    def _move(
        self, account: str, person: str, claims: tuple[Mapping[str, str], ...]
    ) -> int:
        """Derive again what the account's witnesses touch, by claims before and after.

        The claim itself is in force meanwhile: what can be joined with the account's
        witnesses is most when they are the person's.
        """
        promote_accounts(self._cursor, self._joining, [account])
        changes = 0
        done: set[int] = set()
        touched: set[tuple[int, str]] = set()
        for booked in _booked(self._cursor, account):
            coming = [
                one._replace(account=person)
                for one in booked
                if own_id(one.witness.source, one.witness.key) not in done
            ]
            known = relatives(self._cursor, self._joining, coming)
            insert_identities(self._cursor, (), known.profiles)
            stored = _as_booked(self._cursor, known.seen)
            done.update(own_id(one.witness.source, one.witness.key) for one in stored)
            before, after = (
                derive([_by(one, each) for one in stored], self._joining, known.after)
                for each in claims
            )
            changed, ended = difference(before, after)
            self._insert_calls(changed)
            self._end([call.call_id for call in ended])
            touched.update((one.occurred_at, one.account) for one in (*changed, *ended))
            changes += len(changed)
        self._insert_tallies(Booking(), {}, {})
        self._refresh(touched)
        return changes

    def _move_sums(self, of: tuple[str, str], to: tuple[str, str]) -> int:
        """Move sums of deleted calls to another account and origin; count the calls."""
        moved = {"account": of[0], "origin": of[1]}
        hours = run(self._cursor, "rollup_hour.of_origin", **moved)
        for table in ("rollup_hour", "rollup_day"):
            run(
                self._cursor, f"{table}.move", **moved, to_account=to[0],
                to_origin=to[1],
            )  # fmt: skip
        touched = [(hour, one) for hour, _ in hours for one in (of[0], to[0])]
        past.note(self._cursor, self.recorded_at, touched)
        return sum(calls for _, calls in hours)


def keep_apart(cursor: duckdb.DuckDBPyConnection, rules: Rules, until: int) -> None:
    """Sum up calls that go apart where they came under a claimed account alone.

    They are the person's, and an end of the claim gives back these sums as well.
    """
    calls: list[Call] = []
    whose: list[str] = []
    for account, person in claims_in_force(cursor).items():
        found = _told_by(cursor, rules, (account, person), until)
        calls += found
        whose += [account] * len(found)
    if not calls:
        return
    clock = rules.clock
    places = {"calls": [one.call_id for one in calls], "booked": whose}
    for table, units, unit in (
        ("rollup_hour", "hours", clock.hour),
        ("rollup_day", "days", clock.day),
    ):
        touched = {(unit(one.occurred_at), one.account) for one in calls}
        where = {
            units: [at for at, _ in touched],
            "accounts": [account for _, account in touched],
        }
        run(cursor, f"{table}.book", **places, **where)
        run(cursor, f"{table}.clear", **where)


def _told_by(
    cursor: duckdb.DuckDBPyConnection, rules: Rules, claim: tuple[str, str], until: int
) -> list[Call]:
    """Return a person's calls on days before a border that an account alone told of."""
    account, person = claim
    clock, joining = rules.clock, rules.joining()
    calls: dict[str, Call] = {}
    for booked in _booked(cursor, account, until // HOUR):
        coming = [one._replace(account=person) for one in booked]
        known = relatives(cursor, joining, coming)
        tellers: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for one in _as_booked(cursor, known.seen):
            tellers[one.witness[:2]].add(one.account)
        for call in derive(known.seen, joining, known.after):
            names = zip(call.sources, call.keys, strict=True)
            told_by = set().union(*(tellers[name] for name in names))
            if told_by == {account} and clock.day(call.occurred_at) < clock.day(until):
                calls[call.call_id] = call
    return list(calls.values())


def _booked(
    cursor: duckdb.DuckDBPyConnection, account: str, until_hour: int = ALL_TIME[1]
) -> Iterator[list[Seen]]:
    """Return an account's own witnesses by the hour, some hours at a time."""
    hours: list[int] = []
    size = 0
    for hour, count in run(cursor, "witness_hours_of", account=account):
        if hour > until_hour:
            break
        hours.append(hour)
        size += count
        if size >= WITNESSES_AT_ONCE:
            yield _of_hours(cursor, account, hours)
            hours, size = [], 0
    if hours:
        yield _of_hours(cursor, account, hours)


def _of_hours(
    cursor: duckdb.DuckDBPyConnection, account: str, hours: Sequence[int]
) -> list[Seen]:
    span = {"first_hour": hours[0], "last_hour": hours[-1]}
    return _seen(run(cursor, "witnesses_booked", account=account, **span))


def _as_booked(cursor: duckdb.DuckDBPyConnection, found: Sequence[Seen]) -> list[Seen]:
    """Return stored witnesses again, with the accounts they were booked to."""
    own = {own_id(one.witness.source, one.witness.key) for one in found}
    hours = {one.witness.occurred_at // HOUR for one in found}
    places = {"own_ids": list(own), "hours": list(hours)}
    return _seen(run(cursor, "witnesses_as_booked", **places))


def _by(one: Seen, claims: Mapping[str, str]) -> Seen:
    return one._replace(account=claims.get(one.account, one.account))


def _seen(rows: Sequence[tuple[Any, ...]]) -> list[Seen]:
    return [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]
