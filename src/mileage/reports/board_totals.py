"""Whether totals of the organisation may stand beside named rows.

A total less the rows that everybody can read is what the others used. So it is told
only if those are enough, and none of them is nearly all of it: whoever is hidden, for
those who may leaf through all rows, and these with whoever stands below the top, for
the others. It is one decision for everybody, as they can talk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.access.disclosure import Rest, Thresholds, tells_rest

if TYPE_CHECKING:
    from mileage.domain.figures import Snapshot
    from mileage.domain.settings import Settings
    from mileage.reports.boards import Boards


class BoardTotals(NamedTuple):
    """Decides for the boards of one data directory."""

    boards: Boards
    limits: Thresholds
    top: int

    def told(self, head: Snapshot, hidden: frozenset[str]) -> bool:
        """Tell whether the totals of a window may be told now."""
        return all(
            tells_rest((Rest(*one) for one in rest), self.limits)
            for rest in self.boards.rests(head, hidden, self.top)
        )


def thresholds(settings: Settings) -> Thresholds:
    """Return what the policy says about groups."""
    return Thresholds(
        people=settings.group_people,
        managers=settings.group_people_managers,
        sums=settings.sum_people,
        percent=settings.sum_percent,
    )
