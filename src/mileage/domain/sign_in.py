"""How people get in and for how long, as values. Lengths are microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE

Method = Literal["link", "key", "password", "oidc"]
"""What opened a session."""


class SessionLimits(NamedTuple):
    """How long a session lasts; each keeps those of the time it was opened."""

    idle: int = 12 * HOUR
    longest: int = 14 * 24 * HOUR
    most: int = 20
    """Sessions of one account at once; one more ends the one unused the longest."""


@dataclass(frozen=True, slots=True)
class Federated:
    """What the identity provider says beside who somebody is."""

    subject: str = ""
    provider_session: str = ""
    """Its ``sid``, by which it ends one session from behind; '' when it sends none."""
    groups: tuple[str, ...] = ()
    """Those that mean something to the policy, until the session ends."""


@dataclass(frozen=True, slots=True)
class Session:
    """One open session, without its secret."""

    session_id: str
    account_id: str
    """'' for the operator in a shell."""
    name: str
    operator: bool
    method: str
    device: str
    """Browser and system in a word each, such as ``Firefox on Linux``; may be ''."""
    created_at: int
    last_seen_at: int
    """To the minute or so."""
    ends_at: int
    """When it ends if it is not used again."""
