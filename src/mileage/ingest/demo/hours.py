"""When everybody works, and how much of a plan falls into each hour."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.tokens import Tokens
from mileage.domain.window import QUARTER, SECOND, Clock, moment
from mileage.ingest.demo.shape import Shape, split, stream

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

    from mileage.ingest.demo.people import Account
    from mileage.ingest.demo.plan import Plan, Use

SATURDAY = 5
LATEST = 22
"""No person of the demo starts an hour of work after this local hour."""
SIDE_HOURS = 0.45
"""Part of the working hours in which a second model is used as well."""
STARTS = (7, 8, 8, 9, 9, 9, 10, 10, 11)
"""Local hours at which people begin to work."""
ANSWERS = ("output", "reasoning")
EVENNESS = 0.15
"""How far the mean call of an hour strays from the mean call of the plan."""


class Cell(NamedTuple):
    """What one account uses of one model in one hour."""

    hour: int
    """UTC second at which the hour of the organisation's zone begins."""
    day: date
    """The day of the organisation's zone."""
    client: str
    provider: str
    model: str
    calls: int
    tokens: Tokens


class Shift(NamedTuple):
    """The hours of one local day in which somebody might work."""

    weekend: bool
    places: list[int]
    """Positions among ``Calendar.hours``, ascending."""


class Slot(NamedTuple):
    """A working hour of one account."""

    place: int
    """Position among ``Calendar.hours``."""
    weight: float
    opens: bool
    """The first of its working day: it has a call for certain."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """All hours of the demo, as the organisation's zone cuts them.

    Compared by identity: what is derived from one is remembered, and its hundreds
    of hours are not worth a hash every time.
    """

    hours: tuple[int, ...]
    days: tuple[date, ...]
    """The local day of each hour."""
    weekend_ratio: float
    """How likely a person works on a weekend day, relative to a weekday."""
    weekend_volume: float

    @classmethod
    def until(cls, now: int, zone: ZoneInfo, shape: Shape) -> Calendar:
        """Return the hours from before the window up to the one of ``now``."""
        clock = Clock(zone)
        last = clock.hour(now)
        first = last - shape.days * 86400 - shape.lead_hours * 3600
        quarters = range(first, last + QUARTER, QUARTER)
        hours = sorted({clock.hour(second * SECOND) for second in quarters})
        days = tuple(clock.day(hour * SECOND) for hour in hours)
        distinct = sorted(set(days))
        free = sum(day.weekday() >= SATURDAY for day in distinct)
        odds = shape.weekend_share / (1 - shape.weekend_share)
        ratio = odds * (len(distinct) - free) / max(1, free)
        return cls(tuple(hours), days, min(1.0, ratio), shape.weekend_volume)


@lru_cache(maxsize=64)
def local_days(calendar: Calendar, zone: ZoneInfo) -> dict[date, dict[int, int]]:
    """Return the places of the hours by local day and local hour of ``zone``.

    Made from real instants: an hour that a clock change skips is not there, and
    of an hour that comes twice the first is taken.
    """
    days: dict[date, dict[int, int]] = {}
    for place, hour in enumerate(calendar.hours):
        middle = moment((hour + 2 * QUARTER) * SECOND, zone)
        days.setdefault(middle.date(), {}).setdefault(middle.hour, place)
    return days


@lru_cache(maxsize=256)
def shifts(calendar: Calendar, zone: ZoneInfo, start: int) -> tuple[Shift, ...]:
    """Return the days of somebody who begins at this local hour."""
    found = []
    for day, hours in local_days(calendar, zone).items():
        places = [place for hour, place in hours.items() if start <= hour <= LATEST]
        if places:
            found.append(Shift(day.weekday() >= SATURDAY, places))
    return tuple(found)


def cells(seed: int, plan: Plan, calendar: Calendar) -> list[Cell]:
    """Share out a plan over hours, in order of time; the sums are exact."""
    rng = stream(seed, "hours", plan.account.number)
    slots = list(_slots(plan, calendar, rng))
    found: list[Cell] = []
    for number, use in enumerate(plan.uses):
        own = slots
        if number:
            own = [one for one in slots if rng.random() < SIDE_HOURS] or slots[:1]
        found += _cells_of(use, own, calendar, rng, certain=number == 0)
    found.sort(key=lambda cell: (cell.hour, cell.client, cell.model))
    return found


def _cells_of(
    use: Use,
    slots: list[Slot],
    calendar: Calendar,
    rng: random.Random,
    *,
    certain: bool,
) -> Iterator[Cell]:
    opened = [int(certain and slot.opens) for slot in slots]
    spare = split(use.calls - sum(opened), [slot.weight for slot in slots])
    busy = [
        (slot.place, first + more)
        for slot, first, more in zip(slots, opened, spare, strict=True)
        if first + more
    ]
    for (place, calls), tokens in zip(busy, _shared(use, busy, rng), strict=True):
        yield Cell(
            calendar.hours[place],
            calendar.days[place],
            use.client,
            use.provider,
            use.model,
            calls,
            Tokens._make(tokens),
        )


def _shared(
    use: Use, busy: list[tuple[int, int]], rng: random.Random
) -> Iterator[tuple[int, ...]]:
    """Share out the tokens over hours with calls; prompts and answers apart."""
    chance, spread = rng.random, 2 * EVENNESS
    prompts = [calls * (1 - EVENNESS + spread * chance()) for _, calls in busy]
    answers = [calls * (1 - EVENNESS + spread * chance()) for _, calls in busy]
    columns = []
    for name, total in zip(Tokens._fields, use.tokens, strict=True):
        weights = answers if name in ANSWERS else prompts
        columns.append(split(total, weights) if total else [0] * len(busy))
    return zip(*columns, strict=True)


def _slots(plan: Plan, calendar: Calendar, rng: random.Random) -> Iterator[Slot]:
    if plan.restless:
        for place in _employed(plan.account, calendar):
            yield Slot(place, rng.uniform(0.6, 1.4), opens=False)
        return
    for places in _working_days(plan, calendar, rng):
        wanted = 1 + int(rng.random() * (2 + 7 * plan.intensity))
        chosen = sorted(rng.sample(places, min(wanted, len(places))))
        load = rng.lognormvariate(0, 0.4)
        if calendar.days[chosen[0]].weekday() >= SATURDAY:
            load *= calendar.weekend_volume
        for place in chosen:
            weight = load * (0.4 + 1.2 * rng.random())
            yield Slot(place, weight, opens=place == chosen[0])


def _working_days(
    plan: Plan, calendar: Calendar, rng: random.Random
) -> list[list[int]]:
    """Draw active days, at least one, each as the places of its working hours."""
    employed = _employed(plan.account, calendar)
    willing = 0.4 + 0.55 * plan.intensity
    offered: list[list[int]] = []
    active: list[list[int]] = []
    for shift in shifts(calendar, plan.account.zone, rng.choice(STARTS)):
        places = shift.places
        if places[0] not in employed or places[-1] not in employed:
            places = [place for place in places if place in employed]
            if not places:
                continue
        offered.append(places)
        ratio = calendar.weekend_ratio if shift.weekend else 1.0
        if rng.random() < willing * ratio:
            active.append(places)
    most = max(1, plan.uses[0].calls // 3)
    if len(active) > most:
        kept = sorted(rng.sample(range(len(active)), most))
        active = [active[place] for place in kept]
    return active or [rng.choice(offered)]


def _employed(account: Account, calendar: Calendar) -> range:
    """Return the places of the hours in which the account is employed."""
    days = calendar.days
    first = bisect_left(days, account.joined) if account.joined else 0
    last = bisect_right(days, account.left) if account.left else len(days)
    return range(first, last)
