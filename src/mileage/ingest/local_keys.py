"""Which calls lie in several files, told by the packed keys of each.

Keys are hashes of ``domain.packed.HASH_BYTES`` bytes, in the machine's order.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

from mileage.native import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def keys_of(packed: bytes) -> array[int]:
    """Unpack keys."""
    keys = array("Q")
    keys.frombytes(packed)
    return keys


def repeated_keys(
    parts: Iterable[bytes], among: Iterable[bytes] | None = None
) -> set[int]:
    """Return the keys that occur more than once, in one part or in several.

    Only those that one of the parts ``among`` has, if that is given: looking for few
    takes a third of the time.
    """
    if scan is not None:
        given = () if among is None else (list(among),)
        return set(keys_of(scan.repeated_keys(list(parts), *given)))
    times = Counter[int]()
    for part in parts:
        times.update(keys_of(part))
    repeated = {key for key, count in times.items() if count > 1}
    if among is None:
        return repeated
    return repeated.intersection(key for own in among for key in keys_of(own))


def holders(files: Mapping[int, bytes], wanted: Iterable[int]) -> set[int]:
    """Return the numbers of the files that have one of the keys."""
    if scan is not None:
        numbers = list(files)
        packed = array("Q", wanted).tobytes()
        return {numbers[at] for at in scan.holders(list(files.values()), packed)}
    keys = set(wanted)
    return {
        number for number, own in files.items() if not keys.isdisjoint(keys_of(own))
    }
