"""Policy files: every mistake found, each with its file, line and key."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid, PolicyError
from mileage.domain.policy import LONGEST_TEXT, PolicyErrors, PolicyFile


def read(text, take):
    """Read with ``take`` and return (value, findings)."""
    policy = PolicyFile.parse(text, "some.toml")
    value = take(policy.root())
    try:
        policy.close()
    except PolicyErrors as errors:
        return value, [(one.line, one.key, one.problem) for one in errors.findings]
    return value, []


def hundredths(table):
    return table.scaled("k", places=2, most=9)


def words(table):
    return table.texts("k", pattern="[a-z]+", expected="word")


@pytest.mark.parametrize(
    ("text", "take", "value"),
    [
        ("k = 'x'", lambda t: t.text("k"), "x"),
        ("", lambda t: t.text("k", "d"), "d"),
        ("", lambda t: t.text("k", ""), ""),
        ("k = 5", lambda t: t.integer("k", 1, least=0, most=9), 5),
        ("", lambda t: t.integer("k", 1, least=0, most=9), 1),
        ("k = 0", lambda t: t.integer("k", 1, least=0, most=9), 0),
        ("k = 1.25", hundredths, 125),
        ("k = 9", hundredths, 900),
        ("k = 0.0", hundredths, 0),
        ("", lambda t: t.scaled("k", 77, places=2, most=9), 77),
        ("k = 2026-02-28", lambda t: t.day("k"), date(2026, 2, 28)),
        ("", lambda t: t.day("k", date(2026, 1, 1)), date(2026, 1, 1)),
        ("k = 'a'", lambda t: t.choice("k", ("a", "b")), "a"),
        ("k = ['a', 'b', 'a']", words, ("a", "b")),
        ("k = []", words, ()),
        ("", words, ()),
        ("[k]\nx = 'y'", lambda t: t.table("k").text("x"), "y"),
        ("", lambda t: t.table("k").text("x", "z"), "z"),
        ("[[k]]\nx = 'y'", lambda t: [one.text("x") for one in t.tables("k")], ["y"]),
        ("", lambda t: t.tables("k"), []),
        ("k = 1", lambda t: (t.integer("k", 0, least=0, most=9), "k" in t), (1, True)),
        ("", lambda t: "k" in t, False),
    ],
)
def test_what_is_right_is_read(text, take, value):
    assert read(text, take) == (value, [])


@pytest.mark.parametrize(
    ("text", "take", "problem"),
    [
        ("", lambda t: t.text("k"), "is missing; expected text in quotes"),
        ("k = 1", lambda t: t.text("k"), "is a whole number; expected text in quotes"),
        ("k = ' '", lambda t: t.text("k"), "is ' '; expected some text"),
        (
            "k = 'X'",
            lambda t: t.text("k", pattern="[a-z]+", expected="letters"),
            "is 'X'; expected letters",
        ),
        ("k = 'x'", lambda t: t.choice("k", ("a", "b")), "is 'x'; allowed: a, b"),
        (
            "k = []",
            lambda t: t.choice("k", ("a", "b")),
            "is a list; expected text in quotes",
        ),
        (
            "k = 10",
            lambda t: t.integer("k", 1, least=2, most=9),
            "is 10; allowed: 2 to 9",
        ),
        (
            "k = 1",
            lambda t: t.integer("k", 5, least=2, most=9),
            "is 1; allowed: 2 to 9",
        ),
        (
            "k = true",
            lambda t: t.integer("k", 1, least=0, most=9),
            "is true or false; expected a whole number",
        ),
        (
            "k = 1.0",
            lambda t: t.integer("k", 1, least=0, most=9),
            "is a decimal number; expected a whole number",
        ),
        (
            "k = 1.255",
            hundredths,
            "is 1.255; expected a number with at most 2 decimals",
        ),
        (
            "k = inf",
            hundredths,
            "is Infinity; allowed: 0 to 9",
        ),
        (
            "k = 1e999",
            hundredths,
            "is 1E+999; allowed: 0 to 9",
        ),
        (
            "k = 1e-999",
            hundredths,
            "is 1E-999; expected a number with at most 2 decimals",
        ),
        (
            "k = -9e99999999999999999999",
            hundredths,
            "is -Infinity; allowed: 0 to 9",
        ),
        (
            "k = 1E999999",
            hundredths,
            "is 1E+999999; allowed: 0 to 9",
        ),
        (
            "k = 1e-99999999999999999999",
            hundredths,
            "is 1E-999999; expected a number with at most 2 decimals",
        ),
        (
            f"k = 1.{'0' * 30}1",
            hundredths,
            f"is 1.{'0' * 30}1; expected a number with at most 2 decimals",
        ),
        (
            f"k = 0x{'f' * 9_000}",
            hundredths,
            "is 1.202e+10837; allowed: 0 to 9",
        ),
        (
            f"k = 0x{'f' * 9_000}",
            lambda t: t.integer("k", 1, least=0, most=9),
            "is 1.202e+10837; allowed: 0 to 9",
        ),
        (
            "k = 'x'",
            hundredths,
            "is text; expected a number with at most 2 decimals",
        ),
        (
            "",
            hundredths,
            "is missing; expected a number with at most 2 decimals",
        ),
        (
            "k = 12:00:00",
            lambda t: t.day("k"),
            "is a date or time; expected a date such as 2026-01-31",
        ),
        (
            "k = 2026-01-01T00:00:00",
            lambda t: t.day("k"),
            "has a time of day; expected a date such as 2026-01-31",
        ),
        ("", lambda t: t.day("k"), "is missing; expected a date such as 2026-01-31"),
        ("k = 'a'", words, "is text; expected a list of words in quotes"),
        (
            "k = ['a', 'B']",
            words,
            "holds 'B'; expected a list of words in quotes",
        ),
        (
            "k = ['a', 1]",
            words,
            "holds a whole number; expected a list of words in quotes",
        ),
        ("k = 1", lambda t: t.table("k"), "is a whole number; expected a table [k]"),
        ("k = [1]", lambda t: t.tables("k"), "expected tables [[k]]"),
        ("k = {}", lambda t: t.tables("k"), "is a table; expected tables [[k]]"),
        ("k = 1", lambda t: t.text("a", "b"), "unknown key; allowed: a"),
    ],
)
def test_what_is_wrong_has_its_key_and_what_is_allowed(text, take, problem):
    _, found = read(text, take)
    assert found == [(1, "k", problem)]


def test_text_has_a_longest_length():
    _, found = read(f"k = '{'x' * (LONGEST_TEXT + 1)}'", lambda t: t.text("k"))
    assert found == [(1, "k", f"is longer than {LONGEST_TEXT} characters")]


def test_all_mistakes_are_raised_together_by_line():
    text = "# head\nb = 1\na = 2\n\n[t]\nx = 3\n"
    policy = PolicyFile.parse(text, "some.toml")
    root = policy.root()
    root.text("a")
    root.text("missing")
    root.table("t").text("y", "")
    with pytest.raises(PolicyErrors) as caught:
        policy.close()
    error = caught.value
    assert [(one.line, one.key) for one in error.findings] == [
        (1, "missing"),
        (2, "b"),
        (3, "a"),
        (6, "t.x"),
    ]
    assert str(error).splitlines()[1] == (
        "some.toml:2: b: unknown key; allowed: a, missing, t"
    )
    assert (error.file, error.line, error.key) == ("some.toml", 1, "missing")
    assert isinstance(error, PolicyError)
    assert isinstance(error, Invalid)
    assert error.exit_code == 2


def test_nothing_wrong_raises_nothing():
    policy = PolicyFile.parse("k = 1", "some.toml")
    policy.root().integer("k", 1, least=0, most=2)
    policy.close()


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("a = 1\nb = \nc = 2", 2, "b"),
        ("a = 1\na = 2", 2, "a"),
        ("a = 1\n[t\nx = 2", 2, "[t"),
        ("a = 1\nb = [1,\n", 3, "-"),
        ("=", 1, "-"),
        ('a = "x', 1, "a"),
    ],
)
def test_what_is_not_toml_has_its_line(text, line, key):
    with pytest.raises(PolicyErrors) as caught:
        PolicyFile.parse(text, "some.toml")
    (one,) = caught.value.findings
    assert (one.file, one.line, one.key) == ("some.toml", line, key)
    assert one.problem.startswith("is not TOML: ")
    assert "(at " not in one.problem


@pytest.mark.parametrize(
    ("text", "line", "key", "problem"),
    [
        (f"a = 1\nb = {'9' * 5_000}", 2, "b", "is a number of too many digits"),
        (f"a = {'[' * 9_000}", 1, "-", "is nested too deeply"),
        (f"a = 1\nb = {'{b=' * 9_000}", 1, "-", "is nested too deeply"),
    ],
)
def test_what_python_cannot_hold_is_said(text, line, key, problem):
    with pytest.raises(PolicyErrors) as caught:
        PolicyFile.parse(text, "some.toml")
    (one,) = caught.value.findings
    assert (one.line, one.key, one.problem) == (line, key, problem)


def mistakes(text):
    try:
        policy = PolicyFile.parse(text, "some.toml")
        policy.root().text("k", "")
        policy.close()
    except PolicyErrors as errors:
        return errors.findings
    return ()


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text):
    lines = text.count("\n") + 1
    assert all(1 <= one.line <= lines and one.key for one in mistakes(text))
