"""The attacker that other tests rely on finds what there is to find."""

from __future__ import annotations

from tests.attacker import Published, attack, reduced

TRUTH = {f"p{n}": 100 + n for n in range(30)}
ALL = frozenset(TRUTH)


def total(*names: str) -> Published:
    return Published(frozenset(names), sum(TRUTH[name] for name in names))


def some(first: int, last: int) -> Published:
    return total(*(f"p{n}" for n in range(first, last)))


def test_a_total_of_many_tells_nothing() -> None:
    assert not attack([some(0, 30), some(0, 15), some(15, 30)], TRUTH)


def test_one_person_is_left_by_a_subtraction() -> None:
    found = attack([some(0, 30), some(0, 29)], TRUTH)
    assert found.determined == {"p29"}
    assert found.small == [("p29",)]
    assert "p29" in found.close


def test_a_chain_of_three_figures_is_found() -> None:
    figures = [some(0, 20), some(10, 30), some(0, 10), some(20, 29)]
    assert attack(figures, TRUTH).determined == {"p29"}


def test_three_people_are_a_small_difference_and_nobody_is_determined() -> None:
    found = attack([some(0, 30), some(0, 27)], TRUTH)
    assert not found.determined
    assert [set(one) for one in found.small] == [{"p27", "p28", "p29"}]


def test_names_on_a_board_are_taken_away_first() -> None:
    known = [f"p{n}" for n in range(27)]
    assert attack([some(0, 30)], TRUTH, known).small
    assert not attack([some(0, 30)], TRUTH, known[:20])


def test_five_are_no_small_difference() -> None:
    assert not attack([some(0, 30), some(0, 25)], TRUTH)


def test_those_who_used_nothing_are_found_out_together() -> None:
    truth = {**TRUTH, "idle1": 0, "idle2": 0}
    figures = [Published(ALL, sum(TRUTH.values()))]
    figures.append(Published(ALL | {"idle1", "idle2"}, sum(TRUTH.values())))
    assert [set(one) for one in attack(figures, truth).small] == [{"idle1", "idle2"}]


def test_one_large_user_is_estimated_by_the_second() -> None:
    truth = {**TRUTH, "big": 100_000}
    figures = [Published(frozenset(truth), sum(truth.values()))]
    assert attack(figures, truth).close == {"big"}
    assert not attack(figures, truth, ["big"]).close


def test_reduction_is_exact_over_the_field() -> None:
    assert reduced([[1, 1, 0], [0, 1, 1], [1, 2, 1]]) == [
        [1, 0, (1 << 61) - 2],
        [0, 1, 1],
    ]
    assert reduced([]) == []
