"""What could not be read: by source, reason and version of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.errors import Invalid
from mileage.domain.rejecting import SORTS, RejectedPage
from mileage.reports.shape import instant_json
from mileage.store.rejections import rejecting_sources, rejections

if TYPE_CHECKING:
    from mileage.store.ledger import Ledger

GROUPS_SHOWN = 200


def rejected_page(ledger: Ledger, source: str | None, sort: str) -> RejectedPage:
    """Return the groups of one source, or of all for None, the first of them first.

    A source without rejections has none to show, whether it exists or not.
    """
    if sort not in SORTS:
        raise Invalid(f"sort {sort[:40]!r} is unknown; use {' or '.join(SORTS)}")
    return RejectedPage(
        rejections(ledger, source, GROUPS_SHOWN, latest=sort == "latest"),
        tuple(rejecting_sources(ledger)),
        source or "",
        sort,
    )


def rejected_json(page: RejectedPage) -> dict[str, Any]:
    """Write the page; ``kinds`` and ``records`` count what was cut as well."""
    return {
        "source": page.source or None,
        "sort": page.sort,
        "kinds": page.found.kinds,
        "records": page.found.records,
        "rows": [
            {
                "source": one.source,
                "reason": one.reason,
                "client_version": one.client_version,
                "records": one.records,
                "accounts": one.accounts,
                "first": instant_json(one.first),
                "last": instant_json(one.last),
                "place": one.place,
                "sample": one.sample,
            }
            for one in page.found.groups
        ],
    }
