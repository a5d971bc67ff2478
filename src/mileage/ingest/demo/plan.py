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

    from mileage.ingest.demo.door_call import DoorCall
    from mileage.ingest.demo.habits import Habit
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
    habit: Habit | None = None
    """What a labelled account does besides."""
    habitual: tuple[DoorCall, ...] = ()
    """The calls of the habit, with their true counts; not part of ``uses``."""

    @property
    def calls(self) -> int:
        """Count the calls of all models."""
        return sum(use.calls for use in self.uses) + len(self.habitual)

    @property
    def tokens(self) -> Tokens:
        """Sum the tokens of all models."""
        return sum_tokens(
            [use.tokens for use in self.uses] + [one.tokens for one in self.habitual]
        )

    @property
    def clients(self) -> tuple[str, ...]:
        """Name the clients, the main one first."""
        names = [use.client for use in self.uses]
        return tuple(dict.fromkeys([*names, *(one.client for one in self.habitual)]))

    @property
    def list_cost(self) -> int:
        """Return micro-dollars at list prices."""
        parts = [(use.model, use.tokens) for use in self.uses]
        parts += [(one.model, one.tokens) for one in self.habitual]
        return sum(MODELS[model].cost(tokens) for model, tokens in parts)


def sum_tokens(parts: Iterable[Tokens]) -> Tokens:
    """Add up, class by class."""
    columns = tuple(zip(*parts, strict=True))
    return Tokens(*map(sum, columns)) if columns else Tokens()
