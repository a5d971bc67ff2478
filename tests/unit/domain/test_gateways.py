"""A gateway's calls without a session find the clients' behind it, or nobody's."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.join import resolve
from tests.drawn_sessions import GATEWAY, SESSION_TRAITS
from tests.witnesses import LOG, MINUTE, NOON, OTLP, SECOND, TRAITS, seen

if TYPE_CHECKING:
    from mileage.domain.call import Seen

WINDOW = 125 * SECOND
ALIAS, MODEL = "company-default", "claude-opus-4-8"


def logged(key: str, **fields: object) -> Seen:
    """What the agent tells: it knows the model by the name that it asked for."""
    return seen(LOG, **{"link": "", "model": ALIAS} | fields, key=key)


def passed(key: str, **fields: object) -> Seen:
    """What the gateway tells: it knows no session, and which model answered."""
    told = logged(key, **{"session": "", "model": MODEL} | fields)
    return told._replace(witness=told.witness._replace(source=GATEWAY))


def joined(*said: Seen) -> set[frozenset[str]]:
    found = {
        frozenset(frozenset(call.keys) for call in resolve(order, SESSION_TRAITS))
        for order in permutations(said)
    }
    (only,) = found
    return set(only)


def sets(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


@pytest.mark.parametrize("model", [MODEL, ALIAS, ""])
def test_an_agent_that_knows_an_alias_only_made_the_gateways_call(model: str) -> None:
    said = [logged("a", model=model), passed("g", occurred_at=NOON - SECOND)]
    assert joined(*said) == sets("a g")


@pytest.mark.parametrize(
    "fields",
    [
        {"client": "litellm"},
        {"account": "acc_b"},
        {"input": 11, "cache_read": 999},
        {"output": 51},
        {"occurred_at": NOON + WINDOW + 1},
    ],
    ids=["client", "account", "classes", "answer", "time"],
)
def test_an_alias_needs_all_the_rest(fields: dict[str, object]) -> None:
    assert joined(logged("a"), passed("g", **fields)) == sets("a", "g")


def test_other_classes_of_one_model_are_one_call() -> None:
    said = [logged("a", model=MODEL), passed("g", input=1010, cache_read=0)]
    assert joined(*said) == sets("a g")


def test_a_small_call_is_nobodys() -> None:
    small = {"input": 49, "cache_read": 0, "cache_write": 0}
    assert joined(logged("a", **small), passed("g", **small)) == sets("a", "g")


def test_a_model_that_both_name_is_no_alias() -> None:
    said = [
        logged("a1", model=MODEL),
        logged("a2", occurred_at=NOON + SECOND),
        passed("g1"),
        passed("g2", occurred_at=NOON + SECOND),
    ]
    assert joined(*said) == sets("a1", "a2", "g1", "g2")


def test_more_of_the_one_than_of_the_other_are_nobodys() -> None:
    said = [logged("a"), passed("g1"), passed("g2", occurred_at=NOON + SECOND)]
    assert joined(*said) == sets("a", "g1", "g2")


def test_several_are_taken_in_order_of_time() -> None:
    times = [NOON + n * 10 * SECOND for n in range(3)]
    said = [
        *(logged(f"a{n}", occurred_at=at + SECOND) for n, at in enumerate(times)),
        *(passed(f"g{n}", occurred_at=at) for n, at in enumerate(times)),
    ]
    assert joined(*said) == sets("a0 g0", "a1 g1", "a2 g2")


def test_the_same_model_goes_first() -> None:
    said = [logged("a1", model=MODEL), passed("g1"), logged("a2", model="other")]
    assert joined(*said) == sets("a1 g1", "a2")


def test_pauses_keep_what_is_surely_one_apart_from_what_is_not() -> None:
    later = NOON + 30 * MINUTE
    said = [
        *(logged("a1"), passed("g1")),
        *(logged("a2", occurred_at=later), passed("g2", occurred_at=later)),
        passed("g3", occurred_at=later + SECOND),
    ]
    assert joined(*said) == sets("a1 g1", "a2", "g2", "g3")


def test_telemetry_and_log_of_one_call_are_one_home() -> None:
    told = seen(OTLP, key="o", model=ALIAS, client=TRAITS[OTLP].client)
    assert joined(logged("a", link="req_1"), told, passed("g")) == sets("a o g")


def calls() -> st.SearchStrategy[tuple[bool, Seen]]:
    def said(number: int, *, gateway: bool, **fields: object) -> Seen:
        return (passed if gateway else logged)(
            f"{'g' if gateway else 'a'}{number}", **fields
        )

    return st.builds(
        said,
        st.integers(0, 5),
        gateway=st.booleans(),
        model=st.sampled_from([ALIAS, MODEL]),
        output=st.sampled_from([50, 51]),
        occurred_at=st.sampled_from([NOON, NOON + MINUTE, NOON + 3 * WINDOW]),
    )


@given(st.lists(calls(), max_size=8), st.data())
def test_no_call_is_lost_and_none_takes_two_in_any_order(
    said: list[Seen], data: st.DataObject
) -> None:
    found = resolve(said, SESSION_TRAITS)
    again = resolve(data.draw(st.permutations([*said, *said])), SESSION_TRAITS)
    assert sorted(again) == sorted(found)
    keys = sorted(key for call in found for key in call.keys)
    assert keys == sorted({one.witness.key for one in said})
    for call in found:
        assert len(set(call.sources)) == len(call.sources)
