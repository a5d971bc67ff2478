"""What must change nothing about what is told: names, order, units, other groups."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mileage.access.disclosure import (
    Person,
    Thresholds,
    gives_away,
    plan,
    rung,
    spread,
    tells_bands,
    tells_sums,
)
from mileage.domain.cube import department_id
from mileage.reports.cube import Terms, make_cube
from tests.crowds import crowd_tree, drawn
from tests.organisations import Organisation, random_organisation

LIMITS = Thresholds()
TERMS = Terms(LIMITS, every_days=7, top=5)
SEEDS = st.integers(0, 2**32)
AMOUNTS = st.lists(st.integers(0, 10**13), min_size=1, max_size=40).filter(any)


def mapped(tree, change):
    """Return a tree in which everybody is changed."""
    return {
        department: {
            team: tuple(change(one) for one in crowd) for team, crowd in teams.items()
        }
        for department, teams in tree.items()
    }


@given(SEEDS)
def test_names_of_people_change_nothing(seed: int) -> None:
    tree = crowd_tree(drawn(seed))
    other = mapped(tree, lambda one: one._replace(account_id=one.account_id[::-1]))
    assert plan(other, LIMITS) == plan(tree, LIMITS)


@given(SEEDS)
def test_neither_the_order_of_people_nor_of_groups_changes_anything(seed: int) -> None:
    random = drawn(seed)
    tree = crowd_tree(random)
    turned = {
        department: {
            team: tuple(random.sample(crowd, len(crowd)))
            for team, crowd in random.sample(sorted(teams.items()), len(teams))
        }
        for department, teams in random.sample(sorted(tree.items()), len(tree))
    }
    assert plan(turned, LIMITS) == plan(tree, LIMITS)


@given(SEEDS, st.integers(2, 1000))
def test_the_unit_changes_nothing(seed: int, factor: int) -> None:
    """Thousands of tokens are decided about like tokens."""
    tree = crowd_tree(drawn(seed))
    scaled = mapped(
        tree,
        lambda one: one._replace(amounts=tuple(factor * n for n in one.amounts)),
    )
    assert plan(scaled, LIMITS) == plan(tree, LIMITS)


@given(SEEDS, st.integers(1, 30))
def test_people_who_come_to_one_department_change_no_band_of_another(
    seed: int, count: int
) -> None:
    random = drawn(seed)
    tree = crowd_tree(random)
    grown = random.choice(sorted(tree))
    more = {
        **tree,
        grown: {
            **tree[grown],
            "new": tuple(Person(f"new{n}", (5, 5)) for n in range(count)),
        },
    }
    told, again = plan(tree, LIMITS), plan(more, LIMITS)
    for name in tree.keys() - {grown}:
        assert again.bands[name] == told.bands[name]


@given(SEEDS)
def test_a_department_that_can_be_told_closes_no_other(seed: int) -> None:
    """One more that may be told alone never takes the sums of others away."""
    tree = crowd_tree(drawn(seed))
    more = {
        **tree,
        "large": {"t": tuple(Person(f"new{n}", (9_000, 900)) for n in range(400))},
    }
    told, again = plan(tree, LIMITS), plan(more, LIMITS)
    for name in tree:
        assert set(told.sums[name]) <= set(again.sums[name])


@given(SEEDS)
def test_more_new_use_never_closes_a_sum(seed: int) -> None:
    """That somebody of a group used something more lately only ever helps."""
    tree = crowd_tree(drawn(seed))
    for crowd in (crowd for teams in tree.values() for crowd in teams.values()):
        fresh = tuple(one._replace(fresh=True) for one in crowd)
        assert tells_sums(fresh, LIMITS) >= tells_sums(crowd, LIMITS)


@given(SEEDS, st.integers(5, 12), st.integers(0, 10))
def test_stricter_thresholds_tell_no_more(seed: int, people: int, more: int) -> None:
    strict = LIMITS._replace(people=people, sums=LIMITS.sums + more, percent=10 + more)
    tree = crowd_tree(drawn(seed))
    for crowd in (crowd for teams in tree.values() for crowd in teams.values()):
        assert tells_bands(crowd, strict) <= tells_bands(crowd, LIMITS)
        assert tells_sums(crowd, strict) <= tells_sums(crowd, LIMITS)


@given(SEEDS)
def test_what_tells_sums_tells_bands(seed: int) -> None:
    tree = crowd_tree(drawn(seed))
    told = plan(tree, LIMITS)
    for name, teams in tree.items():
        assert bool(told.bands[name]) >= bool(told.sums[name])
        for crowd in teams.values():
            assert tells_sums(crowd, LIMITS) <= tells_bands(crowd, LIMITS)


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)), st.integers(5, 12))
def test_who_sees_nobody_by_name_gets_every_sum(users, idle, least: int) -> None:
    hidden, others = map(str, users), map(str, idle - users)
    assert not gives_away(set(hidden), set(others), (), least)


@given(st.integers(0, 10**14))
def test_a_rung_holds_its_amount_and_spans_at_most_a_factor_of_two_and_a_half(
    amount: int,
) -> None:
    band = rung(amount)
    assert band.low <= amount < band.high
    assert band.low == 0 or band.high * 2 <= band.low * 5


@given(AMOUNTS, st.randoms(use_true_random=False))
def test_a_spread_depends_on_no_order_and_on_no_idle_people(amounts, random) -> None:
    turned = random.sample(amounts, len(amounts))
    median, middle = spread(amounts)
    assert spread([*turned, 0, 0, 0]) == (median, middle)
    assert middle.low <= median.low < median.high <= middle.high


@given(st.lists(st.integers(1, 10**9), min_size=5, max_size=40), SEEDS)
def test_the_largest_and_the_smallest_never_move_a_spread(amounts, seed: int) -> None:
    """Both extremes may be anything beyond their neighbours."""
    ordered = sorted(amounts)
    random = Random(seed)  # noqa: S311 - amounts, not secrets
    ordered[-1] = random.randint(ordered[-2], 10**15)
    ordered[0] = random.randint(1, ordered[1])
    assert spread(ordered) == spread(sorted(amounts))


def renamed(made: Organisation, name: str) -> Organisation:
    """Give everybody another name and address; ids stay."""
    accounts = [
        replace(one, name=f"{name} {place}", email=f"{place}@{name}.test")
        for place, one in enumerate(made.accounts)
    ]
    return replace(made, accounts=accounts)


@given(SEEDS)
def test_a_cube_knows_nobodys_name(seed: int) -> None:
    made = random_organisation(drawn(seed))
    other = renamed(made, "somebody")
    cube = make_cube(made.snapshot(), made.chart(), TERMS)
    assert make_cube(other.snapshot(), other.chart(), TERMS) == cube


@given(SEEDS)
def test_a_cube_is_the_same_in_whatever_order_people_were_imported(seed: int) -> None:
    made = random_organisation(drawn(seed))
    cube = make_cube(made.snapshot(), made.chart(), TERMS)
    other = replace(made, accounts=made.accounts[::-1])
    again = make_cube(other.snapshot(), other.chart(), TERMS)
    assert [without_ids(one) for one in again.departments] == [
        without_ids(one) for one in cube.departments
    ]


def without_ids(department):
    """A department with its hidden people in the order of their ids."""
    return replace(
        department,
        sums=tuple(
            replace(
                one,
                hidden_users=tuple(sorted(one.hidden_users)),
                hidden_idle=tuple(sorted(one.hidden_idle)),
            )
            for one in department.sums
        ),
    )


@given(SEEDS)
def test_what_a_cube_tells_adds_up_to_what_people_used(seed: int) -> None:
    made = random_organisation(drawn(seed))
    cube = make_cube(made.snapshot(), made.chart(), TERMS)
    kinds = {one.account_id: one.kind for one in made.accounts}
    for department in cube.departments:
        if not department.sums:
            continue
        within = [
            account
            for account, place in made.places.items()
            if place.department == department.name and kinds[account] == "person"
        ]
        tokens = sum(made.used[account] for account in within)
        assert sum(one.totals.tokens for one in department.sums) == tokens
        assert department.members == len(within)


@given(SEEDS)
def test_departments_stand_by_name_with_ids_of_their_own(seed: int) -> None:
    cube = make_cube(
        (made := random_organisation(drawn(seed))).snapshot(), made.chart(), TERMS
    )
    names = [one.name for one in cube.departments]
    assert names == sorted(set(names))
    assert [one.department_id for one in cube.departments] == [
        department_id(name) for name in names
    ]


@given(SEEDS)
def test_no_row_of_a_cube_is_of_too_few_people(seed: int) -> None:
    made = random_organisation(drawn(seed))
    cube = make_cube(made.snapshot(), made.chart(), TERMS)
    for department in cube.departments:
        for row in department.rows:
            assert LIMITS.people <= row.users <= row.members
        for one in department.sums:
            assert one.totals.users >= LIMITS.sums - LIMITS.people
