"""The bytes of an entry of the two logs: what is hashed, and can be hashed again."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def entry_bytes(values: Iterable[str | int]) -> bytes:
    """Return the canonical bytes of a row: a compact JSON array in UTF-8."""
    text = json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def set_digest(accounts: Iterable[str]) -> str:
    """Return the name of a set of accounts, which no other set has."""
    return sha256(entry_bytes(sorted(set(accounts)))).hexdigest()
