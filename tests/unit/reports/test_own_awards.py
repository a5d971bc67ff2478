"""One's own titles and tiers: who may decline what, and what boards show then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.domain.awards import TIER, TIERS, TITLE
from mileage.domain.errors import Invalid
from mileage.domain.figures import BoardRow
from mileage.domain.people import Viewer
from mileage.reports.awards import OwnAwards, without_declined
from tests.web.awarding import GOLD, SILVER, WIZARD
from tests.web.stage import ADA, BOB, standing

BO = Viewer("acc-1", "Bo")


class Rules:
    """Two titles."""

    class Rule:
        def __init__(self, title):
            self.title, self.rewards = title, f"What {title} is for."

    titles = (Rule("Cache Wizard"), Rule("Steady"))


class Kept:
    """Awards of one account, and declines as they are recorded."""

    def __init__(self):
        self.gone, self.calls = set(), []

    def awards_of(self, account_id):
        return (WIZARD, GOLD, SILVER) if account_id == "acc-1" else ()

    def declined(self):
        return frozenset(self.gone)

    def decline(self, viewer, which, *, declined):
        self.calls.append((viewer.account_id, which, declined))
        (self.gone.add if declined else self.gone.discard)(which)


def row(viewer, titles=("Cache Wizard", "Steady"), tier="gold"):
    return BoardRow(1, 9, replace(standing(viewer), titles=titles, tier=tier))


ROWS = (row(ADA), row(BOB))


def test_held_and_ended_are_apart_and_rules_come_along():
    page = OwnAwards(Kept(), Rules()).page(BO)
    assert (page.held, page.ended) == ((WIZARD, GOLD), (SILVER,))
    assert page.rules[1] == ("Steady", "What Steady is for.")
    assert OwnAwards(Kept(), Rules()).page(ADA).held == ()


def test_only_ones_own_declines_are_told():
    kept = Kept()
    kept.gone = {("acc-2", TITLE, "Steady"), ("acc-1", TIER, "")}
    assert OwnAwards(kept, Rules()).page(BO).declined == {""}
    assert OwnAwards(kept, Rules()).of("acc-2").declined == {"Steady"}


@pytest.mark.parametrize(
    ("which", "kept_as"),
    [
        (TIERS, ("acc-1", TIER, "")),
        ("Cache Wizard", ("acc-1", TITLE, "Cache Wizard")),
        # A title may be called as a tier is; it is a title all the same.
        ("gold", ("acc-1", TITLE, "gold")),
    ],
)
@pytest.mark.parametrize("declined", [True, False])
def test_what_is_declined_is_ones_own(which, kept_as, declined):
    kept = Kept()
    OwnAwards(kept, Rules()).decline(BO, which, declined=declined)
    assert kept.calls == [("acc-1", kept_as, declined)]


def test_who_brings_a_choice_in_is_told_from_whose_it_is():
    kept = Kept()
    OwnAwards(kept, Rules()).choose(ADA, "acc-1", TIERS, declined=True)
    assert kept.calls == [(ADA.account_id, ("acc-1", TIER, ""), True)]


def test_nothing_is_not_everything():
    kept = Kept()
    with pytest.raises(Invalid, match=TIERS):
        OwnAwards(kept, Rules()).decline(BO, "", declined=True)
    assert kept.calls == []


def test_rows_lose_what_their_own_account_declines():
    declined = frozenset({(ADA.account_id, TITLE, "Steady")})
    first, second = without_declined(ROWS, declined)
    assert first.standing.titles == ("Cache Wizard",)
    assert first.standing.tier == "gold"
    assert second == ROWS[1]


def test_tiers_go_without_titles():
    declined = frozenset({(BOB.account_id, TIER, "")})
    first, second = without_declined(ROWS, declined)
    assert first == ROWS[0]
    assert (second.standing.tier, second.standing.titles) == (
        "",
        ROWS[1].standing.titles,
    )


def test_a_title_called_as_a_tier_is_not_that_tier():
    declined = frozenset({(ADA.account_id, TITLE, "gold")})
    assert without_declined(ROWS, declined)[0].standing.tier == "gold"


@pytest.mark.parametrize(
    "declined", [frozenset(), frozenset({("acc-else", TITLE, "Steady")})]
)
def test_without_anything_to_take_the_rows_are_the_same_object(declined):
    assert without_declined(ROWS, declined) is ROWS


def test_figures_and_ranks_stay():
    declined = frozenset(
        {(ADA.account_id, TITLE, "Steady"), (ADA.account_id, TIER, "")}
    )
    (found, _) = without_declined(ROWS, declined)
    assert (
        replace(
            found,
            standing=replace(
                found.standing,
                titles=ROWS[0].standing.titles,
                tier=ROWS[0].standing.tier,
            ),
        )
        == ROWS[0]
    )
