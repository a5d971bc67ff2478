"""Ways of working that raise a number, and honest ones that look like them.

Each is a habit of somebody whose other calls are drawn like everybody's. What it adds
is drawn call by call, and passes the front door as the client would send it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from mileage.domain.window import SECOND
from mileage.ingest.demo.calls import (
    MILLISECOND,
    PAUSE,
    DoorCall,
    Turn,
    session_id,
    uuid_of,
)
from mileage.ingest.demo.hours import SATURDAY, local_days
from mileage.ingest.demo.models import HAIKU, OPUS, SONNET, Model, Style
from mileage.ingest.demo.shape import split

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

    from mileage.domain.people import AccountKind
    from mileage.ingest.demo.hours import Calendar

When = Literal["office", "long days", "nights", "always"]
WORK = Style(0.95, 0.002, 0.0, 0.0, 0.2)
"""What a call of honest work is made of: the classes of the whole organisation."""
AT_ONCE = 90 * SECOND
"""Within this the calls of one burst begin."""
NIGHTFALL, DAWN = 21, 6
DAY = {"office": range(8, 19), "long days": range(7, 23)}


@dataclass(frozen=True, slots=True)
class Habit:
    """What somebody does, again and again, for some days."""

    name: str
    says: str
    """One sentence for who reads the truth file or a report."""
    model: Model
    size: int
    """Tokens of a mean call."""
    when: When
    """In the account's own time zone."""
    days: int
    """How long, up to now."""
    gaming: bool = True
    """Whether it raises a number without more work done."""
    style: Style = WORK
    attended: bool = True
    """What the client says of it."""
    per_session: int = 40
    per_prompt: int = 5
    even: bool = False
    """All calls alike and equally far apart, as programs make them."""
    at_once: int = 1
    """Calls that begin together: sub-agents."""
    seats: int = 1
    """Machines, each with a person before it, that use the one token."""
    reports: int = 1
    """How many times the true counts the client reports."""
    kind: AccountKind = "person"
    looks_like: str = ""
    """The strategy for which an honest one could be taken."""


HABITS = (
    Habit(
        "left-running",
        "Agents left running over nights and weekends with nobody waiting for them.",
        HAIKU,
        170_000,
        "nights",
        14,
        style=Style(0.988, 0.0006, 0.0, 0.0, 0.3),
        attended=False,
        per_session=300,
        per_prompt=300,
    ),
    Habit(
        "loop",
        "A prompt in a loop: the same question once a minute, in a terminal that says "
        "that somebody sits there.",
        HAIKU,
        90_000,
        "always",
        3,
        style=Style(0.992, 0.0003, 0.0, 0.0, 0.3),
        per_session=2000,
        per_prompt=1,
        even=True,
    ),
    Habit(
        "cache-spinning",
        "As large a context as there can be, sent again and again for one word.",
        SONNET,
        185_000,
        "office",
        7,
        style=Style(0.998, 0.00005, 0.0, 0.0, 0.5),
        per_prompt=1,
    ),
    Habit(
        "fan-out",
        "Dozens of sub-agents for every prompt, each of which reads everything anew.",
        SONNET,
        60_000,
        "office",
        7,
        style=Style(0.93, 0.0015, 0.0, 0.0, 0.2),
        per_session=200,
        per_prompt=40,
        at_once=40,
    ),
    Habit(
        "tenfold",
        "A patched client that reports ten times what it used; the gateway reports "
        "what was used.",
        SONNET,
        60_000,
        "office",
        10,
        reports=10,
    ),
    Habit(
        "tiny-calls",
        "Thousands of calls that ask and answer next to nothing.",
        HAIKU,
        900,
        "office",
        7,
        style=Style(0.0, 0.02, 0.0, 0.0, 1.0),
        per_session=2,
        per_prompt=1,
    ),
    Habit(
        "shared-token",
        "Colleagues work with this person's token, so that their use counts here.",
        SONNET,
        70_000,
        "office",
        10,
        seats=4,
    ),
    Habit(
        "power-user",
        "Works with agents all day, on the dearest model, and reads what they write.",
        OPUS,
        150_000,
        "long days",
        25,
        gaming=False,
        looks_like="cache-spinning",
    ),
    Habit(
        "night-shift",
        "Works at night, because that is the shift.",
        SONNET,
        70_000,
        "nights",
        25,
        gaming=False,
        looks_like="left-running",
    ),
    Habit(
        "ci",
        "A pipeline that lets an agent look at every change, day and night.",
        SONNET,
        50_000,
        "always",
        30,
        gaming=False,
        style=Style(0.93, 0.003, 0.0, 0.0, 0.25),
        attended=False,
        per_session=8,
        per_prompt=8,
        kind="service",
        looks_like="loop",
    ),
)


class Place(NamedTuple):
    """Where and until when somebody works."""

    calendar: Calendar
    zone: ZoneInfo
    now: int
    """UTC microseconds: nothing happens later."""


def habitual_calls(
    habit: Habit, count: int, place: Place, rng: random.Random
) -> tuple[DoorCall, ...]:
    """Draw the calls that a habit adds, in order of time, with their true counts."""
    seats = [_Seat(habit, number, rng) for number in range(habit.seats)]
    calls = []
    for number, at in enumerate(sorted(_instants(habit, count, place, rng))):
        stray = 1.0 if habit.even else rng.uniform(0.7, 1.3)
        tokens = habit.style.tokens(habit.model, round(habit.size * stray))
        turn = seats[number % habit.seats].turn(at)
        request = f"req_{rng.getrandbits(104):026x}"
        model = habit.model
        calls.append(DoorCall(at, model.client, model.name, tokens, turn, request))
    return tuple(calls)


def _instants(
    habit: Habit, count: int, place: Place, rng: random.Random
) -> Iterator[int]:
    starts = _hours(habit, place)
    weights = [1.0 if habit.even else rng.uniform(0.5, 1.5) for _ in starts]
    bursts = -(-count // habit.at_once)
    left = count
    for start, share in zip(starts, split(bursts, weights), strict=True):
        length = min(3600 * SECOND, place.now - start)
        for number in range(share):
            part = (number + 0.5) / share if habit.even else rng.random()
            for _ in range(min(habit.at_once, left)):
                after = rng.random() * AT_ONCE if habit.at_once > 1 else 0
                at = min(start + part * length + after, place.now)
                yield int(at) // MILLISECOND * MILLISECOND
                left -= 1


def _hours(habit: Habit, place: Place) -> list[int]:
    """Return where the hours of the habit begin, in UTC microseconds."""
    days = [*local_days(place.calendar, place.zone).items()][-habit.days :]
    starts = [
        place.calendar.hours[at] * SECOND
        for day, hours in days
        for hour, at in hours.items()
        if _fits(habit.when, day, hour)
    ]
    # On a Monday at six nobody has been to the office in the days that there are.
    return starts or [place.calendar.hours[-1] * SECOND]


def _fits(when: When, day: date, hour: int) -> bool:
    if when == "nights":
        return hour >= NIGHTFALL or hour < DAWN
    return when == "always" or (day.weekday() < SATURDAY and hour in DAY[when])


class _Seat:
    """Hands out the turns of one machine."""

    def __init__(self, habit: Habit, number: int, rng: random.Random) -> None:
        self._habit, self._rng = habit, rng
        self._last = self._asked = 0
        self._turn = Turn("", -1, "", attended=habit.attended, seat=number)

    def turn(self, at: int) -> Turn:
        habit, turn = self._habit, self._turn
        if (
            not turn.session
            or turn.position + 1 >= habit.per_session
            or at - self._last > PAUSE
        ):
            session = session_id(habit.model.client, at, self._rng)
            turn = turn._replace(session=session, position=-1)
            self._asked = habit.per_prompt
        asked = self._asked >= habit.per_prompt
        if asked:
            prompt = uuid_of(self._rng.getrandbits(128), version=4)
            turn = turn._replace(prompt=prompt)
            self._asked = 0
        self._turn = turn._replace(
            position=turn.position + 1,
            asked=asked,
            helper=habit.at_once > 1 and not asked,
        )
        self._asked += 1
        self._last = at
        return self._turn
