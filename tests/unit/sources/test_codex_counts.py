"""Running totals, back to single responses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mileage.sources.codex_counts import CodexUsage, RunningTotals

counts = st.integers(0, 5_000)
USED = st.builds(CodexUsage, counts, counts, counts, st.integers(1, 5_000), counts)


def plus(one: CodexUsage, other: CodexUsage) -> CodexUsage:
    return CodexUsage(*(a + b for a, b in zip(one, other, strict=True)))


@given(st.lists(USED, max_size=20), st.data())
def test_however_often_totals_are_written_again_the_sum_is_what_was_used(used, data):
    totals, whole, found = RunningTotals(), CodexUsage(), CodexUsage()
    for one in used:
        whole = plus(whole, one)
        for _ in range(data.draw(st.integers(1, 3))):
            found = plus(found, totals.take(whole, one) or CodexUsage())
    assert found == whole
    assert totals.epoch == 0


@given(USED, st.lists(USED, max_size=8))
def test_after_a_baseline_only_growth_counts(inherited, used):
    totals, whole, found = RunningTotals(), inherited, CodexUsage()
    totals.baseline(inherited)
    for one in used:
        whole = plus(whole, one)
        found = plus(found, totals.take(whole, one) or CodexUsage())
    assert plus(inherited, found) == whole


@given(USED)
def test_classes_are_disjoint_and_lose_nothing(used):
    classes = used.classes()
    assert min(classes) >= 0
    assert sum(classes) == used.input + used.output


@given(USED, USED)
def test_growth_is_never_negative(now, then):
    assert min(now.minus(then)) >= 0
    assert now.minus(now) == CodexUsage()


def test_exactly_98_percent_is_late_and_less_is_a_new_start():
    late, fresh = RunningTotals(), RunningTotals()
    before, last = CodexUsage(10_000), CodexUsage(7)
    for totals in (late, fresh):
        totals.take(before, before)
    assert late.take(CodexUsage(9_800), last) is None
    assert fresh.take(CodexUsage(9_799), last) == last
    assert (late.epoch, fresh.epoch) == (0, 1)


def test_nothing_at_all_is_no_response():
    totals = RunningTotals()
    totals.baseline(None)
    assert totals.take(None, None) is None
    assert totals.take(None, CodexUsage()) is None


def test_a_new_start_without_the_last_usage_counts_the_total():
    totals = RunningTotals()
    totals.take(CodexUsage(10_000), None)
    assert totals.take(CodexUsage(5), None) == CodexUsage(5)


def test_a_part_that_falls_while_the_whole_grows_counts_as_nothing():
    totals = RunningTotals()
    totals.baseline(CodexUsage(10, 4, 0, 5))
    assert totals.take(CodexUsage(20, 3, 0, 4), None) == CodexUsage(10)
