"""One call at the front door, and where it stands in its session."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mileage.domain.tokens import Tokens


class Turn(NamedTuple):
    """Where a call stands in its session."""

    session: str
    position: int
    """From 0, in order of time."""
    prompt: str
    """Id of the human prompt that led to it."""
    attended: bool
    asked: bool | None = None
    """Whether the prompt was typed just before this call; None: perhaps."""
    helper: bool = False
    """Whether a sub-agent made it."""
    seat: int = 0
    """Which of several machines, where several use one token."""


class DoorCall(NamedTuple):
    """One call of one account."""

    at: int
    """UTC microseconds, whole milliseconds."""
    client: str
    model: str
    tokens: Tokens
    turn: Turn
    request: str = ""
    """The provider's id of the request; '' when nobody else tells of it."""
