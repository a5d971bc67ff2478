"""The columns of a booking are its rows, whatever shape they came in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.booking import Booking, Brought, Run
from mileage.domain.witness import WitnessBatch
from mileage.store.arrivals import COLUMNS, Arrivals
from tests.witnesses import NOON, seen, witness


def run(
    *keys: str, machine: str = "", received: int = 0, asserted: bool = False
) -> Run:
    batch = WitnessBatch.of([witness(key=key) for key in keys])
    accounts = [f"acc_{key}" for key in keys]
    return Run(batch, accounts, asserted, machine, received)


def everything(arrivals: Arrivals) -> list[int]:
    return list(range(len(arrivals)))


def test_an_empty_booking_has_every_column_and_no_row() -> None:
    arrivals = Arrivals(Booking())
    assert len(arrivals) == 0
    assert list(arrivals.columns) == list(COLUMNS)
    assert arrivals.seen([]) == arrivals.origins([]) == []


def test_runs_and_rows_follow_one_another() -> None:
    booking = Booking(
        seen=(seen(key="c", account="acc_c"), seen(key="d", account="acc_d")),
        runs=(run("a"), run("b")),
    )
    arrivals = Arrivals(booking)
    assert arrivals.columns["key"] == ["a", "b", "c", "d"]
    assert arrivals.columns["account"] == ["acc_a", "acc_b", "acc_c", "acc_d"]


def test_where_rows_came_from_covers_them_from_the_first() -> None:
    booking = Booking(
        seen=tuple(seen(key=key) for key in "abcd"),
        brought=(Brought(2, "laptop", 0), Brought(1, "", NOON)),
    )
    arrivals = Arrivals(booking)
    assert arrivals.origins(everything(arrivals)) == [
        ("laptop", 0),
        ("laptop", 0),
        ("", NOON),
        ("", 0),
    ]


def test_all_rows_of_a_run_came_together() -> None:
    booking = Booking(runs=(run("a", "b", machine="ci", received=5), run("c")))
    arrivals = Arrivals(booking)
    assert arrivals.origins([0, 1, 2]) == [("ci", 5), ("ci", 5), ("", 0)]


def test_places_are_returned_as_they_were_asked_for() -> None:
    arrivals = Arrivals(Booking(runs=(run("a", "b", "c"),)))
    assert [one.witness.key for one in arrivals.seen([2, 0, 2])] == ["c", "a", "c"]


SEEN = st.builds(
    seen,
    account=st.sampled_from(["acc_a", "acc_b"]),
    asserted=st.booleans(),
    key=st.text(max_size=4),
    reported_cost=st.none() | st.integers(0, 9),
    attended=st.none() | st.booleans(),
)
ORIGINS = st.tuples(st.sampled_from(["", "laptop"]), st.integers(0, 3))


@st.composite
def bookings(draw: st.DrawFn) -> Booking:
    rows = draw(st.lists(SEEN, max_size=6))
    left = len(rows)
    brought = []
    for size in draw(st.lists(st.integers(0, 3), max_size=3)):
        if size <= left:
            brought.append(Brought(size, *draw(ORIGINS)))
            left -= size
    runs = []
    for asserted in draw(st.lists(st.booleans(), max_size=3)):
        some = draw(st.lists(SEEN, max_size=4))
        batch = WitnessBatch.of([one.witness for one in some])
        accounts = [one.account for one in some]
        runs.append(Run(batch, accounts, asserted, *draw(ORIGINS)))
    return Booking(seen=tuple(rows), brought=tuple(brought), runs=tuple(runs))


@given(bookings())
def test_the_rows_of_the_columns_are_those_of_the_booking(booking: Booking) -> None:
    arrivals = Arrivals(booking)
    assert len({len(column) for column in arrivals.columns.values()}) == 1
    assert arrivals.seen(everything(arrivals)) == list(booking.rows())


@given(bookings())
def test_every_row_has_the_origin_of_what_brought_it(booking: Booking) -> None:
    arrivals = Arrivals(booking)
    told = [(one.machine, one.received) for one in booking.runs for _ in one.accounts]
    rows = [
        (one.machine, one.received)
        for one in booking.brought
        for _ in range(one.witnesses)
    ]
    rows += [("", 0)] * (len(booking.seen) - len(rows))
    assert arrivals.origins(everything(arrivals)) == told + rows
