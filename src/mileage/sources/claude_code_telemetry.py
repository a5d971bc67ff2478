"""What Claude Code's events, metrics and spans have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import ESTIMATE
from mileage.domain.witness import Witness
from mileage.sources.otlp_record import identity_among

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.sources.otlp_record import OtlpRecord

CLIENT = "claude-code"
KEYS = frozenset(
    {
        "agent.name",
        "app.entrypoint",
        "app.version",
        "enduser.id",
        "identity.source",
        "model",
        "query_source",
        "service.name",
        "service.version",
        "session.id",
        "speed",
        "terminal.type",
        "user.email",
        "user.id",
    }
)
"""Attributes that the functions below read, or their callers all need."""

_STANDARD_SPEEDS = frozenset({"", "normal", "standard"})
# ``claude-opus-4-8[1m]`` is the same model with a longer context.
_DECORATION = re.compile(r"\[[^\]]*\]$")
_AGENT_SOURCE = "agent:"


def model_name(reported: str) -> str:
    """Take decorations off a model."""
    return _DECORATION.sub("", reported)


def provider(model: str) -> str:
    """Name the vendor of Claude's own models; a gateway may serve anything.

    On Vertex AI a date stands behind an ``@``.
    """
    if not model.startswith("claude"):
        return ""
    return "vertex_ai" if "@" in model else "anthropic"


def version(record: OtlpRecord) -> str:
    """Return the client's version, or ''."""
    return record.text("service.version") or record.text("app.version")


def tier(record: OtlpRecord) -> str:
    """Return ``fast`` and the like, or '' for the standard speed."""
    return tier_of(record.text("speed"))


def tier_of(speed: str) -> str:
    """Tell the tier by the speed that was asked for."""
    return "" if speed in _STANDARD_SPEEDS else speed


def agent(record: OtlpRecord) -> str:
    """Name the kind of sub-agent."""
    return agent_of(record.text("query_source"), record.text("agent.name"))


def agent_of(origin: str, name: str) -> str:
    """Name the kind of sub-agent, from ``agent:builtin:KIND`` if need be."""
    if not origin.startswith(_AGENT_SOURCE):
        return name
    return name or origin.rpartition(":")[2]


def attended(record: OtlpRecord) -> bool | None:
    """Tell whether somebody was there; None when nothing says so."""
    return attended_of(*(record.text(key) for key in ATTENDED_KEYS))


ATTENDED_KEYS = ("query_source", "app.entrypoint", "terminal.type")
"""What ``attended_of`` takes."""


def attended_of(origin: str, entry: str, terminal: str) -> bool | None:
    """Tell whether somebody was there; None when nothing says so."""
    if origin.startswith("repl_main_thread"):
        return True
    if origin == "sdk" or entry.startswith("sdk") or terminal == "non-interactive":
        return False
    return True if entry == "cli" else None


def identity(record: OtlpRecord) -> str:
    """Return who the payload says it was."""
    return identity_of(*(record.text(key) for key in IDENTITY_KEYS))


IDENTITY_KEYS = ("user.id", "identity.source", "user.email", "enduser.id")
"""What ``identity_of`` takes."""


def identity_of(user: str, origin: str, email: str, person: str) -> str:
    """Behind a company gateway ``user.id`` is the person, else the installation."""
    if user and origin == "gateway-oidc":
        return email or user
    return identity_among(email, person, user)


class GapFiller(NamedTuple):
    """What a gap filler saw, and by which name it is known."""

    source: str
    key: str
    link: str
    occurred_at: int
    counts: Mapping[str, int]
    """The classes that it tells of, by the names of the ledger."""


def gap_witness(record: OtlpRecord, found: GapFiller) -> Witness:
    """Return what a metric or a span says of calls."""
    session = record.text("session.id")
    model = model_name(record.text("model"))
    return Witness(
        source=found.source,
        key=found.key,
        link=found.link,
        session=session,
        occurred_at=found.occurred_at,
        client=CLIENT,
        client_version=version(record),
        provider=provider(model),
        model=model,
        tier=tier(record),
        **found.counts,
        cache_write_1h=0,
        reasoning=0,
        tool_input=0,
        reported_cost=None,
        project="",
        agent=agent(record),
        copied=False,
        attended=attended(record),
        identity=identity(record),
        # Without a session nobody can tell whether its events were counted.
        measure="" if session else ESTIMATE,
    )
