"""Whether somebody was there, guessed from hours where no client says so.

The rule is data (``attendance.toml``), told to whoever is guessed about, and decides
nothing: ranks, titles and tiers go by what clients say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.policy import PolicyFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HOUR = 3600
PERCENT = 100


class Pattern(NamedTuple):
    """What looks as if nobody was there; the defaults are those of the shipped file."""

    rest_hours: int = 3
    awake_hours: int = 24
    even_hours: int = 6
    even_calls: int = 20
    even_percent: int = 10
    sessions: int = 12


class HourUse(NamedTuple):
    """What an account did in one hour."""

    hour: int
    """UTC seconds of its beginning."""
    calls: int
    attended: int
    """Calls beside which somebody was, as their client says."""
    unsaid: int
    """Calls of which no client says either."""
    sessions: int


class Guess(NamedTuple):
    """Calls that nothing is said of and that look unattended, by the first reason."""

    rule: Pattern
    restless: int = 0
    even: int = 0
    crowded: int = 0

    @property
    def calls(self) -> int:
        """Return all of them."""
        return self.restless + self.even + self.crowded


def guess(hours: Iterable[HourUse], rule: Pattern) -> Guess:
    """Guess of hours with calls, in order; where a client saw somebody, nobody guesses.

    Whole hours are judged, each by the first reason that holds.
    """
    used = [one for one in hours if one.calls]
    restless = {one.hour for one in _restless(used, rule)}
    even = {one.hour for one in _even(used, rule)} - restless
    counts = [0, 0, 0]
    for one in used:
        if one.attended:
            continue
        crowded = one.sessions > rule.sessions
        reasons = one.hour in restless, one.hour in even, crowded
        if any(reasons):
            counts[reasons.index(True)] += one.unsaid
    return Guess(rule, *counts)


def _restless(used: Sequence[HourUse], rule: Pattern) -> Iterator[HourUse]:
    """Yield hours that began too long after the last rest."""
    awake = last = None
    for one in used:
        if awake is None or last is None or one.hour - last > rule.rest_hours * HOUR:
            awake = one.hour
        last = one.hour
        if one.hour - awake >= rule.awake_hours * HOUR:
            yield one


def _even(used: Sequence[HourUse], rule: Pattern) -> Iterator[HourUse]:
    """Yield hours of rows in which all are nearly alike; some more than once."""
    for first in range(len(used) - rule.even_hours + 1):
        row = used[first : first + rule.even_hours]
        if row[-1].hour - row[0].hour != (rule.even_hours - 1) * HOUR:
            continue
        counts = [one.calls for one in row]
        fewest, most = min(counts), max(counts)
        if fewest >= rule.even_calls and (
            (most - fewest) * PERCENT <= rule.even_percent * most
        ):
            yield from row


def parse_attendance(text: str, file: str) -> Pattern:
    """Read ``attendance.toml``; keys that it leaves out keep their defaults."""
    default = Pattern()
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    rest, even, crowd = (root.table(name) for name in ("rest", "even", "crowd"))
    found = Pattern(
        rest_hours=rest.integer("rest_hours", default.rest_hours, least=1, most=24),
        awake_hours=rest.integer("awake_hours", default.awake_hours, least=1, most=168),
        even_hours=even.integer("hours", default.even_hours, least=2, most=168),
        even_calls=even.integer("calls", default.even_calls, least=1, most=10**9),
        even_percent=even.integer("percent", default.even_percent, least=0, most=100),
        sessions=crowd.integer("sessions", default.sessions, least=1, most=10**9),
    )
    policy.close()
    return found
