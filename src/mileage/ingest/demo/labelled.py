"""Who in the demo organisation games the figures, and who only looks like it.

The truth about them is kept beside the data, for whoever tests rules and findings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mileage.domain.tokens import Tokens
from mileage.domain.window import moment
from mileage.ingest.demo.doorstep import as_seen_by_otlp
from mileage.ingest.demo.habits import HABITS, Habit
from mileage.ingest.demo.habitual import Place, habitual_calls
from mileage.ingest.demo.models import MODELS
from mileage.ingest.demo.shape import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.ingest.demo.hours import Calendar
    from mileage.ingest.demo.plan import Plan
    from mileage.ingest.demo.shape import Shape

VERSION = 1
"""Of the truth file."""
FEWEST_PEOPLE = 150
"""In smaller organisations the labelled ones would be the whole picture."""
PARTS = 240
"""Of all calls at the door: two such parts are one habit, one is all other work."""
LOOPER = "rolled-up-loop"


def with_labels(
    seed: int, plans: Sequence[Plan], shape: Shape, calendar: Calendar, now: int
) -> tuple[Plan, ...]:
    """Give some accounts a habit, and send all of their calls through the door."""
    people = sum(not one.account.service for one in plans)
    size = shape.door_budget(people) // PARTS
    if people < FEWEST_PEOPLE or not size:
        return tuple(plans)
    habits = HABITS * shape.labelled
    services = [one for one in plans if one.account.service]
    free = _candidates(plans, size)[: len(habits)]
    stream(seed, "labelled").shuffle(free)
    found: dict[int, Plan] = {}
    for habit in habits:
        offered = services if habit.kind == "service" else free
        if offered:
            plan = _at_work(offered.pop(), size)
            rng = stream(seed, "habit", plan.account.number)
            place = Place(calendar, plan.account.zone, now)
            calls = habitual_calls(habit, 2 * size, place, rng)
            plan = replace(plan, habit=habit, habitual=calls)
            found[plan.account.number] = plan
    return tuple(found.get(one.account.number, one) for one in plans)


def _candidates(plans: Sequence[Plan], size: int) -> list[Plan]:
    """Return people whose month is nearest to ``size`` calls, the nearest first."""
    steady = [
        one
        for one in plans
        if not (one.restless or one.account.joined or one.account.left)
        and one.account.kind == "person"
    ]
    steady.sort(key=lambda one: (abs(one.calls - size), one.account.number))
    return steady


def _at_work(plan: Plan, size: int) -> Plan:
    """Return the plan as the door sees it; a service's cut down to ``size`` calls."""
    if not plan.restless:
        return as_seen_by_otlp(plan)
    part = size / plan.calls
    uses = tuple(
        use._replace(
            calls=max(1, round(use.calls * part)),
            tokens=Tokens._make(round(count * part) for count in use.tokens),
        )
        for use in plan.uses
    )
    return as_seen_by_otlp(replace(plan, uses=uses))


def truth(seed: int, plans: Sequence[Plan], days: tuple[int, int]) -> dict[str, Any]:
    """Return what the truth file says; ``days``: first and last UTC microsecond."""
    accounts = [_told(one, one.habit) for one in plans if one.habit]
    accounts += [_looper(one, days) for one in plans if _loops(one)]
    return {"version": VERSION, "simulated": True, "seed": seed, "accounts": accounts}


def _loops(plan: Plan) -> bool:
    return plan.restless and not plan.account.service


def _told(plan: Plan, habit: Habit) -> dict[str, Any]:
    calls = plan.habitual
    cost = sum(MODELS[one.model].cost(one.tokens) for one in calls)
    return _entry(plan, habit.name, habit.says) | {
        "gaming": habit.gaming,
        "looks_like": habit.looks_like,
        "from": _instant(calls[0].at),
        "until": _instant(calls[-1].at),
        "calls": len(calls),
        "tokens": sum(one.tokens.total for one in calls),
        "list_cost_usd": f"{cost / 1_000_000:.6f}",
        "reports": habit.reports,
        "evidence": "calls",
    }


def _looper(plan: Plan, days: tuple[int, int]) -> dict[str, Any]:
    says = "Agents in a loop for the whole month, of which only the hours are known."
    return _entry(plan, LOOPER, says) | {
        "gaming": True,
        "looks_like": "",
        "from": _instant(days[0]),
        "until": _instant(days[1]),
        "calls": plan.calls,
        "tokens": plan.tokens.total,
        "list_cost_usd": f"{plan.list_cost / 1_000_000:.6f}",
        "reports": 1,
        "evidence": "simulated-rollup",
    }


def _entry(plan: Plan, strategy: str, says: str) -> dict[str, Any]:
    account = plan.account
    return {
        "email": account.email,
        "name": account.name,
        "kind": account.kind,
        "strategy": strategy,
        "says": says,
    }


def _instant(at: int) -> str:
    return moment(at).isoformat().replace("+00:00", "Z")
