"""Up to when calls were deleted: nothing older is let in."""

from __future__ import annotations


class Horizon:
    """From when on calls are kept, UTC microseconds; it only moves forward."""

    def __init__(self, at: int) -> None:
        self._at = at

    def __call__(self) -> int:
        """Return it."""
        return self._at

    def move(self, at: int) -> None:
        """Refuse what is older from now on."""
        self._at = max(self._at, at)
