"""What honours are decided by, from the standings that are being made.

Works on tables of ``store.standings`` of one cursor: ``standing_kept``, what everybody
did in the first window, and ``standing_chart``, who they are. Only people have honours.
"""

from __future__ import annotations

from functools import reduce
from itertools import zip_longest
from operator import and_
from typing import TYPE_CHECKING, Any

from duckdb import CaseExpression, ColumnExpression, ConstantExpression
from duckdb import FunctionExpression as Function

from mileage.domain.formula import holds
from mileage.domain.measured import METRICS
from mileage.store.lens_values import condition, metric_columns
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from duckdb import DuckDBPyConnection, Expression

    from mileage.domain.formula import Condition

Row = dict[str, int | None]
FEW = 3_000


def values_of(cursor: DuckDBPyConnection, place: int) -> list[int]:
    """Return what one lens gives for people, ascending, where it is more than nothing.

    Lenses are counted from 0.
    """
    return [value for (value,) in run(cursor, "honours.values", place=place + 1)]


def decide_tiers(
    cursor: DuckDBPyConnection,
    place: int,
    steps: Sequence[Sequence[int]],
    ladder: Sequence[str],
    hidden: Iterable[str],
) -> list[tuple[Any, ...]]:
    """Give everybody their tier; return whose is another one than before.

    As account, value by the lens and the tier's place from 1, 0 for none. ``steps`` are
    the least values of all tiers, by the place of the tier that somebody had; whoever
    is ``hidden`` is shown with none.
    """
    told = {"steps": [list(some) for some in steps], "ladder": list(ladder)}
    run(cursor, "honours.tiers", place=place + 1, hidden=list(hidden), **told)
    return run(cursor, "honours.moved")


def begun(cursor: DuckDBPyConnection, first: date, last: date) -> tuple[int, int]:
    """Count the people who used something in these days, and those not new in them.

    Who used something on the first day is not new. Days before those of the standings
    are not looked at.
    """
    ((people, before),) = run(cursor, "honours.begun", first=first, last=last)
    return people, before


def meeting(
    cursor: DuckDBPyConnection,
    rules: Sequence[Sequence[Condition]],
    named: Sequence[str],
    before: Sequence[str],
    few: int = FEW,
) -> list[tuple[str, Sequence[bool]]]:
    """Return whoever meets all conditions of some rule, and whether of each.

    Of a few accounts all are looked at here: to have the database do it takes longer.

    ``named`` is what rules call the values, ``before`` those of the period before.
    """
    if not rules:
        return []
    ((accounts,),) = run(cursor, "honours.count")
    if accounts <= few:
        return list(_looked_at(known_of(cursor, None, named, before), rules))
    columns = {
        **metric_columns(),
        **_of_list("values", named),
        **_of_list("before", before),
    }
    yes, no = (ConstantExpression(value) for value in (True, False))
    met = [
        # What cannot be told is not met.
        CaseExpression(reduce(and_, (condition(one, columns) for one in rule)), yes)
        .otherwise(no)
        .alias(f"met_{at}")
        for at, rule in enumerate(rules)
    ]
    account = ColumnExpression("account")
    told = cursor.view("honour_measured").select(account, *met)
    some = " or ".join(f"met_{at}" for at in range(len(rules)))
    rows = told.filter(some).order("account").fetchall()
    return [(account, flags) for account, *flags in rows]


def known_of(
    cursor: DuckDBPyConnection,
    accounts: Iterable[str] | None,
    named: Sequence[str],
    before: Sequence[str],
) -> dict[str, Row]:
    """Return all that rules may name, of some accounts or of all, in their order."""
    found = {}
    asked = None if accounts is None else list(accounts)
    for account, *metrics, now, then in run(cursor, "honours.known", accounts=asked):
        row: Row = dict(zip(METRICS, metrics, strict=True))
        row |= dict(zip(named, now, strict=True)) | dict(zip_longest(before, then))
        found[account] = row
    return found


def _looked_at(
    known: dict[str, Row], rules: Sequence[Sequence[Condition]]
) -> Iterator[tuple[str, Sequence[bool]]]:
    for account, row in known.items():
        met = [all(holds(one, row) for one in rule) for rule in rules]
        if any(met):
            yield account, met


def _of_list(column: str, names: Sequence[str]) -> dict[str, Expression]:
    return {name: _element(column, at).cast("DOUBLE") for at, name in enumerate(names)}


def _element(column: str, at: int) -> Expression:
    """Return an element of a list column; NULL when it is shorter."""
    place = ConstantExpression(at + 1)
    return Function("list_extract", ColumnExpression(column), place)
