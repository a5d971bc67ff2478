"""Whatever is told of groups of peers, no difference of two is of a few people.

``soak/groups.py`` asks the same of thousands of organisations.
"""

from __future__ import annotations

import pytest

from mileage.access import peers
from tests import comparing

ORGANISATIONS = 30


def test_no_groups_differ_by_a_few_and_large_ones_are_told() -> None:
    outcomes = [comparing.survey(seed) for seed in range(ORGANISATIONS)]
    assert [one.findings for one in outcomes if one.findings] == []
    assert sum(one.large for one in outcomes) > 100
    told = sum(one.told for one in outcomes) / sum(one.large for one in outcomes)
    assert told > 0.35
    close = sum(one.close for one in outcomes) / sum(one.people for one in outcomes)
    assert close > 0.4


@pytest.mark.parametrize(("rule", "seed"), [("pool", 2), ("fresh", 8), ("named", 10)])
def test_each_rule_is_needed(monkeypatch, rule, seed) -> None:
    """Without any one of them, the attack succeeds."""
    tells, make = peers.tells, comparing.make_peers
    if rule == "pool":
        monkeypatch.setattr(peers, "blocks", _each)
    elif rule == "fresh":
        monkeypatch.setattr(
            comparing, "make_peers", lambda *given: make(*given[:3], "")
        )
    else:
        monkeypatch.setattr(
            peers,
            "tells",
            lambda some, least: tells(
                [one._replace(named=False) for one in some], least
            ),
        )
    assert comparing.survey(seed).findings


def _each(parts, tells):
    """Tell every part that may be told alone: a threshold, and nothing else."""
    return tuple((name,) for name, crowd in parts.items() if tells(crowd))
