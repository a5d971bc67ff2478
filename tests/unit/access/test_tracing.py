"""A leak is compared with what each viewer was shown; nobody is named without odds."""

from __future__ import annotations

from math import exp, log
from random import Random
from typing import TYPE_CHECKING

import pytest

from mileage.access.marks import EVEN, Marks
from mileage.access.tracing import (
    ERROR_RATE,
    MIXINGS,
    UNIT,
    Reading,
    Suspect,
    _factors,
    _front,
    needed,
    scores,
    trace,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mileage.domain.shown import Cell

MARKS = Marks(b"k" * 32)
VIEWERS = [f"acc-{number}" for number in range(3000)]


def cells(count: int, *, part: bool = False, seed: int = 1) -> list[Cell]:
    random = Random(seed)  # noqa: S311 - the same in every run
    found: dict[Cell, None] = {}
    while len(found) < count:
        cell = MARKS.cell(int(10 ** random.uniform(9, 12)), part=part)
        if cell is not None:
            found[cell] = None
    return list(found)


def copied(viewer: str, shown: Sequence[Cell]) -> list[Reading]:
    table = MARKS.table(viewer)
    return [Reading(cell, cell.raised(table)) for cell in shown]


def mixed(
    who: Sequence[str], shown: Sequence[Cell], choose: Callable[[int, int], bool]
) -> list[Reading]:
    """What people publish who compare copies: they choose where these differ."""
    tables = [MARKS.table(one) for one in who]
    found = []
    for cell in shown:
        high = sum(cell.raised(table) for table in tables)
        alike = high in (0, len(who))
        found.append(Reading(cell, high > 0 if alike else choose(high, len(who))))
    return found


def test_a_copy_names_its_viewer_with_its_error_rate() -> None:
    verdict = trace(MARKS, VIEWERS, copied("acc-1234", cells(30)))
    assert verdict.outcome == "traced"
    (named,) = verdict.named
    assert named.viewer == "acc-1234"
    assert named.error_rate <= ERROR_RATE
    assert named.probability > 1 - ERROR_RATE
    # Two to the power of the readings; the ways to leak share the belief.
    assert named.score == pytest.approx(30 * log(2) + log(0.36), abs=0.1)


def test_too_few_digits_are_untraceable_and_say_how_many_would_do() -> None:
    verdict = trace(MARKS, VIEWERS, copied("acc-7", cells(12)))
    assert verdict.outcome == "untraceable"
    assert verdict.named == ()
    assert verdict.readings == 12
    assert verdict.needed > 12
    assert verdict.suspects[0].error_rate > ERROR_RATE


@pytest.mark.parametrize("viewers", [1, 50, 3000, 85_000])
def test_as_many_digits_as_needed_are_enough(viewers: int) -> None:
    alone = viewers / (0.4 * exp(needed(viewers) * log(2 - 0.002)))
    assert alone <= ERROR_RATE * 1.01
    assert needed(85_000) == 28


def test_nothing_read_accuses_nobody() -> None:
    verdict = trace(MARKS, VIEWERS[:100], [])
    assert verdict.outcome == "untraceable"
    assert verdict.suspects[0].error_rate == 1
    assert trace(MARKS, [], copied("acc-7", cells(40))).suspects == ()


def test_a_cell_read_twice_counts_once() -> None:
    once = copied("acc-9", cells(20))
    verdict = trace(MARKS, VIEWERS, once * 5)
    assert verdict.readings == 20
    assert verdict.outcome == "untraceable"


def test_a_third_of_the_digits_may_be_wrong() -> None:
    random = Random(3)  # noqa: S311
    shown = copied("acc-42", cells(200))
    wrong = [
        one._replace(high=random.random() < 0.5) if random.random() < 0.3 else one
        for one in shown
    ]
    verdict = trace(MARKS, VIEWERS, wrong)
    assert [one.viewer for one in verdict.named] == ["acc-42"]


def test_a_made_up_list_names_nobody() -> None:
    random = Random(5)  # noqa: S311
    for seed in range(4):
        made_up = [
            Reading(cell, random.random() < 0.5) for cell in cells(60, seed=seed)
        ]
        assert trace(MARKS, VIEWERS, made_up).named == ()


STRATEGIES: dict[str, Callable[[Random], Callable[[int, int], bool]]] = {
    "by majority": lambda r: (
        lambda s, c: s * 2 > c or (s * 2 == c and r.random() < 0.5)
    ),
    "by minority": lambda r: (
        lambda s, c: s * 2 < c or (s * 2 == c and r.random() < 0.5)
    ),
    "from a copy by chance": lambda r: lambda s, c: r.random() < s / c,
    "by tossing a coin": lambda r: lambda s, c: r.random() < 0.5,
    # Chosen against even marks: each copy alone tells nothing then.
    "against each other": lambda r: lambda s, c: r.random() < 0.5 + (c / 2 - s) / c,
    "always the higher": lambda r: lambda s, c: True,
    "always the lower": lambda r: lambda s, c: False,
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_of_four_who_compare_a_page_one_is_named_and_nobody_else(name: str) -> None:
    who = ["acc-1", "acc-20", "acc-300", "acc-2999"]
    page = [*cells(720), *cells(240, part=True)]
    random = Random(4)  # noqa: S311
    told = mixed(who, page, STRATEGIES[name](random))
    verdict = trace(MARKS, VIEWERS[:1200] + who[3:], told)
    named = {one.viewer for one in verdict.named}
    assert named
    assert named <= set(who)


def test_the_factor_of_an_innocent_viewer_is_one_on_average() -> None:
    """What the error rate rests on, for each way in which a leak may come about."""
    for part in (False, True):
        for high in (True, False):
            (cell,) = cells(1, part=part)
            share = cell.share
            (low_seen,) = [v for v in VIEWERS if not cell.raised(MARKS.table(v))][:1]
            (high_seen,) = [v for v in VIEWERS if cell.raised(MARKS.table(v))][:1]
            factors = scores(MARKS, [low_seen, high_seen], [Reading(cell, high)])
            mean = (1 - share) * exp(factors[0]) + share * exp(factors[1])
            assert mean == pytest.approx(1, abs=0.001)
            assert mean <= 1


def test_beliefs_are_shared_out_completely() -> None:
    assert sum(mixing.belief for mixing in MIXINGS) == pytest.approx(1)
    assert all(mixing.chosen[0] == 0 and mixing.chosen[-1] == 1 for mixing in MIXINGS)


def test_innocent_viewers_stay_far_below_the_bound() -> None:
    """Of 3,000 scores against one leak, a factor F is reached by 3,000 / F at most."""
    found = scores(MARKS, VIEWERS, [Reading(cell, high=True) for cell in cells(40)])
    for factor in (10, 100, 1000):
        assert sum(score >= log(factor) for score in found) <= 3 * len(VIEWERS) / factor
    assert sum(map(exp, found)) / len(found) == pytest.approx(1, abs=0.9)


def test_probability_and_error_rate_are_of_one_piece() -> None:
    sure = Suspect("ada", log(85_000 * 10_000), 85_000)
    assert sure.error_rate == pytest.approx(0.0001)
    assert sure.probability == pytest.approx(0.9999, abs=1e-5)
    certain = Suspect("ada", 5000.0, 85_000)
    assert certain.error_rate == 1e-9
    assert certain.probability < 1
    vague = Suspect("ada", 0.0, 85_000)
    assert vague.error_rate == 1
    assert vague.probability < 0.0001


def test_many_viewers_are_scored_like_few() -> None:
    shown = copied("acc-5", cells(10))
    many = scores(MARKS, VIEWERS, shown)
    assert scores(MARKS, VIEWERS[1020:1030], shown) == many[1020:1030]
    assert MARKS.cell(123_456) is not None
    assert cells(1)[0].cut == EVEN


# The shorter way is the same as the long one


def long_way(readings, viewers):
    """Score everybody one by one, by the factors of each reading."""
    found = []
    for viewer in viewers:
        table = MARKS.table(viewer)
        sums = [
            sum(
                _factors(mixing, one.cell.cut, one.high)[one.cell.raised(table)]
                for one in readings
            )
            / UNIT
            for mixing in MIXINGS
        ]
        weighted = [
            mixing.belief * exp(each)
            for mixing, each in zip(MIXINGS, sums, strict=True)
        ]
        found.append(log(sum(weighted)))
    return found


@pytest.mark.parametrize("count", [0, 1, 40, 300])
def test_counting_first_gives_the_scores_of_adding_one_by_one(count):
    guilty = MARKS.table(VIEWERS[7])
    readings = [Reading(cell, cell.raised(guilty)) for cell in cells(count)]
    some = VIEWERS[:40]
    assert scores(MARKS, some, readings) == pytest.approx(long_way(readings, some))


@pytest.mark.parametrize("count", [0, 3, 25, 60])
@pytest.mark.parametrize("many", [1, 5, 59])
def test_the_best_are_those_of_all_scores(count, many):
    two = [MARKS.table(VIEWERS[number]) for number in (2000, 11)]
    readings = [
        Reading(cell, cell.raised(two[number % 2]))
        for number, cell in enumerate(cells(count))
    ]
    every = zip(scores(MARKS, VIEWERS, readings), VIEWERS, strict=True)
    best = sorted(every, key=lambda pair: (-pair[0], pair[1]))[:many]
    assert _front(MARKS, VIEWERS, readings, many) == best
