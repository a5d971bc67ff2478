"""Watching over how people's figures are read: for stewards, auditors, councils."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.oversight import OversightPage

if TYPE_CHECKING:
    from mileage.domain.audit_policy import Brakes
    from mileage.domain.people import Viewer
    from mileage.reports.gate import Gate
    from mileage.store.control import Control

DAY = 86_400_000_000
DAYS = 30
SHOWN = 50
"""Rows of each list; `mileage audit` has all of them."""


class Oversight(NamedTuple):
    """Implements ``web.desks.OversightDesk``; safe to call from threads."""

    gate: Gate
    control: Control
    brakes: Brakes

    def page(self, viewer: Viewer, purpose: str | None = None) -> OversightPage:
        """Answer what a role may see of it; whom that names is recorded first.

        Raises Refused, and PurposeMissing to ask for one.
        """
        allowed = self.gate.allow(viewer, "oversight", purpose=purpose)
        control, now = self.control, self.control.now()
        since, today = now - DAYS * DAY, now - now % DAY
        stopped = control.stopped(since, SHOWN)
        readers = control.readers_since(today, SHOWN)
        page = OversightPage(
            since=since,
            brakes=self.brakes,
            counted=control.counted_since(since),
            logs=control.logs(),
            stopped=stopped if "brakes" in allowed.fields else None,
            stopped_people=len({one.account_id for one in stopped}),
            readers=readers if "readers" in allowed.fields else None,
            changes=control.audit_rows(SHOWN) if "changes" in allowed.fields else None,
            purpose=allowed.purpose,
        )
        if named := _named(page):
            read = ("oversight", ORGANISATION, len(named), f"{DAYS} days", named)
            control.record_access(NamedRead(viewer, allowed.purpose, *read))
        return page


def _named(page: OversightPage) -> tuple[str, ...]:
    """Return whom the page names: of these, each sees that it was read."""
    found = {one.account_id for one in page.stopped or ()}
    found |= {one.account_id for one in page.readers or ()}
    found |= {one.actor for one in page.changes or () if one.actor}
    return tuple(sorted(found))
