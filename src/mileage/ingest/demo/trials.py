"""Trials of the demo's strategies: the same account as it was, gaming, and honest.

All in memory: what the ledger would say of these calls is worked out from the calls
themselves. Reports that are not true are left out, as the ledger leaves them out when
another witness tells of the call (``domain.belief``).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from mileage.domain.measured import Day, Measured, evenly_spent
from mileage.domain.sums import Figures
from mileage.domain.tokens import NO_TOKENS, Tokens
from mileage.domain.window import SECOND, Clock, Window, micros
from mileage.honours.trial import Trial
from mileage.ingest.demo.habits import WORK
from mileage.ingest.demo.hourly import CALLS_OF_SESSION
from mileage.ingest.demo.models import MODELS
from mileage.ingest.demo.shape import Shape
from mileage.ingest.demo.simulation import Organisation, organisation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from mileage.ingest.demo.door_call import DoorCall
    from mileage.ingest.demo.plan import Plan
    from mileage.pricing.catalog import Catalog

ZONE = ZoneInfo("Europe/Berlin")
NOW = micros(datetime(2026, 11, 5, 14, 50, tzinfo=UTC))
"""A Thursday. Fixed, so that the same policy always has the same outcome."""
PEOPLE = 600
CALLS = 240_000
"""At the door of a trial: 2,000 of them are one habit."""
ATTENDED = 0.88
"""Part of the calls of people that somebody attends (as ``calls`` draws it)."""


class Part(NamedTuple):
    """Some calls of one account on one day with one model."""

    day: date
    client: str
    provider: str
    model: str
    calls: int
    tokens: Tokens
    attended: float
    """Part of the calls beside which somebody sat."""
    session: str = ""
    """'' when only their number is known."""


def trials(seed: int, catalog: Catalog) -> tuple[list[Measured], list[Trial]]:
    """Return what people without a habit did, and a trial for everybody with one."""
    org = organisation(seed, PEOPLE, NOW, ZONE, Shape(door_calls=CALLS))
    people = [
        measured(_ordinary(org, plan), catalog)
        for plan in org.plans
        if not (plan.habit or plan.account.service)
    ]
    return people, [_trial(org, plan, catalog) for plan in org.plans if plan.habit]


def _trial(org: Organisation, plan: Plan, catalog: Catalog) -> Trial:
    assert plan.habit is not None  # noqa: S101 - only asked of those who have one
    clock = Clock(org.zone)
    before = _ordinary(org, plan)
    added = [_part(call, clock) for call in plan.habitual]
    # What makes these two gaming is whose calls they are, or what is told of them:
    # the calls themselves are work.
    is_work = plan.habit.style is WORK
    worked = added if is_work else _same_money(added, catalog)
    return Trial(
        plan.habit.name,
        plan.habit.gaming,
        measured(before, catalog),
        measured([*before, *added], catalog),
        measured([*before, *worked], catalog),
        sum(_cost(one, catalog) or 0 for one in added),
    )


def _ordinary(org: Organisation, plan: Plan) -> list[Part]:
    """Return what an account does besides any habit, in the last 30 days."""
    window = Window.rolling(org.shape.days, now=org.now, zone=org.zone)
    attended = 0.0 if plan.account.service else ATTENDED
    return [
        Part(
            cell.day,
            cell.client,
            cell.provider,
            cell.model,
            cell.calls,
            cell.tokens,
            attended,
        )
        for cell in org.cells(plan)
        if cell.hour * SECOND in window
    ]


def _part(call: DoorCall, clock: Clock) -> Part:
    provider = MODELS[call.model].provider
    turn = call.turn
    return Part(
        clock.day(call.at),
        call.client,
        provider,
        call.model,
        1,
        call.tokens,
        float(turn.attended),
        turn.session,
    )


def _same_money(parts: Sequence[Part], catalog: Catalog) -> list[Part]:
    """Return honest work that costs as much, day by day and on the same models."""
    spent: dict[tuple[date, str], int] = defaultdict(int)
    for one in parts:
        spent[one.day, one.model] += _cost(one, catalog) or 0
    found = []
    for (day, name), money in spent.items():
        model = MODELS[name]
        mean = sum(model.context) // 2
        whole = Part(
            day,
            model.client,
            model.provider,
            name,
            1,
            WORK.tokens(model, mean),
            attended=1.0,
        )
        calls = money / (_cost(whole, catalog) or 1)
        tokens = WORK.tokens(model, round(mean * calls))
        found.append(whole._replace(calls=max(1, round(calls)), tokens=tokens))
    return found


def measured(parts: Iterable[Part], catalog: Catalog) -> Measured:
    """Return what a board measures of an account that did this."""
    days: dict[date, Figures] = defaultdict(Figures)
    tools: dict[tuple[str, str], Figures] = defaultdict(Figures)
    sessions: dict[tuple[date, str], float] = defaultdict(float)
    named: set[str] = set()
    saved = attended = 0.0
    for one in parts:
        cost = _cost(one, catalog)
        unpriced = one.calls if cost is None else 0
        used = Figures(one.calls, one.tokens, cost, unpriced)
        days[one.day] = days[one.day].plus(used)
        tool = one.client, one.model
        tools[tool] = tools[tool].plus(used)
        saved += _saved(one, catalog)
        attended += one.attended * one.calls
        if one.session:
            named.add(one.session)
        else:
            sessions[one.day, one.client] += one.calls / CALLS_OF_SESSION
    total = Figures()
    for day in days.values():
        total = total.plus(day)
    return Measured(
        figures=total,
        days=[Day(day.tokens, day.cost) for day in days.values()],
        sessions=len(named) + sum(max(1, round(count)) for count in sessions.values()),
        models=len({model for _, model in tools}),
        clients=len({client for client, _ in tools}),
        active_days=len(days),
        streak=_streak(sorted(days)),
        even_tools=evenly_spent(tool.cost for tool in tools.values()),
        attended_calls=round(attended),
        unattended_calls=total.calls - round(attended),
        saved=None if total.cost is None else round(saved),
    )


def _cost(part: Part, catalog: Catalog) -> int | None:
    """Price the mean call, times the calls: long-context prices are per call."""
    row = catalog.price(part.provider, part.model, part.day)
    if row is None:
        return None
    return (
        row.cost(_mean(part)) * part.calls if part.calls > 1 else row.cost(part.tokens)
    )


def _saved(part: Part, catalog: Catalog) -> float:
    """Return micro-dollars by which the prompt would have cost more without a cache."""
    row = catalog.price(part.provider, part.model, part.day)
    if row is None:
        return 0.0
    rates, tokens = row.rates(_mean(part)), part.tokens
    cached = (
        (tokens.cache_read, rates.cache_read),
        (tokens.cache_write, rates.cache_write),
        (tokens.cache_write_1h, rates.cache_write_1h),
    )
    return sum(count * (rates.input - rate) for count, rate in cached) / 1_000_000


def _mean(part: Part) -> Tokens:
    if not part.calls:
        return NO_TOKENS
    return Tokens._make(count // part.calls for count in part.tokens)


def _streak(days: Sequence[date]) -> int:
    """Return the longest run of days without one between, of ascending days."""
    longest = run = 0
    last = None
    for day in days:
        run = run + 1 if last is not None and (day - last).days == 1 else 1
        longest, last = max(longest, run), day
    return longest
