"""What one account uses in all, exactly, before any hour or call is drawn.

Hours share out what a plan says and calls share out what an hour says, so the
totals of the whole organisation are known from the plans alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.tokens import Tokens
from mileage.ingest.demo.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.ingest.demo.people import Account


class Use(NamedTuple):
    """What one account uses of one model through one client."""

    client: str
    provider: str
    model: str
    calls: int
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one account uses in the days of the demo."""

    account: Account
    intensity: float
    """From 0 to 1: how many days and hours; the quantile of spend for people."""
    restless: bool
    """Works through nights and weekends: bots, and agents in a loop."""
    uses: tuple[Use, ...]
    door: bool = False
    """Every call passes the front door; otherwise none, and hours are roll-ups."""

    @property
    def calls(self) -> int:
        """Count the calls of all models."""
        return sum(use.calls for use in self.uses)

    @property
    def tokens(self) -> Tokens:
        """Sum the tokens of all models."""
        return sum_tokens(use.tokens for use in self.uses)

    @property
    def clients(self) -> tuple[str, ...]:
        """Name the clients, the main one first."""
        return tuple(dict.fromkeys(use.client for use in self.uses))

    @property
    def list_cost(self) -> int:
        """Return micro-dollars at list prices."""
        return sum(MODELS[use.model].cost(use.tokens) for use in self.uses)


def sum_tokens(parts: Iterable[Tokens]) -> Tokens:
    """Add up, class by class."""
    columns = tuple(zip(*parts, strict=True))
    return Tokens(*map(sum, columns)) if columns else Tokens()
