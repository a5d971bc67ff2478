"""What lenses give for everybody at once, found by the database.

Each equals ``honours.lenses.value`` of the same account: whole numbers are exact, and
formulas are computed in double precision on either side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from duckdb import CaseExpression, ColumnExpression, ConstantExpression
from duckdb import FunctionExpression as Function

from mileage.domain.formula import LARGEST, Name, Number
from mileage.domain.measured import METRICS, MOST_OF_A_DAY
from mileage.domain.tokens import TOKEN_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyRelation, Expression

    from mileage.domain.formula import Condition, Formula
    from mileage.domain.tokens import Tokens

HUNDRED = 100
_NOTHING = ConstantExpression(None)
_LEAST_OR_MOST = {"min": "least", "max": "greatest"}
_COMPARED = {">=": "__ge__", "<=": "__le__", ">": "__gt__", "<": "__lt__"}


class Lens(Protocol):
    """What is read of a ``honours.lenses.Lens``."""

    @property
    def weights(self) -> Tokens:
        """Hundredths per token class."""
        ...

    @property
    def of_money(self) -> bool:
        """Whether the credit is the cost."""
        ...

    @property
    def daily_cap(self) -> int | None:
        """What counts in full of one day."""
        ...

    @property
    def formula(self) -> Formula | None:
        """What makes a value of metrics and credit."""
        ...

    @property
    def minimum(self) -> tuple[tuple[str, int], ...]:
        """Metrics with the least that has a rank."""
        ...


def lens_values(
    measured: DuckDBPyRelation,
    days: DuckDBPyRelation,
    lenses: Sequence[Lens],
    key: Sequence[str],
) -> DuckDBPyRelation:
    """Return key and values: a list with one whole number or NULL for each lens.

    ``measured`` has the columns of the key and one for each of
    ``domain.measured.METRICS``, all BIGINT, one row a key; ``days`` has the key, the
    token classes and cost, one row for each local day of it.
    """
    whose = [ColumnExpression(name) for name in key]
    credits_of = [f"credit_{at}" for at in range(len(lenses))]
    amounts = [
        _of_day(lens).alias(name)
        for lens, name in zip(lenses, credits_of, strict=True)
        if lens.daily_cap is not None
    ]
    sums = [
        Function("sum", _capped(ColumnExpression(name), lens.daily_cap)).alias(name)
        for lens, name in zip(lenses, credits_of, strict=True)
        if lens.daily_cap is not None
    ]
    rows = measured
    if sums:
        # Two steps, as the database would weigh a day again wherever it is named.
        weighed = days.select(*whose, *amounts)
        capped = weighed.aggregate([*whose, *sums], ", ".join(key))
        rows = measured.join(capped, ", ".join(key), how="left")
    found = [
        _value(lens, _summed(lens, name) if lens.daily_cap else _counted(lens))
        for lens, name in zip(lenses, credits_of, strict=True)
    ]
    values = Function("list_value", *found).cast("BIGINT[]").alias("values")
    return rows.select(*whose, values)


def condition(asked: Condition, columns: Mapping[str, Expression]) -> Expression:
    """Return whether a condition holds; NULL when it cannot be told."""
    left, right = _computed(asked.left, columns), _computed(asked.right, columns)
    held: Expression = getattr(left, _COMPARED[asked.sign])(right)
    return held


def metric_columns() -> dict[str, Expression]:
    """Return every metric as the double that formulas compute with."""
    return {name: ColumnExpression(name).cast("DOUBLE") for name in METRICS}


def _summed(lens: Lens, name: str) -> Expression:
    column = ColumnExpression(name)
    if lens.of_money:
        return column
    return CaseExpression(column.isnull(), _constant(0)).otherwise(column)


def _value(lens: Lens, credit: Expression) -> Expression:
    found = credit
    if lens.formula is not None:
        columns = {**metric_columns(), "credit": credit.cast("DOUBLE")}
        found = _whole(_computed(lens.formula, columns))
    for name, least in lens.minimum:
        enough = ColumnExpression(name) >= _constant(least)
        found = CaseExpression(enough, found).otherwise(_NOTHING)
    return found


def _of_day(lens: Lens) -> Expression:
    """Return what a lens counts of one day; small enough for 64 bits."""
    if lens.of_money:
        return ColumnExpression("cost")
    weighted = _constant(0).cast("BIGINT")
    for name, weight in zip(TOKEN_CLASSES, lens.weights, strict=True):
        if weight:
            most = _constant(MOST_OF_A_DAY)
            column = Function("least", ColumnExpression(name), most)
            weighted = weighted + column * _constant(weight)
    return Function("//", weighted, _constant(HUNDRED))


def _capped(amount: Expression, cap: int) -> Expression:
    """Count as ``honours.lenses.capped`` does."""
    whole = _constant(cap)
    # Exact, unlike a logarithm: how many digits the number has in base two.
    times = Function("//", amount, whole)
    doublings = Function("length", Function("bin", times)) - _constant(1)
    power = Function("<<", _constant(1).cast("BIGINT"), doublings)
    beyond = Function("//", amount - whole * power, power)
    more = whole + Function("//", doublings * whole + beyond, _constant(2))
    return CaseExpression(amount > whole, more).otherwise(amount)


def _counted(lens: Lens) -> Expression:
    """Return the cost, or the weighted tokens rounded half to even."""
    if lens.of_money:
        return ColumnExpression("cost").cast("HUGEINT")
    weighted = _constant(0).cast("HUGEINT")
    for name, weight in zip(TOKEN_CLASSES, lens.weights, strict=True):
        if weight:
            column = ColumnExpression(name).cast("HUGEINT")
            weighted = weighted + column * _constant(weight)
    hundred = _constant(HUNDRED)
    quotient, rest = Function("//", weighted, hundred), weighted % hundred
    up = rest * _constant(2) > hundred - quotient % _constant(2)
    return quotient + CaseExpression(up, _constant(1)).otherwise(_constant(0))


def _computed(formula: Formula, columns: Mapping[str, Expression]) -> Expression:
    """Compute as ``domain.formula.evaluate`` does; NULL where that is None."""
    if isinstance(formula, Number):
        return _constant(formula.value).cast("DOUBLE")
    if isinstance(formula, Name):
        return columns[formula.name]
    left, right = _computed(formula.left, columns), _computed(formula.right, columns)
    if formula.sign == "/":
        right = CaseExpression(right != _constant(0), right).otherwise(_NOTHING)
    if formula.sign not in _LEAST_OR_MOST:
        return Function(formula.sign, left, right)
    # Of a number and NULL, these would return the number.
    found = Function(_LEAST_OR_MOST[formula.sign], left, right)
    known = left.isnotnull() & right.isnotnull()
    return CaseExpression(known, found).otherwise(_NOTHING)


def _whole(found: Expression) -> Expression:
    # Beyond it, and for what is no number, the comparison is not true.
    fits = Function("abs", found) < _constant(LARGEST)
    rounded = Function("round_even", found, _constant(0)).cast("HUGEINT")
    return CaseExpression(fits, rounded).otherwise(_NOTHING)


def _constant(value: float) -> Expression:
    return ConstantExpression(value)
