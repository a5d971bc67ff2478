"""The calls of one file, packed: all that a personal report and its index need.

In memory and on disk a call is a hash of its key, nine numbers and the number of its
*kind*, which is everything that many calls of a file have in common. Links, versions
and reported costs are left out: no personal figure depends on them.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.digest import blake2b
from mileage.domain.witness import Witness
from mileage.native import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 8
Kind = tuple[str, str, str, str, str, str, str, str, bool]
"""client, provider, model, tier, session, project, agent, measure, copied."""
Numbers = tuple[int, ...]
"""Kind, UTC microseconds, then the seven token classes."""


def hashed(source: str, key: str) -> bytes:
    """Return what a call is known by: two differ once in 10**19 pairs."""
    whole = f"{source}:{key}".encode("utf-8", "replace")
    return blake2b(whole, digest_size=HASH_BYTES).digest()


def all_hashed(source: str, keys: Sequence[str]) -> array[int]:
    """Return the hashes of many keys."""
    if scan is not None:
        try:
            return array("Q", scan.stable_ids(f"{source}:", list(keys)))
        except UnicodeEncodeError:
            pass
    return array("Q", b"".join([hashed(source, key) for key in keys]))


def kind_of(one: Witness) -> Kind:
    """Return what a call has in common with many others."""
    return (one[5], *one[7:10], one[3], *one[18:20], one[23], one[20])


def numbered(
    kinds: Iterable[Kind], more: Iterable[Kind]
) -> tuple[list[Kind], dict[Kind, int]]:
    """Return kinds with further ones behind them, and a number of each.

    One may stand among the first twice: their numbers stay what they were.
    """
    whole = list(kinds)
    numbers = {kind: number for number, kind in enumerate(whole)}
    for kind in more:
        if kind not in numbers:
            numbers[kind] = len(whole)
            whole.append(kind)
    return whole, numbers


def packable(one: Witness) -> Witness:
    """Return a call without what is left out."""
    return one._replace(
        link="", client_version="", reported_cost=None, attended=None, identity=""
    )


class FileCalls(NamedTuple):
    """Calls of one file in the order in which they were found; some may repeat."""

    keys: array[int]
    kinds: list[Kind]
    rows: list[Numbers]

    @classmethod
    def none(cls) -> FileCalls:
        """Return those of a file that has not been read."""
        return cls(array("Q"), [], [])

    @classmethod
    def of(cls, witnesses: Iterable[Witness]) -> FileCalls:
        """Pack witnesses of one source."""
        source, keys = "", []
        numbers: dict[Kind, int] = {}
        rows: list[Numbers] = []
        for one in witnesses:
            source = one[0]
            keys.append(one[1])
            number = numbers.setdefault(kind_of(one), len(numbers))
            rows.append((number, one[4], *one[10:17]))
        return cls(all_hashed(source, keys), list(numbers), rows)

    @classmethod
    def unpacked(cls, keys: bytes, kinds: list[Kind], rows: list[Numbers]) -> FileCalls:
        """Put together what was stored apart; ``ValueError`` where it does not fit."""
        whole = array("Q")
        whole.frombytes(keys)
        if len(whole) != len(rows):
            raise ValueError("as many keys as calls")
        return cls(whole, kinds, rows)

    def followed_by(self, later: FileCalls, *, at: int) -> FileCalls:
        """Put further calls in at a place in the order."""
        if not later.rows:
            return self
        if not self.rows:
            return later
        kinds, numbers = numbered(self.kinds, later.kinds)
        renamed = [numbers[kind] for kind in later.kinds]
        moved = [(renamed[row[0]], *row[1:]) for row in later.rows]
        return FileCalls(
            self.keys[:at] + later.keys + self.keys[at:],
            kinds,
            [*self.rows[:at], *moved, *self.rows[at:]],
        )

    def without_last(self, count: int) -> FileCalls:
        """Take the last calls off."""
        end = len(self.rows) - count
        return FileCalls(self.keys[:end], self.kinds, self.rows[:end])

    def at(self, places: Sequence[int]) -> FileCalls:
        """Return the calls at some places in the order."""
        keys = array("Q", [self.keys[one] for one in places])
        return FileCalls(keys, self.kinds, [self.rows[one] for one in places])

    def witness(self, index: int, source: str) -> Witness:
        """Return one call as a witness; its key is of no use to anybody else."""
        number, at, *counts = self.rows[index]
        client, provider, model, tier, session, project, agent, measure, copied = (
            self.kinds[number]
        )
        return Witness._make(
            (
                *(source, str(self.keys[index]), "", session, at, client, ""),
                *(provider, model, tier, *counts, None),
                *(project, agent, copied, None, "", measure),
            )
        )
