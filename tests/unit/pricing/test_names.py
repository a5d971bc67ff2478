"""What a reported name may mean, and what it must not be taken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.pricing.names import (
    MAX_NAME,
    PROVIDERS,
    Candidate,
    candidates,
    is_dated,
    is_version_of,
    model_name,
    provider_name,
)


@pytest.mark.parametrize(
    ("provider", "model", "meant"),
    [
        ("anthropic", "claude-opus-4-5", ("anthropic", "claude-opus-4-5")),
        ("Anthropic", " Claude-Opus-4-5 ", ("anthropic", "claude-opus-4-5")),
        ("", "claude-opus-4-8[1m]", ("anthropic", "claude-opus-4-8")),
        ("", "openrouter/anthropic/claude-opus-4.5", ("anthropic", "claude-opus-4.5")),
        ("openrouter", "anthropic/claude-opus-4.5", ("anthropic", "claude-opus-4.5")),
        ("", "litellm/openai/gpt-5", ("openai", "gpt-5")),
        ("", "openai-codex:gpt-5.5", ("openai", "gpt-5.5")),
        ("", "azure/gpt-5", ("azure", "gpt-5")),
        ("google", "models/gemini-2.5-pro", ("google", "gemini-2.5-pro")),
        ("", "gemini/gemini-2.5-pro", ("google", "gemini-2.5-pro")),
        (
            "",
            "vertex_ai/claude-opus-4-5@20251101",
            ("google", "claude-opus-4-5@20251101"),
        ),
        ("mock", "gpt-5.1-codex", ("openai", "gpt-5.1-codex")),
        ("openai", "claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("", "moonshot/kimi-k2", ("moonshotai", "kimi-k2")),
        ("openrouter", "moonshotai/kimi-k2", ("moonshotai", "kimi-k2")),
        ("", "litellm/openrouter/moonshotai/kimi-k2", ("moonshotai", "kimi-k2")),
        ("", "groq/openai/gpt-oss-120b", ("groq", "openai/gpt-oss-120b")),
        ("openai", "groq/llama-3.3-70b", ("groq", "llama-3.3-70b")),
        ("a-gateway", "x-ai/grok-4.3", ("x-ai", "grok-4.3")),
        ("openai", "openrouter/x-ai/grok-4.3", ("x-ai", "grok-4.3")),
        ("", "openai/gpt-5", ("openai", "gpt-5")),
        ("github", "gpt-5", ("github-copilot", "gpt-5")),
        ("github_copilot", "gpt-5", ("github-copilot", "gpt-5")),
        ("amazon-bedrock-runtime", "openai.gpt-5", ("aws", "openai.gpt-5")),
        (
            "bedrock",
            "us.anthropic.claude-x-v1:0",
            ("aws", "us.anthropic.claude-x-v1:0"),
        ),
        ("", "bedrock/us.anthropic.claude-x", ("aws", "anthropic.claude-x")),
        ("", "bedrock/converse/eu.anthropic.claude-x", ("aws", "claude-x")),
        ("", "bedrock/us-east-1/anthropic.claude-x", ("aws", "claude-x")),
        (
            "anthropic",
            "global.anthropic.claude-x",
            ("aws", "global.anthropic.claude-x"),
        ),
    ],
)
def test_a_reported_name_can_be_read_as(provider, model, meant):
    assert Candidate(*meant) in candidates(provider, model)


def test_the_most_exact_reading_comes_first():
    readings = candidates("fireworks", "accounts/fireworks/models/deepseek-v3")
    assert readings[0] == ("fireworks", "accounts/fireworks/models/deepseek-v3")


def test_the_region_of_a_cloud_is_taken_off_only_after_the_full_name():
    assert [one.model for one in candidates("bedrock", "us.meta.llama3-v1:0")] == [
        "us.meta.llama3-v1:0",
        "meta.llama3-v1:0",
    ]


def test_a_bare_claude_on_bedrock_may_be_the_worldwide_profile():
    meant = [("aws", "global.anthropic.claude-x"), ("aws", "claude-x")]
    assert candidates("bedrock", "claude-x") == meant
    assert candidates("", "bedrock/claude-x")[:2] == meant
    assert candidates("vertex", "claude-x")[0] == ("google", "claude-x")


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("", "openai/gpt-oss-120b"),
        ("vllm-prod", "openai/gpt-oss-120b"),
        ("together", "moonshotai/Kimi-K2-Thinking"),
        ("groq", "moonshotai/kimi-k2-thinking"),
        ("", "groq/moonshotai/kimi-k2-thinking"),
        ("", "mistralai/devstral-small-2507"),
        ("deepinfra", "google/gemma-2-27b-it"),
        ("bedrock", "openai/gpt-oss-120b"),
    ],
)
def test_who_made_an_open_model_is_not_who_sells_it(provider, model):
    maker = model.rpartition("/")[0].rpartition("/")[2]
    sellers = {one.provider for one in candidates(provider, model)}
    assert provider_name(maker) not in sellers


def test_what_openai_itself_is_asked_for_may_stand_behind_its_name():
    assert candidates("openai", "openai/gpt-oss-120b") == [
        ("openai", "openai/gpt-oss-120b"),
        ("openai", "gpt-oss-120b"),
    ]


def test_a_router_is_a_seller_of_which_a_price_can_be_agreed():
    routed = ("openrouter", "claude-x")
    assert routed in candidates("openrouter", "anthropic/claude-x")
    assert routed in candidates("", "openrouter/anthropic/claude-x")


@pytest.mark.parametrize("carrier", ["azure", "github-copilot", "cursor"])
def test_a_carrier_sets_its_own_price_and_is_never_read_as_the_vendor(carrier):
    assert candidates(carrier, "claude-opus-4-5") == [(carrier, "claude-opus-4-5")]


@pytest.mark.parametrize(
    "model", ["<synthetic>", "codex_auto_review", "kimi-k2-thinking", "coder-model"]
)
def test_no_vendor_is_made_up(model):
    assert candidates("", model) == [("", model)]


@pytest.mark.parametrize("program", ["lmstudio", "Ollama", "vllm", "llama.cpp", "oss"])
@pytest.mark.parametrize(
    "model", ["gpt-oss-20b", "openai/gpt-oss-20b", "mistralai/devstral-small", "o3"]
)
def test_what_runs_on_ones_own_machines_is_sold_by_nobody(program, model):
    readings = candidates(program, model)
    assert {one.provider for one in readings} == {program.lower()}
    # So that a price for it can be agreed under either name.
    assert {model, model.rpartition("/")[2]} == {one.model for one in readings}


@pytest.mark.parametrize("provider", ["", "openrouter", "a-gateway"])
def test_open_weights_do_not_name_who_sells_them(provider):
    assert candidates(provider, "gpt-oss-120b") == [(provider, "gpt-oss-120b")]


def test_a_name_that_two_vendors_could_own_is_nobodys():
    assert candidates("", "gpt-like-claude") == [("", "gpt-like-claude")]


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("", ""),
        ("anthropic", "  "),
        ("", "[1m]"),
        ("", "x" * (MAX_NAME + 1)),
        ("x" * 999, "gpt-5"),
    ],
)
def test_names_that_are_none(provider, model):
    assert candidates(provider, model) == []


@pytest.mark.parametrize(
    "model", ["openai/", "unknown/gpt-5", "a/b/c", "://", "anthropic:"]
)
def test_prefixes_that_nobody_knows_stay(model):
    assert ("openai", "gpt-5") not in candidates("", model)


@pytest.mark.parametrize(
    "version",
    [
        "",
        "-20251101",
        "@20250929",
        "-2025-11-13",
        "-latest",
        "@default",
        ":latest",
        "-v1:0",
        "-v1",
        "-v2:0",
        "-001",
        "-preview-05-06",
        "-preview-09-2025",
        "-20251101-v1:0",
    ],
)
def test_a_date_or_version_behind_a_name_is_the_same_model(version):
    assert is_version_of("some-model" + version, "some-model")
    written_out = version and "preview" not in version
    assert is_dated("some-model" + version, "some-model") is bool(written_out)


@pytest.mark.parametrize(
    "other",
    [
        "5",
        "-5",
        ".5",
        "-mini",
        "-thinking",
        "-pro",
        "-preview",
        "-20251",
        "-2025110",
        "x-latest",
        "-19991231",
        "-v3",
        "-preview-latest",
    ],
)
def test_anything_else_behind_a_name_is_another_model(other):
    assert not is_version_of("claude-opus-4" + other, "claude-opus-4")
    assert not is_dated("claude-opus-4" + other, "claude-opus-4")


@pytest.mark.parametrize(
    ("name", "text", "same"),
    [
        ("claude-sonnet-4-20250514", "claude-sonnet-4-2025", True),
        ("claude-sonnet-4-20260514", "claude-sonnet-4-2025", False),
        ("claude-sonnet-4@20250514", "claude-sonnet-4@", True),
        ("claude-sonnet-4@next", "claude-sonnet-4@", False),
        ("claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku-20241022", True),
        ("claude-3-5-haiku-20241022-fast", "claude-3-5-haiku-20241022", False),
        ("gpt-5-nano-2025-08-07", "gpt-5-nano-", True),
        ("gpt-5-nano-latest", "gpt-5-nano-", True),
        ("gpt-5-nano-2", "gpt-5-nano-", False),
        ("gpt-5-nano-high", "gpt-5-nano-", False),
        ("gpt-5-nanos", "gpt-5-nano-", False),
        ("gemini-3-flash-preview-09-2025", "gemini-3-flash-preview-", True),
        ("magistral-small-2509", "magistral-small-", True),
        ("magistral-small-2513", "magistral-small-", False),
        ("qwen3-235b-a22b-2507", "qwen3-235b-a22b", False),
    ],
)
def test_a_rule_may_end_inside_a_date(name, text, same):
    assert is_version_of(name, text) is same


def test_what_somebody_wrote_down_may_have_a_month_behind_it():
    assert is_dated("magistral-small-2509", "magistral-small")
    assert not is_dated("magistral-small-2513", "magistral-small")
    assert not is_dated("magistral-small", "magistral-small")
    assert not is_dated("other-small-2509", "magistral-small")


def test_a_name_is_without_case_and_without_the_length_of_the_context():
    assert model_name(" Claude-Opus-4-8[1m] ") == "claude-opus-4-8"


def test_providers_have_one_name():
    assert provider_name(" Vertex_AI ") == "google"
    assert provider_name("Someone") == "someone"
    assert all(provider_name(one) == one for one in PROVIDERS)


@given(st.text(max_size=40), st.text(max_size=60))
def test_no_text_breaks_the_reading(provider, model):
    for reading in candidates(provider, model):
        assert reading.model
        assert reading.model == reading.model.strip() or "/" in model or ":" in model


@given(st.text("abz/:.-@[]19", max_size=30))
def test_reading_a_reading_again_finds_nothing_shorter(model):
    readings = candidates("", model)
    assert len(set(readings)) == len(readings)
