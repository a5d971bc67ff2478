"""A gateway's calls that carry nobody's session, given to the clients behind it.

Only where it is safe: one account, one model, the same prompt and answer, close in
time, as many of the one as of the other, so that none is taken for another; and only
if the gateway does not know the clients' sessions: there it is matched already.

The client may know the model by an alias only, the name that it asked the gateway for.
So what is left is matched where the two have no model in common: by all counts, and
only if the gateway knows which client called.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from mileage.domain.joining import plain_model
from mileage.domain.likeness import joint_counts, totals

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from mileage.domain.call import Seen
    from mileage.domain.groups import Group
    from mileage.domain.joining import Joining
    from mileage.domain.sightings import Profiles
    from mileage.domain.witness import Witness

LEAST_TOKENS = 100
"""Smaller calls are too alike: they stay apart."""

Mark: TypeAlias = "tuple[str, str, int, int]"
"""Account, model, prompt, answer."""


def mark(account: str, witness: Witness) -> Mark:
    """Return what a gateway's call and a client's must have in common."""
    return account, plain_model(witness.model), *totals(witness)


def match_gateways(
    groups: Sequence[Group], joining: Joining, elsewhere: Profiles
) -> None:
    """Let clients' calls take in the gateways' that are surely the same."""
    clients = {
        session
        for session, profiles in elsewhere.items()
        if not all(joining.is_gateway(one.source) for one in profiles)
    }
    clients.update(
        session
        for group in groups
        for source, one in group.members.items()
        if not joining.is_gateway(source)
        for session in one.sessions
    )
    alone = [
        group
        for group in groups
        if not all(map(joining.is_gateway, group.members))
        or clients.isdisjoint(group.sessions())
    ]
    _match(alone, joining, _by_model)
    _match(alone, joining, _by_client, renamed=True)


def _match(
    groups: Iterable[Group],
    joining: Joining,
    marked: Callable[[Seen], Hashable],
    *,
    renamed: bool = False,
) -> None:
    """Pair clients' calls and gateways' that have a mark in common."""
    behind: dict[Hashable, list[Group]] = defaultdict(list)
    before: dict[Hashable, list[Group]] = defaultdict(list)
    for group in filter(_is_root, groups):
        side = behind if all(map(joining.is_gateway, group.members)) else before
        seen = [one.seen for one in group.members.values()]
        for one in dict.fromkeys(
            marked(one) for one in seen if sum(totals(one.witness)) >= LEAST_TOKENS
        ):
            side[one].append(group)
    for one in sorted(behind.keys() & before.keys(), key=repr):
        _pair(before[one], behind[one], joining, renamed=renamed)


def _by_model(seen: Seen) -> Hashable:
    return mark(seen.account, seen.witness)


def _by_client(seen: Seen) -> Hashable:
    return seen.account, seen.witness.client, joint_counts(seen.witness)


def _pair(
    clients: list[Group], gateways: list[Group], joining: Joining, *, renamed: bool
) -> None:
    for source in sorted({name for group in gateways for name in group.members}):
        come = [one for one in gateways if source in one.members and _is_root(one)]
        there = [one for one in clients if _may_be_one(one, come, joining)]
        window = max(
            (
                joining.pair(name, source).window
                for one in there
                for name in one.members
            ),
            default=0,
        )
        for homes, guests in _stretches(there, come, window):
            if len(homes) == len(guests) and (
                not renamed or _models(homes).isdisjoint(_models(guests))
            ):
                for home, guest in zip(homes, guests, strict=True):
                    if abs(_time(home) - _time(guest)) <= window:
                        home.take_in(guest)


def _may_be_one(group: Group, others: Iterable[Group], joining: Joining) -> bool:
    """Tell whether a client's call may be what any of a gateway's is."""
    return _is_root(group) and any(
        group.may_take_in(other)
        and all(
            joining.may_match(one.profile, two.profile)
            for one in group.members.values()
            for two in other.members.values()
        )
        for other in others
    )


def _stretches(
    homes: Iterable[Group], guests: Iterable[Group], window: int
) -> Iterator[tuple[list[Group], list[Group]]]:
    """Cut both at every pause that is longer than the window."""
    events = [
        *((_time(one), _name(one), 0, one) for one in homes),
        *((_time(one), _name(one), 1, one) for one in guests),
    ]
    events.sort(key=lambda event: event[:3])
    sides: tuple[list[Group], list[Group]] = ([], [])
    last = 0
    for time, _, side, one in events:
        if time - last > window and any(sides):
            yield sides
            sides = ([], [])
        sides[side].append(one)
        last = time
    yield sides


def _models(groups: Iterable[Group]) -> set[str]:
    return {
        plain_model(one.seen.witness.model)
        for group in groups
        for one in group.members.values()
    }


def _is_root(group: Group) -> bool:
    return group.root() is group


def _time(group: Group) -> int:
    return min(group.time(source) for source in group.members)


def _name(group: Group) -> list[tuple[str, str]]:
    return sorted((name, one.seen.witness.key) for name, one in group.members.items())
