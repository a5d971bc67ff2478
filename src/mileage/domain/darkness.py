"""The dark switch: since when nothing that names or ranks anybody is shown, and why.

Instants are UTC microseconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mileage.domain.window import moment

if TYPE_CHECKING:
    from typing import Any

LONGEST_REASON = 500
ASK_HOLDS = 24 * 3_600_000_000
"""How long a request to end the darkness waits for its second person (a day)."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who did something about the switch, and when."""

    at: int
    actor: str
    """Account, '' for the operator in a shell."""
    name: str


@dataclass(frozen=True, slots=True)
class Darkness:
    """One time in the dark: an incident."""

    incident: int
    began: Act
    reason: str
    asked: Act | None = None
    """The first person's request to end it."""
    ended: Act | None = None
    """The second person's confirmation."""

    @property
    def notice(self) -> str:
        """Say to everybody what they see instead; one paragraph."""
        since = f"{moment(self.began.at):%Y-%m-%d %H:%M} UTC"
        return (
            f"Dark since {since}: {self.reason} "
            "Whatever names or ranks anybody is closed until two people have ended "
            "this. Your own page stays open, and usage is still taken in."
        )

    def asked_by_another(self, actor: str, now: int) -> bool:
        """Tell whether somebody else has asked to end it, and not too long ago."""
        asked = self.asked
        if asked is None or asked.actor == actor:
            return False
        return now - asked.at < ASK_HOLDS

    def as_json(self) -> dict[str, Any]:
        """Return the state as ``mileage dark status --json`` prints it."""
        return {
            "dark": self.ended is None,
            "incident": self.incident,
            "reason": self.reason,
            "began": _act_json(self.began),
            "asked": _act_json(self.asked),
            "ended": _act_json(self.ended),
        }


def whole_sentence(text: str) -> str:
    """Return a reason without line breaks and with an end, for the notice."""
    reason = " ".join(text.split())[:LONGEST_REASON]
    return reason if reason.endswith((".", "!", "?")) or not reason else f"{reason}."


def _act_json(act: Act | None) -> dict[str, str] | None:
    if act is None:
        return None
    at = moment(act.at).isoformat().replace("+00:00", "Z")
    return {"at": at, "account": act.actor, "name": act.name}
