"""Counts of Qwen Code, and the ids by which its responses are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.tokens import Tokens
from mileage.sources.qwen_code_counts import (
    QwenUsage,
    disjoint,
    provider,
)

COUNTS = st.integers(0, 10**6)


def test_thoughts_lie_inside_the_answer_and_cache_inside_the_prompt():
    told = disjoint(QwenUsage(51_342, 81, 51_331, 15, 51_423))
    assert told == Tokens(input=11, cache_read=51_331, output=66, reasoning=15)
    assert told.total == 51_423


def test_behind_googles_protocol_thoughts_stand_beside():
    told = disjoint(QwenUsage(1_000, 20, 900, 5, 1_025))
    assert (told.output, told.reasoning) == (20, 5)
    assert told.total == 1_025


def test_without_a_total_thoughts_lie_inside():
    told = disjoint(QwenUsage(1_000, 20, 900, 5))
    assert (told.output, told.reasoning) == (15, 5)


@pytest.mark.parametrize("total", [0, 30, 1_000])
def test_parts_are_never_larger_than_the_whole(total):
    told = disjoint(QwenUsage(10, 20, 900, 50, total))
    assert told == Tokens(input=0, cache_read=10, output=0, reasoning=20)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_sum_is_the_total(fresh, cached, visible, thought):
    total = fresh + cached + visible + thought
    usage = QwenUsage(fresh + cached, visible + thought, cached, thought, total)
    assert disjoint(usage) == Tokens(fresh, cached, 0, 0, visible, thought)


@given(st.tuples(*[COUNTS] * 5))
def test_no_class_is_ever_negative_and_nothing_is_invented(counts):
    usage = QwenUsage(*counts)
    told = disjoint(usage)
    assert min(told) >= 0
    assert told.total <= usage.prompt + usage.answer + usage.thoughts


@pytest.mark.parametrize(
    ("auth_type", "named"),
    [
        ("openai", ""),
        ("", ""),
        ("qwen-oauth", "alibaba"),
        ("gemini", "google"),
        ("vertex-ai", "google"),
        ("anthropic", ""),
    ],
)
def test_the_openai_protocol_names_nobody(auth_type, named):
    assert provider(auth_type) == named
