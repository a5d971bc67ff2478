"""Make and keep what is told of groups of peers: one file that any process may read.

``<as_of>.peers``: a head (magic, format version), then compressed MessagePack of
``domain.peers.Peers``. A new one takes the place of the one before, as rarely as the
figures of departments are made anew: what changes all the time tells who works.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.peers import Peer, divided, told
from mileage.domain.peers import Peers, tools_of
from mileage.domain.people import PEOPLE
from mileage.reports.published import Newest, Published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mileage.access.peers import Tree
    from mileage.domain.adoption import Progress
    from mileage.domain.figures import Snapshot, Standing
    from mileage.domain.peers import GroupKind
    from mileage.store.group_use import GroupUse

MAGIC = b"MILEAGE-PEERS\0\0\0"
VERSION = 1

_files = Published(
    MAGIC + struct.pack("<I", VERSION),
    Peers,
    foreign="is no file of groups of peers; remove it, and wait for another",
    damaged="is damaged; remove it, and wait for another",
)


class Material(NamedTuple):
    """What groups are made of."""

    standings: Iterable[Standing]
    uses: Iterable[GroupUse]
    """Of the same window."""
    named: frozenset[str]
    """Who stands on some board under their name."""
    progress: tuple[Progress, ...] = ()
    """Of teams, towards targets."""


def make_peers(
    head: Snapshot, material: Material, least: int, after: str = ""
) -> Peers:
    """Sort everybody into groups, and leave out those that are too small.

    ``after`` is the day (ISO) after which use is new.
    """
    people = _people(head, material, after)
    found = [
        told(kind, _name(kind, *of), peers, least)
        for kind, of, peers in divided(_by_role_and_tools(people), least)
    ]
    found += [
        told(kind, name, peers, least)
        for (kind, name), peers in _by_use(people, material.uses).items()
    ]
    return Peers(
        window=head.window,
        zone=head.zone,
        as_of=head.as_of,
        day=head.days[-1],
        groups=tuple(one for one in found if one is not None),
        simulated=head.simulated,
        progress=material.progress,
    )


_People = dict[str, tuple["Standing", Peer]]


def _people(head: Snapshot, material: Material, after: str) -> _People:
    """Return people by account."""
    later = sum(day <= after for day in head.days)
    return {
        one.account_id: (
            one,
            Peer(
                one.figures.tokens.total,
                named=one.account_id in material.named,
                fresh=any(one.daily[later:]),
            ),
        )
        for one in material.standings
        if one.kind in PEOPLE
    }


def _by_role_and_tools(people: _People) -> Tree:
    tree: dict[str, dict[str, list[Peer]]] = defaultdict(lambda: defaultdict(list))
    for one, peer in people.values():
        if peer.amount:
            tree[one.role][tools_of(one.clients)].append(peer)
    return {
        role: {tools: tuple(peers) for tools, peers in mixes.items()}
        for role, mixes in tree.items()
    }


def _by_use(
    people: _People, uses: Iterable[GroupUse]
) -> dict[tuple[GroupKind, str], list[Peer]]:
    """Return what was used of each client and model."""
    used: dict[tuple[GroupKind, str, str], int] = defaultdict(int)
    for use in uses:
        if use.account_id in people:
            used["client", use.client, use.account_id] += use.tokens
            used["model", use.model, use.account_id] += use.tokens
    groups: dict[tuple[GroupKind, str], list[Peer]] = defaultdict(list)
    for (kind, name, account), tokens in sorted(used.items()):
        groups[kind, name].append(people[account][1]._replace(amount=tokens))
    return groups


def _name(kind: GroupKind, role: str, tools: str) -> str:
    return both(role, tools) if kind == "role and tools" else role or tools


def both(role: str, tools: str) -> str:
    """Name a role with a mix of tools."""
    return f"{role}: {tools}"


class PeerFiles:
    """The published groups of one data directory. Thread-safe for readers."""

    def __init__(self, directory: Path, every_days: int) -> None:
        missing = "nothing has been published of groups of peers yet"
        self._newest = Newest(directory, ".peers", _files, missing=missing)
        self.every_days = every_days

    def renew(
        self,
        head: Snapshot,
        material: Callable[[Peers | None], Material],
        least: int,
        *,
        alike: bool = False,
    ) -> bool:
        """Publish the groups of a snapshot when it is due; tell whether it was.

        ``material`` is asked for then, with what was published before.
        While there is no group that could be told of, each snapshot makes them anew,
        unless it is much like the one before (``reports.standings.alike``).
        """
        previous = self._newest.before()
        if previous is not None and not self._is_due(previous, head.days[-1], alike):
            return False
        made = make_peers(
            head, material(previous), least, self._since(previous, head.days[-1])
        )
        self._newest.replace(made.as_of, made)
        return True

    def latest(self) -> Peers:
        """Return the published groups; raises NotFound when there are none."""
        return self._newest.latest()

    def _is_due(self, before: Peers, day: str, alike: bool) -> bool:  # noqa: FBT001
        if not before.groups:
            return not alike
        age = date.fromisoformat(day) - date.fromisoformat(before.day)
        return age.days >= self.every_days

    def _since(self, before: Peers | None, day: str) -> str:
        """Return the day after which use is new, as for the figures of departments."""
        last = date.fromisoformat(day) - timedelta(days=self.every_days)
        told_before = before.day if before is not None and before.groups else ""
        return max(told_before, last.isoformat())
