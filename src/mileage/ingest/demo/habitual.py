"""The calls that habits add, one by one, as clients would send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.window import SECOND
from mileage.ingest.demo.calls import MILLISECOND, PAUSE, session_id, uuid_of
from mileage.ingest.demo.door_call import DoorCall, Turn
from mileage.ingest.demo.hours import SATURDAY, local_days
from mileage.ingest.demo.shape import split

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

    from mileage.ingest.demo.habits import Habit, When
    from mileage.ingest.demo.hours import Calendar

AT_ONCE = 90 * SECOND
"""Within this the calls of one burst begin."""
NIGHTFALL, DAWN = 21, 6
DAY = {"office": range(8, 19), "long days": range(7, 23)}


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
