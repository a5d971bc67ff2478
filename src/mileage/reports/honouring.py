"""Deciding titles and tiers while a publication is made, and writing them down."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mileage.domain.awards import TIER, TITLE, Earned, Reference
from mileage.domain.window import period
from mileage.honours.awards import decide, titles_after
from mileage.honours.figures import before_named, values_named, written
from mileage.honours.lenses import named
from mileage.honours.tiers import scaled
from mileage.store import honoured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mileage.domain.awards import Changes, Distinction, Held
    from mileage.domain.formula import Condition
    from mileage.domain.window import Period, Window
    from mileage.honours.lenses import Lens
    from mileage.honours.tiers import Tiers
    from mileage.honours.titles import Title, Titles
    from mileage.store.standings import Making


class Had(NamedTuple):
    """Awards that have not ended."""

    tiers: Mapping[str, Held]
    """By account: those that the ladder still has."""
    places: Mapping[str, int]
    """The same by their place on the ladder, from 1."""
    others: Sequence[Held]

    @classmethod
    def of(cls, held: Sequence[Held], rules: Tiers) -> Had:
        """Tell awards apart."""
        places = {tier.name: place for place, tier in enumerate(rules.ladder, 1)}
        tiers = {
            one.account_id: one
            for one in held
            if one.kind == TIER and one.name in places
        }
        others = [one for one in held if tiers.get(one.account_id) is not one]
        return cls(tiers, {who: places[one.name] for who, one in tiers.items()}, others)


class Moved(NamedTuple):
    """Somebody whose tier is another one now."""

    account_id: str
    value: int | None
    """By the lens of the tiers."""
    place: int
    """On the ladder, from 1; 0 for no tier."""


class Standings(Protocol):
    """The standings of people in the default window, as they are being made."""

    @property
    def window(self) -> Window:
        """Of which they are."""
        ...

    def values(self, place: int) -> Sequence[int]:
        """Return what the lens at a place gives, where that is more than nothing."""
        ...

    def tiers(
        self,
        place: int,
        steps: Sequence[Sequence[int]],
        ladder: Sequence[str],
        hidden: Iterable[str],
    ) -> Sequence[Moved]:
        """Give everybody the tier that they have by a lens.

        ``steps`` are the least values of all tiers, by the place of the one that
        somebody had, 0 for none; whoever is ``hidden`` is shown with none.
        """
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

    def begun(self, name: str) -> tuple[int, int]:
        """Count the people of it, and those who had begun by its first day."""
        ...

    def values_in_period(self, name: str, place: int) -> Sequence[int]:
        """Return what a lens gave in it."""
        ...


class Forming:
    """The standings of a window that the database has made first: ``Standings``."""

    def __init__(self, maker: Making, of: Period, now: int) -> None:
        self.window = of.window
        self.maker = maker
        self._now = now

    def values(self, place: int) -> Sequence[int]:
        """Return what the lens at a place gives, where that is more than nothing."""
        return honoured.values_of(self.maker.cursor, place)

    def tiers(
        self,
        place: int,
        steps: Sequence[Sequence[int]],
        ladder: Sequence[str],
        hidden: Iterable[str],
    ) -> Sequence[Moved]:
        """Give everybody the tier that they have by a lens."""
        cursor = self.maker.cursor
        moved = honoured.decide_tiers(cursor, place, steps, ladder, hidden)
        return [Moved(*one) for one in moved]

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

    def begun(self, name: str) -> tuple[int, int]:
        """Count the people of it, and those who had begun by its first day."""
        of, clock = self.period(name), self.maker.clock
        days = clock.day(of.start), clock.day(of.end - 1)
        return honoured.begun(self.maker.cursor, *days)

    def values_in_period(self, name: str, place: int) -> Sequence[int]:
        """Return what a lens gave in it; seldom asked for."""
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

    def __init__(self, rules: Rules, awarded: Awarded) -> None:
        self._rules = rules
        self._awarded = awarded

    def honours(
        self, standings: Standings, had: Had, now: int
    ) -> Mapping[str, tuple[str, ...]]:
        """Decide, write down what changes, and return who is shown with which titles.

        As pages call them, in the order of the policy; whoever has none is left out.
        """
        declined = self._awarded.declined()
        hidden = [account for account, kind, _ in declined if kind == TIER]
        moved, reached = self._tiers(standings, hidden)
        # Most awards are tiers that stay: of these there is nothing to decide.
        left = (had.tiers.get(one.account_id) for one in moved)
        open_ = [*had.others, *filter(None, left)]
        earned = [*self._titles(standings, open_), *reached]
        titles = self._rules.titles.titles
        changes = decide(open_, earned, titles, now)
        if any(changes):
            self._awarded.change_awards(changes, now)
        shown = titles_after(open_, changes, [one.title for one in titles])
        for account, kind, name in declined:
            if kind == TITLE and account in shown:
                shown[account] = tuple(one for one in shown[account] if one != name)
        return shown

    def _titles(self, standings: Standings, held: Sequence[Held]) -> list[Earned]:
        rules, names = self._rules.titles, self._names()
        theirs = {(one.account_id, one.name) for one in held if one.kind == TITLE}
        earned = list(self._earning(standings))
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

    def _earning(self, standings: Standings) -> Iterator[tuple[str, Title]]:
        """Yield accounts with a title that they earn now."""
        rules, names = self._rules.titles, self._names()
        cutoffs = rules.cutoffs(standings.values)
        asked = rules.conditions(cutoffs)
        titles = [one for one, _ in asked]
        found = standings.meeting([conditions for _, conditions in asked], *names)
        met = [(who, list(compress(titles, flags))) for who, flags in found]
        first = [who for who, some in met if any(one.top is not None for one in some)]
        known = standings.known(first, *names) if first else {}
        for account, some in met:
            for one in some:
                # Whole numbers tell very large values apart.
                if one.top is None or rules.at_top(one, known[account], cutoffs):
                    yield account, one

    def _names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        lenses = self._rules.lenses
        return tuple(values_named(lenses)), tuple(before_named(lenses))

    def _tiers(
        self, standings: Standings, hidden: Sequence[str]
    ) -> tuple[Sequence[Moved], list[Earned]]:
        """Return whose tier is another one than before, and those that are reached."""
        rules = self._rules.tiers
        lens = named(self._rules.lenses, rules.lens)
        place = list(self._rules.lenses).index(lens)
        bounds = self._bounds(standings, place)
        ladder = [tier.name for tier in rules.ladder]
        steps = [rules.steps(bounds, name) for name in ("", *ladder)]
        moved = standings.tiers(place, steps, ladder, hidden)
        reached = [
            Earned(
                one.account_id,
                TIER,
                ladder[one.place - 1],
                _why(lens, one.value, bounds[one.place - 1]),
            )
            for one in moved
            if one.place
        ]
        return moved, reached

    def _bounds(self, standings: Standings, place: int) -> tuple[int, ...]:
        """Return the bounds in force: those of the period, frozen and scaled.

        Without such a period those of the window itself, found anew each time: of one
        in which most had only begun, everybody would rise as their days fill up.
        """
        rules, window = self._rules, standings.window
        name = rules.tiers.reference
        period = standings.period(name)
        kept = self._awarded.tier_reference(period.start, rules.version)
        if kept is None:
            people, before = standings.begun(name)
            bounds: tuple[int, ...] = ()
            if before * 2 >= people:
                bounds = rules.tiers.bounds(standings.values_in_period(name, place))
            if not bounds:
                return rules.tiers.bounds(standings.values(place))
            length = period.end - period.start
            kept = Reference(period.start, rules.version, bounds, length)
            self._awarded.freeze_reference(kept)
        return scaled(kept.bounds, window.end - window.start, kept.length)


def _why(lens: Lens, value: int | None, bound: int) -> str:
    return (
        f"{written(value, lens.unit)} by the lens {lens.title}; "
        f"it begins at {written(bound, lens.unit)}"
    )
