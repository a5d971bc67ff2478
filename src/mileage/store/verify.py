"""Check that the ledger says what its witnesses say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import Seen, resolve
from mileage.domain.witness import Witness
from mileage.store.statements import run

if TYPE_CHECKING:
    from mileage.store.ledger import Ledger


def verify(ledger: Ledger) -> list[str]:
    """Return a sentence for each contradiction; none when all is well.

    Re-derives every call from every witness, and every roll-up from the calls.
    """
    return [
        *_calls(ledger),
        *_rollups(ledger, "verify_hours", "hour"),
        *_rollups(ledger, "verify_days", "day"),
    ]


def _calls(ledger: Ledger) -> list[str]:
    cursor = ledger.cursor()
    rows = run(cursor, "all_witnesses")
    seen = [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]
    derived = {
        (c.call_id, c.account, c.occurred_at, c.client, c.model, *c.tokens)
        for c in resolve(seen, ledger.rules.traits)
    }
    kept = set(run(cursor, "all_calls"))
    problems = [
        f"call {row[0]} is current twice" for row in run(cursor, "verify_duplicates")
    ]
    problems += [
        f"call {row[0]} is not what its witnesses say" for row in kept - derived
    ]
    problems += [f"call {row[0]} is missing" for row in derived - kept]
    return problems


def _rollups(ledger: Ledger, name: str, unit: str) -> list[str]:
    return [
        f"roll-up of {unit} {row[0]}, account {row[1]} differs from its calls"
        for row in run(ledger.cursor(), name)
    ]
