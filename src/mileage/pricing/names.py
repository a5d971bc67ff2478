"""What a reported provider and model stand for.

Clients name a model as they sent it: through routers (``openrouter/...``), from
a region of a cloud (``us.anthropic...``), with a date or a decoration behind it.
A *router* passes the vendor's price on, so its prefix is taken off. A *carrier*
(Bedrock, Azure, Vertex, Copilot) has prices of its own and is never mistaken for
the vendor: Bedrock's regional profiles cost a tenth more than Anthropic's list.
Whoever trained an open model, one that runs on one's own machines has no price.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_NAME = 200
"""Longer names are nobody's; refusing them bounds what is remembered of them."""


class Candidate(NamedTuple):
    """One reading of a reported name: ask this provider for this model."""

    provider: str
    model: str


_ROUTERS = frozenset(
    {"openrouter", "litellm", "litellm_proxy", "vercel", "portkey", "models"}
    | {"converse", "invoke", "publishers", "responses"}
)
_PROVIDERS = {
    "anthropic": "anthropic",
    "openai": "openai",
    "openai-codex": "openai",
    "google": "google",
    "gemini": "google",
    "google-gla": "google",
    "google-vertex": "google",
    "vertex": "google",
    "vertex_ai": "google",
    "aws": "aws",
    "bedrock": "aws",
    "amazon-bedrock": "aws",
    "azure": "azure",
    "azure_ai": "azure",
    "azure_openai": "azure",
    "foundry": "azure",
    "github-copilot": "github-copilot",
    "copilot": "github-copilot",
    "cursor": "cursor",
    "x-ai": "x-ai",
    "xai": "x-ai",
    "deepseek": "deepseek",
    "moonshotai": "moonshotai",
    "moonshot": "moonshotai",
    "mistral": "mistral",
    "mistralai": "mistral",
    "zai": "zai",
    "z-ai": "zai",
    "zhipuai": "zhipuai",
    "minimax": "minimax",
    "groq": "groq",
    "cerebras": "cerebras",
    "fireworks": "fireworks",
    "fireworks_ai": "fireworks",
    "together": "together",
    "together_ai": "together",
    "cohere": "cohere",
    "perplexity": "perplexity",
}
PROVIDERS = tuple(sorted(set(_PROVIDERS.values())))
"""Every provider with a shipped table."""

_OWN_MACHINES = frozenset(
    {"ollama", "ollama_chat", "lmstudio", "lm-studio", "lm_studio", "vllm"}
    | {"hosted_vllm", "sglang", "llamafile", "localai", "local", "mlx", "mlx-lm"}
    | {"llama.cpp", "llama-cpp", "llama_cpp", "llamacpp", "koboldcpp", "tgi"}
    | {"oss", "gpt-oss"}  # Codex's own names for a model of Ollama or LM Studio
)

_VENDORS = (
    ("anthropic", re.compile("claude")),
    # Open weights are sold by many, each at a price of its own.
    ("openai", re.compile("^(?:gpt-(?!oss)|chatgpt-|codex-|o[134])")),
    ("google", re.compile("gemini")),
)
_HEAD = re.compile(r"^([\w.-]+)[/:](?=.)")
_CLOUD_REGION = re.compile(r"^[a-z]{2}(?:-gov)?-[a-z]+-\d$")
_BEDROCK_REGION = re.compile(r"^(?:us-gov|us|eu|apac|au|jp|ca|sa|global)\.(?=\w+\.)")
_BEDROCK_VENDOR = re.compile(r"^(?:anthropic|amazon)\.(?=\w)")
_LONG_CONTEXT = re.compile(r"\[1m\]$")

_VERSION = (
    r"[-@]20\d{6}",  # -20251101, @20250929
    r"-20\d\d-\d\d-\d\d",
    r"(?:-(?:preview|exp))?-\d\d-(?:20)?\d\d",  # -preview-05-06, -09-2025
    r"-0\d\d",  # -001
    r"[-@:](?:latest|default)",
    r"-v\d+(?::\d+)?",  # -v1:0
)
_VERSIONS = re.compile("(?:" + "|".join(_VERSION) + ")+")
_PART_OF_VERSION = re.compile(r"(?:[-@]|[-@]20[\d-]*)$")
_MONTH = re.compile(r"-2\d(?:0[1-9]|1[0-2])")
"""As in ``-2509``; a version only where a price list says that one follows."""


def provider_name(reported: str) -> str:
    """Return the one name of a provider that goes by several."""
    name = reported.strip().lower()
    return _PROVIDERS.get(name, name)


def candidates(provider: str, model: str) -> list[Candidate]:
    """List what may be meant, the most exact reading first."""
    name = _LONG_CONTEXT.sub("", model.strip().lower())
    if not name or len(name) > MAX_NAME or len(provider) > MAX_NAME:
        return []
    seller = provider_name(provider)
    own = seller in _OWN_MACHINES
    known = seller if own or seller in PROVIDERS else ""
    found = [Candidate(seller, name)]
    while head := _HEAD.match(name):
        word = head[1]
        if word in _PROVIDERS:
            known = seller if own else _PROVIDERS[word]
        elif word not in _ROUTERS and not _CLOUD_REGION.match(word):
            break
        name = name[head.end() :]
        found.append(Candidate(known, name))
    found += _of_bedrock(known, name) or _of_vendor(known, name)
    return list(dict.fromkeys(found))


def _of_bedrock(known: str, name: str) -> list[Candidate]:
    """Read ``<region>.<vendor>.<model>``, which names Bedrock whoever reports it."""
    bare = _BEDROCK_REGION.sub("", name)
    if known != "aws" and not _BEDROCK_VENDOR.match(bare):
        return []
    names = (name, bare, _BEDROCK_VENDOR.sub("", bare))
    return [Candidate("aws", one) for one in names]


def _of_vendor(known: str, name: str) -> list[Candidate]:
    """Infer the vendor from the model, unless a carrier sets the price.

    A vendor as reported may only be the wire format (a gateway that speaks
    OpenAI's and serves Claude), so the model's own vendor is asked too.
    """
    vendors = [vendor for vendor, rule in _VENDORS if rule.search(name)]
    if len(vendors) != 1 or known not in {"", "anthropic", "openai", "google"}:
        return []
    return [Candidate(vendors[0], name)]


def is_version_of(name: str, text: str) -> bool:
    """Tell whether ``name`` is ``text`` with nothing but a date or version behind.

    Price lists match by prefix, which would price a model that nobody has seen
    yet as its predecessor (``claude-opus-4-5`` and ``claude-opus-4-55``).
    ``text`` may end inside a date, ``claude-sonnet-4-2025``, or before one,
    ``gpt-5-nano-``.
    """
    if not name.startswith(text):
        return False
    start = len(_PART_OF_VERSION.sub("", text))
    if text.endswith("-") and _MONTH.fullmatch(name, start):
        return True
    return name == text or _VERSIONS.fullmatch(name, start) is not None


def without_version(name: str) -> str:
    """Take the dates and versions off the end of a name."""
    ends = (m.start() for m in _VERSIONS.finditer(name) if m.end() == len(name))
    return name[: next(ends, len(name))]
