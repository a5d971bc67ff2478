"""The witnesses of one booking by column, whatever shape they came in."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from mileage.domain.call import Seen
from mileage.domain.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.booking import Booking

COLUMNS = (*Witness._fields, "account", "asserted", "machine", "received")


class Arrivals:
    """Equally long columns, by name; rows are made only where they are asked for."""

    def __init__(self, booking: Booking) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        for run in booking.runs:
            size = len(run.witnesses)
            told = (run.asserted, run.machine, run.received)
            self._extend(
                *run.witnesses.columns,
                run.accounts,
                *(repeat(value, size) for value in told),
            )
        self._add_rows(booking)

    def _extend(self, *more: Any) -> None:  # noqa: ANN401 - a column each
        for column, values in zip(self.columns.values(), more, strict=True):
            column.extend(values)

    def _add_rows(self, booking: Booking) -> None:
        """Take the witnesses in that came row by row."""
        if not booking.seen:
            return
        witnesses, accounts, asserted = zip(*booking.seen, strict=True)
        machines = [
            run.machine for run in booking.brought for _ in range(run.witnesses)
        ]
        received = [
            run.received for run in booking.brought for _ in range(run.witnesses)
        ]
        unknown = len(booking.seen) - len(machines)
        self._extend(
            *zip(*witnesses, strict=True),
            accounts,
            asserted,
            [*machines, *repeat("", unknown)],
            [*received, *repeat(0, unknown)],
        )

    def __len__(self) -> int:
        """Count witnesses."""
        return len(self.columns["source"])

    def seen(self, places: list[int]) -> list[Seen]:
        """Return the rows at these places."""
        rows = self._rows(places)
        return [Seen(Witness(*row[:-4]), *row[-4:-2]) for row in rows]

    def origins(self, places: list[int]) -> list[tuple[str, int]]:
        """Return (machine, when received) of the rows at these places."""
        return [row[-2:] for row in self._rows(places)]

    def _rows(self, places: list[int]) -> Iterator[tuple[Any, ...]]:
        columns = list(self.columns.values())
        return (tuple(column[place] for column in columns) for place in places)
