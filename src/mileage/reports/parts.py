"""A person's page without the parts that a viewer may not see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mileage.access.readables import READABLES
from mileage.domain.errors import Refused
from mileage.domain.figures import Completeness, SourceSeen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.access.policy import Allowed
    from mileage.domain.figures import PersonalPage
    from mileage.domain.people import Account, Viewer

PARTS = frozenset(READABLES["personal"].fields)
NOTHING: Mapping[str, Mapping[str, Any]] = {
    "days": {"daily": (), "active_days": 0},
    "hours": {"hours": ()},
    "clients": {"by_client": ()},
    "models": {"by_model": ()},
    "sessions": {"by_session": (), "sessions": 0},
    "activity": {"activity": ()},
    "attendance": {"attended_calls": 0, "unattended_calls": 0, "by_pattern": None},
    "rank": {"rank": None, "ranked": 0},
    "rejected": {"rejected": (), "differing_calls": 0},
}
"""What stands for each part that is withheld."""


def guessed_for(viewer: Viewer, account: Account) -> bool:
    """Tell whether a viewer is told a guess: of oneself, or the operator of services.

    Nobody else is told what only looks as if a person had not been there.
    """
    if viewer.account_id == account.account_id:
        return True
    return viewer.operator and account.kind == "service"


def permitted(page: PersonalPage, allowed: Allowed) -> PersonalPage:
    """Return what of a page may leave; every part that may not is gone from it."""
    withheld = PARTS - allowed.fields
    changes: dict[str, Any] = {"withheld": withheld, "purpose": allowed.purpose}
    for part in withheld:
        changes |= NOTHING[part]
    if "hours" in withheld:
        # When somebody's first and last call was is an hour of the day, too.
        changes["completeness"] = _without_times(page.completeness, withheld)
    return replace(page, **changes)


def _without_times(found: Completeness, withheld: frozenset[str]) -> Completeness:
    sources = () if "clients" in withheld else found.sources
    untimed = (SourceSeen(one.source, one.witnesses, None, None) for one in sources)
    return Completeness(tuple(untimed), None, found.missing)


def check_parts(allowed: Allowed, wanted: tuple[str, ...]) -> None:
    """Refuse dimensions that the viewer may not divide by; those unknown come later."""
    known = READABLES["usage"].fields
    for one in wanted:
        if one in known and one not in allowed.fields:
            parts = ", ".join(sorted(allowed.fields)) or "nothing"
            message = f"you may not group by {one}; you may by: {parts}"
            raise Refused(message)
