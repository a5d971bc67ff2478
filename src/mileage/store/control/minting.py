"""Random ids and secrets. Only the hash of a secret is ever stored.

A secret holds 256 random bits, so a plain SHA-256 cannot be searched backwards and
finding a row by hash reveals nothing through timing: who does not know the secret
cannot steer its hash.
"""

from __future__ import annotations

from base64 import b32encode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET_BYTES = 32
ID_BYTES = 10
# 80 bits: 16 letters, and a collision in a million accounts once in 2e12 directories.

SecretKind = Literal["p", "c", "k", "l", "s"]
"""Personal token, collector token, API key, sign-in link, session."""
SECRET_LENGTH = len("mlg_p_") + 43


def new_id(prefix: str, random_bytes: Callable[[int], bytes]) -> str:
    """Return an opaque id such as ``acc_mfrggzdfmztwq2lk``."""
    return f"{prefix}_{b32encode(random_bytes(ID_BYTES)).decode().lower()}"


def new_secret(kind: SecretKind, random_bytes: Callable[[int], bytes]) -> str:
    """Return a secret whose prefix tells people and leak scanners what it is."""
    body = urlsafe_b64encode(random_bytes(SECRET_BYTES)).decode().rstrip("=")
    return f"mlg_{kind}_{body}"


def looks_like(secret: str, *kinds: SecretKind) -> bool:
    """Tell whether it is worth hashing: whatever a stranger sends is not."""
    return len(secret) == SECRET_LENGTH and any(
        secret.startswith(f"mlg_{kind}_") for kind in kinds
    )


def hashed(secret: str) -> bytes:
    """Return what is stored and looked up instead of the secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
