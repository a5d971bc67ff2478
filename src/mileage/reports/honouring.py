"""Deciding titles and tiers while a publication is made, and writing them down."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from mileage.domain.awards import TIER, TITLE, Earned, Reference
from mileage.domain.window import period
from mileage.honours.awards import decide, titles_after
from mileage.honours.figures import before_named, values_named, written
from mileage.honours.lenses import named
from mileage.honours.tiers import scaled
from mileage.store import honoured

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from mileage.domain.awards import Changes, Distinction, Held
    from mileage.domain.formula import Condition
    from mileage.domain.window import Period, Window
    from mileage.honours.lenses import Lens
    from mileage.honours.tiers import Tiers
    from mileage.honours.titles import Title, Titles
    from mileage.store.standings import Making

Values: TypeAlias = "Sequence[tuple[str, int | None]]"
"""Accounts with what one lens gives for them."""
ValuesOf: TypeAlias = "Callable[[int], Mapping[str, int | None]]"
"""The same of people alone, by the place of the lens."""


class Honours(NamedTuple):
    """What people are shown with, by account; whoever has nothing is left out."""

    tiers: Mapping[str, str]
    titles: Mapping[str, tuple[str, ...]]
    """What pages call them, in the order of the policy."""


class Standings(Protocol):
    """The standings of the default window, as they are being made."""

    @property
    def window(self) -> Window:
        """Of which they are."""
        ...

    def values(self, place: int) -> Values:
        """Return what the lens at a place gives for every account."""
        ...

    def meeting(
        self,
        rules: Sequence[Sequence[Condition]],
        named: Sequence[str],
        before: Sequence[str],
    ) -> Sequence[tuple[str, Sequence[bool]]]:
        """Return who meets all conditions of some rule, and whether of each."""
        ...

    def known(
        self, accounts: Sequence[str], named: Sequence[str], before: Sequence[str]
    ) -> Mapping[str, Mapping[str, int | None]]:
        """Return all that rules and reasons may name of some accounts."""
        ...

    def period(self, name: str) -> Window:
        """Return the last whole calendar period of that name."""
        ...

    def values_in_period(self, name: str, place: int) -> Values:
        """Return what a lens gave for everybody in it."""
        ...


class Forming:
    """The standings of a window that the database has made first: ``Standings``."""

    def __init__(self, maker: Making, of: Period, now: int) -> None:
        self.window = of.window
        self.maker = maker
        self._now = now

    def values(self, place: int) -> Values:
        """Return what the lens at a place gives for every account."""
        return honoured.values_of(self.maker.cursor, place)

    def meeting(
        self,
        rules: Sequence[Sequence[Condition]],
        named: Sequence[str],
        before: Sequence[str],
    ) -> Sequence[tuple[str, Sequence[bool]]]:
        """Return who meets all conditions of some rule, and whether of each."""
        return honoured.meeting(self.maker.cursor, rules, named, before)

    def known(
        self, accounts: Sequence[str], named: Sequence[str], before: Sequence[str]
    ) -> Mapping[str, Mapping[str, int | None]]:
        """Return all that rules and reasons may name of some accounts."""
        return honoured.known_of(self.maker.cursor, accounts, named, before)

    def period(self, name: str) -> Window:
        """Return the last whole calendar period of that name."""
        return self._period(name).previous

    def values_in_period(self, name: str, place: int) -> Values:
        """Return what a lens gave for everybody in it; seldom asked for."""
        return self.maker.values_before(self._period(name), place)

    def _period(self, name: str) -> Period:
        return period(name, now=self._now, zone=self.maker.clock.zone)


class Awarded(Protocol):
    """Where awards are kept."""

    def awards_held(self) -> Sequence[Held]:
        """List what everybody has now."""
        ...

    def change_awards(self, changes: Changes, at: int) -> None:
        """Begin and end awards."""
        ...

    def declined(self) -> frozenset[Distinction]:
        """Return what people are not shown with."""
        ...

    def tier_reference(self, start: int, rules: str) -> Reference | None:
        """Return frozen bounds."""
        ...

    def freeze_reference(self, reference: Reference) -> None:
        """Freeze bounds."""
        ...


class Rules(NamedTuple):
    """What honours are given by."""

    lenses: Sequence[Lens]
    titles: Titles
    tiers: Tiers
    version: str
    """Of the lenses and the tiers: with other ones, bounds are found anew."""


class Honouring:
    """Decides who has which titles and tier at one instant."""

    def __init__(self, rules: Rules, awarded: Awarded, people: Collection[str]) -> None:
        """Decide of ``people``: whom nobody is ranked beside moves nobody's tier."""
        self._rules = rules
        self._awarded = awarded
        self._people = people

    def honours(self, standings: Standings, held: Sequence[Held], now: int) -> Honours:
        """Decide, write down what changes, and return what people are shown with.

        ``held`` are the awards that have not ended.
        """
        values_of = cache(lambda place: self._of_people(standings.values(place)))
        had = {one.account_id: one for one in held if one.kind == TIER}
        tiers, reached = self._tiers(standings, values_of, had)
        # Most awards are tiers that stay: of these there is nothing to decide.
        open_ = [
            one
            for one in held
            if had.get(one.account_id) is not one
            or tiers.get(one.account_id) != one.name
        ]
        earned = [*self._titles(standings, values_of, open_), *reached]
        titles = self._rules.titles.titles
        changes = decide(open_, earned, titles, now)
        if any(changes):
            self._awarded.change_awards(changes, now)
        order = [one.title for one in titles]
        return self._shown(tiers, titles_after(open_, changes, order))

    def _of_people(self, values: Values) -> dict[str, int | None]:
        people = self._people
        return {account: value for account, value in values if account in people}

    def _titles(
        self, standings: Standings, values_of: ValuesOf, held: Sequence[Held]
    ) -> list[Earned]:
        rules, names = self._rules.titles, self._names()
        theirs = {(one.account_id, one.name) for one in held if one.kind == TITLE}
        earned = list(self._earning(standings, values_of))
        new = {who for who, one in earned if (who, one.title) not in theirs}
        known = standings.known(sorted(new), *names) if new else {}
        return [
            Earned(
                account,
                TITLE,
                one.title,
                ""
                if (account, one.title) in theirs
                else rules.reason(one, known[account]),
            )
            for account, one in earned
        ]

    def _earning(
        self, standings: Standings, values_of: ValuesOf
    ) -> Iterator[tuple[str, Title]]:
        """Yield accounts with a title that they earn now."""
        rules = self._rules.titles
        cutoffs = rules.cutoffs(lambda place: values_of(place).values())
        asked = rules.conditions(cutoffs)
        titles = [one for one, _ in asked]
        conditions = [condition for _, condition in asked]
        for account, met in standings.meeting(conditions, *self._names()):
            if account in self._people:
                for one in compress(titles, met):
                    # Whole numbers tell very large values apart.
                    value = values_of(rules.place(one))[account] or 0
                    if one.top is None or value >= cutoffs[one.name]:
                        yield account, one

    def _names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        lenses = self._rules.lenses
        return tuple(values_named(lenses)), tuple(before_named(lenses))

    def _tiers(
        self, standings: Standings, values_of: ValuesOf, had: Mapping[str, Held]
    ) -> tuple[dict[str, str], list[Earned]]:
        """Return everybody's tier, and those that somebody did not have before."""
        rules = self._rules.tiers
        lens = named(self._rules.lenses, rules.lens)
        place = list(self._rules.lenses).index(lens)
        values = values_of(place)
        bounds = self._bounds(standings, place, values)
        before = {account: one.name for account, one in had.items()}
        steps = {name: rules.steps(bounds, name) for name in {"", *before.values()}}
        tiers, reached = {}, []
        for account, value in values.items():
            theirs = before.get(account, "")
            level = bisect_right(steps[theirs], value or 0)
            if level:
                tier = tiers[account] = rules.ladder[level - 1].name
                if tier != theirs:
                    reason = _why(lens, value, bounds[level - 1])
                    reached.append(Earned(account, TIER, tier, reason))
        return tiers, reached

    def _bounds(
        self, standings: Standings, place: int, now: Mapping[str, int | None]
    ) -> tuple[int, ...]:
        """Return the bounds in force, scaled to the window; frozen when first found."""
        rules, window = self._rules, standings.window
        name = rules.tiers.reference
        period = standings.period(name)
        kept = self._awarded.tier_reference(period.start, rules.version)
        if kept is None:
            before = self._of_people(standings.values_in_period(name, place))
            bounds = rules.tiers.bounds([value or 0 for value in before.values()])
            length = period.end - period.start
            if not bounds:
                bounds = rules.tiers.bounds([value or 0 for value in now.values()])
                length = window.end - window.start
            kept = Reference(period.start, rules.version, bounds, length)
            if bounds:
                self._awarded.freeze_reference(kept)
        return scaled(kept.bounds, window.end - window.start, kept.length)

    def _shown(
        self, tiers: dict[str, str], titles: dict[str, tuple[str, ...]]
    ) -> Honours:
        for account, kind, name in self._awarded.declined():
            if kind == TIER:
                tiers.pop(account, None)
            elif account in titles:
                left = (one for one in titles[account] if one != name)
                titles[account] = tuple(left)
        return Honours(tiers, titles)


def _why(lens: Lens, value: int | None, bound: int) -> str:
    return (
        f"{written(value, lens.unit)} by the lens {lens.title}; "
        f"it begins at {written(bound, lens.unit)}"
    )
