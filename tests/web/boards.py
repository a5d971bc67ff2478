"""Boards and explanations of made-up people, as the reports would tell them."""

from __future__ import annotations

from dataclasses import replace

from mileage.access.policy import Allowed
from mileage.access.readables import READABLES
from mileage.domain.errors import PurposeMissing, Refused
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens
from mileage.reports.board_reading import among
from mileage.reports.why import Placed, Why, above_the_cap, shown_to, weighed

RULE = Lens(
    name="tokens",
    title="All tokens",
    unit="tokens",
    weights=Tokens(100, 10, 125, 200, 500, 500, 100),
    encourages="",
    gamed_by="",
    daily_cap=100_000_000,
    minimum=(("active_days", 3),),
)
EVERYTHING = Allowed(
    "self", recorded=False, fields=frozenset(READABLES["personal"].fields)
)
MANAGER = Allowed("support", recorded=True, fields=frozenset({"days", "models"}))


def part_of(everybody, part, viewer, top):
    """Cut a whole board as the reports do; ``everybody`` holds all of its rows."""
    whole = viewer.operator
    rows = everybody.rows
    own = next((r for r in rows if r.standing.account_id == viewer.account_id), None)
    first = (part.page - 1) * top
    if first and not whole:
        raise Refused("The board goes as far as its published top.")
    shown = rows[first : first + top]
    searched = rows if whole else rows[:top]
    found = among(searched, searched, part.wanted.casefold().split())
    return replace(
        everybody,
        rows=found if part.wanted else shown,
        own=None if part.wanted or own in shown else own,
        first=0 if part.wanted else first,
        count=top,
        scope=part.scope,
        whole=whole,
        opens=None if whole else frozenset(),
        snapshot=replace(everybody.snapshot, name=part.window or "30d"),
    )


def why_of(everybody, page, viewer, of, below):
    """Explain a rank; ``below`` opens for a stated purpose and not in all parts."""
    own = viewer.operator or page.account_id == viewer.account_id
    if not own and page.account_id != below:
        raise Refused("This page is somebody else's.")
    if not own and not of.part.purpose:
        raise PurposeMissing("say what for", {"support": "Helping somebody"})
    head = replace(everybody.snapshot, name=of.part.window or "30d")
    row = next(
        (r for r in everybody.rows if r.standing.account_id == page.account_id), None
    )
    lens = next(one for one in head.lenses if of.lens in {"", one.name})
    why = Why(
        placed=Placed(head, lens, of.part.scope, row, everybody.ranked),
        rule=replace(RULE, name=lens.name, title=lens.title, unit=lens.unit),
        page=page,
        classes=weighed(RULE, page.total),
        days=above_the_cap(RULE, page),
        moved=True,
    )
    return shown_to(why, EVERYTHING if own else MANAGER, None)
