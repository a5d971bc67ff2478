"""Where whoever moved was on each day, against a look at every single day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.directory import NOWHERE, memberships_on, moves, place_in
from mileage.domain.people import Membership

FIRST = date(2026, 11, 1)
DAYS = [FIRST + timedelta(days=at) for at in range(10)]
MINES, MILLS = ("Engines", "Mines"), ("Engines", "Mills")


def member(department="Engines", team="Mines", since=None, until=None, name="ada"):
    return Membership(name, department, team, "", "", since, until)


def test_a_move_counts_from_its_day_on() -> None:
    found = moves(DAYS, [member(until=DAYS[3]), member(team="Mills", since=DAYS[4])])
    assert found == {"ada": (MINES,) * 4 + (MILLS,) * 6}


def test_whoever_stays_is_not_told_of() -> None:
    assert moves(DAYS, []) == {}
    assert moves(DAYS, [member()]) == {}
    # A new manager, a new line with the same names, and times outside of the days.
    same = [member(until=DAYS[3]), member(since=DAYS[4])]
    assert moves(DAYS, same) == {}
    before = [member(team="Mills", until=FIRST - timedelta(1)), member(since=FIRST)]
    assert moves(DAYS, before) == {}
    later = [member(), member(team="Mills", since=DAYS[-1] + timedelta(1))]
    assert moves(DAYS, later) == {}


def test_whoever_comes_or_goes_was_nowhere_for_a_time() -> None:
    assert moves(DAYS, [member(since=DAYS[9])]) == {"ada": (NOWHERE,) * 9 + (MINES,)}
    assert moves(DAYS, [member(until=DAYS[0])]) == {"ada": (MINES,) + (NOWHERE,) * 9}
    gap = [member(until=DAYS[2]), member(since=DAYS[5])]
    assert moves(DAYS, gap)["ada"].count(NOWHERE) == 2


def test_of_memberships_that_overlap_the_later_begun_counts() -> None:
    found = moves(DAYS, [member(), member(team="Mills", since=DAYS[5])])
    assert found == {"ada": (MINES,) * 5 + (MILLS,) * 5}
    # For a time only: the first one comes back.
    lent = member(team="Mills", since=DAYS[5], until=DAYS[6])
    assert moves(DAYS, [member(), lent])["ada"][4:8] == (MINES, MILLS, MILLS, MINES)


def test_a_team_without_a_department_is_nowhere() -> None:
    assert place_in(None) == place_in(member(department="")) == NOWHERE
    assert moves(DAYS, [member("", "A", until=DAYS[2]), member("", "B", DAYS[3])]) == {}


ENDS = st.none() | st.integers(-3, 12).map(lambda at: FIRST + timedelta(days=at))
LINES = st.builds(
    member,
    st.sampled_from(("", "Engines", "Looms")),
    st.sampled_from(("", "Mines", "Mills")),
    ENDS,
    ENDS,
    st.sampled_from(("ada", "ben", "cy")),
)


@given(st.lists(LINES, max_size=8))
def test_each_day_is_that_of_the_directory(lines: list[Membership]) -> None:
    found = moves(DAYS, lines)
    for name in ("ada", "ben", "cy"):
        days = tuple(place_in(memberships_on(day, lines).get(name)) for day in DAYS)
        assert found.get(name) == (days if len(set(days)) > 1 else None)
