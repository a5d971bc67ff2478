"""Whoever subtracts published sums from one another is left with many people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mileage.access.disclosure import Thresholds, blocks, joined, plan, tells_bands
from tests.attacker import Published, attack
from tests.crowds import crowd_tree, drawn, everybody

LIMITS = Thresholds()
SEEDS = st.integers(0, 2**32)


def of(crowd, measure: int) -> Published:
    covers = frozenset(one.account_id for one in crowd)
    return Published(covers, sum(one.amounts[measure] for one in crowd))


def published(tree, told, measure: int):
    """Every sum that is told, of blocks, of departments, and over everybody."""
    figures = []
    for name, blocks_of in told.sums.items():
        crowds = [joined(tree[name][team] for team in block) for block in blocks_of]
        figures += [of(crowd, measure) for crowd in crowds]
        if crowds:
            figures.append(of(joined(crowds), measure))
    if any(told.sums.values()):
        figures.append(of(everybody(tree), measure))
    return figures


@given(SEEDS)
def test_nobody_is_worked_out(seed) -> None:
    tree = crowd_tree(drawn(seed))
    told = plan(tree, LIMITS)
    for measure in (0, 1):
        truth = {one.account_id: one.amounts[measure] for one in everybody(tree)}
        named = {one.account_id for one in everybody(tree) if one.named}
        figures = published(tree, told, measure)
        assert not attack(figures, truth)
        assert not attack(figures, truth, named)


@given(SEEDS)
def test_counts_are_of_many_people_too(seed) -> None:
    """Bands of teams are told together where their difference would be of few."""
    tree = crowd_tree(drawn(seed))
    told = plan(tree, LIMITS)
    for name, blocks_of in told.bands.items():
        crowds = [joined(tree[name][team] for team in block) for block in blocks_of]
        assert all(tells_bands(crowd, LIMITS) for crowd in crowds)
        if crowds:
            members = {team for team, crowd in tree[name].items() if crowd}
            assert sorted(team for block in blocks_of for team in block) == sorted(
                members
            )


@given(SEEDS)
def test_sums_are_unions_of_bands(seed) -> None:
    told = plan(crowd_tree(drawn(seed)), LIMITS)
    for name, sums in told.sums.items():
        for block in sums:
            inside = [one for one in told.bands[name] if set(one) <= set(block)]
            assert sorted(t for one in inside for t in one) == sorted(block)


@given(SEEDS)
def test_the_order_of_parts_decides_nothing_but_ties(seed) -> None:
    random = drawn(seed)
    tree = crowd_tree(random)
    turned = {
        name: dict(reversed(teams.items())) for name, teams in reversed(tree.items())
    }
    told, again = plan(tree, LIMITS), plan(turned, LIMITS)
    for name in tree:
        assert bool(told.bands[name]) is bool(again.bands[name])


def test_the_attacker_finds_what_plain_thresholds_leave_open() -> None:
    """Five and more people each, and nothing else: most organisations leak."""
    leaking = 0
    for seed in range(40):
        tree = crowd_tree(drawn(seed))
        figures = [
            of(crowd, 0)
            for teams in tree.values()
            for crowd in (*teams.values(), joined(teams.values()))
            if sum(one.amounts[0] > 0 for one in crowd) >= LIMITS.people
        ]
        truth = {one.account_id: one.amounts[0] for one in everybody(tree)}
        leaking += bool(attack(figures, truth))
    assert leaking > 20


@given(SEEDS)
def test_blocks_divide(seed) -> None:
    random = drawn(seed)
    parts = {n: tuple("x" * random.randint(0, 9)) for n in range(random.randint(0, 9))}
    least = random.randint(1, 20)
    found = blocks(parts, lambda crowd: len(crowd) >= least)
    assert all(sum(len(parts[n]) for n in block) >= least for block in found)
    peopled = sorted(n for n, crowd in parts.items() if crowd)
    assert sorted(n for block in found for n in block) in ([], peopled)
    if sum(map(len, parts.values())) >= least:
        assert found
