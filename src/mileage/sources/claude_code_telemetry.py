"""What Claude Code's events, metrics and spans have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import ESTIMATE
from mileage.domain.witness import Witness

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
    """Name the vendor of Claude's own models; a gateway may serve anything."""
    return "anthropic" if model.startswith("claude") else ""


def version(record: OtlpRecord) -> str:
    """Return the client's version, or ''."""
    return record.text("service.version") or record.text("app.version")


def tier(record: OtlpRecord) -> str:
    """Return ``fast`` and the like, or '' for the standard speed."""
    speed = record.text("speed")
    return "" if speed in _STANDARD_SPEEDS else speed


def agent(record: OtlpRecord) -> str:
    """Name the kind of sub-agent, from ``agent:builtin:KIND`` if need be."""
    origin = record.text("query_source")
    if not origin.startswith(_AGENT_SOURCE):
        return record.text("agent.name")
    return record.text("agent.name") or origin.rpartition(":")[2]


def attended(record: OtlpRecord) -> bool | None:
    """Tell whether somebody was there; None when nothing says so."""
    origin = record.text("query_source")
    if origin.startswith("repl_main_thread"):
        return True
    entry = record.text("app.entrypoint")
    headless = record.text("terminal.type") == "non-interactive"
    if origin == "sdk" or entry.startswith("sdk") or headless:
        return False
    return True if entry == "cli" else None


def identity(record: OtlpRecord) -> str:
    """Behind a company gateway ``user.id`` is the person, else the installation."""
    person = record.text("user.id")
    if person and record.text("identity.source") == "gateway-oidc":
        return record.text("user.email") or person
    return record.identity()


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
