from __future__ import annotations

from datetime import date

import pytest

from mileage.domain.directory import memberships_on
from mileage.domain.people import Membership

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


def member(team, since=None, until=None, account="acc_ana"):
    return Membership(account, "Eng", team, "", "", since, until)


def team_on(day, *memberships):
    found = memberships_on(day, memberships).get("acc_ana")
    return found and found.team


def test_nobody_is_nowhere():
    assert memberships_on(JUNE, []) == {}


@pytest.mark.parametrize(
    ("since", "until", "there"),
    [
        (None, None, True),
        (JUNE, None, True),
        (None, JUNE, True),
        (JUNE, JUNE, True),
        (JULY, None, False),
        (None, MAY, False),
        (MAY, JULY, True),
    ],
)
def test_both_ends_are_included_and_may_be_open(since, until, there):
    assert (team_on(JUNE, member("Core", since, until)) == "Core") is there


def test_the_one_begun_last_wins():
    earlier, later = member("Core", MAY), member("Edge", JUNE)
    assert team_on(JULY, earlier, later) == team_on(JULY, later, earlier) == "Edge"
    assert team_on(MAY, earlier, later) == "Core"


def test_a_beginning_beats_none():
    always, since = member("Core"), member("Edge", MAY)
    assert team_on(JUNE, always, since) == team_on(JUNE, since, always) == "Edge"


def test_of_two_begun_together_the_one_stated_last_wins():
    assert team_on(JUNE, member("Core", MAY), member("Edge", MAY)) == "Edge"
    assert team_on(JUNE, member("Edge"), member("Core")) == "Core"


def test_accounts_are_apart():
    found = memberships_on(JUNE, [member("Core"), member("Edge", account="acc_bo")])
    assert {account: one.team for account, one in found.items()} == {
        "acc_ana": "Core",
        "acc_bo": "Edge",
    }
