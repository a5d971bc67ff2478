"""What one source says of one call, however often it says so.

Merging is associative, commutative and idempotent: field maxima of the counts, and
everything else of the least copy in one order that no merge changes. So it does not
matter which copies a reader has merged before the ledger sees them: those are of one
account, and whose a call is looks at every copy as it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mileage.domain.witness import Witness

    Eldest = Callable[[Collection[str]], str]
    """Returns which of some accounts has been known longest."""

CREDENTIAL, ADDRESS, NAME, NOBODY = range(4)
"""What says whose a call is, the best first: ``naming``."""


def merge_copies(copies: Sequence[Seen], eldest: Eldest = min) -> Seen:
    """Merge the copies of one call in one source: field maxima, earliest time.

    Everything that is not a count comes from the preferred copy: an original before
    a replay, the earliest before later ones. A replay's time counts only where there
    is no original. Whose it is says the copy that names somebody best.
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
    owner = _owner(copies, eldest)
    merged = merged._replace(identity=owner.witness.identity)
    return Seen(merged, owner.account, owner.asserted)


def naming(seen: Seen) -> int:
    """Tell how well a witness names somebody; the lowest number is the best.

    A credential is somebody's own. Of what a payload asserts, an address is a
    person's, another id is somebody's whom the directory may never know.
    """
    if not seen.asserted:
        return CREDENTIAL
    identity = seen.witness.identity
    if not identity:
        return NOBODY
    return ADDRESS if "@" in identity else NAME


def _owner(copies: Sequence[Seen], eldest: Eldest) -> Seen:
    """Return a copy that knows best whose call it was: an original before a replay.

    Of equals, the account that has been known longest has it: nothing in the copies
    could say who of them is right, and that never changes.
    """
    best = min(map(_named, copies))
    equals = [one for one in copies if _named(one) == best]
    accounts = {one.account for one in equals}
    account = eldest(accounts) if len(accounts) > 1 else equals[0].account
    return min(
        (one for one in equals if one.account == account),
        key=lambda one: one.witness.identity,
    )


def _named(seen: Seen) -> tuple[int, bool]:
    return naming(seen), seen.witness.copied


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
    )
