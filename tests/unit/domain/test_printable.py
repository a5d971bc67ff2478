"""Names that others chose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.printable import printable


@pytest.mark.parametrize(
    "name", ["", "claude-opus-4-8", "/w/プロジェクト/naïve dir", "Ayşe “app” 😀"]
)
def test_what_can_be_seen_stays(name):
    assert printable(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[31mred", "\ufffd[31mred"),
        ("a\nb\tc", "a\ufffdb\ufffdc"),
        ("\x1b]0;owned\x07", "\ufffd]0;owned\ufffd"),
        ("\x9b2J", "\ufffd2J"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("caf\udce9", "caf\ufffd"),
        ("\ud800", "\ufffd"),
    ],
)
def test_a_sign_stands_for_what_cannot(name, shown):
    assert printable(name) == shown


@given(st.text())
def test_it_is_as_long_and_steers_nothing(name):
    shown = printable(name)
    assert shown.isprintable()
    assert len(shown) == len(name)
    assert printable(shown) == shown
    shown.encode()
