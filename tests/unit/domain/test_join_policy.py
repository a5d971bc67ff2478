"""What join.toml may say, and what is said about its mistakes."""

from __future__ import annotations

from importlib.resources import files

import pytest

from mileage.domain.join_policy import (
    SECOND,
    JoinPolicy,
    PairRule,
    SourceRule,
    parse_join,
)
from mileage.domain.policy import PolicyErrors
from mileage.sources.installed import traits


def mistakes(text: str) -> list[str]:
    with pytest.raises(PolicyErrors) as raised:
        parse_join(text, "join.toml")
    return [str(one) for one in raised.value.findings]


def test_nothing_in_it_is_required() -> None:
    assert parse_join("", "join.toml") == JoinPolicy()
    assert JoinPolicy().window == 125 * SECOND


def test_everything_it_may_say() -> None:
    text = """
        window_seconds = 60
        spread_seconds = 2
        [[source]]
        name = "one"
        precedence = 30
        keys = "ids"
        ids = "own"
        window_seconds = 10
        spread_seconds = 0
        [[source]]
        name = "two"
        keys = "own"
        ids = "provider"
        [[pair]]
        first = "one"
        second = "two"
        keys = "ids"
        window_seconds = 5
        spread_seconds = 1
        leads = "two"
        [[pair]]
        first = "one"
        second = "three"
    """
    assert parse_join(text, "join.toml") == JoinPolicy(
        window=60 * SECOND,
        spread=2 * SECOND,
        sources=(
            SourceRule(
                "one",
                30,
                key_is_id=True,
                rewrites_ids=True,
                window=10 * SECOND,
                spread=0,
            ),
            SourceRule("two"),
        ),
        pairs=(
            PairRule("one", "two", "ids", 5 * SECOND, SECOND, "two"),
            PairRule("one", "three"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "window_seconds = 9999",
            "join.toml:1: window_seconds: is 9999; allowed: 0 to 3600",
        ),
        ("spread_seconds = 0.5", "join.toml:1: spread_seconds: is a decimal number"),
        ("surprise = 1", "join.toml:1: surprise: unknown key"),
        ("[[source]]\nprecedence = 1", "source[1].name: is missing"),
        ('[[source]]\nname = "A b"', "source[1].name: is 'A b'; expected the name"),
        ('[[source]]\nname = "a"\nkeys = "x"', "join.toml:3: source[1].keys: is 'x'"),
        ('[[source]]\nname = "a"\nids = 1', "source[1].ids: is a whole number"),
        (
            '[[source]]\nname = "a"\nprecedence = 101',
            "source[1].precedence: is 101; allowed: 0 to 100",
        ),
        ('[[source]]\nname = "a"\n[[source]]\nname = "a"', "source: names a source"),
        ('[[pair]]\nfirst = "a"', "pair[1].second: is missing"),
        ('[[pair]]\nfirst = "a"\nsecond = "a"', "is the first again"),
        (
            '[[pair]]\nfirst = "a"\nsecond = "b"\nleads = "c"',
            "join.toml:4: pair[1].leads: is 'c'; expected 'a' or 'b'",
        ),
        (
            '[[pair]]\nfirst = "a"\nsecond = "b"\nkeys = "times"',
            "pair[1].keys: is 'times'; allowed: ids, counts, ids and counts, nothing",
        ),
        (
            '[[pair]]\nfirst = "a"\nsecond = "b"\n[[pair]]\nfirst = "b"\nsecond = "a"',
            "pair: names a pair",
        ),
    ],
)
def test_mistakes_have_file_line_and_key(text: str, mistake: str) -> None:
    (one,) = mistakes(text)
    assert mistake in one
    assert one.startswith("join.toml:")


def test_the_file_that_ships_speaks_of_installed_sources() -> None:
    text = files("mileage").joinpath("policy/join.toml").read_text("utf-8")
    policy = parse_join(text, "join.toml")
    named = {one.name for one in policy.sources}
    named |= {name for pair in policy.pairs for name in (pair.first, pair.second)}
    assert named <= traits().keys()
    assert policy.window == JoinPolicy().window
    assert policy.spread == JoinPolicy().spread
