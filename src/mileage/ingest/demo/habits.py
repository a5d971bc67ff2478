"""Ways of working that raise a number, and honest ones that look like them.

Each is a habit of somebody whose other calls are drawn like everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mileage.ingest.demo.models import HAIKU, OPUS, SONNET, Model, Style

if TYPE_CHECKING:
    from mileage.domain.people import AccountKind

When = Literal["office", "long days", "nights", "always"]
WORK = Style(0.95, 0.002, 0.0, 0.0, 0.2)
"""What a call of honest work is made of: the classes of the whole organisation."""


@dataclass(frozen=True, slots=True)
class Habit:
    """What somebody does, again and again, for some days."""

    name: str
    says: str
    """One sentence for who reads the truth file or a report."""
    model: Model
    size: int
    """Tokens of a mean call."""
    when: When
    """In the account's own time zone."""
    days: int
    """How long, up to now."""
    gaming: bool = True
    """Whether it raises a number without more work done."""
    style: Style = WORK
    attended: bool = True
    """What the client says of it."""
    per_session: int = 40
    per_prompt: int = 5
    even: bool = False
    """All calls alike and equally far apart, as programs make them."""
    at_once: int = 1
    """Calls that begin together: sub-agents."""
    seats: int = 1
    """Machines, each with a person before it, that use the one token."""
    reports: int = 1
    """How many times the true counts the client reports."""
    kind: AccountKind = "person"
    looks_like: str = ""
    """The strategy for which an honest one could be taken."""


HABITS = (
    Habit(
        "left-running",
        "Agents left running over nights and weekends with nobody waiting for them.",
        HAIKU,
        170_000,
        "nights",
        14,
        style=Style(0.988, 0.0006, 0.0, 0.0, 0.3),
        attended=False,
        per_session=300,
        per_prompt=300,
    ),
    Habit(
        "loop",
        "A prompt in a loop: the same question once a minute, in a terminal that says "
        "that somebody sits there.",
        HAIKU,
        90_000,
        "always",
        3,
        style=Style(0.992, 0.0003, 0.0, 0.0, 0.3),
        per_session=2000,
        per_prompt=1,
        even=True,
    ),
    Habit(
        "cache-spinning",
        "As large a context as there can be, sent again and again for one word.",
        SONNET,
        185_000,
        "office",
        7,
        style=Style(0.998, 0.00005, 0.0, 0.0, 0.5),
        per_prompt=1,
    ),
    Habit(
        "fan-out",
        "Dozens of sub-agents for every prompt, each of which reads everything anew.",
        SONNET,
        60_000,
        "office",
        7,
        style=Style(0.93, 0.0015, 0.0, 0.0, 0.2),
        per_session=200,
        per_prompt=40,
        at_once=40,
    ),
    Habit(
        "tenfold",
        "A patched client that reports ten times what it used; the gateway reports "
        "what was used.",
        SONNET,
        60_000,
        "office",
        10,
        reports=10,
    ),
    Habit(
        "tiny-calls",
        "Thousands of calls that ask and answer next to nothing.",
        HAIKU,
        900,
        "office",
        7,
        style=Style(0.0, 0.02, 0.0, 0.0, 1.0),
        per_session=2,
        per_prompt=1,
    ),
    Habit(
        "shared-token",
        "Colleagues work with this person's token, so that their use counts here.",
        SONNET,
        70_000,
        "office",
        10,
        seats=4,
    ),
    Habit(
        "power-user",
        "Works with agents all day, on the dearest model, and reads what they write.",
        OPUS,
        150_000,
        "long days",
        25,
        gaming=False,
        looks_like="cache-spinning",
    ),
    Habit(
        "night-shift",
        "Works at night, because that is the shift.",
        SONNET,
        70_000,
        "nights",
        25,
        gaming=False,
        looks_like="left-running",
    ),
    Habit(
        "ci",
        "A pipeline that lets an agent look at every change, day and night.",
        SONNET,
        50_000,
        "always",
        30,
        gaming=False,
        style=Style(0.93, 0.003, 0.0, 0.0, 0.25),
        attended=False,
        per_session=8,
        per_prompt=8,
        kind="service",
        looks_like="loop",
    ),
)
