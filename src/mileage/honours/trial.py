"""Rules held against gamers before anybody is ranked by them.

A trial is one account three times: as it was, with what a habit added, and with honest
work for the same money instead. A rule that gives the habit more than the work teaches
the habit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.measured import metrics
from mileage.honours.figures import before_named, values_named
from mileage.honours.lenses import Lens, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.domain.measured import Measured
    from mileage.honours.tiers import Tiers
    from mileage.honours.titles import Titles


class Trial(NamedTuple):
    """One account, three times."""

    strategy: str
    gaming: bool
    before: Measured
    """Without the habit."""
    after: Measured
    """With it."""
    honest: Measured
    """With honest work instead, for the same money on the same days and models."""
    dollars: int
    """What the habit cost, in micro-dollars of the ledger."""


class Gain(NamedTuple):
    """What a strategy gains by one rule, all its trials together."""

    habit: int
    """Places on a board, titles, or steps of the ladder of tiers."""
    honest: int
    """What honest work for the same money gains."""

    @property
    def pays(self) -> bool:
        """Tell whether a dollar of the habit gains more than one of work."""
        return self.habit > self.honest


class Outcome(NamedTuple):
    """What a strategy gains by every rule."""

    strategy: str
    gaming: bool
    dollars: int
    lenses: dict[str, Gain]
    """Places, by the name of the lens."""
    titles: dict[str, Gain]
    """By the name of the title; those that neither gains are left out."""
    tiers: Gain


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that are tried, over what everybody else did."""

    lenses: Sequence[Lens]
    titles: Titles
    tiers: Tiers
    people: Sequence[Measured]

    def outcomes(self, trials: Iterable[Trial]) -> list[Outcome]:
        """Return what each strategy gains, in the order of its first trial."""
        by_strategy: dict[str, list[Trial]] = {}
        for trial in trials:
            by_strategy.setdefault(trial.strategy, []).append(trial)
        values = [
            tuple(value(lens, one) for lens in self.lenses) for one in self.people
        ]
        standing = _Standing(self, values)
        return [standing.outcome(name, of) for name, of in by_strategy.items()]


class _Place(NamedTuple):
    """Where one of the three stands."""

    ranks: tuple[int, ...]
    titles: frozenset[str]
    tier: int


class _Standing:
    """Ranks, titles and tiers among what everybody else has."""

    def __init__(self, rules: Rules, values: list[tuple[int | None, ...]]) -> None:
        self._rules = rules
        self._columns = [
            [one for one in column if one is not None]
            for column in zip(*values, strict=True)
        ]
        self._cutoffs = rules.titles.cutoffs(self._columns.__getitem__)
        at = [lens.name for lens in rules.lenses].index(rules.tiers.lens)
        self._bounds = rules.tiers.bounds(self._columns[at])
        self._tier_lens = at

    def outcome(self, strategy: str, trials: Sequence[Trial]) -> Outcome:
        places = [
            tuple(
                self._place(one, trial.before)
                for one in (trial.before, trial.after, trial.honest)
            )
            for trial in trials
        ]
        names = [lens.name for lens in self._rules.lenses]
        awarded = {
            title.name: Gain(
                *(
                    sum((title.name in p[at].titles - p[0].titles) for p in places)
                    for at in (1, 2)
                )
            )
            for title in self._rules.titles.titles
        }
        return Outcome(
            strategy,
            trials[0].gaming,
            sum(trial.dollars for trial in trials),
            {
                name: Gain(
                    *(
                        sum(p[0].ranks[n] - p[at].ranks[n] for p in places)
                        for at in (1, 2)
                    )
                )
                for n, name in enumerate(names)
            },
            {name: gain for name, gain in awarded.items() if any(gain)},
            Gain(*(sum(p[at].tier - p[0].tier for p in places) for at in (1, 2))),
        )

    def _place(self, one: Measured, before: Measured) -> _Place:
        lenses = self._rules.lenses
        values = [value(lens, one) for lens in lenses]
        ranks = tuple(
            _rank(mine, column)
            for mine, column in zip(values, self._columns, strict=True)
        )
        known = metrics(one)
        known |= {name: value(lens, one) for name, lens in values_named(lenses).items()}
        known |= {
            name: value(lens, before) for name, lens in before_named(lenses).items()
        }
        earned = self._rules.titles.earned(known, self._cutoffs)
        tiers = self._rules.tiers
        tier = tiers.of(values[self._tier_lens], self._bounds)
        step = [level.name for level in tiers.ladder].index(tier) + 1 if tier else 0
        return _Place(ranks, frozenset(one.name for one in earned), step)


def _rank(mine: int | None, column: Sequence[int]) -> int:
    """Return the rank among others; who has no value stands behind all."""
    if mine is None:
        return len(column) + 1
    return 1 + sum(one > mine for one in column)
