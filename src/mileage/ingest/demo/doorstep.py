"""Choose whose calls pass the front door."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mileage.ingest.demo.models import CLAUDE_CODE

if TYPE_CHECKING:
    from mileage.ingest.demo.plan import Plan

SHOWN = 10
"""How many accounts of middling size pass the door, for their full pages."""
SHOWN_PART = 0.3
"""Of all calls at the door."""
SHOWN_SIZE = (0.008, 0.05)
"""Of all calls at the door: how many one such account may have."""


def through_door(plans: tuple[Plan, ...], budget: int) -> tuple[Plan, ...]:
    """Send accounts through the door, at most ``budget`` calls in all.

    Besides those who are at the door already, a few with a month worth looking at,
    then as many of the smallest as fit: most people and all of their calls for the
    money.
    """
    people = [one for one in plans if not (one.restless or one.door)]
    chosen: set[int] = set()
    left = budget - sum(one.calls for one in plans if one.door)
    for plan in sorted(people, key=lambda one: _interest(one, budget))[:SHOWN]:
        if _worth_showing(plan, budget) and plan.calls <= left - budget * (
            1 - SHOWN_PART
        ):
            chosen.add(plan.account.number)
            left -= plan.calls
    for plan in sorted(people, key=lambda one: (one.calls, one.account.number)):
        if plan.account.number not in chosen and plan.calls <= left:
            chosen.add(plan.account.number)
            left -= plan.calls
    return tuple(
        as_seen_by_otlp(plan) if plan.account.number in chosen else plan
        for plan in plans
    )


def showcase(plans: tuple[Plan, ...]) -> Plan:
    """Return the account whose page shows most: many calls, several clients.

    Somebody who stands on the board of people, which is the first that is seen.
    """
    return max(
        plans,
        key=lambda one: (
            one.door and not one.habit,
            one.account.kind == "person",
            len(one.clients),
            one.calls,
        ),
    )


def _worth_showing(plan: Plan, budget: int) -> bool:
    low, high = SHOWN_SIZE
    return low * budget <= plan.calls <= high * budget


def _interest(plan: Plan, budget: int) -> tuple[bool, int, int, int]:
    return (
        not _worth_showing(plan, budget),
        -len(plan.clients),
        -len(plan.uses),
        plan.account.number,
    )


def as_seen_by_otlp(plan: Plan) -> Plan:
    """Return the plan as a door account has it: no splits that OTLP cannot tell.

    Claude Code's events have one class of cache writes and one of output.
    """
    uses = []
    for use in plan.uses:
        tokens = use.tokens
        if use.client == CLAUDE_CODE:
            tokens = tokens._replace(
                cache_write=tokens.cache_write + tokens.cache_write_1h,
                cache_write_1h=0,
                output=tokens.output + tokens.reasoning,
                reasoning=0,
            )
        uses.append(use._replace(tokens=tokens))
    return replace(plan, uses=tuple(uses), door=True)
