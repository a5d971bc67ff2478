"""Which witnesses ids bring together, and what keeps them apart."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.copies import merge_copies
from mileage.domain.join import resolve
from tests.drawn_sessions import GATEWAY, SESSION_TRAITS
from tests.stories import sayings
from tests.witnesses import LOG, NOON, OTLP, SECOND, seen


def of(source: str, key: str, link: str, **fields: object) -> object:
    told = seen(LOG, key=key, link=link, session="", **fields)
    client = SESSION_TRAITS[source].client
    return told._replace(witness=told.witness._replace(source=source, client=client))


def joined(*said: object) -> set[frozenset[str]]:
    found = {
        frozenset(call.keys)
        for order in permutations(said)
        for call in resolve(order, SESSION_TRAITS)
    }
    straight = {frozenset(call.keys) for call in resolve(said, SESSION_TRAITS)}
    assert found == straight
    return straight


def sets(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


def test_a_log_that_knows_both_ids_brings_gateway_and_telemetry_together() -> None:
    said = [
        of(GATEWAY, "g", "msg_1"),
        of(LOG, "l", "msg_1 req_1"),
        of(OTLP, "o", "req_1"),
    ]
    assert joined(*said) == sets("g l o")
    far = of(GATEWAY, "g", "msg_1", output=51)
    assert joined(far, said[2]) == sets("g", "o")


def test_two_messages_of_one_request_keep_their_gateways_calls() -> None:
    said = [
        of(LOG, "l1", "msg_1 req_1"),
        of(LOG, "l2", "msg_2 req_1", output=9),
        of(GATEWAY, "g1", "msg_1"),
        of(GATEWAY, "g2", "msg_2", output=9),
        of(OTLP, "o", "req_1", output=9),
    ]
    assert joined(*said) == sets("l1 g1", "l2 g2 o")


def test_of_two_logs_the_one_with_the_same_counts_is_meant() -> None:
    said = [
        of(LOG, "l1", "req_1", occurred_at=NOON),
        of(LOG, "l2", "req_1", occurred_at=NOON + SECOND, output=9),
    ]
    assert joined(*said, of(OTLP, "o", "req_1", output=9)) == sets("l1", "l2 o")
    assert joined(*said, of(OTLP, "o", "req_1", output=5)) == sets("l1 o", "l2")


def test_sources_never_hold_a_call_twice() -> None:
    said = [of(LOG, f"l{n}", "req_1") for n in range(3)]
    assert joined(*said) == sets("l0", "l1", "l2")
    ids = {call.call_id for call in resolve(said, SESSION_TRAITS)}
    assert len(ids) == 3


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_call_is_named_by_its_greatest_id(order: tuple[int, ...]) -> None:
    """It keeps that name whichever of them telemetry and gateways know."""
    said = [
        of(LOG, "l", "msg_1 req_1"),
        of(OTLP, "o", "req_1"),
        of(GATEWAY, "g", "msg_1"),
    ]
    (alone,) = resolve([said[0]], SESSION_TRAITS)
    (call,) = resolve([said[number] for number in order], SESSION_TRAITS)
    assert call.call_id == alone.call_id


@given(st.lists(sayings(), min_size=3, max_size=3))
def test_merging_copies_is_associative(said: list[object]) -> None:
    """Readers merge what they find in one file; the ledger merges the rest."""
    same = [
        one._replace(
            witness=one.witness._replace(source=LOG, key="k", measure=""),
            account="a",
            asserted=False,
        )
        for one in said
    ]
    whole = merge_copies(same)
    for first, second, third in permutations(same):
        pair = merge_copies([first, second])
        assert merge_copies([pair, third]) == whole
        assert merge_copies([third, pair, pair]) == whole
