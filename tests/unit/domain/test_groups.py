"""Which witnesses ids bring together, and what keeps them apart."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.copies import merge_copies
from mileage.domain.join import resolve
from tests.drawn_sessions import GATEWAY, SESSION_TRAITS
from tests.stories import sayings
from tests.witnesses import LOG, NOON, OTLP, SECOND, seen

if TYPE_CHECKING:
    from random import Random


def of(source: str, key: str, link: str, **fields: object) -> object:
    own = seen(LOG, **{"session": ""} | fields, key=key, link=link)
    client = SESSION_TRAITS[source].client
    return own._replace(witness=own.witness._replace(source=source, client=client))


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


ANSWER = "resp_0123456789abcdef"
WINDOW = 125 * SECOND


def told(key: str, link: str = ANSWER, **fields: object) -> object:
    return of(GATEWAY, key, str(fields.pop("link", link)), **fields)


def test_a_proxy_behind_a_proxy_tells_the_same_call_again() -> None:
    said = [
        told("team", occurred_at=NOON, reported_cost=None),
        told("central", f"{ANSWER} req_of_the_provider", occurred_at=NOON + SECOND),
        told("third", occurred_at=NOON + 2 * SECOND, reported_cost=7),
    ]
    assert joined(*said) == sets("team")
    (call,) = resolve(said, SESSION_TRAITS)
    (alone,) = resolve(said[:1], SESSION_TRAITS)
    assert call.tokens == alone.tokens
    assert (call.sources, call.occurred_at) == ((GATEWAY,), NOON)
    assert call.reported_cost == 7
    assert not call.differs


def test_the_ids_of_both_find_the_client() -> None:
    said = [
        told("team"),
        told("central", f"{ANSWER} req_1"),
        of(OTLP, "o", "req_1"),
    ]
    (keys,) = joined(*said)
    assert "o" in keys


@pytest.mark.parametrize(
    "fields",
    [
        {"output": 51},
        {"model": "claude-haiku-4-5"},
        {"occurred_at": NOON + WINDOW + 1},
        {"link": f"{ANSWER}0"},
    ],
    ids=["counts", "model", "time", "id"],
)
def test_anything_else_is_another_call(fields: dict[str, object]) -> None:
    one = told("g1", occurred_at=NOON)
    assert joined(one, told("g2", **{"occurred_at": NOON} | fields)) == sets("g1", "g2")


def test_the_numbers_of_small_servers_are_no_ids() -> None:
    assert joined(told("g1", "chatcmpl-7"), told("g2", "chatcmpl-7")) == sets(
        "g1", "g2"
    )


def test_a_clients_source_never_tells_a_call_under_two_keys() -> None:
    said = [of(LOG, "l1", ANSWER), of(LOG, "l2", ANSWER)]
    assert joined(*said) == sets("l1", "l2")


def test_each_is_near_the_next_one() -> None:
    """Whichever of them comes first, they are one as long as none is far away."""
    said = [told(f"g{n}", occurred_at=NOON + n * WINDOW) for n in range(3)]
    assert joined(*said) == sets("g0")
    assert joined(said[0], said[2]) == sets("g0", "g2")


def gateway_calls() -> st.SearchStrategy[object]:
    links = st.sets(st.sampled_from((ANSWER, f"{ANSWER}0", "req_0123456789abcdef")))
    return st.builds(
        told,
        st.sampled_from([f"g{n}" for n in range(6)]),
        links.map(lambda some: " ".join(sorted(some))),
        occurred_at=st.sampled_from([NOON, NOON + WINDOW, NOON + 4 * WINDOW]),
        output=st.sampled_from([50, 51]),
        session=st.sampled_from(["", "s"]),
    )


@given(st.lists(gateway_calls(), max_size=6), st.randoms(use_true_random=False))
def test_what_a_gateway_repeats_is_merged_alike_in_any_order(
    said: list[object], chance: Random
) -> None:
    calls = resolve(said, SESSION_TRAITS)
    other = [*said, *said]
    chance.shuffle(other)
    assert sorted(resolve(other, SESSION_TRAITS)) == sorted(calls)
    assert len(calls) <= len({one.witness.key for one in said})


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
