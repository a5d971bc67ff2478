"""Erasing somebody: from the control plane, the ledger, published files and segments.

It is begun in one transaction of the control plane, from which on nobody can tell who
it was but for one row; that row goes last. What a crash leaves undone is finished by
the next erasure, and by ``serve`` once a day.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mileage.domain.people import OPERATOR
from mileage.domain.rights import ErasurePlan
from mileage.domain.window import moment
from mileage.store import retention
from mileage.store.erasing import Tombstone, count_held, erase
from mileage.store.owners import claims_in_force

if TYPE_CHECKING:
    from mileage.domain.deletion import Deletion
    from mileage.domain.figures import Snapshot
    from mileage.domain.people import Account
    from mileage.store.control.erasing import UnderWay
    from mileage.wiring.organisation import Organisation

SETTLING_SECONDS = 1.0
"""What knew the account before it was taken away is submitted by then."""


def plan(organisation: Organisation, person: Account) -> ErasurePlan:
    """Say what erasing somebody would do; does nothing."""
    accounts = _accounts(organisation, person)
    held = [count_held(organisation.ledger, one) for one in accounts]
    control = organisation.control
    rows = [control.held_about(one) for one in accounts]
    return ErasurePlan(
        account_id=person.account_id,
        name=person.name,
        email=person.email,
        accounts=len(accounts),
        witnesses=sum(one.witnesses for one in held),
        activities=sum(one.activities for one in held),
        control_rows=sum(len(some) for one in rows for some in one.values()),
        snapshots=organisation.snapshots.count(),
        log_rows=len(control.reads_by(person.account_id)),
    )


def erase_person(organisation: Organisation, person: Account) -> list[Deletion]:
    """Erase somebody; returns the records that prove it, one an account."""
    for account_id in _accounts(organisation, person):
        organisation.control.erase_account(account_id, OPERATOR)
    done = finish_erasures(organisation)
    retention.scrub(organisation.ledger)
    return done


def finish_erasures(organisation: Organisation) -> list[Deletion]:
    """Finish what was begun; nothing is done when nothing was."""
    under_way = organisation.control.erasures_under_way()
    if not under_way:
        return []
    organisation.people.forget()
    time.sleep(SETTLING_SECONDS)
    organisation.pipeline.drain()
    dead = [
        Tombstone(one.account_id, one.tombstone, one.identities) for one in under_way
    ]
    done = erase(organisation.ledger, dead)
    _rewrite_snapshots(organisation, under_way)
    organisation.answers.overview.forget()
    organisation.pipeline.forget_segments()
    for one in under_way:
        organisation.control.finish_erasure(one.tombstone)
    return done


def _accounts(organisation: Organisation, person: Account) -> list[str]:
    claims = claims_in_force(organisation.ledger.cursor())
    others = sorted(one for one, who in claims.items() if who == person.account_id)
    # Theirs last: until then they are found again by their address.
    return [*others, person.account_id]


def _rewrite_snapshots(
    organisation: Organisation, under_way: tuple[UnderWay, ...]
) -> None:
    """Take names from published files; twice, as one may just have been written.

    What is said is the same each time, and said once, however often it is begun anew.
    """
    tombstones = {one.account_id: one.tombstone for one in under_way}
    day = moment(under_way[-1].begun_at).date().isoformat()

    def noted(snapshot: Snapshot, named: int) -> Snapshot:
        said = (
            f"{named} of its people erased on {day}, after it was published: they "
            "count in the totals and have no rank any more"
        )
        rests_on = snapshot.completeness
        if said in rests_on.missing:
            return snapshot
        told = replace(rests_on, missing=(*rests_on.missing, said))
        return replace(snapshot, completeness=told)

    organisation.boards.bury(tombstones, noted)
    organisation.publish()
    organisation.boards.bury(tombstones, noted)
