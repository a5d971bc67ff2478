"""What a collector says of whose usage it is, and how far it is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

DOMAIN = r"[a-z0-9](?:[a-z0-9\-]{0,62})(?:\.[a-z0-9](?:[a-z0-9\-]{0,62}))*"
"""A domain name in lower case (RFC 1123), of one label or more."""
COLLECTOR = "collector:"
UNVERIFIED = "unverified:"
RESERVED = (COLLECTOR, UNVERIFIED)
"""Identities that start so are ours to give; a payload that claims one is parked."""


def domain_of(identity: str) -> str:
    """Return the domain of an e-mail address in lower case; '' if it is none."""
    name, _, domain = identity.strip().lower().rpartition("@")
    return domain if name else ""


def parked(identity: str, bounds: Collection[str]) -> str:
    """Return under which identity an assertion is booked.

    ``bounds`` are the domains of which this collector may name people (none: all).
    An address outside of them, and one of our own names, is set apart from the
    identity it claims to be.
    """
    outside = bounds and (domain := domain_of(identity)) and domain not in bounds
    ours = identity.strip().lower().startswith(RESERVED)
    return UNVERIFIED + identity if outside or ours else identity
