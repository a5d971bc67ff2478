"""Hours of the accounts that do not pass the front door, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.ingest.demo.hours import Cell
    from mileage.ingest.demo.simulation import Organisation

ROWS = 50_000
"""About how many rows a batch has: a few tens of megabytes."""
CALLS_OF_SESSION = 40
HOURS_OF_SESSION = 6
"""Nobody's session is longer, however few its calls."""


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


def rollups(org: Organisation) -> Iterator[HourColumns]:
    """Yield the hours of all roll-up accounts, in batches of bounded size."""
    batch = HourColumns()
    for plan in org.rollup_plans:
        _add_hours(batch, plan.account.email, org.cells(plan))
        if len(batch.hour) >= ROWS:
            yield batch
            batch = HourColumns()
    if batch.hour:
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
