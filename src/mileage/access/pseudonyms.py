"""Names for people who do not want theirs on a board.

A pseudonym follows from the account and from when it was last chosen, under the
organisation's key: the same on every page as long as it is kept, another one after
each change, and nobody without the key can work out whose it is.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

PREFIX = "anon-"
"""No account has an id like this, so nothing opens for one."""
ID_BYTES = 12
FIRST = (
    *("Amber", "Autumn", "Azure", "Bold", "Brisk", "Bright", "Calm", "Candid"),
    *("Civil", "Clear", "Copper", "Coral", "Crisp", "Curious", "Dapper", "Eager"),
    *("Early", "Easy", "Fabled", "Fair", "Fleet", "Frosty", "Gentle", "Glad"),
    *("Golden", "Grand", "Green", "Hardy", "Hazel", "Honest", "Humble", "Ivory"),
    *("Jade", "Jolly", "Keen", "Kind", "Late", "Lively", "Lucid", "Lunar"),
    *("Mellow", "Merry", "Misty", "Modest", "Noble", "Nimble", "Olive", "Patient"),
    *("Placid", "Plain", "Quick", "Quiet", "Rapid", "Ruby", "Rustic", "Silver"),
    *("Sober", "Solar", "Steady", "Sunny", "Tidy", "Vivid", "Warm", "Winter"),
)
SECOND = (
    *("Alder", "Anchor", "Apple", "Aspen", "Badger", "Beacon", "Birch", "Bison"),
    *("Brook", "Canyon", "Cedar", "Cherry", "Cliff", "Clover", "Comet", "Crane"),
    *("Curlew", "Dune", "Falcon", "Fern", "Finch", "Fjord", "Forest", "Fox"),
    *("Garnet", "Glacier", "Harbour", "Hare", "Hawk", "Heron", "Hill", "Island"),
    *("Juniper", "Kestrel", "Lagoon", "Lake", "Larch", "Lark", "Linden", "Lynx"),
    *("Maple", "Marsh", "Meadow", "Moor", "Oak", "Orchard", "Osprey", "Otter"),
    *("Owl", "Pebble", "Pine", "Plover", "Poplar", "Raven", "Reed", "River"),
    *("Robin", "Rowan", "Sparrow", "Spruce", "Stone", "Swift", "Thistle", "Willow"),
)


class Pseudonym(NamedTuple):
    """What stands for an account."""

    account_id: str
    name: str


def pseudonym(key: bytes, account_id: str, since: int) -> Pseudonym:
    """Return the pseudonym that somebody has had since an instant."""
    seed = hashlib.blake2b(
        b"%d\0%b" % (since, account_id.encode()),
        key=key,
        digest_size=ID_BYTES + 4,
        person=b"pseudonym",
    ).digest()
    number = int.from_bytes(seed[ID_BYTES:])
    name = f"{FIRST[number % 64]} {SECOND[number // 64 % 64]} {number // 4096 % 10_000}"
    return Pseudonym(PREFIX + seed[:ID_BYTES].hex(), name)
