"""The demo's strategies as trials, in memory."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from mileage.domain.tokens import Tokens
from mileage.honours.lenses import parse_lenses, value
from mileage.ingest.demo import trials as made
from mileage.ingest.demo.habits import HABITS
from mileage.ingest.demo.models import HAIKU, OPUS, SONNET, UNLISTED
from mileage.ingest.demo.trials import Part, measured, trials
from mileage.pricing.catalog import shipped

DAY = date(2026, 11, 2)
CATALOG = shipped()
WORKLIKE = {"tenfold", "shared-token", "power-user", "night-shift"}


@pytest.fixture(scope="module")
def drawn():
    return trials(1, CATALOG)


def of(drawn, name):
    return [one for one in drawn[1] if one.strategy == name]


def part(model=SONNET, day=0, calls=1, session="", attended=1.0, **tokens):
    return Part(
        DAY + timedelta(days=day),
        model.client,
        model.provider,
        model.name,
        calls,
        Tokens(**tokens),
        attended,
        session,
    )


def test_there_are_two_trials_of_every_habit(drawn):
    assert Counter(one.strategy for one in drawn[1]) == {
        habit.name: 2 for habit in HABITS
    }
    gaming = {habit.name for habit in HABITS if habit.gaming}
    assert all(one.gaming is (one.strategy in gaming) for one in drawn[1])


def test_everybody_else_is_a_person_without_a_habit(drawn):
    assert len(drawn[0]) == made.PEOPLE - 18
    assert all(one.figures.calls > 0 for one in drawn[0])
    assert all(0 < one.active_days <= 31 for one in drawn[0])


def test_honest_work_costs_the_same_money(drawn):
    for one in drawn[1]:
        before = one.before.figures.cost
        assert one.after.figures.cost - before == one.dollars
        assert one.honest.figures.cost - before == pytest.approx(
            one.dollars, rel=0.001, abs=200
        )


def test_honest_work_happens_on_the_same_days_and_models(drawn):
    for one in drawn[1]:
        assert one.honest.active_days == one.after.active_days
        assert one.honest.models == one.after.models
        assert one.honest.clients == one.after.clients


def test_what_is_gamed_has_more_tokens_for_the_money(drawn):
    for name in ("left-running", "loop", "cache-spinning"):
        for one in of(drawn, name):
            assert one.after.figures.tokens.total > one.honest.figures.tokens.total


def test_calls_that_are_work_are_the_same_either_way(drawn):
    for one in drawn[1]:
        assert (one.after == one.honest) is (one.strategy in WORKLIKE)


def test_what_clients_say_of_attendance_is_kept(drawn):
    for one in of(drawn, "left-running"):
        added = one.after.figures.calls - one.before.figures.calls
        assert one.after.unattended_calls - one.before.unattended_calls == added
        assert one.honest.unattended_calls == one.before.unattended_calls
    for one in of(drawn, "loop"):
        assert one.after.unattended_calls == one.before.unattended_calls


def test_raw_tokens_pay_for_gaming(drawn):
    raw = parse_lenses(
        '[[lens]]\nname = "t"\ntitle = "T"\nunit = "tokens"\nencourages = "-"\n'
        'gamed_by = "-"\nweights = { input = 1, cache_read = 1, cache_write = 1, '
        "output = 1 }\n",
        "lenses.toml",
    )[0]
    for name in ("left-running", "loop", "cache-spinning"):
        for one in of(drawn, name):
            assert value(raw, one.after) > 1.05 * value(raw, one.honest)


def test_equal_seeds_give_equal_trials(drawn):
    assert trials(1, CATALOG)[1][3] == drawn[1][3]


# ------------------------------------------------------------------------ by hand


def test_nothing_is_nothing():
    found = measured([], CATALOG)
    assert found.figures.calls == found.active_days == found.streak == 0
    assert found.saved is None
    assert found.figures.cost is None


def test_a_day_of_calls_by_hand():
    million = 1_000_000
    found = measured(
        [
            part(calls=10, input=million, cache_read=million),
            part(output=1000, session="s"),
            part(output=1000, session="s", attended=0.0),
        ],
        CATALOG,
    )
    assert found.figures.calls == 12
    assert found.figures.tokens == Tokens(
        input=million, cache_read=million, output=2000
    )
    assert found.figures.cost == 3_000_000 + 300_000 + 30_000
    assert found.saved == 2_700_000
    assert (found.attended_calls, found.unattended_calls) == (11, 1)
    assert (found.sessions, found.models, found.clients) == (2, 1, 1)
    assert [day.cost for day in found.days] == [found.figures.cost]


def test_writing_to_a_cache_costs_before_it_saves():
    assert measured([part(cache_write=1_000_000)], CATALOG).saved < 0


def test_a_price_above_a_threshold_is_that_of_the_mean_call():
    small = measured([part(calls=100, input=10_000_000)], CATALOG)
    large = measured([part(input=10_000_000)], CATALOG)
    assert small.figures.cost == 30_000_000
    assert large.figures.cost == 60_000_000


def test_what_has_no_price_is_unpriced():
    found = measured([part(UNLISTED, calls=3, input=30)], CATALOG)
    assert found.figures.cost is None
    assert found.figures.unpriced_calls == 3
    assert found.saved is None


@pytest.mark.parametrize(
    ("days", "streak"),
    [([0], 1), ([0, 1, 2], 3), ([0, 2, 3, 5], 2), ([5, 4, 0], 2), ([0, 2, 4], 1)],
)
def test_streaks(days, streak):
    found = measured([part(day=day, output=1) for day in days], CATALOG)
    assert (found.streak, found.active_days) == (streak, len(days))


def test_tools_are_as_even_as_their_costs():
    # A token of the first costs five of the second.
    alike = measured([part(OPUS, output=900), part(HAIKU, output=4500)], CATALOG)
    assert (alike.models, alike.even_tools) == (2, 200)
    uneven = measured([part(OPUS, output=999_999), part(HAIKU, output=1)], CATALOG)
    assert (uneven.models, uneven.even_tools) == (2, 100)
    unlisted = measured([part(UNLISTED, output=9)], CATALOG)
    assert (unlisted.models, unlisted.even_tools) == (1, None)


def test_sessions_are_counted_by_name_or_by_their_usual_length():
    named = [part(output=1, session=f"s{n}") for n in range(5)]
    assert measured(named, CATALOG).sessions == 5
    assert measured([part(calls=200, output=1)], CATALOG).sessions == 5
    assert measured([part(calls=2, output=2)], CATALOG).sessions == 1
