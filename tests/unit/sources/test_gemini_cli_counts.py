"""Counts of Gemini CLI, whatever lies inside of what."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mileage.domain.tokens import Tokens
from mileage.sources.gemini_cli_counts import GeminiUsage, disjoint

COUNTS = st.integers(0, 10**6)


def test_cache_lies_inside_the_prompt_and_thoughts_beside_the_answer():
    # As recorded: 27,873 + 132 + 37 = 28,042, of which 27,597 are cached.
    told = disjoint(GeminiUsage(27_873, 132, 27_597, 0, 37, 28_042))
    assert told == Tokens(input=276, cache_read=27_597, output=132, tool_input=37)


def test_thoughts_are_no_part_of_the_answer():
    told = disjoint(GeminiUsage(3_114, 316, 3_106, 228, 0, 3_658))
    assert told == Tokens(input=8, cache_read=3_106, output=316, reasoning=228)
    assert told.total == 3_658


def test_old_files_have_taken_the_cache_out_of_the_input():
    told = disjoint(GeminiUsage(100, 20, 900, 5, 3, 1_028))
    assert told == Tokens(100, 900, 0, 0, 20, 5, 3)


def test_more_cache_than_input_cannot_lie_inside():
    assert disjoint(GeminiUsage(100, 20, 900, 5, 3, 128)).input == 100
    assert disjoint(GeminiUsage(100, 20, 900, 5, 3, 0)).input == 100


@pytest.mark.parametrize("total", [7, 1_025, 1_020, 1_033, 1_927, 10**9])
def test_a_total_that_fits_nothing_does_not_count_the_cache_again(total):
    """As one without the tools' tokens, or with some of a class yet unknown."""
    assert disjoint(GeminiUsage(1_000, 20, 900, 5, 3, total)).input == 100


def test_without_a_total_the_cache_lies_inside():
    assert disjoint(GeminiUsage(1_000, 20, 900)).input == 100


@pytest.mark.parametrize(("cached", "total"), [(900, 1_023), (2_000, 3_023)])
def test_a_total_without_thoughts_means_that_they_are_inside_the_answer(cached, total):
    told = disjoint(GeminiUsage(1_000, 20, cached, 5, 3, total))
    assert (told.output, told.reasoning) == (15, 5)
    assert told.total == total


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_sum_is_the_total_with_the_cache_inside(fresh, cached, out, thought, tool):
    total = fresh + cached + out + thought + tool
    usage = GeminiUsage(fresh + cached, out, cached, thought, tool, total)
    assert disjoint(usage) == Tokens(fresh, cached, 0, 0, out, thought, tool)


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_sum_is_the_total_with_the_cache_beside(fresh, cached, out, thought, tool):
    # With as many thoughts as cached tokens, nothing tells the two readings apart.
    assume(cached > fresh or thought != cached)
    total = fresh + cached + out + thought + tool
    usage = GeminiUsage(fresh, out, cached, thought, tool, total)
    assert disjoint(usage).total == total


@given(st.tuples(*[COUNTS] * 6))
def test_no_class_is_ever_negative_and_nothing_is_invented(counts):
    usage = GeminiUsage(*counts)
    told = disjoint(usage)
    assert min(told) >= 0
    assert told.total <= sum(counts[:5])
    prompt, answer, cached, thoughts, tool, total = usage
    sums = prompt + answer + thoughts + tool, prompt + answer + tool
    if told.input + cached > prompt >= cached:
        assert total - cached in sums
    assert (told.cache_read, told.reasoning, told.tool_input) == counts[2:5]
