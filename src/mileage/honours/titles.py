"""Titles: awards by published rule (``titles.toml``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mileage.domain.awards import TIERS
from mileage.domain.formula import Condition, Name, Number, holds, names
from mileage.domain.measured import LONGEST_DAYS
from mileage.domain.policy import PolicyFile
from mileage.honours.figures import (
    all_named,
    placeholders,
    told,
    units,
    value_name,
    vocabulary,
)
from mileage.honours.formulas import conditions_of
from mileage.honours.lenses import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mileage.domain.policy import Table
    from mileage.honours.lenses import Lens

PER_CENT = 100
"""Shares are in hundredths of a per cent."""
WHOLE = 100 * PER_CENT
NO_CONDITION = "is missing; a title needs at least one condition"
_NAME = r"[a-z][a-z0-9-]{0,31}"


@dataclass(frozen=True, slots=True)
class Title:
    """One title and who earns it."""

    name: str
    title: str
    earned_by: tuple[Condition, ...]
    """All of them."""
    reason: str
    """With metrics in braces; ``{value}`` is what the lens gives."""
    rewards: str
    """What it is given for, in words."""
    top: int | None = None
    """Hundredths of a per cent of those ranked by ``lens``, from the top."""
    lens: str = ""
    """'' for the default one."""
    grace_days: int = 7
    """How long it stays after it is no longer earned."""


@dataclass(frozen=True, slots=True)
class Titles:
    """All titles, with what their rules name."""

    titles: tuple[Title, ...]
    lenses: tuple[Lens, ...]

    def cutoffs(
        self, values_of: Callable[[int], Iterable[int | None]]
    ) -> dict[str, int]:
        """Return the least value that is at the top, by title.

        ``values_of`` gives everybody's values by a lens, which is asked for by its
        place. A title without ``top`` is left out, and one of whose lens nobody has a
        value.
        """
        found = {}
        for one in self.titles:
            if one.top is not None:
                values = values_of(self.place(one))
                ranked = sorted(n for n in values if n is not None and n > 0)
                if ranked:
                    among = max(1, len(ranked) * one.top // WHOLE)
                    found[one.name] = ranked[-among]
        return found

    def place(self, title: Title) -> int:
        """Return the place of the lens by which a title has its first ones."""
        return self.lenses.index(named(self.lenses, title.lens))

    def conditions(
        self, cutoffs: Mapping[str, int]
    ) -> list[tuple[Title, tuple[Condition, ...]]]:
        """Return what each title asks for, as conditions alone, to look for people by.

        A title that only the first ones earn is left out where nobody has a value.
        Numbers are compared as fractions, which of very large values may find some
        more than are among the first.
        """
        found = []
        for one in self.titles:
            if one.top is None:
                found.append((one, one.earned_by))
            elif one.name in cutoffs:
                value = Name(value_name(named(self.lenses, one.lens)))
                least = Condition(value, ">=", Number(cutoffs[one.name]), "")
                found.append((one, (least, *one.earned_by)))
        return found

    def earned(
        self, known: Mapping[str, int | None], cutoffs: Mapping[str, int]
    ) -> list[Title]:
        """Return the titles that somebody earns."""
        return [
            one
            for one in self.titles
            if (one.top is None or self.at_top(one, known, cutoffs))
            and all(holds(condition, known) for condition in one.earned_by)
        ]

    def at_top(
        self, title: Title, known: Mapping[str, int | None], cutoffs: Mapping[str, int]
    ) -> bool:
        """Tell whether somebody is among the first of a title that only they earn."""
        value, least = self._value(title, known), cutoffs.get(title.name)
        return value is not None and least is not None and value >= least

    def reason(self, title: Title, known: Mapping[str, int | None]) -> str:
        """Return why somebody earns a title, with the figures."""
        lens = named(self.lenses, title.lens)
        of_units = {**units(self.lenses), "value": lens.unit}
        value = self._value(title, known)
        return told(title.reason, {**known, "value": value}, of_units)

    def _value(self, title: Title, known: Mapping[str, int | None]) -> int | None:
        return known[value_name(named(self.lenses, title.lens))]

    def fitting(self, lenses: Sequence[Lens]) -> Titles:
        """Leave out titles whose rules name a lens that is not among these."""
        known = {*vocabulary(lenses), "value"}
        called = {"", *(lens.name for lens in lenses)}
        kept = (
            one
            for one in self.titles
            if one.lens in called and known.issuperset(_named(one))
        )
        return Titles(tuple(kept), tuple(lenses))


def _named(title: Title) -> Iterator[str]:
    yield from placeholders(title.reason)
    for condition in title.earned_by:
        yield from names(condition.left)
        yield from names(condition.right)


def parse_titles(
    text: str, file: str, lenses: Sequence[Lens], days: int = LONGEST_DAYS
) -> Titles:
    """Read ``titles.toml``; its rules may name the lenses that there are.

    They are over a window that touches so many local days at most.
    """
    policy = PolicyFile.parse(text, file)
    found: list[Title] = []
    for table in policy.root().tables("title"):
        title = _title(table, lenses, days)
        if any(title.name == other.name for other in found):
            table.note(
                "name", f"{title.name!r} is the name of another title; change it"
            )
        if any(title.title == other.title for other in found):
            table.note(
                "title", f"{title.title!r} is what another title is called; change it"
            )
        if title.title == TIERS:
            table.note("title", f"{TIERS!r} is what all tiers are called; change it")
        found.append(title)
    policy.close()
    return Titles(tuple(found), tuple(lenses))


def _title(table: Table, lenses: Sequence[Lens], days: int) -> Title:
    known = vocabulary(lenses, days)
    name = table.text(
        "name", pattern=_NAME, expected="lower-case letters, digits and hyphens"
    )
    reason = table.text("reason")
    for one in placeholders(reason):
        if one not in known and one != "value":
            there = ", ".join(sorted(known))
            table.note("reason", f"there is no metric {one!r}; there are: {there}")
    if not all_named(reason):
        table.note("reason", "has a brace around no metric; write {active_days}, say")
    top, lens = _top(table, lenses)
    needed = "" if top is not None else NO_CONDITION
    earned_by = conditions_of(table, "earned_by", known, needed)
    return Title(
        name=name,
        title=table.text("title"),
        earned_by=earned_by,
        reason=reason,
        rewards=table.text("rewards"),
        top=top,
        lens=lens,
        grace_days=table.integer("grace_days", 7, least=0, most=92),
    )


def _top(table: Table, lenses: Sequence[Lens]) -> tuple[int | None, str]:
    if "top_percent" not in table:
        if "lens" in table:
            table.note("lens", "means nothing without top_percent; leave it out")
        return None, ""
    top = table.scaled("top_percent", places=2, most=100, least=1)
    called = [lens.name for lens in lenses]
    return top, table.choice("lens", called) if "lens" in table else ""
