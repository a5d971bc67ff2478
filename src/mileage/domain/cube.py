"""Figures of departments and teams as they were published, and stay for some days.

Nothing here is of one person: sums are of blocks of people that may be told, bands are
as coarse as their steps (``access.disclosure``).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

# Cubes are decoded by these annotations, so the names must exist at run time.
from mileage.domain.window import Window  # noqa: TC001

ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Range:
    """A figure of which only the bounds are told, the lower one included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Row:
    """Teams that are told together, in bands of tokens a person."""

    teams: tuple[str, ...]
    """'' is for people of the department who are in no team."""
    members: int
    """On the day of the snapshot. Use is of whoever was in the teams at the time."""
    users: int
    """Never shown: it decides whether managers see the row."""
    median: Range
    middle: Range
    """Half of those who used anything lie within."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What people used together, to the last token."""

    calls: int
    tokens: int
    cost: int | None
    """Micro-dollars; None when nobody's calls could be priced."""
    unpriced: bool
    """Some calls are not in the cost."""
    users: int
    or_more: bool
    """Nearly everybody used something: ``users`` is a lower bound then."""

    def plus(self, other: Totals) -> Totals:
        """Sum; a lower bound makes the sum one."""
        costs = [one.cost for one in (self, other) if one.cost is not None]
        return Totals(
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            cost=sum(costs) if costs else None,
            unpriced=self.unpriced or other.unpriced,
            users=self.users + other.users,
            or_more=self.or_more or other.or_more,
        )


@dataclass(frozen=True, slots=True)
class Summed:
    """Teams whose sum is told, and who is in it without a name on a board."""

    teams: tuple[str, ...]
    totals: Totals
    hidden_users: tuple[str, ...]
    """Accounts that used something in the last days; never shown. Whoever sees all but
    a few of them by name does not get the sum: it would tell the others'."""
    hidden_idle: tuple[str, ...]
    """The other accounts."""
    left: tuple[tuple[str, str], ...] = ()
    """Of both: who was in these teams earlier in the window, until which day (ISO)."""


@dataclass(frozen=True, slots=True)
class Department:
    """What may be told of one department; without ``whole`` nothing may."""

    department_id: str
    name: str
    members: int
    teams: tuple[str, ...]
    whole: Row | None
    rows: tuple[Row, ...]
    sums: tuple[Summed, ...]
    services: Totals
    """Accounts that are no people, apart from the others."""
    several: int = 0
    """People who were in several of ``sums`` one after the other, as often as too many:
    each of them may be counted more than once in their users."""


@dataclass(frozen=True, slots=True)
class Cube:
    """Every department, frozen until the next one is published."""

    window: Window
    zone: str
    as_of: int
    """UTC microseconds, of the snapshot that it was made from."""
    day: str
    """ISO date of ``as_of`` in the organisation's zone."""
    departments: tuple[Department, ...]
    """By name."""
    simulated: bool = False

    @property
    def adds_up(self) -> bool:
        """Tell whether there is any sum in it, that later ones may be compared with."""
        return any(one.sums for one in self.departments)

    def department(self, department_id: str) -> Department | None:
        """Return a department by its id."""
        return next(
            (one for one in self.departments if one.department_id == department_id),
            None,
        )


def department_id(name: str) -> str:
    """Return what stands for a department in addresses."""
    return blake2b(
        name.encode(), digest_size=ID_BYTES, person=b"department"
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """Teams that are told together, as somebody may see them."""

    teams: tuple[str, ...]
    members: int
    bands: tuple[Range, Range] | None
    """Of the median and of the middle half, in tokens a person."""
    totals: Totals | None


@dataclass(frozen=True, slots=True)
class DepartmentPage:
    """A department as somebody may see it. What is None is not told."""

    department_id: str
    name: str
    window: Window
    zone: str
    as_of: int
    renewed_from: str
    """ISO date from which on another cube may take the place of this one."""
    whole: Line
    lines: tuple[Line, ...]
    """Teams, or teams together; none where nothing is told."""
    together: tuple[Line, ...]
    """Sums over several of these lines, where each alone is not told."""
    services: Totals
    least: int
    """How many people a group must have for this viewer."""
    least_sum: int
    purpose: str
    simulated: bool = False
    marked: bool = False
    """Sums are as this viewer is shown them: four digits, rounded down or up."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A department that somebody may open."""

    department_id: str
    name: str
    members: int
    told: bool
