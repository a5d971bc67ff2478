"""What the database finds for everybody is what the pure rules give one by one."""

from __future__ import annotations

from contextlib import contextmanager

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.formula import holds, parse_condition, parse_formula
from mileage.domain.measured import METRICS, Day, Measured, metrics
from mileage.domain.sums import Figures
from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.honours.lenses import Lens, value
from mileage.store.lens_values import condition, lens_values, metric_columns
from tests.drawing import examples


def lens(unit="tokens", weights=(100,) * 7, **more):
    return Lens("x", "X", unit, Tokens(*weights), "", "", **more)


WEIGHTS = (100, 10, 125, 200, 500, 500, 37)
LENSES = (
    lens(),
    lens(weights=WEIGHTS),
    lens(weights=WEIGHTS, daily_cap=5000),
    lens(weights=(1, 0, 0, 0, 0, 0, 100_000), daily_cap=1),
    lens("micro_usd", (0,) * 7),
    lens("micro_usd", (0,) * 7, daily_cap=700),
    lens(weights=WEIGHTS, daily_cap=900, formula=parse_formula("credit / calls * 7")),
    lens(formula=parse_formula("credit * cost / (sessions - streak)")),
    lens(formula=parse_formula("credit * credit * credit * credit")),
    lens("micro_usd", (0,) * 7, formula=parse_formula("max(saved, 0) - min(cost, 9)")),
    lens("count", (0,) * 7, formula=parse_formula("cache_share + 0.5")),
    lens(minimum=(("calls", 3), ("cost", 2))),
    lens(formula=parse_formula("even_days"), minimum=(("active_days", 2),)),
)
COLUMNS = metric_columns()
ASKED = {
    text: parse_condition(text)
    for text in (
        "calls >= 10",
        "cost * 100 <= saved * 80",
        "saved / sessions > 1000",
        "streak < active_days",
        "min(models, clients) >= 20",
        "max(cost, 3) <= 3",
    )
}
COUNTS = st.integers(0, 3000) | st.integers(0, 10**12) | st.integers(0, 3 * 10**13)
COSTS = st.none() | st.integers(0, 10**6)
FEW = st.integers(0, 40)


@st.composite
def measured(draw):
    days = draw(
        st.lists(
            st.builds(Day, st.builds(Tokens, *[COUNTS] * 7), COSTS),
            min_size=1,
            max_size=4,
        )
    )
    tokens = Tokens(*map(sum, zip(*(day.tokens for day in days), strict=True)))
    known = [day.cost for day in days if day.cost is not None]
    cost = sum(known) if known else None
    figures = Figures(draw(FEW), tokens, cost, draw(FEW), draw(FEW))
    saved = draw(st.none() | st.integers(-(10**9), 10**9))
    return Measured(figures, days, *(draw(FEW) for _ in range(8)), saved)


@contextmanager
def tables(people):
    with duckdb.connect() as connection:
        columns = ", ".join(f"{name} bigint" for name in METRICS)
        connection.execute(f"create table measured (account varchar, {columns})")
        classes = ", ".join(f"{name} bigint" for name in TOKEN_CLASSES)
        connection.execute(
            f"create table days (account varchar, {classes}, cost bigint)"
        )
        for name, one in people.items():
            row = [name, *(metrics(one)[metric] for metric in METRICS)]
            marks = ", ".join("?" * len(row))
            connection.execute(f"insert into measured values ({marks})", row)  # noqa: S608
            for day in one.days:
                row = [name, *day.tokens, day.cost]
                connection.execute(
                    "insert into days values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
                )
        yield connection.table("measured"), connection.table("days")


@settings(max_examples=examples(6))
@given(st.lists(measured(), min_size=1, max_size=12))
def test_the_database_finds_what_the_rules_say(found):
    people = {f"acc_{at}": one for at, one in enumerate(found)}
    with tables(people) as (rows, days):
        answered = dict(lens_values(rows, days, LENSES, ("account",)).fetchall())
        met = {
            text: {row[0] for row in rows.filter(condition(asked, COLUMNS)).fetchall()}
            for text, asked in ASKED.items()
        }
    assert answered == {
        name: [value(lens, one) for lens in LENSES] for name, one in people.items()
    }
    assert met == {
        text: {name for name, one in people.items() if holds(asked, metrics(one))}
        for text, asked in ASKED.items()
    }


def test_somebody_without_a_day_has_no_credit_under_a_cap():
    one = Measured(Figures(1, Tokens(input=5)), ())
    with tables({"a": one}) as (rows, days):
        answered = lens_values(rows, days, LENSES[2:3], ("account",)).fetchall()
    assert answered == [("a", [value(LENSES[2], one)])]
