"""Putting a tombstone in the place of somebody who was erased.

Every row stays, so that no sum changes; only whose it is, and what could tell it, goes.
The tombstone's id is random: nothing in the ledger leads from it to the person, and the
proof holds a hash of the former id (80 random bits), from which nobody gets it back.
Ids of sessions and calls stay, because the same call may be told again: they are
random, too, and mean something only on the machine that made them.
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.deletion import Due
from mileage.domain.witness import Witness
from mileage.store import past, retention
from mileage.store.identities import account_id as profile_number
from mileage.store.identities import own_id
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    import duckdb

    from mileage.domain.copies import Eldest
    from mileage.domain.deletion import Deletion
    from mileage.store.ledger import Ledger

TABLES = (
    *("plain_call", "joined_witness", "joined_call", "activity"),
    *("presence", "presence_day", "rejection", "claim"),
    *("rollup_hour", "rollup_day", "rollup_session", "rollup_activity"),
)
OTHERS = (
    *("superseded", "witness_id", "session_profile", "presence_rolled", "joined_by"),
    *("bucket", "tally", "position", "setting", "deletion", "scrubbed"),
)
"""Nobody is named in them. Small tables share the blocks of the file, so that one that
stays where it is keeps a block, and with it what was deleted from its neighbour."""
NAMED = frozenset({"plain_call", "joined_witness"})
"""Tables that also say under which identity something came."""
POLICY = "erasure of a person"


class Tombstone(NamedTuple):
    """Whom it stands for, while that is known."""

    account_id: str
    tombstone: str
    identities: tuple[str, ...]
    """Addresses and the like, in lower case."""


class HeldCount(NamedTuple):
    """How many rows name somebody."""

    witnesses: int
    activities: int
    hours: int
    presences: int


def count_held(ledger: Ledger, account_id: str) -> HeldCount:
    """Count the rows that an erasure would turn over to a tombstone."""
    return HeldCount(*run(ledger.cursor(), "held_by.count", account=account_id)[0])


def erase(ledger: Ledger, dead: Sequence[Tombstone]) -> list[Deletion]:
    """Turn the rows of accounts over to their tombstones; all of it or nothing."""
    # What is in the file already is not written on; it is left behind as a whole.
    ledger.when_at_rest(lambda: run(ledger.cursor(), "checkpoint"))
    with ledger.writing() as cursor:
        past.forget(cursor)
        done = [_bury(cursor, one, ledger.now()) for one in dead]
        _take_nothing(cursor, ledger.rules.eldest, {one.tombstone for one in dead})
        for table in (*TABLES, *OTHERS):
            retention.write_anew(cursor, table)
        return done


def _bury(cursor: duckdb.DuckDBPyConnection, dead: Tombstone, now: int) -> Deletion:
    rows = sum(run(cursor, "held_by.count", account=dead.account_id)[0])
    known = {"account": dead.account_id, "tombstone": dead.tombstone}
    for table in TABLES:
        named = {"identities": list(dead.identities)} if table in NAMED else {}
        run(cursor, f"{table}.tombstone", **known, **named)
    run(
        cursor,
        "session_profile.tombstone",
        account=profile_number(dead.account_id),
        tombstone=profile_number(dead.tombstone),
    )
    found = Due(retention.ERASURE, 0, rows, POLICY)
    return retention.record_in(cursor, now, found, hashed(dead.account_id))


def _take_nothing(
    cursor: duckdb.DuckDBPyConnection, eldest: Eldest, tombstones: AbstractSet[str]
) -> None:
    """Let what they told of calls that are somebody else's name nobody.

    A tombstone is older than anybody, to keep what it has; what it did not have it
    would take.
    """
    told: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for row in run(cursor, "contested", tombstones=sorted(tombstones)):
        witness = Witness(*row[:-2])
        told[witness.source, witness.key].append(Seen(witness, row[-2], row[-1]))
    for name, copies in told.items():
        owner = merge_copies(copies, eldest).account
        for one in tombstones & {copy.account for copy in copies} - {owner}:
            lost = {"own_id": own_id(*name), "tombstone": one}
            run(cursor, "joined_witness.nameless", **lost)


def hashed(account_id: str) -> str:
    """Return what the proof of an erasure holds of the former id."""
    return sha256(account_id.encode()).hexdigest()
