"""Try the rules in force on the demo's gamers and on those who look like them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mileage.honours.trial import Rules
from mileage.ingest.demo.trials import trials
from mileage.pricing.catalog import shipped
from mileage.wiring.policy import load_policy

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.honours.lenses import Lens
    from mileage.honours.trial import Outcome


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    lenses: tuple[Lens, ...]
    """The default first."""
    outcomes: tuple[Outcome, ...]

    @property
    def paying(self) -> tuple[tuple[str, str], ...]:
        """Return (strategy, rule) where gaming gains more than work for the money.

        Of lenses only the default is held to it: the others say what they can be
        gamed by, and nothing is awarded by them alone.
        """
        default = self.lenses[0].name
        return tuple(
            (one.strategy, rule)
            for one in self.outcomes
            if one.gaming
            for rule, gain in (
                (f"lens {default}", one.lenses[default]),
                *((f"title {name}", gain) for name, gain in one.titles.items()),
                ("tiers", one.tiers),
            )
            if gain.pays
        )


def try_rules(data: Path, seed: int) -> Tried:
    """Run every trial; the same policy and seed always have the same outcome.

    Raises ``PolicyErrors`` for a policy that has mistakes.
    """
    policy = load_policy(data)
    people, found = trials(seed, shipped(policy.overrides))
    rules = Rules(policy.lenses, policy.titles, policy.tiers, people)
    return Tried(policy.lenses, tuple(rules.outcomes(found)))
