"""What a published board is when it is computed again from the ledger."""

from __future__ import annotations

from typing import NamedTuple


class Amount(NamedTuple):
    """What stood in a row, or would stand there now."""

    calls: int
    tokens: int
    cost: int | None
    value: int | None
    """What the lens gives; None: no rank, or lenses are not those of then."""


class Changed(NamedTuple):
    """A row that would be another one today."""

    account_id: str
    name: str
    then: Amount | None
    """As published; None where there was no row."""
    now: Amount | None
    reasons: tuple[str, ...]


class Recomputed(NamedTuple):
    """A published window beside what the ledger tells of it."""

    as_of: int
    window: str
    lens: str
    unit: str
    """What ``Amount.value`` counts."""
    seq: int
    """The last append that was published."""
    last: int
    """The last one there is."""
    input_hash: str
    accounts: int
    equal: bool
    """Whether every row is what the ledger had recorded then."""
    provable: bool
    """Whether the ledger still has every call that was published."""
    differing: tuple[str, ...]
    """Accounts whose rows are not, at most as many as were asked for."""
    differing_accounts: int
    notes: tuple[str, ...]
    changed: tuple[Changed, ...]
    """What has changed since, the largest changes first."""
    changed_accounts: int
    """How many there are; ``changed`` may have been cut."""
