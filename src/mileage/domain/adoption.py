"""Targets of adoption: what part of a team does something until a day.

They say how far a team has come and rank nobody. From ``adoption.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from mileage.domain.policy import PolicyFile

if TYPE_CHECKING:
    from datetime import date

    from mileage.domain.policy import Table

Measure = Literal["weekly-active", "client", "training"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
WEEK = 7
STEP = 5
"""Parts of a team are told in steps of so many per cent."""
NO_DEPARTMENT = "names none, so it is of nobody; name some, or leave it out for all"
_NAME = r"[a-z][a-z0-9-]{0,31}"


@dataclass(frozen=True, slots=True)
class Target:
    """One target, of some departments or of all."""

    name: str
    title: str
    measure: Measure
    what: str
    """Which client or training; '' for weekly use."""
    percent: int
    until: date
    departments: tuple[str, ...] = ()
    """() is all of them."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Of whom a share was told; never shown."""

    day: str
    """ISO date of the publication that it was made for."""
    people: tuple[str, ...]
    gone: int = 0
    """How many more there were who have been erased since."""

    def differs(self, members: frozenset[str]) -> int:
        """Return how many people came or went since."""
        return self.gone + len(members.symmetric_difference(self.people))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one team has come with one target."""

    title: str
    percent: int
    until: str
    """ISO date."""
    department: str
    team: str
    members: int
    low: int | None
    """Per cent of the members, in steps; None when it would tell of a few."""
    high: int | None
    """The same as ``low``, or more where only bounds are told."""
    basis: Basis | None = None

    @property
    def reached(self) -> bool | None:
        """Tell whether the target is reached; None when that is not known."""
        if self.low is None or self.high is None:
            return None
        if self.low >= self.percent:
            return True
        return False if self.high < self.percent else None


class Team(NamedTuple):
    """The people of a team, and who of them has done what a target wants."""

    department: str
    name: str
    members: frozenset[str]
    done: frozenset[str]


def progress(target: Target, team: Team, least: int, day: str = "") -> Progress | None:
    """Return how far a team is; None for one of which nothing may be told.

    Of nearly nobody and of nearly everybody only a bound is told, so that the few who
    have or have not done it are not told from the others.
    """
    count, done = len(team.members), len(team.members & team.done)
    if count < 2 * least:
        return None
    low = high = 100 * done // count // STEP * STEP
    if done < least:
        low, high = 0, 100 * least // count
    elif count - done < least:
        low, high = 100 * (count - least) // count, 100
    return Progress(
        title=target.title,
        percent=target.percent,
        until=target.until.isoformat(),
        department=team.department,
        team=team.name,
        members=count,
        low=low,
        high=high,
        basis=Basis(day, tuple(sorted(team.members))),
    )


def parse_adoption(text: str, file: str) -> tuple[Target, ...]:
    """Read ``adoption.toml``; without targets nothing is shown."""
    policy = PolicyFile.parse(text, file)
    found: list[Target] = []
    for table in policy.root().tables("target"):
        target = _target(table)
        if any(target.name == other.name for other in found):
            table.note(
                "name", f"{target.name!r} is the name of another target; change it"
            )
        found.append(target)
    policy.close()
    return tuple(found)


def _target(table: Table) -> Target:
    measure = table.choice("measure", MEASURES)
    needs = {"client": "client", "training": "training"}.get(measure, "")
    what = table.text(needs) if needs else ""
    for other in {"client", "training"} - {needs}:
        if other in table:
            table.text(other)
            table.note(
                other, f"means nothing for the measure {measure!r}; leave it out"
            )
    return Target(
        name=table.text(
            "name", pattern=_NAME, expected="lower-case letters, digits and hyphens"
        ),
        title=table.text("title"),
        measure="weekly-active" if measure not in MEASURES else _measure(measure),
        what=what,
        percent=table.integer("percent", 100, least=1, most=100),
        until=table.day("until"),
        departments=table.texts(
            "departments",
            pattern=r".+",
            expected="department",
            needed=NO_DEPARTMENT if "departments" in table else "",
        ),
    )


def _measure(text: str) -> Measure:
    return next(one for one in MEASURES if one == text)
