"""Formulas of policy files: arithmetic over named whole numbers, as data.

``+ - * /``, ``min(a, b)``, ``max(a, b)``, parentheses, numbers and names; a condition
compares two of them. Double precision, so that every machine and the database get the
same; what cannot be told (a name without a value, a division by zero) makes the whole
formula None. Formulas are too small to leave the range of a double.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from itertools import product
from math import inf, isnan
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

DEEPEST = 20
"""Levels of parentheses."""
LARGEST_SIZE = 16
"""Names and numbers: products of so many whole numbers are finite doubles."""
LONGEST_NUMBER = 15
LARGEST = 2.0**63
_TOKEN = re.compile(
    r"\s*(?:(\d+(?:_\d+)*(?:\.\d+)?)|([a-z_][a-z0-9_]*)|(>=|<=|[-+*/(),<>]))"
)
_SUMS, _PRODUCTS, _CALLS = "+-", "*/", ("min", "max")
_COMPARISONS = (">=", "<=", ">", "<")


class FormulaError(ValueError):
    """The text is no formula; says where and why."""


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A metric."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """``+``, ``-``, ``*``, ``/``, ``min`` or ``max`` of two formulas."""

    sign: str
    left: Formula
    right: Formula


Formula: TypeAlias = Number | Name | Operation


class Condition(NamedTuple):
    """Two formulas compared."""

    left: Formula
    sign: str
    right: Formula
    text: str
    """As it stands in the file."""


class Range(NamedTuple):
    """What a formula can be: both ends included."""

    least: float
    most: float


_APPLY: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "min": min,
    "max": max,
}
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_TURNED = {">=": "<=", "<=": ">=", ">": "<", "<": ">"}


def parse_formula(text: str) -> Formula:
    """Read a formula; raises FormulaError."""
    reader = _Reader(text)
    formula = reader.formula(0)
    reader.end()
    return formula


def parse_condition(text: str) -> Condition:
    """Read ``formula >= formula`` (or <=, >, <); raises FormulaError."""
    reader = _Reader(text)
    left = reader.formula(0)
    sign = reader.one_of(_COMPARISONS)
    if not sign:
        raise FormulaError(f"{reader.here()}; expected >=, <=, > or <")
    right = reader.formula(0)
    reader.end()
    return Condition(left, sign, right, text.strip())


def names(formula: Formula) -> Iterator[str]:
    """Yield every name in a formula."""
    if isinstance(formula, Name):
        yield formula.name
    elif isinstance(formula, Operation):
        yield from names(formula.left)
        yield from names(formula.right)


def size(formula: Formula) -> int:
    """Count names and numbers."""
    if isinstance(formula, Operation):
        return size(formula.left) + size(formula.right)
    return 1


def divides_by_zero(formula: Formula) -> bool:
    """Tell whether it divides by a constant 0, so that it never has a value."""
    if not isinstance(formula, Operation):
        return False
    if formula.sign == "/" and not any(names(formula.right)):
        divisor = evaluate(formula.right, {})
        if divisor is None or divisor == 0:
            return True
    return divides_by_zero(formula.left) or divides_by_zero(formula.right)


def meeting(
    conditions: Iterable[Condition], ranges: Mapping[str, Range]
) -> dict[str, Range]:
    """Return what names can be where all conditions of one name and a number hold."""
    left = dict(ranges)
    for one in conditions:
        if isinstance(one.left, Name) and isinstance(one.right, Number):
            name, sign, bound = one.left.name, one.sign, one.right.value
        elif isinstance(one.right, Name) and isinstance(one.left, Number):
            name, sign, bound = one.right.name, _TURNED[one.sign], one.left.value
        else:
            continue
        known = left[name]
        left[name] = (
            known._replace(least=max(known.least, bound))
            if sign in (">=", ">")
            else known._replace(most=min(known.most, bound))
        )
    return left


def evaluate(formula: Formula, values: Mapping[str, int | None]) -> float | None:
    """Return the value of a formula, or None when it has none."""
    if isinstance(formula, Number):
        return formula.value
    if isinstance(formula, Name):
        known = values[formula.name]
        return None if known is None else float(known)
    left, right = evaluate(formula.left, values), evaluate(formula.right, values)
    if left is None or right is None or (formula.sign == "/" and right == 0):
        return None
    return _APPLY[formula.sign](left, right)


def whole(found: float | None) -> int | None:
    """Round to the nearest whole number, halves to the even one."""
    return round(found) if found is not None and abs(found) < LARGEST else None


def holds(condition: Condition, values: Mapping[str, int | None]) -> bool:
    """Tell whether a condition holds; one that cannot be told does not."""
    left, right = evaluate(condition.left, values), evaluate(condition.right, values)
    return (
        left is not None and right is not None and _HOLDS[condition.sign](left, right)
    )


def can_hold(condition: Condition, ranges: Mapping[str, Range]) -> bool:
    """Tell whether any values within the ranges could meet a condition."""
    left, right = spans(condition.left, ranges), spans(condition.right, ranges)
    if condition.sign in (">=", ">"):
        return _HOLDS[condition.sign](left.most, right.least)
    return _HOLDS[condition.sign](left.least, right.most)


def spans(formula: Formula, ranges: Mapping[str, Range]) -> Range:
    """Return what a formula can be, when each name is anything within its range."""
    if isinstance(formula, Number):
        return Range(formula.value, formula.value)
    if isinstance(formula, Name):
        return ranges[formula.name]
    left, right = spans(formula.left, ranges), spans(formula.right, ranges)
    if formula.sign == "/" and right.least <= 0 <= right.most:
        return Range(-inf if left.least < 0 or right.least < 0 else 0.0, inf)
    ends = [_APPLY[formula.sign](*pair) for pair in product(left, right)]
    # inf - inf, 0 * inf, inf / inf: nothing is known then.
    return Range(-inf, inf) if any(map(isnan, ends)) else Range(min(ends), max(ends))


class _Reader:
    """Recursive descent over the text, one token of look-ahead."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._size = text, 0, 0

    def formula(self, depth: int) -> Formula:
        left = self._product(depth)
        while sign := self.one_of(_SUMS):
            left = Operation(sign, left, self._product(depth))
        return left

    def _product(self, depth: int) -> Formula:
        left = self._atom(depth)
        while sign := self.one_of(_PRODUCTS):
            left = Operation(sign, left, self._atom(depth))
        return left

    def _atom(self, depth: int) -> Formula:
        if depth > DEEPEST:
            raise FormulaError(f"has more than {DEEPEST} levels of parentheses")
        found = _TOKEN.match(self._text, self._at)
        if found is None or (found[3] and found[3] != "("):
            raise FormulaError(f"{self.here()}; expected a number, a metric or (")
        self._at = found.end()
        if found[2] in _CALLS:
            return self._call(found[2], depth + 1)
        if found[1] or found[2]:
            return self._leaf(found[1], found[2])
        inner = self.formula(depth + 1)
        self._expect(")")
        return inner

    def _leaf(self, number: str, name: str) -> Formula:
        self._size += 1
        if self._size > LARGEST_SIZE:
            raise FormulaError(f"has more than {LARGEST_SIZE} names and numbers")
        if name:
            return Name(name)
        if len(number) > LONGEST_NUMBER:
            raise FormulaError(f"holds a number longer than {LONGEST_NUMBER} digits")
        return Number(float(number))

    def _call(self, name: str, depth: int) -> Formula:
        self._expect("(")
        left = self.formula(depth)
        self._expect(",")
        right = self.formula(depth)
        self._expect(")")
        return Operation(name, left, right)

    def one_of(self, wanted: str | tuple[str, ...]) -> str:
        """Take the next sign if it is one of these; '' otherwise."""
        found = _TOKEN.match(self._text, self._at)
        if found is None or not found[3] or found[3] not in wanted:
            return ""
        self._at = found.end()
        return found[3]

    def _expect(self, sign: str) -> None:
        if not self.one_of((sign,)):
            raise FormulaError(f"{self.here()}; expected {sign}")

    def end(self) -> None:
        if self._text[self._at :].strip():
            raise FormulaError(f"{self.here()}; expected the end")

    def here(self) -> str:
        rest = self._text[self._at :].strip()
        return f"goes on with {rest[:20]!r}" if rest else "ends too early"
