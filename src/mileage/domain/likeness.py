"""By what two witnesses without a shared id may be known to tell of one call.

Each ``Likeness`` gives a witness a mark; equal marks of one model are alike. From the
surest to the weakest; a weak one is believed only where the times leave no doubt.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from mileage.domain.witness import Witness

COMPARED = ("input", "cache_read", "cache_write", "output", "tool_input")
"""What ``joint_counts`` counts."""
SMALL = 16
"""Counts below say nothing by themselves: many calls have them."""


class Likeness(NamedTuple):
    """One way of telling that two witnesses are alike."""

    name: str
    mark: Callable[[Witness], Hashable]
    """Returns None where this witness cannot be told by it."""
    sure: bool
    """Believed wherever two clocks may be apart, not only close in time."""


def joint_counts(witness: Witness) -> tuple[int, int, int, int, int]:
    """Return the classes that every source tells apart."""
    return (
        witness.input,
        witness.cache_read,
        witness.cache_write + witness.cache_write_1h,
        witness.output + witness.reasoning,
        witness.tool_input,
    )


def differences(witnesses: Sequence[Witness]) -> tuple[str, ...]:
    """Name the classes whose totals differ."""
    joint = [joint_counts(witness) for witness in witnesses]
    return tuple(
        name
        for name, values in zip(COMPARED, zip(*joint, strict=True), strict=False)
        if len(set(values)) > 1
    )


def totals(witness: Witness) -> tuple[int, int]:
    """Return (prompt, answer)."""
    fresh, read, written, out, tools = joint_counts(witness)
    return fresh + read + written + tools, out


def _exact(witness: Witness) -> Hashable:
    return witness.measure, joint_counts(witness)


def _totals(witness: Witness) -> Hashable:
    prompt, out = totals(witness)
    return (prompt, out) if prompt >= SMALL else None


def _multiple(witness: Witness) -> Hashable:
    """Return the counts less their common factor: equal for ten times as much."""
    counts = joint_counts(witness)
    factor = gcd(*counts)
    if not factor or sum(count > 0 for count in counts) < 2:  # noqa: PLR2004
        return None
    reduced = tuple(count // factor for count in counts)
    return reduced if sum(reduced) >= SMALL else None


def _prompt(witness: Witness) -> Hashable:
    fresh, read, written, _, tools = joint_counts(witness)
    prompt = (fresh, read, written, tools)
    return prompt if sum(prompt) >= SMALL else None


def _prompt_multiple(witness: Witness) -> Hashable:
    fresh, read, written, _, tools = joint_counts(witness)
    prompt = (fresh, read, written, tools)
    factor = gcd(*prompt)
    if not factor or sum(count > 0 for count in prompt) < 2:  # noqa: PLR2004
        return None
    return tuple(count // factor for count in prompt)


def _class(place: int) -> Callable[[Witness], Hashable]:
    def mark(witness: Witness) -> Hashable:
        count = joint_counts(witness)[place]
        return count if count >= SMALL else None

    return mark


def _any(witness: Witness) -> Hashable:
    del witness
    return True


EXACT = Likeness("exact", _exact, sure=True)
SURE = (
    EXACT,
    Likeness("totals", _totals, sure=True),
    Likeness("multiple", _multiple, sure=True),
    Likeness("prompt", _prompt, sure=True),
)
LIKENESSES = (
    *SURE,
    Likeness("cache reads", _class(1), sure=False),
    Likeness("multiple of the prompt", _prompt_multiple, sure=False),
    Likeness("cache writes", _class(2), sure=False),
    Likeness("output", _class(3), sure=False),
    Likeness("input", _class(0), sure=False),
)
UNMEASURED_LIKENESS = Likeness("unmeasured", _any, sure=False)
"""One of the two reports no counts at all."""
