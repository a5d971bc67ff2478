"""Deriving every call again, when the rules of joining are not those of last time.

The witnesses stay as they are. Calls that come out differently are new rows beside the
old ones, so that what was published before can still be recomputed.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from mileage.domain.booking import Booking
from mileage.domain.call import Seen
from mileage.domain.join import derive
from mileage.domain.witness import Witness
from mileage.store.appending import Append, call_row
from mileage.store.identities import (
    id_rows,
    insert_identities,
    own_id,
    profile_rows,
)
from mileage.store.promoting import promote_all
from mileage.store.relatives import relatives
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from mileage.domain.call import Call
    from mileage.store.identities import ProfileRow
    from mileage.store.rules import Rules

log = logging.getLogger(__name__)

ALGORITHM = 5
"""Raised whenever the same witnesses give other calls, or are found by other ids."""
WITNESSES_AT_ONCE = 20_000


def rules_text(rules: Rules, before: str) -> str:
    """Write everything that decides which calls come of which witnesses.

    A source that is no longer installed stands as it stood ``before``.
    """
    known = json.loads(before)["sources"] if before else {}
    traits = {name: one._asdict() for name, one in rules.traits.items()}
    told = {
        "algorithm": ALGORITHM,
        "policy": asdict(rules.join),
        "sources": {**known, **traits},
    }
    return json.dumps(told, sort_keys=True)


def joined_alike(before: str, after: str, heard: set[str]) -> bool:
    """Tell whether two sets of rules derive the same calls from what was heard."""
    if not before:
        return False
    old, new = json.loads(before), json.loads(after)
    return all(old[name] == new[name] for name in ("algorithm", "policy")) and all(
        old["sources"].get(name) in (None, new["sources"].get(name)) for name in heard
    )


def bring_up_to_date(
    cursor: duckdb.DuckDBPyConnection, rules: Rules, recorded_at: int
) -> None:
    """Derive all calls by these rules, if they were derived by others."""
    stored = run(cursor, "joined_by")
    before = stored[0][0] if stored else ""
    after = rules_text(rules, before)
    if before == after:
        return
    last_seq, last_time = run(cursor, "last_append")[0]
    stamp = (last_seq + 1, max(recorded_at, last_time + 1))
    heard = {row[0] for row in run(cursor, "tallies")} - {""}
    if heard and not joined_alike(before, after, heard):
        log.info("deriving all calls again: the rules of joining have changed")
        _Rederivation(cursor, rules, stamp).run()
    run(cursor, "joined_by.insert", seq=stamp[0], recorded_at=stamp[1], rules=after)


class _Rederivation(Append):
    """One append that brings no witness and derives every call anew."""

    def run(self) -> None:
        """Index all witnesses, derive all calls, and write those that are new."""
        promote_all(self._cursor, self._joining)
        self._index()
        derived: set[str] = set()
        touched: set[tuple[int, str]] = set()
        for calls in self._derived():
            touched |= self._write([one for one in calls if one.call_id not in derived])
            derived.update(call.call_id for call in calls)
        places = run(self._cursor, "current_call_places")
        orphans = [row for row in places if row[0] not in derived]
        self._end([row[0] for row in orphans])
        touched.update((row[1], row[2]) for row in orphans)
        self._insert_tallies(Booking(), {}, {})
        self._refresh(touched)

    def _index(self) -> None:
        for table in ("witness_id", "session_profile"):
            run(self._cursor, f"{table}.clear")
        told: set[ProfileRow] = set()
        for seen in self._chunks():
            rows = id_rows([one.witness for one in seen], self._joining)
            profiles = profile_rows(seen, self._joining) - told
            insert_identities(self._cursor, rows, profiles)
            told |= profiles

    def _chunks(self) -> Iterator[list[Seen]]:
        """Return all witnesses by the hour, some hours at a time."""
        chunk: list[tuple[int, int]] = []
        for hour, count in run(self._cursor, "witness_hours"):
            chunk.append((hour, count))
            if sum(size for _, size in chunk) >= WITNESSES_AT_ONCE:
                yield self._of_hours(chunk[0][0], hour)
                chunk = []
        if chunk:
            yield self._of_hours(chunk[0][0], chunk[-1][0])

    def _of_hours(self, first: int, last: int) -> list[Seen]:
        rows = run(self._cursor, "witnesses_of_hours", first_hour=first, last_hour=last)
        return [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]

    def _derived(self) -> Iterator[list[Call]]:
        """Return all calls; each with everything that could be joined with it."""
        done: set[int] = set()
        for seen in self._chunks():
            fresh = [one for one in seen if _number(one) not in done]
            closed = relatives(self._cursor, self._joining, fresh)
            done.update(map(_number, closed.seen))
            yield derive(closed.seen, self._joining, closed.after)

    def _write(self, calls: list[Call]) -> set[tuple[int, str]]:
        """Write the calls that are not what they were; return what that touches."""
        ids = [call.call_id for call in calls]
        rows = {row[0]: row for row in run(self._cursor, "current_calls", ids=ids)}
        changed = [call for call in calls if rows.get(call.call_id) != call_row(call)]
        ended = [rows[call.call_id] for call in changed if call.call_id in rows]
        self._insert_calls(changed)
        self._end([row[0] for row in ended])
        return {
            *((call.occurred_at, call.account) for call in changed),
            *((row[4], row[1]) for row in ended),
        }


def _number(one: Seen) -> int:
    return own_id(one.witness.source, one.witness.key)
