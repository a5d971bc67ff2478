"""Whatever any set of people fetch about departments, nobody is worked out.

``soak/disclosure.py`` asks the same of a thousand organisations.
"""

from __future__ import annotations

import pytest

from mileage.access import disclosure
from mileage.reports import cube, departments
from tests.disclosing import survey

ORGANISATIONS = 50


def test_nobody_is_worked_out_and_large_groups_are_told() -> None:
    outcomes = [survey(seed) for seed in range(ORGANISATIONS)]
    assert [one.findings for one in outcomes if one.findings] == []
    pages = sum(one.pages for one in outcomes)
    assert pages > 100
    assert sum(one.shown for one in outcomes) >= 0.85 * pages
    assert sum(one.summed for one in outcomes) >= 0.3 * pages


@pytest.mark.parametrize(
    ("rule", "seed"),
    [("pool", 3), ("fresh", 55), ("named", 8), ("percent", 3), ("managers", 12)],
)
def test_each_rule_is_needed(monkeypatch, rule, seed) -> None:
    """Without any one of them, the attack succeeds."""
    if rule == "pool":
        monkeypatch.setattr(disclosure, "blocks", _each)
    elif rule == "fresh":
        fresh = cube.Person
        monkeypatch.setattr(
            cube,
            "Person",
            lambda *given, **marks: fresh(*given, **marks | {"fresh": 1}),
        )
    elif rule == "named":
        monkeypatch.setattr(disclosure, "_left_over", lambda crowd: ())
    elif rule == "percent":
        monkeypatch.setattr(disclosure, "PERCENT", 10**9)
    else:
        monkeypatch.setattr(departments, "gives_away", lambda *_, **__: False)
    assert survey(seed).findings


def _each(parts, tells):
    """Tell every part that may be told alone: thresholds, and nothing else."""
    return tuple((name,) for name, crowd in parts.items() if crowd and tells(crowd))
