"""Invariant 1: every call once, whatever saw it, in whatever order."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.join import resolve
from tests.witnesses import (
    CODEX_OTLP,
    LOG,
    MINUTE,
    NOON,
    OTLP,
    ROLLOUT,
    SECOND,
    TRAITS,
    claude_histories,
    codex_histories,
    seen,
)

ANY_HISTORY = st.one_of(
    claude_histories().map(lambda pair: pair[1]),
    codex_histories(),
    st.tuples(claude_histories().map(lambda pair: pair[1]), codex_histories()).map(
        lambda pair: [*pair[0], *pair[1]]
    ),
)


def ordered(said: list[Seen]) -> list[object]:
    return sorted(resolve(said, TRAITS))


@given(ANY_HISTORY, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(said: list[Seen], rng: random.Random) -> None:
    shuffled = rng.sample(said, len(said))
    assert ordered(shuffled) == ordered(said)


@given(ANY_HISTORY, st.integers(2, 3))
def test_repetition_does_not_matter(said: list[Seen], times: int) -> None:
    assert ordered(said * times) == ordered(said)


@given(claude_histories())
def test_each_linked_call_counts_once(history: tuple[int, list[Seen]]) -> None:
    number, said = history
    calls = resolve(said, TRAITS)
    assert len(calls) == number
    assert len({call.call_id for call in calls}) == number


@given(ANY_HISTORY)
def test_every_witness_is_part_of_exactly_one_call(said: list[Seen]) -> None:
    distinct = {(one.witness.source, one.witness.key) for one in said}
    used = Counter(source for call in resolve(said, TRAITS) for source in call.sources)
    assert used == Counter(source for source, _ in distinct)


@given(codex_histories())
def test_two_calls_of_one_source_are_never_merged(said: list[Seen]) -> None:
    for source in (ROLLOUT, CODEX_OTLP):
        own = [one for one in said if one.witness.source == source]
        calls = [call for call in resolve(said, TRAITS) if source in call.sources]
        assert len(calls) == len({one.witness.key for one in own})
    for call in resolve(said, TRAITS):
        assert len(set(call.sources)) == len(call.sources)


@given(ANY_HISTORY)
def test_splits_stay_inside_their_totals(said: list[Seen]) -> None:
    for call in resolve(said, TRAITS):
        assert min(call.tokens) >= 0


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.randoms())
def test_copies_of_one_source_merge_to_field_maxima(
    outputs: list[int], rng: random.Random
) -> None:
    copies = [
        seen(LOG, output=output, input=rng.randint(0, 9), occurred_at=NOON + place)
        for place, output in enumerate(outputs)
    ]
    merged = merge_copies(copies).witness
    assert merged.output == max(outputs)
    assert merged.input == max(copy.witness.input for copy in copies)
    assert merged.occurred_at == NOON


@given(st.integers(2, 50))
def test_an_inflated_copy_never_wins_across_sources(times: int) -> None:
    honest = seen(OTLP, key="req_1", output=50)
    inflated = seen(LOG, output=50 * times)
    (call,) = resolve([inflated, honest], TRAITS)
    assert call.tokens.output == 50
    assert call.differs == ("output",)


def test_the_finer_source_only_splits() -> None:
    coarse = seen(OTLP, key="req_1", cache_write=100, output=50)
    fine = seen(LOG, cache_write=30, cache_write_1h=90, output=10, reasoning=60)
    (call,) = resolve([coarse, fine], TRAITS)
    assert (call.tokens.cache_write, call.tokens.cache_write_1h) == (10, 90)
    assert (call.tokens.output, call.tokens.reasoning) == (0, 50)
    assert call.differs == ("cache_write", "output")
    assert call.sources == (OTLP, LOG)


def test_a_side_question_keeps_its_own_call() -> None:
    """A /btw line repeats the parent's message under the side question's request."""
    parent = seen(LOG, key="msg_p", link="req_a")
    replay = seen(LOG, key="msg_p", link="req_b", copied=True, occurred_at=NOON - 1)
    side = seen(LOG, key="msg_s", link="req_b", output=7)
    heard = [
        seen(OTLP, key="req_a", link="req_a"),
        seen(OTLP, key="req_b", link="req_b", output=7),
    ]
    calls = resolve([parent, replay, side, *heard], TRAITS)
    assert sorted(call.tokens.output for call in calls) == [7, 50]
    assert all(call.sources == (OTLP, LOG) for call in calls)


def test_two_messages_of_one_request_stay_two_calls() -> None:
    one, two = seen(LOG, key="msg_1"), seen(LOG, key="msg_2", output=9)
    assert len(resolve([one, two, seen(OTLP, key="req_1")], TRAITS)) == 2


def test_lines_without_any_request_id_are_told_apart_by_their_message() -> None:
    said = [seen(LOG, key=key, link="") for key in ("msg_1", "msg_2", "msg_1")]
    assert len(resolve(said, TRAITS)) == 2


def test_equal_counts_far_apart_are_two_calls() -> None:
    log = seen(ROLLOUT, key="a", link="")
    late = seen(CODEX_OTLP, key="b", link="", occurred_at=NOON + 10 * MINUTE)
    assert len(resolve([log, late], TRAITS)) == 2
    near = seen(CODEX_OTLP, key="b", link="", occurred_at=NOON + SECOND)
    assert len(resolve([log, near], TRAITS)) == 1


def test_a_credential_beats_a_claim_about_the_owner() -> None:
    claimed = seen(OTLP, key="req_1", account="acc_claimed", asserted=True)
    proven = seen(LOG, account="acc_proven")
    (call,) = resolve([claimed, proven], TRAITS)
    assert (call.account, call.asserted) == ("acc_proven", False)


def test_the_earliest_time_counts_and_the_original_session() -> None:
    original = seen(LOG, session="first", occurred_at=NOON)
    resumed = seen(LOG, session="second", occurred_at=NOON + MINUTE)
    (call,) = resolve([resumed, original], TRAITS)
    assert (call.session, call.occurred_at) == ("first", NOON)
