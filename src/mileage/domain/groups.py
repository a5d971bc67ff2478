"""Sightings of one call, one of each source at most, brought together by their ids."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from mileage.domain.copies import merge_copies, preference
from mileage.domain.joining import plain_model
from mileage.domain.likeness import joint_counts
from mileage.domain.sightings import Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mileage.domain.joining import Joining

UNIQUE = 20
"""Characters from which an id is no other answer's: small servers number theirs."""


class Group:
    """Sightings that are of one call as far as is known yet."""

    __slots__ = ("_into", "members", "name")

    def __init__(self, first: Sighting) -> None:
        self.members: dict[str, Sighting] = {first.profile.source: first}
        self.name = ""
        """The id that names the call; '' when none does."""
        self._into: Group | None = None

    def root(self) -> Group:
        """Return the group that has taken this one in."""
        group = self
        while group._into is not None:
            group = group._into
        return group

    def take_in(self, other: Group) -> None:
        """Make both one; their sources must be different."""
        self.members |= other.members
        self.name = max(self.name, other.name)
        other._into = self

    def take_repetition(self, other: Group, joining: Joining) -> None:
        """Make both one, which a gateway told under two keys."""
        for source, one in other.members.items():
            self.members[source] = _merged(self.members[source], one, joining)
        other._into = self

    def may_take_in(self, other: Group) -> bool:
        """Tell whether no source would be in it twice."""
        return self.members.keys().isdisjoint(other.members)

    def time(self, source: str) -> int:
        """Return when a source says that it was (UTC microseconds)."""
        return self.members[source].seen.witness.occurred_at

    def sessions(self) -> Iterator[str]:
        """Return every session in which it was seen, some more than once."""
        for one in self.members.values():
            yield from one.sessions


def group_by_ids(sightings: Iterable[Sighting], joining: Joining) -> list[Group]:
    """Bring together what shares an id; the rarest ids go first.

    A request of two messages, or a message that was replayed under another request,
    chains calls together: then each source keeps them apart, and the ids that fewest
    have decide who belongs to whom.
    """
    groups = [Group(one) for one in sightings]
    holders: dict[str, list[tuple[Group, Sighting]]] = {}
    for group in groups:
        for one in group.members.values():
            for name in one.ids:
                holders.setdefault(name, []).append((group, one))
    shared = sorted(
        (name for name, having in holders.items() if len(having) > 1),
        key=lambda name: (len(holders[name]), name),
    )
    for name in shared:
        if len(name) >= UNIQUE:
            _merge_repetitions([group for group, _ in holders[name]], joining)
    for name in shared:
        _bring_together(holders[name], joining)
    contested = {
        name: min(holders[name], key=lambda pair: _order(pair[1]))[0].root()
        for name in shared
        if len({group.root() for group, _ in holders[name]}) > 1
    }
    found = [group for group in groups if group.root() is group]
    for group in found:
        group.name = _name(group, contested)
    return found


def _merge_repetitions(groups: Iterable[Group], joining: Joining) -> None:
    """Make one of what a gateway tells of one answer under several keys.

    A proxy behind a proxy has call ids of its own, and hands the answer's id on.
    """
    alike: dict[tuple[object, ...], list[Group]] = defaultdict(list)
    for group in dict.fromkeys(one.root() for one in groups):
        ((source, one),) = group.members.items()
        if joining.is_gateway(source):
            witness = one.seen.witness
            counts = joint_counts(witness)
            alike[source, plain_model(witness.model), counts].append(group)
    for some in alike.values():
        _merge_near(some, joining)


def _merge_near(groups: Sequence[Group], joining: Joining) -> None:
    """Merge what one source says, as long as its window leaves no gap."""
    (source,) = groups[0].members
    window = joining.pair(source, source).window
    some = sorted(
        groups,
        key=lambda one: (one.time(source), one.members[source].seen.witness.key),
    )
    for one, two in pairwise(some):
        if two.time(source) - one.time(source) <= window:
            one.root().take_repetition(two, joining)


def _merged(one: Sighting, other: Sighting, joining: Joining) -> Sighting:
    """Put two sightings by one source together, with the ids of both."""
    seen = merge_copies([one.seen, other.seen], joining.eldest)
    links = {*one.seen.witness.link.split(), *other.seen.witness.link.split()}
    witness = seen.witness._replace(link=" ".join(sorted(links)))
    return Sighting(
        seen._replace(witness=witness),
        joining.ids(witness),
        joining.profile(witness),
        tuple(sorted({*one.sessions, *other.sessions})),
        tuple(dict.fromkeys((*one.conflict, *other.conflict))),
    )


def _bring_together(having: list[tuple[Group, Sighting]], joining: Joining) -> None:
    """Join the holders of one id; of a source with several, each gets one at most."""
    if len(having) > 2:  # noqa: PLR2004 - only then is there a choice
        often = [one.profile.source for _, one in having]
        having = sorted(
            having, key=lambda p: (-often.count(p[1].profile.source), _order(p[1]))
        )
    placed: list[tuple[Group, Sighting]] = []
    for group, one in having:
        homes = [
            (_unlike(other, one), number)
            for number, (home, other) in enumerate(placed)
            if home.root() is not group.root()
            and home.root().may_take_in(group.root())
            and joining.pair(other.profile.source, one.profile.source).by_ids
        ]
        if homes:
            placed[min(homes)[1]][0].root().take_in(group.root())
        placed.append((group, one))


def _unlike(one: Sighting, other: Sighting) -> bool:
    return one.seen.witness[10:17] != other.seen.witness[10:17]


def _order(one: Sighting) -> tuple[object, ...]:
    """Order sightings, the best first, the same on every machine."""
    witness = one.seen.witness
    return (*preference(one.seen), witness.source, witness.key)


def _name(group: Group, contested: dict[str, Group]) -> str:
    """Choose the name of a group among the ids that its witnesses were given."""
    names = (
        name for one in group.members.values() for name in one.seen.witness.link.split()
    )
    return max(
        (name for name in names if contested.get(name, group) is group), default=""
    )
