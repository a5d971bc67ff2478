"""What may be joined with what: the policy first, then the sources' traits."""

from __future__ import annotations

import pytest

from mileage.domain.call import SourceTraits
from mileage.domain.join_policy import JoinPolicy, PairRule, SourceRule
from mileage.domain.joining import Joining, Profile, kind, plain_model
from tests.drawn_sessions import GATEWAY, SESSION_TRAITS
from tests.witnesses import CODEX_OTLP, LOG, OTLP, ROLLOUT, SECOND, witness

PLAIN = Joining(SESSION_TRAITS)


def profile(source: str, *kinds: str, client: str = "claude-code") -> Profile:
    return Profile(source, client, frozenset(kinds))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("req_011CT", "req"),
        ("msg_01", "msg"),
        ("chatcmpl-9x", "chatcmpl"),
        ("resp_1", "resp"),
        ("3f2a91-uuid", "?"),
        ("r_1", "?"),
        ("", "?"),
    ],
)
def test_kinds_of_ids(name: str, told: str) -> None:
    assert kind(name) == told


@pytest.mark.parametrize(
    ("model", "plain"),
    [
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("anthropic/claude-opus-4.8", "claude-opus-4-8"),
        ("us.anthropic.claude-opus-4-8-20260101-v1:0", "claude-opus-4-8"),
        ("us-gov.anthropic.claude-haiku-4-5-v1", "claude-haiku-4-5"),
        ("bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b-1"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-8",
            "claude-opus-4-8",
        ),
        ("deepseek-v3", "deepseek-v3"),
        ("qwen3.5-v2", "qwen3-5-v2"),
        ("gpt-5.1-2026-01-31", "gpt-5-1"),
        ("gemini-3-pro-latest", "gemini-3-pro"),
        ("models/gemini-3-pro", "gemini-3-pro"),
        ("", ""),
        ("GPT-5.1", "gpt-5-1"),
    ],
)
def test_models_less_what_is_written_around_them(model: str, plain: str) -> None:
    assert plain_model(model) == plain
    assert plain_model(plain_model(model)) == plain_model(model)


def test_sources_of_one_client_and_gateways_may_match() -> None:
    assert PLAIN.may_match(profile(LOG), profile(OTLP))
    assert PLAIN.may_match(profile(LOG), profile(OTLP, "req"))
    assert not PLAIN.may_match(profile(LOG, "req"), profile(OTLP, "req"))
    assert PLAIN.may_match(profile(LOG, "msg"), profile(OTLP, "req"))
    assert not PLAIN.may_match(profile(LOG), profile(LOG))
    other = profile(ROLLOUT, client="codex")
    assert not PLAIN.may_match(profile(LOG), other)
    assert PLAIN.may_match(profile(GATEWAY, client="gateway"), other)


def test_a_pair_that_is_named_may_be_of_two_clients() -> None:
    named = Joining(
        SESSION_TRAITS, JoinPolicy(pairs=(PairRule(ROLLOUT, LOG, keys="counts"),))
    )
    assert named.may_match(profile(LOG), profile(ROLLOUT, client="codex"))
    assert not named.pair(LOG, ROLLOUT).by_ids
    assert not named.may_match(profile(LOG), profile(CODEX_OTLP, client="codex"))


def test_windows_of_the_pair_then_of_the_sources_then_of_all() -> None:
    policy = JoinPolicy(
        window=10 * SECOND,
        spread=2 * SECOND,
        sources=(
            SourceRule(LOG, window=30 * SECOND),
            SourceRule(OTLP, window=20 * SECOND, spread=0),
        ),
        pairs=(PairRule(LOG, ROLLOUT, window=SECOND),),
    )
    joining = Joining(SESSION_TRAITS, policy)
    assert joining.pair(LOG, OTLP)[3:5] == (30 * SECOND, 0)
    assert joining.pair(OTLP, LOG)[3:5] == (30 * SECOND, 0)
    assert joining.pair(ROLLOUT, LOG)[3:5] == (SECOND, 2 * SECOND)
    assert joining.pair(ROLLOUT, CODEX_OTLP)[3:5] == (10 * SECOND, 2 * SECOND)


def test_a_source_that_is_gone_is_taken_for_a_poor_one() -> None:
    gone = PLAIN.traits("uninstalled")
    assert gone == SourceTraits("uninstalled", "", 0, "counts", replayable=True)
    assert PLAIN.precedence("uninstalled") == 0
    assert not PLAIN.is_gateway("uninstalled")


def test_ids_are_the_links_and_such_keys_as_the_policy_says() -> None:
    named = witness(LOG, key="msg_9", link="msg_1 req_1")
    assert PLAIN.ids(named) == ("msg_1", "req_1")
    keys = Joining(
        SESSION_TRAITS, JoinPolicy(sources=(SourceRule(LOG, key_is_id=True),))
    )
    assert keys.ids(named) == ("msg_1", "req_1", "msg_9")
    assert keys.ids(named._replace(key="0f1e-uuid", link="")) == ()
    assert keys.profile(named).kinds == {"msg", "req"}
