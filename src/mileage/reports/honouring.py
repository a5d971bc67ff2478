"""Deciding titles and tiers while a publication is made, and writing them down."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from mileage.domain.awards import TIER, TITLE, Earned, Reference
from mileage.domain.people import PEOPLE
from mileage.domain.window import period
from mileage.honours.awards import decide, titles_after
from mileage.honours.figures import before_named, values_named, written
from mileage.honours.lenses import named
from mileage.honours.tiers import scaled
from mileage.store import honoured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from mileage.domain.awards import Award, Changes, Distinction
    from mileage.domain.formula import Condition
    from mileage.domain.people import Account
    from mileage.domain.window import Period, Window
    from mileage.honours.lenses import Lens
    from mileage.honours.tiers import Tiers
    from mileage.honours.titles import Titles
    from mileage.store.standings import Making

Everybody: TypeAlias = "Sequence[tuple[str, Sequence[int | None]]]"
"""Accounts with their values, one a lens."""


class Honour(NamedTuple):
    """What somebody is shown with."""

    tier: str = ""
    titles: tuple[str, ...] = ()
    """What pages call them, in the order of the policy."""


class Standings(Protocol):
    """The standings of the default window, as they are being made."""

    @property
    def window(self) -> Window:
        """Of which they are."""
        ...

    def values(self) -> Everybody:
        """Return what lenses give for every account."""
        ...

    def candidates(
        self,
        rules: Sequence[Sequence[Condition]],
        named: Sequence[str],
        before: Sequence[str],
    ) -> Sequence[tuple[str, Mapping[str, int | None]]]:
        """Return at least who meets all conditions of a rule, with what rules name."""
        ...

    def period(self, name: str) -> Window:
        """Return the last whole calendar period of that name."""
        ...

    def values_in_period(self, name: str) -> Everybody:
        """Return what lenses gave for everybody in it."""
        ...


class Forming:
    """The standings of a window that the database has made first: ``Standings``."""

    def __init__(self, maker: Making, of: Period, now: int, zone: ZoneInfo) -> None:
        self.window = of.window
        self._maker = maker
        self._now, self._zone = now, zone

    def values(self) -> Everybody:
        """Return what lenses give for every account."""
        return honoured.everybodys_values(self._maker.cursor)

    def candidates(
        self,
        rules: Sequence[Sequence[Condition]],
        named: Sequence[str],
        before: Sequence[str],
    ) -> Sequence[tuple[str, Mapping[str, int | None]]]:
        """Return at least who meets all conditions of a rule, with what rules name."""
        return honoured.candidates(self._maker.cursor, rules, named, before)

    def period(self, name: str) -> Window:
        """Return the last whole calendar period of that name."""
        return period(name, now=self._now, zone=self._zone).previous

    def values_in_period(self, name: str) -> Everybody:
        """Return what lenses gave for everybody in it; seldom asked for."""
        return self._maker.values_before(period(name, now=self._now, zone=self._zone))


class Awarded(Protocol):
    """Where awards are kept."""

    def awards_held(self) -> tuple[Award, ...]:
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

    def __init__(
        self, rules: Rules, awarded: Awarded, people: Sequence[Account]
    ) -> None:
        self._rules = rules
        self._awarded = awarded
        self._people = {one.account_id for one in people if one.kind in PEOPLE}

    def honours(self, standings: Standings, now: int) -> dict[str, Honour]:
        """Decide, write down what changes, and return what people are shown with."""
        held = self._awarded.awards_held()
        everybody = self._of_people(standings.values())
        tiers = self._tiers(standings, everybody, held)
        earned = [*self._titles(standings, everybody, held), *tiers]
        titles = self._rules.titles.titles
        changes = decide(held, earned, titles, now)
        if any(changes):
            self._awarded.change_awards(changes, now)
        order = [one.title for one in titles]
        return self._shown(titles_after(held, changes, order), tiers)

    def _of_people(self, values: Everybody) -> Everybody:
        """Leave out services: whom nobody is ranked beside moves nobody's tier."""
        return [one for one in values if one[0] in self._people]

    def _titles(
        self,
        standings: Standings,
        everybody: Everybody,
        held: Sequence[Award],
    ) -> list[Earned]:
        rules, lenses = self._rules.titles, self._rules.lenses
        theirs = {(one.account_id, one.name) for one in held if one.kind == TITLE}
        cutoffs = rules.cutoffs([values for _, values in everybody])
        found = standings.candidates(
            rules.conditions(cutoffs),
            tuple(values_named(lenses)),
            tuple(before_named(lenses)),
        )
        earned = []
        for account, known in found:
            if account in self._people:
                for one in rules.earned(known, cutoffs):
                    again = (account, one.title) in theirs
                    reason = "" if again else rules.reason(one, known)
                    earned.append(Earned(account, TITLE, one.title, reason))
        return earned

    def _tiers(
        self,
        standings: Standings,
        everybody: Everybody,
        held: Sequence[Award],
    ) -> list[Earned]:
        rules = self._rules.tiers
        lens = named(self._rules.lenses, rules.lens)
        at = list(self._rules.lenses).index(lens)
        values = {account: row[at] for account, row in everybody}
        bounds = self._bounds(standings, at, [v or 0 for v in values.values()])
        before = {one.account_id: one.name for one in held if one.kind == TIER}
        tiers = {
            account: rules.of(value, bounds, before.get(account, ""))
            for account, value in values.items()
        }
        least = dict(zip((one.name for one in rules.ladder), bounds, strict=False))
        earned = []
        for account, tier in tiers.items():
            if tier:
                again = before.get(account) == tier
                reason = "" if again else _why(lens, values[account], least[tier])
                earned.append(Earned(account, TIER, tier, reason))
        return earned

    def _bounds(
        self, standings: Standings, at: int, values: Sequence[int]
    ) -> tuple[int, ...]:
        """Return the bounds in force, scaled to the window; frozen when first found."""
        rules, window = self._rules, standings.window
        name = rules.tiers.reference
        period = standings.period(name)
        kept = self._awarded.tier_reference(period.start, rules.version)
        if kept is None:
            before = self._of_people(standings.values_in_period(name))
            bounds = rules.tiers.bounds([row[at] or 0 for _, row in before])
            length = period.end - period.start
            if not bounds:
                bounds, length = rules.tiers.bounds(values), window.end - window.start
            kept = Reference(period.start, rules.version, bounds, length)
            if bounds:
                self._awarded.freeze_reference(kept)
        return scaled(kept.bounds, window.end - window.start, kept.length)

    def _shown(
        self, titles: Mapping[str, Sequence[str]], tiers: Sequence[Earned]
    ) -> dict[str, Honour]:
        declined = self._awarded.declined()
        tier_of = {
            one.account_id: one.name
            for one in tiers
            if (one.account_id, TIER, "") not in declined
        }
        return {
            account: Honour(
                tier_of.get(account, ""),
                tuple(
                    title
                    for title in titles.get(account, ())
                    if (account, TITLE, title) not in declined
                ),
            )
            for account in titles.keys() | tier_of.keys()
        }


def _why(lens: Lens, value: int | None, bound: int) -> str:
    return (
        f"{written(value, lens.unit)} by the lens {lens.title}; "
        f"it begins at {written(bound, lens.unit)}"
    )
