"""What a call is, and what is known of the sources that see it.

How witnesses become calls is told in ``domain.join``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from mileage.domain.tokens import Tokens
    from mileage.domain.witness import Witness

UNMEASURED = "unmeasured"
ESTIMATE = "estimate"


class SourceTraits(NamedTuple):
    """What the join has to know about a source."""

    name: str
    client: str
    precedence: int
    """The highest gives the totals; finer sources only split them."""
    join: Literal["link", "counts"]
    """By a shared id where there is one, or by session, counts and time."""
    replayable: bool
    """Can be read again at any time (files): identity holds over all time."""
    gap: bool = False
    """Counts only in sessions of which no other source has any witness."""
    gateway: bool = False
    """Sees calls of other clients, which name themselves better than it can."""
    sums: bool = False
    """Tells of several requests as one (a turn, a session): of no known size each."""
    whole: bool = False
    """Tells of a call when it is over, although it can be read again at any time."""

    @property
    def repeats(self) -> bool:
        """Tell whether what it says of a call again must be the same.

        A log's lines grow while the answer streams, and totals of a gap filler run on;
        telemetry, rows of tables and events say a call once.
        """
        return self.whole or not (self.replayable or self.gap)


class Seen(NamedTuple):
    """A witness and the account it was booked to."""

    witness: Witness
    account: str
    asserted: bool
    """The account comes from the payload, not from the credential."""


class Call(NamedTuple):
    """One billable model request, as all its witnesses together tell it."""

    call_id: str
    account: str
    asserted: bool
    session: str
    occurred_at: int
    client: str
    provider: str
    model: str
    tier: str
    tokens: Tokens
    reported_cost: int | None
    project: str
    agent: str
    attended: bool | None
    sources: tuple[str, ...]
    """Every source that saw it, the one that gives the totals first."""
    differs: tuple[str, ...]
    """Token classes on which the sources disagree."""
    measure: str = ""
    """'' or ``unmeasured``: no source reports usage, so the counts are not known."""
    inflated: tuple[str, ...] = ()
    """``source:factor`` of each witness that reports a multiple; not believed."""
    keys: tuple[str, ...] = ()
    """What each of ``sources`` calls it, in their order."""
