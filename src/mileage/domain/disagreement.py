"""Calls on which sources disagree, with what each of them says."""

from __future__ import annotations

from typing import NamedTuple

# Decoded and compared at run time.
from mileage.domain.tokens import Tokens  # noqa: TC001


class Testimony(NamedTuple):
    """What one source says of one call, all its copies together."""

    source: str
    client_version: str
    occurred_at: int
    """UTC microseconds by that source's clock."""
    tokens: Tokens
    inflated: str
    """How many times too much it reports (``10``), or ''."""


class Disagreement(NamedTuple):
    """A call and everything that was said about its counts."""

    call_id: str
    account: str
    occurred_at: int
    client: str
    session: str
    model: str
    tokens: Tokens
    """What is believed, and counted."""
    differs: tuple[str, ...]
    """Token classes on which the sources disagree."""
    testimonies: tuple[Testimony, ...]
    """By source; the one that gives the totals first."""
