"""Calls that are hard to tell apart: who is joined with whom, and what is believed."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.join_policy import parse_join
from mileage.store.appending import call_row
from mileage.store.ledger import Ledger
from mileage.store.statements import run
from mileage.store.verify import verify
from tests.drawing import examples
from tests.drawn_sessions import (
    GATEWAY,
    SESSION_TRAITS,
    Score,
    badly_counted,
    drawn_session,
    score,
)
from tests.ledgers import booking, rules
from tests.stories import stories
from tests.witnesses import (
    CODEX_OTLP,
    HOUR,
    LOG,
    MINUTE,
    NOON,
    OTLP,
    ROLLOUT,
    SECOND,
    TRAITS,
    seen,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TWO, THREE = (ROLLOUT, CODEX_OTLP), (ROLLOUT, CODEX_OTLP, GATEWAY)
SHIPPED = parse_join(
    (Path(__file__).parents[2] / "src/mileage/policy/join.toml").read_text("utf-8"),
    "join.toml",
)


def dice(seed: object) -> random.Random:
    return random.Random(str(seed))  # noqa: S311 - test data


# ------------------------------------------------------------ precision and recall


@pytest.mark.parametrize("sources", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("policy", [None, SHIPPED], ids=["traits", "shipped"])
def test_twins_are_kept_apart_and_calls_found_again(
    sources: Sequence[str], policy: object
) -> None:
    total, inflated = Score(0, 0, 0, 0), 0
    for number in range(40):
        rng = dice((sources, number))
        session = drawn_session(rng, f"s{number}", sources)
        said = rng.sample(session.said * 2, 2 * len(session.said))
        calls = resolve(said, SESSION_TRAITS, policy)
        total = total.plus(score(session, calls))
        assert badly_counted(session, calls) == []
        inflated += sum(bool(call.inflated) for call in calls)
    assert total.right > 1000
    assert inflated > 100
    assert total.precision >= 0.999
    assert total.recall >= 0.999


@pytest.mark.parametrize("policy", [None, SHIPPED], ids=["traits", "shipped"])
def test_a_source_that_names_models_otherwise(policy: object) -> None:
    total = Score(0, 0, 0, 0)
    for number in range(40):
        rng = dice(("renamed", number))
        session = drawn_session(rng, f"s{number}", TWO, twins=0)
        other = rng.choice(TWO)
        said = [
            one._replace(
                witness=one.witness._replace(model=f"team-{one.witness.model}")
            )
            if one.witness.source == other
            else one
            for one in session.said
        ]
        if not session.inflated:
            calls = resolve(rng.sample(said, len(said)), SESSION_TRAITS, policy)
            total = total.plus(score(session, calls))
    assert total.right > 500
    assert total.wrong == total.missed == 0


@pytest.mark.parametrize("shift", [-2 * MINUTE, -SECOND, 0, 2 * MINUTE])
def test_a_whole_source_that_reports_ten_times_as_much(shift: int) -> None:
    for leader in TWO:
        for number in range(5):
            session = drawn_session(dice((shift, number)), "s", TWO, calls=30)
            honest = [
                one for one in session.said if one.witness.source != session.inflated
            ]
            said = (
                [
                    one._replace(witness=times(one.witness, 10))
                    if one.witness.source == leader
                    else one
                    for one in session.said
                ]
                if not session.inflated
                else session.said
            )
            calls = resolve(said, SESSION_TRAITS)
            total = score(session, calls)
            assert total.precision == total.recall == 1
            both = [call for call in calls if len(call.sources) == 2]
            assert all(call.inflated for call in both)
            assert honest
            counts = {call.number: call.counts for call in session.calls}
            for call in both:
                name = (call.sources[0], call.keys[0])
                true = counts[session.truth[name]]
                assert (*call.tokens[:3], call.tokens.output, 0) == true


def times(witness: object, factor: int) -> object:
    return witness._replace(
        input=witness.input * factor,
        cache_read=witness.cache_read * factor,
        cache_write=witness.cache_write * factor,
        output=witness.output * factor,
    )


# ------------------------------------------------------------- one state, any road


class Kept:
    """A ledger of drawn stories."""

    def __init__(self, folder: str) -> None:
        mine = rules()._replace(traits=SESSION_TRAITS)
        self.ledger = Ledger(Path(folder) / "ledger.duckdb", mine, lambda: NOON)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()

    def calls(self) -> list[tuple[object, ...]]:
        return sorted(run(self.ledger.cursor(), "current_calls", ids=None), key=repr)


def split(rng: random.Random, said: Sequence[Seen]) -> Iterator[list[Seen]]:
    rest = rng.sample(said, len(said))
    while rest:
        size = rng.choice([1, 2, 3, 7, len(rest)])
        yield rest[:size]
        rest = rest[size:]


@settings(max_examples=examples(6), deadline=None)
@given(stories(), st.randoms(use_true_random=False))
def test_any_split_of_any_story_gives_the_calls_of_all(
    said: list[Seen], rng: random.Random
) -> None:
    expected = sorted(map(call_row, resolve(said, SESSION_TRAITS)), key=repr)
    with tempfile.TemporaryDirectory() as folder, Kept(folder) as kept:
        again = rng.sample(said, len(said) // 3)
        for part in split(rng, [*said, *again]):
            kept.ledger.append(booking(part))
        assert kept.calls() == expected
        assert verify(kept.ledger) == []


@given(stories(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_any_story_do_not_matter(
    said: list[Seen], rng: random.Random
) -> None:
    straight = sorted(resolve(said, SESSION_TRAITS), key=repr)
    shuffled = rng.sample(said * 2, 2 * len(said))
    assert sorted(resolve(shuffled, SESSION_TRAITS), key=repr) == straight


@given(stories())
def test_every_call_has_its_own_id_and_each_source_once(said: list[Seen]) -> None:
    calls = resolve(said, SESSION_TRAITS)
    assert len({call.call_id for call in calls}) == len(calls)
    named = [
        name for call in calls for name in zip(call.sources, call.keys, strict=True)
    ]
    assert len(set(named)) == len(named)
    assert all(len(set(call.sources)) == len(call.sources) for call in calls)
    witnesses = {(one.witness.source, one.witness.key) for one in said}
    assert set(named) <= witnesses


@given(stories())
def test_no_call_counts_more_than_one_of_its_witnesses(said: list[Seen]) -> None:
    largest: dict[tuple[str, str], list[int]] = {}
    for one in said:
        if one.witness.measure == "estimate":
            continue
        counts = largest.setdefault((one.witness.source, one.witness.key), [0, 0, 0, 0])
        w = one.witness
        new = (
            w.input,
            w.cache_read,
            w.cache_write + w.cache_write_1h,
            w.output + w.reasoning,
        )
        counts[:] = map(max, counts, new)
    for call in resolve(said, SESSION_TRAITS):
        t = call.tokens
        own = [t.input, t.cache_read, t.cache_write + t.cache_write_1h]
        own.append(t.output + t.reasoning)
        assert own in [
            largest[name] for name in zip(call.sources, call.keys, strict=True)
        ]
        assert (call.measure == "unmeasured") <= (t.total == 0)


# -------------------------------------------------------------- disagreeing Codex


def test_codex_sources_that_disagree_are_one_call() -> None:
    """The log was torn off while the answer was written; both date it alike."""
    log = seen(ROLLOUT, key="r", link="", output=3)
    for later in (0, SECOND, 30 * SECOND):
        heard = seen(CODEX_OTLP, key="o", link="", occurred_at=NOON + later)
        (call,) = resolve([log, heard], TRAITS)
        assert (call.tokens.output, call.differs) == (50, ("output",))


@pytest.mark.parametrize("session", ["a-fork", "z-fork"])
def test_a_fork_without_request_ids_finds_its_telemetry(session: str) -> None:
    """Whatever the fork's session is called, the first one has the telemetry."""
    nameless = {"link": ""}
    said = [
        seen(LOG, key="msg_1", session="m-first", **nameless),
        seen(LOG, key="msg_1", session=session, **nameless),
        seen(OTLP, key="seq:1", session="m-first", **nameless),
    ]
    (call,) = resolve(said, TRAITS)
    assert call.sources == (OTLP, LOG)
    (other,) = resolve(said[::-1], TRAITS)
    assert other == call


def test_hours_are_no_border_for_a_session(tmp_path: Path) -> None:
    """What is told of an offset in one hour holds for all of the session."""
    session = drawn_session(dice("long"), "s", TWO, calls=40)
    said = [
        one._replace(
            witness=one.witness._replace(
                occurred_at=NOON + (one.witness.occurred_at - NOON) * 20
            )
        )
        for one in session.said
    ]
    assert max(one.witness.occurred_at for one in said) > NOON + 2 * HOUR
    expected = sorted(map(call_row, resolve(said, SESSION_TRAITS)), key=repr)
    with Kept(str(tmp_path)) as kept:
        for part in split(dice("split"), said):
            kept.ledger.append(booking(part))
        assert kept.calls() == expected


DEPLOYED = {"link": "", "model": "team-opus-prod"}
ANOTHER = {"input": 99_000, "cache_read": 0, "cache_write": 0, "output": 7}


def named_otherwise(*, log: object = (), telemetry: object = ()) -> list[Seen]:
    """A call told of by two names, and whatever else each source says."""
    return [
        seen(LOG, key="msg_1", **DEPLOYED),
        seen(OTLP, key="seq:1", link="", occurred_at=NOON + 2 * MINUTE),
        *(
            seen(LOG, key=f"msg_{n}", **{**DEPLOYED, **one})
            for n, one in enumerate(log, 2)
        ),
        *(
            seen(OTLP, key=f"seq:{n}", **{"link": "", **one})
            for n, one in enumerate(telemetry, 2)
        ),
    ]


def test_one_call_by_two_names_of_its_model_is_one() -> None:
    (call,) = resolve(named_otherwise(), TRAITS)
    assert call.sources == (OTLP, LOG)
    assert call.model == "claude-opus-4-8"
    title = {"model": "claude-haiku-4-5", "input": 700}
    assert len(resolve(named_otherwise(telemetry=[title]), TRAITS)) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"log": [{"occurred_at": NOON + SECOND}]},
        {"telemetry": [{"occurred_at": NOON + SECOND}]},
        {"log": [{"model": "claude-opus-4-8", **ANOTHER}]},
        {"telemetry": [{"model": "team-opus-prod", **ANOTHER}]},
    ],
    ids=["two there", "two come", "the log knows it", "telemetry knows it"],
)
def test_where_a_choice_is_left_two_names_are_two_calls(
    more: dict[str, object],
) -> None:
    said = named_otherwise(**more)
    assert len(resolve(said, TRAITS)) == len(said)


@pytest.mark.parametrize(
    "other",
    [
        {"output": 51},
        {"session": "session-2"},
        {"occurred_at": NOON + 3 * MINUTE},
        {"client": "other"},
    ],
)
def test_two_names_are_two_calls_where_anything_else_differs(
    other: dict[str, object],
) -> None:
    said = [seen(LOG, **DEPLOYED), seen(OTLP, **{"key": "seq:1", "link": "", **other})]
    assert len(resolve(said, TRAITS)) == 2


def test_small_counts_do_not_stand_for_a_name() -> None:
    small = {"input": 3, "cache_read": 0, "cache_write": 0, "output": 4}
    said = [seen(LOG, **DEPLOYED, **small), seen(OTLP, key="seq:1", link="", **small)]
    assert len(resolve(said, TRAITS)) == 2


def test_a_call_of_bedrock_is_one_with_or_without_a_version() -> None:
    profile = "us.anthropic.claude-opus-4-8-20260101-v1:0"
    said = [
        seen(LOG, key="msg_bdrk_1", link=""),
        seen(OTLP, key="seq:1", link="", model=profile),
        seen(LOG, key="msg_bdrk_2", link="", occurred_at=NOON + MINUTE),
        seen(OTLP, key="seq:2", link="", model=profile, occurred_at=NOON + MINUTE),
    ]
    assert len(resolve(said, TRAITS)) == 2


@pytest.mark.parametrize(
    ("minutes", "calls"), [(0, 1), (2.5, 1), (10, 1), (12, 1), (13, 2), (-12, 1)]
)
def test_an_answer_may_end_long_after_its_first_block(
    minutes: float, calls: int
) -> None:
    """The log dates the first block, telemetry the end; requests have no ids."""
    end = NOON + int(minutes * MINUTE)
    said = [
        seen(LOG, key="msg_vrtx_1", link=""),
        seen(OTLP, key="seq:1", link="", occurred_at=end),
    ]
    assert len(resolve(said, TRAITS, SHIPPED)) == calls


def test_answers_without_ids_are_each_found_however_long_they_take() -> None:
    rng, total = dice("long answers"), Score(0, 0, 0, 0)
    for number in range(20):
        session = drawn_session(rng, f"s{number}", (LOG, OTLP), twins=0)
        if session.inflated:
            continue
        said = [
            one._replace(
                witness=one.witness._replace(
                    occurred_at=one.witness.occurred_at + rng.randint(0, 9 * MINUTE)
                )
            )
            if one.witness.source == OTLP
            else one
            for one in session.said
        ]
        total = total.plus(score(session, resolve(said, SESSION_TRAITS, SHIPPED)))
    assert total.right > 300
    assert total.wrong == total.missed == 0
