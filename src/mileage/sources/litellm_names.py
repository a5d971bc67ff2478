"""Names and ids in LiteLLM's records: which agent, which session, whose request."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.window import SECOND
from mileage.sources.json_records import word
from mileage.sources.jsonl import instant
from mileage.sources.response_ids import unique

if TYPE_CHECKING:
    from collections.abc import Iterable

    import msgspec

MAX_LINK = 250
"""Characters of a link; what goes beyond helps nobody to join."""

# What agents call themselves in the User-Agent header (recorded, versions as in
# docs/reference/sources.md). Programs that use a vendor's library show only that.
_AGENTS = (
    (re.compile(r"claude-cli/([\w.\-]+)"), "claude-code", True),
    (re.compile(r"codex[\w\-]*/([\w.\-]+)"), "codex", True),
    (re.compile(r"GeminiCLI[\w\-]*/([\w.\-]+)"), "gemini-cli", False),
    (re.compile(r"QwenCode/([\w.\-]+)"), "qwen-code", False),
    (re.compile(r"opencode/([\w.\-]+)"), "opencode", False),
)
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SESSION = re.compile(rf'(?:_session_|"session_id"\s*:\s*")({_UUID})')
_RESPONSE = re.compile(r"(?:chatcmpl|msg|resp|gen|batch)[_\-][\w.\-]{1,120}")
_REQUEST = re.compile(r"[\w.\-]{8,120}")
_WRAPPED = re.compile(r"resp_([\w\-=]{20,1000})")
_INSIDE = re.compile(rb"response_id:([\w.\-]{1,120})")
_CACHE_HIT = "_cache_hit"
_BATCH_COST = "_batch_cost"


class Agent(NamedTuple):
    """The program behind the proxy."""

    client: str
    version: str
    names_session: bool
    """Sends a session id in a header that LiteLLM keeps as the trace's id."""


UNKNOWN = Agent("", "", names_session=False)


def agent_of(user_agent: str) -> Agent:
    """Recognise an agent by its User-Agent header."""
    for pattern, client, names_session in _AGENTS:
        found = pattern.match(user_agent)
        if found:
            return Agent(client, found[1][:40], names_session)
    return UNKNOWN


def session_of(user_id: str) -> str:
    """Return the session that Claude Code hides in the user id of a request.

    ``user_<hash>_account_<id>_session_<uuid>``; newer ones send an object as text.
    """
    found = _SESSION.search(user_id)
    return found[1].lower() if found else ""


def bare_model(model: str, provider: str) -> str:
    """Take LiteLLM's provider off a model's name, and Claude Code's ``[1m]``."""
    if provider:
        model = model.removeprefix(f"{provider}/")
    return model.removesuffix("[1m]")


def response_of(identity: str) -> str:
    """Return the provider's own id of an answer, or ''.

    LiteLLM hands ids of OpenAI's Responses on wrapped: the provider's stands inside,
    readable unless the proxy encrypts it. The table adds a word to those of batches.
    """
    if _CACHE_HIT in identity:
        return ""
    inner = _unwrapped(identity)
    if inner:
        return inner
    own = identity.removesuffix(_BATCH_COST)
    told = _RESPONSE.fullmatch(own) or (_REQUEST.fullmatch(own) and unique(own))
    return own if told else ""


def key_of(called: str, response: str) -> str:
    """Return what no other call has.

    A client may give several requests the same call id, and so does the proxy where it
    calls tools itself. Only an id of a known kind tells them apart: it is in the link
    of every witness that older versions of Mileage stored under the call id alone.
    """
    if called and unique(response) and _RESPONSE.fullmatch(response):
        return f"{called}:{response}"
    return called


def provider_ids(response: str, request_ids: Iterable[str]) -> str:
    """Return the provider's ids of one call as a witness's link."""
    found = {one for one in request_ids if _REQUEST.fullmatch(one)}
    if response:
        found.add(response)
    link = " ".join(sorted(found))
    return link if len(link) <= MAX_LINK else ""


def _unwrapped(response_id: str) -> str:
    wrapped = _WRAPPED.fullmatch(response_id)
    if wrapped is None:
        return ""
    text = wrapped[1].rstrip("=")
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return ""
    inner = _INSIDE.search(plain)
    return inner[1].decode() if inner else ""


def instant_of(raw: msgspec.Raw) -> int | None:
    """Return UTC microseconds of float epoch seconds or of an ISO 8601 time."""
    text = word(raw)
    if text and (found := instant(text)) is not None:
        return found
    try:
        seconds = float(text or bytes(raw))
    except ValueError:
        return None
    # Also false for what is not a number.
    return round(seconds * SECOND) if 0 <= seconds < 10**11 else None
