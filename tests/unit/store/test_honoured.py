"""Whoever the database finds for a title is who earns it by the pure rules."""

from __future__ import annotations

import pkgutil

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.formula import holds
from mileage.domain.measured import METRICS
from mileage.honours.figures import before_named, values_named
from mileage.honours.lenses import parse_lenses
from mileage.honours.titles import parse_titles
from mileage.store.honoured import known_of, meeting, values_of
from tests.drawing import examples


def shipped(name):
    return pkgutil.get_data("mileage", f"policy/{name}").decode()


LENSES = parse_lenses(shipped("lenses.toml"), "lenses.toml")
TITLES = parse_titles(shipped("titles.toml"), "titles.toml", LENSES)
NAMED, BEFORE = tuple(values_named(LENSES)), tuple(before_named(LENSES))
FEW = st.integers(0, 60) | st.integers(0, 10**9) | st.sampled_from([9000, 10**7, 10**8])
VALUES = st.lists(st.none() | FEW, min_size=len(LENSES), max_size=len(LENSES))
ROW = st.tuples(
    st.lists(FEW, min_size=len(METRICS), max_size=len(METRICS)),
    VALUES,
    st.none() | VALUES,
)


@pytest.fixture(scope="module")
def cursor():
    with duckdb.connect() as connection:
        columns = ", ".join(f"{name} bigint" for name in METRICS)
        of = "side smallint, number integer, account varchar"
        rest = f'{columns}, "values" bigint[]'
        connection.execute(f"create table standing_kept ({of}, {rest})")
        yield connection


def fill(cursor, rows):
    """Fill in the first window and the one before it."""
    cursor.execute("delete from standing_kept")
    for at, (metrics, now, before) in enumerate(rows):
        marks = ", ".join("?" * (len(metrics) + 4))
        for side, values in ((0, now), (1, before)):
            if values is not None:
                cursor.execute(
                    f"insert into standing_kept values ({marks})",  # noqa: S608
                    [side, at, f"acc_{at}", *metrics[side:], *metrics[:side], values],
                )


def known(row):
    metrics, now, before = row
    return dict(
        zip(
            (*METRICS, *NAMED, *BEFORE),
            (*metrics, *now, *(before or [None] * len(LENSES))),
            strict=True,
        )
    )


@settings(max_examples=examples(8))
@given(st.lists(ROW, min_size=1, max_size=8))
def test_the_database_finds_whoever_earns_something(cursor, rows):
    fill(cursor, rows)
    cutoffs = TITLES.cutoffs(lambda at: [now[at] for _, now, _ in rows])
    titles, rules = zip(*TITLES.conditions(cutoffs), strict=True)
    people = {f"acc_{at}": known(row) for at, row in enumerate(rows)}
    expected = []
    for account, values in people.items():
        met = [all(holds(one, values) for one in rule) for rule in rules]
        if any(met):
            expected.append((account, met))
        earned = [one for one, meets in zip(titles, met, strict=True) if meets]
        assert earned == TITLES.earned(values, cutoffs)
    assert meeting(cursor, rules, NAMED, BEFORE, few=0) == expected
    assert meeting(cursor, rules, NAMED, BEFORE, len(rows)) == expected
    assert known_of(cursor, None, NAMED, BEFORE) == people
    some = dict(list(people.items())[::2])
    assert known_of(cursor, [*some, "acc_of_nobody"], NAMED, BEFORE) == some


def test_values_of_everybody(cursor):
    values = list(range(len(LENSES)))
    fill(
        cursor,
        [([0] * len(METRICS), values, None), ([0] * len(METRICS), values, values)],
    )
    for place in range(len(LENSES)):
        assert values_of(cursor, place) == [("acc_0", place), ("acc_1", place)]


def test_without_rules_nobody_is_looked_for(cursor):
    assert meeting(cursor, [], NAMED, BEFORE) == []
