"""Make and keep what is told of groups of peers: one file that any process may read.

``<as_of>.peers``: a head (magic, format version), then compressed MessagePack of
``domain.peers.Peers``. A new one takes the place of the one before, as rarely as the
figures of departments are made anew: what changes all the time tells who works.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.peers import Peer, told
from mileage.domain.errors import NotFound
from mileage.domain.peers import Peers, tools_of
from mileage.reports.published import Published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mileage.domain.adoption import Progress
    from mileage.domain.figures import Snapshot, Standing
    from mileage.domain.peers import GroupKind
    from mileage.store.group_use import GroupUse

PEOPLE = frozenset({"person", "contractor"})
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


def make_peers(head: Snapshot, material: Material, least: int) -> Peers:
    """Sort everybody into groups, and leave out those that are too small."""
    groups: dict[tuple[GroupKind, str], list[Peer]] = defaultdict(list)
    people = set()
    for one in material.standings:
        if one.kind in PEOPLE:
            people.add(one.account_id)
            named = one.account_id in material.named
            peer = Peer(one.figures.tokens.total, named)
            for key in _groups_of(one):
                groups[key].append(peer)
    used: dict[tuple[GroupKind, str, str], int] = defaultdict(int)
    for use in material.uses:
        if use.account_id in people:
            used["client", use.client, use.account_id] += use.tokens
            used["model", use.model, use.account_id] += use.tokens
    for (kind, name, account), tokens in used.items():
        groups[kind, name].append(Peer(tokens, account in material.named))
    found = (told(*key, peers, least) for key, peers in sorted(groups.items()))
    return Peers(
        window=head.window,
        zone=head.zone,
        as_of=head.as_of,
        day=head.days[-1],
        groups=tuple(one for one in found if one is not None),
        simulated=head.simulated,
        progress=material.progress,
    )


def _groups_of(one: Standing) -> Iterable[tuple[GroupKind, str]]:
    tools = tools_of(one.clients)
    yield "everybody", ""
    yield "tools", tools
    if one.role:
        yield "role", one.role
        yield "role and tools", both(one.role, tools)


def both(role: str, tools: str) -> str:
    """Name a role with a mix of tools."""
    return f"{role}: {tools}"


class PeerFiles:
    """The published groups of one data directory. Thread-safe for readers."""

    def __init__(self, directory: Path, every_days: int) -> None:
        self._directory = directory
        self.every_days = every_days
        self._kept: tuple[str, Peers] | None = None

    def renew(
        self, head: Snapshot, material: Callable[[], Material], least: int
    ) -> bool:
        """Publish the groups of a snapshot when it is due; tell whether it was.

        While there is no group that could be told of, each snapshot makes them anew.
        """
        previous = self._newest()
        if previous is not None and not self._is_due(previous, head.days[-1]):
            return False
        made = make_peers(head, material(), least)
        name = f"{made.as_of:020d}.peers"
        _files.write(self._directory / name, made)
        if previous is not None and previous != name:
            (self._directory / previous).unlink(missing_ok=True)
        return True

    def latest(self) -> Peers:
        """Return the published groups; raises NotFound when there are none."""
        # A file that is replaced while it is looked for is looked for once more.
        for _ in range(2):
            name = self._newest()
            if name is None:
                break
            try:
                return self._load(name)
            except FileNotFoundError:
                continue
        message = "nothing has been published of groups of peers yet"
        raise NotFound(message)

    def _is_due(self, name: str, day: str) -> bool:
        before = self._load(name)
        age = date.fromisoformat(day) - date.fromisoformat(before.day)
        return not before.groups or age.days >= self.every_days

    def _newest(self) -> str | None:
        try:
            found = [one.name for one in self._directory.iterdir() if _is_peers(one)]
        except FileNotFoundError:
            return None
        return max(found, default=None)

    def _load(self, name: str) -> Peers:
        kept = self._kept
        if kept is not None and kept[0] == name:
            return kept[1]
        found = _files.read(self._directory / name)
        self._kept = (name, found)
        return found


def _is_peers(path: Path) -> bool:
    # Files of other names are somebody's own.
    return path.suffix == ".peers" and path.stem.isdecimal()
