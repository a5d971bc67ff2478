"""Hours of the accounts that do not pass the front door, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from mileage.ingest.demo.hours import Cell
    from mileage.ingest.demo.simulation import Organisation

ROWS = 50_000
"""About how many rows a batch has: a few tens of megabytes."""
CALLS_PER_SESSION = 40
WORK_OF_ONE_SESSION = 6
"""Hours: nobody's session is longer, however few its calls."""


@dataclass(frozen=True, slots=True)
class HourColumns:
    """What an account used of a model in an hour; equally long columns."""

    account: list[str] = field(default_factory=list)
    """The e-mail address."""
    hour: list[int] = field(default_factory=list)
    """UTC second at which the hour of the organisation's zone begins."""
    client: list[str] = field(default_factory=list)
    provider: list[str] = field(default_factory=list)
    model: list[str] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    input: list[int] = field(default_factory=list)
    cache_read: list[int] = field(default_factory=list)
    cache_write: list[int] = field(default_factory=list)
    cache_write_1h: list[int] = field(default_factory=list)
    output: list[int] = field(default_factory=list)
    reasoning: list[int] = field(default_factory=list)
    tool_input: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SessionColumns:
    """How many sessions an account had on a day; equally long columns."""

    account: list[str] = field(default_factory=list)
    day: list[date] = field(default_factory=list)
    """The day of the organisation's zone."""
    client: list[str] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RollupBatch:
    """Some accounts, each with all of its hours."""

    hours: HourColumns = field(default_factory=HourColumns)
    session_days: SessionColumns = field(default_factory=SessionColumns)


def rollups(org: Organisation) -> Iterator[RollupBatch]:
    """Yield the hours of all roll-up accounts, in batches of bounded size."""
    batch = RollupBatch()
    for plan in org.rollup_plans:
        cells = org.cells(plan)
        _add_hours(batch.hours, plan.account.email, cells)
        _add_sessions(batch.session_days, plan.account.email, cells)
        if len(batch.hours.hour) >= ROWS:
            yield batch
            batch = RollupBatch()
    if batch.hours.hour:
        yield batch


def _add_hours(columns: HourColumns, email: str, cells: list[Cell]) -> None:
    count = len(cells)
    hours, _, clients, providers, models, calls, tokens = zip(*cells, strict=True)
    columns.account.extend([email] * count)
    columns.hour.extend(hours)
    columns.client.extend(clients)
    columns.provider.extend(providers)
    columns.model.extend(models)
    columns.calls.extend(calls)
    classes = (
        columns.input,
        columns.cache_read,
        columns.cache_write,
        columns.cache_write_1h,
        columns.output,
        columns.reasoning,
        columns.tool_input,
    )
    for column, values in zip(classes, zip(*tokens, strict=True), strict=True):
        column.extend(values)


def _add_sessions(columns: SessionColumns, email: str, cells: list[Cell]) -> None:
    calls: dict[tuple[date, str], int] = {}
    hours: dict[tuple[date, str], set[int]] = {}
    for cell in cells:
        key = (cell.day, cell.client)
        calls[key] = calls.get(key, 0) + cell.calls
        hours.setdefault(key, set()).add(cell.hour)
    for (day, client), count in calls.items():
        worked = len(hours[day, client])
        by_length = -(-worked // WORK_OF_ONE_SESSION)
        columns.account.append(email)
        columns.day.append(day)
        columns.client.append(client)
        columns.sessions.append(max(by_length, round(count / CALLS_PER_SESSION)))
