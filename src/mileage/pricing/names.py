"""What a reported provider and model stand for.

Clients name a model as they sent it: through routers (``openrouter/...``), from
a region of a cloud (``us.anthropic...``), with a date or a decoration behind it.
The first seller named counts: the one reported, else the first in the path. A
*router* is none, it passes on the price of whom it names next. A *carrier*
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


_ROUTERS = frozenset({"openrouter", "litellm", "litellm_proxy", "vercel", "portkey"})
_PATH_WORDS = frozenset({"converse", "invoke", "models", "publishers", "responses"})
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
    "bedrock_converse": "aws",
    "amazon-bedrock": "aws",
    "amazon-bedrock-runtime": "aws",
    "azure": "azure",
    "azure_ai": "azure",
    "azure_openai": "azure",
    "foundry": "azure",
    "github": "github-copilot",  # as VS Code reports it
    "github-copilot": "github-copilot",
    "github_copilot": "github-copilot",
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
_SELLERS = _PROVIDERS | {router: router for router in _ROUTERS}

_OWN_MACHINES = frozenset(
    {"ollama", "ollama_chat", "lmstudio", "lm-studio", "lm_studio", "vllm"}
    | {"hosted_vllm", "sglang", "llamafile", "localai", "local", "mlx", "mlx-lm"}
    | {"llama.cpp", "llama-cpp", "llama_cpp", "llamacpp", "koboldcpp", "tgi"}
    | {"oss", "gpt-oss"}  # Codex's own names for a model of Ollama or LM Studio
)

# Who publishes open weights under the very name by which it also sells: in front
# of a model (``openai/gpt-oss-120b``) that says who made it, not who serves it.
_PUBLISHERS = frozenset({"google", "mistralai", "moonshotai", "openai"})
# A vendor as reported may only be the wire format: a gateway that speaks OpenAI's
# and serves Claude. Whoever reports that leaves the seller to the model's name.
_WIRE_FORMATS = frozenset({"", "anthropic", "openai"})
_PRICED_BY_SELLER = _OWN_MACHINES.union(PROVIDERS) - _WIRE_FORMATS - {"google"}
# Models that only their vendor prices; open weights are sold by many, each at a
# price of its own.
_VENDORS = (
    ("anthropic", re.compile("claude")),
    ("openai", re.compile("^(?:gpt-(?!oss)|chatgpt-|codex-|o[134])")),
    ("google", re.compile("gemini")),
    ("x-ai", re.compile("^grok-(?![12])")),
)
_HEAD = re.compile(r"^([\w.-]+)[/:](?=.)")
_CLOUD_REGION = re.compile(r"^[a-z]{2}(?:-gov)?-[a-z]+-\d$")
_BEDROCK_REGION = re.compile(r"^(?:us-gov|us|eu|apac|au|jp|ca|sa|global)\.(?=\w+\.)")
_BEDROCK_VENDOR = re.compile(r"^(?:anthropic|amazon|openai)\.(?=\w)")
_LONG_CONTEXT = re.compile(r"\[1m\]$")

_VERSION = (
    r"[-@]20\d{6}",  # -20251101, @20250929
    r"-20\d\d-\d\d-\d\d",
    r"-\d\d-(?:20)?\d\d",  # -05-06, -09-2025
    r"-0\d\d",  # -001
    r"[-@:](?:latest|default)",
    r"-v(?:1|\d+:\d+)",  # -v1, -v2:0; a -v3 is another model
)
_VERSIONS = re.compile("(?:" + "|".join(_VERSION) + ")+")
_PREVIEW = re.compile(r"(?:-(?:preview|exp)(?=-\d\d-))?" + _VERSIONS.pattern)
"""As in ``-preview-05-06``; a version only where a price list knows no other."""
_PART_OF_VERSION = re.compile(r"(?:[-@]|[-@]20[\d-]*)$")
_MONTH = re.compile(r"-2\d(?:0[1-9]|1[0-2])")
"""As in ``-2509``; a version only where a price list says that one follows."""


def provider_name(reported: str) -> str:
    """Return the one name of a provider that goes by several."""
    name = reported.strip().lower()
    return _PROVIDERS.get(name, name)


def model_name(reported: str) -> str:
    """Return a model's name without what says nothing about its price."""
    return _LONG_CONTEXT.sub("", reported.strip().lower())


def candidates(provider: str, model: str) -> list[Candidate]:
    """List what may be meant, the most exact reading first."""
    name = model_name(model)
    if not name or len(name) > MAX_NAME or len(provider) > MAX_NAME:
        return []
    seller = provider_name(provider)
    found = [Candidate(seller, name)]
    while head := _HEAD.match(name):
        word = head[1]
        known = word in _SELLERS or word in _PATH_WORDS
        if not known and not _CLOUD_REGION.match(word):
            break
        name = name[head.end() :]
        found.append(Candidate(seller, name))
        seller = _seller(seller, word)
        found.append(Candidate(seller, name))
    bedrock = _of_bedrock(seller, name)
    # In front: its table has the bare name of Claude at a region's price.
    found = bedrock + found if bedrock else found + _of_vendor(seller, name)
    return list(dict.fromkeys(found))


def _seller(before: str, word: str) -> str:
    """Return who sells, after one more word of a path."""
    left_open = before in _WIRE_FORMATS and word not in _PUBLISHERS
    return _SELLERS.get(word, before) if left_open or before in _ROUTERS else before


def _of_bedrock(seller: str, name: str) -> list[Candidate]:
    """Read ``<region>.<vendor>.<model>``, which names Bedrock whoever reports it.

    A bare ``claude-...`` tells no region: it cost at least the worldwide profile.
    """
    bare = _BEDROCK_REGION.sub("", name)
    if seller != "aws" and not _BEDROCK_VENDOR.match(bare):
        return []
    if name.startswith("claude-"):
        names = [f"global.anthropic.{name}", name]
    else:
        names = [name, bare, _BEDROCK_VENDOR.sub("", bare)]
    return [Candidate("aws", one) for one in names]


def _of_vendor(seller: str, name: str) -> list[Candidate]:
    """Infer the vendor from the model, unless whoever sells it sets the price."""
    vendors = [vendor for vendor, rule in _VENDORS if rule.search(name)]
    if len(vendors) != 1 or seller in _PRICED_BY_SELLER:
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
    return name == text or _PREVIEW.fullmatch(name, start) is not None


def is_dated(name: str, model: str) -> bool:
    """Tell whether ``name`` is ``model`` with a date or version behind, a month too.

    For what somebody wrote down: stricter than a price list, which knows whether a
    preview is the model that followed it.
    """
    behind = (rule.fullmatch(name, len(model)) for rule in (_VERSIONS, _MONTH))
    return name.startswith(model) and any(behind)
