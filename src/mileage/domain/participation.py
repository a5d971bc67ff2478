"""Who stands on boards of people, and how: the policy's mode and everybody's choice.

A mode says where people stand who have chosen nothing, and how much anybody may show.
Whoever is hidden counts in every total and stands nowhere.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Choice = Literal["hidden", "pseudonym", "shown"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
"""From the least seen to the most."""
UNDECIDED = "policy"
"""What a form and a command send for leaving it to the policy."""
Mode = Literal["open", "opt-in", "pseudonym", "teams-only"]
NOT_ASKED = ("service",)
"""Kinds of accounts that are nobody: they always stand under their names."""


class Terms(NamedTuple):
    """What a mode means for people."""

    unasked: Choice
    """Of whoever has chosen nothing."""
    most: Choice
    """The most that anybody may show."""


MODES: Mapping[str, Terms] = MappingProxyType(
    {
        "open": Terms("shown", "shown"),
        "opt-in": Terms("hidden", "shown"),
        "pseudonym": Terms("pseudonym", "pseudonym"),
        "teams-only": Terms("hidden", "hidden"),
    }
)


class Chosen(NamedTuple):
    """What somebody has chosen; without any choice the mode decides."""

    choice: Choice | None = None
    stated: bool = False
    """They want it said whether they are among the first, shown or not."""
    since: int = 0
    """UTC microseconds of the last change; a pseudonym ends with it."""


def in_force(mode: str, chosen: Chosen) -> Choice:
    """Return how somebody stands on boards: never more than the mode allows."""
    terms = MODES[mode]
    return min(chosen.choice or terms.unasked, terms.most, key=CHOICES.index)


def open_choices(mode: str) -> tuple[Choice, ...]:
    """Return what people can choose between, the most seen first."""
    return CHOICES[: CHOICES.index(MODES[mode].most) + 1][::-1]


class TakingPart(NamedTuple):
    """How one person stands on boards, for that person."""

    mode: str
    chosen: Chosen
    in_force: Choice
    objected: bool
    """An objection is heeded, whatever was chosen."""
    pseudonym: str
    """What others read where the name is not shown."""
    top: int
    """Among how many first ones a statement says whether one is."""
    choices: tuple[Choice, ...] = ()
    """What is open, the most seen first."""


class Stated(NamedTuple):
    """Somebody who wants it said whether they are among the first."""

    name: str
    among: bool


class Statements(NamedTuple):
    """Everybody who has a statement published."""

    top: int
    lens: str
    """Its title."""
    as_of: int
    """UTC microseconds, of the board that it follows from."""
    zone: str
    rows: tuple[Stated, ...]
    """By name."""
