"""What is told of roles, tools, clients and models without naming anybody.

Published with the figures of departments and as rarely: bands in steps of 1, 2 and 5 of
what a person used, of groups that are large enough (``access.peers``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

# Decoded by these annotations, so the names must exist at run time.
from mileage.domain.adoption import Progress  # noqa: TC001
from mileage.domain.cube import Range
from mileage.domain.window import Window  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterable

GroupKind = Literal["everybody", "role", "tools", "role and tools", "client", "model"]
TOGETHER = " + "
"""Between the clients of a mix of tools."""


@dataclass(frozen=True, slots=True)
class Bin:
    """People whose figure lies in a range: enough of them."""

    low: int
    high: int
    """Not included."""
    up_to: int
    """Per cent of the group whose figure is below ``high``."""


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """One group of people who used something."""

    kind: GroupKind
    name: str
    people: int
    """At least so many: rounded down to 1, 2 or 5 times a power of ten."""
    median: Range
    """Of tokens a person; of a client or model, the tokens with it."""
    middle: Range
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Peers:
    """Every group, frozen until the next publication."""

    window: Window
    zone: str
    as_of: int
    day: str
    """ISO date of ``as_of`` in the organisation's zone."""
    groups: tuple[PeerGroup, ...]
    simulated: bool = False
    progress: tuple[Progress, ...] = ()
    """Of teams, towards the targets of the policy."""

    def group(self, kind: GroupKind, name: str) -> PeerGroup | None:
        """Return a group that is told of."""
        wanted = (kind, name)
        return next(
            (one for one in self.groups if (one.kind, one.name) == wanted), None
        )


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Where somebody stands among others of their role and tools."""

    group: PeerGroup | None
    """The closest group that is told of; None where not even everybody is."""
    role: str
    tools: str
    tokens: int
    """The viewer's own, exact."""
    above: int
    """At least so many per cent of the group used less."""
    below: int
    """At most so many did."""
    band: Range | None
    """The range in which the viewer's figure lies."""
    least: int
    window: Window
    zone: str
    as_of: int
    renewed_from: str
    """ISO date."""
    simulated: bool = False


class GroupRow(NamedTuple):
    """A group on a board of groups."""

    rank: int
    name: str
    department: str
    """Of teams; '' for others."""
    people: int
    median: Range
    """Of tokens a person who used something."""
    middle: Range
    or_more: bool = True
    tokens: int | None = None
    """A person who used something, where the sum is told; at most, if ``or_more``."""
    cost: int | None = None
    """Micro-dollars, likewise."""


@dataclass(frozen=True, slots=True)
class GroupBoard:
    """Groups by what their people use."""

    scope: str
    rows: tuple[GroupRow, ...]
    window: Window
    zone: str
    as_of: int
    renewed_from: str
    least: int
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class AdoptionPage:
    """Progress of the teams that somebody may see."""

    rows: tuple[Progress, ...]
    window: Window
    zone: str
    as_of: int
    simulated: bool = False


def tools_of(clients: Iterable[str]) -> str:
    """Name a mix of tools."""
    return TOGETHER.join(sorted(clients))


def place(group: PeerGroup, amount: int) -> tuple[int, int, Range]:
    """Return between which per cent of a group somebody is, and in which range."""
    before = 0
    for one in group.bins:
        if amount < one.high:
            return before, one.up_to, Range(one.low, one.high)
        before = one.up_to
    last = group.bins[-1]
    return 100, 100, Range(last.high, last.high)
