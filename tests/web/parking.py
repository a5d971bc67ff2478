"""Made-up usage that belongs to nobody, and a desk that remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mileage.domain.errors import NotFound, Refused
from mileage.domain.parking import Claimed, Parked
from mileage.domain.window import SECOND

if TYPE_CHECKING:
    from mileage.domain.people import Viewer

FIRST = 1_763_000_000 * SECOND
HOSTILE = 'installation:"><script>alert(1)</script>'
PARKED = (
    Parked(
        "installation:0f9c2b7e41d08a5566771234abcdef00",
        "acc-u1",
        ("claude_code_log", "claude_code_otlp"),
        ("claude-code",),
        FIRST,
        FIRST + 86_400 * SECOND,
        1_234,
        987_654_321,
    ),
    Parked(
        "zoe@private.test", "acc-u2", ("codex_otlp",), ("codex",), FIRST, FIRST, 1, 9
    ),
    Parked(HOSTILE, "acc-u3", (), (), None, None, 0, 0),
)
CLAIMED = (Claimed("unverified:bo@they.test", "acc-u4", "acc-ada", "Ada Byron"),)


def only_operator(viewer: Viewer) -> None:
    if not viewer.operator:
        raise Refused("usage that belongs to nobody is for the operator")


@dataclass
class FakeDesk:
    """Remembers claims; knows the identities above."""

    asked: list[tuple[str, ...]] = field(default_factory=list)

    def claim(self, viewer: Viewer, identity: str, email: str) -> None:
        only_operator(viewer)
        if identity not in {one.identity for one in PARKED}:
            raise NotFound(f"nothing came under {identity}")
        self.asked.append(("claim", viewer.name, identity, email))

    def unclaim(self, viewer: Viewer, identity: str) -> None:
        only_operator(viewer)
        self.asked.append(("unclaim", viewer.name, identity))
