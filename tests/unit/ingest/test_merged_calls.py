"""Copies of packed calls are merged as witnesses are, in whatever order they come."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.packed import FileCalls, kind_of
from mileage.domain.quarter import Costs, QuarterRow
from mileage.ingest.local_rows import Held, merged, merged_calls, rows_of

NOON = 1_795_176_000_000_000
few = st.sampled_from(["", "a", "b"])
kinds = st.tuples(
    st.just("client"),
    *[few] * 6,
    st.sampled_from(["", "", "estimate", "unmeasured"]),
    st.booleans(),
)
counts = st.sampled_from([0, 0, 0, 0, 3, 9])
rows = st.tuples(st.just(0), st.sampled_from([5, 5, 6, 7]), *[counts] * 7)
copies = st.lists(st.tuples(kinds, rows), min_size=1, max_size=4)


def by_witnesses(calls):
    packed = [FileCalls(array("Q", [1]), [kind], [row]) for kind, row in calls]
    seen = [Seen(one.witness(0, "source"), "", asserted=False) for one in packed]
    one = merge_copies(seen).witness
    return kind_of(one), (one[4], *one[10:17])


@given(copies)
def test_they_are_merged_as_witnesses_are(calls):
    kind, row = merged(calls)
    assert (kind, row[1:]) == by_witnesses(calls)


@given(copies.flatmap(lambda calls: st.tuples(st.just(calls), st.permutations(calls))))
def test_their_order_does_not_matter(both):
    one, other = map(merged, both)
    assert (one[0], one[1][1:]) == (other[0], other[1][1:])


def test_the_number_of_a_kind_means_nothing():
    kind = ("client", "", "m", "", "s", "", "", "", False)
    calls = [(kind, (number, 5, *[1] * 7)) for number in (3, 1)]
    assert merged(calls)[0] == kind
    assert merged(calls)[1][1:] == (5, *[1] * 7)


def test_calls_that_count_as_they_stand_are_left_out():
    kind, copied = (("c", "", "m", "", "s", "", "", "", one) for one in (False, True))
    row, grown = (0, 5, *[1] * 7), (0, 6, *[2] * 7)
    first = Held(1, "source", FileCalls(array("Q", [1, 2, 3, 3]), [kind], [row] * 4))
    later = Held(
        2, "source", FileCalls(array("Q", [1, 2, 9]), [copied], [row, grown, row])
    )
    shared = merged_calls([first, later], {1, 2, 3})
    assert shared[2] == {1: None, 2: None}
    assert shared[1] == {2: (kind, (0, 5, *[2] * 7)), 3: (kind, row)}


@given(st.lists(st.lists(st.tuples(kinds, rows), max_size=3), min_size=1, max_size=4))
def test_a_call_counts_in_the_first_file_as_all_its_copies_together(held):
    """However the copies lie in the files; key 1 is the call, key 2 is another."""
    files = [
        Held(
            number,
            "source",
            FileCalls(
                array("Q", [2, *[1] * len(calls)]),
                [kind for kind, _ in calls] or [("c", *[""] * 7, False)],
                [
                    (0, 5, *[1] * 7),
                    *((at, *row[1:]) for at, (_, row) in enumerate(calls)),
                ],
            ),
        )
        for number, calls in enumerate(held)
    ]
    shared = merged_calls(files, {1})
    calls = [call for own in held for call in own]
    having = [number for number, own in enumerate(held) if own]
    assert all(shared[number] == {1: None} for number in having[1:])
    if having:
        first = held[having[0]]
        kind, row = shared[having[0]].get(1) or first[0]
        assert len(first) == 1 or 1 in shared[having[0]]
        assert (kind, row[1:]) == by_witnesses(calls)


class Unpriced:
    """Knows no price."""

    def price(self, *_):
        return None


def test_calls_beside_a_shared_one_stay_what_they_are():
    """Also where one kind stands there twice, as two tiers make it."""
    one, other = (("c", "", model, *[""] * 5, False) for model in "ab")
    row = (NOON, *[1] * 7)
    rows = [(0, *row), (1, *row), (2, *row), (0, *row)]
    file = Held(1, "source", FileCalls(array("Q", range(4)), [one, one, other], rows))
    shared = {3: (("c", "", "new", *[""] * 5, False), (0, *row))}
    unpriced = Costs(Unpriced())
    found = [QuarterRow._make(told) for told in rows_of(file, unpriced, shared)]
    calls = {}
    for told in found:
        calls[told.model] = calls.get(told.model, 0) + told.calls
    assert calls == {"a": 2, "b": 1, "new": 1}
