"""A desk of awards in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mileage.domain.awards import TIER, TITLE, Award, AwardsPage
from mileage.domain.errors import NotFound

if TYPE_CHECKING:
    from mileage.domain.people import Viewer

NOON = 1_763_812_800_000_000
WIZARD = Award(1, "acc-1", TITLE, "Cache Wizard", "95.10% of the prompts, $41.00", NOON)
GOLD = Award(2, "acc-1", TIER, "gold", "4,000 by the lens Credit", NOON)
SILVER = Award(3, "acc-1", TIER, "silver", "900 by the lens Credit", 7, NOON)


@dataclass
class FakeAwards:
    held: tuple[Award, ...] = (WIZARD, GOLD)
    ended: tuple[Award, ...] = (SILVER,)
    declined: set[str] = field(default_factory=set)

    def page(self, viewer: Viewer) -> AwardsPage:
        rules = (("Cache Wizard", "Prompts that a cache makes cheap."),)
        return AwardsPage(self.held, self.ended, frozenset(self.declined), rules)

    def decline(self, viewer: Viewer, which: str, *, declined: bool) -> None:
        if which not in {"tiers", *(one.name for one in self.held)}:
            message = f"{viewer.account_id} never had the title {which}"
            raise NotFound(message)
        name = "" if which == "tiers" else which
        (self.declined.add if declined else self.declined.discard)(name)
