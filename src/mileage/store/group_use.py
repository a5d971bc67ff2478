"""What everybody used of each client and model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.window import SECOND
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.window import Window
    from mileage.store.ledger import Ledger


class GroupUse(NamedTuple):
    """Tokens of one account with one model through one client."""

    account_id: str
    client: str
    model: str
    tokens: int


def use_of_groups(ledger: Ledger, window: Window) -> Iterator[GroupUse]:
    """Yield what was used in a window that begins and ends on the zone's hours."""
    hours = {"start": -(-window.start // SECOND), "end": -(-window.end // SECOND)}
    return map(GroupUse._make, run(ledger.cursor(), "use_of_groups", **hours))
