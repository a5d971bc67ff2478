"""How many examples a property draws where the usual number is not its own."""

from __future__ import annotations

from hypothesis import settings

USUAL = 25
"""Of the quick profile (tests/conftest.py)."""


def examples(quick: int) -> int:
    """Return so many in ``make test``, and as much more as others draw in a soak."""
    return max(1, quick * settings().max_examples // USUAL)
