"""The demo organisation as one value: who there is and what they use in all."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mileage.domain.window import SECOND
from mileage.ingest.demo.doorstep import showcase, through_door
from mileage.ingest.demo.hours import Calendar, Cell, cells
from mileage.ingest.demo.labelled import truth, with_labels
from mileage.ingest.demo.people import Account, Horizon, directory
from mileage.ingest.demo.plan import Plan, sum_tokens
from mileage.ingest.demo.planning import draw_plans
from mileage.ingest.demo.shape import DEFAULT_SHAPE, Shape

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from mileage.domain.directory import PersonRow
    from mileage.domain.tokens import Tokens

NAME = "Northwind Systems (simulated)"
_COLUMNS = ("email", "name", "department", "team", "manager", "kind", "role")


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything follows from the seed, the number of people, the clock and zone."""

    seed: int
    now: int
    """UTC microseconds: nothing happens later."""
    zone: ZoneInfo
    shape: Shape
    calendar: Calendar = field(repr=False)
    accounts: tuple[Account, ...] = field(repr=False)
    """People first, then services."""
    rows: tuple[PersonRow, ...] = field(repr=False)
    """The lines of ``people.csv``: dated memberships."""
    plans: tuple[Plan, ...] = field(repr=False)
    """One an account, in the order of ``accounts``."""

    @property
    def door_plans(self) -> tuple[Plan, ...]:
        """Return the plans of accounts all of whose calls pass the front door."""
        return tuple(plan for plan in self.plans if plan.door)

    @property
    def rollup_plans(self) -> tuple[Plan, ...]:
        """Return the plans of all other accounts."""
        return tuple(plan for plan in self.plans if not plan.door)

    @property
    def calls(self) -> int:
        """Count every call of every account."""
        return sum(plan.calls for plan in self.plans)

    @property
    def tokens(self) -> Tokens:
        """Sum the tokens of every account."""
        return sum_tokens(plan.tokens for plan in self.plans)

    @property
    def showcase(self) -> Account:
        """Return the account whose personal page shows most."""
        return showcase(self.plans).account

    def cells(self, plan: Plan) -> list[Cell]:
        """Return a plan of this organisation by hour, client and model."""
        return cells(self.seed, plan, self.calendar)

    def truth(self) -> dict[str, Any]:
        """Return who games the figures and who only looks like it, for a file."""
        return truth(self.seed, self.plans, (self.calendar.hours[0] * SECOND, self.now))

    def people_csv(self) -> str:
        """Return the directory in the format of ``mileage people import``."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow((*_COLUMNS, "from", "until"))
        for row in self.rows:
            dates = [day.isoformat() if day else "" for day in (row.since, row.until)]
            writer.writerow([*(getattr(row, name) for name in _COLUMNS), *dates])
        return text.getvalue()


def organisation(
    seed: int,
    people: int,
    now: int,
    zone: ZoneInfo,
    shape: Shape = DEFAULT_SHAPE,
) -> Organisation:
    """Draw an organisation; equal arguments give equal organisations."""
    calendar = Calendar.until(now, zone, shape)
    horizon = Horizon(calendar.days[0], calendar.days[-1])
    accounts, rows = directory(seed, max(1, people), horizon, zone)
    plans = draw_plans(seed, accounts, shape)
    plans = with_labels(seed, plans, shape, calendar, now)
    plans = through_door(plans, shape.door_budget(max(1, people)))
    return Organisation(seed, now, zone, shape, calendar, accounts, rows, plans)
