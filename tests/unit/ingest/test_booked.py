"""Whose usage it is: the credential's, or whoever a collector says it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.people import Credential
from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    WitnessBatch,
)
from mileage.ingest.booked import book
from mileage.ingest.record import Record
from tests.witnesses import NOON, witness

if TYPE_CHECKING:
    from collections.abc import Collection

ALICE = Credential("tok_1", "acc_alice", "")
GATE = Credential("tok_2", "", "gate")
OTHER_GATE = Credential("tok_3", "", "other")
BAD = Rejected("otlp", "record 1", "no time")
NAMES = ("", "ana@x.org", "bo@x.org", "cy@x.org")


class Directory:
    """Knows everybody, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def accounts_of(
        self, credential: Credential, identities: Collection[str]
    ) -> dict[str, str]:
        self.asked.append((credential.collector, tuple(sorted(identities))))
        return {one: account(credential, one) for one in identities}


def account(credential: Credential, identity: str) -> str:
    return f"{credential.collector}:{identity or 'nobody'}"


def activity(key: str, identity: str) -> Activity:
    return Activity("otlp", key, "s", NOON, "codex", "prompt", "", 1, None, identity)


def record(
    credential: Credential,
    identities: list[str],
    *,
    acts: list[str] | None = None,
    rejected: int = 0,
    ignored: int = 0,
    origin: str = "otlp",
) -> Record:
    witnesses = [
        witness(key=f"{credential.token_id}-{number}", identity=one)
        for number, one in enumerate(identities)
    ]
    activities = [activity(f"act-{n}", one) for n, one in enumerate(acts or [])]
    reading = Reading(
        WitnessBatch.of(witnesses),
        ActivityBatch.of(activities),
        (BAD,) * rejected,
        ignored,
    )
    return Record(credential, origin, reading, "laptop", NOON + 5)


def test_a_personal_token_wins_over_whatever_is_claimed() -> None:
    directory = Directory()
    booked = book([record(ALICE, list(NAMES), acts=list(NAMES))], directory)
    assert {one.account for one in booked.rows()} == {"acc_alice"}
    assert {one.account for one in booked.done} == {"acc_alice"}
    assert not any(one.asserted for one in (*booked.rows(), *booked.done))
    assert directory.asked == []


def test_a_collector_speaks_for_each_row_and_that_is_marked() -> None:
    booked = book([record(GATE, list(NAMES), acts=["bo@x.org"])], Directory())
    assert [one.account for one in booked.rows()] == [
        account(GATE, name) for name in NAMES
    ]
    assert [one.account for one in booked.done] == [account(GATE, "bo@x.org")]
    assert all(one.asserted for one in (*booked.rows(), *booked.done))


def test_an_identity_is_looked_up_once_a_booking() -> None:
    directory = Directory()
    many = ["ana@x.org"] * 40 + ["bo@x.org"] * 40
    book(
        [
            record(GATE, many, acts=many),
            record(GATE, [*many, "cy@x.org"]),
            record(GATE, many),
        ],
        directory,
    )
    assert directory.asked == [("gate", ("ana@x.org", "bo@x.org", "cy@x.org"))]


def test_what_one_collector_says_of_a_name_holds_for_no_other() -> None:
    name = ["ana@x.org"]
    booked = book([record(GATE, name), record(OTHER_GATE, name)], Directory())
    first, second = booked.rows()
    assert (first.account, second.account) == ("gate:ana@x.org", "other:ana@x.org")


def test_an_empty_record_asks_nobody_and_brings_nothing() -> None:
    directory = Directory()
    booked = book([record(GATE, [])], directory)
    assert directory.asked == []
    assert booked.runs == ()
    assert list(booked.rows()) == []


def test_rejections_are_told_to_the_owner_of_the_token_alone() -> None:
    booked = book(
        [record(ALICE, [], rejected=2), record(GATE, [], rejected=1)], Directory()
    )
    assert [(one.rejected, one.account) for one in booked.refused] == [
        (BAD, "acc_alice"),
        (BAD, "acc_alice"),
        (BAD, ""),
    ]


def test_what_was_ignored_is_added_up_by_where_it_came_from() -> None:
    booked = book(
        [
            record(ALICE, [], ignored=3),
            record(GATE, [], ignored=4),
            record(GATE, [], ignored=5, origin="collect"),
        ],
        Directory(),
    )
    assert dict(booked.ignored) == {"otlp": 7, "collect": 5}


def test_machine_and_arrival_go_with_the_witnesses() -> None:
    (run,) = book([record(ALICE, ["", ""])], Directory()).runs
    assert (run.machine, run.received, len(run.accounts)) == ("laptop", NOON + 5, 2)


def test_no_record_is_no_booking() -> None:
    booked = book([], Directory())
    assert (booked.runs, booked.done, booked.refused, booked.ignored) == ((),) * 4


RECORDS = st.lists(
    st.builds(
        record,
        st.sampled_from([ALICE, GATE, OTHER_GATE]),
        st.lists(st.sampled_from(NAMES), max_size=5),
        acts=st.lists(st.sampled_from(NAMES), max_size=3),
        rejected=st.integers(0, 2),
        ignored=st.integers(0, 9),
    ),
    max_size=6,
)


@given(RECORDS)
def test_every_row_is_booked_once_to_whom_it_is_alone(records: list[Record]) -> None:
    directory = Directory()
    together = book(records, directory)
    apart = [book([one], Directory()) for one in records]
    assert list(together.rows()) == [row for one in apart for row in one.rows()]
    assert list(together.done) == [row for one in apart for row in one.done]
    assert list(together.refused) == [row for one in apart for row in one.refused]
    told = sum(count for _, count in together.ignored)
    assert told == sum(one.reading.ignored for one in records)
    asked = [(who, name) for who, names in directory.asked for name in names]
    assert len(asked) == len(set(asked))
