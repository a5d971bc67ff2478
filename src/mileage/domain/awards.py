"""Awards: titles and tiers that somebody has or had, with why and how long."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

TITLE, TIER = "title", "tier"
TIERS = "tiers"
"""What forms and commands call all tiers together, so that no title is called so."""
Distinction: TypeAlias = tuple[str, str, str]
"""Account, ``title`` or ``tier``, and what it is called; '' is any tier."""


class Award(NamedTuple):
    """One stretch of time for which somebody had a title or a tier."""

    number: int
    account_id: str
    kind: str
    """``title`` or ``tier``."""
    name: str
    """What pages call it."""
    reason: str
    """With the figures it was given for."""
    began_at: int
    """UTC microseconds: the publication that gave it."""
    ended_at: int | None = None
    lapsed_at: int | None = None
    """Since when it is no longer earned; it ends when its grace is over."""


class Held(NamedTuple):
    """An award that has not ended: what deciding on the next ones needs of it."""

    number: int
    account_id: str
    kind: str
    name: str
    lapsed_at: int | None


class Reference(NamedTuple):
    """Bounds of tiers, frozen for as long as their period is the last whole one."""

    start: int
    """Of the period, UTC microseconds."""
    rules: str
    """What policy they were made by."""
    bounds: tuple[int, ...]
    """Of the period's length; () where there were too few people."""
    length: int
    """Microseconds of the period that the bounds are of."""


class Earned(NamedTuple):
    """What somebody earns at one instant."""

    account_id: str
    kind: str
    name: str
    reason: str
    """With figures; '' for what they have already."""


class Changes(NamedTuple):
    """What has to be written so that awards agree with what is earned."""

    begun: tuple[Earned, ...]
    lapsed: tuple[int, ...]
    """Awards no longer earned, that stay for their grace."""
    earned_again: tuple[int, ...]
    ended: tuple[int, ...]


class AwardsPage(NamedTuple):
    """What somebody has and had, and what could be earned."""

    held: tuple[Award, ...]
    ended: tuple[Award, ...]
    """The newest first, as above."""
    declined: frozenset[str]
    """Titles by what they are called; '' is for tiers."""
    rules: tuple[tuple[str, str], ...]
    """Each title with what it is given for."""
