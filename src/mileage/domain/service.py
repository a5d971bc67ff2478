"""How a call was served, as one word: what its price has to know beside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FAST, US = "fast", "us"
STANDARD = frozenset({"", "auto", "default", "on_demand", "standard"})
"""The ordinary tier by any name: ``auto`` asks for it, Groq says ``on_demand``."""
_TIERS = ("priority", "batch", "flex")


def served(tier: object, speed: object, geography: object = None) -> str:
    """Name the tier of service; '' is the standard one.

    ``fast+us`` is both: Anthropic's ``usage`` tells the speed and, where the answer had
    to be made in one country, ``inference_geo``. Anything unknown says nothing.
    """
    named = FAST if speed == FAST else next((t for t in _TIERS if t == tier), "")
    return "+".join(word for word in (named, US if geography == US else "") if word)


def without_country(tier: str) -> tuple[str, bool]:
    """Take ``us`` off a tier; whether it stood there."""
    rest, _, last = tier.rpartition("+")
    return (rest, True) if last == US else (tier, False)


def most_told(tiers: Sequence[str]) -> str:
    """Return the tier that tells most of one call, of equally much the first."""
    return max(tiers, key=lambda tier: len(tier.split("+")) if tier else 0)
