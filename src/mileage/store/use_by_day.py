"""What some accounts used on each local day of a published window."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.window import SECOND
from mileage.store.standing_files import figures_of
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from mileage.domain.sums import Figures
    from mileage.domain.window import Window
    from mileage.store.ledger import Ledger


class DayUse(NamedTuple):
    """One account, one local day."""

    account_id: str
    day: date
    figures: Figures


def use_by_day(
    ledger: Ledger, window: Window, seq: int, accounts: Iterable[str]
) -> list[DayUse]:
    """Return use by account and day as it was when ``seq`` appends were recorded.

    So it adds up to what was published of that append, whatever came in meanwhile.
    The window begins and ends on the zone's hours.
    """
    asked = {
        "start": -(-window.start // SECOND),
        "end": -(-window.end // SECOND),
        "seq": seq,
        "accounts": list(accounts),
    }
    with ledger.transaction() as cursor:
        run(cursor, "recompute.call_as_of")
        rows = run(cursor, "use_by_day", **asked)
    return [DayUse(account, day, figures_of(rest)) for account, day, *rest in rows]
