"""Formulas as policy files give them: mistakes noted where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.formula import (
    LARGEST_SIZE,
    Condition,
    FormulaError,
    Name,
    Number,
    Operation,
    can_hold,
    divides_by_zero,
    meeting,
    names,
    parse_condition,
    parse_formula,
    size,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mileage.domain.formula import Formula, Range
    from mileage.domain.policy import Table

_STAND_IN = Number(0)
NO_VALUE = "divides by 0 and never has a value; divide by something else"
_WORD = r"[a-z][a-z0-9_]{0,31}"


def definitions(table: Table, known: Collection[str]) -> dict[str, Formula]:
    """Read names for formulas, over metrics and one another; notes what is cyclic."""
    written = {}
    for name in table:
        if name in known:
            table.note(name, "is a metric already; give the formula another name")
        text = table.text(name)
        written[name] = _parsed(table, name, text, {*known, *table})
    return {name: _resolved(table, name, written) for name in written}


def formula_of(
    table: Table, key: str, known: Collection[str], defined: Mapping[str, Formula]
) -> Formula | None:
    """Read a formula over metrics and definitions; None when it is left out."""
    if key not in table:
        return None
    formula = _parsed(table, key, table.text(key), {*known, *defined})
    if isinstance(formula, Number) and formula is not _STAND_IN:
        table.note(key, "names no metric, so nobody is above anybody; name one")
    return _whole(table, key, _put_in(formula, defined))


def conditions_of(
    table: Table, key: str, known: Mapping[str, Range], needed: str = ""
) -> tuple[Condition, ...]:
    """Read a list of comparisons, which must be possible, each and together.

    ``needed`` is what is wrong with none, if anything.
    """
    texts = table.texts(key, pattern=r".*\S.*", expected="condition", needed=needed)
    found = []
    for text in texts:
        try:
            condition = parse_condition(text)
        except FormulaError as error:
            table.note(key, f"{text!r} {error}")
            continue
        if any(map(divides_by_zero, (condition.left, condition.right))):
            table.note(key, f"{text!r} {NO_VALUE}")
            continue
        used = [*_names_of(condition)]
        if _all_known(table, key, used, known) and not can_hold(condition, known):
            told = "; ".join(f"{name} is {_told(known[name])}" for name in used)
            table.note(key, f"{text!r} can never be met: {told}")
            continue
        found.append(condition)
    _met_together(table, key, found, known)
    return tuple(found)


def _met_together(
    table: Table, key: str, found: Sequence[Condition], known: Mapping[str, Range]
) -> None:
    """Note the first condition that no figures meet which meet the others."""
    told = [one for one in found if known.keys() >= {*_names_of(one)}]
    left = meeting(told, known)
    for one in told:
        if not can_hold(one, left):
            table.note(key, f"{one.text!r} can never be met together with the others")
            return


def _names_of(condition: Condition) -> Iterator[str]:
    yield from names(condition.left)
    yield from names(condition.right)


def least_of(table: Table, known: Mapping[str, Range]) -> tuple[tuple[str, int], ...]:
    """Read the least that metrics must be."""
    found = []
    for name in table:
        least = table.integer(name, 1, least=1, most=10**15)
        if _all_known(table, name, [name], known) and least > known[name].most:
            table.note(name, f"can never be {least}: it is {_told(known[name])}")
        found.append((name, least))
    return tuple(found)


def _parsed(table: Table, key: str, text: str, known: Collection[str]) -> Formula:
    try:
        formula = parse_formula(text)
    except FormulaError as error:
        table.note(key, str(error))
        return _STAND_IN
    if divides_by_zero(formula):
        table.note(key, NO_VALUE)
    return formula if _all_known(table, key, names(formula), known) else _STAND_IN


def _all_known(
    table: Table, key: str, used: Iterable[str], known: Collection[str]
) -> bool:
    strangers = sorted(set(used).difference(known))
    for one in strangers:
        there = ", ".join(sorted(known))
        table.note(key, f"there is no metric {one!r}; there are: {there}")
    return not strangers


def _resolved(table: Table, name: str, written: Mapping[str, Formula]) -> Formula:
    """Put in what a definition names, and what that names; a cycle is a mistake."""
    done: dict[str, Formula] = {}

    def resolve(one: str, path: tuple[str, ...]) -> Formula:
        if one in path:
            way = " -> ".join((*path, one))
            table.note(name, f"is defined by itself: {way}; define one without it")
            return _STAND_IN
        if one not in done:
            inner = {
                other: resolve(other, (*path, one))
                for other in sorted(set(names(written[one])) & written.keys())
            }
            done[one] = _whole(table, one, _put_in(written[one], inner))
        return done[one]

    return resolve(name, ())


def _put_in(formula: Formula, defined: Mapping[str, Formula]) -> Formula:
    if isinstance(formula, Name):
        return defined.get(formula.name, formula)
    if isinstance(formula, Operation):
        left, right = (_put_in(one, defined) for one in (formula.left, formula.right))
        return Operation(formula.sign, left, right)
    return formula


def _whole(table: Table, key: str, formula: Formula) -> Formula:
    if size(formula) <= LARGEST_SIZE:
        return formula
    table.note(key, f"has more than {LARGEST_SIZE} names and numbers, all put in")
    return _STAND_IN


def _told(range_: Range) -> str:
    return f"{range_.least:g} to {range_.most:g}"
