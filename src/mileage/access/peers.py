"""Which groups of peers may be told of, and how finely.

Bands and nothing else: a sum of a role beside sums of teams would be two divisions of
the same people, and their difference can be one person. Medians do not subtract, but
parts of people do: the per cents of a role less those of its mixes of tools are those
of the other mixes. So groups are divided into blocks like departments are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.disclosure import blocks, joined, rung, spread
from mileage.domain.cube import Range
from mileage.domain.peers import Bin, PeerGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mileage.domain.peers import GroupKind

STEPS = (5, 2, 1)


class Peer(NamedTuple):
    """What somebody of a group used."""

    amount: int
    named: bool = False
    """Others see it on a board, under a name."""
    fresh: bool = True
    """Some of it was used after the last publication."""


Tree = dict[str, dict[str, tuple[Peer, ...]]]
"""Who used something, by role and mix of tools; '' stands for having no role."""


def divided(
    tree: Tree, least: int
) -> Iterator[tuple[GroupKind, tuple[str, str], tuple[Peer, ...]]]:
    """Yield groups with their role and tools, of which each difference may be told.

    Everybody, then roles, then the tools within each role that is told; whoever is left
    of a role, or of everybody, is enough people as well.
    """
    whole = {role: joined(mixes.values()) for role, mixes in tree.items()}
    yield "everybody", ("", ""), joined(whole.values())
    for role in _alone(whole, least):
        if role:
            yield "role", (role, ""), whole[role]
        kind: GroupKind = "role and tools" if role else "tools"
        for tools in _alone(tree[role], least):
            yield kind, (role, tools), tree[role][tools]


def _alone(parts: Mapping[str, tuple[Peer, ...]], least: int) -> list[str]:
    """Return the parts that may be told by themselves."""
    found = blocks(parts, lambda peers: tells(peers, least))
    return sorted(block[0] for block in found if len(block) == 1)


def tells(peers: Sequence[Peer], least: int) -> bool:
    """Tell whether a group is large enough, also without those known by name.

    Whoever looks is one of them and knows their own figure: ``least`` others have to
    be left. As many used something lately, so that two publications differ in as many.
    """
    users = [one for one in peers if one.amount]
    unnamed = [one for one in users if not one.named]
    return all(
        len(some) > least and sum(one.fresh for one in some) >= least
        for some in (users, unnamed or users)
    )


def told(
    kind: GroupKind, name: str, peers: Sequence[Peer], least: int
) -> PeerGroup | None:
    """Return what may be told of a group; None for one that is too small."""
    if not tells(peers, least):
        return None
    amounts = [one.amount for one in peers if one.amount]
    median, middle = spread(amounts)
    return PeerGroup(
        kind=kind,
        name=name,
        people=rounded_down(len(amounts)),
        median=Range(*median),
        middle=Range(*middle),
        bins=bins(amounts, least),
    )


def bins(amounts: Iterable[int], least: int) -> tuple[Bin, ...]:
    """Divide people by the bands of what they used, each with ``least`` of them.

    Neighbouring bands are put together until there are enough; there must be ``least``
    amounts at least.
    """
    found = Counter(rung(amount) for amount in amounts)
    total, counted, start = found.total(), 0, 0
    made: list[Bin] = []
    low: int | None = None
    for band in sorted(found):
        low = band.low if low is None else low
        counted += found[band]
        if counted - start >= least:
            made.append(Bin(low, band.high, 100 * counted // total))
            low, start = None, counted
    if low is not None:
        # Too few are left above: they are told with the bin below them.
        last = made.pop()
        made.append(Bin(last.low, max(found).high, 100))
    return tuple(made)


def rounded_down(people: int) -> int:
    """Return the largest of 1, 2, 5, 10, 20 … that is not more."""
    power = int(10 ** (len(str(people)) - 1))
    return next(step * power for step in STEPS if step * power <= people)
