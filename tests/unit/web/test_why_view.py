from __future__ import annotations

import pytest

from mileage.domain.formula import parse_formula
from mileage.web.why_view import formula_text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("credit", "credit"),
        ("active_days * 100", "active days × 100"),  # noqa: RUF001
        ("credit / (cost + 1)", "credit / (cost + 1)"),
        ("min(credit, 1_000_000) - 0.5", "the smaller of (credit, 1,000,000) − 0.5"),  # noqa: RUF001
        ("max(a, b)", "the larger of (a, b)"),
    ],
)
def test_a_formula_reads_like_a_sentence(formula, text):
    assert formula_text(parse_formula(formula)) == text
