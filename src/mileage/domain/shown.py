"""Figures as they are shown to somebody of others: four digits, rounded down or up.

Which of the two is decided by whoever holds the secret (``access.marks``); everything
that shows figures needs only what is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from mileage.domain.sums import Figures

MILLION = 1_000_000


class Cell(NamedTuple):
    """What a figure may be shown as, and where a viewer's coin for it lies."""

    low: int
    high: int
    first: int
    second: int
    cut: int
    """Of 256: how many viewers see ``high``."""

    def raised(self, table: bytes) -> bool:
        """Tell whether the viewer of this table sees ``high``."""
        return table[self.first] ^ table[self.second] < self.cut

    def shown(self, table: bytes) -> int:
        """Return the number that the viewer of this table sees."""
        return self.high if self.raised(table) else self.low

    @property
    def share(self) -> float:
        """Part of all viewers that see ``high``."""
        return self.cut / 256


class Cells(Protocol):
    """Knows between which two numbers a figure is shown."""

    def cell(self, value: int, *, part: bool = False) -> Cell | None:
        """Return between what a figure is shown; None if only as it is."""
        ...

    def tie(self, one: str, other: str) -> Cell:
        """Return the coin by which two rows of equal value change places."""
        ...


class Shows(Protocol):
    """How one viewer is shown the figures of others."""

    @property
    def marks(self) -> Cells:
        """What is the same for all viewers."""
        ...

    @property
    def viewer(self) -> str:
        """Whose coins these are: an account's, whose own figures are exact."""
        ...

    @property
    def table(self) -> bytes:
        """The viewer's coins."""
        ...

    def shown(self, value: int, *, part: bool = False) -> int:
        """Return what this viewer sees instead of a figure."""
        ...


class Told(NamedTuple):
    """One figure of a row, as it may be told to others."""

    name: str
    value: int
    part: bool
    """A part of a sum, or a share in millionths."""


def told_figures(figures: Figures) -> tuple[Told, ...]:
    """Name every figure of a set of calls that may be shown of somebody.

    A part that is all of a sum is shown like it: two roundings would give both away.
    """
    tokens, cost = figures.tokens, figures.cost
    written = tokens.output + tokens.reasoning
    parts = {
        "calls": figures.calls,
        **tokens._asdict(),
        "unpriced_calls": figures.unpriced_calls,
        "unmeasured_calls": figures.unmeasured_calls,
    }
    share = cache_millionths(figures)
    return (
        Told("tokens", tokens.total, part=False),
        Told("written", written, part=False),
        *(() if cost is None else (Told("cost", cost, part=False),)),
        *(
            Told(name, count, part=count not in {tokens.total, written})
            for name, count in parts.items()
        ),
        *(() if share is None else (Told("cache_share", share, part=True),)),
    )


def cache_millionths(figures: Figures) -> int | None:
    """Return the cache share in millionths, all only if it is all; None without any."""
    share = figures.cache_share
    if share is None:
        return None
    # Rounded up to all it would say what is not so: 999,900 is shown as it is.
    return MILLION if share == 1 else min(int(share * MILLION), 999_900)
