"""Check that the ledger says what its witnesses say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import Seen
from mileage.domain.join import derive
from mileage.domain.witness import Witness
from mileage.store.appending import call_row
from mileage.store.statements import run

if TYPE_CHECKING:
    from mileage.store.ledger import Ledger


def verify(ledger: Ledger) -> list[str]:
    """Return a sentence for each contradiction; none when all is well.

    Re-derives every call from every witness, and every roll-up from the calls.
    """
    return [
        problem
        for check in (check_calls, check_hours, check_days, check_sessions)
        for problem in check(ledger)[1]
    ]


def check_calls(ledger: Ledger) -> tuple[int, list[str]]:
    """Derive every call again; return how many, and what contradicts itself."""
    cursor = ledger.cursor()
    rows = run(cursor, "all_witnesses")
    seen = [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]
    derived = {
        call.call_id: call_row(call) for call in derive(seen, ledger.rules.joining())
    }
    kept = {row[0]: row for row in run(cursor, "current_calls", ids=None)}
    twice = run(cursor, "verify_duplicates")
    shared = kept.keys() & derived.keys()
    return len(kept), [
        *(f"call {call_id} is current twice" for (call_id,) in twice),
        *(f"call {one} has no witness" for one in sorted(kept.keys() - shared)),
        *(f"call {one} is missing" for one in sorted(derived.keys() - shared)),
        *(
            f"call {one} differs from its witnesses"
            for one in sorted(shared)
            if kept[one] != derived[one]
        ),
    ]


def check_hours(ledger: Ledger) -> tuple[int, list[str]]:
    """Add up every hour again; return how many rows there are, and what differs."""
    return _rollups(ledger, "rollup_hour", "verify_hours")


def check_days(ledger: Ledger) -> tuple[int, list[str]]:
    """Add up every day again, likewise."""
    return _rollups(ledger, "rollup_day", "verify_days")


def check_sessions(ledger: Ledger) -> tuple[int, list[str]]:
    """Tell anew which sessions had calls in each hour, likewise."""
    return _rollups(ledger, "rollup_session", "verify_sessions")


def _rollups(ledger: Ledger, table: str, differing: str) -> tuple[int, list[str]]:
    cursor = ledger.cursor()
    unit = table.removeprefix("rollup_")
    ((count,),) = run(cursor, f"{table}.count")
    return count, [
        f"roll-up of {unit} {row[0]}, account {row[1]} differs from its calls"
        for row in run(cursor, differing)
    ]
