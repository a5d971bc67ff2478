"""Standings of a window straight from calls, as the ledger told them at some append.

A second way to the same figures. It reads neither roll-ups of calls nor anything that
publishing keeps, so that each can be held against the other.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND
from mileage.store.statements import run, said_plainly, statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    import duckdb

    from mileage.domain.days import Clock
    from mileage.domain.window import Period

AT_ONCE = 20_000
TOGETHER = 5_000
"""Accounts added up at once, which bounds memory."""
THEN, BEFORE, NOW = "then", "before", "now"
"""The window as told then, the period before it then, and the window as told now."""


class Use(NamedTuple):
    """What an account used on one local day, of one client and model."""

    day: date
    client: str
    model: str
    figures: Figures
    attended: int
    unattended: int
    simulated: bool


class Became(NamedTuple):
    """What became of calls of one account since."""

    reason: str
    """As ``recompute.reasons`` names it."""
    calls: int
    tokens: int
    """By which the account's sum has changed."""
    prices_then: tuple[str, ...]
    prices_now: tuple[str, ...]


class Recomputing:
    """Adds calls up again, within one transaction."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, clock: Clock, of: Period, seq: int
    ) -> None:
        self._cursor = cursor
        ((self.last, _),) = run(cursor, "last_append")
        self._moments = {"seq": seq, "last": self.last}
        self._hours = {
            "start": of.window.start // SECOND,
            "until": of.window.end // SECOND,
        }
        self._before = {"before": of.previous.start // SECOND}
        self._days = {
            "first_day": clock.day(of.window.start),
            "last_day": clock.day(of.window.end - 1),
            "first_day_before": clock.day(of.previous.start),
            "last_day_before": clock.day(of.previous.end - 1),
        }
        run(cursor, "recompute.call_as_of")

    def uses(self) -> Iterator[tuple[str, Mapping[str, list[Use]]]]:
        """Yield each account with what it used on each side, in the order of accounts.

        Nothing else may be asked meanwhile.
        """
        for account, rows in groupby(self._rows(), key=lambda row: row[0]):
            sides: dict[str, list[Use]] = {}
            for _, side, *row in rows:
                sides.setdefault(side, []).append(_use(row))
            yield account, sides

    def sessions(self) -> Mapping[tuple[str, str], int]:
        """Return how many sessions each account had, by account and side."""
        asked = {**self._moments, **self._hours, **self._before, **self._days}
        rows = run(self._cursor, "recompute.sessions", **asked)
        return {(account, side): sessions for account, side, sessions in rows}

    def reasons(self) -> Mapping[str, list[Became]]:
        """Return what became of calls that the window told of, or tells of now."""
        asked = {**self._moments, **self._hours}
        found: dict[str, list[Became]] = {}
        for account, reason, calls, tokens, then, now in run(
            self._cursor, "recompute.reasons", **asked
        ):
            one = Became(reason, calls, tokens, tuple(then or ()), tuple(now or ()))
            found.setdefault(account, []).append(one)
        return found

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        asked = {**self._moments, **self._hours, **self._before}
        parts = run(self._cursor, "recompute.parts", accounts=TOGETHER)
        edges = ["", *(first for (first,) in parts), None]
        for first, end in pairwise(edges):
            some = {"from_account": first, "to_account": end}
            with said_plainly():
                self._cursor.execute(statement("recompute.use"), {**asked, **some})
                while rows := self._cursor.fetchmany(AT_ONCE):
                    yield from rows


def _use(row: list[Any]) -> Use:
    day, client, model, calls, *counts = row
    *tokens, cost, unpriced, unmeasured, attended, unattended, simulated = counts
    figures = Figures(calls, Tokens(*tokens), cost, unpriced, unmeasured)
    return Use(day, client, model, figures, attended, unattended, simulated)
