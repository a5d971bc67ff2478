"""What is believed of a call that several sources tell of, and what is only noted."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.call import Seen, SourceTraits
from mileage.domain.join import resolve
from mileage.domain.join_policy import JoinPolicy, PairRule, SourceRule
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.store import queries
from mileage.store.ledger import Ledger
from mileage.store.verify import verify
from tests.drawn_sessions import GAP, GATEWAY, SESSION_TRAITS
from tests.ledgers import booking, rules
from tests.witnesses import (
    CODEX_OTLP,
    DAY,
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
    from pathlib import Path

SPANS = "codex_span_filler"
KNOWN = {
    **SESSION_TRAITS,
    SPANS: SourceTraits(SPANS, "codex", 6, "link", replayable=False, gap=True),
}
PLAIN = {"input": 10, "cache_read": 1000, "cache_write": 100, "output": 50}


def said_by(source: str, **fields: object) -> Seen:
    """Let any source say something; its client is its own."""
    plain = seen(LOG, **{"link": "", "key": source, **fields})
    client = fields.get("client", KNOWN[source].client)
    return plain._replace(witness=plain.witness._replace(source=source, client=client))


def tenfold(factor: int = 10) -> dict[str, int]:
    return {name: count * factor for name, count in PLAIN.items()}


# ------------------------------------------------------------------ inflated copies


@pytest.mark.parametrize("liar", [LOG, OTLP])
@pytest.mark.parametrize("factor", [2, 10, 100])
def test_an_inflated_copy_that_shares_an_id(liar: str, factor: int) -> None:
    honest = OTLP if liar == LOG else LOG
    said = [seen(liar, key="a", **tenfold(factor)), seen(honest, key="b", **PLAIN)]
    (call,) = resolve(said, TRAITS)
    assert call.tokens == Tokens(10, 1000, 100, 0, 50)
    assert call.inflated == (f"{liar}:{factor}",)
    assert call.differs == ("input", "cache_read", "cache_write", "output")
    assert call.sources == (honest, liar)


@pytest.mark.parametrize("liar", [ROLLOUT, CODEX_OTLP])
@pytest.mark.parametrize("later", [0, SECOND, 110 * SECOND])
def test_an_inflated_copy_without_an_id(liar: str, later: int) -> None:
    honest = CODEX_OTLP if liar == ROLLOUT else ROLLOUT
    at = {"link": "", "occurred_at": NOON + later}
    said = [seen(liar, key="a", **at, **tenfold()), seen(honest, key="b", link="")]
    (call,) = resolve(said, TRAITS)
    assert call.tokens == Tokens(10, 1000, 100, 0, 50)
    assert call.inflated == (f"{liar}:10",)


def test_frames_that_were_added_up_but_not_the_answer() -> None:
    """A proxy that streams usage in several frames: the prompt once a frame."""
    frames = {**tenfold(3), "output": 55}
    said = [
        seen(CODEX_OTLP, key="o", link="", **frames),
        seen(ROLLOUT, key="r", link="", occurred_at=NOON + SECOND),
    ]
    (call,) = resolve(said, TRAITS)
    assert (call.tokens.input, call.tokens.output) == (10, 50)
    assert call.inflated == (f"{CODEX_OTLP}:3",)


def test_a_part_of_the_answer_is_no_sign_of_inflation() -> None:
    said = [seen(OTLP, key="a", output=900), seen(LOG, key="b", output=3)]
    (call,) = resolve(said, TRAITS)
    assert (call.tokens.output, call.inflated) == (900, ())


def test_a_source_that_leaves_classes_out_is_silent_and_not_smaller() -> None:
    """It has no cache classes: that the others do does not make them liars."""
    quiet = seen(OTLP, key="a", input=10, cache_read=0, cache_write=0)
    (call,) = resolve([quiet, seen(LOG, key="b")], TRAITS)
    assert call.tokens == Tokens(10, 1000, 100, 0, 50)
    assert (call.inflated, call.sources) == ((), (LOG, OTLP))
    assert call.differs == ("cache_read", "cache_write")


def test_of_two_liars_none_is_believed() -> None:
    said = [
        said_by(CODEX_OTLP, link="resp_1", **tenfold(10)),
        said_by(ROLLOUT, link="resp_1", **tenfold(2)),
        said_by(GATEWAY, link="resp_1", **PLAIN),
    ]
    (call,) = resolve(said, KNOWN)
    assert call.tokens == Tokens(10, 1000, 100, 0, 50)
    assert call.inflated == (f"{CODEX_OTLP}:10", f"{ROLLOUT}:2")
    assert (call.client, call.sources[0]) == ("codex", GATEWAY)


@given(
    st.integers(15, 1000).map(lambda tenths: tenths / 10),
    st.sampled_from([LOG, OTLP]),
    st.integers(0, 5000),
)
def test_the_smaller_prompt_is_always_believed(
    factor: float, liar: str, output: int
) -> None:
    more = {name: int(count * factor) + 1 for name, count in PLAIN.items()}
    honest = OTLP if liar == LOG else LOG
    said = [
        seen(liar, key="a", **{**more, "output": output}),
        seen(honest, key="b", **PLAIN),
    ]
    (call,) = resolve(said, TRAITS)
    assert call.tokens == Tokens(10, 1000, 100, 0, 50)
    assert len(call.inflated) == 1


# ------------------------------------------------------------ gateways and clients


def test_a_gateway_and_the_agent_behind_it_are_one_call_of_the_agent() -> None:
    said = [
        said_by(GATEWAY, link="chatcmpl-9 msg_1", session="trace", agent="proxy"),
        seen(LOG, key="b", link="msg_1 req_1", session="s"),
        seen(OTLP, key="c", link="req_1", session="s"),
    ]
    (call,) = resolve(said, KNOWN)
    assert call.sources == (OTLP, GATEWAY, LOG)
    assert (call.client, call.session, call.agent) == ("claude-code", "s", "proxy")


# --------------------------------------------------------- who sold it, and as what

CLAUDE = ("anthropic", "claude-sonnet-4-5-20250929")
BEDROCK = ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0")
PROFILE = "arn:aws:bedrock:us-east-1:1:application-inference-profile/x"
UNSAID = ("", "")


@pytest.mark.parametrize(
    ("gateway", "log", "telemetry", "sold"),
    [
        # A gateway knows whom it asked for what, also where a client names another.
        (BEDROCK, CLAUDE, ("anthropic", CLAUDE[1]), BEDROCK),
        (("openai", "gpt-5-mini"), CLAUDE, CLAUDE, ("openai", "gpt-5-mini")),
        (("openrouter", "z-ai/glm-5"), CLAUDE, UNSAID, ("openrouter", "z-ai/glm-5")),
        # Half a pair leaves the other half to the client.
        (("bedrock", ""), CLAUDE, UNSAID, ("bedrock", CLAUDE[1])),
        (("", "sonnet"), CLAUDE, UNSAID, CLAUDE),
        # A proxy's proxy, a profile and a deployment are no models.
        (("litellm_proxy", "sonnet"), CLAUDE, UNSAID, CLAUDE),
        (("bedrock", PROFILE), CLAUDE, UNSAID, ("bedrock", CLAUDE[1])),
        (("azure", "prod-gpt"), ("", "gpt-5.5"), UNSAID, ("azure", "gpt-5.5")),
        (("azure", "prod-gpt"), UNSAID, ("", PROFILE), ("azure", "prod-gpt")),
        # Without a gateway: the more exact name, and whoever names a provider.
        (UNSAID, ("bedrock", CLAUDE[1]), ("", BEDROCK[1]), BEDROCK),
        (UNSAID, ("bedrock", CLAUDE[1]), ("", PROFILE), ("bedrock", CLAUDE[1])),
        (UNSAID, UNSAID, ("", PROFILE), ("", PROFILE)),
        (UNSAID, UNSAID, UNSAID, UNSAID),
    ],
)
def test_provider_and_model_are_those_of_whoever_asked(
    gateway: tuple[str, str],
    log: tuple[str, str],
    telemetry: tuple[str, str],
    sold: tuple[str, str],
) -> None:
    said = [
        said_by(source, link="msg_1", provider=pair[0], model=pair[1])
        for source, pair in ((GATEWAY, gateway), (LOG, log), (OTLP, telemetry))
    ]
    for order in permutations(said):
        (call,) = resolve(order, KNOWN)
        assert (call.provider, call.model) == sold
        assert call.client == "claude-code"


def test_a_log_says_who_served_codex_where_its_telemetry_does_not() -> None:
    model = "openai/gpt-oss-20b"
    log = said_by(ROLLOUT, provider="lmstudio", model=model, tier="priority")
    event = said_by(CODEX_OTLP, provider="", model=model)
    (call,) = resolve([event, log], KNOWN)
    assert (call.provider, call.model, call.tier) == ("lmstudio", model, "priority")


def test_the_tier_is_that_of_who_tells_most_of_it() -> None:
    said = [
        said_by(GATEWAY, link="msg_1"),
        said_by(LOG, link="msg_1", tier="fast+us"),
        said_by(OTLP, link="msg_1", tier="fast"),
    ]
    assert {call.tier for call in resolve(said, KNOWN)} == {"fast+us"}


SOLD = st.tuples(
    st.sampled_from(["", "anthropic", "bedrock", "azure", "litellm_proxy"]),
    st.sampled_from(["", "claude-a", "us.anthropic.claude-a", PROFILE]),
)


@given(st.lists(SOLD, min_size=2, max_size=4))
def test_a_model_that_means_something_is_never_lost(
    pairs: list[tuple[str, str]],
) -> None:
    """What one of them said; and a name of a profile only where there is no other."""
    sources = (GATEWAY, LOG, OTLP, ROLLOUT)
    said = [
        said_by(source, link="msg_1", provider=provider, model=model)
        for source, (provider, model) in zip(sources, pairs, strict=False)
    ]
    for order in permutations(said):
        (call,) = resolve(order, KNOWN)
        models, sellers = {model for _, model in pairs}, {name for name, _ in pairs}
        assert call.model in models
        assert call.provider in sellers
        assert call.model not in ("", PROFILE) or models <= {"", PROFILE}
        assert call.provider or sellers == {""}
        if pairs[0][0] == "bedrock" and pairs[0][1] not in ("", PROFILE):
            assert (call.provider, call.model) == pairs[0]


def test_a_gateway_that_knows_no_session_finds_the_call_in_the_account() -> None:
    proxy = said_by(GATEWAY, session="", occurred_at=NOON + MINUTE)
    own = said_by(ROLLOUT)
    for gateway, calls in (
        (proxy, 1),
        (proxy._replace(account="acc_b"), 2),
        (said_by(GATEWAY, session="", model="other"), 2),
        (said_by(GATEWAY, session="", output=51), 2),
        (said_by(GATEWAY, session="", occurred_at=NOON + 3 * MINUTE), 2),
        (said_by(GATEWAY, session=own.witness.session, occurred_at=NOON + DAY), 2),
    ):
        assert len(resolve([own, gateway], KNOWN)) == calls
    tiny = {"input": 5, "cache_read": 0, "cache_write": 0, "output": 3}
    few = [said_by(ROLLOUT, **tiny), said_by(GATEWAY, session="", **tiny)]
    assert len(resolve(few, KNOWN)) == 2


def test_unequal_numbers_of_equal_calls_stay_apart() -> None:
    own = [said_by(ROLLOUT, key=f"r{n}", occurred_at=NOON + n) for n in range(2)]
    one = [said_by(GATEWAY, session="")]
    assert len(resolve([*own, *one], KNOWN)) == 3
    two = [*one, said_by(GATEWAY, key="g2", session="", occurred_at=NOON + 1)]
    assert len(resolve([*own, *two], KNOWN)) == 2


def test_ids_of_one_kind_tell_calls_apart_unless_they_are_rewritten() -> None:
    said = [said_by(GATEWAY, link="msg_2"), seen(LOG, link="msg_1")]
    assert len(resolve(said, KNOWN)) == 2
    own = JoinPolicy(sources=(SourceRule(GATEWAY, rewrites_ids=True),))
    assert len(resolve(said, KNOWN, own)) == 1


def test_keys_may_be_ids() -> None:
    far = said_by(GATEWAY, link="msg_1", session="x", output=9)
    said = [far, seen(LOG, key="msg_1")]
    ids = JoinPolicy(sources=(SourceRule(LOG, key_is_id=True),))
    assert len(resolve(said, KNOWN)) == 2
    assert len(resolve(said, KNOWN, ids)) == 1


def test_pairs_of_the_policy() -> None:
    pair = [seen(ROLLOUT, key="r", link=""), seen(CODEX_OTLP, key="o", link="")]
    for keys, calls in (("nothing", 2), ("ids", 2), ("counts", 1)):
        policy = JoinPolicy(pairs=(PairRule(CODEX_OTLP, ROLLOUT, keys=keys),))
        assert len(resolve(pair, TRAITS, policy)) == calls
    named = [seen(ROLLOUT, key="r", link="resp_1", session="x"), pair[1]]
    named[1] = seen(CODEX_OTLP, key="o", link="resp_1", output=60)
    for keys, calls in (("counts", 2), ("ids", 1)):
        policy = JoinPolicy(pairs=(PairRule(CODEX_OTLP, ROLLOUT, keys=keys),))
        assert len(resolve(named, TRAITS, policy)) == calls
    leads = JoinPolicy(pairs=(PairRule(ROLLOUT, CODEX_OTLP, leads=ROLLOUT),))
    (call,) = resolve(named, TRAITS, leads)
    assert (call.tokens.output, call.sources) == (50, (ROLLOUT, CODEX_OTLP))
    near = JoinPolicy(pairs=(PairRule(ROLLOUT, CODEX_OTLP, window=SECOND),))
    late = [pair[0], seen(CODEX_OTLP, key="o", link="", occurred_at=NOON + MINUTE)]
    assert len(resolve(late, TRAITS, near)) == 2


@pytest.mark.parametrize(
    "model",
    [
        "Claude-Opus-4.8",
        "claude-opus-4-8[1m]",
        "anthropic/claude-opus-4-8",
        "openrouter/anthropic/claude-opus-4-8-20260101",
        "claude-opus-4-8@20260101",
        "",
    ],
)
def test_models_are_compared_without_what_is_written_around_them(model: str) -> None:
    said = [seen(OTLP, key="o", link=""), seen(LOG, key="l", link="", model=model)]
    assert len(resolve(said, TRAITS)) == 1


# ------------------------------------------------------- gaps, estimates, unmeasured


def calls_of(*said: Seen) -> list[tuple[str, ...]]:
    return sorted(call.sources for call in resolve(said, KNOWN))


def test_gap_fillers_count_only_where_nothing_else_was_seen() -> None:
    filler = said_by(GAP, session="s-1", output=7)
    assert calls_of(filler) == [(GAP,)]
    event = said_by(CODEX_OTLP, session="s-1", occurred_at=NOON - DAY)
    assert calls_of(filler, event) == [(CODEX_OTLP,)]
    other = said_by(CODEX_OTLP, session="s-2")
    assert calls_of(filler, other) == [(GAP,), (CODEX_OTLP,)]
    assert calls_of(said_by(GAP, session="")) == []


def test_of_two_gap_fillers_the_better_one_counts() -> None:
    sums, spans = said_by(GAP, session="s-1"), said_by(SPANS, session="s-1", output=7)
    assert calls_of(sums, spans) == [(SPANS,)]
    assert calls_of(said_by(GAP, session="s-2"), spans) == [(GAP,), (SPANS,)]


def test_an_estimate_covers_no_gap_and_counts_nowhere() -> None:
    guess = said_by(ROLLOUT, session="s-1", measure="estimate")
    assert calls_of(guess) == []
    assert calls_of(guess, said_by(GAP, session="s-1")) == [(GAP,)]
    linked = seen(LOG, link="req_1", measure="estimate", output=999)
    (call,) = resolve([linked, seen(OTLP, key="o", link="req_1")], KNOWN)
    assert (call.sources, call.tokens.output) == ((OTLP,), 50)


NOTHING = dict.fromkeys(PLAIN, 0) | {"measure": "unmeasured"}


def test_a_call_with_any_measured_witness_is_measured() -> None:
    (alone,) = resolve([seen(LOG, **NOTHING)], TRAITS)
    assert (alone.measure, alone.tokens.total) == ("unmeasured", 0)
    said = [seen(OTLP, key="o", link="req_1", **NOTHING), seen(LOG, link="req_1")]
    (call,) = resolve(said, TRAITS)
    assert (call.measure, call.tokens) == ("", Tokens(10, 1000, 100, 0, 50))
    assert (call.differs, call.inflated) == ((), ())
    assert call.sources == (LOG, OTLP)


def test_an_unmeasured_witness_without_an_id_is_found_by_its_time_alone() -> None:
    log = seen(ROLLOUT, key="r", link="")
    for later, calls in ((2 * SECOND, 1), (MINUTE, 2)):
        blind = seen(CODEX_OTLP, key="o", link="", occurred_at=NOON + later, **NOTHING)
        assert len(resolve([log, blind], TRAITS)) == calls
        assert len(resolve([blind, log], TRAITS)) == calls


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_the_ledger_fills_gaps_and_lets_go_of_what_filled_them(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    """A metric comes a day before or after the first event of its session."""
    parts = [
        [said_by(GAP, key=f"m{n}", occurred_at=NOON + n * DAY) for n in range(2)],
        [said_by(CODEX_OTLP, occurred_at=NOON + 2 * DAY, output=70)],
        [said_by(SPANS, occurred_at=NOON - DAY), said_by(GAP, session="alone")],
    ]
    ledger = Ledger(tmp_path / "x", rules()._replace(traits=KNOWN), lambda: NOON)
    try:
        for number in order:
            ledger.append(booking(parts[number]))
            assert verify(ledger) == []
        assert queries.source_calls(ledger) == {CODEX_OTLP: 1, GAP: 1}
    finally:
        ledger.close()


def test_figures_tell_how_many_calls_nobody_measured(tmp_path: Path) -> None:
    said = [
        seen(LOG, key="a", link="req_1"),
        seen(LOG, key="b", link="req_2", **NOTHING),
        seen(LOG, key="c", link="req_3", measure="estimate"),
    ]
    ledger = Ledger(tmp_path / "x", rules(), lambda: NOON)
    window = Window(NOON - DAY, NOON + DAY)
    try:
        ledger.append(booking(said))
        (usage,) = queries.usage(ledger, window, None, ())
        _, (session,) = queries.personal_sessions(ledger, "acc_a", window, 9)
        (hour,) = queries.personal_hours(ledger, "acc_a", window)
        for told in (usage, session, hour):
            assert told.figures.calls == 2
            assert told.figures.unmeasured_calls == 1
            assert told.figures.unpriced_calls == 0
            assert told.figures.tokens.output == 50
        visible = {one.source: one.visible for one in queries.tallies(ledger)}
        assert visible[LOG] == 3
    finally:
        ledger.close()
