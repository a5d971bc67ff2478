"""Whoever the database finds for a title is who earns it by the pure rules."""

from __future__ import annotations

import pkgutil
from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.formula import holds
from mileage.domain.measured import METRICS
from mileage.honours.figures import before_named, values_named
from mileage.honours.lenses import parse_lenses
from mileage.honours.tiers import parse_tiers
from mileage.honours.titles import parse_titles
from mileage.store.honoured import begun, decide_tiers, known_of, meeting, values_of
from mileage.store.statements import run
from tests.drawing import examples


def shipped(name):
    return pkgutil.get_data("mileage", f"policy/{name}").decode()


LENSES = parse_lenses(shipped("lenses.toml"), "lenses.toml")
TITLES = parse_titles(shipped("titles.toml"), "titles.toml", LENSES)
TIERS = parse_tiers(shipped("tiers.toml"), "tiers.toml", LENSES)
LADDER = [tier.name for tier in TIERS.ladder]
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
        who = "number integer, account_id varchar, somebody boolean, tier integer"
        connection.execute(f"create table standing_chart ({who})")
        run(connection, "honours.measured")
        yield connection


def fill(cursor, rows, others=(), tiers=None):
    """Fill in the first window and the one before it; all but ``others`` are people."""
    cursor.execute("delete from standing_kept")
    cursor.execute("delete from standing_chart")
    for at, (metrics, now, before) in enumerate(rows):
        who = (at, f"acc_{at}", at not in others, (tiers or {}).get(at))
        cursor.execute("insert into standing_chart values (?, ?, ?, ?)", who)
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
@given(st.lists(ROW, min_size=1, max_size=8), st.sets(st.integers(0, 7), max_size=3))
def test_the_database_finds_whoever_earns_something(cursor, rows, others):
    fill(cursor, rows, others)
    here = [row for at, row in enumerate(rows) if at not in others]
    cutoffs = TITLES.cutoffs(lambda at: [now[at] for _, now, _ in here])
    titles, rules = zip(*TITLES.conditions(cutoffs), strict=True)
    people = {
        f"acc_{at}": known(row) for at, row in enumerate(rows) if at not in others
    }
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


def measured(*values):
    """Return rows of people of whom every lens gives the same."""
    return [([0] * len(METRICS), [value] * len(LENSES), None) for value in values]


def test_values_of_people_ascend_and_are_more_than_nothing(cursor):
    fill(cursor, measured(7, None, 0, 3, 9, 2**62, 5), others={4})
    for place in range(len(LENSES)):
        assert values_of(cursor, place) == [3, 5, 7, 2**62]
    rows = [([0] * len(METRICS), list(range(1, len(LENSES) + 1)), None)]
    fill(cursor, rows)
    for place in range(len(LENSES)):
        assert values_of(cursor, place) == [place + 1]


def tiers(cursor, bounds, hidden=()):
    """Decide; return who moved, and what everybody is shown with."""
    run(cursor, "standings.tier.empty")
    steps = [TIERS.steps(bounds, name) for name in ("", *LADDER)]
    moved = decide_tiers(cursor, 1, steps, LADDER, hidden)
    shown = cursor.execute("select account, tier from standing_tier order by number")
    return moved, dict(shown.fetchall())


BOUNDS = st.sets(st.integers(1, 60), min_size=len(LADDER), max_size=len(LADDER))


@settings(max_examples=examples(8))
@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 70), st.integers(0, len(LADDER))),
        max_size=12,
    ),
    st.sets(st.integers(0, 11), max_size=3),
    BOUNDS.map(sorted).map(tuple) | st.just(()),
)
def test_the_database_gives_the_tiers_of_the_pure_rule(cursor, people, others, bounds):
    had = {at: place for at, (_, place) in enumerate(people) if place}
    fill(cursor, measured(*(value for value, _ in people)), others, had)
    expected, changed = {}, []
    for at, (value, place) in enumerate(people):
        before = LADDER[place - 1] if place else ""
        now = "" if at in others else TIERS.of(value, bounds, before)
        expected[f"acc_{at}"] = now or None
        if now != before:
            changed.append((f"acc_{at}", value, LADDER.index(now) + 1 if now else 0))
    assert tiers(cursor, bounds) == (sorted(changed), expected)


def test_whoever_declined_has_a_tier_and_is_shown_with_none(cursor):
    fill(cursor, measured(10, 20, 30))
    moved, shown = tiers(cursor, (5, 15, 25, 35, 45)[: len(LADDER)], hidden=["acc_1"])
    assert moved == [("acc_0", 10, 1), ("acc_1", 20, 2), ("acc_2", 30, 3)]
    assert shown == {"acc_0": LADDER[0], "acc_1": None, "acc_2": LADDER[2]}


def test_whoever_used_nothing_loses_their_tier(cursor):
    fill(cursor, measured(10))
    cursor.execute("insert into standing_chart values (null, 'acc_idle', true, 2)")
    moved, _ = tiers(cursor, (5, 15, 25, 35, 45)[: len(LADDER)])
    assert moved == [("acc_0", 10, 1), ("acc_idle", None, 0)]


def test_who_had_begun_when_a_period_began(cursor):
    used = {0: (1, 9), 1: (5, 6), 2: (4,), 3: (2, 3), 4: (5, 10), 5: (11,), 6: (5,)}
    fill(cursor, measured(*[1] * len(used)), others={6})
    cursor.execute("create or replace table standing_use (day date, number integer)")
    for number, days in used.items():
        for day in days:
            row = (date(2026, 1, day), number)
            cursor.execute("insert into standing_use values (?, ?)", row)
    # Of 0, 1, 2 and 4 who used something from the 4th to the 9th, 0 and 2 had begun.
    assert begun(cursor, date(2026, 1, 4), date(2026, 1, 9)) == (4, 2)
    assert begun(cursor, date(2026, 2, 1), date(2026, 2, 9)) == (0, 0)


def test_without_rules_nobody_is_looked_for(cursor):
    assert meeting(cursor, [], NAMED, BEFORE) == []
