"""A published board, computed again by the owner of the data directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.people import OPERATOR
from mileage.reports.recomputing import Again, recompute

if TYPE_CHECKING:
    from mileage.domain.people import Placed
    from mileage.domain.recomputed import Recomputed
    from mileage.wiring.organisation import Organisation

LENSES = "lenses.toml"
Asked = tuple[int | None, str, str, int | None]
"""The instant, the window, the lens, and how many accounts to name."""


def recomputed(organisation: Organisation, payload: bytes) -> Recomputed:
    """Compute what was published at or before an instant again; recorded as read."""
    as_of, window, lens, top = msgspec.msgpack.decode(payload, type=Asked)
    organisation.pipeline.drain()
    publication = organisation.snapshots.publication(as_of)
    head = organisation.boards.head(window, publication.as_of)
    rules, versions = organisation.honours()
    part = organisation.answers.participation
    again = Again(
        head=head,
        seq=publication.seq,
        who=_who(organisation, head.as_of),
        lenses=rules.lenses if head.versions.get(LENSES) == versions[LENSES] else None,
        hidden=part.hidden(),
        masked=part.masked,
        lens=lens,
        count=top or organisation.policy.settings.top,
    )
    kept = organisation.boards.everybody(head)
    found = recompute(organisation.ledger, again, kept)
    named = tuple(
        dict.fromkeys((*(one.account_id for one in found.changed), *found.differing))
    )
    detail = f"recomputed, lens {found.lens}, window {head.name}, as of {head.as_of}"
    organisation.control.record_access(
        NamedRead(
            *(OPERATOR, "operations", "board", ORGANISATION),
            *(len(named), detail, named),
        )
    )
    return found


def _who(organisation: Organisation, instant: int) -> dict[str, Placed]:
    """Tell who the accounts are, and where they belonged at an instant."""
    day = organisation.ledger.rules.clock.day(instant)
    return {one.account_id: one for one in organisation.control.everybody_on(day)}
