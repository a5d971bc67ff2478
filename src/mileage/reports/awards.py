"""One's own titles and tiers: which, why, since when, and what one declines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mileage.domain.awards import TIER, TIERS, TITLE, AwardsPage
from mileage.domain.errors import Invalid

if TYPE_CHECKING:
    from mileage.domain.awards import Distinction
    from mileage.domain.figures import BoardRow, Standing
    from mileage.domain.people import Viewer
    from mileage.honours.titles import Titles
    from mileage.store.control import Control


class OwnAwards:
    """Implements ``web.desks.AwardsDesk``; safe to call from threads."""

    def __init__(self, control: Control, titles: Titles) -> None:
        self._control = control
        self._rules = tuple((one.title, one.rewards) for one in titles.titles)

    def page(self, viewer: Viewer) -> AwardsPage:
        """Answer what somebody has and had; nobody but themselves is told."""
        return self.of(viewer.account_id)

    def of(self, account_id: str) -> AwardsPage:
        """Return one account's awards."""
        awards = self._control.awards_of(account_id)
        return AwardsPage(
            held=tuple(one for one in awards if one.ended_at is None),
            ended=tuple(one for one in awards if one.ended_at is not None),
            declined=frozenset(
                name for who, _, name in self._control.declined() if who == account_id
            ),
            rules=self._rules,
        )

    def decline(self, viewer: Viewer, which: str, *, declined: bool) -> None:
        """Decline one's own title, or ``tiers``; raises Invalid, NotFound."""
        self.choose(viewer, viewer.account_id, which, declined=declined)

    def choose(
        self, viewer: Viewer, account_id: str, which: str, *, declined: bool
    ) -> None:
        """Record somebody's choice, whoever brings it in; raises Invalid, NotFound."""
        if not which:
            message = f"say which: a title as it is called, or {TIERS}"
            raise Invalid(message)
        kind, name = (TIER, "") if which == TIERS else (TITLE, which)
        self._control.decline(viewer, (account_id, kind, name), declined=declined)


def without_declined(
    rows: tuple[BoardRow, ...], declined: frozenset[Distinction]
) -> tuple[BoardRow, ...]:
    """Take from published rows what their accounts have declined since.

    The same tuple comes back when there is nothing to take.
    """
    who = {account for account, *_ in declined}
    if not any(row.standing.account_id in who for row in rows):
        return rows
    return tuple(
        replace(row, standing=_without(row.standing, declined)) for row in rows
    )


def _without(standing: Standing, declined: frozenset[Distinction]) -> Standing:
    account = standing.account_id
    titles = tuple(
        one for one in standing.titles if (account, TITLE, one) not in declined
    )
    tier = "" if (account, TIER, "") in declined else standing.tier
    return replace(standing, titles=titles, tier=tier)
