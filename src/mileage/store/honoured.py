"""What honours are decided by, from the standings that are being made.

Works on the tables of ``store.standings`` of one cursor: ``standing_measured`` and
``standing_values``, of whose windows the first decides.
"""

from __future__ import annotations

from functools import reduce
from itertools import zip_longest
from operator import and_, or_
from typing import TYPE_CHECKING

from duckdb import ColumnExpression, ConstantExpression
from duckdb import FunctionExpression as Function

from mileage.domain.measured import METRICS
from mileage.store.lens_values import condition, metric_columns
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection, Expression

    from mileage.domain.formula import Condition

Row = dict[str, int | None]
FEW = 3_000


def everybodys_values(
    cursor: DuckDBPyConnection,
) -> list[tuple[str, list[int | None]]]:
    """Return each account with its values, one a lens, in the order of accounts."""
    return [(account, values) for account, values in run(cursor, "honours.values")]


def values_before(
    cursor: DuckDBPyConnection, side: int
) -> list[tuple[str, list[int | None]]]:
    """Return each account with its values of the period before a window."""
    rows = run(cursor, "honours.values_before", side=side)
    return [(account, values) for account, values in rows]


def candidates(
    cursor: DuckDBPyConnection,
    rules: Sequence[Sequence[Condition]],
    named: Sequence[str],
    before: Sequence[str],
    few: int = FEW,
) -> list[tuple[str, Row]]:
    """Return whoever meets all conditions of some rule, with what rules may name.

    Of a few accounts all are returned: to look for some would take longer.

    ``named`` is what rules call the values, ``before`` those of the period before.
    """
    if not rules:
        return []
    run(cursor, "honours.measured")
    ((accounts,),) = run(cursor, "honours.count")
    if accounts <= few:
        return _everybody(cursor, named, before)
    columns = {
        **metric_columns(),
        **_of_list("values", named),
        **_of_list("before", before),
    }
    met = [reduce(and_, (condition(one, columns) for one in rule)) for rule in rules]
    wanted = [
        *(ColumnExpression(name) for name in METRICS),
        *(_element("values", at) for at in range(len(named))),
        *(_element("before", at) for at in range(len(before))),
    ]
    rows = cursor.view("honour_measured").filter(reduce(or_, met))
    names = (*METRICS, *named, *before)
    return [
        (account, dict(zip(names, row, strict=True)))
        for account, *row in rows.select(ColumnExpression("account"), *wanted)
        .order("account")
        .fetchall()
    ]


def _everybody(
    cursor: DuckDBPyConnection, named: Sequence[str], before: Sequence[str]
) -> list[tuple[str, Row]]:
    found = []
    for account, *metrics, now, then in run(cursor, "honours.everybody"):
        row: Row = dict(zip(METRICS, metrics, strict=True))
        row |= dict(zip(named, now, strict=True)) | dict(zip_longest(before, then))
        found.append((account, row))
    return found


def _of_list(column: str, names: Sequence[str]) -> dict[str, Expression]:
    return {name: _element(column, at).cast("DOUBLE") for at, name in enumerate(names)}


def _element(column: str, at: int) -> Expression:
    """Return an element of a list column; NULL when it is shorter."""
    place = ConstantExpression(at + 1)
    return Function("list_extract", ColumnExpression(column), place)
