"""What one source says of one call, however often it says so.

Merging is associative, commutative and idempotent: field maxima of the counts, and
everything else of the least copy in one order that no merge changes. So it does not
matter which copies a reader has merged before the ledger sees them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.domain.witness import Witness


def merge_copies(copies: Sequence[Seen]) -> Seen:
    """Merge the copies of one call in one source: field maxima, earliest time.

    Everything that is not a count comes from the preferred copy: an original
    before a replay, a credential before a claim, the earliest before later ones.
    A replay's time counts only where there is no original.
    """
    if len(copies) == 1:
        return copies[0]
    first = min(copies, key=preference)
    witnesses = [copy.witness for copy in copies]
    costs = [w.reported_cost for w in witnesses if w.reported_cost is not None]
    copied = first.witness.copied
    merged = first.witness._replace(
        occurred_at=min(w.occurred_at for w in witnesses if w.copied == copied),
        reported_cost=max(costs, default=None),
        measure=min(w.measure for w in witnesses),
    )
    if len({witness[10:17] for witness in witnesses}) > 1:
        merged = _with_largest(merged, witnesses)
    owner = min(copies, key=_ownership)
    return Seen(merged, owner.account, owner.asserted)


def _with_largest(merged: Witness, witnesses: Sequence[Witness]) -> Witness:
    """Give it the maxima; of what a class is split from, those of the whole."""
    hour = max(w.cache_write_1h for w in witnesses)
    reasoning = max(w.reasoning for w in witnesses)
    return merged._replace(
        input=max(w.input for w in witnesses),
        cache_read=max(w.cache_read for w in witnesses),
        cache_write=max(w.cache_write + w.cache_write_1h for w in witnesses) - hour,
        cache_write_1h=hour,
        output=max(w.output + w.reasoning for w in witnesses) - reasoning,
        reasoning=reasoning,
        tool_input=max(w.tool_input for w in witnesses),
    )


def preference(seen: Seen) -> tuple[object, ...]:
    """Order copies, the best first; merging changes nothing of what it looks at."""
    witness = seen.witness
    attended = {None: 2, False: 1, True: 0}[witness.attended]
    return (
        witness.copied,
        witness.occurred_at,
        (not witness.link, witness.link, witness.session),
        witness[5:10],
        witness[18:20],
        attended,
        witness.identity,
    )


def _ownership(seen: Seen) -> tuple[object, ...]:
    """Order copies by how well they know whose call it was."""
    witness = seen.witness
    return seen.asserted, witness.copied, witness.occurred_at, seen.account
