"""Buckets: recorded once, corrected by newer ones, beside the calls, never in them."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.bucket import (
    Bucket,
    Compared,
    DayModel,
    Recorded,
    added_up,
    bare,
    beside,
)
from mileage.domain.window import Window
from mileage.store import queries
from mileage.store.buckets import beside_calls, buckets, record_buckets
from mileage.store.verify import verify
from tests.ledgers import Turning, booking, ledger_in
from tests.witnesses import DAY, NOON, seen

MIDNIGHT = NOON - DAY // 2
WINDOW = Window(MIDNIGHT - 10 * DAY, MIDNIGHT + 10 * DAY)


def bucket(**changed):
    plain = {
        "source": "openrouter_activity",
        "provider": "openrouter",
        "account": "",
        "start": MIDNIGHT,
        "end": MIDNIGHT + DAY,
        "model": "openai/gpt-5.1",
        "dimensions": "endpoint=e-1",
        "requests": 5,
        "prompt": 1000,
        "answer": 200,
        "cache_read": None,
        "cache_write": None,
        "reasoning": 50,
        "cost": 27_000,
    }
    return Bucket(**{**plain, **changed})


def test_what_was_recorded_is_found_again(tmp_path):
    with ledger_in(tmp_path) as ledger:
        assert record_buckets(ledger, [bucket()]) == (1, 0)
        assert buckets(ledger, WINDOW) == [bucket()]
    with ledger_in(tmp_path) as ledger:
        assert buckets(ledger, WINDOW) == [bucket()]


def test_recording_it_again_changes_nothing(tmp_path):
    with ledger_in(tmp_path) as ledger:
        assert record_buckets(ledger, [bucket(), bucket()]) == (1, 0)
        assert record_buckets(ledger, [bucket()]) == (0, 0)
        assert record_buckets(ledger, []) == (0, 0)
        assert buckets(ledger, WINDOW) == [bucket()]


def test_every_dimension_tells_buckets_apart(tmp_path):
    found = [
        bucket(),
        bucket(dimensions="endpoint=e-2"),
        bucket(model="openai/gpt-5"),
        bucket(account="research"),
        bucket(start=MIDNIGHT + DAY, end=MIDNIGHT + 2 * DAY),
        bucket(provider="anthropic", source="other"),
    ]
    with ledger_in(tmp_path) as ledger:
        assert record_buckets(ledger, found) == (6, 0)
        assert set(buckets(ledger, WINDOW)) == set(found)


def test_the_newest_version_counts_and_the_older_ones_stay(tmp_path):
    clock = Turning()
    with ledger_in(tmp_path, now=clock) as ledger:
        record_buckets(ledger, [bucket()])
        before = clock.at
        clock.at += 1000
        news = [bucket(requests=6), bucket(model="m")]
        assert record_buckets(ledger, news) == Recorded(new=1, replaced=1)
        assert set(buckets(ledger, WINDOW)) == {bucket(requests=6), bucket(model="m")}
        assert buckets(ledger, WINDOW, as_of=before) == [bucket()]
        # And back again: the first figures are news once more, and the other is gone.
        assert record_buckets(ledger, [bucket()]) == (0, 2)
        assert buckets(ledger, WINDOW) == [bucket()]
        assert record_buckets(ledger, [bucket()]) == (0, 0)


def test_a_day_that_is_told_again_has_only_what_is_told_then(tmp_path):
    """A provider may name its endpoints otherwise, or leave them out of a table."""
    first = [bucket(dimensions=f"endpoint=e-{at}", requests=10 - at) for at in range(2)]
    others = [
        bucket(account="research"),
        bucket(provider="anthropic", source="other"),
        bucket(start=MIDNIGHT + DAY, end=MIDNIGHT + 2 * DAY),
    ]
    with ledger_in(tmp_path) as ledger:
        record_buckets(ledger, [*first, *others])
        whole = bucket(dimensions="", requests=19)
        assert record_buckets(ledger, [whole]) == Recorded(new=1, replaced=2)
        assert set(buckets(ledger, WINDOW)) == {whole, *others}
        # What was withdrawn and is told again is new, and was replaced by nothing.
        assert record_buckets(ledger, first) == Recorded(new=2, replaced=1)
        assert set(buckets(ledger, WINDOW)) == {*first, *others}


def test_versions_of_one_instant_are_still_one_after_the_other(tmp_path):
    with ledger_in(tmp_path) as ledger:
        for number in range(5):
            record_buckets(ledger, [bucket(requests=number)])
        assert buckets(ledger, WINDOW) == [bucket(requests=4)]


def test_only_buckets_of_the_window(tmp_path):
    with ledger_in(tmp_path) as ledger:
        record_buckets(ledger, [bucket()])
        assert buckets(ledger, Window(MIDNIGHT, MIDNIGHT + 1)) == [bucket()]
        assert buckets(ledger, Window(MIDNIGHT + 1, MIDNIGHT + DAY)) == []
        assert buckets(ledger, Window(MIDNIGHT - DAY, MIDNIGHT)) == []


def test_they_are_no_calls(tmp_path):
    """Nothing that is summed anywhere knows of them."""
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(key="a")]))
        before = queries.usage(ledger, WINDOW, None, ("model",))
        state = queries.span(ledger), queries.tallies(ledger)
        record_buckets(ledger, [bucket(model="claude-opus-4-8")])
        assert queries.usage(ledger, WINDOW, None, ("model",)) == before
        assert state == (queries.span(ledger), queries.tallies(ledger))
        assert verify(ledger) == []
        ledger.append(booking([seen(key="b", link="req_2")]))
        assert verify(ledger) == []


def test_beside_the_calls_of_the_same_day_and_model(tmp_path):
    calls = [
        seen(key="a", link="r1", provider="openrouter", model="openai/gpt-5.1"),
        seen(key="b", link="r2", provider="openrouter", model="gpt-5.1", output=7),
        seen(key="c", link="r3", provider="openrouter", model="gpt-5"),
        seen(key="d", link="r4", provider="openai", model="gpt-5.1"),
        seen(key="e", link="r5", provider="openrouter", occurred_at=NOON + DAY),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(calls))
        assert beside_calls(ledger, WINDOW) == []
        record_buckets(ledger, [bucket(), bucket(dimensions="endpoint=e-2", cost=None)])
        found = {
            (one.where.day.day, one.where.model): one
            for one in beside_calls(ledger, WINDOW)
        }
    both = found[20, "gpt-5.1"]
    assert both.bucket == Compared(10, 2000, 400, 27_000)
    assert both.calls == Compared(2, 2220, 57, 2277)
    assert found[20, "gpt-5"].bucket is None
    assert found[20, "gpt-5"].calls == Compared(1, 1110, 50, 1160)
    assert found[21, "claude-opus-4-8"].calls.requests == 1
    # What went past the provider is no matter of its buckets.
    assert sum(one.calls.requests for one in found.values() if one.calls) == 4


def test_days_are_those_of_utc_whatever_the_organisations_zone(tmp_path):
    late = MIDNIGHT + DAY - 1
    call = seen(provider="openrouter", model="gpt-5.1", occurred_at=late)
    with ledger_in(tmp_path, zone="Asia/Kolkata") as ledger:
        ledger.append(booking([call]))
        record_buckets(ledger, [bucket()])
        (row,) = beside_calls(ledger, WINDOW)
    assert row.where == DayModel(date(2026, 11, 20), "openrouter", "gpt-5.1")
    assert row.bucket
    assert row.calls


def test_models_are_named_differently_by_the_two():
    assert bare("openai/gpt-5.1:free") == bare("GPT-5.1") == "gpt-5.1"


WHERE = st.builds(
    DayModel,
    st.dates(date(2026, 1, 1), date(2026, 1, 3)),
    st.just("p"),
    st.sampled_from(["a", "v/a", "b"]),
)
SIDE = st.lists(
    st.tuples(
        WHERE,
        st.builds(Compared, *[st.integers(0, 99)] * 3, st.none() | st.integers(0, 9)),
    )
)


@given(SIDE, SIDE)
def test_no_figure_is_lost_or_doubled_between_the_two(told, known):
    rows = beside(told, known)
    assert len({row.where for row in rows}) == len(rows)
    for side, pick in ((told, 0), (known, 1)):
        sums = [row[1 + pick] for row in rows if row[1 + pick] is not None]
        for field in ("requests", "prompt", "answer"):
            assert sum(getattr(one, field) for one in sums) == sum(
                getattr(figures, field) for _, figures in side
            )


def test_parts_of_one_bucket_are_added_up():
    other = bucket(dimensions="endpoint=e-2")
    parts = [bucket(), other, bucket(requests=2, cost=None, cache_read=7)]
    whole = bucket(requests=7, prompt=2000, answer=400, reasoning=100, cache_read=7)
    assert added_up(parts) == [whole, other]
    assert added_up([bucket(cost=None)] * 2)[0].cost is None
    assert added_up([]) == []


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=9))
def test_adding_up_loses_nothing_and_leaves_each_bucket_once(drawn):
    found = [bucket(model=model, prompt=count) for model, count in drawn]
    wholes = added_up(found)
    assert len({one.bucket_id for one in wholes}) == len(wholes)
    assert sum(one.prompt for one in wholes) == sum(count for _, count in drawn)
    assert {one.model for one in wholes} == {model for model, _ in drawn}
