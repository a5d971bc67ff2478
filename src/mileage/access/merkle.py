"""The tree over the access ledger: RFC 6962 section 2.1, with SHA-256.

A frontier holds the roots of the perfect subtrees of the entries so far, from the
largest to the smallest: entry n + 1 needs no other entry to be appended.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HASH_BYTES = 32
EMPTY = sha256().digest()
LEAF, NODE = b"\x00", b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return sha256(LEAF + entry).digest()


class Frontier:
    """A tree that only grows at its end; its size and hashes say all of it."""

    def __init__(self, size: int = 0, stored: bytes = b"") -> None:
        count = size.bit_count()
        if len(stored) != count * HASH_BYTES:
            message = f"a tree of {size} entries has {count} hashes in its frontier"
            raise ValueError(message)
        self.size = size
        self._peaks = [
            stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES)
        ]

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next entry."""
        self.size += 1
        self._peaks.append(leaf)
        # Each trailing zero bit of the size is a subtree that has become perfect.
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self._peaks.pop()
            self._peaks[-1] = _node(self._peaks[-1], right)

    def root(self) -> bytes:
        """Return the hash of all entries in their order."""
        if not self._peaks:
            return EMPTY
        found = self._peaks[-1]
        for left in reversed(self._peaks[:-1]):
            found = _node(left, found)
        return found

    def stored(self) -> bytes:
        """Return the hashes as they are kept in a file."""
        return b"".join(self._peaks)


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that lead from an entry to the root (RFC 6962, 2.1.1)."""
    if not 0 <= index < len(leaves):
        message = f"there is no entry {index} among {len(leaves)}"
        raise ValueError(message)
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        # The last one of an odd level has nothing to be joined with yet.
        level = pairs + level[len(pairs) * 2 :]
        index //= 2
    return path


def root_by_path(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """Return the root that a proof leads to (RFC 9162, 2.1.3.2), EMPTY for none."""
    if not 0 <= index < size:
        return EMPTY
    last, found = size - 1, leaf
    for beside in path:
        if last == 0:
            return EMPTY
        if index & 1 or index == last:
            found = _node(beside, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = _node(found, beside)
        index, last = index >> 1, last >> 1
    return found if last == 0 else EMPTY


def consistency_path(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that show that a tree is its first entries, and more.

    RFC 6962, 2.1.2; none where it has not grown.
    """
    if not 0 < first <= len(leaves):
        message = f"no tree of {first} entries grows into one of {len(leaves)}"
        raise ValueError(message)
    path: list[bytes] = []
    whole = True
    while first < len(leaves):
        # The left part is as large as a perfect tree can be.
        split = 1 << (len(leaves) - 1).bit_length() - 1
        if first <= split:
            path.append(_root_of(leaves[split:]))
            leaves = leaves[:split]
        else:
            path.append(_root_of(leaves[:split]))
            leaves, first, whole = leaves[split:], first - split, False
    return [*([] if whole else [_root_of(leaves)]), *reversed(path)]


def grew(
    first: tuple[int, bytes], second: tuple[int, bytes], path: Sequence[bytes]
) -> bool:
    """Tell whether a proof leads from one size and root to another (RFC 9162, 2.1.4.2).

    The first entries are then the same in both trees.
    """
    (size, root), (later_size, later_root) = first, second
    if not 0 < size <= later_size:
        return False
    if size == later_size:
        return root == later_root and not path
    steps = [root, *path] if size.bit_count() == 1 else list(path)
    return bool(steps) and _walked(size - 1, later_size - 1, steps) == (
        root,
        later_root,
    )


def _walked(index: int, last: int, steps: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return both roots that the steps of such a proof lead to, EMPTY for none."""
    while index & 1:
        index, last = index >> 1, last >> 1
    then = now = steps[0]
    for beside in steps[1:]:
        if last == 0:
            return EMPTY, EMPTY
        if index & 1 or index == last:
            then, now = _node(beside, then), _node(beside, now)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            now = _node(now, beside)
        index, last = index >> 1, last >> 1
    return (then, now) if last == 0 else (EMPTY, EMPTY)


def _root_of(leaves: Sequence[bytes]) -> bytes:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(NODE + left + right).digest()
